#include "artefact/network_flow.h"

#include "base/utf8.h"
#include "formats/dns/dns.h"
#include "formats/http/http_head.h"

/* Packets with payload of one direction that are looked at to recognise it. */
#define LOOKED_AT 4
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

/* Printable, cut to the room at the end of a character. */
static void keep(char *to, size_t room, struct span text)
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

/* ---- DNS ---- */

static void list_addresses(struct network_flows *f, const struct dns_message *m, struct buf *to)
{
	for (uint32_t i = 0; i < m->address_count; i++) {
		struct packet_end end = { .port = 0 };

		memcpy(end.address, m->addresses[i], 16);
		buf_text(to, i ? ", " : "");
		packet_end_text(to, &end);
		addresses_learn(f, m->addresses[i], m->name);
	}
}

static void take_dns(struct network_flows *f, struct flow *flow, const struct packet *p,
		     struct span bytes, timestamp time)
{
	struct buf client = buf_new(64), server = buf_new(64), answers = buf_new(512);
	struct packet_end from = p->from, to = p->to;
	struct dns_message m;
	char room[12];

	if (dns_read(bytes, &m)) {
		struct network_name name = { .time = time, .name = m.name, .is_answer = m.is_answer,
			.type = span_text(dns_type_name(m.type, room)),
			.is_missing = m.is_answer && m.code == 3,
			.bytes_out = m.is_answer ? 0 : bytes.len,
			.bytes_in = m.is_answer ? bytes.len : 0 };

		flow->application = "dns";
		from.port = to.port = 0;
		packet_end_text(&client, m.is_answer ? &to : &from);
		packet_end_text(&server, m.is_answer ? &from : &to);
		list_addresses(f, &m, &answers);
		name.client = buf_span(&client);
		name.server = buf_span(&server);
		name.answers = buf_span(&answers);
		network_names_add(f->names, &name);
	}
	buf_free(&client);
	buf_free(&server);
	buf_free(&answers);
}

/* Over TCP each message has its length in front; those that lie whole in a packet. */
static void take_dns_tcp(struct network_flows *f, struct flow *flow, const struct packet *p,
			 timestamp time)
{
	struct cursor c = cursor_of(p->payload);

	while (cursor_left(&c) > 14) {
		struct span message = cursor_take(&c, cursor_u16be(&c));

		if (message.len)
			take_dns(f, flow, p, message, time);
	}
}

/* ---- HTTP ---- */

void flow_end_upload(struct network_flows *f, struct flow *flow)
{
	struct flow_text *t = flow->text;
	struct buf local = buf_new(64), peer = buf_new(64);
	struct trace trace = trace_new(TRACE_TRANSFER, "upload");

	if (!t->is_uploading)
		return;
	t->is_uploading = false;
	t->uploads++;
	t->upload_bytes += t->upload_seen;
	if (!t->upload_seen || f->uploads_told == FLOW_UPLOADS_MOST)
		return;
	f->uploads_told++;
	packet_end_text(&local, &flow->from);
	packet_end_text(&peer, &flow->to);
	trace.time = t->upload_time;
	trace.last = flow->last;
	trace.local = buf_span(&local);
	trace.peer = buf_span(&peer);
	trace.protocol = span_text(flow->application ? flow->application : "tcp");
	trace.name = span_text(t->name);
	trace.path = span_text(t->uri);
	trace.bytes_out = t->upload_seen;
	trace.count = 1;
	trace.offset = flow->offset;
	network_sink_add(f->sink, &trace);
	buf_free(&local);
	buf_free(&peer);
}

static void take_request(struct network_flows *f, struct flow *flow, const struct packet *p,
			 const struct http_head *head, timestamp time)
{
	struct flow_text *t = flow_text_of(f, flow);

	flow->application = "http";
	if (!t)
		return;
	flow_end_upload(f, flow);
	t->requests++;
	if (!*t->method || span_eq(head->method, SPAN("POST")) || span_eq(head->method, SPAN("PUT"))) {
		keep(t->method, sizeof t->method, head->method);
		keep(t->uri, sizeof t->uri, head->uri);
	}
	if (!*t->agent)
		keep(t->agent, sizeof t->agent, head->agent);
	if (head->host.len)
		keep(t->name, sizeof t->name, head->host);
	if (span_eq(head->method, SPAN("GET")) || span_eq(head->method, SPAN("HEAD")))
		return;
	t->is_uploading = true;
	t->upload_time = time;
	t->upload_length = head->body_length;
	t->upload_seen = p->payload_length > head->head_length ? p->payload_length - head->head_length : 0;
}

