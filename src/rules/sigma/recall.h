/*
 * recall: which rules of a group stand once all fields that wake were looked at.
 *
 * These fields' values come together again and again, as the same program does
 * the same thing: then what they left standing together is known by one look,
 * and none of them is looked up by itself. Most such events leave nothing
 * standing. Memory is bounded: when it is full all is forgotten.
 */
#ifndef KANSHIKI_RULES_SIGMA_RECALL_H
#define KANSHIKI_RULES_SIGMA_RECALL_H

#include "rules/sigma/set.h"

struct sigma_scanner;
struct plan_group;

/* One word of bits: the rules that stand, and those whose sought literals were found. */
struct recalled_word {
	rule_bits standing, found;
	uint32_t k;
};

struct recalled {
	uint32_t first, count;		/* words */
};

#define RECALL_WAYS 4

/* In one line of the cache; the newest first. */
struct recall_bucket {
	_Alignas(64) uint64_t keys[RECALL_WAYS];	/* of the plan group and the values */
	struct recalled of[RECALL_WAYS];
};

struct recall {
	struct recall_bucket *buckets;
	struct recalled_word *words;
	uint32_t used;			/* words */
};

#define RECALL_NONE 0			/* the key where the values cannot be told by a hash */

bool recall_new(struct recall *recall);
void recall_free(struct recall *recall);
/* Of the event at hand; what is known is fetched ahead. */
uint64_t recall_key(struct sigma_scanner *s, const struct plan_group *pg);
/* NULL: not known. Until the next recall_put. */
const struct recalled *recall_find(const struct recall *recall, uint64_t key);
/* The live words of the scanner are what stands now. */
void recall_put(struct sigma_scanner *s, uint64_t key);
/* With these values the rule never holds; key as given to recall_put. */
void recall_fall(struct recall *recall, uint64_t key, uint32_t rule);

#endif
