#include "formats/pcap/packet.h"

#include <stdio.h>

/* Headers within headers: tunnels, tags and extension headers together. */
#define STEPS 24

enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_PPP = 9, LINK_RAW_BSD = 12, LINK_RAW_OPENBSD = 14,
       LINK_PPP_HDLC = 50, LINK_RAW = 101, LINK_LOOP = 108, LINK_LINUX = 113, LINK_IPV4 = 228,
       LINK_IPV6 = 229, LINK_LINUX2 = 276 };
enum { TYPE_IPV4 = 0x0800, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd, TYPE_MPLS = 0x8847,
       TYPE_PPPOE = 0x8864, TYPE_QINQ = 0x88a8, TYPE_QINQ_OLD = 0x9100, TYPE_ETHERNET = 0x6558,
       TYPE_IP = 1, TYPE_PPP = 2 };
enum { NEXT_HOP_BY_HOP = 0, NEXT_IPV4 = 4, NEXT_IPV6 = 41, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44,
       NEXT_GRE = 47, NEXT_AUTHENTICATION = 51, NEXT_OPTIONS = 60 };
#define PORT_VXLAN 4789

struct walk {
	struct cursor at;
	struct packet *out;
	uint32_t type;			/* of what stands at the cursor: TYPE_… */
	int32_t next;			/* IP's next header, once there; else -1 */
	uint32_t left;			/* of the IP payload on the wire */
	unsigned steps;
};

static enum packet_fate cut_or(const struct walk *w, enum packet_fate otherwise)
{
	return w->at.short_read ? PACKET_CUT : otherwise;
}

static uint32_t type_of_ppp(uint16_t protocol)
{
	return protocol == 0x21 ? TYPE_IPV4 : protocol == 0x57 ? TYPE_IPV6 : 0;
}

static void read_ethernet(struct walk *w)
{
	cursor_skip(&w->at, 12);
	w->type = cursor_u16be(&w->at);
}

static bool read_link(struct walk *w, uint16_t link)
{
	switch (link) {
	case LINK_ETHERNET:
		read_ethernet(w);
		return true;
	case LINK_NULL:
	case LINK_LOOP:
		cursor_skip(&w->at, 4);
		w->type = TYPE_IP;
		return true;
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		w->type = TYPE_IP;
		return true;
	case LINK_LINUX:
		cursor_skip(&w->at, 14);
		w->type = cursor_u16be(&w->at);
		return true;
	case LINK_LINUX2:
		w->type = cursor_u16be(&w->at);
		cursor_skip(&w->at, 18);
		return true;
	case LINK_PPP:
	case LINK_PPP_HDLC:
		w->type = TYPE_PPP;
		return true;
	default:
		return false;
	}
}

static void read_ppp(struct walk *w)
{
	uint16_t protocol = cursor_u16be(&w->at);

	if (protocol == 0xff03)
		protocol = cursor_u16be(&w->at);
	w->type = type_of_ppp(protocol);
}

static void read_mpls(struct walk *w)
{
	uint32_t label;

	do {
		label = cursor_u32be(&w->at);
	} while (!w->at.short_read && !(label & 0x100));
	w->type = TYPE_IP;
}

/* Tags and tunnels of the link; true where another header follows that is not IP. */
static bool read_tag(struct walk *w)
{
	switch (w->type) {
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
		cursor_skip(&w->at, 2);
		w->type = cursor_u16be(&w->at);
		return true;
	case TYPE_MPLS:
		read_mpls(w);
		return true;
	case TYPE_PPPOE:
		cursor_skip(&w->at, 6);
		w->type = TYPE_PPP;
		return true;
	case TYPE_PPP:
		read_ppp(w);
		return true;
	case TYPE_ETHERNET:
		read_ethernet(w);
		return true;
	default:
		return false;
	}
}

static void map_address(uint8_t out[16], const uint8_t *v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, prefix, sizeof prefix);
	memcpy(out + sizeof prefix, v4, 4);
}

static void note_fragment(struct walk *w, uint32_t id, bool is_more, uint32_t offset)
{
	w->out->is_fragment = is_more || offset;
	w->out->is_later_fragment = offset;
	w->out->fragment_id = id;
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
	/* Offloading cards leave 0 for packets that they cut up later. */
	if (!total)
		total = (uint32_t)(left < UINT32_MAX ? left : UINT32_MAX);
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
		w->left = (uint32_t)(left - 40 < UINT32_MAX ? left - 40 : UINT32_MAX);
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
	return true;
}

