#include "codec/crc32.h"

#define POLYNOMIAL UINT32_C(0xedb88320)

/*
 * Slicing by 8: tables[k][b] is byte b followed by k zero bytes. Made on first
 * use; threads that race write the same values.
 */
static uint32_t tables[8][256];
static bool ready;

static void make_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		tables[0][b] = crc;
	}
	for (uint32_t b = 0; b < 256; b++) {
		for (int k = 1; k < 8; k++)
			tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 0xff];
	}
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
}

static uint32_t add_eight(uint32_t crc, const uint8_t *p)
{
	uint32_t low = load_u32le(p) ^ crc, high = load_u32le(p + 4);

	return tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^ tables[5][low >> 16 & 0xff] ^
	       tables[4][low >> 24] ^ tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
	       tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
}

uint32_t crc32_of(struct span s)
{
	uint32_t crc = UINT32_MAX;

	if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		make_tables();
	for (; s.len >= 8; s = span_from(s, 8))
		crc = add_eight(crc, s.at);
	for (size_t i = 0; i < s.len; i++)
		crc = crc >> 8 ^ tables[0][(crc ^ s.at[i]) & 0xff];
	return ~crc;
}
