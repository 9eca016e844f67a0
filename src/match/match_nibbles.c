#include "match/match_db.h"

#define KEYS_MOST 4096		/* more are not worth trying */
#define LOOKS_MOST 0.005	/* per byte of data, for another look to stay cheap */
#define ZEROS 0.25		/* of ordinary data */

static unsigned count_of(const struct match_nibbles *n, unsigned place, uint8_t bucket, bool high)
{
	const uint8_t *table = high ? n->high[place] : n->low[place];
	unsigned count = 0;

	for (unsigned i = 0; i < 16; i++)
		count += (table[i] & bucket) != 0;
	return count;
}

/* Of 2^32 windows, those that the bucket would let through, with one more key. */
static double size_with(const struct match_nibbles *n, uint8_t bucket, uint32_t key)
{
	double size = 1;

	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		uint8_t byte = (uint8_t)(key >> 8 * place);
		unsigned low = count_of(n, place, bucket, false), high = count_of(n, place, bucket, true);

		low += !(n->low[place][byte & 15] & bucket);
		high += !(n->high[place][byte >> 4] & bucket);
		size *= low * high;
	}
	return size;
}

static void add(struct match_nibbles *n, uint8_t bucket, uint32_t key)
{
	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		uint8_t byte = (uint8_t)(key >> 8 * place);

		n->low[place][byte & 15] |= bucket;
		n->high[place][byte >> 4] |= bucket;
	}
}

/* Into the bucket that grows least; an empty one only where that is better. */
static void place_key(struct match_nibbles *n, double sizes[8], uint32_t key)
{
	unsigned best = 0;
	double least = 0, size = 0;

	for (unsigned i = 0; i < 8; i++) {
		double with = size_with(n, (uint8_t)(1 << i), key), growth = with - sizes[i];

		if (!i || growth < least) {
			least = growth;
			size = with;
			best = i;
		}
	}
	add(n, (uint8_t)(1 << best), key);
	sizes[best] = size;
}

static double chance_of(const struct match_nibbles *n, uint8_t bucket)
{
	double chance = 1;

	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		double here = 0;

		for (unsigned byte = 0; byte < 256; byte++)
			if (n->low[place][byte & 15] & n->high[place][byte >> 4] & bucket)
				here += byte ? (1 - ZEROS) / 255 : ZEROS;
		chance *= here;
	}
	return chance;
}

bool match_nibbles_build(struct match_nibbles *n, const uint32_t *keys, size_t count)
{
	double sizes[8] = { 0 }, looks = 0;

	*n = (struct match_nibbles){ 0 };
	if (!count || count > KEYS_MOST)
		return false;
	for (size_t i = 0; i < count; i++)
		place_key(n, sizes, keys[i]);
	for (unsigned i = 0; i < 8; i++)
		looks += chance_of(n, (uint8_t)(1 << i));
	return looks <= LOOKS_MOST;
}
