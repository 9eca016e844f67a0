/*
 * regex_ast: regexes and hex strings as a tree, for the pattern compiler only.
 *
 * Case is resolved while parsing: a letter without case is a set of two. Nodes
 * live in the compiler's arena; depth is bounded by REGEX_DEPTH_MAX.
 */
#ifndef KANSHIKI_RULES_YARA_REGEX_AST_H
#define KANSHIKI_RULES_YARA_REGEX_AST_H

#include "base/arena.h"
#include "base/err.h"

#define REGEX_DEPTH_MAX 100
#define REGEX_REPEAT_MAX 32767		/* the largest n or m in {n,m}, as YARA's */
#define REGEX_NO_END UINT32_MAX
#define HEX_CHAIN_GAP 200		/* a longer jump splits the string: no scan limit across it */

struct byte_set {
	uint64_t bits[4];
};

static inline bool byte_set_has(const struct byte_set *set, uint8_t byte)
{
	return set->bits[byte / 64] >> byte % 64 & 1;
}

static inline void byte_set_add(struct byte_set *set, uint8_t byte)
{
	set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

/* The least byte of the set that is not under `from`; -1: there is none. */
static inline int byte_set_next(const struct byte_set *set, int from)
{
	for (int word = from / 64; from < 256 && word < 4; from = 64 * ++word) {
		uint64_t rest = set->bits[word] >> from % 64;

		if (rest)
			return from + __builtin_ctzll(rest);
	}
	return -1;
}

size_t byte_set_count(const struct byte_set *set);
void byte_set_invert(struct byte_set *set);
/* The least mask under which all bytes of the set look the same. */
void byte_set_cover(const struct byte_set *set, uint8_t *value, uint8_t *mask);
/* Is it all bytes b with (b & mask) == value? A set of one, ?x, any, two cases of a letter. */
bool byte_set_as_mask(const struct byte_set *set, uint8_t *value, uint8_t *mask);

enum regex_assertion {
	ASSERT_START, ASSERT_END, ASSERT_LINE_START, ASSERT_LINE_END,
	ASSERT_WORD, ASSERT_NOT_WORD, ASSERT_WORD_START, ASSERT_WORD_END,
	ASSERT_WORD_START_HALF,		/* no word before */
	ASSERT_WORD_END_HALF,		/* no word behind */
};

enum regex_ast_kind { AST_SET, AST_SEQ, AST_ALT, AST_REPEAT, AST_ASSERT };

struct regex_ast {
	enum regex_ast_kind kind;
	struct regex_ast *first, *last;	/* children; an empty SEQ matches the empty string */
	struct regex_ast *next;		/* sibling */
	struct byte_set set;		/* of SET */
	uint32_t min, max;		/* of REPEAT; REGEX_NO_END: without end */
	bool lazy;			/* of REPEAT */
	bool dot;			/* of REPEAT: of `.` */
	bool parts;			/* of REPEAT: YARA searches what stands on both sides by itself */
	bool gap;			/* of REPEAT: so many bytes, whatever they are, in wide text too */
	enum regex_assertion assertion;
	uint64_t order;			/* of a branch: the lesser, the sooner YARA comes upon it */
	struct regex_ast *sought_in;	/* of a branch: the alternatives in it that it is found by, or NULL */
};

/* Which of several lengths at one place a match has. */
enum regex_length {
	REGEX_PREFERRED,	/* the first in order of preference */
	REGEX_LONGEST,
	REGEX_SHORTEST,
};

struct regex_tree {
	struct regex_ast *root;		/* always a SEQ */
	bool greedy, lazy;		/* which kinds of repetition are in it */
	bool empty_first;		/* a first alternative is empty, which YARA does not read */
	bool unknown_escape;		/* one stands for its letter, which may be a mistake */
	bool unbounded;			/* .* and its like, outside of alternatives and repetitions */
	enum regex_length length;	/* both by regex_tree_settle, for who emits it */
	bool one_length;		/* fullword looks at that length alone, as in YARA */
};

/* `flags` are enum regex_flags of regex.h. Errors carry the offset in `source`. */
bool regex_parse(struct arena *arena, struct span source, uint32_t flags, struct regex_tree *out,
		 struct err *err);
/* What stands between the braces of a hex string. Jumps are lazy repetitions of any byte. */
bool hex_parse(struct arena *arena, struct span source, struct regex_tree *out, struct err *err);

struct regex_ast *regex_ast_new(struct arena *arena, enum regex_ast_kind kind);
void regex_ast_append(struct regex_ast *parent, struct regex_ast *child);
/* An ALT of single sets is one set; anything else stays as it is. */
struct regex_ast *regex_ast_simplify(struct regex_ast *alt);

/*
 * A string is searched in parts, as in YARA, which looks for both sides of a long
 * `.{n,m}?` by themselves and counts the bytes between: such repetitions become gaps.
 */
void regex_tree_part(struct regex_tree *tree);

/*
 * As in YARA: the longest where all repetition is greedy. Where none is, it depends on
 * the letters by which YARA searches (by its own measure, pattern_quality.c): the place
 * where they end first wins. So of alternatives before them the shortest goes first; of
 * alternatives that are each found by their own letters the one whose letters end first,
 * of those the one with more of them, of those the first. The branches are put into that
 * order here, and it goes by preference then, as for all that stands behind the letters.
 * If they are those of a repeated group: the shortest. What YARA has no rule for (it may
 * be empty, or mixes greedy and lazy) goes by preference as it is.
 *
 * Where the letters stand at a fixed distance from the start a place is come upon once,
 * so there is one length that may be a word; else any may. Call it once, after all that
 * depends on the order of branches.
 */
void regex_tree_settle(struct regex_tree *tree);

/* Its part about letters. */
void regex_tree_settle_choice(struct regex_tree *tree);

/* Shortest and longest match in characters; *max is REGEX_NO_END where there is no bound. */
void regex_ast_width(const struct regex_ast *node, uint32_t *min, uint32_t *max);

#endif
