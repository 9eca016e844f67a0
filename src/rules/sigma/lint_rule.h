/* lint_rule: what the files of the linter share about the document at hand. */
#ifndef KANSHIKI_RULES_SIGMA_LINT_RULE_H
#define KANSHIKI_RULES_SIGMA_LINT_RULE_H

#include "base/map.h"
#include "codec/yaml.h"
#include "rules/sigma/lint.h"

/* A correlation or filter names a rule: by id or name. */
struct lint_reference {
	struct span what;
	const char *file;
	uint32_t line, column;
};

struct sigma_linter {
	struct arena *arena;
	lint_fn *tell;
	void *context;
	const char *file;
	const struct yaml_node *doc;
	struct map ids;			/* id or name -> const char *, where first */
	struct lint_reference *references;
	size_t reference_count, reference_room;
};

/* `at` NULL: the document's first line. */
void lint_tell(struct sigma_linter *l, enum lint_severity severity, const char *name,
	       const struct yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

bool lint_one_of(struct span text, const char *const *words);

/* Title, id, status, dates, tags and the like. */
void lint_info(struct sigma_linter *l);
void lint_tags(struct sigma_linter *l, const struct yaml_node *tags);
void lint_logsource(struct sigma_linter *l, const struct yaml_node *logsource);
void lint_detection(struct sigma_linter *l, const struct yaml_node *detection);
void lint_item(struct sigma_linter *l, const struct yaml_node *item);
void lint_correlation(struct sigma_linter *l, const struct yaml_node *correlation);
void lint_filter(struct sigma_linter *l, const struct yaml_node *filter);

#endif
