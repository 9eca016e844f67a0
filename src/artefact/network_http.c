#include "artefact/network_flow.h"

#include "base/base64.h"
#include "formats/http/http_head.h"
#include "formats/ntlm/ntlm.h"

/* Requests looked for in one packet. */
#define REQUESTS_MOST 64
#define STATUS_SWITCHING 101

void flow_tell_upload(struct network_flows *f, struct flow *flow, const struct flow_upload *upload)
{
	struct buf local = buf_new(64), peer = buf_new(64);
	struct trace trace = trace_new(TRACE_TRANSFER, "upload");

	flow->text->uploads++;
	flow->text->upload_bytes += upload->bytes;
	if (!upload->bytes)
		return;
	packet_end_text(&local, upload->sender == FLOW_OUT ? &flow->from : &flow->to);
	packet_end_text(&peer, upload->sender == FLOW_OUT ? &flow->to : &flow->from);
	trace.time = upload->time;
	trace.last = flow->last;
	trace.local = buf_span(&local);
	trace.peer = buf_span(&peer);
	trace.protocol = span_text(flow->application ? flow->application : "tcp");
	trace.name = upload->name;
	trace.path = upload->path;
	trace.user = span_text(flow->text->user);
	trace.bytes_out = upload->bytes;
	trace.count = 1;
	trace.offset = flow->offset;
	flow_tell_part(f, &trace);
	buf_free(&local);
	buf_free(&peer);
}

void flow_end_upload(struct network_flows *f, struct flow *flow)
{
	struct flow_text *t = flow->text;

	if (!t->is_uploading)
		return;
	t->is_uploading = false;
	flow_tell_upload(f, flow, &(struct flow_upload){ .name = span_text(t->name), .path = span_text(t->uri),
							  .time = t->upload_time, .bytes = t->upload_seen });
}

struct span flow_without_port(struct span host)
{
	size_t at = host.len;

	while (at && host.at[at - 1] >= '0' && host.at[at - 1] <= '9')
		at--;
	return at > 1 && host.at[at - 1] == ':' ? span_sub(host, 0, at - 1) : host;
}

/* Of what a proxy is asked for: "http://host/path", "host:443". */
static struct span host_of_uri(struct span uri, bool is_connect)
{
	size_t at = span_find(uri, 0, SPAN("://"));

	if (is_connect)
		return uri;
	if (at == SIZE_MAX || at > 8)
		return (struct span){ 0 };
	uri = span_from(uri, at + 3);
	return span_split(&uri, '/');
}

void flow_keep_request(struct flow_text *t, struct span method, struct span uri, struct span host)
{
	if (!*t->method || span_eq(method, SPAN("POST")) || span_eq(method, SPAN("PUT"))) {
		flow_keep(t->method, sizeof t->method, method);
		flow_keep(t->uri, sizeof t->uri, uri);
	}
	if (host.len)
		flow_keep(t->name, sizeof t->name, host);
}

/* Who asks, by what is sent to log on; never a password. */
static void keep_user(struct flow_text *t, struct span authorization)
{
	struct span scheme = span_split(&authorization, ' '), decoded;
	struct buf user = buf_new(1024);
	uint8_t room[1024];
	struct ntlm ntlm;

	decoded = span_of(room, base64_decode(room, sizeof room, span_trim(authorization)));
	if (span_eq_nocase(scheme, SPAN("Basic")))
		buf_add(&user, span_find_byte(decoded, 0, ':') == SIZE_MAX ? SPAN("") : span_split(&decoded, ':'));
	else if (ntlm_read(decoded, &ntlm) && !ntlm.is_challenge)
		buf_printf(&user, *ntlm.domain ? "%s\\%s" : "%s%s", ntlm.domain, ntlm.user);
	if (buf_span(&user).len)
		flow_keep(t->user, sizeof t->user, buf_span(&user));
	buf_free(&user);
}

static void keep_request(struct flow_text *t, const struct http_head *head)
{
	bool is_connect = span_eq(head->method, SPAN("CONNECT"));
	struct span host = head->host.len && !is_connect ? head->host
							 : host_of_uri(head->uri, is_connect);

	if (!*t->agent)
		flow_keep(t->agent, sizeof t->agent, head->agent);
	if (head->authorization.len)
		keep_user(t, head->authorization);
	flow_keep_request(t, head->method, head->uri, flow_without_port(host));
	t->is_tunnel = is_connect;
}

