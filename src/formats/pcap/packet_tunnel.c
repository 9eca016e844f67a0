#include "formats/pcap/packet_walk.h"

enum { PORT_L2TP = 1701, PORT_GTP = 2152, PORT_GRE = 4754, PORT_VXLAN = 4789, PORT_VXLAN_GPE = 4790,
       PORT_GENEVE = 6081, PORT_MPLS = 6635, PORT_VXLAN_LINUX = 8472, PORT_TZSP = 37008 };
enum { GRE_CHECKSUM = 0x8000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000, GRE_ACKNOWLEDGED = 0x80,
       GRE_TYPE_PPP = 0x880b, GRE_TYPE_ERSPAN = 0x88be, GRE_TYPE_ERSPAN3 = 0x22eb };

/* ---- GRE (RFC 2784, 2890), and what Cisco mirrors through it ---- */

static uint32_t inside_erspan(struct cursor *c, uint16_t flags, uint32_t type)
{
	if (type == GRE_TYPE_ERSPAN) {
		cursor_skip(c, flags & GRE_SEQUENCE ? 8 : 0);
	} else {
		cursor_skip(c, 11);
		cursor_skip(c, cursor_u8(c) & 1 ? 8 : 0);
	}
	return TYPE_ETHERNET;
}

static uint32_t inside_gre(struct cursor *c)
{
	uint16_t flags = cursor_u16be(c);
	uint32_t type = cursor_u16be(c);

	/* Version 1 is PPTP's: a longer header, PPP inside. */
	if ((flags & 7) == 1) {
		cursor_skip(c, 4 + (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACKNOWLEDGED ? 4 : 0));
		return type == GRE_TYPE_PPP ? TYPE_PPP : TYPE_NONE;
	}
	cursor_skip(c, (flags & GRE_CHECKSUM ? 4u : 0) + (flags & GRE_KEY ? 4u : 0) + (flags & GRE_SEQUENCE ? 4u : 0));
	return type == GRE_TYPE_ERSPAN || type == GRE_TYPE_ERSPAN3 ? inside_erspan(c, flags, type) : type;
}

/* RFC 3378. */
static uint32_t inside_ether_ip(struct cursor *c)
{
	return cursor_u16be(c) >> 12 == 3 ? TYPE_ETHERNET : TYPE_NONE;
}

/* Should the inside turn out to be no IP, the outer packet is the one that is told. */
static void enter(struct walk *w, const struct packet *outer)
{
	if (!w->has_outer)
		w->outer = *outer;
	w->has_outer = true;
	w->next = -1;
	w->out->tunnels++;
}

bool walk_ip_tunnel(struct walk *w)
{
	struct cursor peek = w->at;
	struct packet outer;

	if (w->out->is_fragment || (w->next != NEXT_IPV4 && w->next != NEXT_IPV6 && w->next != NEXT_GRE &&
				    w->next != NEXT_ETHER_IP && w->next != NEXT_MPLS))
		return false;
	outer = *w->out;
	outer.protocol = (uint8_t)w->next;
	outer.payload_length = w->left;
	outer.payload = cursor_take(&peek, cursor_left(&peek) < w->left ? cursor_left(&peek) : w->left);
	if (w->next == NEXT_GRE)
		w->type = inside_gre(&w->at);
	else if (w->next == NEXT_ETHER_IP)
		w->type = inside_ether_ip(&w->at);
	else
		w->type = w->next == NEXT_MPLS ? TYPE_MPLS : w->next == NEXT_IPV4 ? TYPE_IPV4 : TYPE_IPV6;
	enter(w, &outer);
	return true;
}

/* ---- over UDP: each answers what is inside, TYPE_NONE where it is none of this ---- */

/* RFC 7348; with a type of what is inside: draft-ietf-nvo3-vxlan-gpe. */
static uint32_t inside_vxlan(struct cursor *c)
{
	static const uint16_t types[] = { TYPE_ETHERNET, TYPE_IPV4, TYPE_IPV6, TYPE_ETHERNET };
	uint8_t flags = cursor_u8(c), next;

	cursor_skip(c, 2);
	next = cursor_u8(c);
	cursor_skip(c, 4);
	if ((flags & 0xc8) != 8)
		return TYPE_NONE;
	if (!(flags & 4))
		return TYPE_ETHERNET;
	return next < sizeof types / sizeof *types ? types[next] : TYPE_NONE;
}

/* RFC 8926. */
static uint32_t inside_geneve(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint32_t type;

	cursor_skip(c, 1);
	type = cursor_u16be(c);
	cursor_skip(c, 4 + (first & 0x3f) * 4u);
	return first >> 6 == 0 && (type == TYPE_ETHERNET || type == TYPE_IPV4 || type == TYPE_IPV6)
		       ? type : TYPE_NONE;
}

