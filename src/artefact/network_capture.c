#include "artefact/network_flow.h"

#include "formats/pcap/capture.h"

#include <inttypes.h>

struct tally {
	uint64_t cut, malformed, links, encrypted;
	uint16_t link;
};

static void count(struct tally *t, const struct capture_packet *packet, enum packet_fate fate)
{
	t->cut += fate == PACKET_CUT;
	t->malformed += fate == PACKET_MALFORMED;
	t->encrypted += fate == PACKET_ENCRYPTED;
	if (fate == PACKET_LINK_UNKNOWN) {
		t->links++;
		t->link = packet->link;
	}
}

static void tell_shortfall(const struct artefact *a, const struct capture *c, const struct tally *t,
			   const struct network_flows *f)
{
	uint64_t lost = 0;

	if (c->damage)
		a->short_of(a->context, "%s, at byte %" PRIu64 "; %" PRIu64 " bytes were stepped over",
			    c->damage, c->damaged_at, c->skipped);
	if (t->links)
		a->short_of(a->context, "%" PRIu64 " packets of link type %u, which is not read",
			    t->links, t->link);
	if (t->encrypted)
		a->short_of(a->context, "%" PRIu64 " frames are encrypted by their wireless network",
			    t->encrypted);
	if (c->unknown)
		a->short_of(a->context, "%" PRIu64 " packets of no known interface", c->unknown);
	if (t->cut + t->malformed)
		a->short_of(a->context, "headers of %" PRIu64 " packets are cut off, of %" PRIu64 " wrong",
			    t->cut, t->malformed);
	if (f->netflow)
		lost = netflow_shortfall(a, f->netflow);
	a->lost(a->context, lost + t->links + t->encrypted + c->unknown + t->cut + t->malformed);
}

bool network_capture_decode(const struct artefact *a, struct err *err)
{
	struct network_sink sink = network_sink_new(a, "capture");
	struct network_names names = network_names_new(a, "capture");
	struct capture *c = ARENA_NEW(a->arena, struct capture);
	struct network_flows *f = ARENA_NEW(a->arena, struct network_flows);
	struct tally tally = { 0 };
	struct capture_packet packet;
	struct packet p;

	if (!c || !f || !network_flows_new(f, &sink, &names))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for flows");
	if (!capture_open(c, a->bytes, err))
		return false;
	while (!sink.enough && capture_next(c, &packet)) {
		enum packet_fate fate = packet_read(packet.link, packet.bytes, &p);

		count(&tally, &packet, fate);
		if (fate == PACKET_READ)
			network_flows_add(f, &p, packet.time, packet.length, packet.offset);
	}
	network_flows_end(f);
	if (f->netflow)
		netflow_end(f->netflow);
	network_names_end(&names, &sink);
	network_sink_end(&sink);
	tell_shortfall(a, c, &tally, f);
	return true;
}
