#include "artefact/network_flow.h"

struct taking {
	struct network_flows *f;
	struct span exporter;
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
	buf_printf(&detail, "{\"exporter\":\"%.*s\"}", SPAN_ARG(t->exporter));
	trace.source = SPAN("netflow");
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
		network_sink_add(t->f->sink, &trace);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
	return !t->f->sink->enough;
}

void flow_netflow(struct network_flows *f, struct flow *flow, const struct packet *p)
{
	static const uint64_t seed[2] = { 7, 8 };
	struct packet_end from = p->from;
	struct buf exporter = buf_new(64);
	struct taking t = { .f = f, .offset = flow->offset };

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
