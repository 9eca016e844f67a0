/*
 * packet: from a frame to who sends how many bytes to whom.
 *
 * Steps through the link layer (Ethernet with VLAN tags, MPLS, PPPoE and LLC, Linux
 * cooked captures, BSD loopback, PPP, Cisco's HDLC, 802.11 with what cards put in
 * front of it, netfilter's log, raw IP), IPv4, IPv6 with its extension headers, and
 * tunnels (GRE, ERSPAN, IP in IP, and over UDP within a network's own addresses VXLAN,
 * Geneve, GTP, L2TP), to TCP, UDP, SCTP or ICMP. A tunnel whose inside is no IP, or
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
	uint32_t fragment_id;
	uint8_t tunnels;		/* passed through */
};

/* `link` as in capture.h. `out` is good only for PACKET_READ. */
enum packet_fate packet_read(uint16_t link, struct span frame, struct packet *out);

/* "10.0.0.1:443", "[2001:db8::1]:443"; without the port where it is 0. */
void packet_end_text(struct buf *to, const struct packet_end *end);
/* "tcp", "udp", "icmp", …; "ip 99" for others. `room` holds the latter. */
const char *packet_protocol_name(uint8_t protocol, char room[8]);

#endif
