#include "rules/yara/compile.h"

/*
 * Two questions about each condition, answered from its tree alone and always on
 * the safe side: which patterns must hit for it to be true, and what must the
 * file's size and first bytes be?
 */

#define NEED_MAX 65536

/* ---- guards ---- */

static const struct guard_case anything = { .most = UINT64_MAX };

static struct guard guard_any(void)
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

static struct guard guard_and(const struct guard *a, const struct guard *b)
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

static struct guard guard_or(const struct guard *a, const struct guard *b)
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

static enum node_op mirrored(enum node_op op)
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

static struct guard guard_comparison(const struct node *n)
{
	bool turn = n->left->op == NODE_INTEGER;
	const struct node *left = turn ? n->right : n->left, *right = turn ? n->left : n->right;
	enum node_op op = turn ? mirrored(n->op) : (enum node_op)n->op;

	if (right->op != NODE_INTEGER)
		return guard_any();
	if (left->op == NODE_FILESIZE)
		return guard_size(op, right->integer);
	if (left->op == NODE_READ && op == NODE_EQ)
		return guard_read(left, right->integer);
	return guard_any();
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

static struct guard guard_of(const struct rule_facts *facts, const struct rule *rule,
			     const struct node *n)
{
	struct guard g = guard_any(), one;

	switch (n->op) {
	case NODE_BOOL:
		return n->integer ? g : (struct guard){ 0 };
	case NODE_AND:
		for (uint32_t i = 0; i < n->n; i++) {
			one = guard_of(facts, rule, n->items[i]);
			g = guard_and(&g, &one);
		}
		return g;
	case NODE_OR:
		g = guard_of(facts, rule, n->items[0]);
		for (uint32_t i = 1; i < n->n; i++) {
			one = guard_of(facts, rule, n->items[i]);
			g = guard_or(&g, &one);
		}
		return g;
	case NODE_EQ:
	case NODE_LT:
	case NODE_LE:
	case NODE_GT:
	case NODE_GE:
		return guard_comparison(n);
	case NODE_FOUND_AT:
		return guard_found_at(rule, n);
	case NODE_RULE:
		return facts[n->n].guard;
	default:
		return g;
	}
}

/* ---- needed patterns ---- */

struct need_finder {
	struct compiler *c;
	const struct yara_set *set;
	const struct rule_facts *facts;
	const struct rule *rule;
};

static struct need need_nothing(void)
{
	return (struct need){ .none = true };
}

/* Long atoms are rare; a pattern without one is seen in every file. */
static double cost_of(const struct need_finder *f, uint32_t pattern)
{
	uint32_t len = pattern_atom_length(f->set->patterns, pattern);

	return len ? 1.0 / (double)(UINT64_C(1) << (len > 16 ? 16 : len)) : 1e6;
}

/* A need of very many patterns is no help; that it is not made also bounds the work. */
static bool need_add(const struct need_finder *f, struct need *to, const uint32_t *patterns,
		     size_t count, double cost)
{
	if (count > NEED_MAX - to->count)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t *slot = arena_push(&f->c->scratch, (void **)&to->patterns, &to->count,
					    &to->room, sizeof *slot);

		if (!slot)
			return f->c->out_of_memory = true, false;
		*slot = patterns[i];
	}
	to->cost += cost;
	return true;
}

static struct need need_string(const struct need_finder *f, uint32_t number)
{
	const struct rule_string *s = &f->rule->strings[number];
	struct need n = { 0 };

	/* Not searched for, so never hit. */
	if (number == THIS_STRING || s->at >= 0 ||
	    !need_add(f, &n, &s->pattern, 1, cost_of(f, s->pattern)))
		return need_nothing();
	return n;
}

static struct need need_any(const struct need_finder *f, const uint32_t *strings, uint32_t count)
{
	struct need all = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		const struct rule_string *s = &f->rule->strings[strings[i]];

		if (s->at >= 0 || !need_add(f, &all, &s->pattern, 1, cost_of(f, s->pattern)))
			return need_nothing();
	}
	return all;
}

static struct need need_rarest(const struct need_finder *f, const uint32_t *strings,
			       uint32_t count)
{
	struct need best = need_nothing();

	for (uint32_t i = 0; i < count; i++) {
		struct need one = need_string(f, strings[i]);

		if (!one.none && (best.none || one.cost < best.cost))
			best = one;
	}
	return best;
}

static bool needs_all(const struct quantifier *q, uint32_t count)
{
	if (q->kind == QUANTITY_NUMBER && q->number->op == NODE_INTEGER)
		return q->number->integer >= count;
	return q->kind == QUANTITY_ALL;
}

static bool needs_one(const struct quantifier *q)
{
	if (q->kind == QUANTITY_NUMBER || q->kind == QUANTITY_PERCENT)
		return q->number->op == NODE_INTEGER && q->number->integer > 0;
	return q->kind == QUANTITY_ALL || q->kind == QUANTITY_ANY;
}

