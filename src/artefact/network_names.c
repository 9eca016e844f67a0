#include "artefact/network.h"

#include "base/domain.h"
#include "codec/json_write.h"

#define KEY_MOST ((size_t)4 << 10)
#define RECENT 64

/* Of a client, a name and a type. */
struct name_sum {
	struct name_sum *next;
	struct domain_sum *domain;
	struct span client, server, name, type, answers, host;
	timestamp first, last;
	uint64_t questions, answered, missing, bytes_out, bytes_in;
};

/* Of a client and a registered domain; also sums the names beyond what is told. */
struct domain_sum {
	struct domain_sum *next;
	struct span client, server, name, host;
	uint32_t names;				/* told one by one */
	timestamp first, last;			/* from here on of those beyond */
	uint64_t questions, answered, missing, bytes_out, bytes_in;
	uint64_t beyond, below_bytes;		/* distinct names, nearly; bytes below the domain */
	uint64_t recent[RECENT];		/* their hashes, so that a repeated one counts once */
};

struct network_names network_names_new(const struct artefact *a, const char *source)
{
	return (struct network_names){ .a = a, .source = source, .names = map_new(a->arena),
				       .domains = map_new(a->arena), .key = buf_new(KEY_MOST) };
}

static void widen(timestamp *first, timestamp *last, timestamp t)
{
	if (t == TIME_NONE)
		return;
	if (*first == TIME_NONE || t < *first)
		*first = t;
	if (*last == TIME_NONE || t > *last)
		*last = t;
}

static struct span key_of(struct network_names *n, struct span client, struct span name,
			  struct span type)
{
	buf_clear(&n->key);
	buf_add(&n->key, client);
	buf_add_u8(&n->key, 0);
	buf_add(&n->key, name);
	buf_add_u8(&n->key, 0);
	buf_add(&n->key, type);
	return buf_span(&n->key);
}

static struct domain_sum *new_domain(struct network_names *n, const struct network_name *name,
				     struct span domain)
{
	struct domain_sum *d = ARENA_NEW(n->a->arena, struct domain_sum);

	if (!d)
		return NULL;
	d->client = arena_copy(n->a->arena, name->client);
	d->server = arena_copy(n->a->arena, name->server);
	d->host = arena_copy(n->a->arena, name->host);
	d->name = arena_copy(n->a->arena, domain);
	d->first = d->last = TIME_NONE;
	if (n->last_domain)
		*n->last_domain = d;
	else
		n->first_domain = d;
	n->last_domain = &d->next;
	n->domain_count++;
	return d;
}

static struct domain_sum *domain_of(struct network_names *n, const struct network_name *name)
{
	struct span registered = domain_registered(name->name);
	struct span key = key_of(n, name->client, registered, (struct span){ 0 });
	struct domain_sum *d = map_get(&n->domains, key);
	void **slot;

	if (d)
		return d;
	if (n->domain_count >= NETWORK_DOMAINS_MOST) {
		if (!n->others)
			n->others = new_domain(n, &(struct network_name){ 0 }, (struct span){ 0 });
		return n->others;
	}
	slot = map_slot(&n->domains, arena_copy(n->a->arena, key));
	d = slot ? new_domain(n, name, registered) : NULL;
	if (d)
		*slot = d;
	return d;
}

static struct name_sum *new_name(struct network_names *n, const struct network_name *name,
				 struct span key)
{
	void **slot = map_slot(&n->names, arena_copy(n->a->arena, key));
	struct name_sum *s = slot ? ARENA_NEW(n->a->arena, struct name_sum) : NULL;

	if (!s)
		return NULL;
	s->client = arena_copy(n->a->arena, name->client);
	s->server = arena_copy(n->a->arena, name->server);
	s->host = arena_copy(n->a->arena, name->host);
	s->name = arena_copy(n->a->arena, name->name);
	s->type = arena_copy(n->a->arena, name->type);
	s->first = s->last = TIME_NONE;
	if (n->last)
		*n->last = s;
	else
		n->first = s;
	n->last = &s->next;
	n->name_count++;
	*slot = s;
	return s;
}

static void count(const struct network_name *name, uint64_t *questions, uint64_t *answered,
		  uint64_t *missing)
{
	*questions += !name->is_answer;
	*answered += name->is_answer;
	*missing += name->is_missing;
}

