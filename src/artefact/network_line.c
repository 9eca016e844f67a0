#include "artefact/network_log.h"

#include "artefact/tell.h"
#include "base/domain.h"

#define LIKELY_BYTES ((size_t)4 << 20)
#define MAILS_MOST 50000
#define FIELDS_MOST 20

struct mail {
	struct span from;
	uint64_t size;
};

bool network_lines_likely(struct span bytes)
{
	const struct span words[] = { SPAN(" SRC="), SPAN("postfix/"), SPAN(" TCP_MISS/"),
		SPAN(" TCP_TUNNEL/"), SPAN(" TCP_HIT/"), SPAN(" TCP_DENIED/"),
		SPAN(" UPLOAD: Client \""), SPAN(" DOWNLOAD: Client \""), SPAN(" _ i r "),
		SPAN(" _ o r "), SPAN(" ACCEPT OK"), SPAN(" REJECT OK") };

	return span_find_word(span_sub(bytes, 0, LIKELY_BYTES), words, sizeof words / sizeof *words) !=
	       SIZE_MAX;
}

static size_t split_blanks(struct span line, struct span out[FIELDS_MOST])
{
	size_t count = 0;

	while (line.len && count < FIELDS_MOST) {
		struct span field = span_split(&line, ' ');

		if (field.len)
			out[count++] = field;
	}
	return count;
}

/* Seconds since 1970, with or without a fraction. */
static timestamp unix_time(struct span text)
{
	struct span fraction = text, seconds = span_split(&fraction, '.');
	uint64_t s, f = 0;

	if (!span_to_u64(seconds, &s) || s > UINT32_MAX)
		return TIME_NONE;
	fraction = span_sub(fraction, 0, 9);
	if (span_to_u64(fraction, &f))
		for (size_t i = fraction.len; i < 9; i++)
			f *= 10;
	return timestamp_of_unix((int64_t)s, (uint32_t)f);
}

static uint64_t number(struct span text)
{
	uint64_t n;

	return span_to_u64(text, &n) ? n : TRACE_NO_NUMBER;
}

static bool add(struct network_log *log, struct trace *t, const char *source, timestamp time,
		struct span host, uint64_t offset)
{
	t->source = span_text(source);
	if (t->time == TIME_NONE)
		t->time = time;
	t->host = host;
	t->offset = offset;
	if (t->count == TRACE_NO_NUMBER)
		t->count = 1;
	network_sink_add(&log->sink, t);
	return true;
}

/* ---- squid: time elapsed client code/status bytes method URL user hierarchy/peer type ---- */

struct span network_url_host(struct span url)
{
	size_t at = span_find(url, 0, SPAN("://"));

	if (at != SIZE_MAX)
		url = span_from(url, at + 3);
	url = span_split(&url, '/');
	/* "[2001:db8::1]:443" */
	if (url.len && url.at[0] == '[')
		return span_sub(url, 1, span_find_byte(url, 0, ']') - 1);
	at = span_find_byte(url, 0, ':');
	return span_sub(url, 0, at);
}

/* "TCP_MISS/200", "NONE_NONE/503": what squid did, and what it answered. */
static bool is_squid_result(struct span text)
{
	struct span code = text, did = span_split(&code, '/');
	uint64_t status;

	return (span_starts(did, SPAN("TCP_")) || span_starts(did, SPAN("UDP_")) ||
		span_starts(did, SPAN("NONE")) || span_starts(did, SPAN("TAG_NONE"))) &&
	       code.len == 3 && span_to_u64(code, &status);
}

/* squid's "referrer": time client referrer URL. */
static bool read_squid_referrer(struct network_log *log, struct span line, timestamp time, struct span host,
				uint64_t offset)
{
	struct span f[FIELDS_MOST];
	struct trace t = trace_new(TRACE_TRANSFER, "proxy");

	if (split_blanks(line, f) != 4 || unix_time(f[0]) == TIME_NONE || !domain_is_address(f[1]) ||
	    span_find(f[3], 0, SPAN("://")) == SIZE_MAX)
		return false;
	t.time = unix_time(f[0]);
	t.local = f[1];
	t.path = f[3];
	t.name = network_url_host(f[3]);
	t.protocol = SPAN("http");
	return add(log, &t, "squid referer.log", time, host, offset);
}

