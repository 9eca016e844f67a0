#include "formats/pcap/packet_walk.h"

enum { LINK_NULL = 0, LINK_TOKEN_RING = 6, LINK_PPP = 9, LINK_FDDI = 10, LINK_RAW_BSD = 12, LINK_RAW_OPENBSD = 14,
       LINK_PPP_HDLC = 50, LINK_PPPOE = 51, LINK_ATM = 100, LINK_RAW = 101, LINK_CISCO = 104, LINK_WIRELESS = 105,
       LINK_RELAY = 107, LINK_LOOP = 108, LINK_ENC = 109, LINK_LINUX = 113, LINK_PFLOG = 117, LINK_PRISM = 119,
       LINK_FIBRE_CHANNEL = 122, LINK_RADIOTAP = 127, LINK_AVS = 163, LINK_PPPD = 166, LINK_PPI = 192,
       LINK_PPP_WAY = 204, LINK_CISCO_WAY = 205, LINK_RELAY_WAY = 206, LINK_MPLS = 219, LINK_IPV4 = 228,
       LINK_IPV6 = 229, LINK_NFLOG = 239, LINK_NETANALYZER = 240, LINK_INFINIBAND = 242, LINK_APPLE = 258,
       LINK_LINUX2 = 276 };
enum { NFLOG_PAYLOAD = 9, PRISM_SIZE = 144 };
/* Below, the type of Ethernet is a length, and LLC follows. */
#define TYPE_LEAST 0x600
#define SNAP 0xaaaa03
/* Organisations of SNAP: one behind which a whole frame follows (RFC 2684, 2427), and Cisco. */
enum { BRIDGED = 0x80c2, CISCO = 0x0c, BRIDGED_WITH_SUM = 1, BRIDGED_WITHOUT = 7 };

static void read_type(struct walk *w)
{
	w->type = cursor_u16be(&w->at);
	if (w->type < TYPE_LEAST)
		w->type = TYPE_CONTROL;
}

/* Cisco's ISL has a frame of Ethernet behind its 26 bytes, and is known by whom it is for. */
static void read_ethernet(struct walk *w)
{
	struct cursor peek = w->at;
	struct span to = cursor_take(&peek, 5);

	if (span_eq(to, SPAN("\x01\0\x0c\0\0")) || span_eq(to, SPAN("\x03\0\x0c\0\0"))) {
		cursor_skip(&w->at, 26);
		w->type = TYPE_ETHERNET;
		return;
	}
	cursor_skip(&w->at, 12);
	read_type(w);
}

/* Token ring: the highest bit of the sender says that a route follows, with its length. */
static void read_ring(struct walk *w)
{
	struct cursor peek = w->at;
	bool is_routed;

	cursor_skip(&peek, 8);
	is_routed = cursor_u8(&peek) & 0x80;
	cursor_skip(&peek, 5);
	cursor_skip(&w->at, 14);
	cursor_skip(&w->at, is_routed ? cursor_u8(&peek) & 0x1f : 0);
	w->type = TYPE_CONTROL;
}

/* OpenBSD's log of its packet filter: its length, without the padding behind it. */
static void read_pflog(struct walk *w)
{
	struct cursor peek = w->at;

	cursor_skip(&w->at, (cursor_u8(&peek) + 3u) / 4 * 4);
	w->type = TYPE_IP;
}

/* ---- what wireless cards put in front ---- */

/* Whether the header is followed by padding, as the field of flags says where there is one. */
static bool radiotap_pads(struct span header)
{
	enum { HAS_CLOCK = 1, HAS_FLAGS = 2, PADDED = 0x20 };
	struct cursor c = cursor_of(header);
	uint32_t first, more;

	cursor_skip(&c, 4);
	first = more = cursor_u32le(&c);
	while (!c.short_read && more >> 31)
		more = cursor_u32le(&c);
	if (first & HAS_CLOCK)
		cursor_skip(&c, (8 - c.at % 8) % 8 + 8);
	return first & HAS_FLAGS && cursor_u8(&c) & PADDED && !c.short_read;
}

