/*
 * explain: why one rule holds for one event, or at which term it fails.
 */
#ifndef KANSHIKI_RULES_SIGMA_EXPLAIN_H
#define KANSHIKI_RULES_SIGMA_EXPLAIN_H

#include "rules/sigma/sigma.h"

struct sigma_explanation {
	bool routed;		/* the event is of the rule's log source; else nothing else is set */
	bool holds;
	uint32_t true_terms, terms;	/* of the rule's outermost "and" */
	char first_false[200];	/* the term on which it fails; empty where it holds */
};

/*
 * Evaluates rule `number` for the event, whatever would wake it, and appends the
 * tree of its terms with their outcomes and the event's values, a line each.
 */
void sigma_explain(struct sigma_scanner *s, const struct event *event, uint32_t number,
		   struct buf *to, struct sigma_explanation *out);

#endif
