#include "artefact/network_flow.h"

#include "codec/json_write.h"

#define BUCKETS (FLOWS_MOST * 4)
#define LOCAL_PORTS 1024	/* below: a service */
#define CLIENT_PORTS 32768	/* from here on: what systems give to clients */

bool network_flows_new(struct network_flows *f, struct network_sink *sink,
		       struct network_names *names)
{
	*f = (struct network_flows){ .sink = sink, .names = names, .arena = sink->a->arena,
				     .time = TIME_NONE };
	f->flows = ARENA_ARRAY(f->arena, FLOWS_MOST, struct flow);
	f->buckets = ARENA_ARRAY(f->arena, BUCKETS, uint32_t);
	/* Keyed at random, against floods of chosen ports; no order follows from it. */
	memcpy(f->seed, sink->sums.seed, sizeof f->seed);
	return f->flows && f->buckets && fragments_new(f) && addresses_new(f) && repeats_new(f);
}

/* ---- the table ---- */

static uint64_t end_hash(const struct network_flows *f, const struct packet_end *end)
{
	uint64_t high = load_u64le(end->address), low = load_u64le(end->address + 8);

	return flow_mix(flow_mix(high, low, f->seed), end->port, f->seed);
}

/* The same whichever of the ends sends. */
static uint64_t bucket_of(const struct network_flows *f, const struct packet *p)
{
	return flow_mix(end_hash(f, &p->from) + end_hash(f, &p->to), p->protocol, f->seed) % BUCKETS;
}

static bool same_end(const struct packet_end *a, const struct packet_end *b)
{
	return a->port == b->port && !memcmp(a->address, b->address, 16);
}

static void list_remove(struct network_flows *f, struct flow *flow)
{
	if (flow->older)
		f->flows[flow->older - 1].newer = flow->newer;
	else
		f->oldest = flow->newer;
	if (flow->newer)
		f->flows[flow->newer - 1].older = flow->older;
	else
		f->newest = flow->older;
}

static void list_add(struct network_flows *f, struct flow *flow)
{
	uint32_t index = (uint32_t)(flow - f->flows) + 1;

	flow->older = f->newest;
	flow->newer = 0;
	if (f->newest)
		f->flows[f->newest - 1].newer = index;
	else
		f->oldest = index;
	f->newest = index;
}

static struct flow *find(const struct network_flows *f, const struct packet *p, uint64_t bucket,
			 int *direction)
{
	for (uint32_t at = f->buckets[bucket]; at; at = f->flows[at - 1].chain) {
		struct flow *flow = &f->flows[at - 1];

		if (flow->protocol != p->protocol)
			continue;
		*direction = same_end(&flow->from, &p->from) && same_end(&flow->to, &p->to) ? FLOW_OUT
											    : FLOW_IN;
		if (*direction == FLOW_OUT ||
		    (same_end(&flow->from, &p->to) && same_end(&flow->to, &p->from)))
			return flow;
	}
	return NULL;
}

/* ---- telling ---- */

static void key_text(struct json_write *w, const char *key, const char *text)
{
	if (!*text)
		return;
	json_key(w, key);
	json_text(w, text);
}

static void key_number(struct json_write *w, const char *key, uint64_t n)
{
	if (!n)
		return;
	json_key(w, key);
	json_u64(w, n);
}

static void write_text(struct json_write *w, const struct flow_text *t)
{
	key_text(w, "name_from", t->name_from ? t->name_from : "");
	key_text(w, "version", tls_version_name(t->version));
	key_text(w, "alpn", t->alpn);
	key_text(w, "http2", t->is_partial_http2 ? "not from its beginning" : "");
	key_text(w, "smb", t->unread ? t->unread : "");
	key_number(w, "fields_unknown", t->fields_unknown);
	key_text(w, "ech", t->has_hidden_name ? "offered" : "");
	key_text(w, "ja3", t->ja3);
	key_text(w, "ja4", t->ja4);
	key_text(w, "subject", t->subject);
	key_text(w, "issuer", t->issuer);
	key_text(w, "method", t->method);
	key_text(w, "agent", t->agent);
	key_text(w, "software", t->software);
	key_number(w, "status", t->status);
	key_number(w, "requests", t->requests);
	key_number(w, "uploads", t->uploads);
	key_number(w, "upload_bytes", t->upload_bytes);
}

/* What the machine that began it calls itself. */
static void write_local_name(const struct network_flows *f, struct json_write *w, const struct flow *flow)
{
	const char *from;
	struct span name = addresses_name(f, flow->from.address, &from);

	if (!name.len || !packet_is_own(flow->from.address))
		return;
	json_key(w, "local_name");
	json_span(w, name);
	key_text(w, "local_name_from", from);
}

