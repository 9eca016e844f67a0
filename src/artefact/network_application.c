#include "artefact/network_flow.h"

#include "base/utf8.h"
#include "formats/quic/quic.h"

/* Packets with payload of one direction that are looked at to recognise it. */
#define LOOKED_AT 4
/* The same where both agree in the clear to go on with TLS, and where the beginning was not seen. */
#define LOOKED_AT_LONG 32
#define TEXTS_AT_ONCE 64

enum { PORT_FTP = 21, PORT_DNS = 53, PORT_MDNS = 5353, PORT_LLMNR = 5355 };

struct flow_text *flow_text_of(struct network_flows *f, struct flow *flow)
{
	if (flow->text)
		return flow->text;
	if (!f->free_texts) {
		struct flow_text *fresh = ARENA_ARRAY(f->arena, TEXTS_AT_ONCE, struct flow_text);

		for (size_t i = 0; fresh && i < TEXTS_AT_ONCE; i++) {
			fresh[i].next = f->free_texts;
			f->free_texts = &fresh[i];
		}
	}
	if (!f->free_texts)
		return NULL;
	flow->text = f->free_texts;
	f->free_texts = flow->text->next;
	*flow->text = (struct flow_text){ .next = NULL };
	return flow->text;
}

void flow_keep(char *to, size_t room, struct span text)
{
	size_t len = 0;

	while (len < text.len) {
		uint32_t code;
		size_t step = utf8_next(span_from(text, len), &code);

		step = step && code >= 32 && code != 127 ? step : 1;
		if (len + step >= room)
			break;
		memcpy(to + len, step == 1 && (text.at[len] < 32 || text.at[len] > 126)
				 ? (const uint8_t *)"?" : text.at + len, step);
		len += step;
	}
	to[len] = 0;
}

static bool begins_tls(struct span s)
{
	return s.len >= 6 && s.at[0] == 0x16 && s.at[1] == 3 && s.at[2] <= 4 &&
	       (s.at[5] == 1 || s.at[5] == 2);
}

/* ---- others ---- */

struct sign {
	struct span begin;
	size_t at;			/* where it stands */
	const char *application;
};

#define SIGN(text, at, name) { { (const uint8_t *)text, sizeof(text) - 1 }, at, name }

/* How the payload of the first packets begins. */
static const struct sign signs[] = {
	SIGN("SSH-", 0, "ssh"),
	SIGN("RFB 00", 0, "vnc"),
	SIGN("\x13" "BitTorrent protocol", 0, "bittorrent"),
	SIGN("* OK", 0, "imap"),
	SIGN("+OK", 0, "pop3"),
	SIGN("\x05\0\x0b\x03\x10\0\0\0", 0, "dcerpc"),
	SIGN("MQTT", 4, "mqtt"),
	SIGN("JRMI", 0, "rmi"),
	SIGN("NICK ", 0, "irc"),
};

static const struct {
	uint16_t port;
	uint8_t protocol;
	const char *application;
} ports[] = {
	{ 67, PROTOCOL_UDP, "dhcp" }, { 68, PROTOCOL_UDP, "dhcp" }, { 69, PROTOCOL_UDP, "tftp" },
	{ 123, PROTOCOL_UDP, "ntp" }, { 137, PROTOCOL_UDP, "netbios" }, { 138, PROTOCOL_UDP, "netbios" },
	{ 161, PROTOCOL_UDP, "snmp" }, { 162, PROTOCOL_UDP, "snmp" }, { 500, PROTOCOL_UDP, "ike" },
	{ 514, PROTOCOL_UDP, "syslog" }, { 1194, PROTOCOL_UDP, "openvpn" },
	{ 1900, PROTOCOL_UDP, "ssdp" }, { 3478, PROTOCOL_UDP, "stun" }, { 4500, PROTOCOL_UDP, "ike" },
	{ PORT_MDNS, PROTOCOL_UDP, "mdns" }, { PORT_LLMNR, PROTOCOL_UDP, "llmnr" },
	{ 51820, PROTOCOL_UDP, "wireguard" }, { 546, PROTOCOL_UDP, "dhcpv6" },
	{ 547, PROTOCOL_UDP, "dhcpv6" }, { 3389, PROTOCOL_UDP, "rdp" }, { 88, PROTOCOL_TCP, "kerberos" },
	{ 88, PROTOCOL_UDP, "kerberos" }, { 389, PROTOCOL_TCP, "ldap" }, { 389, PROTOCOL_UDP, "ldap" },
	{ 23, PROTOCOL_TCP, "telnet" }, { 5985, PROTOCOL_TCP, "winrm" },
	{ 1723, PROTOCOL_TCP, "pptp" },
};

static const char *by_port(const struct flow *flow)
{
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		if (ports[i].protocol == flow->protocol && ports[i].port == flow->to.port)
			return ports[i].application;
	return NULL;
}

/* TPKT with an X.224 connection request; its cookie names the user. */
static bool take_rdp(struct network_flows *f, struct flow *flow, struct span bytes)
{
	static const struct span cookie = { (const uint8_t *)"mstshash=", 9 };
	struct flow_text *t;
	struct span user;
	size_t at;

	if (bytes.len < 11 || bytes.at[0] != 3 || bytes.at[1] || bytes.at[5] != 0xe0)
		return false;
	flow->application = "rdp";
	at = span_find(bytes, 0, cookie);
	if (at == SIZE_MAX || !(t = flow_text_of(f, flow)))
		return true;
	user = span_from(bytes, at + cookie.len);
	flow_keep(t->user, sizeof t->user, span_trim(span_split(&user, '\n')));
	return true;
}

