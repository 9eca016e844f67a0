#include "match/match_db.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK ((size_t)16 << 10)	/* a multiple of 64 */

#define LOOKS 64

/* A place that the filter does not rule out, and then the entries of its bucket. */
struct look {
	size_t at;
	uint32_t hash, from, until;
};

struct scan {
	const struct match_db *db;
	struct span data;
	const bool *enough;
	match_fn *found;
	void *context;
	struct look looks[LOOKS];
	size_t look_count;
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
	if (s->data.len - start < t->len || (s->enough && s->enough[t->id]))
		return false;
	return (t->len <= sizeof word && s->data.len - at >= sizeof word) ||
	       equal_under(s->data.at + start, t);
}

static void look_closer(struct scan *s, const struct match_table *table, struct look look)
{
	for (uint32_t i = look.from; i < look.until && !s->stop; i++) {
		const struct match_entry *e = &table->entries[i];

		if (e->hash == look.hash && look.at >= e->window &&
		    entry_holds(s, e, look.at - e->window)) {
			const struct match_text *t = &s->db->texts[e->literal];
			size_t start = look.at - e->window;

			s->stop = !s->found(s->context, t->id, start, start + t->len);
		}
	}
}

/* What is to be looked at is fetched for all before it is needed for the first. */
static __attribute__((noinline)) void look_at_all(struct scan *s, const struct match_table *table)
{
	for (size_t i = 0; i < s->look_count; i++)
		__builtin_prefetch(&table->starts[match_bucket(table, s->looks[i].hash)]);
	for (size_t i = 0; i < s->look_count; i++) {
		struct look *look = &s->looks[i];
		const uint32_t *starts = &table->starts[match_bucket(table, look->hash)];

		look->from = starts[0];
		look->until = starts[1];
		__builtin_prefetch(&table->entries[look->from]);
	}
	for (size_t i = 0; i < s->look_count && !s->stop; i++)
		look_closer(s, table, s->looks[i]);
	s->look_count = 0;
}

static inline void note_look(struct scan *s, const struct match_table *table, uint32_t hash, size_t at)
{
	s->looks[s->look_count++] = (struct look){ .at = at, .hash = hash };
	if (s->look_count == LOOKS)
		look_at_all(s, table);
}

static inline void look(struct scan *s, const struct match_table *table, uint32_t hash, size_t at)
{
	uint32_t bits = match_filter_bits(table, hash);

	if (__builtin_expect((table->filter[match_filter_word(table, hash)] & bits) == bits, 0))
		note_look(s, table, hash, at);
}

/* At most `most` bytes from `at` on, zeros behind the end of the data. */
static uint64_t bytes_at(const struct scan *s, size_t at, size_t most)
{
	uint8_t bytes[8] = { 0 };
	struct span rest;

	if (s->data.len - at >= sizeof bytes)
		return load_u64le(s->data.at + at) & (UINT64_MAX >> 8 * (sizeof bytes - most));
	rest = span_sub(s->data, at, most);
	memcpy(bytes, rest.at, rest.len);
	return load_u64le(bytes);
}

static void look_at_windows(struct scan *s, size_t at, size_t until)
{
	for (; at < until && !s->stop; at++)
		look(s, &s->db->wide, match_hash((uint32_t)bytes_at(s, at, MATCH_WINDOW)), at);
}

static void look_at_long_windows(struct scan *s, size_t at, size_t until)
{
	for (; at < until && !s->stop; at += MATCH_STRIDE) {
		uint64_t window = bytes_at(s, at, 8);

		look(s, &s->db->long_ones,
		     match_hash_long((uint32_t)window, (uint32_t)(window >> 32)), at);
	}
}

#ifdef __x86_64__
/* A table's filter, in registers for as long as a loop over a block lasts. */
struct filter {
	const int *words;
	__m128i word_shift, bit_shift;
};

static inline struct filter filter_of(const struct match_table *table)
{
	return (struct filter){ (const int *)(const void *)table->filter,
				_mm_cvtsi32_si128((int)(37 - table->bits)),
				_mm_cvtsi32_si128((int)(32 - table->bits)) };
}

