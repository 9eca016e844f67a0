#include "match/rarity.h"
#include "rules/yara/pattern_set.h"

#define RUN_MAX 512		/* bytes of a run that are looked at */
#define ATOMS_MAX 512		/* alternatives a pattern is searched by */
#define NEEDED_LEN 3		/* enough to rule most data out */
#define ATOM_DEPTH 4		/* groups within groups that are looked into */

struct run {
	uint8_t bytes[RUN_MAX], mask[RUN_MAX];
	size_t len;
};

static bool run_add(struct run *run, const struct byte_set *set, bool wide)
{
	if (run->len + 2 > RUN_MAX)
		return false;
	byte_set_cover(set, &run->bytes[run->len], &run->mask[run->len]);
	run->len++;
	if (wide) {
		run->bytes[run->len] = 0;
		run->mask[run->len++] = 0xff;
	}
	return true;
}

/* The bytes around the rarest window, not more than an atom holds. */
static double cut_atom(const uint8_t *bytes, const uint8_t *mask, size_t len, struct atom_text *out)
{
	size_t window, start, end;
	double cost = match_cost(span_of(bytes, len), span_of(mask, len), &window);

	if (cost > 1)
		return cost;
	start = window < 6 ? 0 : window - 6;
	end = start + sizeof out->bytes < len ? start + sizeof out->bytes : len;
	while (start < window && !mask[start])
		start++;
	while (end > window + 1 && !mask[end - 1])
		end--;
	out->len = (uint32_t)(end - start);
	out->back = (uint32_t)start;
	memcpy(out->bytes, bytes + start, out->len);
	memcpy(out->mask, mask + start, out->len);
	return cost;
}

double pattern_atom_of_piece(const struct pattern_piece *piece, struct atom_text *out)
{
	uint8_t mask[RUN_MAX];
	size_t len = piece->len < RUN_MAX ? piece->len : RUN_MAX;

	if (!piece->negate)
		return cut_atom(piece->value, piece->mask, len, out);
	for (size_t i = 0; i < len; i++)
		mask[i] = piece->negate[i] ? 0 : piece->mask[i];
	return cut_atom(piece->value, mask, len, out);
}

static bool choice_add(struct arena *heap, struct atom_choice *choice, const struct atom_text *atom)
{
	struct atom_text *to = NULL;

	if (choice->count < ATOMS_MAX)
		to = arena_push(heap, (void **)&choice->items, &choice->count, &choice->room,
				sizeof *to);
	if (!to)
		return false;
	*to = *atom;
	return true;
}

static void consider_run(struct arena *heap, const struct run *run, struct atom_choice *best)
{
	struct atom_choice choice = { 0 };
	struct atom_text atom;

	choice.cost = cut_atom(run->bytes, run->mask, run->len, &atom);
	if (choice.cost < best->cost && choice_add(heap, &choice, &atom))
		*best = choice;
}

/* What follows a node, to the end of the pattern: its siblings, then those of its parents. */
struct follow {
	const struct regex_ast *node;
	const struct follow *then;
};

static bool atoms_at_start(struct arena *heap, const struct follow *at, bool wide, uint32_t depth,
			   struct atom_choice *out);

/* Every branch must give atoms, since any may be the one that matches. */
static bool atoms_of_branches(struct arena *heap, const struct follow *at, bool wide,
			      uint32_t depth, struct atom_choice *out)
{
	const struct follow rest = { at->node->next, at->then };

	out->cost = 0;
	for (const struct regex_ast *branch = at->node->first; branch; branch = branch->next) {
		struct atom_choice one = { .cost = MATCH_SECOND_PASS };
		const struct follow inside = { branch, &rest };

		if (!atoms_at_start(heap, &inside, wide, depth, &one))
			return false;
		for (size_t i = 0; i < one.count; i++) {
			if (!choice_add(heap, out, &one.items[i]))
				return false;
		}
		out->cost += one.cost;
	}
	return out->cost < 1;
}

/*
 * Copies of a repeated set into the run: as many as are sure. True where the run
 * may go on after them, because there are never more.
 */
static bool run_add_repeat(struct run *run, const struct regex_ast *node, bool wide)
{
	if (node->first->kind != AST_SET || node->gap)
		return false;
	for (uint32_t i = 0; i < node->min; i++) {
		if (!run_add(run, &node->first->set, wide))
			return false;
	}
	return node->min == node->max;
}

