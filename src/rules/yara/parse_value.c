#include "rules/yara/compile.h"

#include <stdlib.h>

static unsigned precedence(enum token_kind kind)
{
	switch ((int)kind) {
	case '|':
		return 1;
	case '^':
		return 2;
	case '&':
		return 3;
	case TOKEN_SHL:
	case TOKEN_SHR:
		return 4;
	case '+':
	case '-':
		return 5;
	case '*':
	case '\\':
	case '%':
		return 6;
	default:
		return 0;
	}
}

/* `50% of them`, `for 50% x in (...)`: no remainder. */
static bool is_percent(const struct parser *p)
{
	enum token_kind behind = peek_token(p, 2)->kind;

	if (peek_token(p, 1)->kind != TOKEN_NAME)
		return peek_token(p, 1)->kind == TOKEN_OF;
	return behind == TOKEN_IN || (behind == (enum token_kind)',' &&
				      peek_token(p, 3)->kind == TOKEN_NAME &&
				      peek_token(p, 4)->kind == TOKEN_IN);
}

static bool parse_operators(struct parser *p, unsigned least, struct expr *out)
{
	if (!parse_primary(p, out))
		return false;
	for (;;) {
		const struct token *op = peek_token(p, 0);
		unsigned strength = precedence(op->kind);
		struct expr right;

		if (!strength || strength < least)
			return true;
		if (op->kind == (enum token_kind)'%' && is_percent(p))
			return true;
		next_token(p);
		if (!parse_operators(p, strength + 1, &right) ||
		    !make_binary(p, op, out, &right, out))
			return false;
	}
}

bool parse_value(struct parser *p, struct expr *out)
{
	return parse_operators(p, 1, out);
}

static bool parse_unary(struct parser *p, struct expr *out)
{
	const struct token *op = next_token(p);

	return parse_primary(p, out) && make_unary(p, op, out, out);
}

static bool parse_parentheses(struct parser *p, struct expr *out)
{
	const struct token *at = next_token(p);

	if (!parse_condition(p, out) || !expect(p, (enum token_kind)')', ")"))
		return false;
	out->token = at;
	return true;
}

static uint32_t read_kind(struct span name)
{
	uint32_t kind = span_starts(name, SPAN("u")) ? READ_UNSIGNED : READ_SIGNED;
	struct span digits = span_from(name, kind == READ_SIGNED ? 3 : 4);

	if (span_ends(name, SPAN("be")))
		kind |= READ_BIG;
	return kind | (digits.at[0] == '8' ? 1 : digits.at[0] == '1' ? 2 : 4);
}

/* What YARA-X reads besides. YARA keeps none of these names for itself, so neither do we. */
static enum node_op read_op(struct span name)
{
	if (span_starts(name, SPAN("float")))
		return NODE_READ_REAL;
	return span_find(name, 0, SPAN("64")) != SIZE_MAX ? NODE_READ_LONG : NODE_READ;
}

bool is_longer_read(struct span name)
{
	static const char *const names[] = { "int64", "int64be", "uint64", "uint64be", "float32",
					     "float32be", "float64", "float64be" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_text(names[i])))
			return true;
	return false;
}

bool parse_read(struct parser *p, struct expr *out)
{
	const struct token *at = next_token(p);
	enum node_op op = read_op(at->text);
	struct node *node;
	struct expr offset;

	if (!expect(p, (enum token_kind)'(', "(") || !parse_value(p, &offset) ||
	    !expect(p, (enum token_kind)')', ")"))
		return false;
	if (offset.type != YARA_INTEGER)
		return fail(p, at, "wrong type \"%s\" for intXXXX or uintXXXX operator",
			    type_name(offset.type));
	node = node_new(p, op, op == NODE_READ_REAL ? YARA_FLOAT : YARA_INTEGER);
	if (!node)
		return false;
	node->n = op == NODE_READ ? read_kind(at->text)
				  : span_ends(at->text, SPAN("be")) ? READ_BIG : 0;
	if (span_starts(at->text, SPAN("float32")))
		node->n |= 4;
	node->left = offset.node;
	*out = (struct expr){ .node = node, .type = node->type, .token = at };
	return finish_node(p, at, node, offset.node->depth);
}

