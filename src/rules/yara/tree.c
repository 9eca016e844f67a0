#include "rules/yara/compile.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

const char *type_name(enum yara_type type)
{
	static const char *const names[] = {
		[YARA_UNDEFINED] = "unknown", [YARA_INTEGER] = "integer", [YARA_FLOAT] = "float",
		[YARA_STRING] = "string", [YARA_BOOL] = "boolean", [YARA_REGEX] = "regexp",
		[YARA_STRUCT] = "struct", [YARA_ARRAY] = "array", [YARA_DICTIONARY] = "dictionary",
		[YARA_FUNCTION] = "function",
	};

	return names[type];
}

bool is_value(enum yara_type type)
{
	return type == YARA_INTEGER || type == YARA_FLOAT || type == YARA_STRING ||
	       type == YARA_BOOL;
}

struct node *node_new(struct parser *p, enum node_op op, enum yara_type type)
{
	struct node *n = ARENA_NEW(p->c->image, struct node);

	if (!n) {
		no_memory(p);
		return NULL;
	}
	n->op = (uint8_t)op;
	n->type = (uint8_t)type;
	n->depth = 1;
	return n;
}

uint16_t node_depth(const struct node *node)
{
	return node ? node->depth : 0;
}

const struct yara_module *node_module(const struct node *node)
{
	while (node->op >= NODE_FIELD && node->op <= NODE_CALL)
		node = node->left;
	return node->op == NODE_MODULE ? yara_modules[node->n] : NULL;
}

bool finish_node(struct parser *p, const struct token *at, struct node *node, uint16_t below)
{
	if (below >= DEPTH_MAX)
		return fail(p, at, "condition is nested too deeply");
	node->depth = (uint16_t)(below + 1);
	return true;
}

static bool set_expr(struct expr *out, const struct node *node, const struct token *at)
{
	*out = (struct expr){ .node = node, .type = node ? node->type : YARA_UNDEFINED,
			      .token = at };
	return node;
}

bool make_integer(struct parser *p, const struct token *at, int64_t n, struct expr *out)
{
	struct node *node = node_new(p, NODE_INTEGER, YARA_INTEGER);

	if (node)
		node->integer = n;
	return set_expr(out, node, at);
}

static bool make_float(struct parser *p, const struct token *at, double n, struct expr *out)
{
	struct node *node = node_new(p, NODE_FLOAT, YARA_FLOAT);

	if (node)
		node->real = n;
	return set_expr(out, node, at);
}

static bool wrong_type(struct parser *p, const struct token *op, const struct expr *e)
{
	return fail(p, op, "wrong type \"%s\" for %.*s operator", type_name(e->type),
		    SPAN_ARG(op->text));
}

bool make_unary(struct parser *p, const struct token *at, const struct expr *of,
		struct expr *out)
{
	bool negate = at->kind == (enum token_kind)'-';
	struct node *node;

	if (of->type != YARA_INTEGER && !(negate && of->type == YARA_FLOAT))
		return wrong_type(p, at, of);
	if (of->node->op == NODE_INTEGER)
		return make_integer(p, at, negate ? (int64_t)(0 - (uint64_t)of->node->integer)
						  : ~of->node->integer, out);
	if (of->node->op == NODE_FLOAT)
		return make_float(p, at, -of->node->real, out);
	node = node_new(p, negate ? NODE_NEGATE : NODE_COMPLEMENT, of->type);
	if (!node)
		return false;
	node->left = of->node;
	return finish_node(p, at, node, of->node->depth) && set_expr(out, node, at);
}

static enum node_op binary_op(enum token_kind kind)
{
	switch ((int)kind) {
	case '+':
		return NODE_ADD;
	case '-':
		return NODE_SUBTRACT;
	case '*':
		return NODE_MULTIPLY;
	case '\\':
		return NODE_DIVIDE;
	case '%':
		return NODE_MODULO;
	case '&':
		return NODE_BIT_AND;
	case '|':
		return NODE_BIT_OR;
	case '^':
		return NODE_BIT_XOR;
	case TOKEN_SHL:
		return NODE_SHIFT_LEFT;
	default:
		return NODE_SHIFT_RIGHT;
	}
}

