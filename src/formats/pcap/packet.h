/*
 * packet: from a frame to who sends how many bytes to whom.
 *
 * Steps through the link layer (Ethernet with its tags, MPLS, PPPoE and LLC, Linux
 * cooked captures, BSD loopback, PPP, Cisco's HDLC, Frame Relay, ATM, token ring, FDDI,
 * 802.11 with what cards put in front of it, logs of packet filters, raw IP), IPv4, IPv6
 * with its extension headers, and tunnels (GRE, ERSPAN, EtherIP, IP or MPLS in IP, and
 * over UDP within a network's own addresses VXLAN, Geneve, GTP, L2TP, MPLS, GRE, TZSP),
 * to TCP, UDP, SCTP or ICMP. A tunnel whose inside is no IP, or
 * is cut off, is told as what carries it, and so is one over UDP with a public end:
 * any program can send such packets. Lengths are those of the wire, from the headers,
 * so that a capture that kept only the start of each packet counts right. Addresses are
 * 16 bytes, IPv4 as ::ffff:a.b.c.d.
 */
#ifndef KANSHIKI_FORMATS_PACKET_H
#define KANSHIKI_FORMATS_PACKET_H

#include "base/buf.h"

enum packet_fate { PACKET_READ, PACKET_NOT_IP, PACKET_CUT, PACKET_MALFORMED,
		   PACKET_LINK_UNKNOWN, PACKET_ENCRYPTED };

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMP6 = 58,
       PROTOCOL_SCTP = 132 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PUSH = 8, TCP_ACK = 16 };

/* Where a frame says what it carries; what it says is a `kind`. */
enum packet_layer { LAYER_TYPE, LAYER_LLC, LAYER_PPP, LAYER_MPLS, LAYER_WIRELESS };

struct packet_end {
	uint8_t address[16];
	uint16_t port;
};

struct packet {
	struct packet_end from, to;	/* ports 0 where the protocol has none */
	uint8_t protocol;		/* of IP */
	uint8_t flags;			/* of TCP */
	uint8_t icmp_type;
	uint32_t sequence;		/* of TCP */
	uint16_t checksum;		/* of UDP, as it stands there */
	uint32_t payload_length;	/* of the transport, on the wire */
	struct span payload;		/* what was kept of it */
	bool is_fragment;
	bool is_later_fragment;		/* has no ports: they are in the first */
	bool is_last_fragment;
	bool is_bundle;			/* other frames follow it in the same one: not read */
	uint32_t fragment_id;		/* of IPv4 also where it is none: its number */
	uint32_t fragment_at;		/* of the payload, in that of the whole packet of IP */
	uint8_t layer;			/* of PACKET_NOT_IP: enum packet_layer, */
	uint16_t kind;			/* and what it carries instead */
	uint8_t tunnels;		/* passed through */
};

/*
 * `link` as in capture.h, `length` that of the frame on the wire. Of `out` all is good for
 * PACKET_READ, layer and kind for PACKET_NOT_IP.
 */
enum packet_fate packet_read(uint16_t link, struct span frame, uint32_t length, struct packet *out);

/* An address of a network's own (RFC 1918, 6598, 3927, 4193, 4291). */
bool packet_is_own(const uint8_t address[16]);

/* ---- packet_kind.c ---- */

/* What machines tell their neighbours about themselves and the line: no program's bytes. */
bool packet_kind_is_plain(enum packet_layer layer, uint16_t kind);
/* "frame of type 0x88e5 (MACsec)", for a count of one. */
void packet_kind_text(struct buf *to, enum packet_layer layer, uint16_t kind, uint64_t count);
/* "packets of link type 220 (USB)" */
void packet_link_text(struct buf *to, uint16_t link, uint64_t count);

/* "10.0.0.1:443", "[2001:db8::1]:443"; without the port where it is 0. */
void packet_end_text(struct buf *to, const struct packet_end *end);
/* "tcp", "udp", "icmp", …; "ip 99" for others. `room` holds the latter. */
const char *packet_protocol_name(uint8_t protocol, char room[8]);

#endif
