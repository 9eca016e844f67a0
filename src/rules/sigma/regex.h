/*
 * regex: regular expressions of rules over PCRE2's interpreter.
 *
 * The interpreter and not the JIT: a sandboxed examiner may not map executable
 * memory. Searches have a match limit; giving up is told apart from no match.
 */
#ifndef KANSHIKI_RULES_SIGMA_REGEX_H
#define KANSHIKI_RULES_SIGMA_REGEX_H

#include "base/arena.h"
#include "base/err.h"

struct sigma_regex;

/* Whether PCRE2 takes it; `options` are PCRE2 options. */
bool sigma_regex_check(struct span pattern, uint32_t options, struct err *err);
struct sigma_regex *sigma_regex_new(struct span pattern, uint32_t options);	/* NULL: no memory */
void sigma_regex_free(struct sigma_regex *regex);				/* NULL-safe */

enum sigma_regex_answer { REGEX_NO, REGEX_YES, REGEX_GAVE_UP };
enum sigma_regex_answer sigma_regex_search(struct sigma_regex *regex, struct span text);

/*
 * The longest text that every match must contain, folded to lower case, copied
 * into the arena; empty where there is none that is sure.
 */
struct span sigma_regex_literal(struct arena *arena, struct span pattern);
/*
 * All such texts in their order, with WILD_ANY (set.h) around and between: a folded
 * text that does not fit this cannot match. Empty where nothing is sure.
 */
struct span sigma_regex_skeleton(struct arena *arena, struct span pattern);

#endif