static void read_radiotap(struct walk *w, bool *pads)
{
	struct cursor peek = w->at;
	uint16_t len;

	cursor_skip(&peek, 2);
	len = cursor_u16le(&peek);
	*pads = radiotap_pads(cursor_take(&w->at, len));
}

/* Prism's own header, or that of AVS under the same number. */
static void read_prism(struct walk *w)
{
	struct cursor peek = w->at;
	uint32_t magic = cursor_u32be(&peek), len = cursor_u32be(&peek);

	cursor_skip(&w->at, magic >> 4 == 0x8021100 ? len : PRISM_SIZE);
}

/* Of several frames in one the first: two addresses and a length before it. */
static void read_bundle(struct walk *w)
{
	uint32_t len;

	cursor_skip(&w->at, 12);
	len = cursor_u16be(&w->at);
	w->out->is_bundle = cursor_left(&w->at) > (len + 14 + 3u) / 4 * 4;
}

/* A frame of 802.11: of its data, what stands behind its addresses. */
static void read_wireless(struct walk *w, bool pads)
{
	enum { DATA = 2, IS_EMPTY = 4, HAS_QOS = 8, BOTH_WAYS = 3, PROTECTED = 0x40, ORDER = 0x80,
	       BUNDLE = 0x80 };
	size_t start = w->at.at;
	uint8_t control = cursor_u8(&w->at), flags = cursor_u8(&w->at), qos = 0;

	cursor_skip(&w->at, 22);
	if ((flags & BOTH_WAYS) == BOTH_WAYS)
		cursor_skip(&w->at, 6);
	if (control >> 4 & HAS_QOS) {
		qos = cursor_u8(&w->at);
		cursor_skip(&w->at, flags & ORDER ? 5 : 1);
	}
	walk_stop(w, LAYER_WIRELESS, 0);
	if (w->at.short_read || (control >> 2 & 3) != DATA || control >> 4 & IS_EMPTY)
		return;
	w->is_encrypted = flags & PROTECTED;
	if (w->is_encrypted)
		return;
	if (pads)
		cursor_skip(&w->at, (4 - (w->at.at - start) % 4) % 4);
	if (qos & BUNDLE)
		read_bundle(w);
	w->type = TYPE_CONTROL;
}

/* ---- headers that say what follows ---- */

static bool read_ppi(struct walk *w)
{
	struct cursor peek = w->at;
	uint32_t len, link;

	cursor_skip(&peek, 2);
	len = cursor_u16le(&peek);
	link = cursor_u32le(&peek);
	cursor_skip(&w->at, len);
	return link <= UINT16_MAX && link != LINK_PPI && link != LINK_APPLE && walk_link(w, (uint16_t)link);
}

static bool read_apple(struct walk *w)
{
	struct cursor peek = w->at;
	uint32_t len = cursor_u32le(&peek), link;

	cursor_skip(&peek, 4);
	link = cursor_u32le(&peek);
	cursor_skip(&w->at, len);
	return link <= UINT16_MAX && link != LINK_PPI && link != LINK_APPLE && walk_link(w, (uint16_t)link);
}

/* Netfilter's: pieces with their length and type in the order of the machine. */
static void read_nflog(struct walk *w)
{
	walk_stop(w, LAYER_TYPE, 0);
	cursor_skip(&w->at, 4);
	while (cursor_left(&w->at) >= 4) {
		struct span head = cursor_take(&w->at, 4);
		uint16_t len = load_u16le(head.at), type = load_u16le(head.at + 2);

		if (type > 255) {
			len = load_u16be(head.at);
			type = load_u16be(head.at + 2);
		}
		if ((type & 0x7fff) == NFLOG_PAYLOAD) {
			w->type = TYPE_IP;
			return;
		}
		cursor_skip(&w->at, len < 4 ? SIZE_MAX : (len + 3u) / 4 * 4 - 4);
	}
}

