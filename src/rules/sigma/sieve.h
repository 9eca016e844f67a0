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

struct sieve_entry {
	uint64_t key;			/* of the value and the index */
	rule_bits *bits;		/* whether any is woken, standing, found; NULL: none of the literals */
};

struct sieve {
	struct sieve_entry *entries;
	struct arena memory;
	rule_bits *scratch;		/* for what is not remembered */
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

/* Whether a literal of the index can stand in the value, by its kind and length. */
static inline bool sieve_may_hold(const struct field_index *index, const struct value *value)
{
	if (!(index->kinds >> value->kind & 1))
		return false;
	if (value->kind == VALUE_UTF16)
		return value->bytes.len / 2 >= index->fewest;
	return value->kind != VALUE_TEXT || value->bytes.len >= index->shortest;
}

bool sieve_lets_list(const struct field_index *index, const struct value *value);

/* False where the value surely has none of the literals; cheaper than sieve_value. */
static inline bool sieve_lets(const struct field_index *index, const struct value *value)
{
	if (!index->gate)
		return true;
	if (value->kind == VALUE_UTF16)
		return gate_lets_utf16(index->gate, value->bytes);
	if (value->kind == VALUE_TEXT)
		return gate_lets_utf8(index->gate, value->bytes);
	return value->kind != VALUE_LIST || sieve_lets_list(index, value);
}

/* Room for groups of at most `words`; false: no memory. */
bool sieve_new(struct sieve *sieve, uint32_t words);
void sieve_free(struct sieve *sieve);

struct sieved {
	const rule_bits *standing;	/* [words]; until the next call */
	const rule_bits *found;		/* rules whose sought literals it has; NULL: none */
	bool wakes;			/* one of the two has a rule of the index' `wakes` */
};

/* Fetches what is known of the value ahead of asking; not for lists. */
void sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot);
struct sieved sieve_value(struct sigma_scanner *s, const struct group *group,
			  const struct field_index *index, uint32_t slot);
/* The rule failed on a term that only the index' field decides. */
void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule);

#endif
