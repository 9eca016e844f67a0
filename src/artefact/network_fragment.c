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

struct fragments {
	struct fragment_ports ports[FRAGMENTS];
	struct fragment_waiting waiting[WAITING];
	uint32_t waiting_count, next;	/* the oldest gives way */
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

void fragments_end(struct network_flows *f)
{
	for (size_t i = 0; i < WAITING; i++)
		tell_waiting(f, &f->fragments->waiting[i]);
}
