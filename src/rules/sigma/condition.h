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

#define CONDITION_NEAR_MAX 16

/* What stands behind a pipe in old rules. */
struct condition_pipe {
	struct span text;	/* "count() by x > 3"; empty where there is none, or "near" */
	struct {
		const struct node *node;
		bool absent;	/* behind "and not" */
	} near[CONDITION_NEAR_MAX];
	uint32_t near_count;
};

/* Node of the condition, or NULL: refused. `pipe` may be NULL where none is allowed. */
const struct node *sigma_condition(struct sigma_doc *doc, const struct yaml_node *at,
				   struct span text, struct condition_names *names,
				   struct condition_pipe *pipe);

/* Whether a name of a search fits a pattern, in which * alone stands for any text. */
bool sigma_name_matches(struct span pattern, struct span name);

#endif
