#include "formats/pcap/packet_walk.h"

#include <stdio.h>

/* Headers within headers: tunnels, tags and extension headers together. */
#define STEPS 24

static enum packet_fate cut_or(const struct walk *w, enum packet_fate otherwise)
{
	return w->at.short_read ? PACKET_CUT : otherwise;
}

static void map_address(uint8_t out[16], const uint8_t *v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, prefix, sizeof prefix);
	memcpy(out + sizeof prefix, v4, 4);
}

/* `offset` counts eights of bytes. */
static void note_fragment(struct walk *w, uint32_t id, bool is_more, uint32_t offset)
{
	w->out->is_fragment = is_more || offset;
	w->out->is_later_fragment = offset;
	w->out->is_last_fragment = offset && !is_more;
	w->out->fragment_id = id;
	w->out->fragment_at = offset * 8;
	w->header = 0;
}

/* Offloading cards leave 0 as the length of packets that they cut up later: all that the frame has. */
static uint32_t length_of_frame(const struct walk *w, size_t left)
{
	uint64_t all = (uint64_t)left + w->hidden;

	return all < UINT32_MAX ? (uint32_t)all : UINT32_MAX;
}

static bool read_ipv4(struct walk *w)
{
	size_t left = cursor_left(&w->at);
	struct span h = cursor_take(&w->at, 20);
	uint32_t header, total, fragment;

	if (!h.len)
		return false;
	header = (h.at[0] & 15u) * 4;
	total = load_u16be(h.at + 2);
	if (!total)
		total = length_of_frame(w, left);
	if (h.at[0] >> 4 != 4 || header < 20 || total < header)
		return false;
	cursor_skip(&w->at, header - 20);
	w->left = total - header;
	fragment = load_u16be(h.at + 6);
	note_fragment(w, load_u16be(h.at + 4), fragment & 0x2000, fragment & 0x1fff);
	w->next = h.at[9];
	map_address(w->out->from.address, h.at + 12);
	map_address(w->out->to.address, h.at + 16);
	return true;
}

static bool read_ipv6(struct walk *w)
{
	size_t left = cursor_left(&w->at);
	struct span h = cursor_take(&w->at, 40);

	if (!h.len || h.at[0] >> 4 != 6)
		return false;
	w->left = load_u16be(h.at + 4);
	if (!w->left)
		w->left = length_of_frame(w, left - 40);
	note_fragment(w, 0, false, 0);
	w->next = h.at[6];
	memcpy(w->out->from.address, h.at + 8, 16);
	memcpy(w->out->to.address, h.at + 24, 16);
	return true;
}

/* Of a header of `len` bytes, which is part of the IP payload. */
static bool spend(struct walk *w, uint32_t len)
{
	if (len > w->left)
		return false;
	w->left -= len;
	w->header += len;
	return true;
}

static bool read_extension(struct walk *w)
{
	struct span h = cursor_take(&w->at, 8);
	bool is_fragment = w->next == NEXT_FRAGMENT;
	uint32_t len = 8;

	if (!h.len)
		return false;
	if (is_fragment)
		note_fragment(w, load_u32be(h.at + 4), h.at[3] & 1, load_u16be(h.at + 2) >> 3);
	else if (w->next == NEXT_AUTHENTICATION)
		len = (h.at[1] + 2u) * 4;
	else
		len = (h.at[1] + 1u) * 8;
	w->next = h.at[0];
	if (len < 8 || !spend(w, len))
		return false;
	w->header = is_fragment ? 0 : w->header;
	cursor_skip(&w->at, len - 8);
	return true;
}

static enum packet_fate take_payload(struct walk *w, uint32_t header)
{
	size_t kept = cursor_left(&w->at);

	if (w->at.short_read)
		return PACKET_CUT;
	if (!spend(w, header))
		return PACKET_MALFORMED;
	w->out->fragment_at += w->header;
	w->out->payload_length = w->left;
	w->out->payload = cursor_take(&w->at, kept < w->left ? kept : w->left);
	return PACKET_READ;
}

static enum packet_fate read_tcp(struct walk *w)
{
	struct span h = cursor_take(&w->at, 20);
	uint32_t header;

