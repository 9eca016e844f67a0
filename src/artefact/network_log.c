#include "artefact/network_log.h"

#include "artefact/tell.h"
#include "formats/log/log.h"

#include <stdlib.h>

#define SHAPES_MOST 4096
#define TEXT_MOST ((size_t)16 << 10)

enum role { ROLE_LOCAL, ROLE_LOCAL_PORT, ROLE_PEER, ROLE_PEER_PORT, ROLE_OUT, ROLE_IN, ROLE_LENGTH,
	    ROLE_FIRST, ROLE_LAST, ROLE_NAME, ROLE_PATH, ROLE_METHOD, ROLE_PROTOCOL, ROLE_SERVICE,
	    ROLE_USER, ROLE_HOST, ROLE_ANSWERS, ROLE_CODE, ROLE_AGENT, ROLE_STATUS, ROLE_PACKETS_OUT,
	    ROLE_PACKETS_IN, ROLE_JA3, ROLE_SUBJECT, ROLE_ISSUER, ROLE_DIGEST, ROLE_COUNT };

enum use { USE_TRANSFER, USE_NAME, USE_FILE };

/* How the fields of one kind of record are named. */
struct mapping {
	const char *source;
	enum use use;
	const char *what;
	/* It is this kind where all of `needs` are there, and `field` is `value` (or NULL). */
	const char *needs[3];
	const char *field, *value;
	const char *fields[ROLE_COUNT];
};

#define ZEEK_ENDS [ROLE_LOCAL] = "id.orig_h", [ROLE_LOCAL_PORT] = "id.orig_p", \
	[ROLE_PEER] = "id.resp_h", [ROLE_PEER_PORT] = "id.resp_p"
#define EVE_ENDS [ROLE_LOCAL] = "src_ip", [ROLE_LOCAL_PORT] = "src_port", \
	[ROLE_PEER] = "dest_ip", [ROLE_PEER_PORT] = "dest_port"