static bool read_extension(struct walk *w)
{
	struct span h = cursor_take(&w->at, 8);
	uint32_t len = 8;

	if (!h.len)
		return false;
	if (w->next == NEXT_FRAGMENT)
		note_fragment(w, load_u32be(h.at + 4), h.at[3] & 1, load_u16be(h.at + 2) >> 3);
	else if (w->next == NEXT_AUTHENTICATION)
		len = (h.at[1] + 2u) * 4;
	else
		len = (h.at[1] + 1u) * 8;
	w->next = h.at[0];
	if (len < 8 || !spend(w, len))
		return false;
	cursor_skip(&w->at, len - 8);
	return true;
}

static bool read_gre(struct walk *w)
{
	uint16_t flags = cursor_u16be(&w->at);

	w->type = cursor_u16be(&w->at);
	/* Version 1 is PPTP's: a longer header, PPP inside. */
	if ((flags & 7) == 1) {
		cursor_skip(&w->at, 4 + (flags & 0x1000 ? 4 : 0) + (flags & 0x80 ? 4 : 0));
		w->type = w->type == 0x880b ? TYPE_PPP : 0;
		return true;
	}
	cursor_skip(&w->at, (flags & 0x8000 ? 4u : 0) + (flags & 0x2000 ? 4u : 0) +
				    (flags & 0x1000 ? 4u : 0));
	return true;
}

/* Whether the IP payload is another IP packet or frame; the walk stands before it then. */
static bool read_tunnel(struct walk *w)
{
	if (w->out->is_fragment)
		return false;
	if (w->next == NEXT_IPV4 || w->next == NEXT_IPV6)
		w->type = w->next == NEXT_IPV4 ? TYPE_IPV4 : TYPE_IPV6;
	else if (w->next != NEXT_GRE || !read_gre(w))
		return false;
	w->out->tunnels++;
	w->next = -1;
	return true;
}

static bool read_vxlan(struct walk *w)
{
	struct cursor inner = cursor_of(w->out->payload);

	if (w->out->to.port != PORT_VXLAN || cursor_u8(&inner) != 8)
		return false;
	cursor_skip(&inner, 7);
	if (inner.short_read || !cursor_left(&inner))
		return false;
	w->at = inner;
	w->type = TYPE_ETHERNET;
	w->next = -1;
	w->out->tunnels++;
	return true;
}

static enum packet_fate take_payload(struct walk *w, uint32_t header)
{
	size_t kept = cursor_left(&w->at);

	if (w->at.short_read)
		return PACKET_CUT;
	if (!spend(w, header))
		return PACKET_MALFORMED;
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

static enum packet_fate read_ports(struct walk *w, uint32_t header)
{
	w->out->from.port = cursor_u16be(&w->at);
	w->out->to.port = cursor_u16be(&w->at);
	cursor_skip(&w->at, header - 4);
	return take_payload(w, header);
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
		return read_ports(w, 8);
	case PROTOCOL_SCTP:
		return read_ports(w, 12);
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
	       next == NEXT_OPTIONS || next == NEXT_AUTHENTICATION;
}

/* One header on; true: there is more to step through, else *fate is the end. */
static bool step(struct walk *w, enum packet_fate *fate)
{
	struct cursor peek = w->at;
	uint32_t type = w->type;

	if (w->next < 0) {
		if (read_tag(w))
			return true;
		if (type == TYPE_IP)
			type = cursor_u8(&peek) >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
		*fate = PACKET_NOT_IP;
		if (type != TYPE_IPV4 && type != TYPE_IPV6)
			return false;
		*fate = PACKET_MALFORMED;
		return type == TYPE_IPV4 ? read_ipv4(w) : read_ipv6(w);
	}
	*fate = PACKET_MALFORMED;
	if (is_extension(w->next) && !w->out->is_later_fragment)
		return read_extension(w);
	if (read_tunnel(w))
		return true;
	*fate = read_transport(w);
	return *fate == PACKET_READ && w->next == PROTOCOL_UDP && !w->out->is_fragment && read_vxlan(w);
}

enum packet_fate packet_read(uint16_t link, struct span frame, struct packet *out)
{
	struct walk w = { .at = cursor_of(frame), .out = out, .next = -1 };
	enum packet_fate fate = PACKET_MALFORMED;

	*out = (struct packet){ 0 };
	if (!read_link(&w, link))
		return PACKET_LINK_UNKNOWN;
	while (!w.at.short_read && w.steps++ < STEPS) {
		/* The inner packet of a tunnel has its own ports, or none. */
		if (w.next < 0)
			out->from.port = out->to.port = 0;
		if (!step(&w, &fate))
			return fate == PACKET_READ ? fate : cut_or(&w, fate);
		fate = PACKET_MALFORMED;
	}
	return cut_or(&w, PACKET_MALFORMED);
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
		      { 50, "esp" }, { 51, "ah" }, { 89, "ospf" }, { 112, "vrrp" }, { 103, "pim" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == protocol)
			return names[i].name;
	snprintf(room, 8, "ip %u", protocol);
	return room;
}