	if (!h.len)
		return PACKET_CUT;
	w->out->from.port = load_u16be(h.at);
	w->out->to.port = load_u16be(h.at + 2);
	w->out->sequence = load_u32be(h.at + 4);
	w->out->flags = h.at[13];
	header = (h.at[12] >> 4) * 4u;
	if (header < 20)
		return PACKET_MALFORMED;
	/* Options that were not kept are no loss: the payload is empty then. */
	cursor_skip(&w->at, header - 20 < cursor_left(&w->at) ? header - 20 : cursor_left(&w->at));
	return take_payload(w, header);
}

static enum packet_fate read_udp(struct walk *w)
{
	w->out->from.port = cursor_u16be(&w->at);
	w->out->to.port = cursor_u16be(&w->at);
	cursor_skip(&w->at, 2);
	w->out->checksum = cursor_u16be(&w->at);
	return take_payload(w, 8);
}

static enum packet_fate read_sctp(struct walk *w)
{
	w->out->from.port = cursor_u16be(&w->at);
	w->out->to.port = cursor_u16be(&w->at);
	cursor_skip(&w->at, 8);
	return take_payload(w, 12);
}

static enum packet_fate read_transport(struct walk *w)
{
	w->out->protocol = (uint8_t)w->next;
	if (w->out->is_later_fragment)
		return take_payload(w, 0);
	switch (w->next) {
	case PROTOCOL_TCP:
		return read_tcp(w);
	case PROTOCOL_UDP:
		return read_udp(w);
	case PROTOCOL_SCTP:
		return read_sctp(w);
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMP6:
		w->out->icmp_type = cursor_u8(&w->at);
		cursor_skip(&w->at, 7);
		return take_payload(w, 8);
	default:
		return take_payload(w, 0);
	}
}

static bool is_extension(int32_t next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT ||
	       next == NEXT_OPTIONS || next == NEXT_AUTHENTICATION || next == NEXT_MOBILITY ||
	       next == NEXT_HOST_IDENTITY || next == NEXT_SHIM6;
}

/* One header on; true: there is more to step through, else *fate is the end. */
static bool step(struct walk *w, enum packet_fate *fate)
{
	struct cursor peek = w->at;
	uint32_t type = w->type;

	if (w->next < 0) {
		if (walk_tag(w))
			return true;
		if (type == TYPE_IP)
			type = cursor_u8(&peek) >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
		*fate = PACKET_NOT_IP;
		if (type != TYPE_IPV4 && type != TYPE_IPV6) {
			if (type != TYPE_NONE)
				walk_stop(w, LAYER_TYPE, type);
			return false;
		}
		*fate = PACKET_MALFORMED;
		return type == TYPE_IPV4 ? read_ipv4(w) : read_ipv6(w);
	}
	*fate = PACKET_MALFORMED;
	if (is_extension(w->next) && !w->out->is_later_fragment)
		return read_extension(w);
	if (walk_ip_tunnel(w))
		return true;
	*fate = read_transport(w);
	return *fate == PACKET_READ && w->next == PROTOCOL_UDP && !w->out->is_fragment && walk_udp_tunnel(w);
}

static enum packet_fate walk_frame(uint16_t link, struct span frame, uint32_t length, struct packet *out)
{
	struct walk w = { .at = cursor_of(frame), .out = out, .next = -1,
			  .hidden = length > frame.len ? length - (uint32_t)frame.len : 0 };
	enum packet_fate fate = PACKET_MALFORMED;

	*out = (struct packet){ 0 };
	if (!walk_link(&w, link))
		return PACKET_LINK_UNKNOWN;
	while (!w.at.short_read && w.steps++ < STEPS) {
		/* The inner packet of a tunnel has its own ports, or none. */
		if (w.next < 0)
			out->from.port = out->to.port = 0;
		if (!step(&w, &fate))
			break;
		fate = PACKET_MALFORMED;
	}
	if (fate == PACKET_READ)
		return fate;
	if (w.has_outer) {
		*out = w.outer;
		return PACKET_READ;
	}
	return w.is_encrypted ? PACKET_ENCRYPTED : cut_or(&w, fate);
}

/* ---- the usual frame, without steps ---- */

enum { ETHERNET = 14, IPV4 = 20 };

