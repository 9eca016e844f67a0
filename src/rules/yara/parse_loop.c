#include "rules/yara/compile.h"

bool quantifier_of(struct parser *p, const struct expr *number, bool percent,
		   struct quantifier *out)
{
	bool known = number->node->op == NODE_INTEGER;
	int64_t n = known ? number->node->integer : 0;

	if (number->type != YARA_INTEGER)
		return fail(p, number->token, "invalid value: a quantifier is a number");
	*out = (struct quantifier){ .kind = percent ? QUANTITY_PERCENT : QUANTITY_NUMBER,
				    .number = number->node };
	if (percent && known && (n < 1 || n > 100))
		return fail(p, number->token, "percentage must be between 1 and 100 (inclusive)");
	if (!percent && known && n < 0)
		return fail(p, number->token, "invalid value: \"%lld\"", (long long)n);
	if (!percent && known && n == 0)
		warn(p, number->token, "ambiguous_expr",
		     "consider using \"none\" keyword, it is less ambiguous.");
	return true;
}

bool parse_range(struct parser *p, const struct node **low, const struct node **high)
{
	const struct token *at = peek_token(p, 0);
	struct expr from, to;

	if (!expect(p, (enum token_kind)'(', "(") || !parse_value(p, &from) ||
	    !expect(p, TOKEN_DOTS, "..") || !parse_value(p, &to) ||
	    !expect(p, (enum token_kind)')', ")"))
		return false;
	if (from.type != YARA_INTEGER)
		return fail(p, at, "wrong type for range's lower bound");
	if (to.type != YARA_INTEGER)
		return fail(p, at, "wrong type for range's upper bound");
	if (from.node->op == NODE_INTEGER && to.node->op == NODE_INTEGER) {
		if (from.node->integer > to.node->integer)
			return fail(p, at, "invalid value in condition: \"range lower bound must be "
				"less than upper bound\"");
		if (from.node->integer < 0)
			return fail(p, at, "invalid value in condition: \"range lower bound can not be "
				"negative\"");
	}
	*low = from.node;
	*high = to.node;
	return true;
}

bool find_string(struct parser *p, const struct token *t, uint32_t *out)
{
	struct span name = span_from(t->text, 1);

	for (uint32_t i = 0; i < p->string_count; i++) {
		if (span_eq(span_from(p->strings[i].token->text, 1), name)) {
			*out = i;
			return true;
		}
	}
	return fail(p, t, "undefined string \"$%.*s\"", SPAN_ARG(name));
}

bool string_use(struct parser *p, const struct token *t, uint32_t *out)
{
	if (t->text.len == 1) {
		*out = THIS_STRING;
		return p->string_loops || fail(p, t, "wrong use of anonymous string");
	}
	if (span_ends(t->text, SPAN("*")))
		return fail(p, t, "syntax error, unexpected string identifier with wildcard");
	if (!find_string(p, t, out))
		return false;
	p->strings[*out].referenced = true;
	return true;
}

struct string_list {
	uint32_t *numbers;
	size_t count, room;
};

/* So that a small text cannot make a set of sets that fills the memory. */
static bool count_listed(struct parser *p)
{
	return p->c->listed++ < LISTED_MAX ||
	       fail(p, peek_token(p, 0), "too many members in sets of strings or rules");
}

static bool add_string(struct parser *p, struct string_list *list, uint32_t number)
{
	uint32_t *slot = arena_push(p->c->image, (void **)&list->numbers, &list->count,
				    &list->room, sizeof *slot);

	if (!slot)
		return no_memory(p);
	if (!count_listed(p))
		return false;
	*slot = number;
	p->strings[number].referenced = true;
	p->strings[number].used_elsewhere = true;
	return true;
}

static bool add_matching(struct parser *p, const struct token *at, struct span pattern,
			 struct string_list *list)
{
	bool wild = span_ends(pattern, SPAN("*"));
	struct span prefix = wild ? span_sub(pattern, 0, pattern.len - 1) : pattern;
	size_t before = list->count;

	for (uint32_t i = 0; i < p->string_count; i++) {
		struct span name = p->strings[i].token->text;

		if ((wild ? span_starts(name, prefix) : span_eq(name, prefix)) &&
		    !add_string(p, list, i))
			return false;
	}
	return list->count > before ||
	       fail(p, at, "undefined string \"%.*s\"", SPAN_ARG(pattern));
}

