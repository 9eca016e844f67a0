/* assess_rules: the rules of an assessment, and their mention in the case. */
#ifndef KANSHIKI_CLI_ASSESS_RULES_H
#define KANSHIKI_CLI_ASSESS_RULES_H

#include "assess/allow_list.h"
#include "cli/options.h"
#include "examine/rule_pack.h"

struct case_file;

struct assess_rules {
	struct image yara, sigma;	/* root: struct rule_pack */
	struct span paths;		/* what was given, for the case */
	const struct allow_list *allow;
	struct arena arena;
};

/* Starter rules (unless left out) and the given ones, compiled and sealed. */
bool assess_rules_load(struct assess_rules *rules, const struct option_list *given,
		       bool no_starter_rules, bool no_cache, struct err *err);
/* Whether what these two need of the program's own data can be found. */
bool assess_rules_there(bool no_starter_rules, struct err *err);
/* Our list of destinations that are everybody's, and the given files. */
bool assess_rules_allow(struct assess_rules *rules, const struct option_list *given,
			struct err *err);
void assess_rules_free(struct assess_rules *rules);
/* Rule sets and problems go into the case. */
bool assess_rules_record(const struct assess_rules *rules, struct case_file *file,
			 struct err *err);

#endif
