#include "rules/yara/guard.h"

/*
 * Two questions about each condition, answered from its tree alone and always on
 * the safe side: which patterns must hit for it to be true, and what must the
 * file's size and first bytes be?
 */

#define NEED_MAX 65536

/* ---- needed patterns ---- */

struct need_finder {
	struct compiler *c;
	const struct yara_set *set;
	const struct rule_facts *facts;
	const struct rule *rule;
};

/* Without any hit it may be true, wherever its guard lets it. */
static struct need need_nothing(void)
{
	return (struct need){ .without = guard_any() };
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

/* Whichever is needed more rarely. */
static void take_rarer(struct need *best, const struct need *other)
{
	if (other->cost + guard_cost(&other->without) < best->cost + guard_cost(&best->without))
		*best = *other;
}

static struct need need_either(const struct need_finder *f, const struct need *a, const struct need *b)
{
	struct need both = *a;

	both.without = guard_or(&a->without, &b->without);
	return need_add(f, &both, b->patterns, b->count, b->cost) ? both : need_nothing();
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

		take_rarer(&best, &one);
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

static struct need need_strings(const struct need_finder *f, const struct quantifier *q,
				const uint32_t *strings, uint32_t count)
{
	if (!needs_one(q) || !count)
		return need_nothing();
	return needs_all(q, count) ? need_rarest(f, strings, count) : need_any(f, strings, count);
}

/* ---- what values say ---- */

static struct need need_defined(const struct need_finder *f, const struct node *n)
{
	unsigned operands = node_operands((enum node_op)n->op);
	struct need need, other;

	if (n->op == NODE_OFFSET || n->op == NODE_LENGTH)
		return need_string(f, n->n);
	if (!operands)
		return need_nothing();
	need = need_defined(f, n->left);
	if (operands > 1) {
		other = need_defined(f, n->right);
		take_rarer(&need, &other);
	}
	return need;
}

/* Counts, and sums of them; constants so small that no sum of what a rule can hold overflows. */
static bool never_negative(const struct node *n)
{
	switch (n->op) {
	case NODE_COUNT:
	case NODE_COUNT_IN:
	case NODE_FILESIZE:
		return true;
	case NODE_INTEGER:
		return n->integer >= 0 && n->integer <= UINT32_MAX;
	case NODE_ADD:
		return never_negative(n->left) && never_negative(n->right);
	default:
		return false;
	}
}

/* For a sum of counts to be above zero. */
static struct need need_positive(const struct need_finder *f, const struct node *n)
{
	struct need left, right;

	switch (n->op) {
	case NODE_COUNT:
	case NODE_COUNT_IN:
		return need_string(f, n->n);
	case NODE_ADD:
		if (!never_negative(n))
			return need_nothing();
		left = need_positive(f, n->left);
		right = need_positive(f, n->right);
		return need_either(f, &left, &right);
	default:
		return need_nothing();
	}
}

static struct need need_comparison(const struct need_finder *f, const struct node *n)
{
	bool turn = n->left->op == NODE_INTEGER || n->op == NODE_LT || n->op == NODE_LE;
	const struct node *left = turn ? n->right : n->left, *right = turn ? n->left : n->right;
	enum node_op op = turn ? node_mirrored(n->op) : (enum node_op)n->op;
	struct need best = need_defined(f, left), other = need_defined(f, right);
	bool positive = op == NODE_GT ? never_negative(right)
		      : right->op == NODE_INTEGER && ((op == NODE_GE && right->integer > 0) ||
						      (op == NODE_EQ && right->integer) ||
						      (op == NODE_NE && !right->integer));

	take_rarer(&best, &other);
	if (!positive || !never_negative(left))
		return best;
	other = need_positive(f, left);
	take_rarer(&best, &other);
	return best;
}

/* ---- both, of a condition ---- */

static struct rule_facts facts_of(const struct need_finder *f, const struct node *n);

/* All of them hold. */
static struct rule_facts facts_and(const struct need_finder *f, const struct node *const *items,
				   uint32_t count)
{
	struct rule_facts all = { .guard = guard_any(), .need = need_nothing() };

	for (uint32_t i = 0; i < count; i++) {
		struct rule_facts one = facts_of(f, items[i]);

		all.guard = guard_and(&all.guard, &one.guard);
		take_rarer(&all.need, &one.need);
	}
	all.need.without = guard_and(&all.need.without, &all.guard);
	return all;
}

/* One of them holds. */
static struct rule_facts facts_or(const struct need_finder *f, const struct node *const *items,
				  uint32_t count)
{
	struct rule_facts any = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		struct rule_facts one = facts_of(f, items[i]);

		any.guard = guard_or(&any.guard, &one.guard);
		any.need = need_either(f, &any.need, &one.need);
	}
	return any;
}

static struct rule_facts facts_of_quantity(const struct need_finder *f, const struct of *of)
{
	if (of->strings || !needs_one(&of->quantifier) || !of->count)
		return (struct rule_facts){
			.guard = guard_any(),
			.need = of->strings ? need_strings(f, &of->quantifier, of->strings, of->count)
					    : need_nothing() };
	return needs_all(&of->quantifier, of->count) ? facts_and(f, of->items, of->count)
						     : facts_or(f, of->items, of->count);
}

/* A loop's body holds at least once, so what it goes over is there too. */
static struct rule_facts facts_of_loop(const struct need_finder *f, const struct loop *loop)
{
	struct rule_facts facts = { .guard = guard_any(), .need = need_nothing() };
	struct guard over = guard_any();
	struct need strings;

