#include "rules/yara/compile.h"

#include "rules/yara/modules.h"

static bool set_node(struct parser *p, struct node *node, const struct yara_field *field,
		     struct expr *e)
{
	if (!node)
		return false;
	e->node = node;
	e->type = node->type;
	e->field = field;
	return finish_node(p, e->token, node,
			   node->op >= NODE_FIELD ? node_depth(node->left) : 0);
}

static bool find_variable(struct parser *p, struct span name, struct expr *out, bool *found)
{
	for (uint32_t i = p->variable_count; i-- > 0; ) {
		struct node *node;

		if (!span_eq(p->variables[i].name, name))
			continue;
		*found = true;
		node = node_new(p, NODE_VARIABLE, p->variables[i].type);
		if (node)
			node->n = i;
		return set_node(p, node, p->variables[i].field, out);
	}
	*found = false;
	return true;
}

/* In these places only a structure or array can stand, whatever else the text could be. */
static bool taken_for_object(const struct parser *p, enum yara_type object)
{
	const struct token *next = peek_token(p, 0);

	if (next->kind == (enum token_kind)'.')
		return object == YARA_STRUCT || object == YARA_ARRAY;
	return next->kind == (enum token_kind)'[' || next->kind == (enum token_kind)':';
}

static bool find_external(struct parser *p, struct span name, struct expr *out, bool *found)
{
	struct compiler *c = p->c;

	for (uint32_t i = 0; i < c->options->external_count; i++) {
		enum yara_type type = c->externals[i].value.type;
		struct node *node;

		if (!span_eq(c->externals[i].name, name))
			continue;
		*found = true;
		c->externals[i].is_used = true;
		/* As in YARA, a boolean external is a number. */
		if (c->externals[i].object.type != YARA_UNDEFINED &&
		    taken_for_object(p, c->externals[i].object.type))
			node = node_new(p, NODE_OBJECT, c->externals[i].object.type);
		else
			node = node_new(p, NODE_EXTERNAL, type == YARA_BOOL ? YARA_INTEGER : type);
		if (node)
			node->n = i;
		return set_node(p, node, c->externals[i].field, out);
	}
	*found = false;
	return true;
}

uint32_t module_number(const struct yara_module *module)
{
	uint32_t n = 0;

	while (yara_modules[n] != module)
		n++;
	return n;
}

static bool find_first(struct parser *p, const struct token *t, struct expr *out)
{
	const struct yara_module *module;
	const struct rule *rule;
	struct node *node;
	bool found;

	*out = (struct expr){ .token = t };
	if (!find_variable(p, t->text, out, &found))
		return false;
	if (!found && !find_external(p, t->text, out, &found))
		return false;
	if (found)
		return true;
	module = map_get(&p->name_space->modules, t->text);
	rule = map_get(&p->name_space->rules, t->text);
	if (rule && peek_token(p, 0)->kind != (enum token_kind)'.')
		module = NULL;
	if (!module && !rule && span_eq(t->text, p->rule))
		return make_bool(p, t, false, out);
	if (!module && !rule && is_longer_read(t->text) &&
	    peek_token(p, 0)->kind == (enum token_kind)'(')
		return p->at--, parse_read(p, out);
	if (!module && !rule)
		return fail(p, t, "undefined identifier \"%.*s\"", SPAN_ARG(t->text));
	node = node_new(p, module ? NODE_MODULE : NODE_RULE, module ? YARA_STRUCT : YARA_BOOL);
	if (!node)
		return false;
	node->n = module ? module_number(module) : rule->index;
	/* A rule is as deep as its condition: that bounds chains of rules as well. */
	if (!set_node(p, node, NULL, out) ||
	    (rule && !module && !finish_node(p, t, node, rule->condition->depth)))
		return false;
	/* The fields of a module hang at a field of their own, as in yara_module_new. */
	if (module) {
		struct yara_field *field = ARENA_NEW(&p->c->scratch, struct yara_field);

		if (!field)
			return no_memory(p);
		*field = (struct yara_field){ .name = module->name, .type = YARA_STRUCT,
					      .fields = module->fields };
		out->field = field;
	}
	return true;
}

static bool fold_constant(struct parser *p, const struct yara_field *field, struct expr *e)
{
	struct node *node;

	if (field->type == YARA_INTEGER)
		return make_integer(p, e->token, field->integer, e);
	node = node_new(p, field->type == YARA_FLOAT ? NODE_FLOAT : NODE_TEXT, field->type);
	if (!node)
		return false;
	if (field->type == YARA_FLOAT) {
		node->real = field->real;
	} else {
		struct span *text = ARENA_NEW(p->c->image, struct span);

		if (!text)
			return no_memory(p);
		*text = pooled(p->c, span_text(field->text));
		node->text = text;
	}
	return set_node(p, node, NULL, e);
}

static bool make_len(struct parser *p, struct expr *e)
{
	struct node *node;

	if (!expect(p, (enum token_kind)'(', "(") || !expect(p, (enum token_kind)')', ")"))
		return false;
	node = node_new(p, NODE_LEN, YARA_INTEGER);
	if (!node)
		return false;
	node->left = e->node;
	node->n = e->type;
	return set_node(p, node, NULL, e);
}

