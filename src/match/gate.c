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
#define CASE_BITS (CASE_BIT * UINT32_C(0x01010101))
#define REACH (2 * MATCH_WINDOW - 1)	/* bytes that a window of UTF-16 has beside its first */
#define KEY_BITS 11		/* log2 of bits in `keys` */

struct gate {
	struct match_nibbles nibbles;
	uint8_t sixths[MATCH_WINDOW][64];	/* by the lower six bits of a byte, the buckets that have such */
	uint64_t keys[1 << KEY_BITS >> 6];	/* hashes of windows */
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
			(uint32_t)at[3] << 24) | CASE_BITS;
	}
	return least < 2;
}

/* The buckets that let the window through. */
static uint8_t buckets_of(const struct match_nibbles *n, uint32_t key)
{
	uint8_t buckets = 0xff;

	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		uint8_t byte = (uint8_t)(key >> 8 * place);

		buckets &= n->low[place][byte & 15] & n->high[place][byte >> 4];
	}
	return buckets;
}

static void note_key(struct gate *gate, uint32_t key)
{
	uint32_t hash = match_hash(key) >> (32 - KEY_BITS);
	uint8_t buckets = buckets_of(&gate->nibbles, key);

	gate->keys[hash / 64] |= UINT64_C(1) << (hash % 64);
	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		uint8_t byte = (uint8_t)(key >> 8 * place) & 63;

		gate->sixths[place][byte] |= buckets;
		gate->sixths[place][byte ^ CASE_BIT] |= buckets;
	}
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
	if (!gate)
		return NULL;
	gate->nibbles = nibbles;
	for (size_t i = 0; i < count; i++)
		note_key(gate, keys[i]);
	return gate;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static inline __m256i both_lanes(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* The nibbles in registers. */
struct tables {
	__m256i low[MATCH_WINDOW], high[MATCH_WINDOW];
};

__attribute__((target("avx2"))) static inline struct tables tables_of(const struct match_nibbles *n)
{
	struct tables t;

	for (unsigned place = 0; place < MATCH_WINDOW; place++) {
		t.low[place] = both_lanes(n->low[place]);
		t.high[place] = both_lanes(n->high[place]);
	}
	return t;
}

/* Of 32 bytes, the buckets that have the halves of each at this place of the window. */
__attribute__((target("avx2"))) static inline __m256i buckets(const struct tables *t, unsigned place, __m256i low,
							      __m256i high)
{
	return _mm256_and_si256(_mm256_shuffle_epi8(t->low[place], low),
				_mm256_shuffle_epi8(t->high[place], high));
}

/* Whether some window that lies wholly in the 32 bytes passes. */
__attribute__((target("avx2"))) static inline bool lets_block(const struct tables *n, __m256i bytes)
{
	const __m256i half = _mm256_set1_epi8(15), folded = _mm256_or_si256(bytes, _mm256_set1_epi8(CASE_BIT));
	const __m256i low = _mm256_and_si256(folded, half);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi16(folded, 4), half);
	__m256i first = buckets(n, 0, low, high), second = buckets(n, 1, low, high), third, fourth;

	/* Each comes to stand where its window begins; nothing comes in from behind. */
	second = _mm256_alignr_epi8(_mm256_permute2x128_si256(second, second, 0x81), second, 1);
	first = _mm256_and_si256(first, second);
	if (__builtin_expect(_mm256_testz_si256(first, first), 1))
		return false;
	third = buckets(n, 2, low, high);
	fourth = buckets(n, 3, low, high);
	third = _mm256_alignr_epi8(_mm256_permute2x128_si256(third, third, 0x81), third, 2);
	fourth = _mm256_alignr_epi8(_mm256_permute2x128_si256(fourth, fourth, 0x81), fourth, 3);
	return !_mm256_testz_si256(first, _mm256_and_si256(third, fourth));
}

__attribute__((target("avx2"))) static inline __m256i load_32(const uint8_t *from)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

__attribute__((target("avx2"))) static inline __m256i load_two(const uint8_t *low, const uint8_t *high)
{
	return _mm256_loadu2_m128i((const __m128i *)(const void *)high, (const __m128i *)(const void *)low);
}

/* From 4 to 15 bytes, zeros behind them; nothing beside them is touched. */
__attribute__((target("avx2"))) static inline __m256i load_few(const uint8_t *from, size_t len)
{
	uint64_t low, high = 0;

	if (len >= 8) {
		low = load_u64le(from);
		if (len > 8)
			high = load_u64le(from + len - 8) >> 8 * (16 - len);
	} else {
		low = load_u32le(from);
		if (len > 4)
			low |= (uint64_t)load_u32le(from + len - 4) >> 8 * (8 - len) << 32;
	}
	return _mm256_set_epi64x(0, 0, (long long)high, (long long)low);
}

