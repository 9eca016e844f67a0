/* pattern_build: the builder's inside, shared by the sources that fill it. */
#ifndef KANSHIKI_RULES_YARA_PATTERN_BUILD_H
#define KANSHIKI_RULES_YARA_PATTERN_BUILD_H

#include "base/map.h"
#include "rules/yara/pattern_set.h"

struct draft_atom {
	struct pattern_atom atom;
	uint8_t bytes[16], mask[16];
};

struct draft_pattern {
	struct pattern pattern;
	bool only_at;
	uint32_t notes;			/* enum pattern_note */
};

struct pattern_builder {
	struct arena *image;		/* pieces and programs go here at once */
	struct arena heap;
	struct arena work;		/* of one pattern; reset after each */
	struct map ids;			/* spec as bytes → number + 1 */
	struct draft_pattern *patterns;
	struct pattern_form *forms;
	struct draft_atom *atoms;
	size_t pattern_count, pattern_room, form_count, form_room, atom_count, atom_room;
};

/* A further form of pattern `pattern`; NULL: too many or out of memory. */
struct pattern_form *pattern_add_form(struct pattern_builder *b, uint32_t pattern);
/* An atom of the form added last. */
bool pattern_add_atom(struct pattern_builder *b, const struct atom_text *text, uint8_t key);

/* The forms of a text: ascii, wide, xor, base64. */
bool pattern_add_text(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      struct err *err);
/* The forms of a parsed hex string or regex. */
bool pattern_add_tree(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      const struct regex_tree *tree, struct err *err);

/* Decide how the form added last is searched, and add its atoms. */
bool pattern_plan_sequence(struct pattern_builder *b, struct pattern_form *form, struct err *err);
bool pattern_plan_regex(struct pattern_builder *b, struct pattern_form *form,
			const struct regex_tree *tree, struct err *err);

/* Pieces of the tree in the image; NULL: it is no sequence. */
const struct pattern_piece *pattern_pieces(struct pattern_builder *b,
					   const struct regex_ast *root, bool wide,
					   uint32_t *count);

/*
 * Has it no four bytes by which YARA would search well? What its makers warn of,
 * by their own measure (libyara/atoms.c of 4.5). `text` as it stands in the rule,
 * with wide, nocase and xor of `spec`; the arena is for what is needed meanwhile.
 */
bool pattern_is_slow_text(struct span text, const struct pattern_spec *spec);
bool pattern_is_slow_tree(const struct regex_ast *root, const struct pattern_spec *spec,
			  struct arena *arena);

static inline bool pattern_no_memory(struct err *err)
{
	return err_set(err, ERR_LIMIT, 0, "string is too large");
}

#endif