static const struct mapping mappings[] = {
	{ "zeek conn.log", USE_TRANSFER, "flow", { "id.orig_h", "conn_state", "id.resp_h" }, NULL, NULL,
	  { ZEEK_ENDS, [ROLE_OUT] = "orig_bytes", [ROLE_IN] = "resp_bytes", [ROLE_LENGTH] = "duration",
	    [ROLE_PROTOCOL] = "proto", [ROLE_SERVICE] = "service", [ROLE_STATUS] = "conn_state",
	    [ROLE_PACKETS_OUT] = "orig_pkts", [ROLE_PACKETS_IN] = "resp_pkts" } },
	{ "zeek dns.log", USE_NAME, "query", { "id.orig_h", "query", "qtype_name" }, NULL, NULL,
	  { ZEEK_ENDS, [ROLE_NAME] = "query", [ROLE_PROTOCOL] = "qtype_name", [ROLE_ANSWERS] = "answers",
	    [ROLE_CODE] = "rcode_name" } },
	{ "zeek http.log", USE_TRANSFER, "web", { "id.orig_h", "method", "uri" }, NULL, NULL,
	  { ZEEK_ENDS, [ROLE_OUT] = "request_body_len", [ROLE_IN] = "response_body_len",
	    [ROLE_NAME] = "host", [ROLE_PATH] = "uri", [ROLE_METHOD] = "method",
	    [ROLE_AGENT] = "user_agent", [ROLE_STATUS] = "status_code", [ROLE_USER] = "username" } },
	{ "zeek ssl.log", USE_TRANSFER, "tls", { "id.orig_h", "server_name", "cipher" }, NULL, NULL,
	  { ZEEK_ENDS, [ROLE_NAME] = "server_name", [ROLE_JA3] = "ja3", [ROLE_SUBJECT] = "subject",
	    [ROLE_ISSUER] = "issuer" } },
	{ "zeek files.log", USE_FILE, "downloaded", { "fuid", "mime_type", "seen_bytes" }, NULL, NULL,
	  { [ROLE_LOCAL] = "rx_hosts", [ROLE_PEER] = "tx_hosts", [ROLE_IN] = "seen_bytes",
	    [ROLE_PATH] = "filename", [ROLE_PROTOCOL] = "source", [ROLE_DIGEST] = "sha1" } },
	{ "suricata flow", USE_TRANSFER, "flow", { "event_type", "flow.bytes_toserver", "src_ip" },
	  "event_type", "flow",
	  { EVE_ENDS, [ROLE_PROTOCOL] = "proto", [ROLE_SERVICE] = "app_proto", [ROLE_OUT] = "flow.bytes_toserver",
	    [ROLE_IN] = "flow.bytes_toclient", [ROLE_FIRST] = "flow.start", [ROLE_LAST] = "flow.end",
	    [ROLE_PACKETS_OUT] = "flow.pkts_toserver", [ROLE_PACKETS_IN] = "flow.pkts_toclient",
	    [ROLE_HOST] = "host" } },
	{ "suricata dns", USE_NAME, "query", { "event_type", "dns.rrname", "src_ip" }, "event_type", "dns",
	  { EVE_ENDS, [ROLE_NAME] = "dns.rrname", [ROLE_PROTOCOL] = "dns.rrtype", [ROLE_CODE] = "dns.rcode",
	    [ROLE_METHOD] = "dns.type" } },
	{ "suricata http", USE_TRANSFER, "web", { "event_type", "http.http_method", "src_ip" },
	  "event_type", "http",
	  { EVE_ENDS, [ROLE_NAME] = "http.hostname", [ROLE_PATH] = "http.url",
	    [ROLE_METHOD] = "http.http_method", [ROLE_AGENT] = "http.http_user_agent",
	    [ROLE_STATUS] = "http.status", [ROLE_IN] = "http.length" } },
	{ "suricata tls", USE_TRANSFER, "tls", { "event_type", "src_ip", NULL }, "event_type", "tls",
	  { EVE_ENDS, [ROLE_NAME] = "tls.sni", [ROLE_SUBJECT] = "tls.subject",
	    [ROLE_ISSUER] = "tls.issuerdn", [ROLE_JA3] = "tls.ja3.hash" } },
	{ "suricata fileinfo", USE_FILE, "downloaded", { "event_type", "fileinfo.filename", "src_ip" },
	  "event_type", "fileinfo",
	  { [ROLE_LOCAL] = "dest_ip", [ROLE_PEER] = "src_ip", [ROLE_IN] = "fileinfo.size",
	    [ROLE_PATH] = "fileinfo.filename", [ROLE_PROTOCOL] = "app_proto",
	    [ROLE_DIGEST] = "fileinfo.sha1" } },
	/* A web server tells what it sent: that leaves the machine. */
	{ "web server log", USE_TRANSFER, "web", { "c-ip", "s-ip", "cs-method" }, NULL, NULL,
	  { [ROLE_LOCAL] = "s-ip", [ROLE_LOCAL_PORT] = "s-port", [ROLE_PEER] = "c-ip",
	    [ROLE_OUT] = "sc-bytes", [ROLE_IN] = "cs-bytes", [ROLE_NAME] = "cs-host",
	    [ROLE_PATH] = "cs-uri-stem", [ROLE_METHOD] = "cs-method", [ROLE_USER] = "cs-username",
	    [ROLE_AGENT] = "cs(User-Agent)", [ROLE_STATUS] = "sc-status",
	    [ROLE_HOST] = "s-computername" } },
	{ "proxy log", USE_TRANSFER, "proxy", { "c-ip", "cs-host", "cs-method" }, NULL, NULL,
	  { [ROLE_LOCAL] = "c-ip", [ROLE_PEER] = "r-ip", [ROLE_OUT] = "cs-bytes", [ROLE_IN] = "sc-bytes",
	    [ROLE_NAME] = "cs-host", [ROLE_PATH] = "cs-uri-path", [ROLE_METHOD] = "cs-method",
	    [ROLE_USER] = "cs-username", [ROLE_AGENT] = "cs(User-Agent)", [ROLE_STATUS] = "sc-status" } },
	{ "access log", USE_TRANSFER, "web", { "c-ip", "cs-method", "cs-uri-stem" }, NULL, NULL,
	  { [ROLE_PEER] = "c-ip", [ROLE_OUT] = "sc-bytes", [ROLE_IN] = "cs-bytes",
	    [ROLE_PATH] = "cs-uri-stem", [ROLE_METHOD] = "cs-method", [ROLE_USER] = "cs-username",
	    [ROLE_AGENT] = "cs-user-agent", [ROLE_STATUS] = "sc-status" } },
};

/* What a shape is, found out once. */
struct known_shape {
	bool is_seen;			/* never where a field tells the kind: each record anew */
	const struct mapping *mapping;
	uint32_t slots[ROLE_COUNT];
	uint32_t message, host, program;
};

