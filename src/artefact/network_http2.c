#include "artefact/network_flow.h"

#include "formats/http/http2.h"

#define STREAMS 16			/* requests with a body, at once; of more the oldest is told */
#define ROOM ((size_t)64 << 10)
#define PREFACE_LEAST 4			/* of it, so that it may go over segments */

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

/* A head without method ends a body. */
static void take_request(void *context, uint32_t stream, bool is_last)
{
	struct taking *t = context;
	struct flow_text *text = t->flow->text;
	struct stream *s = stream_of(t, stream);

	if (*t->h->method) {
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

bool flow_begin_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p)
{
	struct span preface = span_sub(SPAN(HTTP2_PREFACE), 0, p->payload.len);
	struct flow_text *t;
	struct flow_http2 *h;

	if (direction == FLOW_OUT ? p->payload.len < PREFACE_LEAST || !span_starts(p->payload, preface)
				  : !http2_begins(p->payload))
		return false;
	t = flow_text_of(f, flow);
	h = t ? take_free(f) : NULL;
	if (!h)
		return false;
	for (int i = 0; i < 2; i++)
		http2_begin(&h->ways[i]);
	memset(h->streams, 0, sizeof h->streams);
	h->preface = h->turn = 0;
	*h->method = 0;
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
	if (!t->h->is_begun[direction])
		t->h->expected[direction] = p->sequence;
	t->h->is_begun[direction] = true;
	ok = http2_skip(way, p->sequence - t->h->expected[direction], &events) &&
	     (direction == FLOW_IN || pass_preface(t->h, &bytes)) && http2_feed(way, bytes, &room, &events) &&
	     http2_skip(way, p->payload_length - p->payload.len, &events);
	t->h->expected[direction] = p->sequence + p->payload_length;
	buf_free(&room);
	return ok;
}

void flow_take_http2(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		     timestamp time)
{
	struct taking t = { f, flow, flow->text->http2, time };

	if (!read_on(&t, direction, p)) {
		flow->done[direction] = true;
		return;
	}
	if (direction == FLOW_OUT && !flow->application)
		flow->application = "http";
	if (direction == FLOW_OUT)
		flow_keep(flow->text->alpn, sizeof flow->text->alpn, SPAN("h2c"));
}
