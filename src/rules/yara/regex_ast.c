#include "rules/yara/regex_ast.h"

size_t byte_set_count(const struct byte_set *set)
{
	size_t count = 0;

	for (int i = 0; i < 4; i++)
		count += (size_t)__builtin_popcountll(set->bits[i]);
	return count;
}

void byte_set_invert(struct byte_set *set)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
}

void byte_set_cover(const struct byte_set *set, uint8_t *value, uint8_t *mask)
{
	uint8_t all = 0xff, any = 0;

	/* With all bits free no further byte can change anything. */
	for (int b = byte_set_next(set, 0); b >= 0 && (all || any != 0xff);
	     b = byte_set_next(set, b + 1)) {
		all &= (uint8_t)b;
		any |= (uint8_t)b;
	}
	*mask = (uint8_t)~(all ^ any);
	*value = all & *mask;
}

bool byte_set_as_mask(const struct byte_set *set, uint8_t *value, uint8_t *mask)
{
	size_t count = byte_set_count(set);

	byte_set_cover(set, value, mask);
	return count && count == (size_t)1 << (8 - __builtin_popcount(*mask));
}

struct regex_ast *regex_ast_new(struct arena *arena, enum regex_ast_kind kind)
{
	struct regex_ast *node = ARENA_NEW(arena, struct regex_ast);

	if (node)
		node->kind = kind;
	return node;
}

void regex_ast_append(struct regex_ast *parent, struct regex_ast *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

struct regex_ast *regex_ast_simplify(struct regex_ast *alt)
{
	for (const struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		if (branch->kind != AST_SEQ || !branch->first || branch->first != branch->last ||
		    branch->first->kind != AST_SET)
			return alt;
	}
	for (const struct regex_ast *branch = alt->first; branch; branch = branch->next) {
		for (int i = 0; i < 4; i++)
			alt->set.bits[i] |= branch->first->set.bits[i];
	}
	alt->kind = AST_SET;
	alt->first = alt->last = NULL;
	return alt;
}

static uint32_t add_width(uint32_t a, uint32_t b)
{
	uint64_t sum = (uint64_t)a + b;

	return a == REGEX_NO_END || b == REGEX_NO_END || sum > REGEX_NO_END ? REGEX_NO_END
									    : (uint32_t)sum;
}

static uint32_t times_width(uint32_t a, uint32_t b)
{
	uint64_t product = (uint64_t)a * b;

	if (!a || !b)
		return 0;
	return a == REGEX_NO_END || b == REGEX_NO_END || product > REGEX_NO_END
		       ? REGEX_NO_END
		       : (uint32_t)product;
}

static void width_of_children(const struct regex_ast *node, uint32_t *min, uint32_t *max)
{
	uint32_t low, high;

	*min = node->kind == AST_ALT ? REGEX_NO_END : 0;
	*max = 0;
	for (const struct regex_ast *child = node->first; child; child = child->next) {
		regex_ast_width(child, &low, &high);
		if (node->kind == AST_ALT) {
			*min = low < *min ? low : *min;
			*max = high > *max ? high : *max;
		} else {
			*min = add_width(*min, low);
			*max = add_width(*max, high);
		}
	}
}

void regex_ast_width(const struct regex_ast *node, uint32_t *min, uint32_t *max)
{
	*min = *max = node->kind == AST_SET;
	if (node->kind == AST_SEQ || node->kind == AST_ALT) {
		width_of_children(node, min, max);
	} else if (node->kind == AST_REPEAT) {
		regex_ast_width(node->first, min, max);
		/* Bytes of a gap may be halves of wide characters. */
		*min = times_width(*min, node->gap ? node->min / 2 : node->min);
		*max = times_width(*max, node->max);
	}
}

void regex_tree_part(struct regex_tree *tree)
{
	struct regex_ast *node = tree->root->first;

	if (node)
		node = node->next;
	for (; node && node->next; node = node->next) {
		if (!node->parts)
			continue;
		node->gap = true;
		node->first->set = (struct byte_set){ { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	}
}

void regex_tree_settle(struct regex_tree *tree)
{
	uint32_t low, high;

	tree->length = REGEX_PREFERRED;
	regex_ast_width(tree->root, &low, &high);
	if (low > 0 && !(tree->greedy && tree->lazy))
		regex_tree_settle_choice(tree);
	if (tree->greedy && low > 0 && !tree->lazy)
		tree->length = REGEX_LONGEST;
}
