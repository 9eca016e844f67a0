/*
 * set: what rules compile to. Private to this folder.
 *
 * Everything lies in the image arena. A condition is a tree of typed nodes: the
 * compiler has checked every type and folded every constant, so the evaluator
 * neither checks nor allocates. Nodes name modules, fields, rules, strings and
 * externals by number.
 */
#ifndef KANSHIKI_RULES_YARA_SET_H
#define KANSHIKI_RULES_YARA_SET_H

#include "rules/yara/pattern.h"
#include "rules/yara/regex.h"
#include "rules/yara/yara.h"

enum node_op {
	NODE_INTEGER, NODE_FLOAT, NODE_TEXT, NODE_REGEX, NODE_BOOL,
	NODE_FILESIZE, NODE_ENTRYPOINT, NODE_VARIABLE, NODE_EXTERNAL, NODE_RULE, NODE_READ,
	NODE_READ_LONG, NODE_READ_REAL,
	NODE_FOUND, NODE_FOUND_AT, NODE_FOUND_IN, NODE_COUNT, NODE_COUNT_IN, NODE_OFFSET,
	NODE_LENGTH,
	NODE_NEGATE, NODE_COMPLEMENT, NODE_ADD, NODE_SUBTRACT, NODE_MULTIPLY, NODE_DIVIDE,
	NODE_MODULO, NODE_BIT_AND, NODE_BIT_OR, NODE_BIT_XOR, NODE_SHIFT_LEFT, NODE_SHIFT_RIGHT,
	NODE_TO_FLOAT,
	NODE_EQ, NODE_NE, NODE_LT, NODE_LE, NODE_GT, NODE_GE,
	NODE_CONTAINS, NODE_ICONTAINS, NODE_STARTSWITH, NODE_ISTARTSWITH, NODE_ENDSWITH,
	NODE_IENDSWITH, NODE_IEQUALS, NODE_MATCHES,
	NODE_AND, NODE_OR, NODE_NOT, NODE_DEFINED, NODE_TRUTH,
	NODE_OF, NODE_FOR, NODE_WITH,
	NODE_OBJECT, NODE_MODULE, NODE_FIELD, NODE_INDEX, NODE_LOOKUP, NODE_CALL, NODE_LEN,
};

/* .n of NODE_READ, READ_LONG (eight bytes) and READ_REAL (four or eight) */
enum { READ_UNSIGNED = 0, READ_SIGNED = 8, READ_BIG = 16, READ_WIDTH = 7 };

#define THIS_STRING UINT32_MAX	/* `$` in the body of a `for ... of` */
#define DEPTH_MAX 400		/* of a condition's tree; chains of and/or count as one */
#define LOOPS_MAX 8		/* loops inside each other */
#define VARIABLES_MAX 64	/* in one condition at a time */

struct node {
	uint8_t op;			/* enum node_op */
	uint8_t type;			/* enum yara_type of the value */
	uint16_t depth;
	/*
	 * Number of a string, rule, external, variable, module, field or overload; of
	 * operands for AND and OR; what to read for READ; for comparisons
	 * the type of the operands.
	 */
	uint32_t n;
	union {
		int64_t integer;
		double real;
		const struct span *text;
		const struct regex *regex;
		const struct node *left;
		const struct of *of;
		const struct loop *loop;
	};
	union {
		const struct node *right;
		const struct node *const *items;
	};
};

enum quantity { QUANTITY_ALL, QUANTITY_ANY, QUANTITY_NONE, QUANTITY_NUMBER, QUANTITY_PERCENT };

struct quantifier {
	enum quantity kind;
	const struct node *number;
};

/* `Q of (strings) [at x | in (x..y)]`, or `Q of (conditions)`. */
struct of {
	struct quantifier quantifier;
	uint32_t count;
	const uint32_t *strings;
	const struct node *const *items;
	const struct node *at, *low, *high;
};

/* Also `with`: its variables' values are .items, the first goes to .variable. */
enum loop_over { LOOP_RANGE, LOOP_LIST, LOOP_ARRAY, LOOP_DICTIONARY, LOOP_STRINGS };

struct loop {
	struct quantifier quantifier;
	enum loop_over over;
	uint32_t variable, second;	/* slots */
	uint32_t count;
	const uint32_t *strings;
	const struct node *const *items;
	const struct node *low, *high;
	const struct node *object;
	const struct node *body;
};

/*
 * What size and first bytes must be for a rule to hold: one of the alternatives.
 * No alternative: it cannot hold.
 */
struct guard_case {
	uint64_t least, most;		/* file size */
	uint32_t mask, value;		/* of the first four bytes, little-endian */
};

#define GUARD_CASES 8

struct guard {
	uint32_t count;
	struct guard_case cases[GUARD_CASES];
};

struct rule_string {
	struct span identifier;
	uint32_t pattern;
	bool is_private, is_hex;
	int64_t at;			/* asked for at this offset only, and not searched; else -1 */
	uint32_t mask, value;		/* of its first bytes */
};

struct rule {
	struct yara_rule_info info;
	uint32_t index, name_space;
	uint32_t guard;
	uint32_t string_count;
	const struct rule_string *strings;
	const struct node *condition;
	bool speaks;			/* is evaluated even where it is known to be false */
	bool speaks_if_found;		/* but as in YARA only where one of its strings is */
};

struct name_space {
	struct span name;
	uint32_t global_count;
	const uint32_t *globals;	/* rules, that must hold for any of the namespace to count */
};

/* A list of rules, as a piece of one long array. */
struct rule_list {
	uint32_t start, count;
};

/* Rules that are woken by every file that a guard lets through. */
struct always_list {
	uint32_t guard, start, count;
};

struct external {
	struct span name;
	struct yara_value value;
	struct yara_value object;	/* the structure or array that its JSON stands for */
	const struct yara_field *field;	/* of the object */
	bool is_used;			/* some rule asks for it */
};

struct yara_set {
	struct pattern_set *patterns;
	uint32_t pattern_count;
	uint32_t rule_count;
	const struct rule *rules;
	uint32_t name_space_count;
	const struct name_space *name_spaces;
	uint32_t external_count;
	const struct external *externals;
	uint32_t guard_count;
	const struct guard *guards;
	const struct rule_list *wakes;	/* [pattern_count] rules that a hit wakes */
	const uint32_t *woken;		/* the long array */
	uint32_t always_count;
	const struct always_list *always;
	const uint32_t *always_rules;	/* its long array */
	uint64_t imports;		/* a bit for each module, by its number */
	bool speaks;			/* one of the rules does */
	struct yara_counts counts;
};

#endif