struct reading {
	struct network_log log;
	struct log_reader *reader;
	uint32_t generation;
	bool by_lines;			/* fields of ours are not asked */
	struct known_shape *shapes;
	struct buf texts[ROLE_COUNT];
	const struct event *event;
	const struct known_shape *shape;
};

/* ---- fields ---- */

static uint32_t slot_of(const struct event_shape *shape, const char *name)
{
	return name ? event_shape_find(shape, span_text(name)) : EVENT_NO_SLOT;
}

static const struct value *value_at(const struct event *event, uint32_t slot)
{
	static const struct value absent = { .kind = VALUE_ABSENT };

	return slot < event->shape->count ? &event->values[slot] : &absent;
}

/* Zeek and W3C write "-" for nothing. */
static struct span text_at(struct reading *r, uint32_t slot, struct buf *room)
{
	const struct value *v = value_at(r->event, slot);
	struct span text;

	if (v->kind == VALUE_ABSENT || v->kind == VALUE_NULL)
		return (struct span){ 0 };
	text = v->bytes;
	if (v->kind != VALUE_TEXT) {
		buf_clear(room);
		value_text(room, v);
		text = buf_span(room);
	}
	return span_eq(text, SPAN("-")) || span_eq(text, SPAN("(empty)")) ? (struct span){ 0 } : text;
}

static struct span text_of(struct reading *r, enum role role)
{
	return text_at(r, r->shape->slots[role], &r->texts[role]);
}

static uint64_t number_of(struct reading *r, enum role role)
{
	const struct value *v = value_at(r->event, r->shape->slots[role]);
	uint64_t n;

	if (v->kind == VALUE_UINT)
		return v->u;
	if (v->kind == VALUE_INT)
		return v->i < 0 ? TRACE_NO_NUMBER : (uint64_t)v->i;
	return span_to_u64(text_of(r, role), &n) ? n : TRACE_NO_NUMBER;
}

/* Seconds with a fraction, as nanoseconds; 0 where it is not one. */
static timestamp length_of(struct reading *r)
{
	struct span text = text_of(r, ROLE_LENGTH), fraction;
	uint64_t seconds, rest = 0;

	fraction = text;
	text = span_split(&fraction, '.');
	fraction = span_sub(fraction, 0, 6);
	if (!span_to_u64(text, &seconds) || seconds > UINT64_C(1) << 32)
		return 0;
	if (span_to_u64(fraction, &rest))
		for (size_t i = fraction.len; i < 9; i++)
			rest *= 10;
	return (timestamp)seconds * TIME_SECOND + (timestamp)rest;
}

/* "address:port" in the arena-less room of the trace: kept in the role's buffer. */
static struct span end_of(struct reading *r, enum role address, enum role port, struct buf *to)
{
	struct span a = text_of(r, address), p = text_of(r, port);
	bool is_v6 = span_find_byte(a, 0, ':') != SIZE_MAX;

	if (!a.len || !p.len || span_eq(p, SPAN("0")))
		return a;
	buf_clear(to);
	buf_printf(to, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SPAN_ARG(a), SPAN_ARG(p));
	return buf_span(to);
}

static const struct known_shape *shape_of(struct reading *r, const struct event *event)
{
	const struct event_shape *shape = event->shape;
	struct known_shape *known;

	if (log_reader_generation(r->reader) != r->generation) {
		memset(r->shapes, 0, SHAPES_MOST * sizeof *r->shapes);
		r->generation = log_reader_generation(r->reader);
	}
	if (shape->id >= SHAPES_MOST)
		return NULL;
	known = &r->shapes[shape->id];
	if (known->is_seen)
		return known;
	*known = (struct known_shape){ .is_seen = slot_of(shape, "event_type") == EVENT_NO_SLOT };
	known->message = slot_of(shape, "message");
	known->host = slot_of(shape, "host");
	known->program = slot_of(shape, "program");
	for (size_t i = 0; i < sizeof mappings / sizeof *mappings && !known->mapping; i++) {
		const struct mapping *m = &mappings[i];
		bool fits = true;

		for (size_t n = 0; n < 3; n++)
			fits = fits && (!m->needs[n] || slot_of(shape, m->needs[n]) != EVENT_NO_SLOT);
		if (fits && m->value)
			fits = span_eq(text_at(r, slot_of(shape, m->field), &r->texts[0]),
				       span_text(m->value));
		if (fits)
			known->mapping = m;
	}
	for (int role = 0; known->mapping && role < ROLE_COUNT; role++)
		known->slots[role] = slot_of(shape, known->mapping->fields[role]);
	return known;
}