/* Of eight hashes, those that the filter does not rule out. */
__attribute__((target("avx2"))) static inline uint32_t eight_looks(struct filter filter, __m256i hash)
{
	const __m256i low_bits = _mm256_set1_epi32(31);
	__m256i word = _mm256_i32gather_epi32(filter.words, _mm256_srl_epi32(hash, filter.word_shift), 4);
	__m256i one = _mm256_srl_epi32(hash, filter.bit_shift);
	__m256i other = _mm256_xor_si256(hash, _mm256_srli_epi32(hash, 16));
	__m256i both = _mm256_and_si256(_mm256_srlv_epi32(word, _mm256_and_si256(one, low_bits)),
					_mm256_srlv_epi32(word, _mm256_and_si256(other, low_bits)));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32(both, 31)));
}

/* Where a loop that loads `ahead` bytes at each step must end. */
static size_t last_step(const struct scan *s, size_t until, size_t ahead)
{
	size_t last = s->data.len > ahead ? s->data.len - ahead : 0;

	return until < last ? until : last;
}

__attribute__((target("avx2"))) static inline __m256i load_32(const uint8_t *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Eight places a look. Answers where it stopped: near the end of the data, or `until`. */
/* Of windows at `at`, one a byte, those whose bit is set. */
static inline void note_wide(struct scan *s, size_t at, uint32_t hits)
{
	for (; __builtin_expect(hits, 0); hits &= hits - 1) {
		size_t here = at + (size_t)__builtin_ctz(hits);

		note_look(s, &s->db->wide, match_hash(load_u32le(s->data.at + here)), here);
	}
}

/* Of long ones, one every four bytes. */
static inline void note_long(struct scan *s, size_t at, uint32_t hits)
{
	for (; __builtin_expect(hits, 0); hits &= hits - 1) {
		size_t here = at + 4 * (size_t)__builtin_ctz(hits);
		const uint8_t *data = s->data.at + here;

		note_look(s, &s->db->long_ones, match_hash_long(load_u32le(data), load_u32le(data + 4)), here);
	}
}

__attribute__((target("avx2"))) static size_t windows_avx2(struct scan *s, size_t at, size_t until)
{
	const __m256i windows = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 0, 1,
						 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
	const __m256i factor = _mm256_set1_epi32((int)MATCH_FACTOR);
	const struct match_table *table = &s->db->wide;
	const struct filter filter = filter_of(table);
	const uint8_t *data = s->data.at;

	for (until = last_step(s, until, 32); at < until; at += 8) {
		const __m128i *from = (const void *)(data + at);
		const __m128i *next = (const void *)(data + at + 4);
		__m256i bytes = _mm256_inserti128_si256(
			_mm256_castsi128_si256(_mm_loadu_si128(from)), _mm_loadu_si128(next), 1);
		uint32_t hits = eight_looks(filter, _mm256_mullo_epi32(
						_mm256_shuffle_epi8(bytes, windows), factor));

		note_wide(s, at, hits);
	}
	return at;
}

__attribute__((target("avx2"))) static size_t long_windows_avx2(struct scan *s, size_t at,
								 size_t until)
{
	const __m256i fold = _mm256_set1_epi32((int)MATCH_FOLD);
	const __m256i fold_rest = _mm256_set1_epi32((int)MATCH_LONG_REST);
	const __m256i factor = _mm256_set1_epi32((int)MATCH_FACTOR);
	const __m256i factor_rest = _mm256_set1_epi32((int)MATCH_FACTOR_REST);
	const struct match_table *table = &s->db->long_ones;
	const struct filter filter = filter_of(table);

	for (until = last_step(s, until, 64); at < until; at += 32) {
		const uint8_t *data = s->data.at + at;
		__m256i first = _mm256_and_si256(load_32(data), fold);
		__m256i rest = _mm256_and_si256(load_32(data + 4), fold_rest);
		uint32_t hits = eight_looks(filter, _mm256_add_epi32(
						_mm256_mullo_epi32(first, factor),
						_mm256_mullo_epi32(rest, factor_rest)));

		note_long(s, at, hits);
	}
	return at;
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))