bool parse_string_set(struct parser *p, const uint32_t **out, uint32_t *count)
{
	struct string_list list = { 0 };
	const struct token *at = next_token(p);

	if (at->kind == TOKEN_THEM) {
		if (!add_matching(p, at, SPAN("$*"), &list))
			return false;
	} else {
		do {
			const struct token *t = next_token(p);

			if (t->kind != TOKEN_STRING_NAME)
				return p->at--, syntax_error(p);
			if (!add_matching(p, t, t->text, &list))
				return false;
		} while (accept(p, (enum token_kind)','));
		if (!expect(p, (enum token_kind)')', ")"))
			return false;
	}
	*out = list.numbers;
	*count = (uint32_t)list.count;
	return true;
}

/* Whether what comes is `them` or a list of nothing but names of strings. */
static bool is_string_set(const struct parser *p)
{
	if (peek_token(p, 0)->kind == TOKEN_THEM)
		return true;
	for (size_t i = 1; peek_token(p, i)->kind == TOKEN_STRING_NAME; i += 2) {
		if (peek_token(p, i + 1)->kind == (enum token_kind)')')
			return true;
		if (peek_token(p, i + 1)->kind != (enum token_kind)',')
			return false;
	}
	return false;
}

struct node_list {
	const struct node **nodes;
	size_t count, room;
	uint16_t depth;
};

static bool add_node(struct parser *p, struct node_list *list, const struct node *node)
{
	const struct node **slot = arena_push(p->c->image, (void **)&list->nodes, &list->count,
					      &list->room, sizeof *slot);

	if (!slot)
		return no_memory(p);
	*slot = node;
	list->depth = node->depth > list->depth ? node->depth : list->depth;
	return true;
}

/* `Rule*`: all rules so called until now; a later one of that name is an error. */
static bool add_rules(struct parser *p, const struct token *t, struct node_list *list)
{
	struct name_space_draft *space = p->name_space;
	size_t before = list->count;
	struct span *slot = arena_push(&p->c->scratch, (void **)&space->wildcards,
				       &space->wildcard_count, &space->wildcard_room,
				       sizeof *slot);
	struct expr self;

	if (!slot)
		return no_memory(p);
	*slot = t->text;
	for (size_t i = 0; i < p->c->rule_count; i++) {
		const struct rule *rule = p->c->rules[i];
		struct node *node;

		if (rule->name_space != p->name_space_number ||
		    !span_starts(rule->info.name, t->text))
			continue;
		node = node_new(p, NODE_RULE, YARA_BOOL);
		if (!node || !count_listed(p) ||
		    !finish_node(p, t, node, rule->condition->depth) || !add_node(p, list, node))
			return false;
		node->n = rule->index;
	}
	/* The rule itself is one of them, and not true yet. */
	if (span_starts(p->rule, t->text) && (!make_bool(p, t, false, &self) || !add_node(p, list, self.node)))
		return false;
	return list->count > before ||
	       fail(p, t, "undefined identifier \"%.*s*\"", SPAN_ARG(t->text));
}

static bool parse_tuple(struct parser *p, struct node_list *list)
{
	if (!expect(p, (enum token_kind)'(', "("))
		return false;
	do {
		const struct token *t = peek_token(p, 0);
		struct expr e;

		if (t->kind == TOKEN_NAME && peek_token(p, 1)->kind == (enum token_kind)'*' &&
		    (peek_token(p, 2)->kind == (enum token_kind)',' ||
		     peek_token(p, 2)->kind == (enum token_kind)')')) {
			p->at += 2;
			if (!add_rules(p, t, list))
				return false;
			continue;
		}
		if (!parse_condition(p, &e) || !make_truth(p, &e) ||
		    !add_node(p, list, e.node))
			return false;
	} while (accept(p, (enum token_kind)','));
	return expect(p, (enum token_kind)')', ")");
}

static void warn_of(struct parser *p, const struct token *at, const struct of *of)
{
	const struct quantifier *q = &of->quantifier;
	bool known = q->kind == QUANTITY_NUMBER && q->number->op == NODE_INTEGER;

	if (known && q->number->integer > of->count)
		warn(p, at, "invariant_expr", "expression always false - requesting %lld of %u.",
		     (long long)q->number->integer, of->count);
	if (of->at && ((known && q->number->integer > 1) ||
		       (q->kind == QUANTITY_ALL && of->count > 1)))
		warn(p, at, "unsatisfiable_expr", "multiple strings at an offset is usually false.");
}

static bool parse_where(struct parser *p, struct of *of, uint16_t *depth)
{
	struct expr at;

	if (accept(p, TOKEN_IN)) {
		if (!parse_range(p, &of->low, &of->high))
			return false;
		*depth = node_depth(of->low) > node_depth(of->high) ? node_depth(of->low)
								    : node_depth(of->high);
	} else if (accept(p, TOKEN_AT)) {
		if (!parse_value(p, &at))
			return false;
		if (at.type != YARA_INTEGER)
			return fail(p, at.token, "at expression must be an integer");
		of->at = at.node;
		*depth = at.node->depth;
	}
	return true;
}

