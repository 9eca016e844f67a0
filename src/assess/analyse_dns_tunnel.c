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
};

static bool is_left_out(const struct tunnels *t, struct span name, struct span registered)
{
	return span_ends(name, SPAN(".arpa")) || span_ends(name, SPAN(".local")) ||
	       span_ends(name, SPAN(".localdomain")) || span_ends(name, SPAN(".lan")) ||
	       span_find_byte(registered, 0, '.') == SIZE_MAX || allow_list_why(t->a->allow, name).len;
}

static struct below *below_of(struct tunnels *t, const struct traffic_name *n,
			      struct span registered, struct err *err)
{
	struct arena *arena = t->a->arena;
	uint32_t *clients;
	struct below *b;
	bool is_new;

	b = traffic_slot(&t->pairs, traffic_key(t->a, n->client, registered, (struct span){ 0 }),
			 sizeof *b, &is_new, err);
	if (!b || !is_new)
		return b;
	b->item = n->item;
	b->client = arena_copy(arena, n->client);
	b->domain = arena_copy(arena, registered);
	b->server = arena_copy(arena, n->server);
	b->host = arena_copy(arena, n->host);
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

bool dns_tunnel_name(struct analysis *a, const struct traffic_name *n, struct err *err)
{
	struct tunnels *t = a->state;
	struct span registered = n->is_sum ? n->name : domain_registered(n->name), below;
	struct below *b;

	if (is_left_out(t, n->name, registered))
		return true;
	b = below_of(t, n, registered, err);
	if (!b)
		return false;
	below = n->is_sum ? (struct span){ 0 } : domain_below(n->name);
	b->names += n->is_sum ? n->names : 1;
	b->information += n->is_sum ? n->below_bytes : domain_information(below);
	b->questions += n->count;
	b->odd_types += is_odd_type(n->type) ? n->count : 0;
	b->bytes_out += n->out;
	b->bytes_in += n->in;
	widen(b, n->first, n->last);
	if (below.len > domain_below(b->sample).len)
		b->sample = arena_copy(a->arena, span_sub(n->name, 0, 300));
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

bool dns_tunnel_begin(struct analysis *a, struct err *err)
{
	struct tunnels *t = ARENA_NEW(a->arena, struct tunnels);

	if (!t)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory");
	*t = (struct tunnels){ .a = a, .pairs = map_new(a->arena), .clients = map_new(a->arena),
			       .last = &t->first };
	a->state = t;
	return true;
}

bool analyse_dns_tunnel(struct analysis *a, struct err *err)
{
	struct tunnels *t = a->state;
	bool ok = true;

	for (const struct below *b = t->first; ok && b; b = b->next)
		if (is_tunnel(t, b))
			ok = tell(t, b, err);
	return ok;
}
