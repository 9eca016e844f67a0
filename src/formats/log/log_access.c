#include "formats/log/log_reader.h"

/* Access logs of web servers, and that of the proxy squid. */

/* A quoted part with backslash escapes, or a bracketed one, or a word. */
static struct span part(struct span *rest)
{
	uint8_t close;
	size_t i;
	struct span got;

	while (rest->len && rest->at[0] == ' ')
		*rest = span_from(*rest, 1);
	if (rest->len == 0 || (rest->at[0] != '"' && rest->at[0] != '['))
		return log_word(rest);
	close = rest->at[0] == '"' ? '"' : ']';
	for (i = 1; i < rest->len && rest->at[i] != close; i++)
		if (rest->at[i] == '\\')
			i++;
	got = span_sub(*rest, 1, (i < rest->len ? i : rest->len) - 1);
	*rest = span_from(*rest, i + 1);
	return got;
}

struct access {
	struct span host, address, user, stamp, request, status, bytes, referer, agent;
	struct span received, sent;	/* with the heads: mod_logio's %I and %O */
};

static bool is_quoted(struct span rest)
{
	return span_starts(span_trim(rest), SPAN("\""));
}

/* Two numbers end the line, and what was sent with the head is no less than without. */
static void read_whole_sizes(struct span rest, struct access *out)
{
	struct span received = log_word(&rest), sent = log_word(&rest);
	uint64_t in, all, body;

	if (!span_trim(rest).len && span_to_u64(received, &in) && span_to_u64(sent, &all) &&
	    (!span_to_u64(out->bytes, &body) || body <= all)) {
		out->received = received;
		out->sent = sent;
	}
}

/*
 * host ident user [time] "request" status bytes "referer" "agent" received sent; a virtual host
 * in front or not, and the last four there or not.
 */
static bool read_access(struct span line, struct access *out)
{
	struct span rest = line, ident;
	uint64_t n;

	*out = (struct access){ .address = { 0 } };
	out->address = log_word(&rest);
	ident = log_word(&rest);
	out->user = log_word(&rest);
	if (rest.len && rest.at[0] != '[') {
		out->host = out->address;
		out->address = ident;
		ident = out->user;
		out->user = log_word(&rest);
	}
	(void)ident;
	if (rest.len == 0 || rest.at[0] != '[')
		return false;
	out->stamp = part(&rest);
	if (rest.len < 2 || rest.at[0] != ' ' || rest.at[1] != '"')
		return false;
	out->request = part(&rest);
	out->status = log_word(&rest);
	out->bytes = log_word(&rest);
	if (is_quoted(rest)) {
		out->referer = part(&rest);
		out->agent = part(&rest);
	}
	read_whole_sizes(rest, out);
	return out->status.len == 3 && span_to_u64(out->status, &n);
}

/* squid's "useragent": address [time] "agent", and no more. */
static bool read_agent(struct span line, struct access *out)
{
	struct span rest = line;

	*out = (struct access){ .address = { 0 } };
	out->address = log_word(&rest);
	if (!out->address.len || rest.len < 2 || rest.at[0] != '[')
		return false;
	out->stamp = part(&rest);
	if (!is_quoted(rest))
		return false;
	out->agent = part(&rest);
	return !span_trim(rest).len;
}

bool log_is_access(struct span line)
{
	struct access access;

	return read_access(line, &access) || read_agent(line, &access);
}

static bool tell_agent(struct log_reader *r, struct span line, const struct access *a)
{
	struct log_row row = log_row_begin(r);
	size_t used;

	log_row_text(r, &row, "c-ip", a->address);
	log_row_text(r, &row, "cs-user-agent", log_unless_dash(a->agent));
	log_row_text(r, &row, "message", line);
	return log_row_end(r, &row, log_time(r, a->stamp, &used));
}

bool log_access_line(struct log_reader *r, struct span line)
{
	struct access a;
	struct log_row row;
	struct span rest, method, uri, query;
	size_t used;

	if (line.len == 0)
		return true;
	if (!read_access(line, &a)) {
		if (read_agent(line, &a))
			return tell_agent(r, line, &a);
		log_bad_line(r);
		return true;
	}
	rest = a.request;
	method = log_word(&rest);
	uri = log_word(&rest);
	query = uri;
	uri = span_split(&query, '?');
	row = log_row_begin(r);
	log_row_text(r, &row, "c-ip", a.address);
	log_row_some(r, &row, "cs-username", log_unless_dash(a.user));
	log_row_text(r, &row, "cs-method", method);
	log_row_text(r, &row, "cs-uri-stem", uri);
	log_row_text(r, &row, "cs-uri-query", query);
	log_row_text(r, &row, "cs-version", rest);
	log_row_text(r, &row, "sc-status", a.status);
	log_row_text(r, &row, "sc-bytes", a.bytes);
	log_row_text(r, &row, "cs-referer", log_unless_dash(a.referer));
	log_row_text(r, &row, "cs-user-agent", log_unless_dash(a.agent));
	log_row_some(r, &row, "vhost", a.host);
	log_row_some(r, &row, "io-received", a.received);
	log_row_some(r, &row, "io-sent", a.sent);
	log_row_text(r, &row, "message", line);
	return log_row_end(r, &row, log_time(r, a.stamp, &used));
}