/* ---- traces ---- */

static struct span host_only(struct span ends)
{
	return span_split(&ends, ',');
}

static bool is_upload(struct span method)
{
	return span_eq(method, SPAN("POST")) || span_eq(method, SPAN("PUT")) ||
	       span_eq(method, SPAN("PATCH"));
}

static struct span detail_of(struct reading *r, struct arena *arena)
{
	static const struct {
		enum role role;
		const char *key;
	} texts[] = { { ROLE_METHOD, "method" }, { ROLE_STATUS, "status" }, { ROLE_AGENT, "agent" },
		      { ROLE_JA3, "ja3" }, { ROLE_SUBJECT, "subject" }, { ROLE_ISSUER, "issuer" } };
	struct tell_detail d;

	tell_detail_begin(&d);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		tell_detail_text(&d, texts[i].key, text_of(r, texts[i].role));
	return tell_detail_end(&d, arena);
}

static void set_times(struct reading *r, struct trace *t)
{
	timestamp length = length_of(r);

	t->time = t->last = r->event->time;
	timestamp_parse(text_of(r, ROLE_FIRST), &t->time);
	if (!timestamp_parse(text_of(r, ROLE_LAST), &t->last) && t->time != TIME_NONE)
		t->last = t->time + length;
}

static void tell_transfer(struct reading *r, const struct mapping *m)
{
	struct buf local = buf_new(TEXT_MOST), peer = buf_new(TEXT_MOST), detail = buf_new(TEXT_MOST);
	struct trace t = trace_new(TRACE_TRANSFER, m->what);
	struct arena arena = arena_new(TEXT_MOST * 4);
	uint64_t out = number_of(r, ROLE_PACKETS_OUT), in = number_of(r, ROLE_PACKETS_IN);

	set_times(r, &t);
	t.source = span_text(m->source);
	t.local = end_of(r, ROLE_LOCAL, ROLE_LOCAL_PORT, &local);
	t.peer = end_of(r, ROLE_PEER, ROLE_PEER_PORT, &peer);
	t.bytes_out = number_of(r, ROLE_OUT);
	t.bytes_in = number_of(r, ROLE_IN);
	t.name = text_of(r, ROLE_NAME);
	t.path = text_of(r, ROLE_PATH);
	t.user = text_of(r, ROLE_USER);
	t.host = text_of(r, ROLE_HOST);
	t.protocol = text_of(r, ROLE_SERVICE);
	if (!t.protocol.len || span_eq(t.protocol, SPAN("failed")))
		t.protocol = text_of(r, ROLE_PROTOCOL);
	if (!t.protocol.len && !strcmp(m->what, "tls"))
		t.protocol = SPAN("tls");
	t.count = out == TRACE_NO_NUMBER ? 1 : out + (in == TRACE_NO_NUMBER ? 0 : in);
	t.offset = r->event->offset;
	if (!strcmp(m->source, "zeek http.log") && is_upload(text_of(r, ROLE_METHOD)) && t.bytes_out &&
	    t.bytes_out != TRACE_NO_NUMBER)
		t.what = SPAN("upload");
	t.detail = detail_of(r, &arena);
	if (t.local.len || t.peer.len || t.name.len)
		network_sink_add(&r->log.sink, &t);
	arena_free(&arena);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
}

static void tell_name(struct reading *r, const struct mapping *m)
{
	struct span code = text_of(r, ROLE_CODE), method = text_of(r, ROLE_METHOD);
	struct network_name name = { .time = r->event->time, .client = text_of(r, ROLE_LOCAL),
		.server = text_of(r, ROLE_PEER), .name = text_of(r, ROLE_NAME),
		.type = text_of(r, ROLE_PROTOCOL), .answers = text_of(r, ROLE_ANSWERS),
		.is_missing = span_eq(code, SPAN("NXDOMAIN")), .is_answer = span_eq(method, SPAN("answer")) };
	uint8_t folded[1024];

	if (!name.name.len || name.name.len > sizeof folded)
		return;
	for (size_t i = 0; i < name.name.len; i++)
		folded[i] = name.name.at[i] >= 'A' && name.name.at[i] <= 'Z' ? name.name.at[i] + 32
									      : name.name.at[i];
	name.name = span_of(folded, name.name.len);
	/* The log does not tell the size; this is about what such a question takes. */
	name.bytes_out = name.is_answer ? 0 : name.name.len + 18;
	r->log.names.source = m->source;
	network_names_add(&r->log.names, &name);
}

