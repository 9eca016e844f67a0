#include "codec/digest_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#define SHA_BIT (1u << 29)	/* of EBX, leaf 7 */
#define FOR_SHA __attribute__((target("sse4.1,sha")))
#define INLINE FOR_SHA __attribute__((always_inline)) static inline

static const uint32_t md5_constants[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
	0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
	0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static const uint32_t sha256_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Asked once: in a virtual machine the instruction that tells takes longer than a small file. */
static bool can;

__attribute__((constructor)) static void ask_processor(void)
{
	unsigned a, b, c, d;

	__builtin_cpu_init();
	can = __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & SHA_BIT;
}

bool digest_blocks_can(void)
{
	return can;
}

void digest_blocks_begin(struct digest_states *s)
{
	*s = (struct digest_states){
		.md5 = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 },
		.sha1 = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },
		.sha256 = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
			    0x5be0cd19 },
	};
}

/* ---- MD5 ---- */

struct md5 {
	uint32_t v[4], words[16];
};

/* What does not hang on the step before comes first; of G the two halves have no bit in common. */
INLINE uint32_t md5_sum(unsigned i, uint32_t before, uint32_t b, uint32_t c, uint32_t d)
{
	switch (i / 16) {
	case 0:
		return before + (((c ^ d) & b) ^ d);
	case 1:
		return before + (~d & c) + (d & b);
	case 2:
		return before + ((c ^ d) ^ b);
	}
	return before + (c ^ (b | ~d));
}

INLINE void md5_step(struct md5 *m, unsigned i)
{
	static const uint8_t turns[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	static const uint8_t first[4] = { 0, 1, 5, 0 }, stride[4] = { 1, 5, 3, 7 };
	uint32_t *a = &m->v[(64 - i) % 4], b = m->v[(65 - i) % 4], c = m->v[(66 - i) % 4], d = m->v[(67 - i) % 4];
	uint32_t word = m->words[(first[i / 16] + stride[i / 16] * i) % 16];
	uint32_t sum = md5_sum(i, *a + word + md5_constants[i], b, c, d);
	unsigned turn = turns[i / 16][i % 4];

	*a = b + (sum << turn | sum >> (32 - turn));
}

/* ---- SHA-1, four rounds at a time ---- */

struct sha1 {
	__m128i abcd, e[2], words[4];
};

INLINE __m128i sha1_rounds(__m128i abcd, __m128i e, unsigned function)
{
	switch (function) {
	case 0:
		return _mm_sha1rnds4_epu32(abcd, e, 0);
	case 1:
		return _mm_sha1rnds4_epu32(abcd, e, 1);
	case 2:
		return _mm_sha1rnds4_epu32(abcd, e, 2);
	}
	return _mm_sha1rnds4_epu32(abcd, e, 3);
}

/* Words of the rounds to come are made of four words as soon as each is at hand. */
INLINE void sha1_four(struct sha1 *s, unsigned i)
{
	__m128i *w = s->words, now = w[i % 4], *e = &s->e[i % 2];

	*e = i ? _mm_sha1nexte_epu32(*e, now) : _mm_add_epi32(*e, now);
	s->e[(i + 1) % 2] = s->abcd;
	if (i >= 3 && i < 19)
		w[(i + 1) % 4] = _mm_sha1msg2_epu32(w[(i + 1) % 4], now);
	s->abcd = sha1_rounds(s->abcd, *e, i / 5);
	if (i >= 1 && i < 17)
		w[(i + 3) % 4] = _mm_sha1msg1_epu32(w[(i + 3) % 4], now);
	if (i >= 2 && i < 18)
		w[(i + 2) % 4] = _mm_xor_si128(w[(i + 2) % 4], now);
}

/* ---- SHA-256, four rounds at a time ---- */

struct sha256 {
	__m128i abef, cdgh, words[4];
};

INLINE void sha256_four(struct sha256 *s, unsigned i)
{
	__m128i *w = s->words, now = w[i % 4];
	__m128i sum = _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(const void *)&sha256_constants[i * 4]));

	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
	if (i >= 3 && i < 15) {
		__m128i *next = &w[(i + 1) % 4];

		*next = _mm_add_epi32(*next, _mm_alignr_epi8(now, w[(i + 3) % 4], 4));
		*next = _mm_sha256msg2_epu32(*next, now);
	}
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0e));
	if (i >= 1 && i < 13)
		w[(i + 3) % 4] = _mm_sha256msg1_epu32(w[(i + 3) % 4], now);
}

