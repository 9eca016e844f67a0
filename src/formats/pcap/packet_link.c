#include "formats/pcap/packet_walk.h"

enum { LINK_NULL = 0, LINK_PPP = 9, LINK_RAW_BSD = 12, LINK_RAW_OPENBSD = 14,
       LINK_PPP_HDLC = 50, LINK_PPPOE = 51, LINK_RAW = 101, LINK_CISCO = 104, LINK_WIRELESS = 105,
       LINK_LOOP = 108, LINK_LINUX = 113, LINK_PRISM = 119, LINK_RADIOTAP = 127, LINK_AVS = 163,
       LINK_PPI = 192, LINK_PPP_WAY = 204, LINK_IPV4 = 228, LINK_IPV6 = 229, LINK_NFLOG = 239,
       LINK_APPLE = 258, LINK_LINUX2 = 276 };
enum { NFLOG_PAYLOAD = 9, PRISM_SIZE = 144 };
/* Below, the type of Ethernet is a length, and LLC follows. */
#define TYPE_LEAST 0x600
#define SNAP 0xaaaa03

static void read_type(struct walk *w)
{
	w->type = cursor_u16be(&w->at);
	if (w->type < TYPE_LEAST)
		w->type = TYPE_CONTROL;
}

static void read_ethernet(struct walk *w)
{
	cursor_skip(&w->at, 12);
	read_type(w);
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
	w->type = TYPE_NONE;
	if (w->at.short_read || (control >> 2 & 3) != DATA || control >> 4 & IS_EMPTY)
		return;
	w->is_encrypted = flags & PROTECTED;
	if (w->is_encrypted)
		return;
	if (pads)
		cursor_skip(&w->at, (4 - (w->at.at - start) % 4) % 4);
	/* Of several frames in one the first: two addresses and a length before it. */
	cursor_skip(&w->at, qos & BUNDLE ? 14 : 0);
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
	w->type = TYPE_NONE;
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

bool walk_link(struct walk *w, uint16_t link)
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
	case LINK_CISCO:
		cursor_skip(&w->at, 2);
		read_type(w);
		return true;
	case LINK_LINUX:
		cursor_skip(&w->at, 14);
		read_type(w);
		return true;
	case LINK_LINUX2:
		read_type(w);
		cursor_skip(&w->at, 18);
		return true;
	case LINK_PPP_WAY:
		cursor_skip(&w->at, 1);
		w->type = TYPE_PPP;
		return true;
	case LINK_PPP:
	case LINK_PPP_HDLC:
		w->type = TYPE_PPP;
		return true;
	case LINK_PPPOE:
		w->type = TYPE_PPPOE;
		return true;
	case LINK_NFLOG:
		read_nflog(w);
		return true;
	case LINK_PPI:
		return read_ppi(w);
	case LINK_APPLE:
		return read_apple(w);
	default:
		return read_wireless_link(w, link);
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
	w->type = protocol == 0x21 ? TYPE_IPV4 : protocol == 0x57 ? TYPE_IPV6 : TYPE_NONE;
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
	w->type = first == 4 || first == 6 ? TYPE_IP : first ? TYPE_NONE : TYPE_ETHERNET;
	cursor_skip(&w->at, first ? 0 : 4);
}

/* LLC: only behind SNAP's header there is a type. */
static void read_control(struct walk *w)
{
	uint32_t snap = (uint32_t)cursor_u8(&w->at) << 16;

	snap |= cursor_u16be(&w->at);
	cursor_skip(&w->at, 3);
	w->type = snap == SNAP ? cursor_u16be(&w->at) : TYPE_NONE;
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
