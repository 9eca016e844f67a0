/*
 * witness: the values without which a rule cannot hold.
 *
 * A witness is a set of literals on fields, one of which must be seen before
 * the rule may be true. Of the many a rule has, the one expected to be seen
 * least is taken: long before short, whole before part, and what many rules ask
 * for counts as common in events too.
 */
#ifndef KANSHIKI_RULES_SIGMA_WITNESS_H
#define KANSHIKI_RULES_SIGMA_WITNESS_H

#include "rules/sigma/build.h"

struct witness_literal {
	uint32_t field;
	enum gram_anchor anchor;
	struct span text;
};

struct witness {
	struct witness_literal *literals;
	size_t count, room;
	double cost;		/* expected hits an event; infinite: no witness */
};

/* How often rules ask for a literal; keys lie in the arena of the map. */
struct popularity {
	struct arena *arena;
	struct map map;
	const struct span *fields;	/* names by number */
};

struct popularity popularity_new(struct arena *arena, const struct span *fields);
/* Counts the literals of one rule. */
bool popularity_add(struct popularity *p, const struct node *root);

/* False: out of memory. A rule without witness gets an infinite cost. */
bool witness_find(const struct popularity *p, const struct node *root, struct witness *out);

#endif
