#include "rules/yara/lex.h"

struct lexer {
	struct arena *arena;
	struct span text;
	size_t at, line_start;
	uint32_t line;
	struct token *tokens;
	size_t count, room;
	struct suppression *suppressions;
	size_t suppression_count, suppression_room;
	size_t waiting;			/* the first that waits for its line */
	enum token_kind previous;
};

struct keyword {
	const char *text;
	enum token_kind kind;
};

/* Sorted, for a binary search. */
static const struct keyword keywords[] = {
	{ "all", TOKEN_ALL },
	{ "and", TOKEN_AND },
	{ "any", TOKEN_ANY },
	{ "ascii", TOKEN_ASCII },
	{ "at", TOKEN_AT },
	{ "base64", TOKEN_BASE64 },
	{ "base64wide", TOKEN_BASE64WIDE },
	{ "condition", TOKEN_CONDITION },
	{ "contains", TOKEN_CONTAINS },
	{ "defined", TOKEN_DEFINED },
	{ "endswith", TOKEN_ENDSWITH },
	{ "entrypoint", TOKEN_ENTRYPOINT },
	{ "false", TOKEN_FALSE },
	{ "filesize", TOKEN_FILESIZE },
	{ "for", TOKEN_FOR },
	{ "fullword", TOKEN_FULLWORD },
	{ "global", TOKEN_GLOBAL },
	{ "icontains", TOKEN_ICONTAINS },
	{ "iendswith", TOKEN_IENDSWITH },
	{ "iequals", TOKEN_IEQUALS },
	{ "import", TOKEN_IMPORT },
	{ "in", TOKEN_IN },
	{ "include", TOKEN_INCLUDE },
	{ "int16", TOKEN_READ },
	{ "int16be", TOKEN_READ },
	{ "int32", TOKEN_READ },
	{ "int32be", TOKEN_READ },
	{ "int8", TOKEN_READ },
	{ "int8be", TOKEN_READ },
	{ "istartswith", TOKEN_ISTARTSWITH },
	{ "matches", TOKEN_MATCHES },
	{ "meta", TOKEN_META },
	{ "nocase", TOKEN_NOCASE },
	{ "none", TOKEN_NONE },
	{ "not", TOKEN_NOT },
	{ "of", TOKEN_OF },
	{ "or", TOKEN_OR },
	{ "private", TOKEN_PRIVATE },
	{ "rule", TOKEN_RULE },
	{ "startswith", TOKEN_STARTSWITH },
	{ "strings", TOKEN_STRINGS },
	{ "them", TOKEN_THEM },
	{ "true", TOKEN_TRUE },
	{ "uint16", TOKEN_READ },
	{ "uint16be", TOKEN_READ },
	{ "uint32", TOKEN_READ },
	{ "uint32be", TOKEN_READ },
	{ "uint8", TOKEN_READ },
	{ "uint8be", TOKEN_READ },
	{ "wide", TOKEN_WIDE },
	{ "xor", TOKEN_XOR },
};

static int peek(const struct lexer *l, size_t ahead)
{
	struct span rest = span_sub(l->text, l->at, ahead + 1);

	return rest.len > ahead ? rest.at[ahead] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

static bool is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct token *push(struct lexer *l, enum token_kind kind, size_t start, size_t end)
{
	struct token *t = arena_push(l->arena, (void **)&l->tokens, &l->count, &l->room,
				     sizeof *t);

	if (!t)
		return NULL;
	*t = (struct token){ .kind = kind, .line = l->line,
			     .column = (uint32_t)(start - l->line_start + 1),
			     .text = span_sub(l->text, start, end - start) };
	l->previous = kind;
	for (; l->waiting < l->suppression_count; l->waiting++) {
		l->suppressions[l->waiting].line = t->line;
		l->suppressions[l->waiting].of_rule = kind == TOKEN_RULE || kind == TOKEN_PRIVATE ||
						      kind == TOKEN_GLOBAL;
	}
	return t;
}

static bool bad(struct lexer *l, size_t start, const char *message)
{
	struct token *t = push(l, TOKEN_BAD, start, l->at);

	if (t)
		t->message = message;
	return t;
}

static void newline(struct lexer *l)
{
	l->line++;
	l->line_start = l->at;
}

/* `text` is what stands behind the two slashes. */
static bool note_suppression(struct lexer *l, struct span text)
{
	struct suppression *s;
	bool alone = !l->count || l->tokens[l->count - 1].line != l->line;

	text = span_trim(text);
	if (!span_starts(text, SPAN("suppress:")))
		return true;
	s = arena_push(l->arena, (void **)&l->suppressions, &l->suppression_count,
		       &l->suppression_room, sizeof *s);
	if (!s)
		return false;
	*s = (struct suppression){ .names = span_from(text, SPAN("suppress:").len),
				   .line = l->line };
	if (!alone)
		l->waiting = l->suppression_count;
	return true;
}

static bool skip_comment(struct lexer *l)
{
	size_t start = l->at;

	if (peek(l, 1) == '/') {
		while (peek(l, 0) != -1 && peek(l, 0) != '\n')
			l->at++;
		return note_suppression(l, span_sub(l->text, start + 2, l->at - start - 2));
	}
	for (l->at += 2; peek(l, 0) != -1; ) {
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->at += 2;
			return true;
		}
		if (l->text.at[l->at++] == '\n')
			newline(l);
	}
	return true;	/* without end, it reaches to the end of the file, as in YARA */
}

