/*
 * value: Sigma's strings: escapes, wildcards and what modifiers make of them.
 *
 * A text holds WILD_ANY and WILD_ONE for the wildcards; these bytes stand
 * nowhere else, since rule files are UTF-8. Text that a modifier made binary
 * (UTF-16) has no wildcards. All results lie in the arena given.
 */
#ifndef KANSHIKI_RULES_SIGMA_VALUE_H
#define KANSHIKI_RULES_SIGMA_VALUE_H

#include "base/arena.h"
#include "base/err.h"
#include "rules/sigma/set.h"

struct sigma_text {
	struct span bytes;
	bool binary;
};

struct sigma_texts {
	struct sigma_text *at;
	size_t count, room;
};

bool sigma_texts_add(struct arena *arena, struct sigma_texts *texts, struct span bytes, bool binary);

/* Resolves \* \? and \\ and marks wildcards. */
struct span sigma_unescape(struct arena *arena, struct span text);
bool sigma_has_wildcard(struct span text);

enum sigma_transform { SIGMA_WINDASH, SIGMA_UTF16LE, SIGMA_UTF16BE, SIGMA_UTF16, SIGMA_BASE64,
		       SIGMA_BASE64_OFFSET };

/* Replaces each text by what the transform makes of it. */
bool sigma_transform(struct arena *arena, struct sigma_texts *texts, enum sigma_transform transform,
		     struct err *err);

/*
 * Sets kind and text of a predicate from a text: plain, or with a wildcard put
 * before and after it where asked. Folds case unless pred->cased.
 */
bool sigma_text_pred(struct arena *arena, struct sigma_text text, bool open_start, bool open_end,
		     struct pred *pred);

#endif