static void add_beyond(struct network_names *n, struct domain_sum *d, const struct network_name *name)
{
	static const uint64_t seed[2] = { 1, 2 };	/* the same count each time */
	uint64_t hash = map_hash(seed, name->name);
	uint64_t *recent = &d->recent[hash % RECENT];

	widen(&d->first, &d->last, name->time);
	count(name, &d->questions, &d->answered, &d->missing);
	d->bytes_out += name->bytes_out;
	d->bytes_in += name->bytes_in;
	if (*recent == hash)
		return;
	*recent = hash;
	d->beyond++;
	d->below_bytes += domain_information(domain_below(name->name));
}

void network_names_add(struct network_names *n, const struct network_name *name)
{
	struct span key = key_of(n, name->client, name->name, name->type);
	struct name_sum *s = map_get(&n->names, key);
	struct domain_sum *d;

	if (!s) {
		d = domain_of(n, name);
		if (!d) {
			n->a->lost(n->a->context, 1);
			return;
		}
		if (d == n->others || n->name_count >= NETWORK_NAMES_TOLD ||
		    d->names >= NETWORK_NAMES_OF_DOMAIN) {
			add_beyond(n, d, name);
			return;
		}
		s = new_name(n, name, key_of(n, name->client, name->name, name->type));
		if (!s) {
			add_beyond(n, d, name);
			return;
		}
		d->names++;
	}
	widen(&s->first, &s->last, name->time);
	count(name, &s->questions, &s->answered, &s->missing);
	s->bytes_out += name->bytes_out;
	s->bytes_in += name->bytes_in;
	if (!s->answers.len && name->answers.len)
		s->answers = arena_copy(n->a->arena, name->answers);
}

static struct trace trace_of(const struct network_names *n, timestamp first, timestamp last,
			     uint64_t questions, uint64_t answered)
{
	struct trace t = trace_new(TRACE_DNS, questions ? "query" : "answer");

	t.time = first;
	t.last = last;
	t.source = span_text(n->source);
	t.count = questions ? questions : answered;
	return t;
}

static void tell_name(struct network_names *n, const struct name_sum *s, struct network_sink *sink)
{
	struct trace t = trace_of(n, s->first, s->last, s->questions, s->answered);
	struct buf detail = buf_new((size_t)16 << 10);
	struct json_write w = json_write_to(&detail);

	t.local = s->client;
	t.peer = s->server;
	t.name = s->name;
	t.protocol = s->type;
	t.host = s->host;
	t.bytes_out = s->bytes_out;
	t.bytes_in = s->bytes_in;
	if (s->answers.len || s->missing) {
		json_object(&w);
		if (s->answers.len) {
			json_key(&w, "answers");
			json_span(&w, s->answers);
		}
		if (s->missing) {
			json_key(&w, "no_such_name");
			json_u64(&w, s->missing);
		}
		json_object_end(&w);
		t.detail = buf_span(&detail);
	}
	sink->enough |= !n->a->trace(n->a->context, &t);
	buf_free(&detail);
}

static void tell_beyond(struct network_names *n, const struct domain_sum *d,
			struct network_sink *sink)
{
	struct trace t = trace_of(n, d->first, d->last, d->questions, d->answered);
	struct buf name = buf_new(KEY_MOST), detail = buf_new(256);

	buf_printf(&name, "*.%.*s", SPAN_ARG(d->name));
	buf_printf(&detail, "{\"names\":%llu,\"below_bytes\":%llu,\"no_such_name\":%llu}",
		   (unsigned long long)d->beyond, (unsigned long long)d->below_bytes,
		   (unsigned long long)d->missing);
	t.local = d->client;
	t.peer = d->server;
	t.host = d->host;
	t.name = buf_span(&name);
	t.detail = buf_span(&detail);
	t.bytes_out = d->bytes_out;
	t.bytes_in = d->bytes_in;
	t.summary = SPAN("the sum of many names below a domain");
	sink->enough |= !n->a->trace(n->a->context, &t);
	buf_free(&name);
	buf_free(&detail);
}

void network_names_end(struct network_names *n, struct network_sink *sink)
{
	for (const struct name_sum *s = n->first; s && !sink->enough; s = s->next)
		tell_name(n, s, sink);
	for (const struct domain_sum *d = n->first_domain; d && !sink->enough; d = d->next)
		if (d->beyond)
			tell_beyond(n, d, sink);
	buf_free(&n->key);
}