static bool read_wireless_link(struct walk *w, uint16_t link)
{
	bool pads = false;

	if (link == LINK_RADIOTAP)
		read_radiotap(w, &pads);
	else if (link == LINK_PRISM || link == LINK_AVS)
		read_prism(w);
	else if (link != LINK_WIRELESS)
		return false;
	read_wireless(w, pads);
	return true;
}

static void skip_to(struct walk *w, size_t bytes, uint32_t type)
{
	cursor_skip(&w->at, bytes);
	w->type = type;
}

/* Links whose header has one length, with what stands behind it; TYPE_NONE: its type, there. */
static const struct plain_link {
	uint16_t link;
	uint16_t size;
	uint32_t type;
	uint16_t behind;		/* of its type */
} plain_links[] = {
	{ LINK_FDDI, 13, TYPE_CONTROL, 0 },
	{ LINK_ATM, 0, TYPE_CONTROL, 0 },
	{ LINK_FIBRE_CHANNEL, 16, TYPE_CONTROL, 0 },
	{ LINK_NULL, 4, TYPE_IP, 0 },
	{ LINK_LOOP, 4, TYPE_IP, 0 },
	{ LINK_ENC, 12, TYPE_IP, 0 },
	{ LINK_RAW_BSD, 0, TYPE_IP, 0 },
	{ LINK_RAW_OPENBSD, 0, TYPE_IP, 0 },
	{ LINK_RAW, 0, TYPE_IP, 0 },
	{ LINK_IPV4, 0, TYPE_IP, 0 },
	{ LINK_IPV6, 0, TYPE_IP, 0 },
	{ LINK_MPLS, 0, TYPE_MPLS, 0 },
	{ LINK_NETANALYZER, 4, TYPE_ETHERNET, 0 },
	{ LINK_RELAY, 0, TYPE_RELAY, 0 },
	{ LINK_RELAY_WAY, 1, TYPE_RELAY, 0 },
	{ LINK_PPP, 0, TYPE_PPP, 0 },
	{ LINK_PPP_HDLC, 0, TYPE_PPP, 0 },
	{ LINK_PPP_WAY, 1, TYPE_PPP, 0 },
	{ LINK_PPPD, 1, TYPE_PPP, 0 },
	{ LINK_PPPOE, 0, TYPE_PPPOE, 0 },
	{ LINK_CISCO, 2, TYPE_NONE, 0 },
	{ LINK_CISCO_WAY, 3, TYPE_NONE, 0 },
	{ LINK_INFINIBAND, 40, TYPE_NONE, 2 },
	{ LINK_LINUX, 14, TYPE_NONE, 0 },
	{ LINK_LINUX2, 0, TYPE_NONE, 18 },
};

static bool read_plain_link(struct walk *w, uint16_t link)
{
	for (size_t i = 0; i < sizeof plain_links / sizeof *plain_links; i++) {
		const struct plain_link *l = &plain_links[i];

		if (l->link != link)
			continue;
		skip_to(w, l->size, l->type);
		if (l->type == TYPE_NONE)
			read_type(w);
		cursor_skip(&w->at, l->behind);
		return true;
	}
	return false;
}

bool walk_link(struct walk *w, uint16_t link)
{
	switch (link) {
	case LINK_ETHERNET:
		read_ethernet(w);
		return true;
	case LINK_TOKEN_RING:
		read_ring(w);
		return true;
	case LINK_PFLOG:
		read_pflog(w);
		return true;
	case LINK_NFLOG:
		read_nflog(w);
		return true;
	case LINK_PPI:
		return read_ppi(w);
	case LINK_APPLE:
		return read_apple(w);
	default:
		return read_plain_link(w, link) || read_wireless_link(w, link);
	}
}

/* ---- tags ---- */

