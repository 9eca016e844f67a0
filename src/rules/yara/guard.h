/*
 * guard: what size and first bytes a file must have for a condition to be true.
 *
 * Always on the safe side: a file that a guard lets through need not match, one
 * that it refuses cannot. Private to this folder; wake.c puts them to use.
 */
#ifndef KANSHIKI_RULES_YARA_GUARD_H
#define KANSHIKI_RULES_YARA_GUARD_H

#include "rules/yara/compile.h"

struct guard guard_any(void);
struct guard guard_and(const struct guard *a, const struct guard *b);
struct guard guard_or(const struct guard *a, const struct guard *b);
/* Of a condition that is neither chain, loop, quantity nor rule: of those wake.c makes it from the parts. */
struct guard guard_of(const struct rule *rule, const struct node *n);
/* For a value to be defined. */
struct guard guard_defined(const struct node *n);
/* How many files it lets through, as a guess: 0 for none, beyond 1e6 for most. */
double guard_cost(const struct guard *guard);

/* Of how many operands (.left, then .right) a value is made that must all be defined for it to be. */
unsigned node_operands(enum node_op op);
/* a < b as b > a, and so on. */
enum node_op node_mirrored(enum node_op op);

#endif