static bool take_http(struct network_flows *f, struct flow *flow, int direction,
		      const struct packet *p, timestamp time)
{
	struct http_head head;

	if (http_head_read(p->payload, &head)) {
		if (head.is_request && direction == FLOW_OUT)
			take_request(f, flow, p, &head, time);
		else if (!head.is_request && flow->text && !flow->text->status)
			flow->text->status = head.status;
		if (!head.is_request && !flow->application)
			flow->application = "http";
		return true;
	}
	if (direction == FLOW_OUT && flow->text && flow->text->is_uploading) {
		flow->text->upload_seen += p->payload_length;
		if (flow->text->upload_seen > flow->text->upload_length)
			flow->text->upload_seen = flow->text->upload_length;
	}
	return false;
}

/* ---- TLS ---- */

static struct flow_head *head_of(struct network_flows *f, struct flow_text *t, int direction)
{
	struct flow_head *head = t->heads[direction];

	if (head)
		return head;
	head = f->free_heads;
	if (head)
		f->free_heads = head->next;
	else if (f->heads_made < FLOW_HEADS_MOST && (head = ARENA_NEW(f->arena, struct flow_head)))
		f->heads_made++;
	if (head) {
		head->len = 0;
		head->next = NULL;
	}
	return t->heads[direction] = head;
}

static void give_head(struct network_flows *f, struct flow_text *t, int direction)
{
	if (!t->heads[direction])
		return;
	t->heads[direction]->next = f->free_heads;
	f->free_heads = t->heads[direction];
	t->heads[direction] = NULL;
}

static void keep_tls(struct flow_text *t, const struct tls *tls)
{
	if (tls->is_client) {
		if (*tls->name)
			memcpy(t->name, tls->name, sizeof t->name);
		memcpy(t->ja3, tls->ja3, sizeof t->ja3);
		memcpy(t->ja4, tls->ja4, sizeof t->ja4);
		memcpy(t->alpn, tls->alpn, sizeof t->alpn);
		if (!t->version)
			t->version = tls->version;
	}
	if (tls->is_server)
		t->version = tls->version;
	keep(t->subject, sizeof t->subject, span_text(*tls->subject ? tls->subject : t->subject));
	keep(t->issuer, sizeof t->issuer, span_text(*tls->issuer ? tls->issuer : t->issuer));
}

/* What came so far of this direction, with this packet; what is out of order is left out. */
static struct span join(struct network_flows *f, struct flow_text *t, int direction,
			const struct packet *p)
{
	struct flow_head *head = t->heads[direction];
	size_t room, len;

	if (!head) {
		head = head_of(f, t, direction);
		if (!head)
			return p->payload;
		head->sequence = p->sequence;
	}
	room = sizeof head->bytes - head->len;
	len = p->payload.len < room ? p->payload.len : room;
	if (p->sequence == head->sequence) {
		memcpy(head->bytes + head->len, p->payload.at, len);
		head->len += (uint32_t)len;
		head->sequence += (uint32_t)p->payload.len;
	}
	return span_of(head->bytes, head->len);
}

static bool begins_tls(struct span s)
{
	return s.len >= 6 && s.at[0] == 0x16 && s.at[1] == 3 && s.at[2] <= 4 &&
	       (s.at[5] == 1 || s.at[5] == 2);
}

