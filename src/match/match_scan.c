#include "match/match_db.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

struct scan {
	const struct match_db *db;
	struct span data;
	match_fn *found;
	void *context;
	bool stop;
};

static bool equal_under(const uint8_t *data, const struct match_text *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if ((data[i] & t->mask[i]) != t->bytes[i])
			return false;
	}
	return true;
}

static bool entry_holds(const struct scan *s, const struct match_entry *e, size_t start)
{
	const struct match_text *t = &s->db->texts[e->literal];
	size_t at = start + e->check;
	uint64_t word;

	if (s->data.len - at >= sizeof word) {
		memcpy(&word, s->data.at + at, sizeof word);
		if ((word & e->mask) != e->value)
			return false;
	}
	if (s->data.len - start < t->len)
		return false;
	return (t->len <= sizeof word && s->data.len - at >= sizeof word) ||
	       equal_under(s->data.at + start, t);
}

static __attribute__((noinline)) void look_closer(struct scan *s, const struct match_table *table,
						  uint32_t window, size_t at)
{
	uint32_t slot = match_slot(table, window);
	const struct match_key *key;

	for (;; slot = (slot + 1) & (table->slots - 1)) {
		key = &table->keys[slot];
		if (!key->count)
			return;
		if (key->window == window)
			break;
	}
	for (uint32_t i = 0; i < key->count && !s->stop; i++) {
		const struct match_entry *e = &table->entries[key->first + i];

		if (at >= e->window && entry_holds(s, e, at - e->window)) {
			const struct match_text *t = &s->db->texts[e->literal];

			s->stop = !s->found(s->context, t->id, at - e->window,
					    at - e->window + t->len);
		}
	}
}

static inline bool is_set(const uint64_t *bitmap, uint32_t bit)
{
	return bitmap[bit / 64] >> bit % 64 & 1;
}

static inline void look_at_hits(struct scan *s, const struct match_table *table, uint32_t hits,
				size_t at)
{
	for (; hits && !s->stop; hits &= hits - 1) {
		size_t here = at + (size_t)__builtin_ctz(hits);

		look_closer(s, table, load_u32le(s->data.at + here), here);
	}
}

/* Eight places at a time: one branch for all, since a set bit is rare. */
static size_t scan_plain(struct scan *s, const struct match_table *table)
{
	const uint8_t *bitmap = (const uint8_t *)table->bitmap;
	const uint8_t *data = s->data.at;
	const uint32_t shift = 32 - table->bits;
	size_t at = 0;

	for (; s->data.len - at >= 16 && !s->stop; at += 8) {
		uint32_t hits = 0;
		uint64_t low = load_u64le(data + at), high = load_u64le(data + at + 4);

#pragma GCC unroll 8
		for (uint32_t i = 0; i < 8; i++) {
			uint32_t window = (uint32_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
			uint32_t bit = window * MATCH_HASH_FACTOR >> shift;

			hits |= (uint32_t)(bitmap[bit / 8] >> bit % 8 & 1) << i;
		}
		if (__builtin_expect(hits, 0))
			look_at_hits(s, table, hits, at);
	}
	return at;
}

#ifdef __x86_64__
/* The same with one gather for eight places: about four times as fast. */
__attribute__((target("avx2"))) static size_t scan_avx2(struct scan *s,
							const struct match_table *table)
{
	const __m256i windows = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 0, 1,
						 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
	const __m256i factor = _mm256_set1_epi32((int)MATCH_HASH_FACTOR);
	const __m256i low_bits = _mm256_set1_epi32(31);
	const __m128i shift = _mm_cvtsi32_si128((int)(32 - table->bits));
	size_t at = 0;

	for (; s->data.len - at >= 32 && !s->stop; at += 8) {
		const __m128i *from = (const void *)(s->data.at + at);
		const __m128i *next = (const void *)(s->data.at + at + 4);
		__m256i bytes = _mm256_inserti128_si256(
			_mm256_castsi128_si256(_mm_loadu_si128(from)), _mm_loadu_si128(next), 1);
		__m256i hash = _mm256_mullo_epi32(_mm256_shuffle_epi8(bytes, windows), factor);
		__m256i bit = _mm256_srl_epi32(hash, shift);
		__m256i word = _mm256_i32gather_epi32((const int *)(const void *)table->bitmap,
						      _mm256_srli_epi32(bit, 5), 4);
		__m256i top = _mm256_sllv_epi32(word, _mm256_andnot_si256(bit, low_bits));
		uint32_t hits = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(top));

		if (__builtin_expect(hits, 0))
			look_at_hits(s, table, hits, at);
	}
	return at;
}
#endif

