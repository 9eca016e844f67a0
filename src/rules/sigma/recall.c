#include "rules/sigma/recall.h"

#include <stdlib.h>

#include "rules/sigma/scan.h"

#define BUCKET_BITS 12
#define WORDS_MAX (1u << 14)

bool recall_new(struct recall *recall)
{
	size_t size = sizeof *recall->buckets << BUCKET_BITS;

	recall->buckets = aligned_alloc(_Alignof(struct recall_bucket), size);
	if (recall->buckets)
		memset(recall->buckets, 0, size);
	recall->words = calloc(WORDS_MAX, sizeof *recall->words);
	return recall->buckets && recall->words;
}

void recall_free(struct recall *recall)
{
	free(recall->buckets);
	free(recall->words);
}

static struct recall_bucket *bucket_of(const struct recall *recall, uint64_t key)
{
	return &recall->buckets[(key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BUCKET_BITS)];
}

uint64_t recall_key(struct sigma_scanner *s, const struct plan_group *pg)
{
	uint64_t key = pg->key;

	for (uint32_t i = 0; i < pg->waker_count; i++) {
		const struct probe *probe = &pg->probes[pg->wakers[i]];
		const struct value *value = &s->event->values[probe->slot];

		if (!sieve_lets(probe->index, value))
			key = hash_mix(key, SIEVE_NONE);
		else if (!sieve_tells(value))
			return RECALL_NONE;
		else
			key = hash_mix(key, view_hash(s, probe->slot));
	}
	__builtin_prefetch(bucket_of(&s->recall, key));
	return key ? key : 1;
}

const struct recalled *recall_find(const struct recall *recall, uint64_t key)
{
	const struct recall_bucket *bucket = bucket_of(recall, key);

	for (uint32_t i = 0; i < RECALL_WAYS && key != RECALL_NONE; i++)
		if (bucket->keys[i] == key)
			return &bucket->of[i];
	return NULL;
}

void recall_put(struct sigma_scanner *s, uint64_t key)
{
	struct recall *recall = &s->recall;
	struct recall_bucket *bucket = bucket_of(recall, key);

	if (s->live_count > WORDS_MAX)
		return;
	if (recall->used + s->live_count > WORDS_MAX) {
		memset(recall->buckets, 0, sizeof *recall->buckets << BUCKET_BITS);
		recall->used = 0;
	}
	memmove(bucket->keys + 1, bucket->keys, sizeof bucket->keys - sizeof *bucket->keys);
	memmove(bucket->of + 1, bucket->of, sizeof bucket->of - sizeof *bucket->of);
	bucket->keys[0] = key;
	bucket->of[0] = (struct recalled){ recall->used, s->live_count };
	for (uint32_t i = 0; i < s->live_count; i++) {
		uint32_t k = s->live[i];

		recall->words[recall->used++] = (struct recalled_word){ s->standing[k], s->found[k], k };
	}
}

void recall_fall(struct recall *recall, uint64_t key, uint32_t rule)
{
	const struct recalled *entry = recall_find(recall, key);

	for (uint32_t i = 0; entry && i < entry->count; i++)
		if (recall->words[entry->first + i].k == rule / 64)
			recall->words[entry->first + i].standing &= ~(UINT64_C(1) << (rule % 64));
}