bool parse_of(struct parser *p, const struct quantifier *quantifier, const struct token *at,
	      struct expr *out)
{
	struct of *of = ARENA_NEW(p->c->image, struct of);
	struct node *node = node_new(p, NODE_OF, YARA_BOOL);
	struct node_list list = { 0 };
	uint16_t depth = 0;

	if (!of || !node)
		return no_memory(p);
	of->quantifier = *quantifier;
	if (!expect(p, TOKEN_OF, "of"))
		return false;
	if (is_string_set(p)) {
		if (!parse_string_set(p, &of->strings, &of->count) ||
		    !parse_where(p, of, &depth))
			return false;
	} else {
		if (!parse_tuple(p, &list))
			return false;
		of->items = list.nodes;
		of->count = (uint32_t)list.count;
		depth = list.depth;
	}
	warn_of(p, at, of);
	if (node_depth(quantifier->number) > depth)
		depth = node_depth(quantifier->number);
	node->of = of;
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = at };
	return finish_node(p, at, node, depth);
}

/* ---- for and with ---- */

static bool add_variable(struct parser *p, const struct token *name, bool of_loop)
{
	if (name->kind != TOKEN_NAME)
		return p->at--, syntax_error(p);
	for (uint32_t i = 0; i < p->variable_count; i++)
		if (of_loop && p->variables[i].of_loop && span_eq(p->variables[i].name, name->text))
			return fail(p, name, "duplicated loop identifier \"%.*s\"",
				    SPAN_ARG(name->text));
	if (p->variable_count == VARIABLES_MAX)
		return fail(p, name, "too many variables");
	p->variables[p->variable_count++] = (struct variable){ .name = name->text, .of_loop = of_loop };
	return true;
}

/* (a..b) or (a, b, c): the parenthesis decides which. */
static bool parse_listed(struct parser *p, struct loop *loop, uint16_t *depth,
			 enum yara_type *type)
{
	size_t start = p->at;
	struct node_list list = { 0 };
	struct expr e;

	next_token(p);
	if (!parse_value(p, &e))
		return false;
	*type = e.type;
	if (peek_token(p, 0)->kind == TOKEN_DOTS) {
		p->at = start;
		loop->over = LOOP_RANGE;
		if (!parse_range(p, &loop->low, &loop->high))
			return false;
		*depth = node_depth(loop->low) > node_depth(loop->high) ? node_depth(loop->low)
									: node_depth(loop->high);
		return true;
	}
	if (e.type != YARA_INTEGER && e.type != YARA_STRING && e.type != YARA_FLOAT)
		return fail(p, e.token, "wrong type for enumeration item");
	for (;;) {
		if (!add_node(p, &list, e.node))
			return false;
		if (!accept(p, (enum token_kind)','))
			break;
		if (!parse_value(p, &e))
			return false;
		if (e.type != *type)
			return fail(p, e.token, "enumerations must be all the same type");
	}
	loop->over = LOOP_LIST;
	loop->items = list.nodes;
	loop->count = (uint32_t)list.count;
	*depth = list.depth;
	return expect(p, (enum token_kind)')', ")");
}

static bool parse_iterated(struct parser *p, struct loop *loop, struct expr *e)
{
	if (peek_token(p, 0)->kind != TOKEN_NAME)
		return syntax_error(p);
	if (!parse_name(p, e))
		return false;
	if (e->type != YARA_ARRAY && e->type != YARA_DICTIONARY)
		return fail(p, e->token, "identifier \"%.*s\" is not iterable",
			    SPAN_ARG(e->token->text));
	loop->over = e->type == YARA_ARRAY ? LOOP_ARRAY : LOOP_DICTIONARY;
	loop->object = e->node;
	return true;
}

static bool bind(struct parser *p, const struct token *at, const struct loop *loop,
		 uint32_t names, enum yara_type type, const struct expr *object)
{
	struct variable *first = &p->variables[loop->variable];
	struct variable *value = first;

	if (names != (loop->over == LOOP_DICTIONARY ? 2 : 1))
		return fail(p, at, loop->over == LOOP_DICTIONARY
			    ? "iterator yields a key,value pair item on each iteration"
			    : "iterator yields one value on each iteration, but the loop expects %u",
			    names);
	first->type = type;
	if (loop->over == LOOP_DICTIONARY) {
		first->type = YARA_STRING;
		value = first + 1;
	}
	if (object) {
		enum yara_type element = object->field->element;

		value->type = element == YARA_BOOL ? YARA_INTEGER : element;
		value->field = object->field;
	}
	return true;
}