static bool overflow(struct parser *p, const struct token *op, int64_t a, int64_t b)
{
	return fail(p, op, "integer overflow in \"%" PRId64 " %.*s %" PRId64 "\"", a,
		    SPAN_ARG(op->text), b);
}

static bool fold_integers(struct parser *p, const struct token *op, enum node_op kind, int64_t a,
			  int64_t b, struct expr *out)
{
	int64_t n = 0;

	switch (kind) {
	case NODE_ADD:
		if (__builtin_add_overflow(a, b, &n))
			return overflow(p, op, a, b);
		break;
	case NODE_SUBTRACT:
		if (__builtin_sub_overflow(a, b, &n))
			return overflow(p, op, a, b);
		break;
	case NODE_MULTIPLY:
		if (__builtin_mul_overflow(a, b, &n))
			return overflow(p, op, a, b);
		break;
	case NODE_DIVIDE:
	case NODE_MODULO:
		if (b == -1)
			n = kind == NODE_DIVIDE ? (int64_t)(0 - (uint64_t)a) : 0;
		else
			n = kind == NODE_DIVIDE ? a / b : a % b;
		break;
	case NODE_BIT_AND:
		n = a & b;
		break;
	case NODE_BIT_OR:
		n = a | b;
		break;
	case NODE_BIT_XOR:
		n = a ^ b;
		break;
	case NODE_SHIFT_LEFT:
		n = b < 64 ? (int64_t)((uint64_t)a << b) : 0;
		break;
	default:
		n = b < 64 ? a >> b : 0;
	}
	return make_integer(p, op, n, out);
}

static double fold_floats(enum node_op kind, double a, double b)
{
	switch (kind) {
	case NODE_ADD:
		return a + b;
	case NODE_SUBTRACT:
		return a - b;
	case NODE_MULTIPLY:
		return a * b;
	default:
		return a / b;
	}
}

static bool to_float(struct parser *p, const struct expr *e, const struct node **out)
{
	struct expr folded;
	struct node *node;

	if (e->type == YARA_FLOAT) {
		*out = e->node;
		return true;
	}
	if (e->node->op == NODE_INTEGER) {
		bool made = make_float(p, e->token, (double)e->node->integer, &folded);

		*out = folded.node;
		return made;
	}
	node = node_new(p, NODE_TO_FLOAT, YARA_FLOAT);
	if (!node)
		return false;
	node->left = e->node;
	*out = node;
	return finish_node(p, e->token, node, e->node->depth);
}

static uint16_t deeper(const struct node *a, const struct node *b)
{
	return node_depth(a) > node_depth(b) ? node_depth(a) : node_depth(b);
}

static bool pair(struct parser *p, const struct token *op, enum node_op kind, enum yara_type type,
		 const struct node *left, const struct node *right, struct expr *out)
{
	struct node *node = node_new(p, kind, type);

	if (!node)
		return false;
	node->left = left;
	node->right = right;
	node->n = left->type;
	return finish_node(p, op, node, deeper(left, right)) && set_expr(out, node, op);
}

static bool is_number(const struct expr *e)
{
	return e->type == YARA_INTEGER || e->type == YARA_FLOAT;
}

/* Where one side is a float both are made so. */
static bool float_pair(struct parser *p, const struct token *op, enum node_op kind,
		       const struct expr *left, const struct expr *right, struct expr *out)
{
	const struct node *a, *b;

	if (!to_float(p, left, &a) || !to_float(p, right, &b))
		return false;
	if (a->op == NODE_FLOAT && b->op == NODE_FLOAT && kind <= NODE_DIVIDE)
		return make_float(p, op, fold_floats(kind, a->real, b->real), out);
	return pair(p, op, kind, kind <= NODE_DIVIDE ? YARA_FLOAT : YARA_BOOL, a, b, out);
}

