#include "formats/pcap/packet.h"

#include <inttypes.h>

#define ANY UINT16_MAX

/* What is met beside IP. "plain": machines about themselves and the line, see packet.h. */
static const struct kind {
	uint8_t layer;
	uint16_t kind;
	bool is_plain;
	const char *name;
} kinds[] = {
	{ LAYER_TYPE, 0x0806, true, "ARP" },
	{ LAYER_TYPE, 0x8035, true, "RARP" },
	{ LAYER_TYPE, 0x8808, true, "flow control" },
	{ LAYER_TYPE, 0x8809, true, "slow protocols" },
	{ LAYER_TYPE, 0x8863, true, "discovery of PPPoE" },
	{ LAYER_TYPE, 0x888e, true, "802.1X" },
	{ LAYER_TYPE, 0x88c7, true, "802.11 authentication" },
	{ LAYER_TYPE, 0x88cc, true, "LLDP" },
	{ LAYER_TYPE, 0x88f5, true, "MVRP" },
	{ LAYER_TYPE, 0x88f6, true, "MMRP" },
	{ LAYER_TYPE, 0x88f7, true, "clocks" },
	{ LAYER_TYPE, 0x88fb, true, "ring protection" },
	{ LAYER_TYPE, 0x8902, true, "line management" },
	{ LAYER_TYPE, 0x9000, true, "loop test" },
	{ LAYER_TYPE, 0x6002, true, "DEC remote console" },
	{ LAYER_TYPE, 0x8037, false, "IPX" },
	{ LAYER_TYPE, 0x8137, false, "IPX" },
	{ LAYER_TYPE, 0x809b, false, "AppleTalk" },
	{ LAYER_TYPE, 0x80f3, false, "AppleTalk ARP" },
	{ LAYER_TYPE, 0x8892, false, "PROFINET" },
	{ LAYER_TYPE, 0x889a, false, "HyperSCSI" },
	{ LAYER_TYPE, 0x88a2, false, "ATA over Ethernet" },
	{ LAYER_TYPE, 0x88a4, false, "EtherCAT" },
	{ LAYER_TYPE, 0x88b8, false, "GOOSE" },
	{ LAYER_TYPE, 0x88ba, false, "sampled values" },
	{ LAYER_TYPE, 0x88e1, false, "HomePlug" },
	{ LAYER_TYPE, 0x88e5, false, "MACsec, encrypted" },
	{ LAYER_TYPE, 0x8906, false, "Fibre Channel over Ethernet" },
	{ LAYER_TYPE, 0x8914, false, "FCoE initialization" },
	{ LAYER_TYPE, 0x8915, false, "RoCE" },
	{ LAYER_TYPE, 0x894f, false, "NSH" },
	{ LAYER_TYPE, 0x22f0, false, "audio and video" },
	{ LAYER_LLC, 0x42, true, "spanning tree" },
	{ LAYER_LLC, 0xaa, true, "Cisco's discovery and kin" },
	{ LAYER_LLC, 0x00, true, "link control" },
	{ LAYER_LLC, 0xe0, false, "IPX" },
	{ LAYER_LLC, 0xff, false, "IPX" },
	{ LAYER_LLC, 0xf0, false, "NetBEUI" },
	{ LAYER_LLC, 0xfe, true, "routing of OSI" },
	{ LAYER_LLC, 0x04, false, "SNA" },
	{ LAYER_PPP, 0x003d, false, "several links as one" },
	{ LAYER_PPP, 0x002d, false, "compressed heads" },
	{ LAYER_PPP, 0x002f, false, "compressed heads" },
	{ LAYER_PPP, 0x00fd, false, "compressed or encrypted" },
	{ LAYER_PPP, 0x0053, false, "encrypted" },
	{ LAYER_PPP, 0x002b, false, "IPX" },
	{ LAYER_PPP, 0x0029, false, "AppleTalk" },
	{ LAYER_PPP, 0x0031, false, "bridged" },
	{ LAYER_WIRELESS, ANY, true, "management" },
};

static const struct kind *find(enum packet_layer layer, uint16_t kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].layer == layer && (kinds[i].kind == kind || kinds[i].kind == ANY))
			return &kinds[i];
	return NULL;
}

bool packet_kind_is_plain(enum packet_layer layer, uint16_t kind)
{
	const struct kind *known = find(layer, kind);

	/* From 0x8000 on the ends of PPP agree on how they talk. */
	return known ? known->is_plain : layer == LAYER_PPP && kind >= 0x8000;
}

void packet_kind_text(struct buf *to, enum packet_layer layer, uint16_t kind, uint64_t count)
{
	static const char *const layers[] = { "type", "LLC", "PPP", "MPLS beginning with", "802.11" };
	const struct kind *known = find(layer, kind);

	buf_printf(to, layer == LAYER_TYPE ? "%" PRIu64 " frame%s of %s 0x%04x" : "%" PRIu64 " frame%s of %s 0x%x", count,
		   count == 1 ? "" : "s", layers[layer], kind);
	if (known)
		buf_printf(to, " (%s)", known->name);
}

void packet_link_text(struct buf *to, uint16_t link, uint64_t count)
{
	static const struct {
		uint16_t link;
		const char *name;
	} names[] = { { 7, "ARCNET" }, { 8, "SLIP" }, { 122, "Fibre Channel" }, { 123, "SunATM" }, { 129, "ARCNET" },
		      { 138, "Apple IP over FireWire" }, { 143, "DOCSIS" }, { 144, "IrDA" }, { 187, "Bluetooth" },
		      { 189, "USB" }, { 190, "CAN" }, { 195, "802.15.4" }, { 197, "ERF" }, { 201, "Bluetooth" }, { 220, "USB" },
		      { 224, "Fibre Channel" }, { 225, "Fibre Channel" }, { 226, "Solaris IPNET" }, { 227, "CAN" },
		      { 230, "802.15.4" }, { 247, "InfiniBand" }, { 249, "USB of Windows" }, { 251, "Bluetooth LE" },
		      { 252, "one protocol of Wireshark" }, { 253, "netlink" }, { 254, "Bluetooth" }, { 256, "Bluetooth LE" },
		      { 266, "USB of macOS" }, { 271, "sockets of virtual machines" }, { 272, "Bluetooth LE" },
		      { 283, "802.15.4" }, { 288, "USB" } };

	buf_printf(to, "%" PRIu64 " packet%s of link type %u", count, count == 1 ? "" : "s", link);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].link == link)
			buf_printf(to, " (%s)", names[i].name);
}