static enum token_kind keyword_of(struct span name)
{
	size_t low = 0, high = sizeof keywords / sizeof *keywords;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = span_cmp(name, span_text(keywords[middle].text));

		if (!order)
			return keywords[middle].kind;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return TOKEN_NAME;
}

static bool lex_name(struct lexer *l)
{
	size_t start = l->at;

	while (is_name(peek(l, 0)))
		l->at++;
	if (l->at - start > RULE_NAME_MAX)
		return bad(l, start, "identifier too long");
	return push(l, keyword_of(span_sub(l->text, start, l->at - start)), start, l->at);
}

/* $a and its like; the wildcard belongs to it only behind `$`. */
static bool lex_string_name(struct lexer *l, enum token_kind kind)
{
	size_t start = l->at++;

	while (is_name(peek(l, 0)))
		l->at++;
	if (kind == TOKEN_STRING_NAME && peek(l, 0) == '*')
		l->at++;
	if (l->at - start > RULE_NAME_MAX)
		return bad(l, start, "identifier too long");
	return push(l, kind, start, l->at);
}

static bool lex_number(struct lexer *l)
{
	size_t start = l->at;
	enum token_kind kind = TOKEN_NUMBER;
	bool decimal = false;

	if (peek(l, 0) == '0' && (peek(l, 1) == 'x' || peek(l, 1) == 'o')) {
		l->at += 2;
		while (is_hex(peek(l, 0)) || peek(l, 0) == '_')
			l->at++;
	} else {
		decimal = true;
		while (is_digit(peek(l, 0)) || peek(l, 0) == '_')
			l->at++;
		if (peek(l, 0) == '.' && is_digit(peek(l, 1))) {
			kind = TOKEN_FLOAT;
			l->at++;
			while (is_digit(peek(l, 0)) || peek(l, 0) == '_')
				l->at++;
		}
	}
	if (decimal && kind == TOKEN_NUMBER && (peek(l, 0) == 'K' || peek(l, 0) == 'M') && peek(l, 1) == 'B')
		l->at += 2;
	if (is_name(peek(l, 0))) {
		while (is_name(peek(l, 0)))
			l->at++;
		return bad(l, start, "syntax error: malformed number");
	}
	return push(l, kind, start, l->at);
}

static bool lex_text(struct lexer *l)
{
	size_t start = l->at++;
	struct token *t;

	while (peek(l, 0) != '"') {
		if (peek(l, 0) == -1 || peek(l, 0) == '\n')
			return bad(l, start, "unterminated string");
		l->at += peek(l, 0) == '\\' && peek(l, 1) != -1 && peek(l, 1) != '\n' ? 2 : 1;
	}
	t = push(l, TOKEN_TEXT, start, l->at++);
	if (t)
		t->text = span_from(t->text, 1);
	return t;
}

static bool lex_regex(struct lexer *l)
{
	size_t start = l->at++, end;
	struct token *t;

	while (peek(l, 0) != '/') {
		if (peek(l, 0) == -1 || peek(l, 0) == '\n')
			return bad(l, start, "unterminated regular expression");
		l->at += peek(l, 0) == '\\' && peek(l, 1) != -1 && peek(l, 1) != '\n' ? 2 : 1;
	}
	end = l->at++;
	while (peek(l, 0) == 'i' || peek(l, 0) == 's')
		l->at++;
	t = push(l, TOKEN_REGEX, start, end);
	if (t) {
		t->text = span_from(t->text, 1);
		t->flags = span_sub(l->text, end + 1, l->at - end - 1);
	}
	return t;
}