static void read_ppp(struct walk *w)
{
	struct cursor peek = w->at;
	uint32_t protocol;

	if (cursor_u16be(&peek) == 0xff03)
		cursor_skip(&w->at, 2);
	/* One byte where the ends agreed to leave the first, zero one out. */
	protocol = cursor_u8(&w->at);
	if (!(protocol & 1))
		protocol = protocol << 8 | cursor_u8(&w->at);
	walk_stop(w, LAYER_PPP, protocol);
	if (protocol == 0x21 || protocol == 0x57)
		w->type = protocol == 0x21 ? TYPE_IPV4 : TYPE_IPV6;
	else if (protocol == 0x281)
		w->type = TYPE_MPLS;
}

/* IP, or, behind a word that begins with zeros, a frame of Ethernet (RFC 4448). */
static void read_mpls(struct walk *w)
{
	struct cursor peek;
	uint32_t label;
	uint8_t first;

	do {
		label = cursor_u32be(&w->at);
	} while (!w->at.short_read && !(label & 0x100));
	peek = w->at;
	first = cursor_u8(&peek) >> 4;
	walk_stop(w, LAYER_MPLS, first);
	if (first == 4 || first == 6)
		w->type = TYPE_IP;
	else if (!first)
		skip_to(w, 4, TYPE_ETHERNET);
}

/* An organisation and what it calls what follows: a type of Ethernet, or a whole frame behind padding. */
static void read_snap(struct walk *w, size_t padding)
{
	uint32_t organisation = (uint32_t)cursor_u16be(&w->at) << 8;

	organisation |= cursor_u8(&w->at);
	w->type = cursor_u16be(&w->at);
	if (organisation == BRIDGED && (w->type == BRIDGED_WITH_SUM || w->type == BRIDGED_WITHOUT))
		skip_to(w, padding, TYPE_ETHERNET);
	else if (organisation == CISCO)
		walk_stop(w, LAYER_LLC, SNAP >> 16);
}

/* LLC: only behind SNAP's header there is a type. */
static void read_control(struct walk *w)
{
	uint32_t snap = (uint32_t)cursor_u8(&w->at) << 16;

	snap |= cursor_u16be(&w->at);
	if (snap == SNAP)
		read_snap(w, 2);
	else
		walk_stop(w, LAYER_LLC, snap >> 16);
}

/* RFC 2427; without its control byte Cisco's form, which has a type of Ethernet. */
static void read_relay(struct walk *w)
{
	enum { UNNUMBERED = 3, PADDING = 0, IPV4 = 0xcc, IPV6 = 0x8e, WITH_SNAP = 0x80, WITH_PPP = 0xcf };
	struct cursor peek;
	uint8_t next;

	while (!(cursor_u8(&w->at) & 1) && !w->at.short_read)
		;
	peek = w->at;
	if (cursor_u8(&peek) != UNNUMBERED) {
		read_type(w);
		return;
	}
	do {
		next = cursor_u8(&peek);
	} while (next == PADDING && !peek.short_read);
	w->at = peek;
	walk_stop(w, LAYER_LLC, next);
	if (next == WITH_SNAP)
		read_snap(w, 0);
	else if (next == IPV4 || next == IPV6 || next == WITH_PPP)
		w->type = next == IPV4 ? TYPE_IPV4 : next == IPV6 ? TYPE_IPV6 : TYPE_PPP;
}

bool walk_tag(struct walk *w)
{
	switch (w->type) {
	case TYPE_VLAN:
	case TYPE_QINQ:
	case TYPE_QINQ_OLD:
		cursor_skip(&w->at, 2);
		read_type(w);
		return true;
	case TYPE_BACKBONE:
		skip_to(w, 4, TYPE_ETHERNET);
		return true;
	case TYPE_VN:
		cursor_skip(&w->at, 4);
		read_type(w);
		return true;
	case TYPE_BRIDGE_PORT:
	case TYPE_METADATA:
		cursor_skip(&w->at, 6);
		read_type(w);
		return true;
	case TYPE_RELAY:
		read_relay(w);
		return true;
	case TYPE_MPLS:
	case TYPE_MPLS_GROUP:
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
	case TYPE_CONTROL:
		read_control(w);
		return true;
	default:
		return false;
	}
}
