#include "artefact/network_log_map.h"

#include "artefact/tell.h"
#include "formats/log/log.h"

#include <stdlib.h>

#define SHAPES_MOST 4096
#define TEXT_MOST ((size_t)16 << 10)
#define NAMES_OF_RECORD 64
#define PROXY_BYTES ((size_t)1 << 20)	/* looked at for squid's own words */

/* What a shape is, found out once. */
struct known_shape {
	bool is_seen;			/* never where a field tells the kind: each record anew */
	const struct network_mapping *mapping;
	uint32_t slots[ROLE_COUNT];
	uint32_t message, host, program;
};

struct reading {
	struct network_log log;
	struct log_reader *reader;
	uint32_t generation;
	bool by_lines;			/* fields of ours are not asked */
	bool is_proxy;			/* squid in the form of web servers */
	struct known_shape *shapes;
	struct buf texts[ROLE_COUNT];
	const struct event *event;
	const struct known_shape *shape;
};

/* ---- fields ---- */

/* The first that is there of "name|other name". */
static uint32_t slot_of(const struct event_shape *shape, const char *names)
{
	struct span rest = span_text(names ? names : "");
	uint32_t slot = EVENT_NO_SLOT;

	while (rest.len && slot == EVENT_NO_SLOT)
		slot = event_shape_find(shape, span_split(&rest, '|'));
	return slot;
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
	known->message = slot_of(shape, "message|MESSAGE");
	known->host = slot_of(shape, "host|_HOSTNAME");
	known->program = slot_of(shape, "program|SYSLOG_IDENTIFIER");
	for (size_t i = 0; i < network_mapping_count && !known->mapping; i++) {
		const struct network_mapping *m = &network_mappings[i];
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

/* A word of a request line: 0 its method, 1 what is asked for. */
static struct span of_request(struct reading *r, int word)
{
	struct span rest = text_of(r, ROLE_REQUEST), method = span_split(&rest, ' ');

	return word ? span_split(&rest, ' ') : method;
}

static struct span method_of(struct reading *r)
{
	struct span method = text_of(r, ROLE_METHOD);

	return method.len ? method : of_request(r, 0);
}

static struct span detail_of(struct reading *r, struct arena *arena)
{
	static const struct {
		enum role role;
		const char *key;
	} texts[] = { { ROLE_STATUS, "status" }, { ROLE_AGENT, "agent" }, { ROLE_VHOST, "vhost" },
		      { ROLE_SOFTWARE, "software" }, { ROLE_JA3, "ja3" }, { ROLE_JA4, "ja4" },
		      { ROLE_SUBJECT, "subject" }, { ROLE_ISSUER, "issuer" } };
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "method", method_of(r));
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

/* FTP's and TFTP's: what is stored leaves, what is fetched comes; all else moves nothing. */
static void judge_command(struct reading *r, struct trace *t)
{
	struct span command = text_of(r, ROLE_METHOD);
	uint64_t size = number_of(r, ROLE_IN);
	bool out = span_eq_nocase(command, SPAN("STOR")) || span_eq_nocase(command, SPAN("STOU")) ||
		   span_eq_nocase(command, SPAN("APPE")) || span_eq_nocase(command, SPAN("write"));
	bool in = span_eq_nocase(command, SPAN("RETR")) || span_eq_nocase(command, SPAN("read"));

	t->what = out ? SPAN("upload") : in ? SPAN("download") : SPAN("session");
	t->bytes_out = out ? size : 0;
	t->bytes_in = in ? size : 0;
}

/* Who asked is the client, and what it asked for says where it went. */
static void turn_to_proxy(struct reading *r, struct trace *t)
{
	bool is_tunnel = span_eq(text_of(r, ROLE_METHOD), SPAN("CONNECT"));

	t->what = SPAN("proxy");
	t->source = SPAN("squid access.log");
	t->local = t->peer;
	t->peer = (struct span){ 0 };
	t->bytes_in = t->bytes_out;
	t->bytes_out = TRACE_NO_NUMBER;
	t->name = network_url_host(t->path);
	t->protocol = is_tunnel ? SPAN("tls") : SPAN("http");
}

static void tell_transfer(struct reading *r, const struct network_mapping *m)
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
	if (!t.path.len)
		t.path = of_request(r, 1);
	t.user = text_of(r, ROLE_USER);
	t.host = text_of(r, ROLE_HOST);
	t.protocol = text_of(r, ROLE_SERVICE);
	if (!t.protocol.len || span_eq(t.protocol, SPAN("failed")))
		t.protocol = text_of(r, ROLE_PROTOCOL);
	if (!t.protocol.len && m->protocol)
		t.protocol = span_text(m->protocol);
	t.count = out == TRACE_NO_NUMBER ? 1 : out + (in == TRACE_NO_NUMBER ? 0 : in);
	t.offset = r->event->offset;
	if (!strcmp(m->source, "zeek http.log") && is_upload(text_of(r, ROLE_METHOD)) && t.bytes_out &&
	    t.bytes_out != TRACE_NO_NUMBER)
		t.what = SPAN("upload");
	t.detail = detail_of(r, &arena);
	if (m->use == USE_COMMAND)
		judge_command(r, &t);
	if (r->is_proxy)
		turn_to_proxy(r, &t);
	if (t.local.len || t.peer.len || t.name.len)
		network_sink_add(&r->log.sink, &t);
	arena_free(&arena);
	buf_free(&local);
	buf_free(&peer);
	buf_free(&detail);
}

/* The item of a list, or the value itself for each. */
static struct span item_at(struct reading *r, enum role role, uint32_t index)
{
	const struct value *v = value_at(r->event, r->shape->slots[role]);

	if (v->kind != VALUE_LIST)
		return text_of(r, role);
	return index < v->count && v->list[index].kind == VALUE_TEXT ? v->list[index].bytes : (struct span){ 0 };
}

static void tell_one_name(struct reading *r, const struct network_mapping *m, struct span asked, struct span type)
{
	struct span code = text_of(r, ROLE_CODE), method = text_of(r, ROLE_METHOD);
	struct network_name name = { .time = r->event->time, .client = text_of(r, ROLE_LOCAL),
		.server = text_of(r, ROLE_PEER), .type = type, .answers = text_of(r, ROLE_ANSWERS),
		.is_missing = span_eq(code, SPAN("NXDOMAIN")),
		.is_answer = span_eq(method, SPAN("answer")) || span_eq(method, SPAN("response")) };
	uint8_t folded[1024];

	if (!asked.len || asked.len > sizeof folded)
		return;
	for (size_t i = 0; i < asked.len; i++)
		folded[i] = asked.at[i] >= 'A' && asked.at[i] <= 'Z' ? asked.at[i] + 32 : asked.at[i];
	name.name = span_of(folded, asked.len);
	/* The log does not tell the size; this is about what such a question takes. */
	name.bytes_out = name.is_answer ? 0 : asked.len + 18;
	r->log.names.source = m->source;
	network_names_add(&r->log.names, &name);
}

/* Suricata's third form has a list of questions. */
static void tell_names(struct reading *r, const struct network_mapping *m)
{
	const struct value *v = value_at(r->event, r->shape->slots[ROLE_NAME]);
	uint32_t count = v->kind == VALUE_LIST ? v->count : 1;

	for (uint32_t i = 0; i < count && i < NAMES_OF_RECORD; i++)
		tell_one_name(r, m, item_at(r, ROLE_NAME, i), item_at(r, ROLE_PROTOCOL, i));
}

/* Zeek's actions on shares. */
static void judge_file(struct reading *r, struct trace *t)
{
	static const struct {
		struct span action;
		const char *what;
	} actions[] = { { { (const uint8_t *)"DELETE", 6 }, "deleted" }, { { (const uint8_t *)"RENAME", 6 }, "renamed" },
			{ { (const uint8_t *)"WRITE", 5 }, "written" }, { { (const uint8_t *)"FILE", 4 }, "opened" } };
	struct span action = text_of(r, ROLE_METHOD);

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (span_find(action, 0, actions[i].action) != SIZE_MAX) {
			t->what = span_text(actions[i].what);
			return;
		}
}

static void tell_file(struct reading *r, const struct network_mapping *m)
{
	struct trace t = trace_new(TRACE_FILE, m->what);
	struct span hash = text_of(r, ROLE_DIGEST);
	struct buf digest = buf_new(128);

	t.time = r->event->time;
	t.source = span_text(m->source);
	t.local = host_only(text_of(r, ROLE_LOCAL));
	t.peer = host_only(text_of(r, ROLE_PEER));
	t.path = text_of(r, ROLE_PATH);
	t.name = text_of(r, ROLE_NAME);
	judge_file(r, &t);
	t.protocol = text_of(r, ROLE_PROTOCOL);
	t.bytes_in = number_of(r, ROLE_IN);
	t.offset = r->event->offset;
	if (hash.len == 40 || hash.len == 64)
		buf_printf(&digest, hash.len == 40 ? "sha1:%.*s" : "sha256:%.*s", SPAN_ARG(hash));
	t.digest = buf_span(&digest);
	if ((t.path.len || t.digest.len) && !r->log.sink.enough)
		r->log.sink.enough = !r->log.a->trace(r->log.a->context, &t);
	buf_free(&digest);
}

static bool take_event(void *context, const struct event *event)
{
	struct reading *r = context;
	const struct network_mapping *m;

	r->event = event;
	r->shape = shape_of(r, event);
	if (!r->shape)
		return true;
	m = r->by_lines ? NULL : r->shape->mapping;
	if (m) {
		r->log.is_known = true;
		if (m->use == USE_TRANSFER || m->use == USE_COMMAND)
			tell_transfer(r, m);
		else if (m->use == USE_NAME)
			tell_names(r, m);
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

/* What squid did and with whom, at the ends of its lines: "TCP_MISS:HIER_DIRECT". */
static bool is_of_squid(struct span bytes)
{
	const struct span words[] = { SPAN(":HIER_"), SPAN(":DIRECT"), SPAN(" TCP_MISS:"), SPAN(" TCP_TUNNEL:"),
				      SPAN(" TCP_DENIED:") };

	return span_find_word(bytes, words, sizeof words / sizeof *words) != SIZE_MAX;
}

static bool takes_fields(enum log_format format)
{
	return format == LOG_JSON || format == LOG_ZEEK || format == LOG_W3C || format == LOG_ACCESS;
}

static void read_log(struct reading *r, enum log_format format)
{
	const struct artefact *a = r->log.a;
	struct log_options options = { .now = a->modified };

	r->shapes = ARENA_ARRAY(a->arena, SHAPES_MOST, struct known_shape);
	for (int i = 0; i < ROLE_COUNT; i++)
		r->texts[i] = buf_new(TEXT_MOST);
	if (format == LOG_NONE || format == LOG_CSV) {
		take_lines(&r->log);
	} else if (r->shapes && (r->reader = log_reader_new(format, &options))) {
		r->generation = log_reader_generation(r->reader);
		log_reader_feed(r->reader, a->bytes, true, take_event, r);
		log_reader_free(r->reader);
	}
	for (int i = 0; i < ROLE_COUNT; i++)
		buf_free(&r->texts[i]);
}

bool network_log_decode(const struct artefact *a, struct err *err)
{
	enum log_format format = log_identify(a->bytes);
	struct reading r = { .log = { .a = a, .mails = map_new(a->arena) } };

	r.log.sink = network_sink_new(a, "log");
	r.log.names = network_names_new(a, "log");
	if (network_squid_own(&r.log)) {
		r.log.is_known = true;
	} else if (takes_fields(format) || format == LOG_SQUID || network_lines_likely(a->bytes)) {
		r.by_lines = format == LOG_SQUID;
		r.is_proxy = format == LOG_ACCESS && is_of_squid(span_sub(a->bytes, 0, PROXY_BYTES));
		read_log(&r, format);
	}
	network_names_end(&r.log.names, &r.log.sink);
	network_sink_end(&r.log.sink);
	return r.log.is_known || err_set(err, ERR_UNSUPPORTED, 0, "no network log");
}
