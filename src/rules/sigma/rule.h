/*
 * rule: one YAML document to one compiled rule, filter or correlation.
 */
#ifndef KANSHIKI_RULES_SIGMA_RULE_H
#define KANSHIKI_RULES_SIGMA_RULE_H

#include "rules/sigma/condition.h"
#include "rules/sigma/correlation.h"
#include "rules/sigma/item.h"
#include "rules/sigma/logsource.h"

/* What compiling still needs of a rule once its document is read. */
struct rule_draft {
	struct compiled_rule *rule;	/* in the image */
	struct logsource source;
	struct span name;		/* that correlations and filters may call it by */
	struct correlation_draft *correlation;	/* else NULL */
	struct condition_pipe pipe;	/* of its condition */
	struct yaml_place place;
	bool refused;			/* later, by what it refers to */
};

struct filter_draft {
	struct logsource source;
	const struct yaml_node *rules;	/* list of ids and names, or the word any */
	const struct node *root;
	struct span id;
};

/* Metadata common to all kinds: title, id, level, tags... False: refused. */
bool rule_read_info(struct sigma_doc *doc, struct sigma_rule *info);
/* A detection rule; an old pipe aggregation also gives a correlation draft. */
bool rule_read(struct sigma_doc *doc, struct rule_draft *draft);
bool filter_read(struct sigma_doc *doc, struct filter_draft *draft);

#endif
