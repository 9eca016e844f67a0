/*
 * DNS tunnels: data carried in the names that are asked for.
 *
 * A name server of the intruder's own sees every name below his domain, so each
 * question carries what stands before the domain, and each name only once (else a
 * cache would answer). For every client and registered domain the distinct names
 * and the bytes before the domain are summed: the information that went to its
 * owner (the idea of ibHH, arXiv 2307.02614). Honest domains with many names have
 * short ones, are asked for by many clients, or are on the allow list; reverse
 * lookups and local discovery are left out. Long names, types that carry bytes
 * (TXT, NULL) and mixed letters raise the level. What could have been taken is at
 * most the bytes before the domain; above a bound that is told as theft too.
 */
#include "assess/allow_list.h"
#include "assess/thresholds.h"
#include "assess/traffic.h"

#include "base/domain.h"
#include "case/query.h"
#include "codec/json_write.h"

#include <math.h>
#include <stdlib.h>

struct below {
	struct below *next;
	uint64_t item;
	struct span client, domain, server, host, sample;
	uint64_t names, information, questions, odd_types, bytes_out, bytes_in;
	uint32_t letters[256];
	timestamp first, last;
};

struct tunnels {
	struct analysis *a;
	struct map pairs, clients;	/* domain -> struct how many clients */
	struct below *first, **last;
	struct buf key;
};

static bool is_left_out(const struct tunnels *t, struct span name, struct span registered)
{
	return span_ends(name, SPAN(".arpa")) || span_ends(name, SPAN(".local")) ||
	       span_ends(name, SPAN(".localdomain")) || span_ends(name, SPAN(".lan")) ||
	       span_find_byte(registered, 0, '.') == SIZE_MAX || allow_list_why(t->a->allow, name).len;
}

static struct below *below_of(struct tunnels *t, sqlite3_stmt *q, struct span registered,
			      struct err *err)
{
	struct span client = query_span(q, 1);
	uint32_t *clients;
	struct below *b;
	bool is_new;

	buf_clear(&t->key);
	buf_add(&t->key, client);
	buf_add_u8(&t->key, 0);
	buf_add(&t->key, registered);
	b = traffic_slot(&t->pairs, buf_span(&t->key), sizeof *b, &is_new, err);
	if (!b || !is_new)
		return b;
	b->item = query_u64(q, 0, 0);
	b->client = arena_copy(t->a->arena, client);
	b->domain = arena_copy(t->a->arena, registered);
	b->server = arena_copy(t->a->arena, query_span(q, 2));
	b->host = arena_copy(t->a->arena, query_span(q, 10));
	b->first = b->last = TIME_NONE;
	*t->last = b;
	t->last = &b->next;
	clients = traffic_slot(&t->clients, registered, sizeof *clients, &is_new, err);
	if (clients)
		++*clients;
	return clients ? b : NULL;
}

/* Types whose answers carry bytes, or that no program asks for by itself. */
static bool is_odd_type(struct span type)
{
	return span_eq(type, SPAN("NULL")) || span_eq(type, SPAN("TXT")) ||
	       span_eq(type, SPAN("CNAME")) || span_eq(type, SPAN("MX")) ||
	       span_starts(type, SPAN("TYPE")) || span_eq(type, SPAN("ANY"));
}

static void widen(struct below *b, timestamp first, timestamp last)
{
	if (first != TIME_NONE && (b->first == TIME_NONE || first < b->first))
		b->first = first;
	if (last != TIME_NONE && (b->last == TIME_NONE || last > b->last))
		b->last = last;
}

static bool take_row(struct tunnels *t, sqlite3_stmt *q, struct err *err)
{
	struct span name = query_span(q, 3), registered, below;
	bool is_sum = span_starts(name, SPAN("*."));
	struct below *b;

	name = is_sum ? span_from(name, 2) : name;
	registered = is_sum ? name : domain_registered(name);
	if (is_left_out(t, name, registered))
		return true;
	b = below_of(t, q, registered, err);
	if (!b)
		return false;
	below = is_sum ? (struct span){ 0 } : domain_below(name);
	b->names += is_sum ? query_u64(q, 11, 0) : 1;
	b->information += is_sum ? query_u64(q, 12, 0) : domain_bytes(below);
	b->questions += query_u64(q, 5, 1);
	b->odd_types += is_odd_type(query_span(q, 4)) ? query_u64(q, 5, 1) : 0;
	b->bytes_out += query_u64(q, 6, 0);
	b->bytes_in += query_u64(q, 7, 0);
	widen(b, query_time(q, 8), query_time(q, 9));
	if (below.len > domain_below(b->sample).len)
		b->sample = arena_copy(t->a->arena, span_sub(name, 0, 300));
	while (below.len) {
		uint8_t byte = domain_take_byte(&below);

		b->letters[byte] += byte != '.';
	}
	return true;
}

