#include "codec/crc32.h"

#define POLYNOMIAL 0xedb88320u
#define POLYNOMIAL_C 0x82f63b78u

/* tables[k][b]: what byte b does to the sum when k more bytes follow. */
static uint32_t tables[8][256];
static uint32_t table_c[256];

static uint32_t sum_of_byte(uint32_t byte, uint32_t polynomial)
{
	for (int bit = 0; bit < 8; bit++)
		byte = byte >> 1 ^ (byte & 1 ? polynomial : 0);
	return byte;
}

__attribute__((constructor)) static void fill_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		tables[0][b] = sum_of_byte(b, POLYNOMIAL);
		table_c[b] = sum_of_byte(b, POLYNOMIAL_C);
	}
	for (uint32_t b = 0; b < 256; b++)
		for (int k = 1; k < 8; k++)
			tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 0xff];
}

static uint32_t add_bytes(uint32_t crc, const uint8_t *at, size_t len)
{
	for (; len >= 8; at += 8, len -= 8) {
		uint32_t low = load_u32le(at) ^ crc, high = load_u32le(at + 4);

		crc = tables[7][low & 0xff] ^ tables[6][low >> 8 & 0xff] ^
		      tables[5][low >> 16 & 0xff] ^ tables[4][low >> 24] ^
		      tables[3][high & 0xff] ^ tables[2][high >> 8 & 0xff] ^
		      tables[1][high >> 16 & 0xff] ^ tables[0][high >> 24];
	}
	while (len--)
		crc = crc >> 8 ^ tables[0][(crc ^ *at++) & 0xff];
	return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

/*
 * Folding by carry-less multiplication ("Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ", Intel 2009), its constants for this polynomial.
 * The rest of 16 bytes after folding goes through the tables.
 */
__attribute__((target("pclmul,sse4.1")))
static inline __m128i fold(__m128i sum, __m128i constants, __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(sum, constants, 0x00);
	__m128i high = _mm_clmulepi64_si128(sum, constants, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1")))
static uint32_t add_folded(uint32_t crc, const uint8_t *at, size_t len)
{
	const __m128i by_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
	const __m128i by_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	const __m128i *from = (const __m128i *)(const void *)at;
	__m128i sums[4];
	uint8_t rest[16];
	size_t left = len / 64 - 1;

	for (int i = 0; i < 4; i++)
		sums[i] = _mm_loadu_si128(from++);
	sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128((int)crc));
	while (left--)
		for (int i = 0; i < 4; i++)
			sums[i] = fold(sums[i], by_64, _mm_loadu_si128(from++));
	for (int i = 1; i < 4; i++)
		sums[i] = fold(sums[i - 1], by_16, sums[i]);
	_mm_storeu_si128((__m128i *)(void *)rest, sums[3]);
	return add_bytes(add_bytes(0, rest, sizeof rest), at + len / 64 * 64, len % 64);
}

uint32_t crc32_add(uint32_t crc, struct span s)
{
	if (s.len >= 256 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
		return ~add_folded(~crc, s.at, s.len);
	return ~add_bytes(~crc, s.at, s.len);
}

#else

uint32_t crc32_add(uint32_t crc, struct span s)
{
	return ~add_bytes(~crc, s.at, s.len);
}

#endif

uint32_t crc32c_add(uint32_t crc, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		crc = crc >> 8 ^ table_c[(crc ^ s.at[i]) & 0xff];
	return crc;
}
