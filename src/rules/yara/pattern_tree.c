#include "rules/yara/pattern_build.h"

#define REPEAT_AS_BYTES 256		/* x{n} up to this n is written out in a piece */

/* Pieces while they grow. */
struct draft {
	struct arena *heap;
	struct pattern_piece *pieces;
	size_t count, room;
	uint8_t *value, *mask, *negate;
	size_t len, byte_room, mask_room, negate_room;
	uint32_t gap_min, gap_max;
	bool any_negate, open;
};

static bool open_piece(struct draft *d)
{
	struct pattern_piece *piece;

	if (d->open)
		return true;
	piece = arena_push(d->heap, (void **)&d->pieces, &d->count, &d->room, sizeof *piece);
	if (!piece)
		return false;
	*piece = (struct pattern_piece){ .gap_min = d->gap_min, .gap_max = d->gap_max };
	d->gap_min = d->gap_max = 0;
	d->open = true;
	return true;
}

static bool put_byte(struct draft *d, uint8_t value, uint8_t mask, bool negate)
{
	size_t len = d->len, same = d->len;
	uint8_t *v, *m, *n;

	if (!open_piece(d))
		return false;
	v = arena_push(d->heap, (void **)&d->value, &d->len, &d->byte_room, 1);
	m = arena_push(d->heap, (void **)&d->mask, &len, &d->mask_room, 1);
	n = arena_push(d->heap, (void **)&d->negate, &same, &d->negate_room, 1);
	if (!v || !m || !n)
		return false;
	*v = value;
	*m = mask;
	*n = negate;
	d->any_negate = d->any_negate || negate;
	d->pieces[d->count - 1].len++;
	return true;
}

static bool put_set(struct draft *d, const struct byte_set *set)
{
	struct byte_set other = *set;
	uint8_t value, mask;

	if (byte_set_as_mask(set, &value, &mask))
		return put_byte(d, value, mask, false);
	byte_set_invert(&other);
	return byte_set_as_mask(&other, &value, &mask) && put_byte(d, value, mask, true);
}

static bool put_gap(struct draft *d, uint32_t min, uint32_t max)
{
	uint64_t low = (uint64_t)d->gap_min + min, high = (uint64_t)d->gap_max + max;

	if (!d->count)
		return false;
	d->open = false;
	d->gap_min = low < INT32_MAX ? (uint32_t)low : INT32_MAX;
	d->gap_max = d->gap_max == REGEX_NO_END || max == REGEX_NO_END || high > INT32_MAX
			     ? REGEX_NO_END
			     : (uint32_t)high;
	return true;
}

static bool put_repeat(struct draft *d, const struct regex_ast *node)
{
	const struct regex_ast *what = node->first;

	if (what->kind != AST_SET)
		return false;
	if (node->min == node->max && node->min <= REPEAT_AS_BYTES) {
		for (uint32_t i = 0; i < node->min; i++) {
			if (!put_set(d, &what->set))
				return false;
		}
		return true;
	}
	return byte_set_count(&what->set) == 256 && (node->lazy || node->min == node->max) &&
	       put_gap(d, node->min, node->max);
}

static bool put_wide_zero(struct draft *d, bool wide)
{
	return !wide || put_byte(d, 0, 0xff, false);
}

/* False where the tree is no sequence (or memory is out: then the program fails too). */
static bool draft_sequence(struct draft *d, const struct regex_ast *root, bool wide)
{
	for (const struct regex_ast *node = root->first; node; node = node->next) {
		if (node->kind == AST_SET) {
			if (!put_set(d, &node->set) || !put_wide_zero(d, wide))
				return false;
		} else if (node->kind != AST_REPEAT || (wide && !node->gap) || !put_repeat(d, node)) {
			return false;
		}
	}
	return d->count && d->open;
}

static const struct pattern_piece *keep_pieces(struct arena *image, const struct draft *d)
{
	struct pattern_piece *pieces = ARENA_ARRAY(image, d->count, struct pattern_piece);
	uint8_t *bytes = arena_alloc(image, d->len * (d->any_negate ? 3 : 2));
	size_t at = 0;

	if (!pieces || !bytes)
		return NULL;
	memcpy(bytes, d->value, d->len);
	memcpy(bytes + d->len, d->mask, d->len);
	if (d->any_negate)
		memcpy(bytes + 2 * d->len, d->negate, d->len);
	for (size_t i = 0; i < d->count; i++) {
		pieces[i] = d->pieces[i];
		pieces[i].value = bytes + at;
		pieces[i].mask = bytes + d->len + at;
		pieces[i].negate = d->any_negate ? bytes + 2 * d->len + at : NULL;
		at += pieces[i].len;
	}
	return pieces;
}

const struct pattern_piece *pattern_pieces(struct pattern_builder *b,
					   const struct regex_ast *root, bool wide,
					   uint32_t *count)
{
	struct draft d = { .heap = &b->work };

	if (!draft_sequence(&d, root, wide))
		return NULL;
	*count = (uint32_t)d.count;
	return keep_pieces(b->image, &d);
}

static bool add_tree_form(struct pattern_builder *b, uint32_t pattern,
			  const struct regex_tree *tree, bool wide, struct err *err)
{
	struct pattern_form *form = pattern_add_form(b, pattern);

	if (!form)
		return pattern_no_memory(err);
	form->wide = wide;
	form->pieces = pattern_pieces(b, tree->root, wide, &form->piece_count);
	if (form->pieces)
		return pattern_plan_sequence(b, form, err);
	return pattern_plan_regex(b, form, tree, err);
}

bool pattern_add_tree(struct pattern_builder *b, uint32_t pattern, const struct pattern_spec *spec,
		      const struct regex_tree *tree, struct err *err)
{
	bool wide = spec->flags & PATTERN_WIDE;

	if ((!wide || (spec->flags & PATTERN_ASCII)) &&
	    !add_tree_form(b, pattern, tree, false, err))
		return false;
	return !wide || add_tree_form(b, pattern, tree, true, err);
}
