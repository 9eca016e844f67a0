#include "match/rarity.h"

#include <math.h>

static double chance(char letter)
{
	/* 2^-(n/2) for n of 0 to 63, exact enough in one multiplication each. */
	static const double halves[2] = { 1.0, 0.70710678118654752 };
	int level = letter - '0';

	return ldexp(halves[level & 1], -(level >> 1));
}

/* The bytes that `mask` lets stand for `byte`; answers how many. */
static size_t choices(uint8_t byte, uint8_t mask, uint8_t out[256])
{
	uint8_t free_bits = (uint8_t)~mask, sub = 0;
	size_t count = 0;

	do {
		out[count++] = (uint8_t)((byte & mask) | sub);
		sub = (uint8_t)((sub - free_bits) & free_bits);
	} while (sub);
	return count;
}

double rarity_of(const uint8_t *bytes, const uint8_t *mask, size_t len)
{
	uint8_t now[256], before[256];
	double chances[256], old[256], sum = 0;
	size_t count = 0, was;

	for (size_t i = 0; i < len; i++) {
		was = count;
		memcpy(before, now, was);
		memcpy(old, chances, was * sizeof *old);
		count = choices(bytes[i], mask ? mask[i] : 0xff, now);
		for (size_t n = 0; n < count; n++) {
			chances[n] = i ? 0 : chance(rarity_bytes[now[n]]);
			for (size_t b = 0; b < was; b++)
				chances[n] += old[b] * chance(rarity_pairs[before[b]][now[n]]);
		}
	}
	if (!len)
		return 1;
	for (size_t n = 0; n < count; n++)
		sum += chances[n];
	return sum < 1 ? sum : 1;
}
