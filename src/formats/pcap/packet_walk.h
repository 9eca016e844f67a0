/*
 * packet_walk: what the files of the packet reader share. packet.c steps through IP and
 * its payload, packet_link.c through what stands before it, packet_tunnel.c through what
 * carries another packet or frame.
 */
#ifndef KANSHIKI_FORMATS_PACKET_WALK_H
#define KANSHIKI_FORMATS_PACKET_WALK_H

#include "formats/pcap/packet.h"

/* What stands at the cursor: types of Ethernet, and some of our own. */
enum { TYPE_NONE = 0, TYPE_IP = 1, TYPE_PPP = 2, TYPE_CONTROL = 3, TYPE_RELAY = 4,
       TYPE_IPV4 = 0x0800, TYPE_ETHERNET = 0x6558, TYPE_VLAN = 0x8100, TYPE_IPV6 = 0x86dd,
       TYPE_MPLS = 0x8847, TYPE_MPLS_GROUP = 0x8848, TYPE_PPPOE = 0x8864, TYPE_QINQ = 0x88a8,
       TYPE_QINQ_OLD = 0x9100, TYPE_BACKBONE = 0x88e7, TYPE_METADATA = 0x8909, TYPE_VN = 0x8926,
       TYPE_BRIDGE_PORT = 0x893f };
enum { NEXT_HOP_BY_HOP = 0, NEXT_IPV4 = 4, NEXT_IPV6 = 41, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44,
       NEXT_GRE = 47, NEXT_AUTHENTICATION = 51, NEXT_OPTIONS = 60, NEXT_ETHER_IP = 97,
       NEXT_MOBILITY = 135, NEXT_MPLS = 137, NEXT_HOST_IDENTITY = 139, NEXT_SHIM6 = 140 };

enum { LINK_ETHERNET = 1 };

struct walk {
	struct cursor at;
	struct packet *out;
	uint32_t type;			/* of what stands at the cursor: TYPE_… */
	int32_t next;			/* IP's next header, once there; else -1 */
	uint32_t left;			/* of the IP payload on the wire */
	uint32_t hidden;		/* bytes of the frame that were not kept */
	uint32_t header;		/* of the IP payload, what was stepped over */
	unsigned steps;
	bool is_encrypted;		/* the link's own encryption */
	bool has_outer;
	struct packet outer;		/* what carries, should the inside be no IP */
};

/* What stands at the cursor is neither IP nor read. */
static inline void walk_stop(struct walk *w, enum packet_layer layer, uint32_t kind)
{
	w->type = TYPE_NONE;
	w->out->layer = (uint8_t)layer;
	w->out->kind = (uint16_t)kind;
}

/* False: a link that is not read. */
bool walk_link(struct walk *w, uint16_t link);
/* Tags, labels and headers of the link; true where another header follows that is not IP. */
bool walk_tag(struct walk *w);
/* Whether the IP payload is another IP packet or frame; the walk stands before it then. */
bool walk_ip_tunnel(struct walk *w);
/* The same of what UDP carries, once `out` is told. */
bool walk_udp_tunnel(struct walk *w);
/* Whether that may be so of what is sent to this port. */
bool walk_is_tunnel_port(uint16_t port);

#endif