/* $a, $a at n, $a in (a..b) */
static bool parse_found(struct parser *p, struct expr *out)
{
	const struct token *at = next_token(p);
	struct node *node = node_new(p, NODE_FOUND, YARA_BOOL);
	struct expr offset;
	uint16_t depth = 0;

	if (!node)
		return false;
	if (accept(p, TOKEN_AT)) {
		if (!parse_value(p, &offset))
			return false;
		if (offset.type != YARA_INTEGER)
			return fail(p, at, "wrong type \"%s\" for at operator",
				    type_name(offset.type));
		node->op = NODE_FOUND_AT;
		node->left = offset.node;
		depth = offset.node->depth;
	} else if (accept(p, TOKEN_IN)) {
		node->op = NODE_FOUND_IN;
		if (!parse_range(p, &node->left, &node->right))
			return false;
		depth = node_depth(node->left) > node_depth(node->right) ? node_depth(node->left)
									 : node_depth(node->right);
	}
	*out = (struct expr){ .node = node, .type = YARA_BOOL, .token = at };
	if (!string_use(p, at, &node->n))
		return false;
	if (node->n != THIS_STRING) {
		struct draft_string *s = &p->strings[node->n];

		if (node->op == NODE_FOUND_AT && node->left->op == NODE_INTEGER &&
		    node->left->integer >= 0 && (s->at == -1 || s->at == node->left->integer))
			s->at = node->left->integer;
		else
			s->used_elsewhere = true;
	}
	return finish_node(p, at, node, depth);
}

/* #a, #a in (a..b), @a, @a[n], !a, !a[n] */
static bool parse_string_number(struct parser *p, enum node_op op, struct expr *out)
{
	const struct token *at = next_token(p);
	struct node *node = node_new(p, op, YARA_INTEGER);
	struct expr index = { 0 };
	uint16_t depth = 0;

	if (!node || !string_use(p, at, &node->n))
		return false;
	if (node->n != THIS_STRING)
		p->strings[node->n].used_elsewhere = true;
	if (op == NODE_COUNT && accept(p, TOKEN_IN)) {
		node->op = NODE_COUNT_IN;
		if (!parse_range(p, &node->left, &node->right))
			return false;
		depth = node_depth(node->left) > node_depth(node->right) ? node_depth(node->left)
									 : node_depth(node->right);
	} else if (op != NODE_COUNT) {
		bool given = accept(p, (enum token_kind)'[');

		if (given ? !parse_value(p, &index) || !expect(p, (enum token_kind)']', "]")
			  : !make_integer(p, at, 1, &index))
			return false;
		if (index.type != YARA_INTEGER)
			return fail(p, at, "wrong type \"%s\" for [] operator",
				    type_name(index.type));
		node->left = index.node;
		depth = index.node->depth;
	}
	*out = (struct expr){ .node = node, .type = YARA_INTEGER, .token = at };
	return finish_node(p, at, node, depth);
}

static bool parse_number(struct parser *p, struct expr *out)
{
	const struct token *t = next_token(p);
	int64_t n;

	return number_of_token(p, t, &n) && make_integer(p, t, n, out);
}

static bool parse_float(struct parser *p, struct expr *out)
{
	const struct token *t = next_token(p);
	struct node *node = node_new(p, NODE_FLOAT, YARA_FLOAT);
	char text[512];
	size_t len = 0;

	if (!node)
		return false;
	for (size_t i = 0; i < t->text.len && len < sizeof text - 1; i++)
		if (t->text.at[i] != '_')
			text[len++] = (char)t->text.at[i];
	text[len] = 0;
	node->real = strtod(text, NULL);
	*out = (struct expr){ .node = node, .type = YARA_FLOAT, .token = t };
	return true;
}

static bool parse_text(struct parser *p, struct expr *out)
{
	const struct token *t = next_token(p);
	struct node *node = node_new(p, NODE_TEXT, YARA_STRING);
	struct span *text = ARENA_NEW(p->c->image, struct span);

	if (!node || !text)
		return no_memory(p);
	if (!lex_unescape(&p->c->scratch, t->text, text))
		return fail(p, t, "illegal escape sequence");
	*text = pooled(p->c, *text);
	node->text = text;
	*out = (struct expr){ .node = node, .type = YARA_STRING, .token = t };
	return true;
}

