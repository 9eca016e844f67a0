/*
 * condition: Sigma's condition language over named nodes.
 *
 * or < and < not < "1 of". Names that begin with _ stand outside "of". Serves
 * searches of a rule, filters, and the rules of an extended correlation.
 */
#ifndef KANSHIKI_RULES_SIGMA_CONDITION_H
#define KANSHIKI_RULES_SIGMA_CONDITION_H

#include "rules/sigma/build.h"

struct condition_name {
	struct span name;
	const struct node *node;
	bool used;
};

struct condition_names {
	struct condition_name *at;
	size_t count, room;
};

/*
 * Node of the condition, or NULL: refused. What stands behind a pipe is left in
 * *aggregation (old "| count() by x > 3"), which may be NULL where none is allowed.
 */
const struct node *sigma_condition(struct sigma_doc *doc, const struct yaml_node *at,
				   struct span text, struct condition_names *names,
				   struct span *aggregation);

/* Whether a name of a search fits a pattern, in which * alone stands for any text. */
bool sigma_name_matches(struct span pattern, struct span name);

#endif
