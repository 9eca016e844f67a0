#include "rules/yara/pattern_build.h"

#define HOT 0.0005			/* an atom seen more often than this is no help */
#define NEAR_MAX 0.05			/* of the data may lie near a needed piece, to search there only */

/* Bytes from the start to piece `piece`. */
static uint32_t sum_before(const struct pattern_form *form, uint32_t piece, bool most)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i <= piece; i++) {
		const struct pattern_piece *p = &form->pieces[i];

		if (most && p->gap_max == REGEX_NO_END)
			return REGEX_NO_END;
		sum += (most ? p->gap_max : p->gap_min) + (i < piece ? p->len : 0);
	}
	return sum < REGEX_NO_END ? (uint32_t)sum : REGEX_NO_END;
}

/* With xor, one for each key. */
static bool add_sequence_atoms(struct pattern_builder *b, const struct pattern_form *form,
			       const struct atom_text *atom)
{
	unsigned low = form->xored ? form->xor_min : 0, high = form->xored ? form->xor_max : 0;

	for (unsigned key = low; key <= high; key++) {
		struct atom_text one = *atom;

		for (uint32_t i = 0; i < one.len; i++)
			one.bytes[i] = (uint8_t)(one.bytes[i] ^ key) & one.mask[i];
		if (!pattern_add_atom(b, &one, (uint8_t)key))
			return false;
	}
	return true;
}

/* What every match has in it, and how far around it a match can lie. False: no memory. */
static bool plan_need(struct pattern_builder *b, struct pattern_form *form,
		      const struct atom_text *text, double chance, uint64_t longest)
{
	struct pattern_piece *piece = ARENA_NEW(b->image, struct pattern_piece);

	if (!piece)
		return false;
	piece->len = text->len;
	piece->value = arena_copy(b->image, span_of(text->bytes, text->len)).at;
	piece->mask = arena_copy(b->image, span_of(text->mask, text->len)).at;
	form->need = piece;
	if (longest <= PATTERN_SCAN_LIMIT && chance * 2 * (double)longest <= NEAR_MAX)
		form->reach = (uint32_t)longest;
	return piece->value && piece->mask;
}

static bool plan_needed_piece(struct pattern_builder *b, struct pattern_form *form)
{
	const struct pattern_piece *last = &form->pieces[form->piece_count - 1];
	uint32_t before = sum_before(form, form->piece_count - 1, true);
	struct atom_text text, best;
	double chance = 1;

	/* One piece is searched for itself; only a single one is ever xored. */
	for (uint32_t i = 0; i < form->piece_count && form->piece_count > 1; i++) {
		double one = pattern_needed_of_piece(&form->pieces[i], &text);

		if (one < chance) {
			chance = one;
			best = text;
		}
	}
	return chance >= 1 || plan_need(b, form, &best, chance, (uint64_t)before + last->len);
}

bool pattern_plan_sequence(struct pattern_builder *b, struct pattern_form *form, struct err *err)
{
	struct atom_text best = { 0 }, atom;
	double best_cost = MATCH_SECOND_PASS;

	for (uint32_t i = 0; i < form->piece_count; i++) {
		uint32_t low = sum_before(form, i, false), high = sum_before(form, i, true);
		double cost = pattern_atom_of_piece(&form->pieces[i], &atom);

		cost *= low == high ? 1 : 4;
		if (cost >= best_cost || (high != low && high > PATTERN_SCAN_LIMIT))
			continue;
		best = atom;
		best_cost = cost;
		form->min_before = low;
		form->max_before = high;
	}
	if (best_cost > HOT) {
		form->search = SEARCH_ALWAYS;
		return plan_needed_piece(b, form) || pattern_no_memory(err);
	}
	form->search = form->min_before == form->max_before ? SEARCH_FIXED : SEARCH_VARIABLE;
	if (form->search == SEARCH_FIXED)
		best.back += form->min_before;
	return add_sequence_atoms(b, form, &best) || pattern_no_memory(err);
}

static bool emit(struct pattern_builder *b, const struct regex_ast *from,
		 const struct regex_ast *stop, struct regex_emit_options options,
		 const struct regex **out, struct err *err)
{
	struct regex *regex;

	if (!regex_emit(b->image, from, stop, options, &regex, err))
		return false;
	*out = regex;
	return true;
}

/* Characters from the start to the split; false where it is not fixed. */
static bool width_before(const struct regex_ast *root, const struct regex_ast *split,
			 uint32_t *width)
{
	uint32_t low, high;

	*width = 0;
	for (const struct regex_ast *node = root->first; node != split; node = node->next) {
		regex_ast_width(node, &low, &high);
		if (low != high)
			return false;
		*width += low;
	}
	return true;
}

/* Where the distance varies, two programs meet at the split. */
static bool plan_split(struct pattern_builder *b, struct pattern_form *form,
		       const struct regex_ast *root, struct atom_choice *choice,
		       struct regex_emit_options options, struct err *err)
{
	uint32_t width;

	form->search = SEARCH_FIXED;
	if (width_before(root, choice->split, &width)) {
		for (size_t i = 0; i < choice->count; i++)
			choice->items[i].back += width * (form->wide ? 2 : 1);
		return true;
	}
	form->search = SEARCH_VARIABLE;
	if (!emit(b, choice->split, NULL, options, &form->after, err))
		return false;
	options.backward = true;
	return emit(b, root->first, choice->split, options, &form->before, err);
}

static bool plan_needed_bytes(struct pattern_builder *b, struct pattern_form *form,
			      const struct regex_ast *root)
{
	struct atom_text text;
	double chance = pattern_needed_bytes(root, form->wide, &text);
	uint32_t low, high;

	regex_ast_width(root, &low, &high);
	return chance >= 1 || plan_need(b, form, &text, chance, (uint64_t)high * (form->wide ? 2 : 1));
}

bool pattern_plan_regex(struct pattern_builder *b, struct pattern_form *form,
			const struct regex_tree *tree, struct err *err)
{
	struct regex_emit_options options = { .wide = form->wide,
					      .length = tree->length,
					      .one_length = tree->one_length };
	struct atom_choice choice;
	uint32_t low, high;

	regex_ast_width(tree->root, &low, &high);
	if (!emit(b, tree->root->first, NULL, options, &form->whole, err))
		return false;
	if (!pattern_atoms_of_tree(&b->work, tree->root, form->wide, &choice) ||
	    choice.cost > HOT) {
		options.backward = true;
		form->search = SEARCH_ALWAYS;
		if (!low)
			return true;
		return (plan_needed_bytes(b, form, tree->root) || pattern_no_memory(err)) &&
		       emit(b, tree->root->first, NULL, options, &form->backward, err);
	}
	if (!plan_split(b, form, tree->root, &choice, options, err))
		return false;
	for (size_t i = 0; i < choice.count; i++) {
		if (!pattern_add_atom(b, &choice.items[i], 0))
			return pattern_no_memory(err);
	}
	return true;
}
