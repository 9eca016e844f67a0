#include "match/gate.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "match/match_db.h"
#include "match/rarity.h"

#define LITERALS_MOST 64
#define PASS_MOST 0.004		/* of the places of ordinary text */
#define BLOCK 32
#define STEP (BLOCK - MATCH_WINDOW + 1)	/* windows of a block */
#define CASE_BIT 0x20		/* set in all bytes: letters lose their case, others blur a little */

struct gate {
	struct match_nibbles nibbles;
};

/* The rarest window of the literal that is ASCII; false: it has none. */
static bool key_of(struct span text, uint32_t *key)
{
	double least = 2;

	for (size_t i = 0; i + MATCH_WINDOW <= text.len; i++) {
		const uint8_t *at = text.at + i;
		double rarity = rarity_of(at, NULL, MATCH_WINDOW);

		if (((at[0] | at[1] | at[2] | at[3]) & 0x80) || rarity >= least)
			continue;
		least = rarity;
		*key = ((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
			(uint32_t)at[3] << 24) | CASE_BIT * UINT32_C(0x01010101);
	}
	return least < 2;
}

/* How many of the places of ordinary text would pass. */
static double passing(const struct match_nibbles *n)
{
	static const char ordinary[] = "abcdefghijklmnopqrstuvwxyz0123456789\\/.:-_ ";
	double sum = 0;

	for (unsigned bucket = 1; bucket < 256; bucket <<= 1) {
		double chance = 1;

		for (unsigned place = 0; place < MATCH_WINDOW; place++) {
			unsigned count = 0;

			for (const char *c = ordinary; *c; c++) {
				uint8_t byte = (uint8_t)(*c | CASE_BIT);

				count += (n->low[place][byte & 15] & n->high[place][byte >> 4] & bucket) != 0;
			}
			chance *= count / (double)(sizeof ordinary - 1);
		}
		sum += chance;
	}
	return sum;
}

const struct gate *gate_build(struct arena *arena, const struct gram_literal *literals, size_t count)
{
	uint32_t keys[LITERALS_MOST];
	struct match_nibbles nibbles;
	struct gate *gate;

	if (!count || count > LITERALS_MOST)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!key_of(literals[i].text, &keys[i]))
			return NULL;
	(void)match_nibbles_build(&nibbles, keys, count);
	gate = passing(&nibbles) <= PASS_MOST ? ARENA_NEW(arena, struct gate) : NULL;
	if (gate)
		gate->nibbles = nibbles;
	return gate;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline __m256i both_lanes(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* Of 32 bytes, the buckets that have the halves of each at this place of the window. */
__attribute__((target("avx2"))) static inline __m256i buckets(const struct match_nibbles *n,
							      unsigned place, __m256i low, __m256i high)
{
	return _mm256_and_si256(_mm256_shuffle_epi8(both_lanes(n->low[place]), low),
				_mm256_shuffle_epi8(both_lanes(n->high[place]), high));
}

/* Whether some window that lies wholly in the 32 bytes passes. */
__attribute__((target("avx2"))) static inline bool lets_block(const struct match_nibbles *n,
							      __m256i bytes)
{
	const __m256i half = _mm256_set1_epi8(15), folded = _mm256_or_si256(bytes, _mm256_set1_epi8(CASE_BIT));
	const __m256i low = _mm256_and_si256(folded, half);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi16(folded, 4), half);
	__m256i first = buckets(n, 0, low, high), second = buckets(n, 1, low, high);
	__m256i third = buckets(n, 2, low, high), fourth = buckets(n, 3, low, high);

	/* Each comes to stand where its window begins; nothing comes in from behind. */
	second = _mm256_alignr_epi8(_mm256_permute2x128_si256(second, second, 0x81), second, 1);
	third = _mm256_alignr_epi8(_mm256_permute2x128_si256(third, third, 0x81), third, 2);
	fourth = _mm256_alignr_epi8(_mm256_permute2x128_si256(fourth, fourth, 0x81), fourth, 3);
	return !_mm256_testz_si256(_mm256_and_si256(first, second), _mm256_and_si256(third, fourth));
}

/* The first `count` (at most 8) groups of four bytes, and nothing behind them is touched. */
__attribute__((target("avx2"))) static inline __m256i load_part(const uint8_t *from, size_t count)
{
	const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), places);

	return _mm256_maskload_epi32((const int *)(const void *)from, mask);
}

/* Up to 32 bytes, zeros behind them. */
__attribute__((target("avx2"))) static inline __m256i load_bytes(const uint8_t *from, size_t len)
{
	const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	uint32_t rest = 0;

	if (len >= BLOCK)
		return _mm256_loadu_si256((const __m256i *)(const void *)from);
	for (size_t i = len & ~(size_t)3; i < len; i++)
		rest |= (uint32_t)from[i] << 8 * (i & 3);
	return _mm256_or_si256(
		load_part(from, len / 4),
		_mm256_and_si256(_mm256_set1_epi32((int)rest),
				 _mm256_cmpeq_epi32(_mm256_set1_epi32((int)(len / 4)), places)));
}

__attribute__((target("avx2"))) static bool lets_utf8(const struct match_nibbles *n, struct span text)
{
	for (size_t at = 0; at + MATCH_WINDOW <= text.len; at += STEP) {
		__m256i bytes = load_bytes(text.at + at, text.len - at);

		if (_mm256_movemask_epi8(bytes) || lets_block(n, bytes))
			return true;
	}
	return false;
}

/* `len` in bytes, even. */
__attribute__((target("avx2"))) static bool lets_utf16(const struct match_nibbles *n, const uint8_t *at,
						       size_t len)
{
	const __m256i other = _mm256_set1_epi16((short)0xff80);

	for (; len >= 2 * MATCH_WINDOW; at += 2 * STEP, len -= 2 * STEP) {
		__m256i first = load_bytes(at, len);
		__m256i second = len > BLOCK ? load_bytes(at + BLOCK, len - BLOCK) : _mm256_setzero_si256();
		__m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xd8);

		if (!_mm256_testz_si256(_mm256_or_si256(first, second), other) || lets_block(n, packed))
			return true;
		if (len <= 2 * BLOCK)
			break;
	}
	return false;
}
#endif

bool gate_lets_utf8(const struct gate *gate, struct span text)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return text.len >= MATCH_WINDOW && lets_utf8(&gate->nibbles, text);
#endif
	return true;
}

bool gate_lets_utf16(const struct gate *gate, struct span utf16)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return lets_utf16(&gate->nibbles, utf16.at, utf16.len & ~(size_t)1);
#endif
	return true;
}