static bool parse_field(struct parser *p, struct expr *e)
{
	const struct token *name = next_token(p);
	const struct yara_field *field;
	struct node *node;
	uint32_t n = 0;

	/* Any word may be a field: pe.rich_signature.version, dotnet.entrypoint ... */
	if (!name->text.len || (name->kind != TOKEN_NAME && name->kind < TOKEN_ALL))
		return p->at--, syntax_error(p);
	if (span_eq(name->text, SPAN("len")) &&
	    (e->type == YARA_STRING || e->type == YARA_ARRAY || e->type == YARA_DICTIONARY))
		return make_len(p, e);
	if (e->type != YARA_STRUCT)
		return fail(p, e->token, "\"%.*s\" is not a structure", SPAN_ARG(e->token->text));
	for (field = e->field->fields; field->name; field++, n++)
		if (span_eq(span_text(field->name), name->text))
			break;
	if (!field->name)
		return fail(p, name, "invalid field name \"%.*s\"", SPAN_ARG(name->text));
	e->token = name;
	if (field->is_constant)
		return fold_constant(p, field, e);
	node = node_new(p, NODE_FIELD, field->type == YARA_BOOL ? YARA_INTEGER : field->type);
	if (!node)
		return false;
	node->left = e->node;
	node->n = n;
	return set_node(p, node, field, e);
}

static bool parse_index(struct parser *p, struct expr *e)
{
	enum yara_type element;
	struct expr index;
	struct node *node;

	if (e->type != YARA_ARRAY && e->type != YARA_DICTIONARY)
		return fail(p, e->token, "\"%.*s\" is not an array or dictionary",
			    SPAN_ARG(e->token->text));
	if (!parse_value(p, &index) || !expect(p, (enum token_kind)']', "]"))
		return false;
	if (e->type == YARA_ARRAY && index.type != YARA_INTEGER)
		return fail(p, e->token, "array indexes must be of integer type");
	if (e->type == YARA_DICTIONARY && index.type != YARA_STRING)
		return fail(p, e->token, "dictionary keys must be of string type");
	element = e->field->element == YARA_BOOL ? YARA_INTEGER : e->field->element;
	node = node_new(p, e->type == YARA_ARRAY ? NODE_INDEX : NODE_LOOKUP, element);
	if (!node)
		return false;
	node->left = e->node;
	node->right = index.node;
	if (!set_node(p, node, e->field, e))
		return false;
	return finish_node(p, e->token, node, node_depth(index.node) > node_depth(node->left)
					      ? node_depth(index.node) : node_depth(node->left));
}

static char letter_of(enum yara_type type)
{
	switch (type) {
	case YARA_INTEGER:
		return 'i';
	case YARA_FLOAT:
		return 'f';
	case YARA_STRING:
		return 's';
	case YARA_BOOL:
		return 'b';
	case YARA_REGEX:
		return 'r';
	default:
		return '?';
	}
}

static bool fits(const char *wanted, const struct expr *given, size_t count)
{
	if (strlen(wanted) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (letter_of(given[i].type) != wanted[i])
			return false;
	return true;
}

static const struct yara_function *choose(const struct yara_field *field,
					  const struct expr *given, size_t count, uint32_t *number)
{
	for (uint32_t i = 0; field->overloads[i].arguments; i++)
		if (fits(field->overloads[i].arguments, given, count)) {
			*number = i;
			return &field->overloads[i];
		}
	return NULL;
}

static bool parse_arguments(struct parser *p, struct expr *given, size_t *count)
{
	*count = 0;
	if (accept(p, (enum token_kind)')'))
		return true;
	do {
		if (*count == YARA_ARGUMENTS_MAX)
			return fail(p, peek_token(p, 0), "too many arguments");
		if (!parse_condition(p, &given[(*count)++]))
			return false;
	} while (accept(p, (enum token_kind)','));
	return expect(p, (enum token_kind)')', ")");
}

static bool parse_call(struct parser *p, struct expr *e)
{
	struct expr given[YARA_ARGUMENTS_MAX];
	const struct node **items;
	const struct yara_function *function;
	const struct node *callee = e->node;
	struct node *node;
	uint16_t depth = node_depth(callee);
	uint32_t number;
	size_t count;

	if (e->type != YARA_FUNCTION)
		return fail(p, e->token, "\"%.*s\" is not a function", SPAN_ARG(e->token->text));
	if (!parse_arguments(p, given, &count))
		return false;
	function = choose(e->field, given, count, &number);
	if (!function)
		return fail(p, e->token, "wrong arguments for function \"%.*s\"",
			    SPAN_ARG(e->token->text));
	items = ARENA_ARRAY(p->c->image, count + 1, const struct node *);
	node = node_new(p, NODE_CALL, function->result == 'f' ? YARA_FLOAT :
			function->result == 's' ? YARA_STRING : YARA_INTEGER);
	if (!items || !node)
		return no_memory(p);
	for (size_t i = 0; i < count; i++) {
		items[i] = given[i].node;
		depth = items[i]->depth > depth ? items[i]->depth : depth;
	}
	p->speaks = p->speaks || (node_module(callee) && node_module(callee)->speaks);
	node->left = callee;
	node->items = items;
	node->n = number;
	e->node = node;
	e->type = node->type;
	e->field = NULL;
	return finish_node(p, e->token, node, depth);
}

bool parse_name(struct parser *p, struct expr *out)
{
	if (!find_first(p, next_token(p), out))
		return false;
	for (;;) {
		if (accept(p, (enum token_kind)'.')) {
			if (!parse_field(p, out))
				return false;
		} else if (accept(p, (enum token_kind)'[')) {
			if (!parse_index(p, out))
				return false;
		} else if (accept(p, (enum token_kind)'(')) {
			if (!parse_call(p, out))
				return false;
		} else {
			return true;
		}
	}
}