/* Bits a character. */
static double entropy(const struct below *b)
{
	double total = 0, bits = 0;

	for (int i = 0; i < 256; i++)
		total += b->letters[i];
	for (int i = 0; i < 256; i++)
		if (b->letters[i])
			bits -= b->letters[i] / total * log2(b->letters[i] / total);
	return bits;
}

static bool is_tunnel(const struct tunnels *t, const struct below *b)
{
	const uint32_t *clients = map_get(&t->clients, b->domain);

	return b->names >= THRESHOLD(DNS_NAMES) && b->information >= THRESHOLD(DNS_INFORMATION) &&
	       (double)b->information >= THRESHOLD(DNS_MEAN_LENGTH) * (double)b->names &&
	       entropy(b) >= THRESHOLD(DNS_ENTROPY) && *clients <= THRESHOLD(DNS_CLIENTS);
}

static void describe(struct buf *to, const struct below *b)
{
	struct json_write w = json_write_to(to);

	json_object(&w);
	json_key(&w, "client"), json_span(&w, b->client);
	json_key(&w, "server"), json_span(&w, b->server);
	json_key(&w, "domain"), json_span(&w, b->domain);
	json_key(&w, "names"), json_u64(&w, b->names);
	json_key(&w, "information_bytes"), json_u64(&w, b->information);
	json_key(&w, "mean_length"), json_u64(&w, b->information / b->names);
	traffic_decimal(&w, "bits_a_letter", entropy(b));
	json_key(&w, "questions"), json_u64(&w, b->questions);
	json_key(&w, "questions_of_odd_types"), json_u64(&w, b->odd_types);
	json_key(&w, "bytes_out"), json_u64(&w, b->bytes_out);
	json_key(&w, "bytes_in"), json_u64(&w, b->bytes_in);
	json_key(&w, "example"), json_span(&w, b->sample);
	json_key(&w, "reasons");
	json_array(&w);
	json_text(&w, "very many names below one domain, each long and asked for once");
	if (b->odd_types * 2 >= b->questions)
		json_text(&w, "most questions are of types whose answers carry bytes");
	json_text(&w, "at most the bytes before the domain went to its owner");
	json_array_end(&w);
	json_object_end(&w);
}

static bool tell(struct tunnels *t, const struct below *b, struct err *err)
{
	bool is_strong = b->odd_types * 2 >= b->questions || b->information >= THRESHOLD(DNS_STRONG);
	struct buf text = buf_new((size_t)16 << 10);
	struct conclusion c = { .item = b->item, .harm = HARM_CONTROL,
		.level = is_strong ? LEVEL_HIGH : LEVEL_MEDIUM, .rule = SPAN("kanshiki.dns-tunnel"),
		.title = SPAN("Data is carried in the names that a host asks for"),
		.techniques = SPAN("T1071.004 T1572"), .first = b->first, .last = b->last,
		.count = b->questions, .host = b->host.len ? b->host : b->client };
	bool ok;

	describe(&text, b);
	c.matched = buf_span(&text);
	ok = analysis_tell(t->a, &c, err);
	if (ok && b->information >= THRESHOLD(DNS_THEFT)) {
		c.harm = HARM_THEFT;
		c.rule = SPAN("kanshiki.dns-theft");
		c.title = SPAN("Much data left in the names that a host asked for");
		c.techniques = SPAN("T1048.003");
		ok = analysis_tell(t->a, &c, err);
	}
	buf_free(&text);
	return ok;
}

bool analyse_dns_tunnel(struct analysis *a, struct err *err)
{
	static const char sql[] =
		"SELECT item, local, peer, name, protocol, count, bytes_out, bytes_in, time, last, host,"
		" json_extract(detail, '$.names'), json_extract(detail, '$.below_bytes') FROM trace"
		" WHERE kind = 'dns' AND name IS NOT NULL AND " QUERY_OF_PERIOD " ORDER BY id";
	struct tunnels t = { .a = a, .pairs = map_new(a->arena), .clients = map_new(a->arena),
			     .key = buf_new((size_t)64 << 10) };
	sqlite3_stmt *q;
	bool row, ok = query_prepare(a->db, sql, &q, err);

	t.last = &t.first;
	if (ok)
		query_bind_period(q, a->period);
	while (ok && (ok = query_step(q, &row, err)) && row)
		ok = take_row(&t, q, err);
	sqlite3_finalize(q);
	for (const struct below *b = t.first; ok && b; b = b->next)
		if (is_tunnel(&t, b))
			ok = tell(&t, b, err);
	buf_free(&t.key);
	return ok;
}
