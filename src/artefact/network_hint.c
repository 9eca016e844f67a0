#include "artefact/network_flow.h"

#include "formats/local_name/local_name.h"

enum { PORT_DHCP = 67, PORT_NETBIOS = 137, PORT_NETBIOS_DATAGRAM = 138, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

struct hint {
	struct network_flows *f;
	const char *from;
};

/* Only of addresses of a network's own: what anybody says of others is no name of theirs. */
static void take_name(void *context, const uint8_t address[16], struct span name)
{
	const struct hint *hint = context;
	char kept[LOCAL_NAME_MAX];

	if (!packet_is_own(address))
		return;
	flow_keep(kept, sizeof kept, name);
	addresses_learn(hint->f, address, span_text(kept), hint->from);
}

static bool form_of(const struct packet *p, enum local_name_form *form, const char **from)
{
	switch (p->to.port) {
	case PORT_DHCP:
		*form = LOCAL_NAME_DHCP;
		*from = "dhcp";
		return true;
	case PORT_NETBIOS:
	case PORT_NETBIOS_DATAGRAM:
		*form = p->to.port == PORT_NETBIOS ? LOCAL_NAME_NETBIOS : LOCAL_NAME_NETBIOS_DATAGRAM;
		*from = "netbios";
		return true;
	default:
		*form = LOCAL_NAME_MULTICAST;
		*from = p->from.port == PORT_LLMNR ? "llmnr" : "mdns";
		return p->from.port == PORT_LLMNR || p->from.port == PORT_MDNS;
	}
}

void flow_take_hint(struct network_flows *f, const struct packet *p)
{
	struct hint hint = { .f = f };
	enum local_name_form form;

	if (form_of(p, &form, &hint.from))
		local_name_read(form, p->payload, take_name, &hint);
}