static void write_detail(const struct network_flows *f, struct buf *to, const struct flow *flow)
{
	struct json_write w = json_write_to(to);

	json_object(&w);
	key_number(&w, "packets_out", flow->packets[FLOW_OUT]);
	key_number(&w, "packets_in", flow->packets[FLOW_IN]);
	key_number(&w, "wire_out", flow->wire[FLOW_OUT]);
	key_number(&w, "wire_in", flow->wire[FLOW_IN]);
	key_number(&w, "repeated_out", flow->repeated[FLOW_OUT]);
	key_number(&w, "repeated_in", flow->repeated[FLOW_IN]);
	key_number(&w, "fragments", flow->fragments);
	if (flow->protocol == PROTOCOL_TCP) {
		uint8_t all = flow->flags[0] | flow->flags[1];

		key_text(&w, "tcp", !(flow->flags[FLOW_IN] & TCP_ACK) ? "unanswered"
				    : all & TCP_RST		      ? "reset"
				    : all & TCP_FIN		      ? "closed"
								      : "open");
	}
	if (flow->text)
		write_text(&w, flow->text);
	write_local_name(f, &w, flow);
	json_object_end(&w);
}

static void tell(struct network_flows *f, struct flow *flow)
{
	struct buf local = buf_new(64), peer = buf_new(64), detail = buf_new((size_t)16 << 10);
	struct trace t = trace_new(TRACE_TRANSFER, "flow");
	struct span called = { 0 };
	const char *from = NULL;
	char room[8];

	stream_end(f, flow);
	if (flow->text) {
		flow_end_upload(f, flow);
		flow_end_http2(f, flow);
		flow_end_smb(f, flow);
		flow_end_smtp(f, flow);
		flow_end_ftp(f, flow);
	}
	if (!flow->text || !*flow->text->name)
		called = addresses_name(f, flow->to.address, &from);
	if (called.len && flow_text_of(f, flow)) {
		flow_keep(flow->text->name, sizeof flow->text->name, called);
		flow->text->name_from = from;
	}
	packet_end_text(&local, &flow->from);
	packet_end_text(&peer, &flow->to);
	write_detail(f, &detail, flow);
	t.time = flow->first;
	t.last = flow->last;
	t.local = buf_span(&local);
	t.peer = buf_span(&peer);
	t.protocol = span_text(flow->application ? flow->application
						 : packet_protocol_name(flow->protocol, room));
	t.bytes_out = flow->bytes[FLOW_OUT];
	t.bytes_in = flow->bytes[FLOW_IN];
	t.count = flow->packets[FLOW_OUT] + flow->packets[FLOW_IN];
	t.offset = flow->offset;
	t.detail = buf_span(&detail);
	if (flow->text) {
		t.name = span_text(flow->text->name);
		t.path = span_text(flow->text->uri);
		t.user = span_text(flow->text->user);
	}
	network_sink_add(f->sink, &t);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
}

static void release(struct network_flows *f, struct flow *flow)
{
	struct flow_text *text = flow->text;

	for (int i = 0; text && i < 2; i++) {
		flow_give_head(f, text, i);
		flow_give_holes(f, text, i);
	}
	if (text) {
		flow_give_quic(f, text);
		flow_give_message(f, text);
		text->next = f->free_texts;
		f->free_texts = text;
	}
	flow->text = NULL;
}

static void end_flow(struct network_flows *f, struct flow *flow)
{
	uint32_t index = (uint32_t)(flow - f->flows) + 1;
	uint32_t *at = &f->buckets[flow->bucket];

	tell(f, flow);
	release(f, flow);
	while (*at != index)
		at = &f->flows[*at - 1].chain;
	*at = flow->chain;
	list_remove(f, flow);
	flow->chain = f->free;
	f->free = index;
}

void network_flows_end(struct network_flows *f)
{
	fragments_end(f);
	while (f->oldest && !f->sink->enough)
		end_flow(f, &f->flows[f->oldest - 1]);
}

void flow_tell_part(struct network_flows *f, struct trace *trace)
{
	if (f->parts_told == FLOW_PARTS_MOST) {
		f->parts_untold++;
		return;
	}
	f->parts_told++;
	if (trace->kind == TRACE_TRANSFER)
		network_sink_add(f->sink, trace);
	else
		f->sink->enough |= !f->sink->a->trace(f->sink->a->context, trace);
}

/* ---- packets ---- */

/*
 * Whether the packet seems to be an answer: its sender has the service's port. Of TCP
 * that is met in the middle, which comes first says nothing.
 */
static bool is_answer(const struct packet *p)
{
	bool is_tcp = p->protocol == PROTOCOL_TCP;

	if (is_tcp && (p->flags & TCP_SYN))
		return p->flags & TCP_ACK;
	if (is_tcp && p->from.port >= LOCAL_PORTS && p->from.port < CLIENT_PORTS)
		return p->to.port >= CLIENT_PORTS;
	return p->from.port && p->from.port < LOCAL_PORTS && p->to.port >= LOCAL_PORTS;
}

