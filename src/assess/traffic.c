#include "assess/traffic.h"

#include "base/domain.h"
#include "case/query.h"

#include <stdio.h>

#define NAMES_MOST 500000

/* Address and port apart: "10.0.0.1:443", "[::1]:443", "10.0.0.1", "::1". */
static struct span split_end(struct span end, uint16_t *port)
{
	size_t colon = end.len;
	uint64_t n;

	*port = 0;
	while (colon && end.at[colon - 1] != ':')
		colon--;
	if (!colon)
		return end;
	if (end.at[0] != '[' && span_find_byte(end, 0, ':') != colon - 1)
		return end;
	if (!span_to_u64(span_from(end, colon), &n) || n > UINT16_MAX)
		return end;
	*port = (uint16_t)n;
	end = span_sub(end, 0, colon - 1);
	return end.at[0] == '[' && end.len > 1 ? span_sub(end, 1, end.len - 2) : end;
}

/* The first two numbers of a dotted address; false where it is none. */
static bool first_numbers(struct span address, uint64_t *a, uint64_t *b)
{
	struct span rest = address, first = span_split(&rest, '.'), second = span_split(&rest, '.');

	return rest.len && span_to_u64(first, a) && span_to_u64(second, b) && *a < 256 && *b < 256;
}

bool traffic_is_part(const struct traffic_row *row)
{
	return span_eq(row->source, SPAN("capture")) && !span_eq(row->what, SPAN("flow"));
}

bool traffic_is_inside(struct span s)
{
	uint64_t a, b;

	if (first_numbers(s, &a, &b))
		return a == 10 || a == 127 || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) ||
		       (a == 169 && b == 254) || (a == 100 && b >= 64 && b < 128);
	return span_starts(s, SPAN("fe8")) || span_starts(s, SPAN("fd")) ||
	       span_starts(s, SPAN("fc")) || span_eq(s, SPAN("::1"));
}

bool traffic_is_nobody(struct span s)
{
	uint64_t a, b;

	if (first_numbers(s, &a, &b))
		return a == 0 || a >= 224;
	return span_starts(s, SPAN("ff")) || span_eq(s, SPAN("::"));
}

bool traffic_is_off_hours(timestamp t)
{
	int64_t hour = t / (3600 * TIME_SECOND), day = hour / 24 % 7;

	/* 1970-01-01 was a Thursday. */
	return t != TIME_NONE && t > 0 && (hour % 24 >= 22 || hour % 24 < 6 || day == 2 || day == 3);
}

void *traffic_slot(struct map *m, struct span key, size_t size, bool *is_new, struct err *err)
{
	void *found = map_get(m, key), **slot;

	*is_new = !found;
	if (found)
		return found;
	key = arena_copy(m->arena, key);
	found = arena_alloc(m->arena, size);
	slot = found && key.at ? map_slot(m, key) : NULL;
	if (!slot) {
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
		return NULL;
	}
	return *slot = found;
}

/* ---- names of addresses ---- */

struct traffic {
	struct analysis *a;
	const struct traffic_readers *readers;
	struct map names;		/* address -> struct span */
};

/* The first name in the order of the case stays. */
static bool learn(struct traffic *t, struct span address, struct span name, struct err *err)
{
	struct span *kept;
	bool is_new;

	if (!address.len || !name.len || !domain_is_address(address) || domain_is_address(name) ||
	    t->names.count >= NAMES_MOST)
		return true;
	kept = traffic_slot(&t->names, address, sizeof *kept, &is_new, err);
	if (kept && is_new)
		*kept = arena_copy(t->a->arena, name);
	return kept;
}

static bool learn_transfer(struct traffic *t, sqlite3_stmt *q, struct err *err)
{
	uint16_t port;

	return learn(t, split_end(query_span(q, 0), &port), query_span(q, 1), err);
}

/* "1.2.3.4, 5.6.7.8" */
static bool learn_answers(struct traffic *t, struct span answers, struct span name, struct err *err)
{
	uint16_t port;
	bool ok = true;

	while (ok && answers.len)
		ok = learn(t, split_end(span_trim(span_split(&answers, ',')), &port), name, err);
	return ok;
}

/* ---- rows ---- */

typedef bool row_fn(struct traffic *t, sqlite3_stmt *q, struct err *err);

static bool each_row(struct traffic *t, const char *sql, row_fn *take, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok = query_prepare(t->a->db, sql, &q, err);

	if (ok && sqlite3_bind_parameter_count(q))
		query_bind_period(q, t->a->period);
	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = take(t, q, err);
	sqlite3_finalize(q);
	return ok;
}

/* What follows a key of a detail that the network's decoders wrote. */
static struct span after(struct span detail, struct span key)
{
	size_t at = span_find(detail, 0, key);

	return at == SIZE_MAX ? (struct span){ 0 } : span_from(detail, at + key.len);
}

static struct span text_after(struct span detail, struct span key)
{
	struct span rest = after(detail, key);

	return span_split(&rest, '"');
}

