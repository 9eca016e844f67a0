#include "artefact/network_flow.h"

#include "formats/netflow/nfdump.h"

#include <inttypes.h>

/* The beginning of a message that goes over segments. */
struct flow_message {
	struct flow_message *next;	/* while free */
	uint32_t len;
	uint8_t bytes[UINT16_MAX];
};

struct taking {
	struct network_sink *sink;
	struct span exporter;		/* or empty */
	uint64_t offset;
};

/* Bytes are those of IP, as the exporter counts. */
static bool take_record(void *context, const struct netflow_record *r)
{
	struct taking *t = context;
	struct trace trace = trace_new(TRACE_TRANSFER, "flow");
	struct buf local = buf_new(64), peer = buf_new(64), detail = buf_new(128);
	struct packet_end from = { .port = r->from_port }, to = { .port = r->to_port };
	char room[8];

	memcpy(from.address, r->from, 16);
	memcpy(to.address, r->to, 16);
	packet_end_text(&local, &from);
	packet_end_text(&peer, &to);
	if (t->exporter.len)
		buf_printf(&detail, "{\"exporter\":\"%.*s\"}", SPAN_ARG(t->exporter));
	trace.source = t->exporter.len ? SPAN("netflow") : (struct span){ 0 };
	trace.time = r->first;
	trace.last = r->last;
	trace.local = buf_span(&local);
	trace.peer = buf_span(&peer);
	trace.protocol = span_text(packet_protocol_name(r->protocol, room));
	trace.bytes_out = r->bytes;
	trace.bytes_in = r->bytes_back;
	trace.count = r->packets + r->packets_back;
	trace.offset = t->offset;
	trace.detail = buf_span(&detail);
	if (r->bytes || r->packets)
		network_sink_add(t->sink, &trace);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
	return !t->sink->enough;
}

void flow_netflow(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	static const uint64_t seed[2] = { 7, 8 };
	struct packet_end from = p->from;
	struct buf exporter = buf_new(64);
	struct taking t = { .sink = f->sink, .offset = flow->offset };

	if (!f->netflow)
		f->netflow = ARENA_NEW(f->arena, struct netflow);
	from.port = 0;
	packet_end_text(&exporter, &from);
	t.exporter = buf_span(&exporter);
	if (f->netflow && netflow_read(f->netflow, p->payload, map_hash(seed, span_of(from.address, 16)),
				       take_record, &t))
		flow->application = "netflow";
	buf_free(&exporter);
}

/* ---- IPFIX over TCP (RFC 7011, 10.4): messages that have their length, one behind another ---- */

static struct flow_message *message_of(struct network_flows *f, struct flow_text *t)
{
	struct flow_message *m = t->message ? t->message : f->free_messages;

	if (t->message)
		return m;
	if (m)
		f->free_messages = m->next;
	else if (f->messages_made < FLOW_MESSAGES_MOST && (m = ARENA_NEW(f->arena, struct flow_message)))
		f->messages_made++;
	if (m)
		m->len = 0;
	return t->message = m;
}

void flow_give_message(struct network_flows *f, struct flow_text *t)
{
	if (!t->message)
		return;
	t->message->next = f->free_messages;
	f->free_messages = t->message;
	t->message = NULL;
}

static void take_message(struct network_flows *f, struct flow *flow, const struct packet *p, struct span message)
{
	struct packet one = *p;

	one.payload = message;
	flow_netflow(f, flow, &one);
	if (f->netflow)
		netflow_keep(f->netflow, f->arena);
}

/* Joins what is missing of the message at hand, by its length, once that is known. */
static struct span join(struct flow_message *m, struct span bytes)
{
	size_t length = m->len < 4 ? 4 : netflow_message_length(span_of(m->bytes, m->len));
	size_t want = length > m->len ? length - m->len : 0, got = bytes.len < want ? bytes.len : want;

	memcpy(m->bytes + m->len, bytes.at, got);
	m->len += (uint32_t)got;
	return span_from(bytes, got);
}

void flow_take_ipfix(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct flow_message *m = t ? message_of(f, t) : NULL;
	struct span bytes = p->payload;

	/* Behind a gap the next segment that begins with a message is where it goes on. */
	if (m && (p->sequence != t->message_next || p->payload.len < p->payload_length))
		m->len = 0;
	if (t)
		t->message_next = p->sequence + p->payload_length;
	while (m && bytes.len) {
		bytes = join(m, bytes);
		if (m->len < 4)
			return;
		if (!netflow_message_length(span_of(m->bytes, m->len))) {
			m->len = 0;
			return;
		}
		if (m->len == 4)
			bytes = join(m, bytes);
		if (m->len < netflow_message_length(span_of(m->bytes, m->len)))
			return;
		take_message(f, flow, p, span_of(m->bytes, m->len));
		m->len = 0;
	}
}

uint64_t netflow_shortfall(const struct artefact *a, const struct netflow *n)
{
	if (n->unread)
		a->short_of(a->context, "the template of %" PRIu64 " sets of NetFlow never came", n->unread);
	if (n->sampling)
		a->short_of(a->context, "flows were sampled: one packet in %" PRIu64 " was counted", n->sampling);
	return n->unread;
}

bool network_ipfix_decode(const struct artefact *a, struct err *err)
{
	struct network_sink sink = network_sink_new(a, "ipfix");
	struct taking t = { .sink = &sink, .offset = TRACE_NO_NUMBER };
	struct netflow *n = ARENA_NEW(a->arena, struct netflow);
	size_t read;

	if (!n)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for templates");
	read = netflow_read_file(n, a->bytes, take_record, &t);
	network_sink_end(&sink);
	if (read < a->bytes.len && !sink.enough)
		a->short_of(a->context, "no message of IPFIX at byte %zu", read);
	a->lost(a->context, netflow_shortfall(a, n) + (read < a->bytes.len));
	return true;
}

bool network_nfdump_decode(const struct artefact *a, struct err *err)
{
	struct network_sink sink = network_sink_new(a, "nfdump");
	struct taking t = { .sink = &sink, .offset = TRACE_NO_NUMBER };
	struct nfdump_report report;

	if (!nfdump_read(a->bytes, take_record, &t, &report, err))
		return false;
	network_sink_end(&sink);
	if (report.blocks_lost)
		a->short_of(a->context, "%" PRIu64 " blocks are damaged or cut off", report.blocks_lost);
	if (report.lost)
		a->short_of(a->context, "%" PRIu64 " records make no sense or are missing", report.lost);
	a->lost(a->context, report.lost + report.blocks_lost);
	return true;
}