/*
 * Texts shorter than a block are put together of parts that overlap: each window
 * lies within one, those over a seam only blur the answer.
 */
__attribute__((target("avx2"))) static inline bool lets_utf8(const struct tables *n,
							     const uint8_t *at, size_t len)
{
	if (len < 16)
		return len >= MATCH_WINDOW && lets_block(n, load_few(at, len));
	if (len < BLOCK)
		return lets_block(n, load_two(at, at + len - 16)) ||
		       (len > 32 - MATCH_WINDOW + 1 && lets_block(n, load_two(at + 8, at + 8)));
	for (size_t i = 0; i < len - BLOCK; i += STEP)
		if (lets_block(n, load_32(at + i)))
			return true;
	return lets_block(n, load_32(at + len - BLOCK));
}

/* What is no ASCII becomes a byte that no literal's window has, or blurs the answer. */
__attribute__((target("avx2"))) static inline bool lets_units(const struct tables *n, __m256i first, __m256i second)
{
	return lets_block(n, _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xd8));
}

/* `len` in bytes, even. */
__attribute__((target("avx2"))) static inline bool lets_utf16(const struct tables *n,
							      const uint8_t *at, size_t len)
{
	const __m256i none = _mm256_setzero_si256();

	if (len < 16)
		return len >= 2 * MATCH_WINDOW && lets_units(n, load_few(at, len), none);
	if (len < BLOCK) {
		const uint8_t *middle = at + ((len - 16) / 2 & ~(size_t)1);

		return lets_units(n, load_two(at, at + len - 16), load_two(middle, middle));
	}
	if (len < 2 * BLOCK)
		return lets_units(n, load_32(at), load_32(at + len - BLOCK)) ||
		       (len > 2 * (32 - MATCH_WINDOW + 1) && lets_units(n, load_32(at + 16), none));
	for (size_t i = 0; i < len - 2 * BLOCK; i += 2 * STEP)
		if (lets_units(n, load_32(at + i), load_32(at + i + BLOCK)))
			return true;
	at += len - 2 * BLOCK;
	return lets_units(n, load_32(at), load_32(at + BLOCK));
}
__attribute__((target("avx2"))) static inline bool lets_text(const struct tables *n, const struct value *value)
{
	return value->kind == VALUE_UTF16 ? lets_utf16(n, value->bytes.at, value->bytes.len & ~(size_t)1)
					  : lets_utf8(n, value->bytes.at, value->bytes.len);
}

__attribute__((target("avx2"))) static bool lets_alone(const struct gate *gate, const struct value *value)
{
	struct tables tables = tables_of(&gate->nibbles);

	return lets_text(&tables, value);
}

__attribute__((target("avx2"))) static size_t pick(const struct gate *gate, const struct value *values,
						   uint32_t *slots, size_t count)
{
	struct tables tables = tables_of(&gate->nibbles);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t slot = slots[i];
		const struct value *value = &values[slot];
		bool is_text = value->kind == VALUE_UTF16 || value->kind == VALUE_TEXT;

		slots[kept] = slot;
		kept += is_text ? lets_text(&tables, value) : gate_lets_value(gate, value);
	}
	return kept;
}

/* Whether a literal's window stands right there. */
static bool is_window(const struct gate *gate, struct span bytes, size_t at)
{
	uint64_t units;
	uint32_t hash;

	if (at > bytes.len - 2 * MATCH_WINDOW)
		return false;
	units = load_u64le(bytes.at + at);
	if (units & UINT64_C(0xff00ff00ff00ff00))
		return false;
	units |= units >> 8;
	units = (units & 0xffff) | (units >> 16 & 0xffff0000);
	hash = match_hash((uint32_t)units | CASE_BITS) >> (32 - KEY_BITS);
	return gate->keys[hash / 64] >> (hash % 64) & 1;
}

/* Units that stand at even places and such at odd ones give the same characters, if they are ASCII. */
__attribute__((target("avx2"))) static inline __m256i characters(const uint8_t *at)
{
	__m256i units = load_32(at);

	return _mm256_and_si256(_mm256_or_si256(units, _mm256_srli_epi16(units, 8)), _mm256_set1_epi16(0xff));
}

/* Of 32 characters, the places where all but the first of a window may stand: what is before it is not known. */
__attribute__((target("avx2"))) static inline __m256i rest_of_windows(const struct tables *t, const uint8_t *at)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i both = _mm256_packus_epi16(characters(at), characters(at + 32)), low, high, second, third, fourth;

	both = _mm256_or_si256(_mm256_permute4x64_epi64(both, 0xd8), _mm256_set1_epi8(CASE_BIT));
	low = _mm256_and_si256(both, half);
	high = _mm256_and_si256(_mm256_srli_epi16(both, 4), half);
	second = buckets(t, 1, low, high);
	third = buckets(t, 2, low, high);
	fourth = buckets(t, 3, low, high);
	third = _mm256_alignr_epi8(_mm256_permute2x128_si256(third, third, 0x81), third, 1);
	fourth = _mm256_alignr_epi8(_mm256_permute2x128_si256(fourth, fourth, 0x81), fourth, 2);
	return _mm256_and_si256(second, _mm256_and_si256(third, fourth));
}

