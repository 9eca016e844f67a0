#include "rules/yara/regex.h"
#include "rules/yara/regex_ast.h"
#include "base/utf8.h"

/* Flags that only a group sets, beside enum regex_flags. */
enum { MULTI_LINE = 1 << 8, SWAP_GREED = 1 << 9, IGNORE_SPACE = 1 << 10,
       UNICODE = 1 << 11 };

struct parser {
	struct arena *arena;
	struct span in;
	size_t at;
	uint32_t flags;
	uint32_t depth;
	struct regex_tree *tree;
	struct err *err;
};

static bool fail(struct parser *p, size_t at, const char *what)
{
	return err_set(p->err, ERR_CORRUPT, at, "%s", what);
}

/* What stands for bytes here would stand for characters under (?u). */
static bool allows_sets(struct parser *p)
{
	return !(p->flags & UNICODE) || fail(p, p->at, "Unicode classes are not supported");
}

static bool out_of_memory(struct parser *p)
{
	return err_set(p->err, ERR_LIMIT, p->at, "regular expression is too large");
}

static bool more(const struct parser *p)
{
	return p->at < p->in.len;
}

static uint8_t peek(const struct parser *p, size_t ahead)
{
	struct span s = span_sub(p->in, p->at + ahead, 1);

	return s.len ? s.at[0] : 0;
}

static bool accept(struct parser *p, const char *text)
{
	struct span expected = span_text(text);

	if (!span_starts(span_from(p->in, p->at), expected))
		return false;
	p->at += expected.len;
	return true;
}

static bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_range(struct byte_set *set, unsigned first, unsigned last)
{
	for (unsigned c = first; c <= last; c++)
		byte_set_add(set, (uint8_t)c);
}

static void fold(struct byte_set *set)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		bool either = byte_set_has(set, (uint8_t)c) || byte_set_has(set, (uint8_t)(c - 32));

		if (either) {
			byte_set_add(set, (uint8_t)c);
			byte_set_add(set, (uint8_t)(c - 32));
		}
	}
}

/* \w \d \s and their opposites. */
static bool named_set(uint8_t name, struct byte_set *set)
{
	*set = (struct byte_set){ 0 };
	switch (name | 0x20) {
	case 'w':
		add_range(set, '0', '9');
		add_range(set, 'A', 'Z');
		add_range(set, 'a', 'z');
		byte_set_add(set, '_');
		break;
	case 'd':
		add_range(set, '0', '9');
		break;
	case 's':
		add_range(set, '\t', '\r');
		byte_set_add(set, ' ');
		break;
	default:
		return false;
	}
	if (!(name & 0x20))
		byte_set_invert(set);
	return true;
}

/* Up to `most` hexadecimal digits, at least `least`: a code point. */
static bool parse_code_point(struct parser *p, size_t start, size_t least, size_t most,
			     uint32_t *code)
{
	size_t digits = 0;

	*code = 0;
	while (digits < most && hex_digit(peek(p, 0)) >= 0) {
		*code = *code << 4 | (uint32_t)hex_digit(peek(p, 0));
		p->at++;
		digits++;
	}
	if (digits < least || *code > 0x10ffff)
		return fail(p, start, "illegal escape sequence");
	return true;
}

static bool has_hex_digits(const struct parser *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (hex_digit(peek(p, i)) < 0)
			return false;
	}
	return true;
}

/* What an escape stands for: a byte, or a code point, which is its UTF-8. */
struct character {
	uint32_t code;
	bool is_byte;
};

/*
 * Behind \x, \u, \U: {H..} or as many digits as belong to it. \u and \U without
 * either are the letter, as any escape that YARA does not know.
 */
static bool parse_hex_escape(struct parser *p, size_t start, uint8_t letter,
			     struct character *out)
{
	size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;

	out->is_byte = false;
	if (peek(p, 0) == '{' && (letter == 'x' || has_hex_digits(&(struct parser){
			.in = p->in, .at = p->at + 1 }, 1))) {
		p->at++;
		return parse_code_point(p, start, 1, 8, &out->code) &&
		       (accept(p, "}") || fail(p, start, "illegal escape sequence"));
	}
	out->is_byte = letter == 'x';
	if (letter == 'x' || has_hex_digits(p, digits))
		return parse_code_point(p, start, digits, digits, &out->code);
	*out = (struct character){ letter, true };
	p->tree->unknown_escape = true;
	return true;
}