/* ---- together ---- */

INLINE void load_words(__m128i words[4], const uint8_t *at, __m128i order)
{
	for (unsigned i = 0; i < 4; i++)
		words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + 16 * i)), order);
}

/* Unrolled, so that all places and constants are known. */
INLINE void add_block(struct md5 *m, struct sha1 *one, struct sha256 *two)
{
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		md5_step(m, i * 4);
		sha256_four(two, i);
		md5_step(m, i * 4 + 1);
		sha1_four(one, i + i / 4);
		md5_step(m, i * 4 + 2);
		if (i % 4 == 3)
			sha1_four(one, i + i / 4 + 1);
		md5_step(m, i * 4 + 3);
	}
}

/* The instructions hold SHA-1's values from the last to the first, SHA-256's as ABEF and CDGH. */
FOR_SHA static void load_states(const struct digest_states *s, struct md5 *m, struct sha1 *one, struct sha256 *two)
{
	const uint32_t *h = s->sha256;

	memcpy(m->v, s->md5, sizeof m->v);
	one->abcd = _mm_setr_epi32((int)s->sha1[3], (int)s->sha1[2], (int)s->sha1[1], (int)s->sha1[0]);
	one->e[0] = _mm_setr_epi32(0, 0, 0, (int)s->sha1[4]);
	two->abef = _mm_setr_epi32((int)h[5], (int)h[4], (int)h[1], (int)h[0]);
	two->cdgh = _mm_setr_epi32((int)h[7], (int)h[6], (int)h[3], (int)h[2]);
}

FOR_SHA static void store_states(struct digest_states *s, const struct md5 *m, const struct sha1 *one,
				 const struct sha256 *two)
{
	static const uint8_t abef[4] = { 5, 4, 1, 0 }, cdgh[4] = { 7, 6, 3, 2 };
	uint32_t words[3][4];

	memcpy(s->md5, m->v, sizeof m->v);
	memcpy(words[0], &one->abcd, 16);
	memcpy(words[1], &two->abef, 16);
	memcpy(words[2], &two->cdgh, 16);
	for (unsigned i = 0; i < 4; i++) {
		s->sha1[3 - i] = words[0][i];
		s->sha256[abef[i]] = words[1][i];
		s->sha256[cdgh[i]] = words[2][i];
	}
	s->sha1[4] = (uint32_t)_mm_extract_epi32(one->e[0], 3);
}

FOR_SHA void digest_blocks_add(struct digest_states *s, const uint8_t *at, size_t blocks)
{
	const __m128i reversed = _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	const __m128i big_endian = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
	struct md5 m;
	struct sha1 one;
	struct sha256 two;

	load_states(s, &m, &one, &two);
	for (; blocks--; at += DIGEST_BLOCK) {
		const struct md5 m0 = m;
		const struct sha1 one0 = one;
		const struct sha256 two0 = two;

		memcpy(m.words, at, DIGEST_BLOCK);
		load_words(one.words, at, reversed);
		load_words(two.words, at, big_endian);
		add_block(&m, &one, &two);
		for (unsigned i = 0; i < 4; i++)
			m.v[i] += m0.v[i];
		one.e[0] = _mm_sha1nexte_epu32(one.e[0], one0.e[0]);
		one.abcd = _mm_add_epi32(one.abcd, one0.abcd);
		two.abef = _mm_add_epi32(two.abef, two0.abef);
		two.cdgh = _mm_add_epi32(two.cdgh, two0.cdgh);
	}
	store_states(s, &m, &one, &two);
}

#else

bool digest_blocks_can(void)
{
	return false;
}

void digest_blocks_begin(struct digest_states *s)
{
	*s = (struct digest_states){ 0 };
}

void digest_blocks_add(struct digest_states *s, const uint8_t *at, size_t blocks)
{
}

#endif
