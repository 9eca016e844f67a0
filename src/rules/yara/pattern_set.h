/*
 * pattern_set: what a compiled set of patterns looks like; for the pattern engine only.
 *
 * A pattern has one or more *forms*, the ways it may look: ascii and wide, the
 * alignments of base64, and so on. A form is either a *sequence* (fixed pieces,
 * masked byte by byte, with gaps of any bytes between) or a regex program.
 * *Atoms* are the literals that lead the search to places where a form may be.
 */
#ifndef KANSHIKI_RULES_YARA_PATTERN_SET_H
#define KANSHIKI_RULES_YARA_PATTERN_SET_H

#include "match/match.h"
#include "rules/yara/pattern.h"
#include "rules/yara/regex_prog.h"

#define FORMS_MAX 16			/* a pattern: base64 has up to twelve */

struct pattern_piece {
	const uint8_t *value, *mask;	/* (byte & mask[i]) == value[i] */
	const uint8_t *negate;		/* [i]: != instead; NULL: nowhere */
	uint32_t len;
	uint32_t gap_min, gap_max;	/* any bytes before it; REGEX_NO_END: without bound */
};

/* How the search learns where a form may be. */
enum pattern_search_kind {
	SEARCH_NEVER,		/* asked only at given places */
	SEARCH_FIXED,		/* an atom at a fixed distance from the start */
	SEARCH_VARIABLE,	/* an atom, and something of variable width before it */
	SEARCH_ALWAYS,		/* nothing tells: all the data is searched when it is asked for */
};

struct pattern_form {
	uint32_t pattern;
	uint8_t search;			/* enum pattern_search_kind */
	bool wide;
	bool xored;
	uint8_t xor_min, xor_max;
	/* A sequence, else NULL. */
	const struct pattern_piece *pieces;
	uint32_t piece_count;
	uint32_t min_before;		/* VARIABLE: bytes from the start to the split */
	uint32_t max_before;
	/* A regex. `before` (backward) and `after` meet at the split. */
	const struct regex *whole;
	const struct regex *before, *after;	/* VARIABLE only */
	const struct regex *backward;		/* ALWAYS only */
	const struct pattern_piece *need;	/* ALWAYS: what every match has in it; or NULL */
	uint32_t reach;			/* bytes of the longest match, where `need` is so rare that
					   only its neighbourhood is searched; else 0 */
};

struct pattern_atom {
	uint32_t form, pattern;
	uint32_t back;			/* from the atom's start to the form's, or to the split */
	uint32_t length;
	uint8_t key;			/* of xor */
};

struct pattern {
	uint32_t flags;
	uint32_t first_form, form_count;
	uint32_t atom_length;
};

struct pattern_set {
	uint32_t count, form_count, atom_count, always_count;
	const struct pattern *patterns;
	const struct pattern_form *forms;
	const struct pattern_atom *atoms;
	const uint32_t *always;		/* ids of patterns with a form that nothing announces */
	const struct match_db *literals;
};

/* A literal that must be there for a form to match. */
struct atom_text {
	uint8_t bytes[16], mask[16];
	uint32_t len;
	uint32_t back;
};

struct atom_choice {
	struct atom_text *items;	/* in the heap */
	size_t count, room;
	double cost;			/* match_cost, all together */
	const struct regex_ast *split;	/* the child that the atoms' distance counts from */
};

/*
 * The cheapest atoms of a tree, in bytes of its wide form where asked. False:
 * there are none. Items are in `heap`.
 */
bool pattern_atoms_of_tree(struct arena *heap, const struct regex_ast *root, bool wide,
			   struct atom_choice *out);
/* The rarest bytes next to each other that every match has; answers their chance, 1: there are none. */
double pattern_needed_bytes(const struct regex_ast *root, bool wide, struct atom_text *out);
double pattern_needed_of_piece(const struct pattern_piece *piece, struct atom_text *out);
/* The cheapest atom of a piece; cost over 1 where there is none. */
double pattern_atom_of_piece(const struct pattern_piece *piece, struct atom_text *out);

/* Does the piece stand at `at`? With a key, data is taken xor that key. */
bool pattern_piece_at(const struct pattern_piece *piece, struct span data, size_t at, uint8_t key);

/* The last place in [from, until) where the piece stands; SIZE_MAX: none. */
size_t pattern_piece_last(const struct pattern_piece *piece, struct span data, size_t from,
			  size_t until);

/* A match was found; false: enough. */
typedef bool pattern_found_fn(void *context, size_t at, size_t len, uint8_t key);

/*
 * All matches of a sequence that begin in [from, until), falling. Time is at most
 * pieces times the bytes looked at. `heap` is for what it needs meanwhile.
 */
bool pattern_sequence_search(const struct pattern_form *form, struct span data, size_t from,
			     size_t until, struct arena *heap, pattern_found_fn *found,
			     void *context);

#endif