/* After the backslash: one character. Unknown escapes stand for the letter. */
static bool parse_escape(struct parser *p, struct character *out)
{
	static const char from[] = "tnrfav", to[] = "\t\n\r\f\a\v";
	size_t start = p->at - 1;
	const char *known;
	uint8_t c = peek(p, 0);

	if (!more(p))
		return fail(p, start, "illegal escape sequence");
	if (is_digit(c))
		return fail(p, start, "backreferences are not allowed");
	p->at++;
	*out = (struct character){ c, true };
	if (c == 'x' || c == 'u' || c == 'U')
		return parse_hex_escape(p, start, c, out);
	known = c ? strchr(from, c) : NULL;
	if (known)
		out->code = (uint8_t)to[known - from];
	else if ((uint8_t)((c | 0x20) - 'a') < 26 || c <= ' ' || c >= 0x7f || c == ';' || c == '`')
		p->tree->unknown_escape = true;
	return true;
}

static struct regex_ast *set_node(struct parser *p, struct byte_set set)
{
	struct regex_ast *node = regex_ast_new(p->arena, AST_SET);

	if (!node)
		return out_of_memory(p), NULL;
	node->set = set;
	if (p->flags & REGEX_NOCASE)
		fold(&node->set);
	return node;
}

static struct regex_ast *byte_node(struct parser *p, uint8_t byte)
{
	struct byte_set set = { 0 };

	byte_set_add(&set, byte);
	return set_node(p, set);
}

/* A code point beyond ASCII is its UTF-8. */
static struct regex_ast *code_node(struct parser *p, struct character c)
{
	struct regex_ast *seq;
	struct buf bytes = buf_new(8);

	if (c.is_byte || c.code < 0x80)
		return byte_node(p, (uint8_t)c.code);
	seq = regex_ast_new(p->arena, AST_SEQ);
	if (seq && !utf8_add(&bytes, c.code))
		fail(p, p->at, "illegal escape sequence"), seq = NULL;
	for (size_t i = 0; seq && i < bytes.len; i++) {
		struct regex_ast *byte = byte_node(p, bytes.at[i]);

		if (byte)
			regex_ast_append(seq, byte);
		else
			seq = NULL;
	}
	buf_free(&bytes);
	return seq;
}

/* `\w-z` and `a-\w`: as in YARA, a range from and to the letter. */
static bool parse_class_escape(struct parser *p, bool ends_range, struct byte_set *out,
			       uint32_t *code)
{
	bool letter = ends_range || (peek(p, 2) == '-' && peek(p, 3) && peek(p, 3) != ']');
	struct character c;

	p->at++;
	if (!letter && named_set(peek(p, 0), out)) {
		p->at++;
		*code = UINT32_MAX;
		return allows_sets(p);
	}
	if (!parse_escape(p, &c))
		return false;
	*code = c.code;
	return c.is_byte || c.code < 0x80 || fail(p, p->at, "character beyond ASCII in a class");
}

/* One character of a class, or a named set (then *code is UINT32_MAX and *set holds it). */
static bool parse_class_item(struct parser *p, bool ends_range, struct byte_set *set,
			     uint32_t *code)
{
	if (peek(p, 0) == '\\')
		return parse_class_escape(p, ends_range, set, code);
	*code = peek(p, 0);
	p->at++;
	return *code < 0x80 || fail(p, p->at - 1, "non-ascii character");
}

static void add_all(struct byte_set *to, const struct byte_set *from)
{
	for (int i = 0; i < 4; i++)
		to->bits[i] |= from->bits[i];
}

static bool parse_class_range(struct parser *p, struct byte_set *set, uint32_t first)
{
	size_t start = p->at;
	uint32_t last;

	p->at++;
	if (!parse_class_item(p, true, NULL, &last))
		return false;
	if (last < first)
		return fail(p, start, "bad character range");
	add_range(set, first, last);
	return true;
}

static struct regex_ast *parse_class(struct parser *p)
{
	struct byte_set set = { 0 }, named;
	size_t start = p->at;
	bool negated, first = true;
	uint32_t code;