static bool parse_regex(struct parser *p, struct expr *out)
{
	const struct token *t = next_token(p);
	struct node *node = node_new(p, NODE_REGEX, YARA_REGEX);
	struct regex *regex;
	struct err err = { 0 };
	uint32_t flags = 0;

	if (!node)
		return false;
	if (span_find_byte(t->flags, 0, 'i') != SIZE_MAX)
		flags |= REGEX_NOCASE;
	if (span_find_byte(t->flags, 0, 's') != SIZE_MAX)
		flags |= REGEX_DOTALL;
	if (!regex_compile(p->c->image, t->text, flags, &regex, &err))
		return fail(p, t, "invalid regular expression: %s", err.text);
	warn_of_escapes(p, t, t->text, flags);
	node->regex = regex;
	*out = (struct expr){ .node = node, .type = YARA_REGEX, .token = t };
	return true;
}

static bool parse_leaf(struct parser *p, enum node_op op, enum yara_type type, int64_t n,
		       struct expr *out)
{
	const struct token *t = next_token(p);
	struct node *node = node_new(p, op, type);

	if (!node)
		return false;
	node->integer = n;
	*out = (struct expr){ .node = node, .type = type, .token = t };
	return true;
}

/* `"text".len()`, for texts that are no name. */
static bool parse_len(struct parser *p, struct expr *e)
{
	struct node *node;

	if (peek_token(p, 0)->kind != (enum token_kind)'.' || e->type != YARA_STRING ||
	    !span_eq(peek_token(p, 1)->text, SPAN("len")))
		return true;
	p->at += 2;
	if (!expect(p, (enum token_kind)'(', "(") || !expect(p, (enum token_kind)')', ")"))
		return false;
	node = node_new(p, NODE_LEN, YARA_INTEGER);
	if (!node)
		return false;
	node->left = e->node;
	node->n = YARA_STRING;
	e->node = node;
	e->type = YARA_INTEGER;
	return finish_node(p, e->token, node, node->left->depth);
}

static bool primary(struct parser *p, struct expr *out)
{
	const struct token *t = peek_token(p, 0);

	switch ((int)t->kind) {
	case '(':
		return parse_parentheses(p, out) && parse_len(p, out);
	case '-':
	case '~':
		return parse_unary(p, out);
	case TOKEN_TRUE:
		return parse_leaf(p, NODE_BOOL, YARA_BOOL, 1, out);
	case TOKEN_FALSE:
		return parse_leaf(p, NODE_BOOL, YARA_BOOL, 0, out);
	case TOKEN_FILESIZE:
		return parse_leaf(p, NODE_FILESIZE, YARA_INTEGER, 0, out);
	case TOKEN_ENTRYPOINT:
		warn(p, t, "deprecated_entrypoint", "using deprecated \"entrypoint\" keyword. Use the \"entry_point\" "
				  "function from PE module instead.");
		return parse_leaf(p, NODE_ENTRYPOINT, YARA_INTEGER, 0, out);
	case TOKEN_READ:
		return parse_read(p, out);
	case TOKEN_NUMBER:
		return parse_number(p, out);
	case TOKEN_FLOAT:
		return parse_float(p, out);
	case TOKEN_TEXT:
		return parse_text(p, out) && parse_len(p, out);
	case TOKEN_REGEX:
		return parse_regex(p, out);
	case TOKEN_STRING_NAME:
		return parse_found(p, out);
	case TOKEN_STRING_COUNT:
		return parse_string_number(p, NODE_COUNT, out);
	case TOKEN_STRING_OFFSET:
		return parse_string_number(p, NODE_OFFSET, out);
	case TOKEN_STRING_LENGTH:
		return parse_string_number(p, NODE_LENGTH, out);
	case TOKEN_NAME:
		if (span_eq(t->text, SPAN("with")) && peek_token(p, 1)->kind == TOKEN_NAME)
			return parse_with(p, out);
		return parse_name(p, out);
	default:
		return syntax_error(p);
	}
}

/* All recursion of the grammar but `not not not` goes through here. */
bool parse_primary(struct parser *p, struct expr *out)
{
	bool parsed;

	if (++p->nesting > DEPTH_MAX)
		return fail(p, peek_token(p, 0), "condition is nested too deeply");
	parsed = primary(p, out);
	p->nesting--;
	return parsed;
}
