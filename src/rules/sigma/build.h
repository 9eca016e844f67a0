/*
 * build: what compiling Sigma rules passes around: the image, the scratch
 * arena, numbers given to fields, and where problems are told.
 */
#ifndef KANSHIKI_RULES_SIGMA_BUILD_H
#define KANSHIKI_RULES_SIGMA_BUILD_H

#include "base/map.h"
#include "codec/yaml.h"
#include "rules/sigma/set.h"

struct sigma_build {
	struct arena *image;
	struct arena *scratch;		/* YAML trees and tables; gone after compiling */
	const struct sigma_options *options;
	const struct yaml_node *placeholders;
	sigma_problem_fn *problem;
	void *context;
	struct sigma_counts counts;

	struct map field_numbers;	/* name -> number + 1 */
	struct span *fields;		/* in scratch; names in the image */
	size_t field_count, field_room;
	uint32_t regex_count;
};

/* The document at hand, for messages. */
struct sigma_doc {
	struct sigma_build *build;
	struct span file;
	struct span name;		/* id, else title */
	const struct yaml_node *root;
	const struct yaml_node *at;	/* the node that a fault is about; NULL: the root */
	struct err *err;		/* why it is refused */
};

/* Sets the place and the reason of a refusal; returns false. */
bool sigma_refuse(struct sigma_doc *doc, const struct yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void sigma_warn(struct sigma_doc *doc, const struct yaml_node *at, const char *reason);
/* Number of a field name, given on first use; false: out of memory. */
bool sigma_field(struct sigma_build *b, struct span name, uint32_t *number);

/* Nodes in the image; NULL: out of memory. Kids are copied. */
struct node *sigma_node(struct sigma_build *b, enum node_kind kind, const struct node *const *kids,
			uint32_t count);
const struct node *sigma_node_pred(struct sigma_build *b, const struct pred *pred);
const struct node *sigma_node_not(struct sigma_build *b, const struct node *kid);

#endif
