/*
 * map: byte-string keys to pointers, in an arena.
 *
 * Open addressing over SipHash-1-3 with a key drawn once a process, so that
 * keys from evidence cannot be chosen to collide. Keys are borrowed: they must
 * outlive the map. Nothing is removed; the map goes with its arena. A map that
 * becomes part of a compiled rule image must use `map_new_fixed_seed`, because
 * the image outlives the process (rule text is bounded, so a flood there costs
 * its author only).
 */
#ifndef KANSHIKI_BASE_MAP_H
#define KANSHIKI_BASE_MAP_H

#include "base/arena.h"

struct map_slot {
	struct span key;
	void *value;
	uint64_t hash;		/* 0: free */
};

struct map {
	struct arena *arena;
	struct map_slot *slots;
	size_t room;		/* a power of two, or 0 */
	size_t count;
	uint64_t seed[2];
};

struct map map_new(struct arena *arena);
struct map map_new_fixed_seed(struct arena *arena);

/* NULL where the key is not there. */
void *map_get(const struct map *m, struct span key);
/* The slot's value to read or set, added (NULL) if new; NULL: out of memory. */
void **map_slot(struct map *m, struct span key);
/* Walks all slots: start with *at = 0; false at the end. Order is not stable. */
bool map_next(const struct map *m, size_t *at, struct span *key, void **value);

uint64_t map_hash(const uint64_t seed[2], struct span bytes);

#endif