/* Whether a body follows (RFC 9112, 6.3); of a head that is cut off, whether one may. */
static bool has_body(const struct http_head *head)
{
	if (head->is_chunked)
		return true;
	if (head->body_length != HTTP_LENGTH_UNKNOWN)
		return head->body_length;
	return !head->is_whole && (span_eq(head->method, SPAN("POST")) || span_eq(head->method, SPAN("PUT")));
}

static void take_request(struct network_flows *f, struct flow *flow, const struct http_head *head,
			 bool is_again, timestamp time)
{
	struct flow_text *t = flow->text;

	if (!is_again) {
		flow_end_upload(f, flow);
		t->requests++;
		t->upload_time = time;
	}
	keep_request(t, head);
	t->is_uploading = has_body(head);
	t->upload_length = head->is_chunked ? HTTP_LENGTH_UNKNOWN : head->body_length;
	t->upload_seen = 0;
}

/* Counts what belongs to the body at hand; true: more follows, which begins a request. */
static bool pass_body(struct flow_text *t, struct span *bytes, uint32_t cut)
{
	uint64_t all = bytes->len + (uint64_t)cut, left = t->upload_length - t->upload_seen;
	struct http_head head;

	/* Without a length, the next request ends it. */
	if (t->upload_length == HTTP_LENGTH_UNKNOWN && http_head_read(*bytes, &head) && head.is_request)
		return true;
	if (left >= all) {
		t->upload_seen += all;
		return false;
	}
	t->upload_seen += left;
	*bytes = span_from(*bytes, left);
	return bytes->len;
}

/* What the capture missed belongs to the body as far as that goes. */
static void pass_missing(struct flow_text *t)
{
	uint64_t left = t->upload_length - t->upload_seen;

	if (t->is_uploading)
		t->upload_seen += t->missing < left ? t->missing : left;
}

/*
 * A head that goes over packets is read with the first, since the rest may never come, and
 * again with each that joins it.
 */
static bool is_to_be_continued(struct network_flows *f, struct flow *flow, const struct http_head *head,
			       struct span bytes, uint32_t cut, bool is_again)
{
	if (head->is_whole || cut || bytes.len >= TLS_HEAD_MAX) {
		flow_give_head(f, flow->text, FLOW_OUT);
		return false;
	}
	if (!is_again && flow_head_of(f, flow->text, FLOW_OUT))
		flow_join(flow->text->heads[FLOW_OUT], bytes);
	return true;
}

static bool take_requests(struct network_flows *f, struct flow *flow, const struct packet *p,
			  timestamp time)
{
	uint32_t cut = p->payload_length - (uint32_t)p->payload.len;
	bool is_again = flow->text && flow->text->heads[FLOW_OUT];
	struct span bytes = p->payload;
	bool is_known = false;
	struct http_head head;

	if (flow->text && flow->text->missing)
		pass_missing(flow->text);
	if (is_again) {
		flow_join(flow->text->heads[FLOW_OUT], bytes);
		bytes = flow_head_span(flow->text->heads[FLOW_OUT]);
	}
	for (unsigned i = 0; i < REQUESTS_MOST && bytes.len; i++) {
		if (!is_again && flow->text && flow->text->is_uploading && !pass_body(flow->text, &bytes, cut))
			return true;
		if (!http_head_read(bytes, &head) || !head.is_request)
			break;
		is_known = true;
		flow->application = "http";
		if (!flow_text_of(f, flow))
			break;
		take_request(f, flow, &head, is_again, time);
		if (is_to_be_continued(f, flow, &head, bytes, cut, is_again))
			break;
		bytes = span_from(bytes, head.head_length);
		is_again = false;
	}
	return is_known;
}

/* What stands behind the head that says that another protocol follows. */
static void take_switched(struct network_flows *f, struct flow *flow, const struct packet *p, size_t head,
			  timestamp time)
{
	struct packet rest = *p;

	rest.payload = span_from(p->payload, head);
	rest.payload_length -= (uint32_t)head;
	rest.sequence += (uint32_t)head;
	if (flow_begin_http2(f, flow, FLOW_IN, &rest))
		flow_take_http2(f, flow, FLOW_IN, &rest, time);
}

bool flow_take_http(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		    timestamp time)
{
	struct http_head head;

	if (direction == FLOW_OUT)
		return take_requests(f, flow, p, time);
	if (!http_head_read(p->payload, &head) || head.is_request)
		return false;
	/* What only says that the request may go on is replaced by what comes of it. */
	if (flow->text && flow->text->status < 200)
		flow->text->status = head.status;
	if (!flow->application)
		flow->application = "http";
	if (head.status == STATUS_SWITCHING && head.is_whole)
		take_switched(f, flow, p, head.head_length, time);
	return true;
}
