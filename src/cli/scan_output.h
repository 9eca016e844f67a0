/* scan_output: what `kanshiki scan` prints: yara's lines, or JSON lines. */
#ifndef KANSHIKI_CLI_SCAN_OUTPUT_H
#define KANSHIKI_CLI_SCAN_OUTPUT_H

#include "base/buf.h"
#include "cli/options.h"
#include "rules/yara/yara.h"

struct scan_show {
	bool strings, lengths, xor_keys, meta, tags, name_space, count, json, module_data;
	struct option_list only_tags, only_rules;
};

/* Whether -t and -i let this rule through. */
bool scan_shows(const struct scan_show *show, const struct yara_rule_info *rule);
void scan_print_match(struct buf *to, const struct scan_show *show,
		      const struct yara_match *match, const char *path);
/* -D: a line of JSON for each module that the rules import. */
void scan_print_modules(struct buf *to, const struct yara_set *set, const struct yara_scan *scan,
			const char *path);

#endif
