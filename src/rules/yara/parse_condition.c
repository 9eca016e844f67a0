#include "rules/yara/compile.h"

/* Left to right; one node holds the whole chain, however long. */
static bool parse_chain(struct parser *p, enum token_kind word, enum node_op op,
			bool (*operand)(struct parser *, struct expr *), struct expr *out)
{
	const struct node **items = NULL;
	size_t count = 0, room = 0;
	uint16_t depth = 0;
	struct node *node;
	struct expr e;

	if (!operand(p, out))
		return false;
	if (peek_token(p, 0)->kind != word)
		return true;
	e = *out;
	do {
		const struct node **slot;

		if ((count && !operand(p, &e)) || !make_truth(p, &e))
			return false;
		slot = arena_push(p->c->image, (void **)&items, &count, &room, sizeof *items);
		if (!slot)
			return no_memory(p);
		*slot = e.node;
		depth = e.node->depth > depth ? e.node->depth : depth;
	} while (accept(p, word));
	node = node_new(p, op, YARA_BOOL);
	if (!node)
		return false;
	node->n = (uint32_t)count;
	node->items = items;
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = e.token };
	return finish_node(p, e.token, node, depth);
}

static bool parse_prefix(struct parser *p, enum node_op op, struct expr *out);

static bool is_comparison(enum token_kind kind)
{
	switch ((int)kind) {
	case TOKEN_EQ:
	case TOKEN_NE:
	case '<':
	case '>':
	case TOKEN_LE:
	case TOKEN_GE:
	case TOKEN_CONTAINS:
	case TOKEN_ICONTAINS:
	case TOKEN_STARTSWITH:
	case TOKEN_ISTARTSWITH:
	case TOKEN_ENDSWITH:
	case TOKEN_IENDSWITH:
	case TOKEN_IEQUALS:
	case TOKEN_MATCHES:
		return true;
	default:
		return false;
	}
}

/* `all of`, `2 of`, `50% of`: the number has been read where there is one. */
static bool parse_quantified(struct parser *p, const struct expr *number, struct expr *out)
{
	const struct token *at = peek_token(p, 0);
	struct quantifier quantifier;
	bool percent;

	if (number) {
		percent = accept(p, (enum token_kind)'%');
		return quantifier_of(p, number, percent, &quantifier) &&
		       parse_of(p, &quantifier, number->token, out);
	}
	next_token(p);
	quantifier = (struct quantifier){ .kind = at->kind == TOKEN_ALL ? QUANTITY_ALL
					: at->kind == TOKEN_ANY ? QUANTITY_ANY : QUANTITY_NONE };
	return parse_of(p, &quantifier, at, out);
}

static bool parse_comparison(struct parser *p, struct expr *out)
{
	const struct token *first = peek_token(p, 0), *op;
	struct expr right;

	if (first->kind == TOKEN_FOR)
		return parse_for(p, out);
	if (first->kind == TOKEN_ALL || first->kind == TOKEN_ANY || first->kind == TOKEN_NONE)
		return parse_quantified(p, NULL, out);
	if (!parse_value(p, out))
		return false;
	if (peek_token(p, 0)->kind == TOKEN_OF ||
	    (peek_token(p, 0)->kind == (enum token_kind)'%' && peek_token(p, 1)->kind == TOKEN_OF))
		return parse_quantified(p, out, out);
	op = peek_token(p, 0);
	if (!is_comparison(op->kind))
		return true;
	next_token(p);
	if (!parse_value(p, &right))
		return false;
	if (is_comparison(peek_token(p, 0)->kind))
		return syntax_error(p);
	return make_comparison(p, op, out, &right, out);
}

static bool parse_not(struct parser *p, struct expr *out)
{
	if (accept(p, TOKEN_NOT))
		return parse_prefix(p, NODE_NOT, out);
	if (accept(p, TOKEN_DEFINED))
		return parse_prefix(p, NODE_DEFINED, out);
	return parse_comparison(p, out);
}

static bool parse_prefix(struct parser *p, enum node_op op, struct expr *out)
{
	const struct token *at = peek_token(p, 0);
	struct node *node;

	if (++p->nesting > DEPTH_MAX)
		return fail(p, at, "condition is nested too deeply");
	if (!parse_not(p, out))
		return false;
	p->nesting--;
	/* Only strings are turned to truth for `defined`: that keeps them undefined. */
	if (!make_truth(p, out))
		return false;
	node = node_new(p, op, YARA_BOOL);
	if (!node)
		return false;
	node->left = out->node;
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = at };
	return finish_node(p, at, node, node->left->depth);
}

static bool parse_and(struct parser *p, struct expr *out)
{
	return parse_chain(p, TOKEN_AND, NODE_AND, parse_not, out);
}

bool parse_condition(struct parser *p, struct expr *out)
{
	return parse_chain(p, TOKEN_OR, NODE_OR, parse_and, out);
}