	p->at++;
	negated = accept(p, "^");
	for (; more(p) && (first || peek(p, 0) != ']'); first = false) {
		if (!parse_class_item(p, false, &named, &code))
			return NULL;
		if (code == UINT32_MAX) {
			add_all(&set, &named);
		} else if (peek(p, 0) == '-' && peek(p, 1) != ']' && p->at + 1 < p->in.len) {
			if (!parse_class_range(p, &set, code))
				return NULL;
		} else {
			byte_set_add(&set, (uint8_t)code);
		}
	}
	if (!accept(p, "]"))
		return fail(p, start, "missing terminating ] for character class"), NULL;
	if (p->flags & REGEX_NOCASE)
		fold(&set);
	if (negated && !allows_sets(p))
		return NULL;
	if (negated)
		byte_set_invert(&set);
	return set_node(p, set);
}

static struct regex_ast *assertion_node(struct parser *p, enum regex_assertion assertion)
{
	struct regex_ast *node = regex_ast_new(p->arena, AST_ASSERT);

	if (!node)
		return out_of_memory(p), NULL;
	node->assertion = assertion;
	return node;
}

/* \b, and \b{start} and its like. */
static struct regex_ast *parse_boundary(struct parser *p)
{
	static const struct {
		const char *name;
		enum regex_assertion assertion;
	} named[] = { { "{start}", ASSERT_WORD_START }, { "{end}", ASSERT_WORD_END },
		      { "{start-half}", ASSERT_WORD_START_HALF },
		      { "{end-half}", ASSERT_WORD_END_HALF } };

	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (accept(p, named[i].name))
			return assertion_node(p, named[i].assertion);
	}
	return assertion_node(p, ASSERT_WORD);
}

static struct regex_ast *parse_backslash(struct parser *p)
{
	struct byte_set set;
	struct character c;

	p->at++;
	if (accept(p, "b"))
		return parse_boundary(p);
	if (accept(p, "B"))
		return assertion_node(p, ASSERT_NOT_WORD);
	if (accept(p, "A"))
		return assertion_node(p, ASSERT_START);
	if (accept(p, "z"))
		return assertion_node(p, ASSERT_END);
	if (accept(p, "p{") || accept(p, "P{"))
		return fail(p, p->at - 3, "Unicode classes are not supported"), NULL;
	if (named_set(peek(p, 0), &set)) {
		p->at++;
		return allows_sets(p) ? set_node(p, set) : NULL;
	}
	return parse_escape(p, &c) ? code_node(p, c) : NULL;
}

static struct regex_ast *parse_alternatives(struct parser *p);

static uint32_t group_flag(uint8_t letter)
{
	switch (letter) {
	case 'i':
		return REGEX_NOCASE;
	case 's':
		return REGEX_DOTALL;
	case 'm':
		return MULTI_LINE;
	case 'U':
		return SWAP_GREED;
	case 'x':
		return IGNORE_SPACE;
	case 'u':
		return UNICODE;
	default:
		return 0;
	}
}

/* (?<name>...) and (?P<name>...): the name says nothing here. */
static bool parse_group_name(struct parser *p)
{
	size_t start = p->at;

	if (!accept(p, "P<") && !accept(p, "<"))
		return false;
	while (is_digit(peek(p, 0)) || (uint8_t)((peek(p, 0) | 0x20) - 'a') < 26 ||
	       peek(p, 0) == '_')
		p->at++;
	if (p->at > start && accept(p, ">"))
		return true;
	p->at = start;
	return false;
}

/* (?i) (?s-m) and (?:, (?i: forms, and names; *open tells whether a group follows. */
static bool parse_inline_flags(struct parser *p, bool *open)
{
	size_t start = p->at;
	bool on = true;

	*open = true;
	if (parse_group_name(p))
		return true;
	for (; more(p); p->at++) {
		uint8_t c = peek(p, 0);
		uint32_t flag = group_flag(c);

		if (c == ':' || c == ')') {
			*open = c == ':';
			p->at++;
			return true;
		}
		if (c == '-' && on)
			on = false;
		else if (flag)
			p->flags = on ? p->flags | flag : p->flags & ~flag;
		else
			break;
	}
	return fail(p, start, "unknown group flag");
}

