#include "rules/yara/compile.h"

#define STRINGS_MAX 10000

static bool duplicated(struct parser *p, const struct token *t)
{
	return fail(p, t, "duplicated modifier");
}

static bool xor_range(struct parser *p, struct pattern_spec *spec)
{
	const struct token *t;
	int64_t low, high;

	spec->xor_min = 0;
	spec->xor_max = 255;
	if (!accept(p, (enum token_kind)'('))
		return true;
	t = peek_token(p, 0);
	if (t->kind != TOKEN_NUMBER)
		return syntax_error(p);
	if (!number_of_token(p, next_token(p), &low))
		return false;
	high = low;
	if (accept(p, (enum token_kind)'-')) {
		if (peek_token(p, 0)->kind != TOKEN_NUMBER)
			return syntax_error(p);
		if (!number_of_token(p, next_token(p), &high))
			return false;
	}
	if (high > 255)
		return fail(p, t, "invalid modifier: upper bound for xor range exceeded (max: 255)");
	if (low > high)
		return fail(p, t, "invalid modifier: xor lower bound exceeds upper bound");
	spec->xor_min = (uint8_t)low;
	spec->xor_max = (uint8_t)high;
	return expect(p, (enum token_kind)')', ")");
}

static bool base64_alphabet(struct parser *p, struct pattern_spec *spec)
{
	struct span before = spec->alphabet;
	bool had = spec->flags & (PATTERN_BASE64 | PATTERN_BASE64_WIDE);
	const struct token *t;

	spec->alphabet = (struct span){ 0 };
	if (accept(p, (enum token_kind)'(')) {
		t = next_token(p);
		if (t->kind != TOKEN_TEXT)
			return p->at--, syntax_error(p);
		if (!lex_unescape(&p->c->scratch, t->text, &spec->alphabet))
			return fail(p, t, "illegal escape sequence");
		if (spec->alphabet.len != 64)
			return fail(p, t, "invalid modifier: length of base64 alphabet must be 64");
		if (!expect(p, (enum token_kind)')', ")"))
			return false;
	}
	if (had && !span_eq(before, spec->alphabet))
		return fail(p, peek_token(p, 0),
			    "invalid modifier: can not specify multiple alphabets");
	return true;
}

static uint32_t modifier_flag(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_NOCASE:
		return PATTERN_NOCASE;
	case TOKEN_WIDE:
		return PATTERN_WIDE;
	case TOKEN_ASCII:
		return PATTERN_ASCII;
	case TOKEN_FULLWORD:
		return PATTERN_FULLWORD;
	case TOKEN_XOR:
		return PATTERN_XOR;
	case TOKEN_BASE64:
		return PATTERN_BASE64;
	case TOKEN_BASE64WIDE:
		return PATTERN_BASE64_WIDE;
	default:
		return 0;
	}
}

static bool parse_modifiers(struct parser *p, struct draft_string *s)
{
	const uint32_t only_text = PATTERN_XOR | PATTERN_BASE64 | PATTERN_BASE64_WIDE;
	uint32_t seen = 0;

	for (;; ) {
		const struct token *t = peek_token(p, 0);
		uint32_t flag = modifier_flag(t->kind);

		if (!flag && t->kind != TOKEN_PRIVATE)
			return true;
		if ((flag && s->spec.kind == PATTERN_HEX) ||
		    (flag & only_text && s->spec.kind == PATTERN_REGEX))
			return syntax_error(p);
		next_token(p);
		if (flag ? seen & flag : s->is_private)
			return duplicated(p, t);
		seen |= flag;
		if (!flag)
			s->is_private = true;
		if (flag == PATTERN_XOR && !xor_range(p, &s->spec))
			return false;
		if (flag & (PATTERN_BASE64 | PATTERN_BASE64_WIDE) &&
		    !base64_alphabet(p, &s->spec))
			return false;
		s->spec.flags |= flag;
	}
}

static bool string_value(struct parser *p, struct draft_string *s)
{
	const struct token *t = next_token(p);

	s->spec.text = t->text;
	switch (t->kind) {
	case TOKEN_TEXT:
		s->spec.kind = PATTERN_TEXT;
		if (!lex_unescape(&p->c->scratch, t->text, &s->spec.text))
			return fail(p, t, "illegal escape sequence");
		if (!s->spec.text.len)
			return fail(p, t, "empty string \"%.*s\"", SPAN_ARG(s->token->text));
		break;
	case TOKEN_HEX:
		s->spec.kind = PATTERN_HEX;
		break;
	case TOKEN_REGEX:
		s->spec.kind = PATTERN_REGEX;
		if (span_find_byte(t->flags, 0, 'i') != SIZE_MAX)
			s->spec.flags |= PATTERN_NOCASE;
		if (span_find_byte(t->flags, 0, 's') != SIZE_MAX)
			s->spec.flags |= PATTERN_DOTALL;
		break;
	default:
		return p->at--, syntax_error(p);
	}
	return parse_modifiers(p, s);
}

