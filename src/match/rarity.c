#include "match/rarity.h"

/* 2^-(level/2), level under 2000: the exponent set by hand, for this is called millions of times. */
static double power_of(int level)
{
	static const double halves[2] = { 1.0, 0.70710678118654752 };
	uint64_t bits = (uint64_t)(1023 - (level >> 1)) << 52;
	double power;

	memcpy(&power, &bits, sizeof power);
	return power * halves[level & 1];
}

static double chance(char letter)
{
	return power_of(letter - '0');
}

/* Where every byte is definite, chances multiply and levels add. */
static double rarity_of_definite(const uint8_t *bytes, size_t len)
{
	int level = rarity_bytes[bytes[0]] - '0';

	for (size_t i = 1; i < len && level < 1900; i++)
		level += rarity_pairs[bytes[i - 1]][bytes[i]] - '0';
	return power_of(level);
}

static bool is_definite(const uint8_t *mask, size_t len)
{
	for (size_t i = 0; mask && i < len; i++) {
		if (mask[i] != 0xff)
			return false;
	}
	return true;
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

static __attribute__((noinline)) double rarity_of_choices(const uint8_t *bytes, const uint8_t *mask, size_t len)
{
	uint8_t now[256], before[256];
	double chances[256], old[256], sum = 0;
	size_t count = 0, was;

	for (size_t i = 0; i < len; i++) {
		was = count;
		memcpy(before, now, was);
		memcpy(old, chances, was * sizeof *old);
		count = choices(bytes[i], mask[i], now);
		for (size_t n = 0; n < count; n++) {
			chances[n] = i ? 0 : chance(rarity_bytes[now[n]]);
			for (size_t b = 0; b < was; b++)
				chances[n] += old[b] * chance(rarity_pairs[before[b]][now[n]]);
		}
	}
	for (size_t n = 0; n < count; n++)
		sum += chances[n];
	return sum < 1 ? sum : 1;
}

double rarity_of(const uint8_t *bytes, const uint8_t *mask, size_t len)
{
	if (!len)
		return 1;
	return is_definite(mask, len) ? rarity_of_definite(bytes, len)
				      : rarity_of_choices(bytes, mask, len);
}