static void take_tls(struct network_flows *f, struct flow *flow, int direction,
		     const struct packet *p)
{
	struct flow_text *t = flow_text_of(f, flow);
	struct span bytes = p->payload;
	enum tls_state state;
	struct tls tls;

	if (!t) {
		flow->done[direction] = true;
		return;
	}
	if (t->heads[direction])
		bytes = join(f, t, direction, p);
	state = tls_read(bytes, &tls);
	keep_tls(t, &tls);
	if (state == TLS_MORE && flow->seen[direction] < 16 && bytes.len < TLS_HEAD_MAX) {
		if (!t->heads[direction])
			join(f, t, direction, p);
		return;
	}
	flow->done[direction] = true;
	give_head(f, t, direction);
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
	SIGN("\xff" "SMB", 4, "smb"),
	SIGN("\xfe" "SMB", 4, "smb"),
	SIGN("\xfd" "SMB", 4, "smb"),
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
	keep(t->user, sizeof t->user, span_trim(span_split(&user, '\n')));
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
	keep(to, room, span_trim(span_split(&bytes, '\n')));
}

/* User and the last file stored, of FTP's control connection. */
static void take_ftp(struct network_flows *f, struct flow *flow, int direction, struct span bytes)
{
	struct flow_text *t = direction == FLOW_OUT ? flow_text_of(f, flow) : NULL;

	if (!t)
		return;
	if (span_starts(bytes, SPAN("USER ")))
		keep_line(t->user, sizeof t->user, span_from(bytes, 5));
	else if (span_starts(bytes, SPAN("STOR "))) {
		t->uploads++;
		keep(t->method, sizeof t->method, SPAN("STOR"));
		keep_line(t->uri, sizeof t->uri, span_from(bytes, 5));
	}
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

static void recognise_tcp(struct network_flows *f, struct flow *flow, int direction,
			  const struct packet *p, timestamp time)
{
	if (begins_tls(p->payload)) {
		/* Begun in the clear, then secured: it keeps its name. */
		if (!flow->application)
			flow->application = "tls";
		take_tls(f, flow, direction, p);
	} else if (take_http(f, flow, direction, p, time) || take_sign(f, flow, direction, p->payload) ||
		   take_rdp(f, flow, p->payload) || take_greeting(flow, direction, p->payload)) {
		return;
	} else if (flow->seen[direction] >= LOOKED_AT) {
		flow->done[direction] = true;
		if (!flow->application)
			flow->application = by_port(flow);
	}
}

static void take_tcp(struct network_flows *f, struct flow *flow, int direction,
		     const struct packet *p, timestamp time)
{
	const char *known = flow->application;

	if (flow->to.port == PORT_DNS)
		take_dns_tcp(f, flow, p, time);
	else if (flow->done[direction])
		return;
	else if (known && !strcmp(known, "http"))
		take_http(f, flow, direction, p, time);
	else if (known && !strcmp(known, "ftp"))
		take_ftp(f, flow, direction, p->payload);
	else if (flow->text && flow->text->heads[direction])
		take_tls(f, flow, direction, p);
	else
		recognise_tcp(f, flow, direction, p, time);
}

/* Where collectors of NetFlow and IPFIX listen. */
static bool is_collector(uint16_t port)
{
	return port == 2055 || port == 2056 || port == 4739 || port == 9555 || port == 9995 ||
	       port == 9996;
}

static void take_udp(struct network_flows *f, struct flow *flow, const struct packet *p,
		     timestamp time)
{
	if (flow->to.port == PORT_DNS || flow->from.port == PORT_DNS) {
		take_dns(f, flow, p, p->payload, time);
		return;
	}
	if (is_collector(flow->to.port)) {
		flow_netflow(f, flow, p);
		return;
	}
	if (flow->done[0])
		return;
	flow->done[0] = true;
	/* Long header with the fixed bit. */
	if (flow->to.port == 443 && p->payload.len > 6 && (p->payload.at[0] & 0xc0) == 0xc0)
		flow->application = "quic";
	else
		flow->application = by_port(flow);
}

void flow_application(struct network_flows *f, struct flow *flow, int direction,
		      const struct packet *p, timestamp time)
{
	if (flow->seen[direction] < UINT8_MAX)
		flow->seen[direction]++;
	if (p->protocol == PROTOCOL_TCP)
		take_tcp(f, flow, direction, p, time);
	else if (p->protocol == PROTOCOL_UDP)
		take_udp(f, flow, p, time);
}