/* Whether one of the places, in characters from `at` on, is behind the first of a window. */
static __attribute__((noinline)) bool is_behind(const struct gate *gate, struct span bytes, size_t at,
						uint32_t places)
{
	for (; places; places &= places - 1) {
		size_t here = at + 2 * (size_t)__builtin_ctz(places);

		if ((here >= 2 && is_window(gate, bytes, here - 2)) || (here && is_window(gate, bytes, here - 1)))
			return true;
	}
	return false;
}

/* At least 64 bytes. */
__attribute__((target("avx2"))) static bool lets_bytes_32(const struct gate *gate, struct span bytes)
{
	const struct tables t = tables_of(&gate->nibbles);
	size_t last = bytes.len - 64;

	for (size_t i = 0;; i = i + 60 < last ? i + 60 : last) {
		__m256i rest = rest_of_windows(&t, bytes.at + i), none;

		if (__builtin_expect(!_mm256_testz_si256(rest, rest), 0)) {
			none = _mm256_cmpeq_epi8(rest, _mm256_setzero_si256());
			if (is_behind(gate, bytes, i, ~(uint32_t)_mm256_movemask_epi8(none)))
				return true;
		}
		if (i == last)
			return false;
	}
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi")))

AVX512 static inline __m512i sixths_at(__m512i table, const uint8_t *at)
{
	return _mm512_permutexvar_epi8(_mm512_loadu_si512(at), table);
}

/* At least 64 + REACH bytes. */
AVX512 static bool lets_bytes_64(const struct gate *gate, struct span bytes)
{
	const __m512i first = _mm512_loadu_si512(gate->sixths[0]), second = _mm512_loadu_si512(gate->sixths[1]);
	const __m512i third = _mm512_loadu_si512(gate->sixths[2]), fourth = _mm512_loadu_si512(gate->sixths[3]);
	size_t last = bytes.len - 64 - REACH;

	for (size_t i = 0;; i = i + 64 < last ? i + 64 : last) {
		const uint8_t *at = bytes.at + i;
		uint64_t places = _mm512_test_epi8_mask(
			_mm512_and_si512(sixths_at(first, at), sixths_at(second, at + 2)),
			_mm512_and_si512(sixths_at(third, at + 4), sixths_at(fourth, at + 6)));

		for (; __builtin_expect(places != 0, 0); places &= places - 1)
			if (is_window(gate, bytes, i + (size_t)__builtin_ctzll(places)))
				return true;
		if (i == last)
			return false;
	}
}
#endif

bool gate_lets_bytes(const struct gate *gate, struct span bytes)
{
#ifdef __x86_64__
	uint8_t padded[64 + REACH] = { 0 };

	if (bytes.len < sizeof padded) {
		if (bytes.len)
			memcpy(padded, bytes.at, bytes.len);
		bytes = span_of(padded, sizeof padded);
	}
	if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw"))
		return lets_bytes_64(gate, bytes);
	if (__builtin_cpu_supports("avx2"))
		return lets_bytes_32(gate, bytes);
#endif
	return true;
}

static bool lets_list(const struct gate *gate, const struct value *value)
{
	for (uint32_t i = 0; i < value->count; i++)
		if (value->list[i].kind == VALUE_LIST || gate_lets_value(gate, &value->list[i]))
			return true;
	return false;
}

bool gate_lets_value(const struct gate *gate, const struct value *value)
{
	if (value->kind == VALUE_LIST)
		return lets_list(gate, value);
#ifdef __x86_64__
	if ((value->kind == VALUE_UTF16 || value->kind == VALUE_TEXT) && __builtin_cpu_supports("avx2"))
		return lets_alone(gate, value);
#endif
	return true;
}

bool gate_lets_utf8(const struct gate *gate, struct span text)
{
	return gate_lets_value(gate, &(struct value){ .kind = VALUE_TEXT, .bytes = text });
}

bool gate_lets_utf16(const struct gate *gate, struct span utf16)
{
	return gate_lets_value(gate, &(struct value){ .kind = VALUE_UTF16, .bytes = utf16 });
}

size_t gate_pick(const struct gate *gate, const struct value *values, uint32_t *slots, size_t count)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return pick(gate, values, slots, count);
#endif
	return count;
}