/* squid's "icap_squid": time elapsed client result/status bytes method URL user -/server -. */
static bool read_squid_icap(struct network_log *log, struct span line, timestamp time, struct span host,
			    uint64_t offset)
{
	struct span f[FIELDS_MOST];
	struct trace t = trace_new(TRACE_TRANSFER, "proxy");

	if (split_blanks(line, f) < 9 || unix_time(f[0]) == TIME_NONE || !span_starts(f[3], SPAN("ICAP_")) ||
	    !span_starts(f[6], SPAN("icap")) || number(f[4]) == TRACE_NO_NUMBER)
		return false;
	t.time = unix_time(f[0]);
	t.local = f[2];
	t.bytes_in = number(f[4]);
	t.path = f[6];
	t.name = network_url_host(f[6]);
	t.user = span_eq(f[7], SPAN("-")) ? (struct span){ 0 } : f[7];
	t.peer = f[8];
	span_split(&t.peer, '/');
	t.protocol = SPAN("icap");
	return add(log, &t, "squid icap.log", time, host, offset);
}

static bool read_squid(struct network_log *log, struct span line, timestamp time, struct span host,
		       uint64_t offset)
{
	struct span f[FIELDS_MOST];
	size_t count = split_blanks(line, f);
	/* Where the reader took the time off the line, it begins with the elapsed milliseconds. */
	size_t at = count >= 9 && unix_time(f[0]) != TIME_NONE && is_squid_result(f[3]) ? 1 : 0;
	struct trace t = trace_new(TRACE_TRANSFER, "proxy");
	struct span peer;

	/* With another number behind the first, nobody knows which of them went which way. */
	if (count < at + 8 || !is_squid_result(f[at + 2]) || number(f[at + 3]) == TRACE_NO_NUMBER ||
	    number(f[at + 4]) != TRACE_NO_NUMBER)
		return false;
	if (at)
		t.time = unix_time(f[0]);
	t.local = f[at + 1];
	t.bytes_in = number(f[at + 3]);
	t.name = network_url_host(f[at + 5]);
	t.path = f[at + 5];
	t.user = span_eq(f[at + 6], SPAN("-")) ? (struct span){ 0 } : f[at + 6];
	peer = f[at + 7];
	span_split(&peer, '/');
	t.peer = span_eq(peer, SPAN("-")) ? (struct span){ 0 } : peer;
	t.protocol = span_eq(f[at + 4], SPAN("CONNECT")) ? SPAN("tls") : SPAN("http");
	return add(log, &t, "squid access.log", time, host, offset);
}

/* ---- packet filters of Linux: "... IN=eth0 OUT= SRC=… DST=… LEN=60 … PROTO=TCP SPT=1 DPT=2" ---- */

static struct span value_of(struct span line, struct span key)
{
	size_t at = span_find(line, 0, key);

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	line = span_from(line, at + key.len);
	return span_split(&line, ' ');
}

static struct span with_port(struct arena *arena, struct span address, struct span port)
{
	if (!port.len)
		return address;
	return arena_printf(arena, span_find_byte(address, 0, ':') == SIZE_MAX ? "%.*s:%.*s" : "[%.*s]:%.*s",
			    SPAN_ARG(address), SPAN_ARG(port));
}

/* What the rule's author wrote in front: "[UFW BLOCK] IN=", "nft drop: IN=", "FINAL_REJECT: IN=". */
static bool says_blocked(struct span line)
{
	static const char *const words[] = { "block", "drop", "reject", "deny", "denied" };
	size_t end = span_find(line, 0, SPAN("IN="));

	line = span_sub(line, 0, end == SIZE_MAX ? line.len : end);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (tell_find_nocase(line, words[i]) != SIZE_MAX)
			return true;
	return false;
}

