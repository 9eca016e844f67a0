/*
 * gram: which of many literals occur in a short text, in one cheap pass.
 *
 * Made for field values: texts of tens to hundreds of bytes, thousands of
 * literals, many sets. A literal may be tied to the start, the end or both.
 * Free literals are found by their rarest four bytes: a bitmap of 4 KiB answers
 * most positions, a hash table the rest, and the whole literal is compared
 * before it counts. The set lies in an arena without pointers out of it, is
 * built in linear time and is read-only. Matching is on bytes: fold case first.
 */
#ifndef KANSHIKI_MATCH_GRAM_H
#define KANSHIKI_MATCH_GRAM_H

#include "base/arena.h"

enum gram_anchor { GRAM_FREE, GRAM_START, GRAM_END, GRAM_WHOLE };

struct gram_literal {
	struct span text;
	enum gram_anchor anchor;
	uint32_t value;		/* what a find answers; several literals may share it */
};

struct gram_set;

/* NULL: the arena is exhausted. Texts are copied. */
const struct gram_set *gram_build(struct arena *arena, const struct gram_literal *literals,
				  size_t count);

/* Called once a literal that occurs; a value may come more than once. */
typedef void gram_fn(void *context, uint32_t value);
void gram_find(const struct gram_set *set, struct span text, gram_fn *found, void *context);

#endif
