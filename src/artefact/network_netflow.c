#include "artefact/network_flow.h"

#include "formats/netflow/nfdump.h"

#include <inttypes.h>

#define RECENT 256			/* a power of two */

/* The beginning of a message that goes over segments, or over chunks of SCTP. */
struct flow_message {
	struct flow_message *next;	/* while free */
	uint32_t len;
	uint32_t recent[RECENT];	/* of SCTP: the numbers of chunks that were read, turned over */
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
	if (r->bytes || r->packets || r->bytes_back || r->packets_back)
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
	if (m) {
		m->len = 0;
		memset(m->recent, 0, sizeof m->recent);
	}
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

/* ---- IPFIX over SCTP (RFC 7011, 10.2): each message one of SCTP's, of one chunk of data or several ---- */

enum { CHUNK_DATA = 0, CHUNK_DATA_INTERLEAVED = 64, DATA_HEAD = 12, DATA_HEAD_INTERLEAVED = 16,
       DATA_BEGINS = 2, DATA_ENDS = 1 };

/* What is sent again, or was recorded at two places, is read once. */
static bool is_new_chunk(struct flow_message *m, uint32_t number)
{
	uint32_t *place = &m->recent[number % RECENT];
	bool is_new = *place != ~number;

	*place = ~number;
	return is_new;
}

static void take_chunk(struct network_flows *f, struct flow *flow, const struct packet *p, uint8_t flags,
		       uint32_t number, struct span data)
{
	struct flow_text *t = flow->text;
	struct flow_message *m = t->message;
	bool goes_on = !(flags & DATA_BEGINS) && m->len && number == t->message_next;

	if (!is_new_chunk(m, number))
		return;
	/* Of a message whose beginning or middle is missing nothing can be read. */
	if ((m->len && !goes_on) || (!goes_on && !(flags & DATA_BEGINS)))
		f->messages_lost++;
	if (!goes_on)
		m->len = 0;
	if ((!goes_on && !(flags & DATA_BEGINS)) || data.len > sizeof m->bytes - m->len)
		return;
	if (data.len)
		memcpy(m->bytes + m->len, data.at, data.len);
	m->len += (uint32_t)data.len;
	t->message_next = number + 1;
	if (!(flags & DATA_ENDS))
		return;
	if (netflow_message_length(span_of(m->bytes, m->len)) == m->len)
		take_message(f, flow, p, span_of(m->bytes, m->len));
	m->len = 0;
}

void flow_take_sctp(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct cursor c = cursor_of(p->payload);

	if (!t || !message_of(f, t))
		return;
	while (cursor_left(&c) >= 4) {
		uint8_t type = cursor_u8(&c), flags = cursor_u8(&c);
		uint32_t length = cursor_u16be(&c), head = type == CHUNK_DATA ? DATA_HEAD : DATA_HEAD_INTERLEAVED;
		struct cursor chunk = cursor_of(cursor_take(&c, length < 4 ? SIZE_MAX : length - 4));
		uint32_t number;

		if (c.short_read)
			return;
		cursor_skip(&c, (4 - length % 4) % 4);
		if (type != CHUNK_DATA && type != CHUNK_DATA_INTERLEAVED)
			continue;
		number = cursor_u32be(&chunk);
		cursor_skip(&chunk, head - 4);
		if (!chunk.short_read)
			take_chunk(f, flow, p, flags, number, cursor_take(&chunk, cursor_left(&chunk)));
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
	if (report.sampled)
		a->short_of(a->context, "%" PRIu64 " flows are of sampled packets: bytes are scaled up, not counted",
			    report.sampled);
	if (report.blocks_lost)
		a->short_of(a->context, "%" PRIu64 " blocks are damaged or cut off", report.blocks_lost);
	if (report.lost)
		a->short_of(a->context, "%" PRIu64 " records make no sense or are missing", report.lost);
	a->lost(a->context, report.lost + report.blocks_lost);
	return true;
}