static bool read_filter(struct network_log *log, struct span line, timestamp time, struct span host,
			uint64_t offset)
{
	struct span from = value_of(line, SPAN(" SRC=")), to = value_of(line, SPAN(" DST="));
	struct trace t = trace_new(TRACE_TRANSFER, "firewall");
	struct arena room = arena_new(4096);
	bool blocked = says_blocked(line);

	if (!from.len || !to.len || from.len > 64 || to.len > 64) {
		arena_free(&room);
		return false;
	}
	t.local = with_port(&room, from, span_sub(value_of(line, SPAN(" SPT=")), 0, 8));
	t.peer = with_port(&room, to, span_sub(value_of(line, SPAN(" DPT=")), 0, 8));
	t.protocol = value_of(line, SPAN(" PROTO="));
	t.bytes_out = blocked ? 0 : number(value_of(line, SPAN(" LEN=")));
	t.detail = blocked ? SPAN("{\"action\":\"blocked\"}") : (struct span){ 0 };
	add(log, &t, "packet filter", time, host, offset);
	arena_free(&room);
	return true;
}

/* ---- FTP servers ---- */

static struct span take_quoted(struct span *rest)
{
	size_t at = span_find_byte(*rest, 0, '"');

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	*rest = span_from(*rest, at + 1);
	return span_split(rest, '"');
}

/* [pid 3] [ann] OK UPLOAD: Client "10.0.0.1", "/file", 1234 bytes, 1.2Kbyte/sec */
static bool read_vsftpd(struct network_log *log, struct span line, timestamp time, struct span host,
			uint64_t offset)
{
	bool upload = span_find(line, 0, SPAN(" OK UPLOAD: Client ")) != SIZE_MAX;
	struct trace t = trace_new(TRACE_TRANSFER, upload ? "download" : "upload");
	struct span rest = line, user = line;

	if (!upload && span_find(line, 0, SPAN(" OK DOWNLOAD: Client ")) == SIZE_MAX)
		return false;
	span_split(&user, ']');
	span_split(&user, '[');
	t.user = span_split(&user, ']');
	t.peer = take_quoted(&rest);
	t.path = take_quoted(&rest);
	span_split(&rest, ' ');
	t.bytes_out = upload ? 0 : number(span_split(&rest, ' '));
	t.bytes_in = upload ? number(span_split(&rest, ' ')) : 0;
	t.protocol = SPAN("ftp");
	return add(log, &t, "vsftpd.log", time, host, offset);
}

/* [date] 1 10.0.0.1 1234 /file b _ i r ann ftp 0 * c: "i" is to the server. */
static bool read_xferlog(struct network_log *log, struct span line, timestamp time, struct span host,
			 uint64_t offset)
{
	struct span f[FIELDS_MOST];
	size_t count = split_blanks(line, f), at = 0;
	struct trace t = trace_new(TRACE_TRANSFER, "upload");
	bool out;

	/* Behind the date, which the reader may have taken off. */
	while (at + 12 < count && !(span_eq(f[at + 5], SPAN("_")) && f[at + 6].len == 1))
		at++;
	if (at + 12 > count || !span_eq(f[at + 5], SPAN("_")) || f[at + 6].len != 1 ||
	    number(f[at + 2]) == TRACE_NO_NUMBER)
		return false;
	out = f[at + 6].at[0] == 'o';
	t.what = out ? SPAN("upload") : SPAN("download");
	t.peer = f[at + 1];
	t.path = f[at + 3];
	t.user = f[at + 8];
	t.bytes_out = out ? number(f[at + 2]) : 0;
	t.bytes_in = out ? 0 : number(f[at + 2]);
	t.protocol = SPAN("ftp");
	return add(log, &t, "xferlog", time, host, offset);
}

/* ---- postfix: the size comes before the delivery, joined by the queue's id ---- */