static struct regex_ast *parse_group(struct parser *p)
{
	uint32_t flags = p->flags;
	struct regex_ast *inner;
	size_t start = p->at;
	bool open = true;

	p->at++;
	if (accept(p, "?") && !parse_inline_flags(p, &open))
		return NULL;
	if (!open) {			/* (?i): holds to the end of the group around it */
		inner = regex_ast_new(p->arena, AST_SEQ);
		return inner ? inner : (out_of_memory(p), NULL);
	}
	if (++p->depth > REGEX_DEPTH_MAX)
		return fail(p, start, "groups are nested too deeply"), NULL;
	inner = parse_alternatives(p);
	p->depth--;
	p->flags = flags;
	if (inner && !accept(p, ")"))
		return fail(p, start, "syntax error: missing )"), NULL;
	return inner;
}

static struct regex_ast *parse_dot(struct parser *p)
{
	struct byte_set set = { 0 };

	p->at++;
	if (!allows_sets(p))
		return NULL;
	if (!(p->flags & REGEX_DOTALL))
		byte_set_add(&set, '\n');
	byte_set_invert(&set);
	return set_node(p, set);
}

static bool parse_interval(struct parser *p, uint32_t *min, uint32_t *max, bool *is_one);

static struct regex_ast *parse_brace(struct parser *p)
{
	uint32_t min, max;
	bool repeats;

	if (!parse_interval(p, &min, &max, &repeats))
		return NULL;
	if (repeats)
		return fail(p, p->at, "syntax error: nothing to repeat"), NULL;
	p->at++;
	return byte_node(p, '{');
}

static struct regex_ast *parse_atom(struct parser *p)
{
	uint8_t c = peek(p, 0);

	switch (c) {
	case '(':
		return parse_group(p);
	case '[':
		return parse_class(p);
	case '.':
		return parse_dot(p);
	case '\\':
		return parse_backslash(p);
	case '^':
		p->at++;
		return assertion_node(p, p->flags & MULTI_LINE ? ASSERT_LINE_START : ASSERT_START);
	case '$':
		p->at++;
		return assertion_node(p, p->flags & MULTI_LINE ? ASSERT_LINE_END : ASSERT_END);
	case '{':
		return parse_brace(p);
	case '*':
	case '+':
	case '?':
		return fail(p, p->at, "syntax error: nothing to repeat"), NULL;
	default:
		p->at++;
		return byte_node(p, c);
	}
}

static bool parse_number(struct parser *p, uint32_t *out)
{
	size_t start = p->at;

	for (*out = 0; is_digit(peek(p, 0)); p->at++) {
		if (*out <= REGEX_REPEAT_MAX)
			*out = *out * 10 + (uint32_t)(peek(p, 0) - '0');
	}
	return p->at > start;
}

/* {n} {n,} {,m} {n,m} {,}; anything else leaves the brace for a literal. */
static bool parse_interval(struct parser *p, uint32_t *min, uint32_t *max, bool *is_one)
{
	size_t start = p->at;
	bool has_min, has_max, comma;

	*is_one = false;
	if (!accept(p, "{"))
		return true;
	has_min = parse_number(p, min);
	comma = accept(p, ",");
	has_max = comma && parse_number(p, max);
	if ((!has_min && !comma) || !accept(p, "}")) {
		p->at = start;
		return true;
	}
	if (!comma)
		*max = *min;
	else if (!has_max)
		*max = REGEX_NO_END;
	if (*min > REGEX_REPEAT_MAX || (*max > REGEX_REPEAT_MAX && *max != REGEX_NO_END))
		return fail(p, start, "repeat interval too large");
	if (*max < *min)
		return fail(p, start, "bad repeat interval");
	*is_one = true;
	return true;
}

static bool parse_quantifier(struct parser *p, uint32_t *min, uint32_t *max, bool *is_one)
{
	*is_one = true;
	*min = 0;
	*max = REGEX_NO_END;
	if (accept(p, "*"))
		return true;
	if (accept(p, "+"))
		return *min = 1, true;
	if (accept(p, "?"))
		return *max = 1, true;
	return parse_interval(p, min, max, is_one);
}

