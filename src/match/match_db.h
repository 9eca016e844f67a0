/* match_db: the layout of a literal database, for match's own sources only. */
#ifndef KANSHIKI_MATCH_MATCH_DB_H
#define KANSHIKI_MATCH_MATCH_DB_H

#include "match/match.h"

#define MATCH_WINDOW 4
#define MATCH_HASH_FACTOR UINT32_C(0x9e3779b1)

/* One way that one window of a literal may look. */
struct match_entry {
	uint64_t value, mask;	/* of the eight bytes (or fewer) at `check` in the literal */
	uint32_t literal;
	uint32_t window;	/* where the window stands in the literal */
	uint32_t check;
};

struct match_key {
	uint32_t window;	/* the four bytes, or the pair */
	uint32_t first, count;	/* into entries; count 0: free slot */
};

struct match_text {
	const uint8_t *bytes, *mask;	/* mask[i] tells which bits of bytes[i] count */
	uint32_t len;
	uint32_t id;
};

/*
 * A coarser answer than the bitmap's, for 32 places at once, where windows are few:
 * eight buckets of windows, and for each of the four bytes which buckets have one
 * with that low, or high, half.
 */
struct match_nibbles {
	uint8_t low[MATCH_WINDOW][16], high[MATCH_WINDOW][16];
};

/* False: too many keys, or too much would pass. */
bool match_nibbles_build(struct match_nibbles *nibbles, const uint32_t *keys, size_t count);

/* Windows that may stand anywhere: four bytes for most, two for the shortest literals. */
struct match_table {
	const uint64_t *bitmap;		/* NULL: the table is empty */
	const struct match_nibbles *nibbles;	/* NULL: the bitmap alone */
	uint32_t bits;			/* log2 of bitmap's size */
	uint32_t slots;			/* of keys, a power of two */
	const struct match_key *keys;
	const struct match_entry *entries;
};

struct match_db {
	size_t count;
	const struct match_text *texts;
	struct match_table wide;	/* MATCH_WINDOW bytes */
	struct match_table pairs;
};

static inline uint32_t match_hash(uint32_t window, uint32_t bits)
{
	return (window * MATCH_HASH_FACTOR) >> (32 - bits);
}

/* The low bits of a product know nothing of the window's high bytes: fold them in first. */
static inline uint32_t match_slot(const struct match_table *table, uint32_t window)
{
	uint32_t mixed = (window ^ window >> 15) * UINT32_C(0x85ebca6b);

	return (mixed ^ mixed >> 13) & (table->slots - 1);
}

#endif