	if (!needs_one(&loop->quantifier))
		return facts;
	facts = facts_of(f, loop->body);
	if (loop->over == LOOP_RANGE)
		over = guard_defined(loop->high);
	else if (loop->over == LOOP_ARRAY || loop->over == LOOP_DICTIONARY)
		over = guard_defined(loop->object);
	facts.guard = guard_and(&facts.guard, &over);
	if (loop->over == LOOP_STRINGS && body_needs_this(loop->body)) {
		strings = need_strings(f, &loop->quantifier, loop->strings, loop->count);
		take_rarer(&facts.need, &strings);
	}
	facts.need.without = guard_and(&facts.need.without, &facts.guard);
	return facts;
}

static struct need need_of(const struct need_finder *f, const struct node *n)
{
	switch (n->op) {
	case NODE_FOUND:
	case NODE_FOUND_AT:
	case NODE_FOUND_IN:
		return need_string(f, n->n);
	case NODE_TRUTH:
		return never_negative(n->left) ? need_positive(f, n->left)
					       : need_defined(f, n->left);
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

static struct rule_facts facts_of(const struct need_finder *f, const struct node *n)
{
	struct rule_facts facts;

	switch (n->op) {
	case NODE_AND:
		return facts_and(f, n->items, n->n);
	case NODE_OR:
		return facts_or(f, n->items, n->n);
	case NODE_OF:
		return facts_of_quantity(f, n->of);
	case NODE_FOR:
		return facts_of_loop(f, n->loop);
	case NODE_WITH:
		return facts_of(f, n->loop->body);
	case NODE_RULE:
		return f->facts[n->n];
	default:
		facts = (struct rule_facts){ .guard = guard_of(f->rule, n), .need = need_of(f, n) };
		facts.need.without = guard_and(&facts.need.without, &facts.guard);
		return facts;
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

static bool wakes_always(const struct rule_facts *f)
{
	return wakes(f) && f->need.without.count;
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

/* Rules that may hold without a hit, by the guard under which they may. */
static bool list_always(struct compiler *c, struct yara_set *set, const struct rule_facts *facts)
{
	struct always_list *lists = ARENA_ARRAY(c->image, set->guard_count, struct always_list);
	uint32_t *of_guard = ARENA_ARRAY(&c->scratch, set->guard_count, uint32_t);
	uint32_t *rules = ARENA_ARRAY(c->image, set->rule_count, uint32_t), total = 0;

	if (!lists || !of_guard || !rules)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++)
		of_guard[facts[i].without] += wakes_always(&facts[i]);
	for (uint32_t i = 0; i < set->guard_count; i++) {
		uint32_t count = of_guard[i];

		of_guard[i] = set->always_count;
		if (count)
			lists[set->always_count++] = (struct always_list){ .guard = i, .start = total };
		total += count;
	}
	for (uint32_t i = 0; i < set->rule_count; i++) {
		struct always_list *l = &lists[of_guard[facts[i].without]];

		if (wakes_always(&facts[i]))
			rules[l->start + l->count++] = i;
	}
	set->always = lists;
	set->always_rules = rules;
	set->counts.always = total;
	return true;
}

/* YARA looks at such a condition only where one of the rule's strings was found. */
static bool asks_for_strings(const struct node *n)
{
	bool all = n->op == NODE_OR;

	switch (n->op) {
	case NODE_FOUND:
	case NODE_FOUND_AT:
	case NODE_FOUND_IN:
		return true;
	case NODE_OF:
		return n->of->strings && n->of->quantifier.kind != QUANTITY_PERCENT &&
		       needs_one(&n->of->quantifier);
	case NODE_AND:
	case NODE_OR:
		for (uint32_t i = 0; i < n->n; i++)
			if (asks_for_strings(n->items[i]) != all)
				return !all;
		return all;
	default:
		return false;
	}
}

/* What a rule tells is told for any file that YARA would tell it of. */
static void listen(const struct need_finder *f, struct rule *rule, struct rule_facts *facts)
{
	uint32_t *all = ARENA_ARRAY(&f->c->scratch, rule->string_count, uint32_t);

	facts->guard = guard_any();
	facts->need = need_nothing();
	rule->speaks_if_found = asks_for_strings(rule->condition);
	for (uint32_t i = 0; all && i < rule->string_count; i++)
		all[i] = i;
	if (all && rule->speaks_if_found)
		facts->need = need_any(f, all, rule->string_count);
}

static bool find_facts(struct compiler *c, struct yara_set *set, struct rule *rules,
		       struct rule_facts *facts)
{
	struct guard *guards = ARENA_ARRAY(c->image, 2 * (size_t)set->rule_count, struct guard);
	struct need_finder finder = { .c = c, .set = set, .facts = facts };
	struct map known = map_new(&c->scratch);

	if (!guards)
		return false;
	for (uint32_t i = 0; i < set->rule_count; i++) {
		finder.rule = &rules[i];
		facts[i] = facts_of(&finder, rules[i].condition);
		if (rules[i].speaks)
			listen(&finder, &rules[i], &facts[i]);
		set->speaks = set->speaks || rules[i].speaks;
		rules[i].guard = guard_number(guards, &set->guard_count, &known, &c->scratch,
					      &facts[i].guard);
		facts[i].without = guard_number(guards, &set->guard_count, &known, &c->scratch,
						&facts[i].need.without);
		if (rules[i].guard == UINT32_MAX || facts[i].without == UINT32_MAX)
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
