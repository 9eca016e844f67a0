/*
 * compile: what the parts of the compiler share. Private to this folder.
 *
 * The parser builds nodes of the image directly, checking types as it goes; a
 * rule that fails leaves nothing behind but a little unused memory. After all
 * sources the patterns are built together, and wake.c works out which hits and
 * which files can make each rule true.
 */
#ifndef KANSHIKI_RULES_YARA_COMPILE_H
#define KANSHIKI_RULES_YARA_COMPILE_H

#include "base/map.h"
#include "rules/yara/lex.h"
#include "rules/yara/set.h"

#define INCLUDE_DEPTH_MAX 16
#define LISTED_MAX 10000000	/* members of all string and rule sets together */

/* A string while its rule is being read. */
struct draft_string {
	const struct token *token;		/* of its name */
	struct pattern_spec spec;
	bool is_private, referenced, used_elsewhere;
	int64_t at;				/* every use is `at` this constant; else -1 */
};

/* A condition can be true only where one of these patterns hits, or in files that `without` lets through. */
struct need {
	struct guard without;
	uint32_t *patterns;
	size_t count, room;
	double cost;				/* how often that will happen, as a guess */
};

/* What wake.c wants to know of a rule beyond the compiled form. */
struct rule_facts {
	struct guard guard;
	struct need need;
	uint32_t without;			/* number of need.without */
};

struct name_space_draft {
	struct span name;
	struct map rules;			/* name → struct rule */
	struct map modules;			/* name → struct yara_module */
	struct span *wildcards;			/* prefixes used in rule sets so far */
	size_t wildcard_count, wildcard_room;
	uint32_t *globals;
	size_t global_count, global_room;
};

struct compiler {
	struct arena *image;
	struct arena scratch;
	const struct yara_options *options;
	struct pattern_builder *patterns;
	struct rule **rules;			/* in `scratch`; each rule in the image */
	size_t rule_count, rule_room;
	struct name_space_draft **name_spaces;
	size_t name_space_count, name_space_room;
	struct external *externals;		/* in the image */
	struct map string_pool;			/* text → struct span in the image */
	uint32_t strings, skipped, errors, listed;
	uint64_t imports;
	bool out_of_memory;
	struct err *err;
};

struct variable {
	struct span name;
	enum yara_type type;
	const struct yara_field *field;
	bool of_loop;			/* its name may not be another loop's, as in YARA */
};

struct parser {
	struct compiler *c;
	const struct yara_source *source;
	const struct token *tokens;
	size_t at;
	const struct suppression *suppressions;
	size_t suppression_count;
	const struct parser *includer;		/* of the file that includes this one, or NULL */
	unsigned include_depth;
	struct name_space_draft *name_space;
	uint32_t name_space_number;
	/* of the rule being read */
	struct span rule;
	uint32_t rule_line;			/* where it begins */
	struct draft_string *strings;
	size_t string_count, string_room;
	struct variable variables[VARIABLES_MAX];
	uint32_t variable_count;
	unsigned loops, string_loops, nesting;
	bool speaks;				/* a function of its condition tells something */
};

/* An expression while it is being read: its node, and what it is made of. */
struct expr {
	const struct node *node;
	enum yara_type type;
	const struct yara_field *field;		/* of structs, arrays, dictionaries, functions */
	const struct token *token;
};

/* ---- problems (compile.c) ---- */
bool fail(struct parser *p, const struct token *at, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));
/* `id` is a name of docs/yara.md, which a comment may suppress. */
void warn(struct parser *p, const struct token *at, const char *id, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));
/* Where the options ask for it, of escapes in a regex that nobody knows. */
void warn_of_escapes(struct parser *p, const struct token *at, struct span regex, uint32_t flags);
bool no_memory(struct parser *p);
/* One copy of each text in the image. */
struct span pooled(struct compiler *c, struct span text);

/* ---- tokens (parse.c) ---- */
const struct token *peek_token(const struct parser *p, size_t ahead);
const struct token *next_token(struct parser *p);
bool accept(struct parser *p, enum token_kind kind);
bool expect(struct parser *p, enum token_kind kind, const char *what);
bool syntax_error(struct parser *p);
bool number_of_token(struct parser *p, const struct token *t, int64_t *out);

/* ---- files and rules (parse.c, parse_strings.c) ---- */
/* `includer` is the parser of the file that includes this one, or NULL. */
bool parse_source(struct compiler *c, const struct yara_source *source, const struct parser *includer,
		  struct name_space_draft *space, uint32_t space_number);
bool parse_strings(struct parser *p);
bool add_patterns(struct parser *p, struct rule *rule);

/* ---- conditions (parse_condition.c, parse_value.c, parse_loop.c) ---- */
bool parse_condition(struct parser *p, struct expr *out);	/* of any type; see make_truth */
bool parse_value(struct parser *p, struct expr *out);		/* an arithmetic expression */
bool parse_primary(struct parser *p, struct expr *out);
bool parse_name(struct parser *p, struct expr *out);		/* a.b[1].c(2) */
bool parse_read(struct parser *p, struct expr *out);		/* uint32(8) */
bool is_longer_read(struct span name);				/* float64 and its like */
bool parse_for(struct parser *p, struct expr *out);
bool parse_with(struct parser *p, struct expr *out);
/* `of` and what follows it; the quantifier has been read. */
bool parse_of(struct parser *p, const struct quantifier *quantifier, const struct token *at,
	      struct expr *out);
bool quantifier_of(struct parser *p, const struct expr *number, bool percent,
		   struct quantifier *out);
bool parse_range(struct parser *p, const struct node **low, const struct node **high);
/* A set of strings as numbers: `them`, or names in parentheses. */
bool parse_string_set(struct parser *p, const uint32_t **out, uint32_t *count);
bool find_string(struct parser *p, const struct token *t, uint32_t *out);
bool string_use(struct parser *p, const struct token *t, uint32_t *out);

uint32_t module_number(const struct yara_module *module);

/* Reads the JSON of a text external into .object, undefined where it is none (external.c). */
bool external_object(struct compiler *c, struct external *external);

/* ---- nodes (tree.c) ---- */
struct node *node_new(struct parser *p, enum node_op op, enum yara_type type);
bool make_bool(struct parser *p, const struct token *at, bool value, struct expr *out);
bool make_integer(struct parser *p, const struct token *at, int64_t n, struct expr *out);
bool make_unary(struct parser *p, const struct token *at, const struct expr *of,
		struct expr *out);
bool make_binary(struct parser *p, const struct token *op, const struct expr *left,
		 const struct expr *right, struct expr *out);
bool make_comparison(struct parser *p, const struct token *op, const struct expr *left,
		     const struct expr *right, struct expr *out);
/* The same as a truth value. */
bool make_truth(struct parser *p, struct expr *e);
bool is_value(enum yara_type type);		/* integer, float, string or bool */
const char *type_name(enum yara_type type);
/* Sets .depth from the children; fails where the tree is too deep. */
bool finish_node(struct parser *p, const struct token *at, struct node *node, uint16_t below);
uint16_t node_depth(const struct node *node);
/* The module whose value or function it is; NULL: of none, or of a loop's variable. */
const struct yara_module *node_module(const struct node *node);

/* ---- what wakes a rule (wake.c) ---- */
bool wake_build(struct compiler *c, struct yara_set *set);
/* The first bytes that a string fixes at the place where it matches, at most 4. */
void string_prefix(const struct pattern_spec *spec, uint32_t *mask, uint32_t *value);

#endif