static bool parse_iteration(struct parser *p, const struct token *at, struct loop *loop,
			    uint16_t *depth)
{
	uint32_t names = 0, before = p->variable_count;
	enum yara_type type = YARA_INTEGER;
	struct expr object = { 0 };
	bool listed;

	do {
		if (!add_variable(p, next_token(p), true))
			return false;
		names++;
	} while (accept(p, (enum token_kind)','));
	loop->variable = before;
	loop->second = before + 1;
	if (names > 2)
		return fail(p, at, "too many loop variables");
	if (!expect(p, TOKEN_IN, "in"))
		return false;
	/* Hidden while what is iterated over is read: it may not name them. */
	p->variable_count = before;
	listed = peek_token(p, 0)->kind == (enum token_kind)'(';
	if (listed ? !parse_listed(p, loop, depth, &type) : !parse_iterated(p, loop, &object))
		return false;
	if (!listed)
		*depth = object.node->depth;
	p->variable_count = before + names;
	return bind(p, at, loop, names, type, listed ? NULL : &object);
}

static bool parse_quantifier(struct parser *p, struct quantifier *out)
{
	enum token_kind kind = peek_token(p, 0)->kind;
	struct expr number;

	*out = (struct quantifier){ .kind = kind == TOKEN_ALL ? QUANTITY_ALL
					  : kind == TOKEN_ANY ? QUANTITY_ANY : QUANTITY_NONE };
	if (kind == TOKEN_ALL || kind == TOKEN_ANY || kind == TOKEN_NONE)
		return next_token(p);
	if (!parse_value(p, &number))
		return false;
	return quantifier_of(p, &number, accept(p, (enum token_kind)'%'), out);
}

static bool parse_body(struct parser *p, const struct node **out)
{
	struct expr body;

	if (!expect(p, (enum token_kind)':', ":") || !expect(p, (enum token_kind)'(', "(") ||
	    !parse_condition(p, &body) || !expect(p, (enum token_kind)')', ")") ||
	    !make_truth(p, &body))
		return false;
	*out = body.node;
	return true;
}

bool parse_for(struct parser *p, struct expr *out)
{
	const struct token *at = next_token(p);
	struct loop *loop = ARENA_NEW(p->c->image, struct loop);
	struct node *node = node_new(p, NODE_FOR, YARA_BOOL);
	uint32_t variables = p->variable_count;
	uint16_t depth = 0;
	bool strings;

	if (!loop || !node)
		return no_memory(p);
	if (++p->loops > LOOPS_MAX)
		return fail(p, at, "loop nesting limit exceeded");
	if (!parse_quantifier(p, &loop->quantifier))
		return false;
	strings = accept(p, TOKEN_OF);
	loop->over = LOOP_STRINGS;
	if (strings && peek_token(p, 0)->kind != TOKEN_THEM &&
	    peek_token(p, 0)->kind != (enum token_kind)'(')
		return syntax_error(p);
	if (strings ? !parse_string_set(p, &loop->strings, &loop->count)
		    : !parse_iteration(p, at, loop, &depth))
		return false;
	p->string_loops += strings;
	if (!parse_body(p, &loop->body))
		return false;
	p->string_loops -= strings;
	p->loops--;
	p->variable_count = variables;
	if (loop->body->depth > depth)
		depth = loop->body->depth;
	node->loop = loop;
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = at };
	return finish_node(p, at, node, depth);
}

bool parse_with(struct parser *p, struct expr *out)
{
	const struct token *at = next_token(p);
	uint32_t variables = p->variable_count;
	struct loop *with = ARENA_NEW(p->c->image, struct loop);
	struct node *node = node_new(p, NODE_WITH, YARA_BOOL);
	struct node_list list = { 0 };

	if (!with || !node)
		return no_memory(p);
	do {
		const struct token *name = next_token(p);
		struct expr value;

		if (!expect(p, (enum token_kind)'=', "=") || !parse_value(p, &value))
			return false;
		if (value.type == YARA_REGEX || value.type == YARA_FUNCTION)
			return fail(p, name, "wrong type \"%s\" for a variable",
				    type_name(value.type));
		if (!add_node(p, &list, value.node) || !add_variable(p, name, false))
			return false;
		p->variables[p->variable_count - 1].type = value.type;
		p->variables[p->variable_count - 1].field = value.field;
	} while (accept(p, (enum token_kind)','));
	if (!parse_body(p, &with->body))
		return false;
	with->variable = variables;
	with->count = (uint32_t)list.count;
	with->items = list.nodes;
	node->loop = with;
	p->variable_count = variables;
	if (with->body->depth > list.depth)
		list.depth = with->body->depth;
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = at };
	return finish_node(p, at, node, list.depth);
}