/* A client of mail, where the server's greeting was not seen. */
static bool take_mail(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		      timestamp time)
{
	if (direction != FLOW_OUT || !(span_starts(p->payload, SPAN("EHLO ")) || span_starts(p->payload, SPAN("HELO ")) ||
				       span_starts(p->payload, SPAN("MAIL FROM:<"))))
		return false;
	flow->application = "smtp";
	flow_take_smtp(f, flow, direction, p, time);
	return true;
}

/* "220 host ESMTP" and "220 host FTP" begin alike. */
static bool take_greeting(struct flow *flow, int direction, struct span bytes)
{
	if (direction != FLOW_IN || !(span_starts(bytes, SPAN("220 ")) || span_starts(bytes, SPAN("220-"))))
		return false;
	flow->application = flow->to.port == PORT_FTP || span_find(bytes, 0, SPAN("FTP")) != SIZE_MAX
				    ? "ftp" : "smtp";
	return true;
}

static void keep_line(char *to, size_t room, struct span bytes)
{
	flow_keep(to, room, span_trim(span_split(&bytes, '\n')));
}

static bool take_sign(struct network_flows *f, struct flow *flow, int direction, struct span bytes)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (!span_starts(span_from(bytes, signs[i].at), signs[i].begin))
			continue;
		flow->application = signs[i].application;
		if (!strcmp(flow->application, "ssh") && direction == FLOW_OUT && flow_text_of(f, flow))
			keep_line(flow->text->software, sizeof flow->text->software, bytes);
		flow->done[direction] = true;
		return true;
	}
	return false;
}

static unsigned most_looks(const struct flow *flow)
{
	bool is_whole = (flow->flags[0] | flow->flags[1]) & TCP_SYN;

	return flow->application || !is_whole ? LOOKED_AT_LONG : LOOKED_AT;
}

static void recognise_tcp(struct network_flows *f, struct flow *flow, int direction,
			  const struct packet *p, timestamp time)
{
	if (begins_tls(p->payload)) {
		/* Begun in the clear, then secured: it keeps its name, but for what a proxy passes on. */
		if (!flow->application || (flow->text && flow->text->is_tunnel))
			flow->application = "tls";
		flow_take_tls(f, flow, direction, p);
	} else if (flow_take_http(f, flow, direction, p, time) || take_sign(f, flow, direction, p->payload) ||
		   take_rdp(f, flow, p->payload) || take_greeting(flow, direction, p->payload) ||
		   take_mail(f, flow, direction, p, time) ||
		   flow_take_socks(f, flow, direction, p->payload)) {
		return;
	} else if (flow->seen[direction] >= most_looks(flow)) {
		flow->done[direction] = true;
		if (!flow->application)
			flow->application = by_port(flow);
	}
}

/* Where collectors of NetFlow and IPFIX listen. */
static bool is_collector(uint16_t port)
{
	return port == 2055 || port == 2056 || port == 4739 || port == 9555 || port == 9995 ||
	       port == 9996;
}

void flow_take_tcp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		   timestamp time)
{
	const char *known = flow->application;
	bool is_http = known && !strcmp(known, "http") && !(flow->text && flow->text->is_tunnel);

	if (flow->done[direction])
		return;
	if (flow->seen[direction] < UINT8_MAX)
		flow->seen[direction]++;
	/* What has a hole is no beginning. */
	if (flow->text && flow->text->missing)
		flow_give_head(f, flow->text, direction);
	if (flow->to.port == PORT_DNS)
		flow_take_dns_tcp(f, flow, direction, p, time);
	else if (direction == FLOW_OUT && is_collector(flow->to.port) &&
		 ((flow->text && flow->text->message) || netflow_message_length(p->payload)))
		flow_take_ipfix(f, flow, p);
	else if ((flow->text && flow->text->smb) || (!known && flow_begin_smb(f, flow, p)))
		flow_take_smb(f, flow, direction, p, time);
	else if ((flow->text && flow->text->http2) ||
		 ((is_http || !known) && flow_begin_http2(f, flow, direction, p)))
		flow_take_http2(f, flow, direction, p, time);
	else if (is_http)
		flow_take_http(f, flow, direction, p, time);
	else if (flow->text && flow->text->heads[direction])
		flow_take_tls(f, flow, direction, p);
	else if (known && !strcmp(known, "ftp") && !begins_tls(p->payload))
		flow_take_ftp(f, flow, direction, p->payload);
	else if (known && !strcmp(known, "smtp") && !begins_tls(p->payload))
		flow_take_smtp(f, flow, direction, p, time);
	else
		recognise_tcp(f, flow, direction, p, time);
}

static void take_udp(struct network_flows *f, struct flow *flow, int direction, const struct packet *p,
		     timestamp time)
{
	if (flow->to.port == PORT_DNS || flow->from.port == PORT_DNS) {
		flow_take_dns(f, flow, p, p->payload, time);
		return;
	}
	if (is_collector(flow->to.port)) {
		flow_netflow(f, flow, p);
		return;
	}
	flow_take_hint(f, p);
	if (flow->done[direction])
		return;
	if (quic_is_likely(p->payload)) {
		flow->application = "quic";
		if (direction == FLOW_OUT)
			flow_take_quic(f, flow, p);
		return;
	}
	flow->done[direction] = true;
	if (!flow->application)
		flow->application = by_port(flow);
}

void flow_application(struct network_flows *f, struct flow *flow, int direction,
		      const struct packet *p, timestamp time)
{
	if (p->protocol == PROTOCOL_TCP)
		stream_add(f, flow, direction, p, time);
	else if (p->protocol == PROTOCOL_UDP)
		take_udp(f, flow, direction, p, time);
	else if (p->protocol == PROTOCOL_SCTP && direction == FLOW_OUT && is_collector(flow->to.port))
		flow_take_sctp(f, flow, p);
}
