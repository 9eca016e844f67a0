#include "rules/yara/regex_ast.h"

struct parser {
	struct arena *arena;
	struct span in;
	size_t at;
	uint32_t depth;
	struct regex_tree *tree;
	struct err *err;
};

static bool fail(struct parser *p, size_t at, const char *what)
{
	return err_set(p->err, ERR_CORRUPT, at, "%s", what);
}

static uint8_t peek(const struct parser *p)
{
	struct span s = span_sub(p->in, p->at, 1);

	return s.len ? s.at[0] : 0;
}

static bool accept(struct parser *p, uint8_t c)
{
	if (p->at >= p->in.len || peek(p) != c)
		return false;
	p->at++;
	return true;
}

/* White space and both kinds of comment. False: a comment without end. */
static bool skip_space(struct parser *p)
{
	while (p->at < p->in.len) {
		struct span rest = span_from(p->in, p->at);
		size_t end;

		if (memchr(" \t\r\n\v\f", rest.at[0], 6)) {
			p->at++;
		} else if (span_starts(rest, SPAN("//"))) {
			end = span_find_byte(rest, 0, '\n');
			p->at += end == SIZE_MAX ? rest.len : end;
		} else if (span_starts(rest, SPAN("/*"))) {
			end = span_find(rest, 2, SPAN("*/"));
			if (end == SIZE_MAX)
				return fail(p, p->at, "comment without end");
			p->at += end + 2;
		} else {
			break;
		}
	}
	return true;
}

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One half of a byte into value and mask. */
static bool parse_nibble(struct parser *p, uint8_t *value, uint8_t *mask)
{
	int digit = digit_of(peek(p));

	if (accept(p, '?')) {
		*value = (uint8_t)(*value << 4);
		*mask = (uint8_t)(*mask << 4);
		return true;
	}
	if (digit < 0)
		return false;
	p->at++;
	*value = (uint8_t)(*value << 4 | digit);
	*mask = (uint8_t)(*mask << 4 | 0xf);
	return true;
}

static struct regex_ast *parse_byte(struct parser *p)
{
	struct regex_ast *node = regex_ast_new(p->arena, AST_SET);
	bool negated = accept(p, '~');
	uint8_t value = 0, mask = 0, sub = 0;
	size_t start = p->at;

	if (!node)
		return err_set(p->err, ERR_LIMIT, p->at, "hex string is too large"), NULL;
	if (!parse_nibble(p, &value, &mask))
		return fail(p, start, p->at < p->in.len ? "syntax error, unexpected character"
							: "syntax error, unexpected end"), NULL;
	if (!parse_nibble(p, &value, &mask))
		return fail(p, start, "uneven number of digits in hex string"), NULL;
	if (negated && !mask)
		return fail(p, start, "syntax error, ~?? matches nothing"), NULL;
	do {
		byte_set_add(&node->set, value | sub);
		sub = (uint8_t)((sub - (uint8_t)~mask) & ~mask);
	} while (sub);
	if (negated)
		byte_set_invert(&node->set);
	return node;
}

/* Decimal; as YARA-X also 0x and 0o. */
static bool bound_of(struct span digits, uint64_t *out)
{
	if (!span_starts(digits, SPAN("0o")))
		return span_to_u64(digits, out);
	digits = span_from(digits, 2);
	*out = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '7' || *out > INT32_MAX)
			return false;
		*out = *out << 3 | (uint64_t)(digits.at[i] - '0');
	}
	return digits.len;
}

static bool parse_bound(struct parser *p, uint32_t *out, bool *present)
{
	size_t start = p->at;
	uint64_t value;

	if (!skip_space(p))
		return false;
	start = p->at;
	while (digit_of(peek(p)) >= 0 || (peek(p) | 0x20) == 'x' || peek(p) == 'o')
		p->at++;
	*present = p->at > start;
	if (*present && (!bound_of(span_sub(p->in, start, p->at - start), &value) ||
			 value > INT32_MAX))
		return fail(p, start, "invalid jump length");
	*out = *present ? (uint32_t)value : 0;
	return skip_space(p);
}

