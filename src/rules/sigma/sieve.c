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
	sieve->scratch = calloc(2 * (size_t)words + 1, sizeof *sieve->scratch);
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

bool sieve_lets(const struct field_index *index, const struct value *value)
{
	if (!index->gate)
		return true;
	if (value->kind == VALUE_UTF16)
		return gate_lets_utf16(index->gate, value->bytes);
	if (value->kind == VALUE_TEXT)
		return gate_lets_utf8(index->gate, value->bytes);
	if (value->kind != VALUE_LIST)
		return true;
	for (uint32_t i = 0; i < value->count; i++)
		if (value->list[i].kind == VALUE_LIST || sieve_lets(index, &value->list[i]))
			return true;
	return false;
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

/* Fills the scratch bits; false where the value has none of the literals. */
static bool search(struct sigma_scanner *s, const struct group *group,
		   const struct field_index *index, uint32_t slot)
{
	struct sifting sifting = { .group = group, .bits = s->sieve.scratch };
	const struct view *view;

	if (!index->grams || !sieve_may_hold(index, &s->event->values[slot]))
		return false;
	memcpy(sifting.bits, index->passes, group->words * sizeof *sifting.bits);
	memset(sifting.bits + group->words, 0, group->words * sizeof *sifting.bits);
	view = view_folded(s, slot);
	for (uint32_t i = 0; i < view->count; i++)
		gram_find(index->grams, view->pieces[i].folded, on_literal, &sifting);
	return sifting.any;
}

static struct sieved sieved(const struct group *group, const struct field_index *index,
			    const rule_bits *bits)
{
	if (!bits)
		return (struct sieved){ index->passes, NULL };
	return (struct sieved){ bits, index->seeks ? bits + group->words : NULL };
}

void sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot)
{
	__builtin_prefetch(bucket_of(&s->sieve, key_of(s, index, slot)));
}

struct sieved sieve_value(struct sigma_scanner *s, const struct group *group,
			  const struct field_index *index, uint32_t slot)
{
	struct sieve *sieve = &s->sieve;
	size_t words = index->seeks ? 2 * (size_t)group->words : group->words;
	struct sieve_entry *entry;
	rule_bits *bits = NULL;
	uint64_t key;

	if (!sieve_lets(index, &s->event->values[slot]))
		return sieved(group, index, NULL);
	if (s->event->values[slot].kind == VALUE_LIST)
		return sieved(group, index, search(s, group, index, slot) ? sieve->scratch : NULL);
	key = key_of(s, index, slot);
	entry = entry_of(sieve, key);
	if (entry)
		return sieved(group, index, entry->bits);
	if (search(s, group, index, slot)) {
		bits = keep(sieve, sieve->scratch, words);
		if (!bits)
			return sieved(group, index, sieve->scratch);
	}
	entry = bucket_of(sieve, key);
	entry[1] = entry[0];
	entry[0] = (struct sieve_entry){ key, bits };
	return sieved(group, index, bits);
}

void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule)
{
	uint32_t slot = pg->slots[index->field], words = pg->group->words;
	struct sieve_entry *entry;
	rule_bits *bits = pg->standing;
	uint64_t key;

	if (slot != EVENT_NO_SLOT) {
		if (s->plan->same[slot] != EVENT_NO_SLOT || s->event->values[slot].kind == VALUE_LIST)
			return;
		key = key_of(s, index, slot);
		entry = entry_of(&s->sieve, key);
		if (!entry)
			return;
		if (!entry->bits) {
			memcpy(s->sieve.scratch, index->passes, words * sizeof *bits);
			memset(s->sieve.scratch + words, 0, words * sizeof *bits);
			bits = keep(&s->sieve, s->sieve.scratch, index->seeks ? 2 * words : words);
			if (!bits)
				return;
			*entry = (struct sieve_entry){ key, bits };
		}
		bits = entry->bits;
	}
	bits[rule / 64] &= ~(UINT64_C(1) << (rule % 64));
}
