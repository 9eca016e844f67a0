#include "rules/sigma/sieve.h"

#include <stdlib.h>

#include "rules/sigma/scan.h"

#define BUCKET_BITS 14
#define MEMORY_MAX ((size_t)16 << 20)
#define MEMORY_SLACK ((size_t)1 << 20)

bool sieve_new(struct sieve *sieve, uint32_t words)
{
	size_t size = 2 * sizeof *sieve->entries << BUCKET_BITS;

	/* So that a bucket lies in one line of the cache. */
	sieve->entries = aligned_alloc(64, size);
	if (sieve->entries)
		memset(sieve->entries, 0, size);
	sieve->scratch = calloc(2 * (size_t)words + 2, sizeof *sieve->scratch);
	sieve->memory = arena_new(MEMORY_MAX + MEMORY_SLACK);
	return sieve->entries && sieve->scratch;
}

void sieve_free(struct sieve *sieve)
{
	free(sieve->entries);
	free(sieve->scratch);
	arena_free(&sieve->memory);
}

/* Two to a bucket. */
static struct sieve_entry *bucket_of(struct sieve *sieve, uint64_t key)
{
	return &sieve->entries[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BUCKET_BITS) << 1];
}

static struct sieve_entry *entry_of(struct sieve *sieve, uint64_t key)
{
	struct sieve_entry *bucket = bucket_of(sieve, key);

	return bucket[0].key == key ? bucket : bucket[1].key == key ? bucket + 1 : NULL;
}

static uint64_t key_of(struct sigma_scanner *s, const struct field_index *index, uint32_t slot)
{
	return view_hash(s, slot) + (uintptr_t)index;
}

/* A copy of the bits that lasts; NULL: no memory. */
static rule_bits *keep(struct sieve *sieve, const rule_bits *from, size_t words)
{
	rule_bits *bits;

	if (sieve->memory.used > MEMORY_MAX) {
		arena_reset(&sieve->memory);
		memset(sieve->entries, 0, 2 * sizeof *sieve->entries << BUCKET_BITS);
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

/* The bits begin with the words that wake rules. */
static void note_waking(const struct group *group, const struct field_index *index, rule_bits *bits)
{
	const rule_bits *found = sieve_found(group, index, bits);

	bits[0] = 0;
	for (uint32_t k = 0; k < group->words; k++)
		if (sieve_woken(index, bits + 1, found, k))
			bits[0] |= UINT64_C(1) << (k < SIEVE_LAST ? k : SIEVE_LAST);
}

static size_t bits_of(const struct group *group, const struct field_index *index)
{
	return 1 + (size_t)group->words * (index->seeks ? 2 : 1);
}

/* What the value leaves standing that has none of the literals. */
static void begin_bits(struct sieve *sieve, const struct group *group, const struct field_index *index)
{
	memcpy(sieve->scratch + 1, index->passes, group->words * sizeof *sieve->scratch);
	memset(sieve->scratch + 1 + group->words, 0, group->words * sizeof *sieve->scratch);
}

/* Fills the scratch bits; false where the value has none of the literals. */
static bool search(struct sigma_scanner *s, const struct group *group,
		   const struct field_index *index, uint32_t slot)
{
	struct sifting sifting = { .group = group, .bits = s->sieve.scratch + 1 };
	const struct view *view;

	if (!index->grams || !sieve_fits(sieve_fit_of(index), &s->event->values[slot]))
		return false;
	begin_bits(&s->sieve, group, index);
	view = view_folded(s, slot);
	for (uint32_t i = 0; i < view->count; i++)
		gram_find(index->grams, view->pieces[i].folded, on_literal, &sifting);
	if (sifting.any)
		note_waking(group, index, s->sieve.scratch);
	return sifting.any;
}

void sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot)
{
	__builtin_prefetch(bucket_of(&s->sieve, key_of(s, index, slot)));
}

/* Whether the list can be told from others by its hash. */
static bool is_hashed(const struct value *value)
{
	for (uint32_t i = 0; i < value->count; i++)
		if (value->list[i].kind == VALUE_LIST)
			return false;
	return true;
}

static const rule_bits *search_anew(struct sigma_scanner *s, const struct group *group,
				    const struct field_index *index, uint32_t slot)
{
	return search(s, group, index, slot) ? s->sieve.scratch : NULL;
}

static const rule_bits *search_and_keep(struct sigma_scanner *s, const struct group *group,
					const struct field_index *index, uint32_t slot)
{
	struct sieve *sieve = &s->sieve;
	uint64_t key = key_of(s, index, slot);
	rule_bits *bits = NULL;
	struct sieve_entry *entry;

	if (search(s, group, index, slot)) {
		bits = keep(sieve, sieve->scratch, bits_of(group, index));
		if (!bits)
			return sieve->scratch;
	}
	entry = bucket_of(sieve, key);
	entry[1] = entry[0];
	entry[0] = (struct sieve_entry){ key, bits };
	return bits;
}

const rule_bits *sieve_value(struct sigma_scanner *s, const struct group *group,
			     const struct field_index *index, uint32_t slot)
{
	const struct value *value = &s->event->values[slot];
	const struct sieve_entry *entry;

	if (!sieve_lets(index, value))
		return NULL;
	if (value->kind == VALUE_LIST && !is_hashed(value))
		return search_anew(s, group, index, slot);
	entry = entry_of(&s->sieve, key_of(s, index, slot));
	return entry ? entry->bits : search_and_keep(s, group, index, slot);
}

/* The bits of the value, its own where it had none of the literals; NULL: not remembered. */
static rule_bits *own_bits(struct sigma_scanner *s, const struct group *group,
			   const struct field_index *index, uint32_t slot)
{
	uint64_t key = key_of(s, index, slot);
	struct sieve_entry *entry = entry_of(&s->sieve, key);
	rule_bits *bits;

	if (!entry || entry->bits)
		return entry ? entry->bits : NULL;
	begin_bits(&s->sieve, group, index);
	note_waking(group, index, s->sieve.scratch);
	bits = keep(&s->sieve, s->sieve.scratch, bits_of(group, index));
	if (bits)
		*entry = (struct sieve_entry){ key, bits };
	return bits;
}

void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule)
{
	uint32_t slot = pg->slots[index->field];
	rule_bits gone = UINT64_C(1) << (rule % 64), *bits;

	if (slot == EVENT_NO_SLOT || plan_decides(s, slot)) {
		pg->standing[rule / 64] &= ~gone;
		return;
	}
	if (s->plan->same[slot] != EVENT_NO_SLOT || s->event->values[slot].kind == VALUE_LIST)
		return;
	bits = own_bits(s, pg->group, index, slot);
	if (!bits)
		return;
	bits[1 + rule / 64] &= ~gone;
	note_waking(pg->group, index, bits);
}