static struct need need_of(const struct need_finder *f, const struct node *n);

static struct need need_both(const struct need_finder *f, const struct node *const *items,
			     uint32_t count)
{
	struct need best = need_nothing();

	for (uint32_t i = 0; i < count; i++) {
		struct need one = need_of(f, items[i]);

		if (!one.none && (best.none || one.cost < best.cost))
			best = one;
	}
	return best;
}

static struct need need_either(const struct need_finder *f, const struct node *const *items,
			       uint32_t count)
{
	struct need all = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		struct need one = need_of(f, items[i]);

		if (one.none || !need_add(f, &all, one.patterns, one.count, one.cost))
			return need_nothing();
	}
	return all;
}

static struct need need_quantified(const struct need_finder *f, const struct of *of)
{
	if (!needs_one(&of->quantifier) || !of->count)
		return need_nothing();
	if (of->strings)
		return needs_all(&of->quantifier, of->count)
			? need_rarest(f, of->strings, of->count)
			: need_any(f, of->strings, of->count);
	return needs_all(&of->quantifier, of->count) ? need_both(f, of->items, of->count)
						     : need_either(f, of->items, of->count);
}

/* Whether the truth of a loop's body over strings says that `$` was found. */
static bool body_needs_this(const struct node *n)
{
	switch (n->op) {
	case NODE_FOUND:
	case NODE_FOUND_AT:
	case NODE_FOUND_IN:
		return n->n == THIS_STRING;
	case NODE_AND:
		for (uint32_t i = 0; i < n->n; i++)
			if (body_needs_this(n->items[i]))
				return true;
		return false;
	default:
		return false;
	}
}

static struct need need_loop(const struct need_finder *f, const struct loop *loop)
{
	if (!needs_one(&loop->quantifier))
		return need_nothing();
	if (loop->over != LOOP_STRINGS)
		return need_of(f, loop->body);
	if (!body_needs_this(loop->body))
		return need_of(f, loop->body);
	return needs_all(&loop->quantifier, loop->count)
		? need_rarest(f, loop->strings, loop->count)
		: need_any(f, loop->strings, loop->count);
}

/* #a > 0 and its like; @a and !a are undefined without a hit. */
static struct need need_comparison(const struct need_finder *f, const struct node *n)
{
	bool turn = n->left->op == NODE_INTEGER;
	const struct node *left = turn ? n->right : n->left, *right = turn ? n->left : n->right;
	enum node_op op = turn ? mirrored(n->op) : (enum node_op)n->op;
	int64_t k;

	if (left->op == NODE_OFFSET || left->op == NODE_LENGTH)
		return left->n == THIS_STRING ? need_nothing() : need_string(f, left->n);
	if ((left->op != NODE_COUNT && left->op != NODE_COUNT_IN) || left->n == THIS_STRING ||
	    right->op != NODE_INTEGER)
		return need_nothing();
	k = right->integer;
	if ((op == NODE_GT && k >= 0) || (op == NODE_GE && k >= 1) || (op == NODE_EQ && k != 0))
		return need_string(f, left->n);
	return need_nothing();
}

static struct need need_of(const struct need_finder *f, const struct node *n)
{
	switch (n->op) {
	case NODE_AND:
		return need_both(f, n->items, n->n);
	case NODE_OR:
		return need_either(f, n->items, n->n);
	case NODE_FOUND:
	case NODE_FOUND_AT:
	case NODE_FOUND_IN:
		return n->n == THIS_STRING ? need_nothing() : need_string(f, n->n);
	case NODE_OF:
		return need_quantified(f, n->of);
	case NODE_FOR:
		return need_loop(f, n->loop);
	case NODE_WITH:
		return need_of(f, n->loop->body);
	case NODE_TRUTH:
		return n->left->op == NODE_COUNT && n->left->n != THIS_STRING
			? need_string(f, n->left->n) : need_nothing();
	case NODE_RULE:
		return f->facts[n->n].need;
	case NODE_EQ:
	case NODE_NE:
	case NODE_LT:
	case NODE_LE:
	case NODE_GT:
	case NODE_GE:
		return need_comparison(f, n);
	default:
		return need_nothing();
	}
}

/* ---- tables ---- */

static uint32_t guard_number(struct guard *guards, uint32_t *count, struct map *known,
			     struct arena *scratch, const struct guard *guard)
{
	struct guard *copy = ARENA_NEW(scratch, struct guard);
	void **slot;

	if (!copy)
		return UINT32_MAX;
	*copy = *guard;
	slot = map_slot(known, span_of(copy, sizeof *copy));
	if (!slot)
		return UINT32_MAX;
	if (!*slot) {
		guards[(*count)++] = *guard;
		*slot = &guards[*count - 1];
	}
	return (uint32_t)((struct guard *)*slot - guards);
}

