#include "artefact/network_flow.h"

#include "formats/pcap/capture.h"

#include <inttypes.h>

#define KINDS 24			/* of frames that are not read, told apart */
#define REASON_MOST ((size_t)2 << 10)

/* Frames of one link type, or that carry one kind of thing, which is not read. */
struct unread {
	bool is_link;
	uint8_t layer;
	uint16_t kind;
	uint64_t count;
};

struct tally {
	uint64_t cut, malformed, encrypted, bundles;
	struct unread unread[KINDS];	/* the last: all others */
	size_t unread_count;
};

static void count_unread(struct tally *t, struct unread what)
{
	size_t i = 0;

	while (i < t->unread_count && (t->unread[i].is_link != what.is_link || t->unread[i].layer != what.layer ||
				       t->unread[i].kind != what.kind))
		i++;
	if (i == t->unread_count && i < KINDS - 1)
		t->unread[t->unread_count++] = what;
	t->unread[i].count++;
}

static void count(struct tally *t, const struct capture_packet *packet, const struct packet *p, enum packet_fate fate)
{
	t->cut += fate == PACKET_CUT;
	t->malformed += fate == PACKET_MALFORMED;
	t->encrypted += fate == PACKET_ENCRYPTED;
	t->bundles += p->is_bundle;
	if (fate == PACKET_LINK_UNKNOWN)
		count_unread(t, (struct unread){ .is_link = true, .kind = packet->link });
	else if (fate == PACKET_NOT_IP && !packet_kind_is_plain((enum packet_layer)p->layer, p->kind))
		count_unread(t, (struct unread){ .layer = p->layer, .kind = p->kind });
}

/* ---- what is not told ---- */

/* "3 packets ..."; nothing where there are none. */
static void add(struct buf *to, uint64_t count, const char *one, const char *several)
{
	if (!count)
		return;
	buf_text(to, buf_span(to).len ? "; " : "");
	buf_printf(to, "%" PRIu64 " %s", count, count == 1 ? one : several);
}

static uint64_t add_unread(struct buf *to, const struct tally *t)
{
	uint64_t all = t->unread[KINDS - 1].count;

	for (size_t i = 0; i < t->unread_count; i++) {
		const struct unread *u = &t->unread[i];

		buf_text(to, buf_span(to).len ? "; " : "");
		if (u->is_link)
			packet_link_text(to, u->kind, u->count);
		else
			packet_kind_text(to, (enum packet_layer)u->layer, u->kind, u->count);
		buf_text(to, u->count == 1 ? ", which is not read" : ", which are not read");
		all += u->count;
	}
	add(to, t->unread[KINDS - 1].count, "frame of another kind, which is not read",
	    "frames of other kinds, which are not read");
	return all;
}

/* Blocks of pcapng that hold something else than packets. */
static uint64_t add_blocks(struct buf *to, const struct capture *c)
{
	add(to, c->secrets, "block of secrets, with which what is encrypted could be read: not used",
	    "blocks of secrets, with which what is encrypted could be read: not used");
	add(to, c->journals, "record of a journal, not read", "records of a journal, not read");
	add(to, c->customs, "custom block, not read", "custom blocks, not read");
	if (c->others) {
		add(to, c->others, "block of type ", "blocks, the last of type ");
		buf_printf(to, "0x%" PRIx32 ", not read", c->other);
	}
	return c->secrets + c->journals + c->customs + c->others;
}

static void tell_shortfall(const struct artefact *a, const struct capture *c, const struct tally *t,
			   const struct network_flows *f)
{
	struct buf text = buf_new(REASON_MOST);
	uint64_t lost = t->encrypted + c->unknown + t->cut + t->malformed + t->bundles;

	if (c->damage)
		buf_printf(&text, "%s, at byte %" PRIu64 "; %" PRIu64 " bytes were stepped over", c->damage, c->damaged_at,
			   c->skipped);
	lost += add_unread(&text, t);
	add(&text, t->encrypted, "frame is encrypted by its wireless network", "frames are encrypted by their wireless network");
	add(&text, t->bundles, "bundle of wireless frames, of which only the first is read",
	    "bundles of wireless frames, of which only the first is read");
	add(&text, c->unknown, "packet of no known interface", "packets of no known interface");
	add(&text, t->cut, "packet whose headers are cut off", "packets whose headers are cut off");
	add(&text, t->malformed, "packet whose headers are wrong", "packets whose headers are wrong");
	lost += add_blocks(&text, c) + f->messages_lost + f->parts_untold + f->smbs_untold + f->smtps_untold;
	add(&text, f->messages_lost, "message of IPFIX of which a piece is missing",
	    "messages of IPFIX of which a piece is missing");
	add(&text, f->parts_untold, "file within a flow that is told with its flow alone: there are too many",
	    "files within flows that are told with their flows alone: there are too many");
	add(&text, f->smbs_untold, "connection of SMB whose files are not told: too many at once",
	    "connections of SMB whose files are not told: too many at once");
	add(&text, f->smtps_untold, "connection of SMTP whose mails are not told: too many at once",
	    "connections of SMTP whose mails are not told: too many at once");
	if (buf_span(&text).len)
		a->short_of(a->context, "%.*s", SPAN_ARG(buf_span(&text)));
	buf_free(&text);
	if (f->netflow)
		lost += netflow_shortfall(a, f->netflow);
	a->lost(a->context, lost);
}

static void take_name(void *context, const uint8_t address[16], struct span name)
{
	addresses_learn(context, address, name, "capture");
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
	c->name = take_name;
	c->context = f;
	while (!sink.enough && capture_next(c, &packet)) {
		enum packet_fate fate = packet_read(packet.link, packet.bytes, packet.length, &p);

		if (fate != PACKET_READ || p.is_bundle)
			count(&tally, &packet, &p, fate);
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
