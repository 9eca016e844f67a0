/*
 * logsource: which events a rule's log source means, from one data file.
 *
 * The file (rules/logsources.yml) tells for category, product and service which
 * fields of an event must have which values, and under which names the event
 * has the fields that rules name. See docs/sigma.md for its form.
 */
#ifndef KANSHIKI_RULES_SIGMA_LOGSOURCE_H
#define KANSHIKI_RULES_SIGMA_LOGSOURCE_H

#include "rules/sigma/build.h"

enum { SOURCE_CATEGORY, SOURCE_PRODUCT, SOURCE_SERVICE, SOURCE_PARTS };

struct logsource {
	struct span part[SOURCE_PARTS];		/* lower-case; empty: not named */
};

struct logsource_entry {
	struct logsource source;
	struct route route;		/* groups are filled by the compiler */
	uint32_t *groups;		/* scratch */
	size_t group_count, group_room;
};

struct logsource_table {
	struct logsource_entry *entries;
	size_t entry_count, entry_room;
	struct span *keys;		/* fields that tests look at */
	size_t key_count, key_room;
	const struct field_alias *aliases;
	const struct field_join *joins;
	uint32_t alias_count, join_count;
};

bool logsource_table_read(struct sigma_build *b, struct span text, struct logsource_table *out,
			  struct err *err);

/* A rule's or filter's own; false: refused. */
bool logsource_read(struct sigma_doc *doc, const struct yaml_node *node, struct logsource *out);
/* Every part that `wanted` names is the same in `have`. */
bool logsource_covers(const struct logsource *wanted, const struct logsource *have);
bool logsource_same(const struct logsource *a, const struct logsource *b);
/* Whether a rule with that log source looks at the events of that entry. */
bool logsource_wants(const struct logsource_table *table, const struct logsource *rule,
		     const struct logsource_entry *entry);

#endif
