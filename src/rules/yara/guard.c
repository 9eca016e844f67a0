#include "rules/yara/guard.h"

#include "rules/yara/modules.h"

#define MASKED_COST 1.0		/* such files are some, */
#define SIZED_COST 1e8		/* such are most, */
#define ANY_COST 1e9		/* and these all */

static const struct guard_case anything = { .most = UINT64_MAX };

struct guard guard_any(void)
{
	return (struct guard){ .count = 1, .cases = { anything } };
}

static bool case_and(const struct guard_case *a, const struct guard_case *b,
		     struct guard_case *out)
{
	out->least = a->least > b->least ? a->least : b->least;
	out->most = a->most < b->most ? a->most : b->most;
	out->mask = a->mask | b->mask;
	out->value = a->value | b->value;
	return out->least <= out->most && !((a->value ^ b->value) & a->mask & b->mask);
}

struct guard guard_and(const struct guard *a, const struct guard *b)
{
	struct guard both = { 0 };
	struct guard_case one;

	for (uint32_t i = 0; i < a->count; i++)
		for (uint32_t j = 0; j < b->count; j++) {
			if (!case_and(&a->cases[i], &b->cases[j], &one))
				continue;
			/* Too many to hold: one side alone is true as well, if less sharp. */
			if (both.count == GUARD_CASES)
				return a->count <= b->count ? *a : *b;
			both.cases[both.count++] = one;
		}
	return both;
}

struct guard guard_or(const struct guard *a, const struct guard *b)
{
	struct guard either = *a;

	for (uint32_t i = 0; i < b->count; i++) {
		bool known = false;

		for (uint32_t j = 0; j < either.count; j++)
			known |= !memcmp(&either.cases[j], &b->cases[i], sizeof *b->cases);
		if (known)
			continue;
		if (either.count == GUARD_CASES)
			return guard_any();
		either.cases[either.count++] = b->cases[i];
	}
	return either;
}

static struct guard guard_size(enum node_op op, int64_t n)
{
	struct guard g = guard_any();
	uint64_t size = n < 0 ? 0 : (uint64_t)n;

	if ((op == NODE_EQ && n < 0) || (op == NODE_LT && n <= 0) || (op == NODE_LE && n < 0))
		return (struct guard){ 0 };
	if (op == NODE_EQ)
		g.cases[0].least = g.cases[0].most = size;
	else if (op == NODE_LT || op == NODE_LE)
		g.cases[0].most = op == NODE_LT ? size - 1 : size;
	else if (op == NODE_GT || op == NODE_GE)
		g.cases[0].least = op == NODE_GT && n >= 0 ? size + 1 : size;
	return g;
}

/* uint16(0) == 0x5A4D and its like, as far as they lie in the first four bytes. */
static struct guard guard_read(const struct node *read, int64_t n)
{
	struct guard g = guard_any();
	uint32_t width = read->n & READ_WIDTH, full = width == 4 ? UINT32_MAX
						     : (1u << 8 * width) - 1;
	int64_t at = read->left->op == NODE_INTEGER ? read->left->integer : -1;
	uint32_t value = (uint32_t)n & full;
	bool is_signed = read->n & READ_SIGNED;
	int64_t least = is_signed ? -(INT64_C(1) << (8 * width - 1)) : 0;
	int64_t most = is_signed ? (INT64_C(1) << (8 * width - 1)) - 1 : (int64_t)full;

	if (at < 0 || at + width > 4)
		return g;
	if (n < least || n > most)
		return (struct guard){ 0 };
	if (read->n & READ_BIG)
		value = __builtin_bswap32(value) >> (32 - 8 * width);
	g.cases[0].least = (uint64_t)at + width;
	g.cases[0].mask = full << 8 * at;
	g.cases[0].value = value << 8 * at;
	return g;
}

enum node_op node_mirrored(enum node_op op)
{
	switch (op) {
	case NODE_LT:
		return NODE_GT;
	case NODE_GT:
		return NODE_LT;
	case NODE_LE:
		return NODE_GE;
	case NODE_GE:
		return NODE_LE;
	default:
		return op;
	}
}

/* Size or header compared with a constant. */
static struct guard guard_constant(const struct node *n)
{
	bool turn = n->left->op == NODE_INTEGER;
	const struct node *left = turn ? n->right : n->left, *right = turn ? n->left : n->right;
	enum node_op op = turn ? node_mirrored(n->op) : (enum node_op)n->op;

