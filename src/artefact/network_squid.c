/* Logs of squid in a form of one's own, which squid.conf beside them describes. */
#include "artefact/network_log.h"

#include "artefact/tell.h"
#include "formats/log/log_reader.h"
#include "formats/squid/squid_format.h"

#include <inttypes.h>

struct own {
	struct network_log *log;
	struct squid_format format;
	struct log_reader *clock;	/* for times that are written out */
	struct span values[SQUID_FIELDS];
	struct buf local, peer, seconds;
};

static struct span end_of(struct own *o, enum squid_field address, enum squid_field port, struct buf *room)
{
	struct span a = o->values[address], p = o->values[port];
	bool is_v6 = span_find_byte(a, 0, ':') != SIZE_MAX;

	if (!a.len || !p.len)
		return a;
	buf_clear(room);
	buf_printf(room, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SPAN_ARG(a), SPAN_ARG(p));
	return buf_span(room);
}

static timestamp time_of(struct own *o)
{
	struct span seconds = o->values[SQUID_SECONDS], fraction = o->values[SQUID_FRACTION];
	timestamp time = TIME_NONE;
	size_t used;

	if (seconds.len) {
		buf_clear(&o->seconds);
		/* Thousandths, of which %tu without a width writes no zeros in front. */
		buf_printf(&o->seconds, fraction.len ? "%.*s.%s%.*s" : "%.*s", SPAN_ARG(seconds),
			   fraction.len == 1 ? "00" : fraction.len == 2 ? "0" : "", SPAN_ARG(fraction));
		return timestamp_parse_epoch(buf_span(&o->seconds), &time) ? time : TIME_NONE;
	}
	return o->values[SQUID_LOCAL_TIME].len ? log_time(o->clock, o->values[SQUID_LOCAL_TIME], &used) : TIME_NONE;
}

static uint64_t number(struct span text)
{
	uint64_t n;

	return span_to_u64(text, &n) ? n : TRACE_NO_NUMBER;
}

static struct span detail_of(const struct own *o, struct arena *arena)
{
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "method", o->values[SQUID_METHOD]);
	tell_detail_text(&d, "status", o->values[SQUID_STATUS]);
	tell_detail_text(&d, "agent", o->values[SQUID_AGENT]);
	return tell_detail_end(&d, arena);
}

static void tell(struct own *o, uint64_t offset)
{
	struct trace t = trace_new(TRACE_TRANSFER, "proxy");
	struct arena arena = arena_new((size_t)64 << 10);

	t.source = SPAN("squid access.log");
	t.time = t.last = time_of(o);
	t.local = end_of(o, SQUID_CLIENT, SQUID_CLIENT_PORT, &o->local);
	t.peer = end_of(o, SQUID_SERVER, SQUID_SERVER_PORT, &o->peer);
	t.path = o->values[SQUID_URL];
	t.name = network_url_host(t.path);
	if (!t.name.len || o->values[SQUID_HOST].len)
		t.name = o->values[SQUID_HOST];
	t.user = o->values[SQUID_USER];
	t.protocol = span_eq(o->values[SQUID_METHOD], SPAN("CONNECT")) ? SPAN("tls") : SPAN("http");
	t.bytes_out = number(o->values[SQUID_SENT]);
	t.bytes_in = number(o->values[SQUID_RECEIVED]);
	t.count = 1;
	t.offset = offset;
	t.detail = detail_of(o, &arena);
	if (t.local.len || t.peer.len || t.name.len)
		network_sink_add(&o->log->sink, &t);
	arena_free(&arena);
}

static void tell_lines(struct own *o)
{
	const struct artefact *a = o->log->a;
	struct span rest = a->bytes, line;
	uint64_t odd = 0;

	while (!o->log->sink.enough && tell_line(&rest, &line)) {
		if (!line.len)
			continue;
		if (squid_format_read(&o->format, line, o->values))
			tell(o, (uint64_t)(line.at - a->bytes.at));
		else
			odd++;
	}
	if (odd)
		a->short_of(a->context, "%" PRIu64 " lines are not as the logformat in squid.conf says", odd);
	a->lost(a->context, odd);
}

bool network_squid_own(struct network_log *log)
{
	static const char *const places[] = { SQUID_CONF_PLACES };
	const struct artefact *a = log->a;
	struct own *o = ARENA_NEW(a->arena, struct own);
	struct span conf, rest = a->bytes, first;
	bool is_found = false;

	if (!o || span_find(a->name, 0, SPAN("access")) == SIZE_MAX || !tell_line(&rest, &first))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places && !is_found; i++)
		is_found = a->near->find(a->near->context, span_text(places[i]), &conf) &&
			   squid_format_find(conf, a->name, first, &o->format);
	/* Where the first line has another form, it is not this log that is meant. */
	if (!is_found || !squid_format_read(&o->format, first, o->values) || !o->values[SQUID_CLIENT].len)
		return false;
	o->log = log;
	o->clock = ARENA_NEW(a->arena, struct log_reader);
	o->local = o->peer = buf_new((size_t)16 << 10);
	o->seconds = buf_new(64);
	if (o->clock) {
		o->clock->options.now = a->modified;
		tell_lines(o);
	}
	buf_free(&o->local);
	buf_free(&o->peer);
	buf_free(&o->seconds);
	return o->clock;
}