static void tell_file(struct reading *r, const struct mapping *m)
{
	struct trace t = trace_new(TRACE_FILE, m->what);
	struct buf digest = buf_new(128);

	t.time = r->event->time;
	t.source = span_text(m->source);
	t.local = host_only(text_of(r, ROLE_LOCAL));
	t.peer = host_only(text_of(r, ROLE_PEER));
	t.path = text_of(r, ROLE_PATH);
	t.protocol = text_of(r, ROLE_PROTOCOL);
	t.bytes_in = number_of(r, ROLE_IN);
	t.offset = r->event->offset;
	if (text_of(r, ROLE_DIGEST).len == 40)
		buf_printf(&digest, "sha1:%.*s", SPAN_ARG(text_of(r, ROLE_DIGEST)));
	t.digest = buf_span(&digest);
	if ((t.path.len || t.digest.len) && !r->log.sink.enough)
		r->log.sink.enough = !r->log.a->trace(r->log.a->context, &t);
	buf_free(&digest);
}

static bool take_event(void *context, const struct event *event)
{
	struct reading *r = context;
	const struct mapping *m;

	r->event = event;
	r->shape = shape_of(r, event);
	if (!r->shape)
		return true;
	m = r->by_lines ? NULL : r->shape->mapping;
	if (m) {
		r->log.is_known = true;
		if (m->use == USE_TRANSFER)
			tell_transfer(r, m);
		else if (m->use == USE_NAME)
			tell_name(r, m);
		else
			tell_file(r, m);
	} else if (network_line_read(&r->log, text_at(r, r->shape->message, &r->texts[0]), event->time,
				     text_at(r, r->shape->host, &r->texts[1]),
				     text_at(r, r->shape->program, &r->texts[2]), event->offset)) {
		r->log.is_known = true;
	}
	return !r->log.sink.enough;
}

/* Lines of a text that no reader knows. */
static void take_lines(struct network_log *log)
{
	struct span rest = log->a->bytes, line;
	unsigned tried = 0;

	while (!log->sink.enough && tell_line(&rest, &line)) {
		if (network_line_read(log, line, TIME_NONE, (struct span){ 0 }, (struct span){ 0 },
				      (uint64_t)(line.at - log->a->bytes.at)))
			log->is_known = true;
		else if (!log->is_known && ++tried > 16)
			return;
	}
}

static bool takes_fields(enum log_format format)
{
	return format == LOG_JSON || format == LOG_ZEEK || format == LOG_W3C || format == LOG_ACCESS;
}

bool network_log_decode(const struct artefact *a, struct err *err)
{
	enum log_format format = log_identify(a->bytes);
	struct log_options options = { .now = a->modified };
	struct reading r = { .log = { .a = a, .mails = map_new(a->arena) } };

	if (!takes_fields(format) && format != LOG_SQUID && !network_lines_likely(a->bytes))
		return err_set(err, ERR_UNSUPPORTED, 0, "no network log");
	r.by_lines = format == LOG_SQUID;
	r.log.sink = network_sink_new(a, "log");
	r.log.names = network_names_new(a, "log");
	r.shapes = ARENA_ARRAY(a->arena, SHAPES_MOST, struct known_shape);
	for (int i = 0; i < ROLE_COUNT; i++)
		r.texts[i] = buf_new(TEXT_MOST);
	if (format == LOG_NONE || format == LOG_CSV) {
		take_lines(&r.log);
	} else if (r.shapes && (r.reader = log_reader_new(format, &options))) {
		r.generation = log_reader_generation(r.reader);
		log_reader_feed(r.reader, a->bytes, true, take_event, &r);
		log_reader_free(r.reader);
	}
	network_names_end(&r.log.names, &r.log.sink);
	network_sink_end(&r.log.sink);
	for (int i = 0; i < ROLE_COUNT; i++)
		buf_free(&r.texts[i]);
	return r.log.is_known || err_set(err, ERR_UNSUPPORTED, 0, "no network log");
}