	if (right->op != NODE_INTEGER)
		return guard_any();
	if (left->op == NODE_FILESIZE)
		return guard_size(op, right->integer);
	if (left->op == NODE_READ && op == NODE_EQ)
		return guard_read(left, right->integer);
	return guard_any();
}

/* A value of a module: of which one, or NULL; and whether it is the field that other data has too. */
static const struct yara_module *module_of(const struct node *n, bool *tells)
{
	const struct yara_module *module = node_module(n);

	if (!module)
		return NULL;
	*tells = n->op == NODE_FIELD && n->left->op == NODE_MODULE && module->tells &&
		 !strcmp(module->fields[n->n].name, module->tells);
	return module;
}

static struct guard guard_header(const struct yara_module *module)
{
	struct guard g = guard_any();

	g.cases[0].mask = module->mask;
	g.cases[0].value = module->value;
	return g;
}

unsigned node_operands(enum node_op op)
{
	switch (op) {
	case NODE_ADD:
	case NODE_SUBTRACT:
	case NODE_MULTIPLY:
	case NODE_DIVIDE:
	case NODE_MODULO:
	case NODE_BIT_AND:
	case NODE_BIT_OR:
	case NODE_BIT_XOR:
	case NODE_SHIFT_LEFT:
	case NODE_SHIFT_RIGHT:
		return 2;
	case NODE_READ:
	case NODE_READ_LONG:
	case NODE_READ_REAL:
	case NODE_NEGATE:
	case NODE_COMPLEMENT:
	case NODE_TO_FLOAT:
	case NODE_LEN:
		return 1;
	default:
		return 0;
	}
}

struct guard guard_defined(const struct node *n)
{
	unsigned operands = node_operands((enum node_op)n->op);
	const struct yara_module *module;
	struct guard left, right;
	bool tells;

	if (n->op == NODE_LEN && n->n != YARA_STRING)	/* 0 where there is none */
		return guard_any();
	if (n->op == NODE_FIELD || n->op == NODE_INDEX || n->op == NODE_LOOKUP || n->op == NODE_CALL) {
		module = module_of(n, &tells);
		return module && !tells ? guard_header(module) : guard_any();
	}
	left = operands ? guard_defined(n->left) : guard_any();
	right = operands > 1 ? guard_defined(n->right) : guard_any();
	return operands > 1 ? guard_and(&left, &right) : left;
}

/* Of a comparison, also one of texts. */
static struct guard guard_compared(const struct node *n)
{
	struct guard both = guard_constant(n), one = guard_defined(n->left);

	both = guard_and(&both, &one);
	one = guard_defined(n->right);
	return guard_and(&both, &one);
}

static struct guard guard_truth(const struct node *value)
{
	bool tells;
	const struct yara_module *module = module_of(value, &tells);

	return module ? guard_header(module) : guard_defined(value);
}

static struct guard guard_found_at(const struct rule *rule, const struct node *n)
{
	struct guard g = guard_any();
	const struct rule_string *s = n->n == THIS_STRING ? NULL : &rule->strings[n->n];

	if (!s || n->left->op != NODE_INTEGER || n->left->integer)
		return g;
	g.cases[0].mask = s->mask;
	g.cases[0].value = s->value;
	for (uint32_t mask = s->mask; mask; mask >>= 8)
		g.cases[0].least++;
	return g;
}

struct guard guard_of(const struct rule *rule, const struct node *n)
{
	switch (n->op) {
	case NODE_BOOL:
		return n->integer ? guard_any() : (struct guard){ 0 };
	case NODE_EQ:
	case NODE_NE:
	case NODE_LT:
	case NODE_LE:
	case NODE_GT:
	case NODE_GE:
	case NODE_CONTAINS:
	case NODE_ICONTAINS:
	case NODE_STARTSWITH:
	case NODE_ISTARTSWITH:
	case NODE_ENDSWITH:
	case NODE_IENDSWITH:
	case NODE_IEQUALS:
	case NODE_MATCHES:
		return guard_compared(n);
	case NODE_FOUND_AT:
		return guard_found_at(rule, n);
	case NODE_TRUTH:
		return guard_truth(n->left);
	default:
		return guard_any();
	}
}

double guard_cost(const struct guard *g)
{
	double cost = 0;

	for (uint32_t i = 0; i < g->count; i++)
		cost += g->cases[i].mask ? MASKED_COST
			: g->cases[i].least || g->cases[i].most < UINT64_MAX ? SIZED_COST : ANY_COST;
	return cost;
}
