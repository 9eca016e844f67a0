#include "examine/record.h"

#define HEADER_SIZE 6

/* ---- writing ---- */

static void put_span(struct buf *to, struct span s)
{
	buf_add_u32le(to, (uint32_t)s.len);
	buf_add(to, s);
}

static void put_begin(struct buf *to, const struct record_begin *b)
{
	put_span(to, b->path);
	buf_add_u64le(to, b->size);
	buf_add_u64le(to, (uint64_t)b->modified);
	buf_add_u64le(to, (uint64_t)b->changed);
	buf_add_u64le(to, (uint64_t)b->accessed);
	buf_add_u64le(to, (uint64_t)b->created);
	buf_add_u32le(to, b->mode);
}

static void put_finding(struct buf *to, const struct record_finding *r)
{
	const struct finding *f = &r->finding;

	buf_add_u8(to, (uint8_t)f->engine);
	buf_add_u8(to, (uint8_t)f->harm);
	buf_add_u8(to, (uint8_t)f->level);
	put_span(to, f->rule);
	put_span(to, f->title);
	put_span(to, f->techniques);
	put_span(to, f->references);
	buf_add_u64le(to, f->offset);
	buf_add_u64le(to, f->record_id);
	buf_add_u64le(to, (uint64_t)f->time);
	put_span(to, f->host);
	put_span(to, f->user);
	put_span(to, f->matched);
	put_span(to, f->detail);
	buf_add_u64le(to, r->count);
	buf_add_u64le(to, (uint64_t)r->last);
}

static void put_event(struct buf *to, const struct case_event *e)
{
	buf_add_u64le(to, (uint64_t)e->time);
	put_span(to, e->what);
	put_span(to, e->summary);
	buf_add_u8(to, (uint8_t)e->harm);
	put_span(to, e->host);
	put_span(to, e->user);
	put_span(to, e->channel);
	put_span(to, e->provider);
	buf_add_u64le(to, e->event_id);
	buf_add_u64le(to, e->record_id);
	buf_add_u64le(to, e->offset);
	put_span(to, e->detail);
}

static void put_fact(struct buf *to, const struct case_fact *f)
{
	buf_add_u8(to, (uint8_t)f->evidence_class);
	put_span(to, f->channel);
	put_span(to, f->host);
	buf_add_u64le(to, (uint64_t)f->first);
	buf_add_u64le(to, (uint64_t)f->last);
	buf_add_u64le(to, f->count);
	buf_add_u64le(to, f->lost);
	put_span(to, f->note);
	put_span(to, f->days);
}

/* The spans of a trace, in the order in which they stand in a record. */
#define TRACE_SPANS 15

static void trace_spans(struct trace *t, struct span *out[TRACE_SPANS])
{
	struct span *const all[TRACE_SPANS] = {
		&t->what, &t->source, &t->host, &t->user, &t->program, &t->path, &t->name, &t->command,
		&t->local, &t->peer, &t->protocol, &t->digest, &t->technique, &t->summary, &t->detail,
	};

	memcpy(out, all, sizeof all);
}

static void put_trace(struct buf *to, struct trace t)
{
	struct span *spans[TRACE_SPANS];

	trace_spans(&t, spans);
	buf_add_u8(to, (uint8_t)t.kind);
	buf_add_u64le(to, (uint64_t)t.time);
	buf_add_u64le(to, (uint64_t)t.last);
	buf_add_u64le(to, t.bytes_out);
	buf_add_u64le(to, t.bytes_in);
	buf_add_u64le(to, t.count);
	buf_add_u64le(to, t.offset);
	buf_add_u8(to, t.of_place);
	for (size_t i = 0; i < TRACE_SPANS; i++)
		put_span(to, *spans[i]);
}

static void put_body(struct buf *to, const struct record *r)
{
	switch (r->type) {
	case RECORD_BEGIN:
		put_begin(to, &r->begin);
		break;
	case RECORD_CONTENT:
		buf_add(to, span_of(r->content.sha256, sizeof r->content.sha256));
		buf_add_u64le(to, r->content.size);
		buf_add_u8(to, r->content.is_told);
		break;
	case RECORD_KIND:
		buf_add_u8(to, (uint8_t)r->kind.evidence_class);
		put_span(to, r->kind.kind);
		break;
	case RECORD_FINDING:
		put_finding(to, &r->finding);
		break;
	case RECORD_EVENT:
		put_event(to, &r->event);
		break;
	case RECORD_FACT:
		put_fact(to, &r->fact);
		break;
	case RECORD_TRACE:
		put_trace(to, r->trace);
		break;
	case RECORD_PART:
		put_span(to, r->part);
		break;
	case RECORD_END:
		buf_add_u8(to, (uint8_t)r->end.fate);
		put_span(to, r->end.reason);
		buf_add_u8(to, r->end.is_bounded);
		break;
	case RECORD_DONE:
		buf_add_u64le(to, r->done.events);
		buf_add_u64le(to, r->done.unpacked);
		buf_add_u64le(to, r->done.heap);
		break;
	case RECORD_RISKY:
	case RECORD_TYPES:
		break;
	}
}

bool record_write(struct buf *to, const struct record *record)
{
	size_t start = to->len, body;

	buf_add_u32le(to, 0);
	buf_add_u16le(to, (uint16_t)record->type);
	put_body(to, record);
	if (to->overflow || to->len - start > RECORD_MAX) {
		to->len = start;
		return false;
	}
	body = to->len - start - HEADER_SIZE;
	for (int i = 0; i < 4; i++)
		to->at[start + i] = (uint8_t)(body >> (8 * i));
	return true;
}

/* ---- reading ---- */