static bool check_string_name(struct parser *p, const struct token *name, struct map *names)
{
	void **slot;

	if (span_ends(name->text, SPAN("*")))
		return p->at--, syntax_error(p);
	if (name->text.len == 1)
		return true;
	slot = map_slot(names, name->text);
	if (!slot)
		return no_memory(p);
	if (*slot)
		return fail(p, name, "duplicated string identifier \"%.*s\"", SPAN_ARG(name->text));
	*slot = (void *)(uintptr_t)name;
	return true;
}

bool parse_strings(struct parser *p)
{
	uint32_t most = p->c->options->max_strings_per_rule;
	struct map names = map_new(&p->c->scratch);

	if (!accept(p, TOKEN_STRINGS))
		return true;
	if (!expect(p, (enum token_kind)':', ":"))
		return false;
	if (peek_token(p, 0)->kind != TOKEN_STRING_NAME)
		return syntax_error(p);
	while (peek_token(p, 0)->kind == TOKEN_STRING_NAME) {
		const struct token *name = next_token(p);
		struct draft_string *s;

		if (p->string_count == (most ? most : STRINGS_MAX))
			return fail(p, name, "too many strings in rule \"%.*s\" (limit: %u)",
				    SPAN_ARG(p->rule), most ? most : STRINGS_MAX);
		if (!check_string_name(p, name, &names))
			return false;
		s = arena_push(&p->c->scratch, (void **)&p->strings, &p->string_count,
			       &p->string_room, sizeof *s);
		if (!s)
			return no_memory(p);
		*s = (struct draft_string){ .token = name, .at = -1 };
		if (!expect(p, (enum token_kind)'=', "=") || !string_value(p, s))
			return false;
	}
	return true;
}

/* As in YARA, only of plain bytes nothing is told but the match at the place asked for. */
static bool is_literal(const struct pattern_spec *spec)
{
	const char *special = spec->kind == PATTERN_HEX ? "?[(~" : ".^$|()[]*+?{}";
	struct span text = spec->text;

	for (size_t i = 0; i < text.len && spec->kind != PATTERN_TEXT; i++) {
		if (text.at[i] == '\\' && i + 1 < text.len) {
			if (strchr("wWsSdDbBAz", text.at[++i]))
				return false;
		} else if (strchr(special, text.at[i])) {
			return false;
		}
	}
	return true;
}

static bool add_pattern(struct parser *p, struct draft_string *s, struct rule_string *out)
{
	struct err err = { 0 };
	uint32_t notes = 0;

	s->spec.only_at = s->at >= 0 && !s->used_elsewhere && !p->speaks && is_literal(&s->spec);
	if (!pattern_add(p->c->patterns, &s->spec, &out->pattern, &notes, &err)) {
		if (err.code == ERR_USAGE)
			return fail(p, s->token, "%s", err.text);
		return fail(p, s->token, "invalid %s \"%.*s\": %s",
			    s->spec.kind == PATTERN_REGEX ? "regular expression"
			    : s->spec.kind == PATTERN_HEX ? "hex string" : "string",
			    SPAN_ARG(s->token->text), err.text);
	}
	out->is_private = s->is_private;
	out->is_hex = s->spec.kind == PATTERN_HEX;
	out->at = s->spec.only_at ? s->at : -1;
	out->identifier = pooled(p->c, s->token->text);
	string_prefix(&s->spec, &out->mask, &out->value);
	if (s->spec.kind == PATTERN_REGEX)
		warn_of_escapes(p, s->token, s->spec.text, 0);
	if (notes & PATTERN_NOTE_UNBOUNDED)
		warn(p, s->token, "slow_pattern", "%.*s contains .*, .+ or .{x,} consider using .{,N}, "
		     ".{1,N} or {x,N} with a reasonable value for N", SPAN_ARG(s->token->text));
	if (notes & PATTERN_NOTE_SLOW)
		warn(p, s->token, "slow_pattern", "string \"%.*s\" may slow down scanning",
		     SPAN_ARG(s->token->text));
	return true;
}

bool add_patterns(struct parser *p, struct rule *rule)
{
	struct rule_string *strings = ARENA_ARRAY(p->c->image, p->string_count,
						  struct rule_string);

	if (!strings)
		return no_memory(p);
	for (size_t i = 0; i < p->string_count; i++)
		if (!add_pattern(p, &p->strings[i], &strings[i]))
			return false;
	rule->strings = strings;
	rule->string_count = (uint32_t)p->string_count;
	return true;
}
