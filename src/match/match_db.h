/* match_db: the layout of a literal database, for match's own sources only. */
#ifndef KANSHIKI_MATCH_MATCH_DB_H
#define KANSHIKI_MATCH_MATCH_DB_H

#include "match/match.h"

#define MATCH_WINDOW 4
#define MATCH_STRIDE 4		/* windows of long literals are looked for at every fourth place */
#define MATCH_LONG 7		/* bytes of such a window */
#define MATCH_CORE (MATCH_LONG + MATCH_STRIDE - 1)
#define MATCH_FOLD UINT32_C(0xdfdfdfdf)	/* letters of both cases look alike in long windows */
#define MATCH_LONG_REST (MATCH_FOLD >> 8 * (8 - MATCH_LONG))

#define MATCH_FACTOR UINT32_C(0x9e3779b1)
#define MATCH_FACTOR_REST UINT32_C(0x85ebca77)
#define MATCH_BUCKETS_LEAST 4	/* log2 */

/* One way that one window of a literal may look. */
struct match_entry {
	uint64_t value, mask;	/* of the eight bytes (or fewer) at `check` in the literal */
	uint32_t literal;
	uint32_t window;	/* where the window stands in the literal */
	uint32_t check;
	uint32_t hash;		/* of the window */
};

struct match_text {
	const uint8_t *bytes, *mask;	/* mask[i] tells which bits of bytes[i] count */
	uint32_t len;
	uint32_t id;
};

/*
 * A coarser answer than the filter's, for 32 places at once, where windows are few:
 * eight buckets of windows, and for each of the four bytes which buckets have one
 * with that low, or high, half.
 */
struct match_nibbles {
	uint8_t low[MATCH_WINDOW][16], high[MATCH_WINDOW][16];
};

/* False: too many keys, or too much would pass. */
bool match_nibbles_build(struct match_nibbles *nibbles, const uint32_t *keys, size_t count);

/*
 * Windows by their hash. The filter says "surely not" of most places: a hash has
 * two bits in one of its words. Entries of a bucket lie side by side.
 */
struct match_table {
	const uint32_t *filter;		/* NULL: the table is empty */
	const struct match_nibbles *nibbles;	/* NULL: the filter alone */
	uint32_t bits;			/* log2 of the filter's size in bits */
	uint32_t bucket_bits;
	const uint32_t *starts;		/* [1 << bucket_bits, and one] into entries */
	const struct match_entry *entries;
};

struct match_db {
	size_t count;
	const struct match_text *texts;
	struct match_table long_ones;	/* MATCH_LONG bytes, each literal at MATCH_STRIDE places */
	struct match_table wide;	/* MATCH_WINDOW bytes */
	struct match_table pairs;
};

/* Places that are looked up at once. */
enum match_width { MATCH_ONE, MATCH_EIGHT, MATCH_SIXTEEN };

/* What this processor can do. */
enum match_width match_width_here(void);
/* As match_scan, at a width that is not above match_width_here. */
void match_scan_by(enum match_width width, const struct match_db *db, struct span data,
		   const bool *enough, match_fn *found, void *context);

/* Of a window of MATCH_WINDOW bytes, or a pair. */
static inline uint32_t match_hash(uint32_t window)
{
	return window * MATCH_FACTOR;
}

/* Of a long window: its first four bytes, and four with the rest. */
static inline uint32_t match_hash_long(uint32_t first, uint32_t rest)
{
	return (first & MATCH_FOLD) * MATCH_FACTOR + (rest & MATCH_LONG_REST) * MATCH_FACTOR_REST;
}

/* The word of the filter, and the two bits there, that stand for a hash. */
static inline uint32_t match_filter_word(const struct match_table *table, uint32_t hash)
{
	return hash >> (37 - table->bits);
}

static inline uint32_t match_filter_bits(const struct match_table *table, uint32_t hash)
{
	return UINT32_C(1) << (hash >> (32 - table->bits) & 31) |
	       UINT32_C(1) << ((hash ^ hash >> 16) & 31);
}

static inline uint32_t match_bucket(const struct match_table *table, uint32_t hash)
{
	return hash >> (32 - table->bucket_bits);
}

#endif
