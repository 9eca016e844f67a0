#include "artefact/network_flow.h"

#include "formats/http/http2.h"

#define STREAMS 16			/* requests with a body, at once; of more the oldest is told */
#define ROOM ((size_t)64 << 10)
#define PREFACE_LEAST 4			/* of it, so that it may go over segments */
#define LOST_MOST 64			/* segments behind a gap that are looked at for where it goes on */

struct stream {
	uint32_t id;			/* 0: free */
	timestamp time;
	uint64_t bytes;
	char name[256], uri[384];
};

struct flow_http2 {
	struct flow_http2 *next;	/* while free */
	struct http2 ways[2];
	bool is_begun[2];
	uint8_t lost[2];		/* behind a gap: segments looked at, or 0 */
	uint64_t unknown;		/* fields told before the head at hand */
	uint32_t expected[2];		/* the sequence of the next byte */
	uint32_t preface;		/* how much of it came */
	char method[12];		/* of the head at hand */
	struct stream streams[STREAMS];
	uint32_t turn;
};

struct taking {
	struct network_flows *f;
	struct flow *flow;
	struct flow_http2 *h;
	timestamp time;
};

/* ---- streams ---- */

static void end_stream(struct taking *t, struct stream *s)
{
	if (s->id && s->bytes)
		flow_tell_upload(t->f, t->flow, &(struct flow_upload){
			.name = span_text(*s->name ? s->name : t->flow->text->name),
			.path = span_text(s->uri), .time = s->time, .bytes = s->bytes });
	s->id = 0;
}

static struct stream *stream_of(struct taking *t, uint32_t id)
{
	struct stream *streams = t->h->streams, *s;

	for (size_t i = 0; i < STREAMS; i++)
		if (streams[i].id == id)
			return &streams[i];
	s = &streams[t->h->turn++ % STREAMS];
	for (size_t i = 0; i < STREAMS && s->id; i++)
		if (!streams[i].id)
			s = &streams[i];
	end_stream(t, s);
	*s = (struct stream){ .id = id, .time = t->time };
	return s;
}

static void end_all(struct taking *t)
{
	for (size_t i = 0; i < STREAMS; i++)
		end_stream(t, &t->h->streams[i]);
}

/* ---- what the ends say ---- */

static void take_asked(void *context, struct span name, struct span value)
{
	struct taking *t = context;
	struct flow_text *text = t->flow->text;
	struct stream *s = stream_of(t, t->h->ways[FLOW_OUT].stream);

	if (span_eq(name, SPAN(":method")))
		flow_keep(t->h->method, sizeof t->h->method, value);
	else if (span_eq(name, SPAN(":path")))
		flow_keep(s->uri, sizeof s->uri, value);
	else if (span_eq(name, SPAN(":authority")) || (span_eq(name, SPAN("host")) && !*s->name))
		flow_keep(s->name, sizeof s->name, flow_without_port(value));
	else if (span_eq(name, SPAN("user-agent")) && !*text->agent)
		flow_keep(text->agent, sizeof text->agent, value);
}

/* Whether the head took anything from what was before the capture. */
static bool has_unknown(struct taking *t)
{
	uint64_t all = t->h->ways[FLOW_OUT].hpack.unknown, before = t->h->unknown;

	t->h->unknown = all;
	t->flow->text->fields_unknown += (uint32_t)(all - before);
	return all > before;
}

/* A head without method ends a body; but for one whose method is not known. */
static void take_request(void *context, uint32_t stream, bool is_last)
{
	struct taking *t = context;
	struct flow_text *text = t->flow->text;
	struct stream *s = stream_of(t, stream);
	bool is_unsure = has_unknown(t);

	if (*t->h->method || (is_unsure && !s->bytes)) {
		text->requests++;
		s->time = t->time;
		flow_keep_request(text, span_text(t->h->method), span_text(s->uri), span_text(s->name));
		*t->h->method = 0;
	}
	if (is_last)
		end_stream(t, s);
}

static void take_body(void *context, uint32_t stream, uint64_t bytes)
{
	stream_of(context, stream)->bytes += bytes;
}

static void take_end(void *context, uint32_t stream)
{
	end_stream(context, stream_of(context, stream));
}

static void take_answered(void *context, struct span name, struct span value)
{
	struct taking *t = context;
	uint64_t status;

	/* Not of what only says that more comes. */
	if (span_eq(name, SPAN(":status")) && !t->flow->text->status && span_to_u64(value, &status) &&
	    status >= 200 && status < 1000)
		t->flow->text->status = (uint16_t)status;
}

static void pass_head(void *context, uint32_t stream, bool is_last)
{
}

static void pass_body(void *context, uint32_t stream, uint64_t bytes)
{
}

static void pass_end(void *context, uint32_t stream)
{
}

/* ---- connections ---- */

static struct flow_http2 *take_free(struct network_flows *f)
{
	struct flow_http2 *h = f->free_http2s;

