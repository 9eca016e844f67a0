#include "artefact/network.h"

#define HOUR (3600 * TIME_SECOND)
#define KEY_MOST ((size_t)2 << 10)
#define DETAIL_MOST ((size_t)4 << 10)
#define STARTS_MOST 60			/* of a sum */

/* When one of the flows began, so that their rhythm is not lost with them. */
struct start {
	uint32_t bytes;			/* out */
	uint16_t second;		/* of the hour */
};

struct network_sum {
	struct network_sum *next;
	struct trace trace;
	uint64_t flows;
	struct start *starts;		/* of the first flows of the hour, [STARTS_MOST]; or NULL */
	uint32_t start_count;
};

struct network_sink network_sink_new(const struct artefact *a, const char *source)
{
	return (struct network_sink){ .a = a, .source = source, .sums = map_new(a->arena),
				      .key = buf_new(KEY_MOST) };
}

/* "10.0.0.1:443" without its port. */
static struct span host_of(struct span end)
{
	size_t at = end.len;

	while (at && end.at[at - 1] >= '0' && end.at[at - 1] <= '9')
		at--;
	if (at < 2 || end.at[at - 1] != ':')
		return end;
	/* Of an IPv6 address only "[...]:port" has a port. */
	if (span_find_byte(end, 0, ':') != at - 1 && end.at[at - 2] != ']')
		return end;
	return span_sub(end, 0, at - 1);
}

static void add_number(uint64_t *to, uint64_t n)
{
	if (n == TRACE_NO_NUMBER)
		return;
	*to = *to == TRACE_NO_NUMBER ? n : *to + n < n ? TRACE_NO_NUMBER - 1 : *to + n;
}

static void widen(struct trace *to, const struct trace *t)
{
	timestamp last = t->last == TIME_NONE ? t->time : t->last;

	if (t->time != TIME_NONE && (to->time == TIME_NONE || t->time < to->time))
		to->time = t->time;
	if (last != TIME_NONE && (to->last == TIME_NONE || last > to->last))
		to->last = last;
}

static struct span keep_key(struct network_sink *s, const struct trace *t, bool is_rest)
{
	timestamp hour = t->time == TIME_NONE ? TIME_NONE : t->time - ((t->time % HOUR) + HOUR) % HOUR;

	buf_clear(&s->key);
	buf_add(&s->key, t->what);
	buf_add_u8(&s->key, 0);
	if (!is_rest) {
		const struct span parts[] = { host_of(t->local), t->peer, t->name, t->protocol, t->host,
					      t->program, t->user };

		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
			buf_add(&s->key, parts[i]);
			buf_add_u8(&s->key, 0);
		}
		buf_add_u64le(&s->key, (uint64_t)hour);
	}
	return buf_span(&s->key);
}

static struct network_sum *new_sum(struct network_sink *s, const struct trace *t, bool is_rest)
{
	struct network_sum *sum = ARENA_NEW(s->a->arena, struct network_sum);
	struct arena *arena = s->a->arena;

	if (!sum)
		return NULL;
	sum->trace = trace_new(TRACE_TRANSFER, "flow");
	sum->trace.what = arena_copy(arena, t->what);
	sum->trace.source = arena_copy(arena, t->source);
	if (!is_rest) {
		sum->trace.local = arena_copy(arena, host_of(t->local));
		sum->trace.peer = arena_copy(arena, t->peer);
		sum->trace.name = arena_copy(arena, t->name);
		sum->trace.protocol = arena_copy(arena, t->protocol);
		sum->trace.host = arena_copy(arena, t->host);
		sum->trace.program = arena_copy(arena, t->program);
		sum->trace.user = arena_copy(arena, t->user);
		sum->starts = ARENA_ARRAY(arena, STARTS_MOST, struct start);
	}
	if (s->last)
		*s->last = sum;
	else
		s->first = sum;
	s->last = &sum->next;
	s->sum_count++;
	return sum;
}

static void add_start(struct network_sum *sum, const struct trace *t)
{
	timestamp in_hour = t->time == TIME_NONE ? 0 : ((t->time % HOUR) + HOUR) % HOUR;

	if (!sum->starts || t->time == TIME_NONE || sum->start_count == STARTS_MOST)
		return;
	sum->starts[sum->start_count++] = (struct start){
		.second = (uint16_t)(in_hour / TIME_SECOND),
		.bytes = t->bytes_out < UINT32_MAX ? (uint32_t)t->bytes_out : UINT32_MAX };
}

/* {"sum_of":3,"starts":"12 72 132","sizes":"510 498 512"} */
static void write_detail(struct buf *to, const struct network_sum *sum)
{
	buf_printf(to, "{\"sum_of\":%llu", (unsigned long long)sum->flows);
	if (sum->start_count) {
		buf_text(to, ",\"starts\":\"");
		for (uint32_t i = 0; i < sum->start_count; i++)
			buf_printf(to, "%s%u", i ? " " : "", sum->starts[i].second);
		buf_text(to, "\",\"sizes\":\"");
		for (uint32_t i = 0; i < sum->start_count; i++)
			buf_printf(to, "%s%u", i ? " " : "", sum->starts[i].bytes);
		buf_text(to, "\"");
	}
	buf_text(to, "}");
}

static void add_to_sum(struct network_sink *s, const struct trace *t)
{
	bool is_rest = s->sum_count >= NETWORK_SUMS_MOST;
	struct span key = keep_key(s, t, is_rest);
	struct network_sum *sum = map_get(&s->sums, key);

	if (!sum) {
		void **slot = map_slot(&s->sums, arena_copy(s->a->arena, key));

		sum = slot ? new_sum(s, t, is_rest) : NULL;
		/* No memory to sum it: told as it is. */
		if (!sum) {
			s->enough |= !s->a->trace(s->a->context, t);
			return;
		}
		*slot = sum;
	}
	widen(&sum->trace, t);
	add_number(&sum->trace.bytes_out, t->bytes_out);
	add_number(&sum->trace.bytes_in, t->bytes_in);
	add_number(&sum->trace.count, t->count);
	add_start(sum, t);
	sum->flows++;
	s->summed++;
}

void network_sink_add(struct network_sink *s, struct trace *trace)
{
	if (!trace->source.len)
		trace->source = span_text(s->source);
	if (s->told < NETWORK_FLOWS_TOLD) {
		s->told++;
		s->enough |= !s->a->trace(s->a->context, trace);
	} else {
		add_to_sum(s, trace);
	}
}

void network_sink_end(struct network_sink *s)
{
	struct buf text = buf_new(DETAIL_MOST);

	for (struct network_sum *sum = s->first; sum && !s->enough; sum = sum->next) {
		buf_clear(&text);
		write_detail(&text, sum);
		sum->trace.detail = buf_span(&text);
		sum->trace.summary = SPAN("the sum of many flows of one hour");
		s->enough |= !s->a->trace(s->a->context, &sum->trace);
	}
	buf_free(&text);
	buf_free(&s->key);
}