/* Ports, and how long the header is; 0: it is for the walk. */
static uint32_t usual_transport(struct span t, struct packet *out)
{
	out->from.port = load_u16be(t.at);
	out->to.port = load_u16be(t.at + 2);
	if (out->protocol == PROTOCOL_UDP) {
		out->checksum = load_u16be(t.at + 6);
		return walk_is_tunnel_port(out->to.port) ? 0 : 8;
	}
	if (out->protocol != PROTOCOL_TCP || t.len < 20 || t.at[12] >> 4 < 5)
		return 0;
	out->sequence = load_u32be(t.at + 4);
	out->flags = t.at[13];
	return (t.at[12] >> 4) * 4u;
}

/*
 * TCP or UDP in IPv4 in Ethernet, whole and without options of IP, as nearly all frames
 * are. False: the walk decides, which reads these the same.
 */
static bool read_usual(struct span frame, struct packet *out)
{
	struct span ip = span_from(frame, ETHERNET), transport = span_from(frame, ETHERNET + IPV4);
	uint32_t total, header;

	if (transport.len < 8 || load_u16be(frame.at + 12) != TYPE_IPV4 || ip.at[0] != 0x45 ||
	    load_u16be(ip.at + 6) & 0x3fff)
		return false;
	total = load_u16be(ip.at + 2);
	out->protocol = ip.at[9];
	header = usual_transport(transport, out);
	if (!header || header > transport.len || total < IPV4 + header)
		return false;
	out->fragment_id = load_u16be(ip.at + 4);
	map_address(out->from.address, ip.at + 12);
	map_address(out->to.address, ip.at + 16);
	out->payload_length = total - IPV4 - header;
	out->payload = span_sub(transport, header, out->payload_length);
	return true;
}

enum packet_fate packet_read(uint16_t link, struct span frame, uint32_t length, struct packet *out)
{
	*out = (struct packet){ 0 };
	if (link == LINK_ETHERNET && read_usual(frame, out))
		return PACKET_READ;
	return walk_frame(link, frame, length, out);
}

/* RFC 5952: the longest run of two or more zero groups becomes "::". */
static void add_ipv6(struct buf *to, const uint8_t a[16])
{
	int best = -1, best_len = 1, run = 0;

	for (int i = 0; i < 8; i++) {
		run = a[2 * i] || a[2 * i + 1] ? 0 : run + 1;
		if (run > best_len) {
			best_len = run;
			best = i - run + 1;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			buf_text(to, "::");
			i += best_len - 1;
			continue;
		}
		if (i && (best < 0 || i != best + best_len))
			buf_add_u8(to, ':');
		buf_printf(to, "%x", a[2 * i] << 8 | a[2 * i + 1]);
	}
}

void packet_end_text(struct buf *to, const struct packet_end *end)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *a = end->address;
	bool is_v4 = !memcmp(a, prefix, sizeof prefix);

	if (is_v4) {
		for (int i = 12; i < 16; i++) {
			if (i > 12)
				buf_add_u8(to, '.');
			buf_decimal(to, a[i]);
		}
	} else {
		if (end->port)
			buf_add_u8(to, '[');
		add_ipv6(to, a);
		if (end->port)
			buf_add_u8(to, ']');
	}
	if (end->port) {
		buf_add_u8(to, ':');
		buf_decimal(to, end->port);
	}
}

const char *packet_protocol_name(uint8_t protocol, char room[8])
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = { { PROTOCOL_TCP, "tcp" }, { PROTOCOL_UDP, "udp" }, { PROTOCOL_ICMP, "icmp" },
		      { PROTOCOL_ICMP6, "icmp6" }, { PROTOCOL_SCTP, "sctp" }, { 2, "igmp" },
		      { 4, "ipip" }, { 41, "ipv6" }, { 47, "gre" }, { 50, "esp" }, { 51, "ah" }, { 88, "eigrp" },
		      { 89, "ospf" }, { 97, "etherip" }, { 103, "pim" }, { 112, "vrrp" }, { 115, "l2tp" },
		      { 137, "mpls" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == protocol)
			return names[i].name;
	snprintf(room, 8, "ip %u", protocol);
	return room;
}
