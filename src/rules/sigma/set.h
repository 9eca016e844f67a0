/*
 * set: the compiled form of Sigma rules, as it lies in an image.
 *
 * A rule is a tree of nodes over predicates. Rules with the same log source
 * form a group. Each rule is taken apart into its terms: what must all hold. A
 * term on one field is decided by the value of that field alone, so a group has
 * an index a field, which turns a value into the set of rules that it leaves
 * standing (see sieve.h). A route is one entry of the log-source data: which
 * events belong to it, under which names its fields stand, and which groups it
 * feeds. Everything is read-only once compiled, every pointer points into the
 * same arena.
 */
#ifndef KANSHIKI_RULES_SIGMA_SET_H
#define KANSHIKI_RULES_SIGMA_SET_H

#include "match/gate.h"
#include "rules/sigma/sigma.h"

#define SIGMA_FIELD_ANY UINT32_MAX	/* a keyword: any value of the event */
#define SIGMA_NODE_DEPTH 40

enum pred_kind {
	PRED_EQ,		/* .text; all text kinds: lower-case unless cased */
	PRED_STARTS,
	PRED_ENDS,
	PRED_CONTAINS,
	PRED_WILD,		/* .text with WILD_ANY and WILD_ONE in it, anchored at both ends */
	PRED_REGEX,		/* .text, .regex, .options */
	PRED_CIDR,		/* .net, .bits */
	PRED_LESS, PRED_LESS_EQ, PRED_MORE, PRED_MORE_EQ,	/* .number */
	PRED_EXISTS,
	PRED_NULL,		/* no such field, or no value in it */
	PRED_FIELD,		/* .other, compared by .how */
	PRED_TIME,		/* .how of the field's time, by .compare (PRED_EQ, _LESS ...), is .number */
};

enum time_part { TIME_MINUTE, TIME_HOUR, TIME_DAY, TIME_WEEK, TIME_MONTH, TIME_YEAR };

/* Bytes that never stand in UTF-8 stand for the wildcards * and ?. */
#define WILD_ANY 0xfe
#define WILD_ONE 0xff

struct pred {
	uint8_t kind;
	bool cased;
	uint8_t how;		/* PRED_FIELD: PRED_EQ, _STARTS, _ENDS or _CONTAINS; PRED_TIME: part */
	union {
		uint8_t bits;		/* of the network */
		uint8_t compare;
	};
	uint32_t field;		/* number in the set, or SIGMA_FIELD_ANY */
	uint32_t other;		/* field number; of a regex: its number in the set */
	uint32_t options;	/* PCRE2 */
	struct span text;
	struct span skeleton;		/* of a regex: what its matches must fit, or empty */
	union {
		double number;
		uint8_t net[16];	/* IPv4 is mapped into ::ffff:0:0/96 */
	};
};

enum node_kind { NODE_PRED, NODE_AND, NODE_OR, NODE_NOT, NODE_TRUE, NODE_FALSE };

struct node {
	uint8_t kind;
	uint8_t depth;
	bool one_value;			/* OR of predicates on the value of one and the same field */
	uint32_t count;
	uint32_t cost;			/* of finding out, roughly */
	union {
		const struct pred *pred;
		const struct node *const *kids;
	};
};

#define SIGMA_NO_INDEX UINT32_MAX

/* One of what must all hold for a rule to hold. */
struct term {
	const struct node *node;
	uint32_t index;			/* of the group, whose field alone decides; or SIGMA_NO_INDEX */
};

struct compiled_rule {
	struct sigma_rule info;		/* first: the public face */
	const struct node *root;	/* NULL for a correlation */
	const struct term *terms;	/* those that the indexes have not proven yet */
	uint32_t term_count;
	/* On whose values the terms depend; NULL: on others too, or they are cheap. */
	const uint32_t *fields;
	uint32_t field_count;
	const struct pred *pair;	/* of the terms one that wants two fields to be equal, or NULL */
	uint32_t group;
	bool feeds;			/* some correlation counts its matches */
};

/* Rules of a group, one bit each, in words of 64: those that are woken most come first. */
typedef uint64_t rule_bits;

/*
 * What one field tells about the rules of its group. A rule that has terms on
 * the field *needs* a literal in it, the rarest of the cheapest such term; it
 * falls where the value has none. A rule whose terms span fields *seeks* the
 * literals of one such term; it falls where no field has any. One of the needs of
 * each rule, else what it seeks, *wakes* it: without that nothing else is asked.
 */
struct field_index {
	uint32_t field;			/* or SIGMA_FIELD_ANY */
	uint32_t kinds;			/* bits of the kinds of values a literal can stand in */
	uint32_t shortest;		/* literal, in bytes */
	uint32_t fewest;		/* characters of a literal */
	const struct gram_set *grams;	/* values index `lists`; NULL: no literal */
	const struct gate *gate;	/* before the grams, where only they tell; NULL: none */
	const rule_bits *passes;	/* rules that need nothing here */
	const rule_bits *asks;		/* rules that the field may decide or help */
	const rule_bits *seeks;		/* rules that seek here; NULL: none */
	const rule_bits *wakes;		/* rules that a literal here wakes */
};

/* Local numbers of the rules that a literal speaks for: first those that need it. */
struct rule_list {
	const uint32_t *rules;
	uint32_t needing, count;
};

struct group {
	const uint32_t *rules;		/* [rule_count] numbers in the set, by local number */
	const uint32_t *ranks;		/* [rule_count] by local number: which it is in the order of the set */
	const uint32_t *by_rank;	/* [rule_count] local numbers in that order */
	const struct field_index *indexes;	/* those that pass fewest first */
	const struct field_index *keywords;	/* over any field, not among the others; NULL: none */
	const struct rule_list *lists;
	const rule_bits *all;		/* every rule */
	const rule_bits *sure;		/* rules that seek nothing */
	uint32_t index_count, list_count, rule_count, words;
};

/* An event passes when one of the values equals the field's (no case); "*": is there. */
struct route_test {
	uint32_t key;			/* number of the field among the set's route keys */
	const struct span *values;	/* lower-case */
	uint32_t count;
	bool any;
};

/* A field's name in lower case (match/fold.h). */
struct field_name {
	struct span folded;
	uint32_t field;
};

struct field_alias {
	uint32_t field;			/* of the rules */
	const struct span *names;	/* in the events, first that is there wins */
	uint32_t count;
};

/* A field that events have in parts, see join.h. */
struct field_join {
	struct span name;
	const struct span *parts;
	uint32_t count;
};

struct route {
	const struct route_test *tests;
	const struct field_alias *aliases;
	const uint32_t *groups;
	uint32_t test_count, alias_count, group_count;
};

struct correlation;

struct sigma_set {
	struct sigma_counts counts;
	const struct compiled_rule *const *rules;
	uint32_t rule_count;
	const struct span *fields;	/* names as rules write them */
	const struct field_name *by_name;	/* [field_count] in the order of their bytes */
	uint32_t field_count;
	const struct span *route_keys;	/* names of fields that routes look at */
	uint32_t route_key_count;
	const struct route *routes;
	uint32_t route_count;
	const struct group *groups;
	uint32_t group_count;
	const struct field_alias *aliases;	/* for every route, after its own */
	uint32_t alias_count;
	const struct field_join *joins;
	uint32_t join_count;
	uint32_t regex_count;
	const struct correlation *correlations;
	uint32_t correlation_count;
};

#endif
