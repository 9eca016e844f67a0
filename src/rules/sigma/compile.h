/*
 * compile: what the files that make a set of rule texts share.
 *
 * Documents are read into drafts (compile.c); drafts are joined with filters
 * and correlations and numbered (link.c); those of one log source become a
 * group with its routes (group.c) and its indexes (index.c).
 */
#ifndef KANSHIKI_RULES_SIGMA_COMPILE_H
#define KANSHIKI_RULES_SIGMA_COMPILE_H

#include "rules/sigma/rule.h"
#include "rules/sigma/witness.h"

struct compiler {
	struct sigma_build b;
	struct logsource_table table;
	struct rule_draft *drafts;
	size_t draft_count, draft_room;
	struct filter_draft *filters;
	size_t filter_count, filter_room;
	const struct yaml_node *global, *previous;	/* old "action" collections */
	struct map by_name;				/* id, name -> draft index + 1 */
	struct err *err;
};

/* Rules of one log source. */
struct group_draft {
	struct logsource source;
	uint32_t *rules;		/* indexes of drafts */
	size_t count, room;
	bool routed;
};

/* Tells of a rule that is refused or not applicable, and counts it. */
void compiler_tell(struct compiler *c, enum sigma_problem_kind kind, struct span file,
		   struct yaml_place place, struct span rule, const char *reason);
/* Sets the error of the whole; returns false. */
bool compiler_out_of_memory(struct compiler *c);

/* All drafts into the set; false only where memory ends. */
bool link_set(struct compiler *c, struct sigma_set *set);
/* Groups and routes of the numbered rules of the set. */
bool group_rules(struct compiler *c, struct sigma_set *set);
/* Terms and indexes of one group; false: out of memory, told. */
bool index_group(struct compiler *c, const struct group_draft *draft,
		 const struct popularity *popularity, struct group *group);

#endif