/* The end of a hex string: the first `}` outside a comment. */
static bool lex_hex(struct lexer *l)
{
	size_t start = l->at++, line_start = l->line_start;
	uint32_t line = l->line;
	struct token *t;

	while (peek(l, 0) != '}') {
		if (peek(l, 0) == -1)
			return bad(l, start, "unterminated hex string");
		if (peek(l, 0) == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*')) {
			skip_comment(l);
			continue;
		}
		if (l->text.at[l->at++] == '\n')
			newline(l);
	}
	t = push(l, TOKEN_HEX, start, l->at++);
	if (t) {
		t->line = line;
		t->column = (uint32_t)(start - line_start + 1);
		t->text = span_from(t->text, 1);
	}
	return t;
}

static bool lex_sign(struct lexer *l)
{
	static const struct {
		char text[3];
		enum token_kind kind;
	} pairs[] = { { "==", TOKEN_EQ }, { "!=", TOKEN_NE }, { "<=", TOKEN_LE },
		      { ">=", TOKEN_GE }, { "<<", TOKEN_SHL }, { ">>", TOKEN_SHR },
		      { "..", TOKEN_DOTS } };
	size_t start = l->at;
	int c = peek(l, 0);

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (c == pairs[i].text[0] && peek(l, 1) == pairs[i].text[1]) {
			l->at += 2;
			return push(l, pairs[i].kind, start, l->at);
		}
	}
	l->at++;
	if (c != -1 && strchr("<>=+-*\\%&|^~()[]{}:,.", c) && c)
		return push(l, (enum token_kind)c, start, l->at);
	return bad(l, start, c >= 128 ? "non-ascii character" : "syntax error: unexpected character");
}

static bool lex_one(struct lexer *l)
{
	int c = peek(l, 0);

	if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
		l->at++;
		if (c == '\n')
			newline(l);
		return true;
	}
	if (c == '/')
		return peek(l, 1) == '/' || peek(l, 1) == '*' ? skip_comment(l) : lex_regex(l);
	if (is_digit(c))
		return lex_number(l);
	if (is_name(c))
		return lex_name(l);
	if (c == '"')
		return lex_text(l);
	if (c == '$')
		return lex_string_name(l, TOKEN_STRING_NAME);
	if (c == '#')
		return lex_string_name(l, TOKEN_STRING_COUNT);
	if (c == '@')
		return lex_string_name(l, TOKEN_STRING_OFFSET);
	if (c == '!' && peek(l, 1) != '=')
		return lex_string_name(l, TOKEN_STRING_LENGTH);
	/* Only a string's value follows `=` with a brace. */
	if (c == '{' && l->previous == (enum token_kind)'=')
		return lex_hex(l);
	return lex_sign(l);
}

bool lex(struct arena *arena, struct span text, struct lexed *out, struct err *err)
{
	struct lexer l = { .arena = arena, .text = text, .line = 1 };

	if (text.len > RULE_TEXT_MAX)
		return err_set(err, ERR_LIMIT, RULE_TEXT_MAX, "rule file too large");
	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		l.at = 3;
	while (l.at < text.len)
		if (!lex_one(&l))
			return err_set(err, ERR_LIMIT, l.at, "no memory for rules");
	if (!push(&l, TOKEN_END, text.len, text.len))
		return err_set(err, ERR_LIMIT, l.at, "no memory for rules");
	*out = (struct lexed){ l.tokens, l.count, l.suppressions, l.suppression_count };
	return true;
}

static int nibble(uint8_t c)
{
	return is_digit(c) ? c - '0' : (c | 32) - 'a' + 10;
}

static bool unescape_one(struct span in, size_t *at, uint8_t *out)
{
	uint8_t letter = in.at[*at + 1];

	*at += 2;
	switch (letter) {
	case 't':
		*out = '\t';
		return true;
	case 'n':
		*out = '\n';
		return true;
	case 'r':
		*out = '\r';
		return true;
	case '"':
	case '\\':
		*out = letter;
		return true;
	case 'x':
		if (in.len - *at < 2 || !is_hex(in.at[*at]) || !is_hex(in.at[*at + 1]))
			return false;
		*out = (uint8_t)(nibble(in.at[*at]) << 4 | nibble(in.at[*at + 1]));
		*at += 2;
		return true;
	default:
		return false;
	}
}

bool lex_unescape(struct arena *arena, struct span quoted, struct span *out)
{
	uint8_t *to = arena_alloc(arena, quoted.len + 1);
	size_t len = 0;

	if (!to)
		return false;
	for (size_t at = 0; at < quoted.len; ) {
		if (quoted.at[at] != '\\')
			to[len++] = quoted.at[at++];
		else if (at + 1 >= quoted.len || !unescape_one(quoted, &at, &to[len++]))
			return false;
	}
	*out = span_of(to, len);
	return true;
}
