/*
 * sieve: which rules of a group the value of one field leaves standing.
 *
 * A rule falls where the value has none of the literals it needs in that field;
 * rules that stand in all fields are tried. Values recur, in one event's fields
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
	rule_bits *bits;		/* standing, then found; NULL: none of the literals */
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

/* Whether a literal of the index can stand in the value, by its kind and length. */
static inline bool sieve_may_hold(const struct field_index *index, const struct value *value)
{
	/* The kinds whose text has only the characters that compiling sets aside. */
	const uint32_t textless = 1u << VALUE_ABSENT | 1u << VALUE_NULL | 1u << VALUE_INT |
				  1u << VALUE_UINT | 1u << VALUE_HEX | 1u << VALUE_GUID |
				  1u << VALUE_SID | 1u << VALUE_TIME | 1u << VALUE_BYTES;

	if (value->kind == VALUE_TEXT)
		return value->bytes.len >= index->shortest;
	if (value->kind == VALUE_UTF16)
		return value->bytes.len / 2 * 3 >= index->shortest;
	return !index->texts_only || !(textless >> value->kind & 1);
}

/* False where the value surely has none of the literals; cheaper than sieve_value. */
bool sieve_lets(const struct field_index *index, const struct value *value);

/* Room for groups of at most `words`; false: no memory. */
bool sieve_new(struct sieve *sieve, uint32_t words);
void sieve_free(struct sieve *sieve);

struct sieved {
	const rule_bits *standing;	/* [words]; until the next call */
	const rule_bits *found;		/* rules whose sought literals it has; NULL: none */
};

/* Fetches what is known of the value ahead of asking; not for lists. */
void sieve_expect(struct sigma_scanner *s, const struct field_index *index, uint32_t slot);
struct sieved sieve_value(struct sigma_scanner *s, const struct group *group,
			  const struct field_index *index, uint32_t slot);
/* The rule failed on a term that only the index' field decides. */
void sieve_learn(struct sigma_scanner *s, const struct plan_group *pg,
		 const struct field_index *index, uint32_t rule);

#endif
