/*
 * sieve: which rules of a group the value of one field leaves standing.
 *
 * A rule is woken where a value has one of the literals that wake it, and falls
 * where the value of a field has none of those it needs there; rules that stand
 * in all fields are tried. Values recur, in one event's fields
 * as in a log, so what a value leaves standing is remembered, and when a rule
 * that was tried fails on a term that this value alone decides, that is
 * remembered with it. Memory is bounded: when it is full all is forgotten.
 */
#ifndef KANSHIKI_RULES_SIGMA_SIEVE_H
#define KANSHIKI_RULES_SIGMA_SIEVE_H

#include "rules/sigma/set.h"

struct sigma_scanner;
struct plan_group;

/*
 * What is known of a value: in which words of bits it wakes rules, the rules that it
 * leaves standing, and behind them, where rules seek in the index, those whose sought
 * literals it has.
 */
struct sieved {
	uint64_t key;			/* of the value and the index */
	uint64_t wakes;			/* SIEVE_LAST stands for all words behind */
	rule_bits *bits;		/* NULL: it has none of the literals */
};

#define SIEVE_LAST 63

/* In one line of the cache. */
struct sieve_bucket {
	_Alignas(64) struct sieved of[2];
};

struct sieve {
	struct sieve_bucket *buckets;
	struct arena memory;
	struct sieved scratch;		/* for what is not remembered */
	uint64_t changes;		/* what was answered before one of these is gone */
};

static inline void rule_bits_and(rule_bits *restrict to, const rule_bits *restrict from,
				 uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		to[i] &= from[i];
}

/* `from` may be NULL. */
static inline void rule_bits_or(rule_bits *restrict to, const rule_bits *restrict from,
				uint32_t words)
{
	for (uint32_t i = 0; from && i < words; i++)
		to[i] |= from[i];
}

/* Whether some rule is in both. */
static inline bool rule_bits_meet(const rule_bits *a, const rule_bits *b, uint32_t words)
{
	rule_bits both = 0;

	for (uint32_t i = 0; i < words; i++)
		both |= a[i] & b[i];
	return both != 0;
}

/* Those of the rules of word k that a value wakes; `found` may be NULL. */
static inline rule_bits sieve_woken(const struct field_index *index, const rule_bits *standing,
				    const rule_bits *found, uint32_t k)
{
	return ((standing[k] & ~index->passes[k]) | (found ? found[k] : 0)) & index->wakes[k];
}

/* What a value must be like so that a literal of an index can stand in it. */
struct sieve_fit {
	uint32_t kinds, bytes, characters;
};

static inline struct sieve_fit sieve_fit_of(const struct field_index *index)
{
	return (struct sieve_fit){ index->kinds, index->shortest, index->fewest };
}

static inline bool sieve_fits(struct sieve_fit fit, const struct value *value)
{
	if (!(fit.kinds >> value->kind & 1))
		return false;
	if (value->kind == VALUE_UTF16)
		return value->bytes.len / 2 >= fit.characters;
	return value->kind != VALUE_TEXT || value->bytes.len >= fit.bytes;
}

/* False where the value surely has none of the literals; cheaper than sieve_value. */
static inline bool sieve_lets(const struct field_index *index, const struct value *value)
{
	return !index->gate || gate_lets_value(index->gate, value);
}

/* Room for groups of at most `words`; false: no memory. */
bool sieve_new(struct sieve *sieve, uint32_t words);
void sieve_free(struct sieve *sieve);

/* [words]; `sieved` may be NULL. */
static inline const rule_bits *sieve_standing(const struct field_index *index, const struct sieved *sieved)
{
	return sieved ? sieved->bits : index->passes;
}

/* [words] or NULL; `sieved` may be NULL. */
static inline const rule_bits *sieve_found(const struct group *group, const struct field_index *index,
					   const struct sieved *sieved)
{
	return sieved && index->seeks ? sieved->bits + group->words : NULL;
}

/* Whether the value can be told from others by its hash. */
static inline bool sieve_tells(const struct value *value)
{
	for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->count; i++)
		if (value->list[i].kind == VALUE_LIST)
			return false;
	return true;
}

/* Under which key a value is remembered, which is fetched ahead; or one of those that follow. */
uint64_t sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot);
#define SIEVE_NONE 0			/* it has none of the literals */
#define SIEVE_ANEW 1			/* it is searched each time */
/* NULL: the value has none of the literals. Until `changes` of the sieve change. */
const struct sieved *sieve_expected(struct sigma_scanner *s, const struct group *group,
				    const struct field_index *index, uint32_t slot, uint64_t key);

static inline const struct sieved *sieve_value(struct sigma_scanner *s, const struct group *group,
					       const struct field_index *index, uint32_t slot)
{
	return sieve_expected(s, group, index, slot, sieve_expect(s, index, slot));
}

/* The rule failed on a term that only the index' field decides. */
void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule);

#endif