/* Takes the node into the run; false where the run ends before or within it. */
static bool run_take(struct run *run, const struct regex_ast *node, bool wide)
{
	if (node->kind == AST_SET)
		return run_add(run, &node->set, wide);
	if (node->kind == AST_REPEAT)
		return run_add_repeat(run, node, wide);
	return node->kind == AST_ASSERT;
}

/*
 * To the next node that holds something itself. A SEQ stands only as a branch or
 * a repeated group, never beside others: what follows it is what follows its parent.
 */
static struct follow settle(struct follow at)
{
	for (;;) {
		if (at.node && at.node->kind == AST_SEQ)
			at.node = at.node->first;
		else if (!at.node && at.then)
			at = *at.then;
		else
			return at;
	}
}

/* Atoms at a fixed distance from `from`. */
static bool atoms_at_start(struct arena *heap, const struct follow *from, bool wide,
			   uint32_t depth, struct atom_choice *out)
{
	struct atom_choice inner = { .cost = MATCH_SECOND_PASS };
	struct run run = { .len = 0 };
	struct follow at = settle(*from);
	size_t before;

	while (at.node && run_take(&run, at.node, wide))
		at = settle((struct follow){ at.node->next, at.then });
	before = run.len;
	consider_run(heap, &run, out);
	if (at.node && at.node->kind == AST_REPEAT && at.node->min &&
	    at.node->first->kind != AST_SET) {
		struct follow once = { at.node->first, NULL };

		if (depth)
			atoms_at_start(heap, &once, wide, depth - 1, &inner);
	} else if (at.node && at.node->kind == AST_ALT && depth &&
		   !atoms_of_branches(heap, &at, wide, depth - 1, &inner)) {
		return out->cost < 1;
	}
	if (inner.cost < out->cost) {
		for (size_t i = 0; i < inner.count; i++)
			inner.items[i].back += (uint32_t)before;
		*out = inner;
	}
	return out->cost < 1;
}

static bool is_variable(const struct regex_ast *node)
{
	uint32_t min, max;

	regex_ast_width(node, &min, &max);
	return min != max;
}

bool pattern_atoms_of_tree(struct arena *heap, const struct regex_ast *root, bool wide,
			   struct atom_choice *out)
{
	bool fresh = true, fixed = true;

	*out = (struct atom_choice){ .cost = MATCH_SECOND_PASS };
	for (const struct regex_ast *node = root->first; node; node = node->next) {
		struct atom_choice choice = { .cost = MATCH_SECOND_PASS };
		const struct follow here = { node, NULL };

		/* A run is looked at from its first place only; the rest is inside it. */
		if ((fresh || node->kind == AST_REPEAT || node->kind == AST_ALT) &&
		    atoms_at_start(heap, &here, wide, ATOM_DEPTH, &choice) &&
		    choice.cost * (fixed ? 1 : 4) < out->cost) {
			*out = choice;
			out->cost = choice.cost * (fixed ? 1 : 4);
			out->split = node;
		}
		fresh = node->kind == AST_REPEAT || node->kind == AST_ALT;
		fixed = fixed && !is_variable(node);
	}
	return out->count > 0;
}

/* Keeps the rarest few bytes of the run if they are rarer than what was kept. */
static void consider_needed(const uint8_t *bytes, const uint8_t *mask, size_t total, double *best,
			    struct atom_text *out)
{
	for (size_t at = 0; at < total; at++) {
		size_t len = total - at < NEEDED_LEN ? total - at : NEEDED_LEN;
		double chance;

		if (mask[at] != 0xff)
			continue;
		chance = rarity_of(bytes + at, mask + at, len);
		if (chance >= *best)
			continue;
		*best = chance;
		*out = (struct atom_text){ .len = (uint32_t)len };
		memcpy(out->bytes, bytes + at, len);
		memcpy(out->mask, mask + at, len);
	}
}

double pattern_needed_of_piece(const struct pattern_piece *piece, struct atom_text *out)
{
	double best = 1;

	if (!piece->negate)
		consider_needed(piece->value, piece->mask, piece->len, &best, out);
	return best;
}

double pattern_needed_bytes(const struct regex_ast *root, bool wide, struct atom_text *out)
{
	const struct regex_ast *node = root->first;
	double best = 1;

	while (node) {
		struct run run = { .len = 0 };
		const struct regex_ast *start = node;

		while (node && run_take(&run, node, wide))
			node = node->next;
		consider_needed(run.bytes, run.mask, run.len, &best, out);
		if (node && (node == start || node->kind != AST_SET))
			node = node->next;
	}
	return best;
}
