/*
 * correlation: rules over the matches of other rules.
 *
 * Sigma correlations 2.1 (event_count, value_count, temporal, temporal_ordered,
 * value_sum, value_avg, value_percentile, value_median; extended conditions;
 * chaining) and the old "| count() by" aggregations, which are the same thing
 * written otherwise; and the old "| near", which is not. Matches are kept with their time and judged in order of
 * time at the end, so that the order in which logs are read does not matter.
 */
#ifndef KANSHIKI_RULES_SIGMA_CORRELATION_H
#define KANSHIKI_RULES_SIGMA_CORRELATION_H

#include "rules/sigma/condition.h"

enum correlation_type { CORRELATE_EVENT_COUNT, CORRELATE_VALUE_COUNT, CORRELATE_TEMPORAL,
			CORRELATE_TEMPORAL_ORDERED, CORRELATE_SUM, CORRELATE_AVERAGE,
			CORRELATE_PERCENTILE, CORRELATE_MEDIAN,
			CORRELATE_NEAR /* source 0, with what the condition asks around it */ };

enum compare { COMPARE_GT, COMPARE_GTE, COMPARE_LT, COMPARE_LTE, COMPARE_EQ, COMPARE_NEQ };

struct correlation_test {
	enum compare compare;
	double number;
};

/* A rule it counts, with the name that each group-by field has there. */
struct correlation_source {
	uint32_t rule;
	const uint32_t *group_by;	/* field numbers */
	const uint32_t *fields;		/* whose values it counts or sums */
};

#define CORRELATION_TESTS_MAX 6
#define CORRELATION_SOURCES_MAX 64
#define CORRELATION_FIELDS_MAX 8

struct correlation {
	uint32_t rule;			/* its own number in the set */
	enum correlation_type type;
	uint32_t rank;			/* those that feed it have a lower one */
	uint64_t timespan;		/* nanoseconds; 0: all of the logs */
	double percentile;
	const struct correlation_source *sources;
	uint32_t source_count;
	const struct span *group_names;	/* as the correlation names them */
	uint32_t group_count;
	uint32_t field_count;
	struct correlation_test tests[CORRELATION_TESTS_MAX];
	uint32_t test_count;
	const struct node *condition;	/* extended: predicate i is source number .other */
};

/* Read from its document; rules are still names. */
struct correlation_draft {
	struct correlation c;
	struct span rules[CORRELATION_SOURCES_MAX];
	struct span ids[CORRELATION_SOURCES_MAX];	/* of the rules, once they are known */
	struct span names[CORRELATION_SOURCES_MAX];
	uint32_t rule_count;
	const struct yaml_node *aliases;
	struct span group_by[CORRELATION_FIELDS_MAX];
	struct span fields[CORRELATION_FIELDS_MAX];
	bool generate;
	struct yaml_place place;
};

bool correlation_read(struct sigma_doc *doc, struct correlation_draft *draft);
/* "count() by x > 3" with the rule's timeframe; the rule itself is its only source. */
bool correlation_read_pipe(struct sigma_doc *doc, const struct yaml_node *at, struct span text,
			   struct correlation_draft *draft);
/* "near a and not b": the rule is source 0, then come those searches in their order. */
bool correlation_read_near(struct sigma_doc *doc, const struct yaml_node *at, const struct condition_pipe *pipe,
			   struct correlation_draft *draft);
/* Into the image, its rules being known: `numbers` has one for each draft->rules. */
bool correlation_link(struct sigma_build *b, const struct correlation_draft *draft,
		      const uint32_t *numbers, struct correlation *out);

#endif