bool make_binary(struct parser *p, const struct token *op, const struct expr *left,
		 const struct expr *right, struct expr *out)
{
	enum node_op kind = binary_op(op->kind);
	bool floats = kind <= NODE_DIVIDE;
	bool known = right->node->op == NODE_INTEGER;
	int64_t n = known ? right->node->integer : 0;

	if (left->type != YARA_INTEGER && !(floats && left->type == YARA_FLOAT))
		return wrong_type(p, op, left);
	if (right->type != YARA_INTEGER && !(floats && right->type == YARA_FLOAT))
		return wrong_type(p, op, right);
	if (left->type == YARA_FLOAT || right->type == YARA_FLOAT)
		return float_pair(p, op, kind, left, right, out);
	if (known && !n && (kind == NODE_DIVIDE || kind == NODE_MODULO))
		return fail(p, op, "division by zero");
	if (known && n < 0 && (kind == NODE_SHIFT_LEFT || kind == NODE_SHIFT_RIGHT))
		return fail(p, op, "invalid operand");
	if (known && left->node->op == NODE_INTEGER)
		return fold_integers(p, op, kind, left->node->integer, n, out);
	return pair(p, op, kind, YARA_INTEGER, left->node, right->node, out);
}

static enum node_op comparison_op(enum token_kind kind)
{
	switch ((int)kind) {
	case TOKEN_EQ:
		return NODE_EQ;
	case TOKEN_NE:
		return NODE_NE;
	case '<':
		return NODE_LT;
	case TOKEN_LE:
		return NODE_LE;
	case '>':
		return NODE_GT;
	case TOKEN_GE:
		return NODE_GE;
	case TOKEN_CONTAINS:
		return NODE_CONTAINS;
	case TOKEN_ICONTAINS:
		return NODE_ICONTAINS;
	case TOKEN_STARTSWITH:
		return NODE_STARTSWITH;
	case TOKEN_ISTARTSWITH:
		return NODE_ISTARTSWITH;
	case TOKEN_ENDSWITH:
		return NODE_ENDSWITH;
	case TOKEN_IENDSWITH:
		return NODE_IENDSWITH;
	case TOKEN_IEQUALS:
		return NODE_IEQUALS;
	default:
		return NODE_MATCHES;
	}
}

bool make_comparison(struct parser *p, const struct token *op, const struct expr *left,
		     const struct expr *right, struct expr *out)
{
	enum node_op kind = comparison_op(op->kind);
	enum yara_type wanted = kind == NODE_MATCHES ? YARA_REGEX : YARA_STRING;

	if (kind >= NODE_CONTAINS) {
		if (left->type != YARA_STRING)
			return wrong_type(p, op, left);
		if (right->type != wanted)
			return wrong_type(p, op, right);
		return pair(p, op, kind, YARA_BOOL, left->node, right->node, out);
	}
	if (is_number(left) && is_number(right)) {
		if (left->type == YARA_FLOAT || right->type == YARA_FLOAT)
			return float_pair(p, op, kind, left, right, out);
		return pair(p, op, kind, YARA_BOOL, left->node, right->node, out);
	}
	if (left->type == YARA_STRING && right->type == YARA_STRING)
		return pair(p, op, kind, YARA_BOOL, left->node, right->node, out);
	if (!is_number(left) && left->type != YARA_STRING)
		return wrong_type(p, op, left);
	if (!is_number(right) && right->type != YARA_STRING)
		return wrong_type(p, op, right);
	return fail(p, op, "type mismatch: \"%s\" and \"%s\" for %.*s operator",
		    type_name(left->type), type_name(right->type), SPAN_ARG(op->text));
}

bool make_bool(struct parser *p, const struct token *at, bool value, struct expr *out)
{
	struct node *node = node_new(p, NODE_BOOL, YARA_BOOL);

	if (!node)
		return false;
	node->integer = value;
	return set_expr(out, node, at);
}

bool make_truth(struct parser *p, struct expr *e)
{
	struct node *node;

	if (e->type == YARA_BOOL)
		return true;
	if (e->type == YARA_REGEX)	/* by itself it is there, as in YARA */
		return make_bool(p, e->token, true, e);
	if (!is_value(e->type))
		return fail(p, e->token, "wrong usage of identifier \"%.*s\"",
			    SPAN_ARG(e->token->text));
	if (e->node->op == NODE_TEXT)
		warn(p, e->token, "non_bool_expr", "using literal string \"%.*s\" in a boolean operation.",
		     SPAN_ARG(*e->node->text));
	node = node_new(p, NODE_TRUTH, YARA_BOOL);
	if (!node)
		return false;
	node->left = e->node;
	node->n = e->type;
	return finish_node(p, e->token, node, e->node->depth) && set_expr(e, node, e->token);
}