/* 3GPP TS 29.281: a packet of a user, behind extensions of four bytes' multiples. */
static uint32_t inside_gtp(struct cursor *c)
{
	enum { VERSION_1 = 0x30, HAS_MORE = 7, HAS_EXTENSION = 4, USER_PACKET = 255 };
	uint8_t flags = cursor_u8(c), type = cursor_u8(c), next = 0, len;

	cursor_skip(c, 6);
	if ((flags & 0xf0) != VERSION_1 || type != USER_PACKET)
		return TYPE_NONE;
	if (flags & HAS_MORE) {
		cursor_skip(c, 3);
		next = cursor_u8(c);
	}
	while (flags & HAS_EXTENSION && next && !c->short_read) {
		len = cursor_u8(c);
		cursor_skip(c, len ? len * 4u - 2 : SIZE_MAX);
		next = cursor_u8(c);
	}
	return TYPE_IP;
}

/* RFC 2661: data, with what its flags say before them. */
static uint32_t inside_l2tp(struct cursor *c)
{
	enum { CONTROL = 0x8000, LENGTH = 0x4000, SEQUENCE = 0x0800, OFFSET = 0x0200, VERSION = 15 };
	uint16_t flags = cursor_u16be(c);

	cursor_skip(c, flags & LENGTH ? 6 : 4);
	cursor_skip(c, flags & SEQUENCE ? 4 : 0);
	if (flags & OFFSET)
		cursor_skip(c, cursor_u16be(c));
	return flags & CONTROL || (flags & VERSION) != 2 ? TYPE_NONE : TYPE_PPP;
}

/* What MikroTik and Aruba mirror: fields with their length, of which 0 has none and 1 is the last. */
static uint32_t inside_tzsp(struct cursor *c)
{
	enum { RECEIVED = 0, TO_SEND = 1, ETHERNET = 1, FIELD_NONE = 0, FIELD_LAST = 1 };
	uint8_t version = cursor_u8(c), type = cursor_u8(c), field;
	uint16_t carried = cursor_u16be(c);

	while ((field = cursor_u8(c)) != FIELD_LAST && !c->short_read)
		cursor_skip(c, field == FIELD_NONE ? 0 : cursor_u8(c));
	return version == 1 && (type == RECEIVED || type == TO_SEND) && carried == ETHERNET ? TYPE_ETHERNET : TYPE_NONE;
}

bool walk_is_tunnel_port(uint16_t port)
{
	switch (port) {
	case PORT_VXLAN:
	case PORT_VXLAN_GPE:
	case PORT_VXLAN_LINUX:
	case PORT_GENEVE:
	case PORT_GTP:
	case PORT_L2TP:
	case PORT_MPLS:
	case PORT_GRE:
	case PORT_TZSP:
		return true;
	default:
		return false;
	}
}

static uint32_t inside(const struct packet *p, struct cursor *c)
{
	switch (p->to.port) {
	case PORT_VXLAN:
	case PORT_VXLAN_GPE:
	case PORT_VXLAN_LINUX:
		return inside_vxlan(c);
	case PORT_GENEVE:
		return inside_geneve(c);
	case PORT_GTP:
		return inside_gtp(c);
	case PORT_L2TP:
		return inside_l2tp(c);
	case PORT_MPLS:
		return TYPE_MPLS;
	case PORT_GRE:
		return inside_gre(c);
	case PORT_TZSP:
		return inside_tzsp(c);
	default:
		return TYPE_NONE;
	}
}

bool packet_is_own(const uint8_t a[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *v4 = a + 12;

	if (memcmp(a, mapped, sizeof mapped))
		return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80);
	return v4[0] == 10 || v4[0] == 127 || (v4[0] == 172 && v4[1] >> 4 == 1) || (v4[0] == 192 && v4[1] == 168) ||
	       (v4[0] == 169 && v4[1] == 254) || (v4[0] == 100 && v4[1] >> 6 == 1);
}

/*
 * Any program can send such packets, with whatever it likes inside: of one that leaves
 * for the internet the way is told that it really took.
 */
bool walk_udp_tunnel(struct walk *w)
{
	struct cursor c = cursor_of(w->out->payload);
	uint32_t type = packet_is_own(w->out->from.address) && packet_is_own(w->out->to.address) ? inside(w->out, &c) : TYPE_NONE;

	if (type == TYPE_NONE || c.short_read || !cursor_left(&c))
		return false;
	w->type = type;
	w->at = c;
	enter(w, w->out);
	return true;
}