/* ---- squid: time elapsed client code/status bytes method URL user hierarchy/peer type ---- */

struct squid {
	struct span stamp, elapsed, client, code, bytes, method, url, user, hierarchy, type;
	struct span referer;		/* in a form of its own: time client referrer URL */
};

/* 1700000000.123: the seconds since 1970 tell it from other logs. */
static bool is_epoch(struct span stamp)
{
	struct span fraction = stamp, seconds = span_split(&fraction, '.');
	uint64_t n;

	return seconds.len == 10 && fraction.len == 3 && span_to_u64(seconds, &n) &&
	       span_to_u64(fraction, &n);
}

static bool read_referer(struct span line, struct squid *out)
{
	struct span rest = line;

	*out = (struct squid){ .stamp = { 0 } };
	out->stamp = log_word(&rest);
	out->client = log_word(&rest);
	out->referer = log_word(&rest);
	out->url = log_word(&rest);
	return !span_trim(rest).len && is_epoch(out->stamp) && span_find(out->url, 0, SPAN("://")) != SIZE_MAX &&
	       (span_eq(out->referer, SPAN("-")) || span_find(out->referer, 0, SPAN("://")) != SIZE_MAX);
}

static bool read_squid(struct span line, struct squid *out)
{
	struct span rest = line, status;
	uint64_t n;

	out->stamp = log_word(&rest);
	out->elapsed = log_word(&rest);
	out->client = log_word(&rest);
	out->code = log_word(&rest);
	out->bytes = log_word(&rest);
	out->method = log_word(&rest);
	out->url = log_word(&rest);
	out->user = log_word(&rest);
	out->hierarchy = log_word(&rest);
	out->type = log_word(&rest);
	status = out->code;
	span_split(&status, '/');
	return is_epoch(out->stamp) && status.len == 3 && span_to_u64(status, &n) &&
	       span_to_u64(out->bytes, &n) && span_find_byte(out->hierarchy, 0, '/') != SIZE_MAX;
}

bool log_is_squid(struct span line)
{
	struct squid squid;

	return read_squid(line, &squid) || read_referer(line, &squid);
}

/* What stands behind the last full stop of the last part of a path. */
static struct span extension_of(struct span path)
{
	struct span found = span_sub(path, path.len, 0);

	for (size_t i = path.len; i-- && path.at[i] != '/';)
		if (path.at[i] == '.')
			return span_from(path, i + 1);
	return found;
}

/* scheme://host:port/path?query, or host:port alone where a tunnel is asked for. */
static void add_url(struct log_reader *r, struct log_row *row, struct span url)
{
	size_t scheme = span_find(url, 0, SPAN("://"));
	struct span rest = scheme == SIZE_MAX ? url : span_from(url, scheme + 3), host, path, query, name;
	size_t slash = span_find_byte(rest, 0, '/');

	host = span_sub(rest, 0, slash);
	query = span_from(rest, host.len);
	path = span_split(&query, '?');
	name = host.len && host.at[0] == '[' ? span_sub(host, 1, span_find_byte(host, 0, ']') - 1)
					     : span_split(&host, ':');
	log_row_text(r, row, "c-uri", url);
	log_row_text(r, row, "c-uri-stem", path);
	log_row_text(r, row, "c-uri-query", query);
	log_row_text(r, row, "c-uri-extension", extension_of(path));
	log_row_text(r, row, "cs-host", name);
}

static bool tell_referer(struct log_reader *r, struct span line, const struct squid *s)
{
	struct log_row row = log_row_begin(r);

	log_row_text(r, &row, "c-ip", s->client);
	add_url(r, &row, s->url);
	log_row_some(r, &row, "cs-referer", log_unless_dash(s->referer));
	log_row_text(r, &row, "message", line);
	return log_row_end(r, &row, log_field_time(r, s->stamp));
}

bool log_squid_line(struct log_reader *r, struct span line)
{
	struct squid s;
	struct log_row row;
	struct span status, hierarchy;

	if (line.len == 0)
		return true;
	if (!read_squid(line, &s)) {
		if (read_referer(line, &s))
			return tell_referer(r, line, &s);
		log_bad_line(r);
		return true;
	}
	status = s.code;
	hierarchy = s.hierarchy;
	row = log_row_begin(r);
	log_row_text(r, &row, "c-ip", s.client);
	log_row_some(r, &row, "cs-username", log_unless_dash(s.user));
	log_row_text(r, &row, "cs-method", s.method);
	add_url(r, &row, s.url);
	log_row_text(r, &row, "s-action", span_split(&status, '/'));
	log_row_text(r, &row, "sc-status", status);
	log_row_text(r, &row, "sc-bytes", s.bytes);
	log_row_text(r, &row, "time-taken", s.elapsed);
	log_row_text(r, &row, "s-hierarchy", span_split(&hierarchy, '/'));
	log_row_text(r, &row, "r-ip", log_unless_dash(hierarchy));
	log_row_text(r, &row, "rs-content-type", log_unless_dash(s.type));
	log_row_text(r, &row, "message", line);
	return log_row_end(r, &row, log_field_time(r, s.stamp));
}
