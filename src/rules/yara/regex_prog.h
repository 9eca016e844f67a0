/*
 * regex_prog: the program of a regex, and running it; for the pattern engine.
 *
 * A program reads bytes forward or, made from the reversed tree, backward. It is
 * a list of instructions for a machine that keeps all threads at once, so time
 * is at most data times instructions whatever the expression.
 */
#ifndef KANSHIKI_RULES_YARA_REGEX_PROG_H
#define KANSHIKI_RULES_YARA_REGEX_PROG_H

#include "rules/yara/regex.h"
#include "rules/yara/regex_ast.h"

#define REGEX_PROGRAM_MAX 65536		/* instructions */

enum regex_op { OP_BYTE, OP_SET, OP_ANY, OP_SPLIT, OP_JUMP, OP_ASSERT, OP_MATCH };

struct regex_inst {
	uint8_t op;
	uint8_t byte;		/* of BYTE; the kind of an ASSERT */
	uint16_t set;		/* of SET: into sets */
	uint32_t x, y;		/* SPLIT: first and second choice; JUMP: x */
};

struct regex {
	const struct regex_inst *code;	/* starts at 0 */
	const struct byte_set *sets;
	uint32_t count;
	enum regex_length length;
	bool one_length;		/* of its lengths that one alone counts, fullword or not */
	bool wide;		/* words are made of pairs (character, 0) */
	bool backward;
	bool asserts;
	bool can_be_empty;
	uint8_t classes[256];	/* bytes that no instruction tells apart share a number */
	uint32_t class_count;
	struct byte_set first;	/* what a match that is not empty may begin with */
};

struct regex_emit_options {
	bool wide, backward;
	enum regex_length length;
	bool one_length;
};

/*
 * The program of the children of a SEQ from `from` up to, not including, `stop`
 * (NULL: all). ERR_LIMIT if it grows too large.
 */
bool regex_emit(struct arena *arena, const struct regex_ast *from, const struct regex_ast *stop,
		struct regex_emit_options options, struct regex **out, struct err *err);

/*
 * Where does a match that begins at `at` end? It looks at no byte from `stop` on.
 * With ends_word, of its lengths only those before no letter or digit count.
 */
bool regex_match(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		 size_t at, size_t stop, bool ends_word, size_t *end);

/*
 * Backward program: all places where a match that ends at `at` may begin, down to
 * `floor`; in falling order. False from `found` ends it.
 */
typedef bool regex_found_fn(void *context, size_t at);
void regex_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		  size_t at, size_t floor, regex_found_fn *found, void *context);

/*
 * Backward program: all places of the data where some match begins; falling.
 * Assertions are taken as true: the caller verifies.
 */
void regex_all_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		      regex_found_fn *found, void *context);

#endif
