#include "match/gram.h"

#include "match/find.h"

#define BITMAP_BITS 15
#define RARITY_BITS 12
#define FEW 6			/* free literals that are faster sought one by one */

/* One literal in a bucket; those of a bucket lie side by side. */
struct entry {
	struct span text;
	uint32_t value;
	uint32_t at;		/* where its gram stands in it */
};

struct table {
	const uint32_t *starts;	/* [size + 1] into entries */
	const struct entry *entries;
	uint32_t bits;
	uint32_t count;
};

struct gram_set {
	struct table whole;
	uint64_t whole_lengths;		/* bit of each length; the last for all longer */
	struct table start8, start4, end8, end4;
	struct table free;
	struct table pair_free;		/* two or three bytes, by the first two */
	struct table single_free, short_start, short_end;	/* one bucket */
	uint64_t *bitmap;		/* NULL where nothing is free */
	uint64_t *pairs;		/* first two bytes of those in pair_free; NULL where none is */
};

static uint32_t mix(uint32_t gram)
{
	return gram * UINT32_C(2654435761);
}

static uint32_t mix8(uint64_t gram)
{
	return (uint32_t)((gram * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static uint64_t length_bit(size_t len)
{
	return UINT64_C(1) << (len < 63 ? len : 63);
}

static uint32_t hash_whole(struct span s)
{
	uint64_t h = s.len * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = 0;

	for (; i + 8 <= s.len; i += 8) {
		uint64_t word;

		memcpy(&word, s.at + i, 8);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	for (; i < s.len; i++)
		h = (h ^ s.at[i]) * UINT64_C(0x100000001b3);
	return mix8(h);
}

/* Native order: only compared with grams loaded the same way on the same machine. */
static uint32_t load4(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return n;
}

static uint64_t load8(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, 8);
	return n;
}

static uint32_t pair_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* The table a literal belongs to, and the hash under which it is found there. */
struct place {
	struct table *table;
	uint32_t hash;
	uint32_t at;
};

struct build {
	struct gram_set *set;
	uint16_t rarity[1 << RARITY_BITS];
};

static uint32_t rarest_gram(const struct build *b, struct span text)
{
	uint32_t best = 0, least = UINT32_MAX;

	for (size_t i = 0; i + 4 <= text.len; i++) {
		uint32_t seen = b->rarity[mix(load4(text.at + i)) >> (32 - RARITY_BITS)];

		if (seen < least) {
			least = seen;
			best = (uint32_t)i;
		}
	}
	return best;
}

static struct place place_free(const struct build *b, struct span text)
{
	uint32_t at;

	if (text.len < 2)
		return (struct place){ &b->set->single_free, 0, 0 };
	if (text.len < 4)
		return (struct place){ &b->set->pair_free, mix(pair_at(text.at)), 0 };
	at = rarest_gram(b, text);
	return (struct place){ &b->set->free, mix(load4(text.at + at)), at };
}

static struct place place_of(const struct build *b, const struct gram_literal *l)
{
	struct gram_set *set = b->set;
	struct span t = l->text;

	switch (l->anchor) {
	case GRAM_WHOLE:
		return (struct place){ &set->whole, hash_whole(t), 0 };
	case GRAM_START:
		if (t.len >= 8)
			return (struct place){ &set->start8, mix8(load8(t.at)), 0 };
		if (t.len >= 4)
			return (struct place){ &set->start4, mix(load4(t.at)), 0 };
		return (struct place){ &set->short_start, 0, 0 };
	case GRAM_END:
		if (t.len >= 8)
			return (struct place){ &set->end8, mix8(load8(t.at + t.len - 8)), 0 };
		if (t.len >= 4)
			return (struct place){ &set->end4, mix(load4(t.at + t.len - 4)), 0 };
		return (struct place){ &set->short_end, 0, 0 };
	case GRAM_FREE:
		break;
	}
	return place_free(b, t);
}

static uint32_t bucket_of(const struct table *t, uint32_t hash)
{
	return t->bits ? hash >> (32 - t->bits) : 0;
}

static bool size_table(struct arena *arena, struct table *t, bool hashed)
{
	uint32_t *starts;
	struct entry *entries;

	while (hashed && t->bits < 20 && (UINT32_C(1) << t->bits) < 2 * t->count)
		t->bits++;
	starts = ARENA_ARRAY(arena, ((size_t)1 << t->bits) + 2, uint32_t);
	entries = ARENA_ARRAY(arena, t->count + 1, struct entry);
	t->starts = starts;
	t->entries = entries;
	return starts && entries;
}

static struct table *table_at(struct gram_set *set, size_t i)
{
	struct table *all[] = { &set->whole, &set->start8, &set->start4, &set->end8, &set->end4,
				&set->free, &set->pair_free, &set->single_free, &set->short_start,
				&set->short_end };

	return i < sizeof all / sizeof *all ? all[i] : NULL;
}

/* Counting sort into buckets: counts, then sums, then entries from the back. */
static void count_entries(const struct build *b, const struct gram_literal *literals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct place p = place_of(b, &literals[i]);
		uint32_t *starts = (uint32_t *)(uintptr_t)p.table->starts;

		starts[bucket_of(p.table, p.hash)]++;
		if (p.table == &b->set->free) {
			uint32_t bit = p.hash >> (32 - BITMAP_BITS);

			b->set->bitmap[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
	for (size_t i = 0; table_at(b->set, i); i++) {
		struct table *t = table_at(b->set, i);
		uint32_t *starts = (uint32_t *)(uintptr_t)t->starts, sum = 0;

		for (size_t k = 0; k <= (size_t)1 << t->bits; k++)
			starts[k] = sum += starts[k];
	}
}

static bool place_entries(const struct build *b, struct arena *arena,
			  const struct gram_literal *literals, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		struct place p = place_of(b, &literals[i]);
		uint32_t *starts = (uint32_t *)(uintptr_t)p.table->starts;
		struct entry *e = (struct entry *)(uintptr_t)
				  &p.table->entries[--starts[bucket_of(p.table, p.hash)]];

		e->text = arena_copy(arena, literals[i].text);
		e->value = literals[i].value;
		e->at = p.at;
		if (!e->text.at)
			return false;
	}
	return true;
}

static bool note_pairs(const struct build *b, struct arena *arena,
		       const struct gram_literal *literals, size_t count)
{
	b->set->pairs = ARENA_ARRAY(arena, 65536 / 64, uint64_t);
	for (size_t i = 0; b->set->pairs && i < count; i++) {
		struct span text = literals[i].text;
		uint32_t pair;

		if (literals[i].anchor != GRAM_FREE || text.len < 2 || text.len >= 4)
			continue;
		pair = pair_at(text.at);
		b->set->pairs[pair / 64] |= UINT64_C(1) << (pair % 64);
	}
	return b->set->pairs != NULL;
}

const struct gram_set *gram_build(struct arena *arena, const struct gram_literal *literals,
				  size_t count)
{
	struct build b = { .set = ARENA_NEW(arena, struct gram_set) };

	if (!b.set)
		return NULL;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k + 4 <= literals[i].text.len; k++) {
			uint16_t *seen = &b.rarity[mix(load4(literals[i].text.at + k)) >>
						   (32 - RARITY_BITS)];

			*seen = *seen < UINT16_MAX ? *seen + 1 : *seen;
		}
	for (size_t i = 0; i < count; i++) {
		place_of(&b, &literals[i]).table->count++;
		if (literals[i].anchor == GRAM_WHOLE)
			b.set->whole_lengths |= length_bit(literals[i].text.len);
	}
	for (size_t i = 0; table_at(b.set, i); i++) {
		struct table *t = table_at(b.set, i);

		if (!size_table(arena, t, t != &b.set->single_free && t != &b.set->short_start &&
						  t != &b.set->short_end))
			return NULL;
	}
	if (b.set->free.count) {
		b.set->bitmap = ARENA_ARRAY(arena, (1 << BITMAP_BITS) / 64, uint64_t);
		if (!b.set->bitmap)
			return NULL;
	}
	if (b.set->pair_free.count && !note_pairs(&b, arena, literals, count))
		return NULL;
	count_entries(&b, literals, count);
	return place_entries(&b, arena, literals, count) ? b.set : NULL;
}

static void find_whole(const struct table *t, struct span text, gram_fn *found, void *context)
{
	uint32_t bucket = bucket_of(t, hash_whole(text));

	for (uint32_t i = t->starts[bucket]; i < t->starts[bucket + 1]; i++)
		if (span_eq(t->entries[i].text, text))
			found(context, t->entries[i].value);
}

static void find_start(const struct table *t, uint32_t hash, struct span text, gram_fn *found,
		       void *context)
{
	uint32_t bucket = bucket_of(t, hash);

	for (uint32_t i = t->starts[bucket]; i < t->starts[bucket + 1]; i++)
		if (span_starts(text, t->entries[i].text))
			found(context, t->entries[i].value);
}

static void find_end(const struct table *t, uint32_t hash, struct span text, gram_fn *found,
		     void *context)
{
	uint32_t bucket = bucket_of(t, hash);

	for (uint32_t i = t->starts[bucket]; i < t->starts[bucket + 1]; i++)
		if (span_ends(text, t->entries[i].text))
			found(context, t->entries[i].value);
}

static void check_free(const struct table *t, struct span text, size_t at, uint32_t hash,
		       gram_fn *found, void *context)
{
	uint32_t bucket = bucket_of(t, hash);

	for (uint32_t i = t->starts[bucket]; i < t->starts[bucket + 1]; i++) {
		const struct entry *e = &t->entries[i];

		if (e->at <= at && e->text.len <= text.len - (at - e->at) &&
		    memcmp(text.at + (at - e->at), e->text.at, e->text.len) == 0)
			found(context, e->value);
	}
}

static void find_free(const struct gram_set *set, struct span text, gram_fn *found, void *context)
{
	const uint64_t *bitmap = set->bitmap;

	for (size_t i = 0; i + 4 <= text.len; i++) {
		uint32_t hash = mix(load4(text.at + i));
		uint32_t bit = hash >> (32 - BITMAP_BITS);

		if (__builtin_expect(bitmap[bit / 64] >> (bit % 64) & 1, 0))
			check_free(&set->free, text, i, hash, found, context);
	}
}

static void find_each(const struct table *t, struct span text, gram_fn *found, void *context)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (find_literal(text, t->entries[i].text))
			found(context, t->entries[i].value);
}

static void find_pairs(const struct gram_set *set, struct span text, gram_fn *found, void *context)
{
	for (size_t i = 0; i + 2 <= text.len; i++) {
		uint32_t pair = pair_at(text.at + i);

		if (set->pairs[pair / 64] >> (pair % 64) & 1)
			check_free(&set->pair_free, text, i, mix(pair), found, context);
	}
}

static void find_short(const struct gram_set *set, struct span text, gram_fn *found, void *context)
{
	if (set->pair_free.count)
		find_pairs(set, text, found, context);
	if (set->single_free.count)
		find_each(&set->single_free, text, found, context);
	if (set->short_start.count)
		find_start(&set->short_start, 0, text, found, context);
	if (set->short_end.count)
		find_end(&set->short_end, 0, text, found, context);
}

void gram_find(const struct gram_set *set, struct span text, gram_fn *found, void *context)
{
	if (set->whole_lengths & length_bit(text.len))
		find_whole(&set->whole, text, found, context);
	if (text.len >= 4) {
		const uint8_t *end = text.at + text.len;

		if (set->start4.count)
			find_start(&set->start4, mix(load4(text.at)), text, found, context);
		if (set->end4.count)
			find_end(&set->end4, mix(load4(end - 4)), text, found, context);
		if (set->start8.count && text.len >= 8)
			find_start(&set->start8, mix8(load8(text.at)), text, found, context);
		if (set->end8.count && text.len >= 8)
			find_end(&set->end8, mix8(load8(end - 8)), text, found, context);
		if (set->free.count > FEW)
			find_free(set, text, found, context);
		else
			find_each(&set->free, text, found, context);
	}
	find_short(set, text, found, context);
}