static struct regex_ast *repeat_node(struct parser *p, struct regex_ast *what, uint32_t min,
				     uint32_t max)
{
	struct regex_ast *node = regex_ast_new(p->arena, AST_REPEAT);

	if (!node)
		return out_of_memory(p), NULL;
	regex_ast_append(node, what);
	node->min = min;
	node->max = max;
	node->lazy = accept(p, "?") != !!(p->flags & SWAP_GREED);
	if (node->lazy)
		p->tree->lazy = true;
	else
		p->tree->greedy = true;
	if (!max)
		*node = (struct regex_ast){ .kind = AST_SEQ };
	return node;
}

/* Space and comments of (?x). */
static void skip_space(struct parser *p)
{
	struct byte_set space;

	named_set('s', &space);
	while (p->flags & IGNORE_SPACE && more(p)) {
		if (byte_set_has(&space, peek(p, 0)))
			p->at++;
		else if (peek(p, 0) == '#')
			while (more(p) && peek(p, 0) != '\n')
				p->at++;
		else
			return;
	}
}

#define PART_MOST 200	/* what YARA takes as one (STRING_CHAINING_THRESHOLD) */

static struct regex_ast *parse_repeated(struct parser *p)
{
	bool dot = peek(p, 0) == '.';
	struct regex_ast *what = parse_atom(p);
	struct regex_ast *node;
	size_t start = p->at;
	uint32_t min, max;
	bool repeated, braces;

	skip_space(p);
	braces = peek(p, 0) == '{';
	if (!what || !parse_quantifier(p, &min, &max, &repeated))
		return NULL;
	if (!repeated)
		return what;
	if (what->kind == AST_ASSERT)
		return fail(p, start, "syntax error: nothing to repeat"), NULL;
	node = repeat_node(p, what, min, max);
	if (node) {
		node->dot = dot;
		node->parts = dot && braces && !p->depth && node->lazy && max > PART_MOST;
	}
	return node;
}

static struct regex_ast *parse_sequence(struct parser *p)
{
	struct regex_ast *seq = regex_ast_new(p->arena, AST_SEQ);

	if (!seq)
		return out_of_memory(p), NULL;
	for (skip_space(p); more(p) && peek(p, 0) != '|' && peek(p, 0) != ')'; skip_space(p)) {
		struct regex_ast *item = parse_repeated(p);

		if (!item)
			return NULL;
		if (item->kind != AST_SEQ) {
			regex_ast_append(seq, item);
		} else if (item->first) {	/* a plain group: its parts are ours */
			if (seq->last)
				seq->last->next = item->first;
			else
				seq->first = item->first;
			seq->last = item->last;
		}
	}
	return seq;
}

static struct regex_ast *parse_alternatives(struct parser *p)
{
	size_t start = p->at;
	struct regex_ast *branch = parse_sequence(p), *alt;

	p->tree->empty_first = p->tree->empty_first || p->at == start;
	if (!branch || peek(p, 0) != '|' || !more(p))
		return branch;
	alt = regex_ast_new(p->arena, AST_ALT);
	if (!alt)
		return out_of_memory(p), NULL;
	regex_ast_append(alt, branch);
	while (accept(p, "|")) {
		branch = parse_sequence(p);
		if (!branch)
			return NULL;
		regex_ast_append(alt, branch);
	}
	return regex_ast_simplify(alt);
}

bool regex_parse(struct arena *arena, struct span source, uint32_t flags, struct regex_tree *out,
		 struct err *err)
{
	struct parser p = { .arena = arena, .in = source, .flags = flags, .tree = out, .err = err };
	struct regex_ast *root, *seq;
	uint32_t least, most;

	*out = (struct regex_tree){ 0 };
	root = parse_alternatives(&p);
	if (!root)
		return false;
	if (more(&p))
		return fail(&p, p.at, "syntax error: unmatched )");
	if (root->kind != AST_SEQ) {
		seq = regex_ast_new(arena, AST_SEQ);
		if (!seq)
			return out_of_memory(&p);
		regex_ast_append(seq, root);
		root = seq;
	}
	out->root = root;
	regex_ast_width(root, &least, &most);
	if (out->empty_first && !least && source.len)	/* an error for YARA, and for YARA-X */
		return fail(&p, 0, "syntax error: nothing to look for");
	for (const struct regex_ast *node = root->first; node; node = node->next)
		out->unbounded = out->unbounded || (node->dot && node->max == REGEX_NO_END);
	return true;
}
