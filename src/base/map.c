#include "base/map.h"

#include <stdlib.h>
#include <sys/random.h>

#define ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein). */
uint64_t map_hash(const uint64_t seed[2], struct span s)
{
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
			  seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573 };
	uint64_t last = (uint64_t)s.len << 56;
	size_t whole = s.len & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8) {
		uint64_t word = load_u64le(s.at + i);

		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	for (size_t i = whole; i < s.len; i++)
		last |= (uint64_t)s.at[i] << (8 * (i - whole));
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	last = v[0] ^ v[1] ^ v[2] ^ v[3];
	return last ? last : 1;
}

struct map map_new_fixed_seed(struct arena *arena)
{
	return (struct map){ .arena = arena, .seed = { 0x6b616e7368696b69, 0x9159cab1 } };
}

struct map map_new(struct arena *arena)
{
	static uint64_t seed[2];
	struct map m = { .arena = arena };

	if (!seed[0] && getrandom(seed, sizeof seed, 0) != sizeof seed)
		abort();
	m.seed[0] = seed[0];
	m.seed[1] = seed[1];
	return m;
}

static struct map_slot *find(const struct map *m, struct span key, uint64_t hash)
{
	size_t at = hash & (m->room - 1);

	while (m->slots[at].hash &&
	       (m->slots[at].hash != hash || !span_eq(m->slots[at].key, key)))
		at = (at + 1) & (m->room - 1);
	return &m->slots[at];
}

void *map_get(const struct map *m, struct span key)
{
	if (!m->count)
		return NULL;
	return find(m, key, map_hash(m->seed, key))->value;
}

static bool grow(struct map *m)
{
	struct map bigger = *m;

	bigger.room = m->room ? m->room * 2 : 16;
	bigger.slots = ARENA_ARRAY(m->arena, bigger.room, struct map_slot);
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].hash)
			*find(&bigger, m->slots[i].key, m->slots[i].hash) = m->slots[i];
	*m = bigger;
	return true;
}

void **map_slot(struct map *m, struct span key)
{
	uint64_t hash = map_hash(m->seed, key);
	struct map_slot *slot;

	if ((m->count + 1) * 4 > m->room * 3 && !grow(m))
		return NULL;
	slot = find(m, key, hash);
	if (!slot->hash) {
		slot->key = key;
		slot->hash = hash;
		m->count++;
	}
	return &slot->value;
}

bool map_next(const struct map *m, size_t *at, struct span *key, void **value)
{
	for (; *at < m->room; (*at)++) {
		struct map_slot *slot = &m->slots[*at];

		if (!slot->hash)
			continue;
		*key = slot->key;
		*value = slot->value;
		(*at)++;
		return true;
	}
	return false;
}
