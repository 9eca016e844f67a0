#include "artefact/network_flow.h"

#define FRAGMENTS 1024
#define WAITING 256

/* What all fragments of a packet say alike. */
struct fragment_key {
	uint8_t from[16], to[16];
	uint32_t id, protocol;		/* no byte between the members: compared as bytes */
};

/* The ports of a first fragment, which the later ones do not say. */
struct fragment_ports {
	struct fragment_key key;
	uint16_t from, to;
};

/* A later fragment that came before its first. */
struct fragment_waiting {
	struct fragment_key key;
	bool is_waiting;
	struct packet packet;		/* without its payload */
	timestamp time;
	uint32_t wire;
	uint64_t offset;
};

#define WHOLES 32			/* packets put together at once */
#define WHOLE_MOST 65536
#define UNIT 8				/* where a fragment may begin */

/* A packet of IP whose fragments are put together, for what is inside. */
struct fragment_whole {
	struct fragment_key key;
	bool is_used, has_first;
	struct packet first;
	timestamp time;
	uint32_t end;			/* of the payload; 0: not known yet */
	uint8_t there[WHOLE_MOST / UNIT / 8];
	uint8_t bytes[WHOLE_MOST];
};

struct fragments {
	struct fragment_ports ports[FRAGMENTS];
	struct fragment_waiting waiting[WAITING];
	uint32_t waiting_count, next;	/* the oldest gives way */
	struct fragment_whole *wholes[WHOLES];
	uint32_t next_whole;		/* the oldest gives way */
};

bool fragments_new(struct network_flows *f)
{
	f->fragments = ARENA_NEW(f->arena, struct fragments);
	return f->fragments;
}

static struct fragment_key key_of(const struct packet *p)
{
	struct fragment_key key = { .id = p->fragment_id, .protocol = p->protocol };

	memcpy(key.from, p->from.address, 16);
	memcpy(key.to, p->to.address, 16);
	return key;
}

static void tell_waiting(struct network_flows *f, struct fragment_waiting *w)
{
	if (!w->is_waiting)
		return;
	w->is_waiting = false;
	f->fragments->waiting_count--;
	flow_add_packet(f, &w->packet, w->time, w->wire, w->offset);
}

static void keep_waiting(struct network_flows *f, const struct fragment_waiting *fresh)
{
	struct fragment_waiting *place = &f->fragments->waiting[f->fragments->next++ % WAITING];

	tell_waiting(f, place);
	*place = *fresh;
	f->fragments->waiting_count++;
}

static void release(struct network_flows *f, const struct fragment_ports *first)
{
	struct fragment_waiting *w = f->fragments->waiting;

	for (size_t i = 0; i < WAITING && f->fragments->waiting_count; i++) {
		if (!w[i].is_waiting || memcmp(&w[i].key, &first->key, sizeof first->key))
			continue;
		w[i].packet.from.port = first->from;
		w[i].packet.to.port = first->to;
		tell_waiting(f, &w[i]);
	}
}

bool fragments_match(struct network_flows *f, struct packet *p, timestamp time, uint32_t wire,
		     uint64_t offset)
{
	static const uint64_t seed[2] = { 5, 6 };
	struct fragment_key key = key_of(p);
	struct fragment_ports *place;

	place = &f->fragments->ports[map_hash(seed, span_of(&key, sizeof key)) % FRAGMENTS];
	if (!p->is_later_fragment) {
		*place = (struct fragment_ports){ .key = key, .from = p->from.port, .to = p->to.port };
		release(f, place);
		return true;
	}
	if (!memcmp(&place->key, &key, sizeof key)) {
		p->from.port = place->from;
		p->to.port = place->to;
		return true;
	}
	p->payload = (struct span){ 0 };
	keep_waiting(f, &(struct fragment_waiting){ .key = key, .is_waiting = true, .packet = *p, .time = time,
						    .wire = wire, .offset = offset });
	return false;
}

/* ---- the whole ---- */

/* Of one that will never be whole its beginning is looked into. */
static void give_up(struct network_flows *f, struct fragment_whole *w)
{
	struct packet p = w->first;

	w->is_used = false;
	if (!w->has_first)
		return;
	p.payload = span_of(w->bytes + p.fragment_at, p.payload_length);
	flow_look_into(f, &p, w->time);
}

static struct fragment_whole *whole_of(struct network_flows *f, const struct fragment_key *key)
{
	struct fragment_whole **wholes = f->fragments->wholes, **place;

	for (size_t i = 0; i < WHOLES; i++)
		if (wholes[i] && wholes[i]->is_used && !memcmp(&wholes[i]->key, key, sizeof *key))
			return wholes[i];
	place = &wholes[f->fragments->next_whole++ % WHOLES];
	if (*place && (*place)->is_used)
		give_up(f, *place);
	if (!*place && !(*place = ARENA_NEW(f->arena, struct fragment_whole)))
		return NULL;
	(*place)->key = *key;
	(*place)->is_used = true;
	(*place)->has_first = false;
	(*place)->end = 0;
	memset((*place)->there, 0, sizeof (*place)->there);
	return *place;
}

static void keep_piece(struct fragment_whole *w, const struct packet *p)
{
	uint32_t begin = p->is_later_fragment ? p->fragment_at / UNIT : 0, end = p->fragment_at + p->payload_length;

	memcpy(w->bytes + p->fragment_at, p->payload.at, p->payload_length);
	for (uint32_t i = begin; i < (p->is_last_fragment ? end + UNIT - 1 : end) / UNIT; i++)
		w->there[i / 8] |= (uint8_t)(1u << i % 8);
	if (p->is_last_fragment)
		w->end = end;
}

/* Up to its end: what claims to lie behind it stands for nothing that is missing. */
static bool is_whole(const struct fragment_whole *w)
{
	if (!w->has_first || w->end <= w->first.fragment_at)
		return false;
	for (uint32_t i = 0; i < (w->end + UNIT - 1) / UNIT; i++)
		if (!(w->there[i / 8] >> i % 8 & 1))
			return false;
	return true;
}

void fragments_join(struct network_flows *f, const struct packet *p, timestamp time)
{
	struct fragment_key key = key_of(p);
	struct fragment_whole *w;
	struct packet whole;

	/* What the capture cut off will not come. */
	if (p->payload.len < p->payload_length || p->fragment_at + p->payload_length > WHOLE_MOST) {
		if (!p->is_later_fragment)
			flow_look_into(f, p, time);
		return;
	}
	w = p->payload.len ? whole_of(f, &key) : NULL;
	if (!w)
		return;
	keep_piece(w, p);
	if (!p->is_later_fragment) {
		w->first = *p;
		w->has_first = true;
		w->time = time;
	}
	if (!is_whole(w))
		return;
	w->is_used = false;
	whole = w->first;
	whole.is_fragment = false;
	whole.payload_length = w->end - whole.fragment_at;
	whole.payload = span_of(w->bytes + whole.fragment_at, whole.payload_length);
	flow_look_into(f, &whole, w->time);
}

void fragments_end(struct network_flows *f)
{
	for (size_t i = 0; i < WHOLES; i++)
		if (f->fragments->wholes[i] && f->fragments->wholes[i]->is_used)
			give_up(f, f->fragments->wholes[i]);
	for (size_t i = 0; i < WAITING; i++)
		tell_waiting(f, &f->fragments->waiting[i]);
}