#ifdef __x86_64__
/* Which of 32 windows have, in one of their bytes, halves of some bucket. */
__attribute__((target("avx2"))) static inline __m256i buckets_at(const uint8_t *at, __m256i low,
								  __m256i high)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);

	return _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
				_mm256_shuffle_epi8(high, upper));
}

__attribute__((target("avx2"))) static inline __m256i both_lanes(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* Few windows: by halves of bytes, 32 places at once; what passes is looked up in the bitmap. */
__attribute__((target("avx2"))) static size_t scan_nibbles(struct scan *s,
							   const struct match_table *table)
{
	const struct match_nibbles *n = table->nibbles;
	const __m256i low[] = { both_lanes(n->low[0]), both_lanes(n->low[1]),
				both_lanes(n->low[2]), both_lanes(n->low[3]) };
	const __m256i high[] = { both_lanes(n->high[0]), both_lanes(n->high[1]),
				 both_lanes(n->high[2]), both_lanes(n->high[3]) };
	size_t at = 0;

	for (; s->data.len - at >= 64 && !s->stop; at += 32) {
		const uint8_t *data = s->data.at + at;
		__m256i first = _mm256_and_si256(buckets_at(data, low[0], high[0]),
						 buckets_at(data + 1, low[1], high[1]));
		__m256i second = _mm256_and_si256(buckets_at(data + 2, low[2], high[2]),
						  buckets_at(data + 3, low[3], high[3]));
		__m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(first, second),
						 _mm256_setzero_si256());
		uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(none);

		for (; __builtin_expect(hits && !s->stop, 0); hits &= hits - 1) {
			size_t here = at + (size_t)__builtin_ctz(hits);
			uint32_t window = load_u32le(s->data.at + here);

			if (is_set(table->bitmap, match_hash(window, table->bits)))
				look_closer(s, table, window, here);
		}
	}
	return at;
}
#endif

static size_t scan_bulk(struct scan *s, const struct match_table *table)
{
#ifdef __x86_64__
	if (table->nibbles && __builtin_cpu_supports("avx2"))
		return scan_nibbles(s, table);
	if (__builtin_cpu_supports("avx2"))
		return scan_avx2(s, table);
#endif
	return scan_plain(s, table);
}

static void scan_windows(struct scan *s)
{
	const struct match_table *table = &s->db->wide;
	size_t at = scan_bulk(s, table);

	for (; at < s->data.len && !s->stop; at++) {
		uint8_t last[MATCH_WINDOW] = { 0 };
		struct span rest = span_sub(s->data, at, MATCH_WINDOW);
		uint32_t window;

		memcpy(last, rest.at, rest.len);
		window = load_u32le(last);
		if (is_set(table->bitmap, match_hash(window, table->bits)))
			look_closer(s, table, window, at);
	}
}

static void scan_pairs(struct scan *s)
{
	const struct match_table *table = &s->db->pairs;

	for (size_t at = 0; at < s->data.len && !s->stop; at++) {
		uint32_t next = at + 1 < s->data.len ? s->data.at[at + 1] : 0;
		uint32_t pair = s->data.at[at] | next << 8;

		if (is_set(table->bitmap, pair))
			look_closer(s, table, pair, at);
	}
}

void match_scan(const struct match_db *db, struct span data, match_fn *found, void *context)
{
	struct scan s = { db, data, found, context, false };

	if (db->wide.bitmap)
		scan_windows(&s);
	if (db->pairs.bitmap)
		scan_pairs(&s);
}