static struct flow *new_flow(struct network_flows *f, const struct packet *p, uint64_t bucket,
			     timestamp time, uint64_t offset, int *direction)
{
	struct flow *flow;

	if (!f->free && f->count == FLOWS_MOST) {
		f->evicted++;
		end_flow(f, &f->flows[f->oldest - 1]);
	}
	if (f->free) {
		flow = &f->flows[f->free - 1];
		f->free = flow->chain;
	} else {
		flow = &f->flows[f->count++];
	}
	*direction = is_answer(p) ? FLOW_IN : FLOW_OUT;
	*flow = (struct flow){ .chain = f->buckets[bucket], .bucket = bucket, .protocol = p->protocol,
			       .from = *direction == FLOW_OUT ? p->from : p->to,
			       .to = *direction == FLOW_OUT ? p->to : p->from,
			       .first = time, .last = time, .offset = offset };
	f->buckets[bucket] = (uint32_t)(flow - f->flows) + 1;
	list_add(f, flow);
	if (f->ftp && p->protocol == PROTOCOL_TCP)
		flow_expect_ftp(f, flow);
	return flow;
}

/* Whether the packet begins another conversation with the same ends. */
static bool is_over(const struct flow *flow, int direction, const struct packet *p, timestamp time)
{
	timestamp silence = p->protocol == PROTOCOL_TCP ? FLOW_SILENCE_TCP : FLOW_SILENCE_UDP;

	if (p->protocol == PROTOCOL_TCP && (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    ((flow->flags[0] | flow->flags[1]) & (TCP_FIN | TCP_RST) ||
	     (flow->flags[FLOW_OUT] & TCP_SYN && direction == FLOW_OUT && p->sequence != flow->begun_at)))
		return true;
	return time != TIME_NONE && flow->last != TIME_NONE && time > flow->last &&
	       time - flow->last > silence;
}

static void widen(struct flow *flow, timestamp time)
{
	if (time == TIME_NONE)
		return;
	if (flow->first == TIME_NONE || time < flow->first)
		flow->first = time;
	if (flow->last == TIME_NONE || time > flow->last)
		flow->last = time;
}

static uint32_t count_fresh(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
			    timestamp time)
{
	if (p->protocol == PROTOCOL_TCP && !p->is_fragment)
		return flow_count_once(f, flow, direction, p, time);
	return repeats_has(f, flow, direction, p, time) ? 0 : p->payload_length;
}

static void add_payload(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
			timestamp time)
{
	uint32_t fresh = count_fresh(f, flow, direction, p, time);

	flow->bytes[direction] += fresh;
	flow->repeated[direction] += p->payload_length - fresh;
	/* A stream knows by itself what it has seen. */
	if (p->payload.len && !p->is_fragment && (fresh || p->protocol == PROTOCOL_TCP))
		flow_application(f, flow, direction, p, time);
}

/* Its own number is before the first byte. */
static void add_syn(struct network_flows *f, struct flow *flow, int direction, const struct packet *p, timestamp time)
{
	struct packet data = *p;

	if (direction == FLOW_OUT && !(flow->flags[FLOW_OUT] & TCP_SYN))
		flow->begun_at = p->sequence;
	flow->flags[direction] |= p->flags;
	stream_begin(f, flow, direction, p);
	flow_count_from(f, flow, direction, ++data.sequence);
	if (data.payload_length)
		add_payload(f, flow, direction, &data, time);
}

void flow_look_into(struct network_flows *f, const struct packet *p, timestamp time)
{
	int direction;
	struct flow *flow = find(f, p, bucket_of(f, p), &direction);

	if (flow && p->payload.len)
		flow_application(f, flow, direction, p, time);
}

void flow_add_packet(struct network_flows *f, const struct packet *p, timestamp time, uint32_t wire,
		     uint64_t offset)
{
	struct flow *flow;
	uint64_t bucket;
	int direction;

	bucket = bucket_of(f, p);
	flow = find(f, p, bucket, &direction);
	if (flow && is_over(flow, direction, p, time)) {
		end_flow(f, flow);
		flow = NULL;
	}
	if (!flow) {
		flow = new_flow(f, p, bucket, time, offset, &direction);
	} else if (f->newest != (uint32_t)(flow - f->flows) + 1) {
		list_remove(f, flow);
		list_add(f, flow);
	}
	widen(flow, time);
	flow->wire[direction] += wire;
	flow->packets[direction]++;
	flow->fragments += p->is_fragment;
	if (p->flags & TCP_SYN) {
		add_syn(f, flow, direction, p, time);
		return;
	}
	flow->flags[direction] |= p->flags;
	if (p->payload_length)
		add_payload(f, flow, direction, p, time);
}

void network_flows_add(struct network_flows *f, struct packet *p, timestamp time, uint32_t wire,
		       uint64_t offset)
{
	struct span payload = p->payload;

	if (!p->is_fragment) {
		flow_add_packet(f, p, time, wire, offset);
		return;
	}
	if (fragments_match(f, p, time, wire, offset))
		flow_add_packet(f, p, time, wire, offset);
	p->payload = payload;
	fragments_join(f, p, time);
}