	if (h)
		f->free_http2s = h->next;
	else if (f->http2s_made < FLOW_HTTP2S_MOST && (h = ARENA_NEW(f->arena, struct flow_http2)))
		f->http2s_made++;
	return h;
}

static bool goes_on(int direction, const struct packet *p)
{
	return p->payload.len == p->payload_length && http2_continues(p->payload, direction == FLOW_OUT);
}

static void begin_in_middle(struct flow_text *t, struct flow_http2 *h, int direction)
{
	http2_begin(&h->ways[direction], true);
	h->lost[direction] = 0;
	t->is_partial_http2 = true;
	if (direction == FLOW_IN)
		return;
	h->preface = sizeof HTTP2_PREFACE - 1;
	h->unknown = 0;
	*h->method = 0;
}

bool flow_begin_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p)
{
	struct span preface = span_sub(SPAN(HTTP2_PREFACE), 0, p->payload.len);
	bool is_at_begin = direction == FLOW_OUT ? p->payload.len >= PREFACE_LEAST && span_starts(p->payload, preface)
						 : http2_begins(p->payload);
	struct flow_text *t;
	struct flow_http2 *h;

	if (!is_at_begin && ((flow->flags[0] | flow->flags[1]) & TCP_SYN || !goes_on(direction, p)))
		return false;
	t = flow_text_of(f, flow);
	h = t ? take_free(f) : NULL;
	if (!h)
		return false;
	memset(h->streams, 0, sizeof h->streams);
	h->preface = h->turn = 0;
	h->unknown = 0;
	h->lost[0] = h->lost[1] = 0;
	*h->method = 0;
	for (int i = 0; i < 2; i++)
		if (is_at_begin)
			http2_begin(&h->ways[i], false);
		else
			begin_in_middle(t, h, i);
	/* The other direction goes on where a segment begins with a frame. */
	h->lost[!direction] = !is_at_begin;
	h->expected[direction] = p->sequence;
	h->is_begun[direction] = true;
	h->is_begun[!direction] = false;
	t->http2 = h;
	return true;
}

void flow_end_http2(struct network_flows *f, struct flow *flow)
{
	struct flow_http2 *h = flow->text->http2;

	if (!h)
		return;
	end_all(&(struct taking){ f, flow, h, flow->last });
	h->next = f->free_http2s;
	f->free_http2s = h;
	flow->text->http2 = NULL;
}

/* Behind the preface; false: it is another. */
static bool pass_preface(struct flow_http2 *h, struct span *bytes)
{
	struct span rest = span_from(SPAN(HTTP2_PREFACE), h->preface);
	struct span there = span_sub(rest, 0, bytes->len);

	if (!span_starts(*bytes, there))
		return false;
	h->preface += (uint32_t)there.len;
	*bytes = span_from(*bytes, there.len);
	return true;
}

/* What is missing in the middle of a body is no matter. */
static bool pass_gap(struct taking *t, int direction, const struct packet *p)
{
	struct http2_events events = { .data = direction == FLOW_OUT ? take_body : pass_body,
				       .end = direction == FLOW_OUT ? take_end : pass_end, .context = t };

	return !t->h->is_begun[direction] ||
	       http2_skip(&t->h->ways[direction], p->sequence - t->h->expected[direction], &events);
}

static bool read_on(struct taking *t, int direction, const struct packet *p)
{
	static const struct http2_events asked = { take_asked, take_request, take_body, take_end, NULL };
	static const struct http2_events answered = { take_answered, pass_head, pass_body, pass_end, NULL };
	struct http2_events events = direction == FLOW_OUT ? asked : answered;
	struct http2 *way = &t->h->ways[direction];
	struct span bytes = p->payload;
	struct buf room = buf_new(ROOM);
	bool ok;

	events.context = t;
	t->h->is_begun[direction] = true;
	ok = (direction == FLOW_IN || pass_preface(t->h, &bytes)) && http2_feed(way, bytes, &room, &events) &&
	     http2_skip(way, p->payload_length - p->payload.len, &events);
	t->h->expected[direction] = p->sequence + p->payload_length;
	buf_free(&room);
	return ok;
}

void flow_take_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		     timestamp time)
{
	struct taking t = { f, flow, flow->text->http2, time };
	uint8_t *lost = &t.h->lost[direction];

	if (!*lost && !pass_gap(&t, direction, p))
		*lost = 1;
	if (*lost && goes_on(direction, p))
		begin_in_middle(flow->text, t.h, direction);
	if (direction == FLOW_OUT && !*lost) {
		flow->application = flow->application ? flow->application : "http";
		flow_keep(flow->text->alpn, sizeof flow->text->alpn, SPAN("h2c"));
	}
	if (*lost || !read_on(&t, direction, p))
		flow->done[direction] = ++*lost > LOST_MOST;
}