static struct span in_brackets(struct span line, struct span key)
{
	size_t at = span_find(line, 0, key);

	line = at == SIZE_MAX ? (struct span){ 0 } : span_from(line, at + key.len);
	return span_split(&line, '>');
}

static void keep_mail(struct network_log *log, struct span id, struct span line)
{
	struct mail *mail = log->mail_count < MAILS_MOST ? ARENA_NEW(log->a->arena, struct mail) : NULL;
	struct span size = value_of(line, SPAN(" size="));
	void **slot = mail ? map_slot(&log->mails, arena_copy(log->a->arena, id)) : NULL;

	if (!slot)
		return;
	log->mail_count++;
	mail->from = arena_copy(log->a->arena, in_brackets(line, SPAN("from=<")));
	mail->size = number(span_split(&size, ','));
	*slot = mail;
}

static bool read_postfix(struct network_log *log, struct span line, timestamp time,
			 struct span host, struct span program, uint64_t offset)
{
	struct trace t = trace_new(TRACE_TRANSFER, "mail");
	struct span rest = line, id = span_split(&rest, ':'), relay;
	const struct mail *mail;

	if (!span_starts(program, SPAN("postfix/")))
		return false;
	if (span_find(line, 0, SPAN("from=<")) != SIZE_MAX && span_find(line, 0, SPAN(" size=")) != SIZE_MAX) {
		keep_mail(log, id, line);
		return true;
	}
	if (span_find(line, 0, SPAN("status=sent")) == SIZE_MAX)
		return true;
	mail = map_get(&log->mails, id);
	relay = value_of(line, SPAN(" relay="));
	t.peer = span_split(&relay, ',');
	t.name = in_brackets(line, SPAN("to=<"));
	t.user = mail ? mail->from : (struct span){ 0 };
	t.bytes_out = mail ? mail->size : TRACE_NO_NUMBER;
	t.protocol = SPAN("smtp");
	return add(log, &t, "postfix", time, host, offset);
}

/* ---- VPC flow logs, version 2: fourteen fields ---- */

static bool read_vpc(struct network_log *log, struct span line, uint64_t offset)
{
	struct span f[FIELDS_MOST];
	struct trace t = trace_new(TRACE_TRANSFER, "flow");
	struct arena room = arena_new(4096);
	bool is_flow = split_blanks(line, f) == 14 && span_eq(f[0], SPAN("2")) &&
		       span_eq(f[13], SPAN("OK")) && f[3].len < 64 && f[4].len < 64 && f[5].len < 8 &&
		       f[6].len < 8;

	if (is_flow) {
		t.local = with_port(&room, f[3], f[5]);
		t.peer = with_port(&room, f[4], f[6]);
		t.protocol = span_eq(f[7], SPAN("6")) ? SPAN("tcp") : span_eq(f[7], SPAN("17")) ? SPAN("udp") : f[7];
		t.count = number(f[8]);
		t.bytes_out = number(f[9]);
		t.time = unix_time(f[10]);
		t.last = unix_time(f[11]);
		t.detail = span_eq(f[12], SPAN("REJECT")) ? SPAN("{\"action\":\"blocked\"}")
							  : (struct span){ 0 };
		add(log, &t, "vpc flow log", TIME_NONE, (struct span){ 0 }, offset);
	}
	arena_free(&room);
	return is_flow;
}

bool network_line_read(struct network_log *log, struct span line, timestamp time,
		       struct span host, struct span program, uint64_t offset)
{
	return line.len > 8 &&
	       (read_filter(log, line, time, host, offset) ||
		read_postfix(log, line, time, host, program, offset) ||
		read_squid(log, line, time, host, offset) || read_squid_icap(log, line, time, host, offset) ||
		read_squid_referrer(log, line, time, host, offset) || read_vsftpd(log, line, time, host, offset) ||
		read_xferlog(log, line, time, host, offset) || read_vpc(log, line, offset));
}