/* Of sixteen hashes, those that the filter does not rule out. */
AVX512 static inline uint32_t sixteen_looks(struct filter filter, __m512i hash)
{
	const __m512i low_bits = _mm512_set1_epi32(31);
	__m512i word = _mm512_i32gather_epi32(_mm512_srl_epi32(hash, filter.word_shift), filter.words, 4);
	__m512i one = _mm512_and_si512(_mm512_srl_epi32(hash, filter.bit_shift), low_bits);
	__m512i other = _mm512_xor_si512(hash, _mm512_srli_epi32(hash, 16));
	__m512i both = _mm512_and_si512(_mm512_srlv_epi32(word, one),
					_mm512_srlv_epi32(word, _mm512_and_si512(other, low_bits)));

	return _mm512_test_epi32_mask(both, _mm512_set1_epi32(1));
}

AVX512 static size_t windows_avx512(struct scan *s, size_t at, size_t until)
{
	static const uint8_t order[64] = {
		0,  1,	2,  3,	1,  2,	3,  4,	2,  3,	4,  5,	3,  4,	5,  6,
		4,  5,	6,  7,	5,  6,	7,  8,	6,  7,	8,  9,	7,  8,	9,  10,
		8,  9,	10, 11, 9,  10, 11, 12, 10, 11, 12, 13, 11, 12, 13, 14,
		12, 13, 14, 15, 13, 14, 15, 16, 14, 15, 16, 17, 15, 16, 17, 18,
	};
	const __m512i windows = _mm512_loadu_si512(order);
	const __m512i factor = _mm512_set1_epi32((int)MATCH_FACTOR);
	const struct match_table *table = &s->db->wide;
	const struct filter filter = filter_of(table);
	const uint8_t *data = s->data.at;

	for (until = last_step(s, until, 32); at < until; at += 16) {
		__m512i bytes = _mm512_castsi256_si512(load_32(data + at));
		uint32_t hits = sixteen_looks(filter, _mm512_mullo_epi32(
						_mm512_permutexvar_epi8(windows, bytes), factor));

		note_wide(s, at, hits);
	}
	return at;
}

AVX512 static size_t long_windows_avx512(struct scan *s, size_t at, size_t until)
{
	const __m512i fold = _mm512_set1_epi32((int)MATCH_FOLD);
	const __m512i fold_rest = _mm512_set1_epi32((int)MATCH_LONG_REST);
	const __m512i factor = _mm512_set1_epi32((int)MATCH_FACTOR);
	const __m512i factor_rest = _mm512_set1_epi32((int)MATCH_FACTOR_REST);
	const struct match_table *table = &s->db->long_ones;
	const struct filter filter = filter_of(table);

	for (until = last_step(s, until, 96); at < until; at += 64) {
		const uint8_t *data = s->data.at + at;
		__m512i first = _mm512_and_si512(_mm512_loadu_si512(data), fold);
		__m512i rest = _mm512_and_si512(_mm512_loadu_si512(data + 4), fold_rest);
		uint32_t hits = sixteen_looks(filter, _mm512_add_epi32(
						_mm512_mullo_epi32(first, factor),
						_mm512_mullo_epi32(rest, factor_rest)));

		note_long(s, at, hits);
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

/* Few windows: by halves of bytes, 32 places at once; what passes is looked up in the filter. */
__attribute__((target("avx2"))) static size_t nibbles_avx2(struct scan *s, size_t at, size_t until)
{
	const struct match_nibbles *n = s->db->wide.nibbles;
	const __m256i low[] = { both_lanes(n->low[0]), both_lanes(n->low[1]),
				both_lanes(n->low[2]), both_lanes(n->low[3]) };
	const __m256i high[] = { both_lanes(n->high[0]), both_lanes(n->high[1]),
				 both_lanes(n->high[2]), both_lanes(n->high[3]) };

	for (until = last_step(s, until, 64); at < until; at += 32) {
		const uint8_t *data = s->data.at + at;
		__m256i first = _mm256_and_si256(buckets_at(data, low[0], high[0]),
						 buckets_at(data + 1, low[1], high[1]));
		__m256i second = _mm256_and_si256(buckets_at(data + 2, low[2], high[2]),
						  buckets_at(data + 3, low[3], high[3]));
		__m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(first, second),
						 _mm256_setzero_si256());
		uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(none);

		for (; __builtin_expect(hits, 0); hits &= hits - 1) {
			size_t here = (size_t)__builtin_ctz(hits);

			look(s, &s->db->wide, match_hash(load_u32le(data + here)), at + here);
		}
	}
	return at;
}

/* As buckets_at, of 64 windows. */
AVX512 static inline __m512i buckets_at_64(const uint8_t *at, __m512i low, __m512i high)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i bytes = _mm512_loadu_si512(at);
	__m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half);

	return _mm512_and_si512(_mm512_shuffle_epi8(low, _mm512_and_si512(bytes, half)),
				_mm512_shuffle_epi8(high, upper));
}