/* A rule that cannot hold for any file is in no table at all. */
static bool wakes(const struct rule_facts *f)
{
	return f->guard.count > 0;
}

static bool list_woken(struct compiler *c, struct yara_set *set, const struct rule_facts *facts)
{
	struct rule_list *lists = ARENA_ARRAY(c->image, set->pattern_count, struct rule_list);
	uint32_t total = 0, *woken;

	if (!lists)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++)
		for (size_t j = 0; wakes(&facts[i]) && j < facts[i].need.count; j++)
			lists[facts[i].need.patterns[j]].count++;
	for (uint32_t i = 0; i < set->pattern_count; i++) {
		lists[i].start = total;
		total += lists[i].count;
		lists[i].count = 0;
	}
	woken = ARENA_ARRAY(c->image, total, uint32_t);
	if (!woken)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++)
		for (size_t j = 0; wakes(&facts[i]) && j < facts[i].need.count; j++) {
			struct rule_list *l = &lists[facts[i].need.patterns[j]];

			woken[l->start + l->count++] = i;
		}
	set->wakes = lists;
	set->woken = woken;
	return true;
}

static bool list_always(struct compiler *c, struct yara_set *set, const struct rule_facts *facts)
{
	struct rule_list *lists = ARENA_ARRAY(c->image, set->guard_count, struct rule_list);
	uint32_t *rules = ARENA_ARRAY(c->image, set->rule_count, uint32_t), total = 0;

	if (!lists || !rules)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++)
		if (set->rules[i].always && wakes(&facts[i]))
			lists[set->rules[i].guard].count++;
	for (uint32_t i = 0; i < set->guard_count; i++) {
		lists[i].start = total;
		total += lists[i].count;
		lists[i].count = 0;
	}
	for (uint32_t i = 0; i < set->rule_count; i++) {
		struct rule_list *l = &lists[set->rules[i].guard];

		if (set->rules[i].always && wakes(&facts[i]))
			rules[l->start + l->count++] = i;
	}
	set->always = lists;
	set->always_rules = rules;
	set->counts.always = total;
	return true;
}

static bool find_facts(struct compiler *c, struct yara_set *set, struct rule *rules,
		       struct rule_facts *facts)
{
	struct guard *guards = ARENA_ARRAY(c->image, set->rule_count, struct guard);
	struct need_finder finder = { .c = c, .set = set, .facts = facts };
	struct map known = map_new(&c->scratch);

	if (!guards)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++) {
		finder.rule = &rules[i];
		facts[i].guard = guard_of(facts, &rules[i], rules[i].condition);
		facts[i].need = need_of(&finder, rules[i].condition);
		rules[i].always = facts[i].need.none;
		rules[i].guard = guard_number(guards, &set->guard_count, &known, &c->scratch,
					      &facts[i].guard);
		if (rules[i].guard == UINT32_MAX)
			return false;
	}
	set->guards = guards;
	return true;
}

bool wake_build(struct compiler *c, struct yara_set *set)
{
	struct rule_facts *facts = ARENA_ARRAY(&c->scratch, set->rule_count, struct rule_facts);

	return facts &&
	       find_facts(c, set, (struct rule *)(uintptr_t)set->rules, facts) &&
	       list_woken(c, set, facts) && list_always(c, set, facts) && !c->out_of_memory;
}

/* ---- what a string says of its first bytes ---- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* Plain bytes only: what follows a jump, choice, mask or comment is left alone. */
static void hex_prefix(struct span text, uint32_t *mask, uint32_t *value)
{
	int high = -1;
	unsigned shift = 0;

	for (size_t i = 0; i < text.len && shift < 32; i++) {
		int digit = hex_digit(text.at[i]);

		if (text.at[i] == ' ' || text.at[i] == '\t' || text.at[i] == '\n' ||
		    text.at[i] == '\r')
			continue;
		if (digit < 0)
			return;
		if (high < 0) {
			high = digit;
			continue;
		}
		*mask |= 0xffu << shift;
		*value |= (uint32_t)(high << 4 | digit) << shift;
		shift += 8;
		high = -1;
	}
}

void string_prefix(const struct pattern_spec *spec, uint32_t *mask, uint32_t *value)
{
	const uint32_t other = PATTERN_NOCASE | PATTERN_WIDE | PATTERN_XOR | PATTERN_BASE64 |
			       PATTERN_BASE64_WIDE;

	*mask = *value = 0;
	if (spec->kind == PATTERN_HEX)
		hex_prefix(spec->text, mask, value);
	if (spec->kind != PATTERN_TEXT || spec->flags & other)
		return;
	for (size_t i = 0; i < spec->text.len && i < 4; i++) {
		*mask |= 0xffu << 8 * i;
		*value |= (uint32_t)spec->text.at[i] << 8 * i;
	}
}