static struct span take_span(struct cursor *c)
{
	return cursor_take(c, cursor_u32le(c));
}

static timestamp take_time(struct cursor *c)
{
	return (timestamp)cursor_u64le(c);
}

/* A number below `count`, or the whole record is off. */
static unsigned take_enum(struct cursor *c, unsigned count)
{
	unsigned n = cursor_u8(c);

	if (n >= count)
		c->short_read = true;
	return n < count ? n : 0;
}

static void take_begin(struct cursor *c, struct record_begin *b)
{
	b->path = take_span(c);
	b->size = cursor_u64le(c);
	b->modified = take_time(c);
	b->changed = take_time(c);
	b->accessed = take_time(c);
	b->created = take_time(c);
	b->mode = cursor_u32le(c);
	if (b->path.len > RECORD_PATH_MAX)
		c->short_read = true;
}

static void take_finding(struct cursor *c, struct record_finding *r)
{
	struct finding *f = &r->finding;

	f->engine = take_enum(c, ENGINE_ANALYSER);	/* those are concluded, never found in an item */
	f->harm = take_enum(c, HARM_COUNT);
	f->level = take_enum(c, LEVEL_COUNT);
	f->rule = take_span(c);
	f->title = take_span(c);
	f->techniques = take_span(c);
	f->references = take_span(c);
	f->offset = cursor_u64le(c);
	f->record_id = cursor_u64le(c);
	f->time = take_time(c);
	f->host = take_span(c);
	f->user = take_span(c);
	f->matched = take_span(c);
	f->detail = take_span(c);
	r->count = cursor_u64le(c);
	r->last = take_time(c);
	if (!f->rule.len || !r->count || r->count > INT64_MAX)
		c->short_read = true;
}

static void take_event(struct cursor *c, struct case_event *e)
{
	e->time = take_time(c);
	e->what = take_span(c);
	e->summary = take_span(c);
	e->harm = take_enum(c, HARM_COUNT);
	e->host = take_span(c);
	e->user = take_span(c);
	e->channel = take_span(c);
	e->provider = take_span(c);
	e->event_id = cursor_u64le(c);
	e->record_id = cursor_u64le(c);
	e->offset = cursor_u64le(c);
	e->detail = take_span(c);
}

static void take_fact(struct cursor *c, struct case_fact *f)
{
	f->evidence_class = take_enum(c, CLASS_COUNT);
	f->channel = take_span(c);
	f->host = take_span(c);
	f->first = take_time(c);
	f->last = take_time(c);
	f->count = cursor_u64le(c);
	f->lost = cursor_u64le(c);
	f->note = take_span(c);
	f->days = take_span(c);
}

static void take_trace(struct cursor *c, struct trace *t)
{
	struct span *spans[TRACE_SPANS];

	trace_spans(t, spans);
	t->kind = take_enum(c, TRACE_KIND_COUNT);
	t->time = take_time(c);
	t->last = take_time(c);
	t->bytes_out = cursor_u64le(c);
	t->bytes_in = cursor_u64le(c);
	t->count = cursor_u64le(c);
	t->offset = cursor_u64le(c);
	t->of_place = take_enum(c, 2);
	for (size_t i = 0; i < TRACE_SPANS; i++)
		*spans[i] = take_span(c);
	if (!t->what.len)
		c->short_read = true;
}

static void take_body(struct cursor *c, struct record *r)
{
	struct span digest;

	switch (r->type) {
	case RECORD_BEGIN:
		take_begin(c, &r->begin);
		break;
	case RECORD_CONTENT:
		digest = cursor_take(c, sizeof r->content.sha256);
		if (digest.len)
			memcpy(r->content.sha256, digest.at, digest.len);
		r->content.size = cursor_u64le(c);
		r->content.is_told = cursor_u8(c);
		break;
	case RECORD_KIND:
		r->kind.evidence_class = take_enum(c, CLASS_COUNT);
		r->kind.kind = take_span(c);
		break;
	case RECORD_FINDING:
		take_finding(c, &r->finding);
		break;
	case RECORD_EVENT:
		take_event(c, &r->event);
		break;
	case RECORD_FACT:
		take_fact(c, &r->fact);
		break;
	case RECORD_TRACE:
		take_trace(c, &r->trace);
		break;
	case RECORD_PART:
		r->part = take_span(c);
		break;
	case RECORD_END:
		r->end.fate = take_enum(c, FATE_COUNT);
		r->end.reason = take_span(c);
		r->end.is_bounded = take_enum(c, 2);
		break;
	case RECORD_DONE:
		r->done.events = cursor_u64le(c);
		r->done.unpacked = cursor_u64le(c);
		r->done.heap = cursor_u64le(c);
		break;
	case RECORD_RISKY:
		break;
	case RECORD_TYPES:
		c->short_read = true;
		break;
	}
}

enum record_step record_read(struct span *in, struct record *out, struct err *err)
{
	struct cursor c = cursor_of(*in);
	uint32_t len = cursor_u32le(&c);
	uint16_t type = cursor_u16le(&c);
	struct cursor body;

	if (c.short_read)
		return RECORD_INCOMPLETE;
	if (len > RECORD_MAX - HEADER_SIZE || !type || type >= RECORD_TYPES) {
		err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "record of type %u and %u bytes", type, len);
		return RECORD_BROKEN;
	}
	body = cursor_of(cursor_take(&c, len));
	if (c.short_read)
		return RECORD_INCOMPLETE;
	*out = (struct record){ .type = type };
	take_body(&body, out);
	if (body.short_read || body.at != body.in.len) {
		err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "record of type %u is malformed", type);
		return RECORD_BROKEN;
	}
	*in = span_from(*in, c.at);
	return RECORD_TAKEN;
}