/* [n] [n-m] [n-] [-m] [-] */
static bool parse_bounds(struct parser *p, size_t start, uint32_t *min, uint32_t *max)
{
	bool has_min, has_max;

	if (!parse_bound(p, min, &has_min))
		return false;
	*max = *min;
	if (accept(p, '-')) {
		if (!parse_bound(p, max, &has_max))
			return false;
		if (!has_max)
			*max = REGEX_NO_END;
	} else if (!has_min) {
		return fail(p, start, "syntax error, empty jump");
	} else if (!*min) {
		return fail(p, start, "invalid jump length");
	}
	if (!accept(p, ']'))
		return fail(p, p->at, "syntax error, unexpected character in jump");
	return *min <= *max || fail(p, start, "invalid jump range");
}

static struct regex_ast *parse_jump(struct parser *p)
{
	struct regex_ast *jump = regex_ast_new(p->arena, AST_REPEAT);
	struct regex_ast *any = regex_ast_new(p->arena, AST_SET);
	size_t start = p->at++;

	if (!jump || !any)
		return err_set(p->err, ERR_LIMIT, start, "hex string is too large"), NULL;
	if (!parse_bounds(p, start, &jump->min, &jump->max))
		return NULL;
	if (p->depth && jump->max == REGEX_NO_END)
		return fail(p, start, "unbounded jumps not allowed inside alternation (|)"), NULL;
	if (p->depth && jump->max > HEX_CHAIN_GAP)
		return fail(p, start, "jumps over 200 not allowed inside alternation (|)"), NULL;
	byte_set_invert(&any->set);
	jump->lazy = true;
	p->tree->lazy = true;
	regex_ast_append(jump, any);
	return jump;
}

static struct regex_ast *parse_sequence(struct parser *p);

static struct regex_ast *parse_alternatives(struct parser *p)
{
	struct regex_ast *alt = regex_ast_new(p->arena, AST_ALT);
	size_t start = p->at++;

	if (!alt)
		return err_set(p->err, ERR_LIMIT, start, "hex string is too large"), NULL;
	if (++p->depth > REGEX_DEPTH_MAX)
		return fail(p, start, "alternatives are nested too deeply"), NULL;
	do {
		struct regex_ast *branch = parse_sequence(p);

		if (!branch)
			return NULL;
		regex_ast_append(alt, branch);
	} while (accept(p, '|'));
	p->depth--;
	if (!accept(p, ')'))
		return fail(p, p->at, "syntax error, expecting | or )"), NULL;
	return regex_ast_simplify(alt);
}

static struct regex_ast *parse_token(struct parser *p)
{
	if (peek(p) == '(')
		return parse_alternatives(p);
	if (peek(p) == '[')
		return parse_jump(p);
	return parse_byte(p);
}

static struct regex_ast *parse_sequence(struct parser *p)
{
	struct regex_ast *seq = regex_ast_new(p->arena, AST_SEQ);
	size_t start;

	if (!seq)
		return err_set(p->err, ERR_LIMIT, p->at, "hex string is too large"), NULL;
	if (!skip_space(p))
		return NULL;
	start = p->at;
	do {
		struct regex_ast *token = parse_token(p);

		if (!token)
			return NULL;
		regex_ast_append(seq, token);
		if (!skip_space(p))
			return NULL;
	} while (p->at < p->in.len && peek(p) != '|' && peek(p) != ')');
	if (seq->first->kind == AST_REPEAT || seq->last->kind == AST_REPEAT)
		return fail(p, start, "syntax error, a jump at an end of a hex string"), NULL;
	return seq;
}

bool hex_parse(struct arena *arena, struct span source, struct regex_tree *out, struct err *err)
{
	struct parser p = { .arena = arena, .in = source, .tree = out, .err = err };

	*out = (struct regex_tree){ 0 };
	out->root = parse_sequence(&p);
	if (!out->root)
		return false;
	return p.at >= source.len || fail(&p, p.at, "syntax error, unexpected character");
}
