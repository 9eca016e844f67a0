#include "rules/sigma/sieve.h"

#include <stdlib.h>

#include "rules/sigma/scan.h"

#define BUCKET_BITS 13
#define MEMORY_MAX ((size_t)16 << 20)
#define MEMORY_SLACK ((size_t)1 << 20)

bool sieve_new(struct sieve *sieve, uint32_t words)
{
	size_t size = sizeof *sieve->buckets << BUCKET_BITS;

	sieve->buckets = aligned_alloc(_Alignof(struct sieve_bucket), size);
	if (sieve->buckets)
		memset(sieve->buckets, 0, size);
	sieve->scratch.bits = calloc(2 * (size_t)words + 1, sizeof *sieve->scratch.bits);
	sieve->memory = arena_new(MEMORY_MAX + MEMORY_SLACK);
	return sieve->buckets && sieve->scratch.bits;
}

void sieve_free(struct sieve *sieve)
{
	free(sieve->buckets);
	free(sieve->scratch.bits);
	arena_free(&sieve->memory);
}

static struct sieve_bucket *bucket_of(struct sieve *sieve, uint64_t key)
{
	return &sieve->buckets[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BUCKET_BITS)];
}

static struct sieved *entry_of(struct sieve *sieve, uint64_t key)
{
	struct sieved *of = bucket_of(sieve, key)->of;

	return of[0].key == key ? of : of[1].key == key ? of + 1 : NULL;
}

static uint64_t key_of(struct sigma_scanner *s, const struct field_index *index, uint32_t slot)
{
	uint64_t key = view_hash(s, slot) + (uintptr_t)index;

	return key > SIEVE_ANEW ? key : SIEVE_ANEW + 1;
}

/* A copy of the bits that lasts; NULL: no memory. */
static rule_bits *keep(struct sieve *sieve, const rule_bits *from, size_t words)
{
	rule_bits *bits;

	if (sieve->memory.used > MEMORY_MAX) {
		arena_reset(&sieve->memory);
		memset(sieve->buckets, 0, sizeof *sieve->buckets << BUCKET_BITS);
	}
	bits = ARENA_ARRAY(&sieve->memory, words, rule_bits);
	if (bits)
		memcpy(bits, from, words * sizeof *bits);
	return bits;
}

/* What one search of a value finds. */
struct sifting {
	const struct group *group;
	rule_bits *bits;
	bool any;
};

static void on_literal(void *context, uint32_t value)
{
	struct sifting *sifting = context;
	const struct rule_list *list = &sifting->group->lists[value];
	rule_bits *bits = sifting->bits;

	for (uint32_t i = 0; i < list->count; i++) {
		uint32_t rule = list->rules[i];

		if (i == list->needing)
			bits += sifting->group->words;
		bits[rule / 64] |= UINT64_C(1) << (rule % 64);
	}
	sifting->any = true;
}

static void note_waking(const struct group *group, const struct field_index *index, struct sieved *sieved)
{
	const rule_bits *found = sieve_found(group, index, sieved);

	sieved->wakes = 0;
	for (uint32_t k = 0; k < group->words; k++)
		if (sieve_woken(index, sieved->bits, found, k))
			sieved->wakes |= UINT64_C(1) << (k < SIEVE_LAST ? k : SIEVE_LAST);
}

static size_t bits_of(const struct group *group, const struct field_index *index)
{
	return (size_t)group->words * (index->seeks ? 2 : 1);
}

/* What the value leaves standing that has none of the literals. */
static void begin_bits(struct sieve *sieve, const struct group *group, const struct field_index *index)
{
	rule_bits *bits = sieve->scratch.bits;

	memcpy(bits, index->passes, group->words * sizeof *bits);
	memset(bits + group->words, 0, group->words * sizeof *bits);
}

/* Fills the scratch bits; false where the value has none of the literals. */
static bool search(struct sigma_scanner *s, const struct group *group,
		   const struct field_index *index, uint32_t slot)
{
	struct sifting sifting = { .group = group, .bits = s->sieve.scratch.bits };
	const struct view *view;

	if (!index->grams || !sieve_fits(sieve_fit_of(index), &s->event->values[slot]))
		return false;
	begin_bits(&s->sieve, group, index);
	view = view_folded(s, slot);
	for (uint32_t i = 0; i < view->count; i++)
		gram_find(index->grams, view->pieces[i].folded, on_literal, &sifting);
	if (sifting.any)
		note_waking(group, index, &s->sieve.scratch);
	return sifting.any;
}

uint64_t sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot)
{
	const struct value *value = &s->event->values[slot];
	uint64_t key;

	if (!sieve_lets(index, value))
		return SIEVE_NONE;
	if (!sieve_tells(value))
		return SIEVE_ANEW;
	key = key_of(s, index, slot);
	__builtin_prefetch(bucket_of(&s->sieve, key));
	return key;
}

static const struct sieved *search_anew(struct sigma_scanner *s, const struct group *group,
					const struct field_index *index, uint32_t slot)
{
	s->sieve.changes++;
	return search(s, group, index, slot) ? &s->sieve.scratch : NULL;
}

static const struct sieved *search_and_keep(struct sigma_scanner *s, const struct group *group,
					    const struct field_index *index, uint32_t slot, uint64_t key)
{
	struct sieve *sieve = &s->sieve;
	struct sieved made = { .key = key }, *of;

	sieve->changes++;
	if (search(s, group, index, slot)) {
		made.wakes = sieve->scratch.wakes;
		made.bits = keep(sieve, sieve->scratch.bits, bits_of(group, index));
		if (!made.bits)
			return &sieve->scratch;
	}
	of = bucket_of(sieve, made.key)->of;
	of[1] = of[0];
	of[0] = made;
	return made.bits ? of : NULL;
}

const struct sieved *sieve_expected(struct sigma_scanner *s, const struct group *group,
				    const struct field_index *index, uint32_t slot, uint64_t key)
{
	const struct sieved *entry;

	if (key <= SIEVE_ANEW)
		return key == SIEVE_NONE ? NULL : search_anew(s, group, index, slot);
	entry = entry_of(&s->sieve, key);
	if (!entry)
		return search_and_keep(s, group, index, slot, key);
	return entry->bits ? entry : NULL;
}

/* What is known of the value, with bits of its own where it had none of the literals; NULL: nothing. */
static struct sieved *own_bits(struct sigma_scanner *s, const struct group *group,
			       const struct field_index *index, uint32_t slot)
{
	struct sieve *sieve = &s->sieve;
	struct sieved made = { .key = key_of(s, index, slot) }, *entry = entry_of(sieve, made.key);

	if (!entry || entry->bits)
		return entry;
	begin_bits(sieve, group, index);
	made.bits = keep(sieve, sieve->scratch.bits, bits_of(group, index));
	if (!made.bits)
		return NULL;
	*entry = made;
	return entry;
}

void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule)
{
	uint32_t slot = pg->slots[index->field];
	rule_bits gone = UINT64_C(1) << (rule % 64);
	struct sieved *sieved;

	if (slot == EVENT_NO_SLOT || plan_decides(s, slot)) {
		pg->standing[rule / 64] &= ~gone;
		return;
	}
	if (s->plan->same[slot] != EVENT_NO_SLOT || s->event->values[slot].kind == VALUE_LIST)
		return;
	sieved = own_bits(s, pg->group, index, slot);
	if (!sieved)
		return;
	sieved->bits[rule / 64] &= ~gone;
	note_waking(pg->group, index, sieved);
}