AVX512 static inline __m512i four_lanes(const uint8_t table[16])
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)table));
}

AVX512 static size_t nibbles_avx512(struct scan *s, size_t at, size_t until)
{
	const struct match_nibbles *n = s->db->wide.nibbles;
	const __m512i low[] = { four_lanes(n->low[0]), four_lanes(n->low[1]),
				four_lanes(n->low[2]), four_lanes(n->low[3]) };
	const __m512i high[] = { four_lanes(n->high[0]), four_lanes(n->high[1]),
				 four_lanes(n->high[2]), four_lanes(n->high[3]) };

	for (until = last_step(s, until, 96); at < until; at += 64) {
		const uint8_t *data = s->data.at + at;
		__m512i first = _mm512_and_si512(buckets_at_64(data, low[0], high[0]),
						 buckets_at_64(data + 1, low[1], high[1]));
		__m512i second = _mm512_and_si512(buckets_at_64(data + 2, low[2], high[2]),
						  buckets_at_64(data + 3, low[3], high[3]));
		uint64_t hits = _mm512_test_epi8_mask(first, second);

		for (; __builtin_expect(hits != 0, 0); hits &= hits - 1) {
			size_t here = (size_t)__builtin_ctzll(hits);

			look(s, &s->db->wide, match_hash(load_u32le(data + here)), at + here);
		}
	}
	return at;
}
#endif

enum match_width match_width_here(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw"))
		return MATCH_SIXTEEN;
	return __builtin_cpu_supports("avx2") ? MATCH_EIGHT : MATCH_ONE;
#else
	return MATCH_ONE;
#endif
}

static void scan_windows(struct scan *s, size_t at, size_t until, enum match_width width)
{
#ifdef __x86_64__
	if (width == MATCH_SIXTEEN && s->db->wide.nibbles)
		at = nibbles_avx512(s, at, until);
	else if (width == MATCH_EIGHT && s->db->wide.nibbles)
		at = nibbles_avx2(s, at, until);
	else if (width == MATCH_SIXTEEN)
		at = windows_avx512(s, at, until);
	else if (width == MATCH_EIGHT)
		at = windows_avx2(s, at, until);
#endif
	look_at_windows(s, at, until);
	look_at_all(s, &s->db->wide);
}

static void scan_long_windows(struct scan *s, size_t at, size_t until, enum match_width width)
{
#ifdef __x86_64__
	if (width == MATCH_SIXTEEN)
		at = long_windows_avx512(s, at, until);
	else if (width == MATCH_EIGHT)
		at = long_windows_avx2(s, at, until);
#endif
	look_at_long_windows(s, at, until);
	look_at_all(s, &s->db->long_ones);
}

static void scan_pairs(struct scan *s, size_t at, size_t until)
{
	for (; at < until && !s->stop; at++)
		look(s, &s->db->pairs, match_hash((uint32_t)bytes_at(s, at, 2)), at);
	look_at_all(s, &s->db->pairs);
}

void match_scan(const struct match_db *db, struct span data, const bool *enough, match_fn *found,
		void *context)
{
	match_scan_by(match_width_here(), db, data, enough, found, context);
}

/* Block by block, so that the second look at a block finds it in the processor's cache. */
void match_scan_by(enum match_width width, const struct match_db *db, struct span data,
		   const bool *enough, match_fn *found, void *context)
{
	struct scan s = { .db = db, .data = data, .enough = enough, .found = found, .context = context };

	for (size_t at = 0, until; at < data.len && !s.stop; at = until) {
		until = data.len - at > BLOCK ? at + BLOCK : data.len;
		if (db->long_ones.filter)
			scan_long_windows(&s, at, until, width);
		if (db->wide.filter)
			scan_windows(&s, at, until, width);
		if (db->pairs.filter)
			scan_pairs(&s, at, until);
	}
}