static uint64_t number_after(struct span detail, struct span key)
{
	struct span rest = after(detail, key);
	size_t len = 0;
	uint64_t n;

	while (len < rest.len && rest.at[len] >= '0' && rest.at[len] <= '9')
		len++;
	return span_to_u64(span_sub(rest, 0, len), &n) ? n : 0;
}

static bool take_name(struct traffic *t, sqlite3_stmt *q, struct err *err)
{
	struct span detail = query_span(q, 11);
	struct traffic_name n = { .item = query_u64(q, 0, 0), .client = query_span(q, 1),
		.server = query_span(q, 2), .name = query_span(q, 3), .type = query_span(q, 4),
		.count = query_u64(q, 5, 1), .out = query_u64(q, 6, 0), .in = query_u64(q, 7, 0),
		.first = query_time(q, 8), .last = query_time(q, 9), .host = query_span(q, 10) };

	if (span_starts(detail, SPAN("{\"answers\"")) &&
	    !learn_answers(t, text_after(detail, SPAN("{\"answers\":\"")), n.name, err))
		return false;
	if (!query_u64(q, 12, 0))
		return true;
	n.is_sum = span_starts(n.name, SPAN("*."));
	if (n.is_sum) {
		n.name = span_from(n.name, 2);
		n.names = number_after(detail, SPAN("\"names\":"));
		n.below_bytes = number_after(detail, SPAN("\"below_bytes\":"));
	}
	return t->readers->name(t->readers->context, &n, err);
}

static struct span behind_at(struct span address)
{
	span_split(&address, '@');
	return span_split(&address, '>');
}

/* Of "a@hq.example, b@out.example" where it goes: the first that is not the sender's own place, else that. */
static struct span mail_domain(struct span recipients, struct span sender)
{
	struct span own = behind_at(sender), domain = { 0 };

	while (recipients.len && (!domain.len || span_eq_nocase(domain, own)))
		domain = behind_at(span_trim(span_split(&recipients, ',')));
	return domain;
}

static bool take_transfer(struct traffic *t, sqlite3_stmt *q, struct err *err)
{
	struct traffic_row row = { .item = query_u64(q, 0, 0), .what = query_span(q, 1),
		.source = query_span(q, 2),
		.name = query_span(q, 5), .protocol = query_span(q, 6), .time = query_time(q, 7),
		.last = query_time(q, 8), .out = query_u64(q, 9, 0), .in = query_u64(q, 10, 0),
		.count = query_u64(q, 11, 0), .detail = query_span(q, 12), .host = query_span(q, 13),
		.path = query_span(q, 15) };
	const struct span *name;
	uint16_t name_port;

	row.local = split_end(query_span(q, 3), &row.local_port);
	row.peer = split_end(query_span(q, 4), &row.peer_port);
	row.is_sum = span_starts(row.detail, SPAN("{\"sum_of\""));
	if (row.is_sum) {
		row.starts = text_after(row.detail, SPAN("\"starts\":\""));
		row.sizes = text_after(row.detail, SPAN("\"sizes\":\""));
	}
	row.is_local_inside = traffic_is_inside(row.local);
	row.is_peer_inside = traffic_is_inside(row.peer);
	if (span_eq(row.what, SPAN("mail")))
		row.name = mail_domain(row.name, query_span(q, 14));
	name = row.name.len ? NULL : map_get(&t->names, row.peer);
	if (name)
		row.name = *name;
	row.name = split_end(row.name, &name_port);
	return t->readers->transfer(t->readers->context, &row, err);
}

bool traffic_read(struct analysis *a, const struct traffic_readers *readers, struct err *err)
{
	static const char names[] = "SELECT peer, name FROM trace WHERE kind = 'transfer' AND"
		" what IN ('flow', 'web', 'tls', 'upload') AND name IS NOT NULL AND"
		" source NOT IN ('web server log', 'access log') ORDER BY id";
	static const char asked[] = "SELECT item, local, peer, name, protocol, count, bytes_out,"
		" bytes_in, time, last, host, detail, " QUERY_OF_PERIOD " FROM trace"
		" WHERE kind = 'dns' AND name IS NOT NULL ORDER BY id";
	static const char transfers[] = "SELECT item, what, source, local, peer, name, protocol,"
		" time, last, bytes_out, bytes_in, count, detail, host, user, path FROM trace"
		" WHERE kind = 'transfer' AND " QUERY_OF_PERIOD " ORDER BY id";
	struct traffic t = { .a = a, .readers = readers, .names = map_new(a->arena) };

	return each_row(&t, names, learn_transfer, err) && each_row(&t, asked, take_name, err) &&
	       each_row(&t, transfers, take_transfer, err);
}

struct span traffic_key(struct analysis *a, struct span one, struct span two, struct span three)
{
	buf_clear(&a->key);
	buf_add(&a->key, one);
	buf_add_u8(&a->key, 0);
	buf_add(&a->key, two);
	buf_add_u8(&a->key, 0);
	buf_add(&a->key, three);
	return buf_span(&a->key);
}

void traffic_decimal(struct json_write *w, const char *key, double n)
{
	char text[40];

	snprintf(text, sizeof text, "%.3f", n);
	json_key(w, key);
	json_raw(w, span_text(text));
}
