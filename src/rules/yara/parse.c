#include "rules/yara/compile.h"

#include "rules/yara/modules.h"

/* ---- tokens ---- */

const struct token *peek_token(const struct parser *p, size_t ahead)
{
	const struct token *t = &p->tokens[p->at];

	while (ahead-- > 0 && t->kind != TOKEN_END)
		t++;
	return t;
}

const struct token *next_token(struct parser *p)
{
	const struct token *t = &p->tokens[p->at];

	if (t->kind != TOKEN_END)
		p->at++;
	return t;
}

bool accept(struct parser *p, enum token_kind kind)
{
	if (p->tokens[p->at].kind != kind)
		return false;
	next_token(p);
	return true;
}

bool syntax_error(struct parser *p)
{
	const struct token *t = &p->tokens[p->at];

	if (t->kind == TOKEN_BAD)
		return fail(p, t, "%s", t->message);
	if (t->kind == TOKEN_END)
		return fail(p, t, "syntax error, unexpected end of file");
	return fail(p, t, "syntax error, unexpected '%.*s'",
		    (int)(t->text.len < 40 ? t->text.len : 40), (const char *)t->text.at);
}

bool expect(struct parser *p, enum token_kind kind, const char *what)
{
	const struct token *t = &p->tokens[p->at];

	if (accept(p, kind))
		return true;
	if (t->kind == TOKEN_BAD || t->kind == TOKEN_END)
		return syntax_error(p);
	return fail(p, t, "syntax error, unexpected '%.*s', expecting %s",
		    (int)(t->text.len < 40 ? t->text.len : 40), (const char *)t->text.at, what);
}

bool number_of_token(struct parser *p, const struct token *t, int64_t *out)
{
	struct span s = t->text;
	unsigned base = 10;
	uint64_t n = 0, unit = 1;
	bool overflow = false;

	if (span_ends(s, SPAN("KB")) || span_ends(s, SPAN("MB"))) {
		unit = span_ends(s, SPAN("KB")) ? 1024 : 1048576;
		s.len -= 2;
	}
	if (span_starts(s, SPAN("0x")) || span_starts(s, SPAN("0o"))) {
		base = s.at[1] == 'x' ? 16 : 8;
		s = span_from(s, 2);
	}
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = s.at[i] <= '9' ? s.at[i] - 48u : (s.at[i] | 32u) - 87u;

		if (s.at[i] == '_')
			continue;
		if (digit >= base)
			return fail(p, t, "syntax error: malformed number");
		overflow |= __builtin_mul_overflow(n, base, &n);
		overflow |= __builtin_add_overflow(n, digit, &n);
	}
	overflow |= __builtin_mul_overflow(n, unit, &n);
	if (!s.len)
		return fail(p, t, "syntax error: malformed number");
	if (overflow || n > INT64_MAX)
		return fail(p, t, "integer overflow in \"%.*s\"", SPAN_ARG(t->text));
	*out = (int64_t)n;
	return true;
}

/* ---- rules ---- */

static bool name_taken(struct parser *p, const struct token *name)
{
	struct name_space_draft *space = p->name_space;

	if (map_get(&space->rules, name->text))
		return true;
	for (size_t i = 0; i < p->c->options->external_count; i++)
		if (span_eq(p->c->externals[i].name, name->text))
			return true;
	return false;
}

static bool check_name(struct parser *p, const struct token *name)
{
	struct name_space_draft *space = p->name_space;

	for (size_t i = 0; i < space->wildcard_count; i++)
		if (span_starts(name->text, space->wildcards[i]))
			return fail(p, name, "rule identifier \"%.*s\" matches previously used "
					     "wildcard rule set", SPAN_ARG(name->text));
	return true;
}

static bool parse_tags(struct parser *p, struct yara_rule_info *info)
{
	struct span *tags = NULL;
	size_t count = 0, room = 0;

	if (!accept(p, (enum token_kind)':'))
		return true;
	do {
		const struct token *t = next_token(p);
		struct span *slot;

		if (t->kind != TOKEN_NAME)
			return p->at--, syntax_error(p);
		for (size_t i = 0; i < count; i++)
			if (span_eq(tags[i], t->text))
				return fail(p, t, "duplicated tag identifier \"%.*s\"",
					    SPAN_ARG(t->text));
		slot = arena_push(p->c->image, (void **)&tags, &count, &room, sizeof *slot);
		if (!slot)
			return no_memory(p);
		*slot = pooled(p->c, t->text);
	} while (peek_token(p, 0)->kind == TOKEN_NAME);
	info->tags = tags;
	info->tag_count = count;
	return true;
}

static bool parse_meta_value(struct parser *p, struct yara_value *out)
{
	bool minus = accept(p, (enum token_kind)'-');
	const struct token *t = next_token(p);
	struct span text;
	struct expr e;

	if (t->kind == TOKEN_NUMBER || t->kind == TOKEN_FLOAT) {
		p->at--;
		if (!parse_primary(p, &e))
			return false;
		if (e.type == YARA_INTEGER)
			yara_value_integer(out, minus ? -e.node->integer : e.node->integer);
		else
			yara_value_float(out, minus ? -e.node->real : e.node->real);
		return true;
	}
	if (minus || (t->kind != TOKEN_TEXT && t->kind != TOKEN_TRUE && t->kind != TOKEN_FALSE))
		return p->at--, syntax_error(p);
	if (t->kind != TOKEN_TEXT) {
		*out = (struct yara_value){ .type = YARA_BOOL, .integer = t->kind == TOKEN_TRUE };
		return true;
	}
	if (!lex_unescape(&p->c->scratch, t->text, &text))
		return fail(p, t, "illegal escape sequence");
	yara_value_string(out, pooled(p->c, text));
	return true;
}

static bool parse_meta(struct parser *p, struct yara_rule_info *info)
{
	struct yara_meta *meta = NULL;
	size_t count = 0, room = 0;

	if (!accept(p, TOKEN_META))
		return true;
	if (!expect(p, (enum token_kind)':', ":"))
		return false;
	do {
		const struct token *key = next_token(p);
		struct yara_meta *slot;

		if (key->kind != TOKEN_NAME)
			return p->at--, syntax_error(p);
		slot = arena_push(p->c->image, (void **)&meta, &count, &room, sizeof *slot);
		if (!slot)
			return no_memory(p);
		slot->key = pooled(p->c, key->text);
		if (!expect(p, (enum token_kind)'=', "=") || !parse_meta_value(p, &slot->value))
			return false;
	} while (peek_token(p, 0)->kind == TOKEN_NAME);
	info->meta = meta;
	info->meta_count = count;
	return true;
}

static bool check_referenced(struct parser *p)
{
	for (size_t i = 0; i < p->string_count; i++) {
		const struct token *t = p->strings[i].token;

		if (!p->strings[i].referenced && !span_starts(t->text, SPAN("$_")))
			return fail(p, t, "unreferenced string \"%.*s\"", SPAN_ARG(t->text));
	}
	return true;
}

static bool keep_rule(struct parser *p, struct rule *rule)
{
	struct compiler *c = p->c;
	struct rule **slot = arena_push(&c->scratch, (void **)&c->rules, &c->rule_count,
					&c->rule_room, sizeof *slot);
	void **named = map_slot(&p->name_space->rules, rule->info.name);
	uint32_t *global;

	if (!slot || !named)
		return no_memory(p);
	*slot = rule;
	*named = rule;
	c->strings += rule->string_count;
	if (!rule->info.is_global)
		return true;
	global = arena_push(c->image, (void **)&p->name_space->globals,
			    &p->name_space->global_count, &p->name_space->global_room,
			    sizeof *global);
	if (!global)
		return no_memory(p);
	*global = rule->index;
	return true;
}

static bool parse_rule_parts(struct parser *p, struct rule *rule)
{
	struct expr condition;

	if (!parse_tags(p, &rule->info) || !expect(p, (enum token_kind)'{', "{") ||
	    !parse_meta(p, &rule->info) || !parse_strings(p) ||
	    !expect(p, TOKEN_CONDITION, "condition") || !expect(p, (enum token_kind)':', ":") ||
	    !parse_condition(p, &condition) || !make_truth(p, &condition) ||
	    !expect(p, (enum token_kind)'}', "}"))
		return false;
	rule->condition = condition.node;
	rule->speaks = p->speaks;
	return check_referenced(p) && add_patterns(p, rule);
}

static void forget_rule(struct parser *p)
{
	p->strings = NULL;
	p->string_count = p->string_room = 0;
	p->variable_count = 0;
	p->loops = p->string_loops = p->nesting = 0;
	p->speaks = false;
}

static bool parse_rule(struct parser *p)
{
	struct rule *rule = ARENA_NEW(p->c->image, struct rule);
	const struct token *name;

	forget_rule(p);
	if (!rule)
		return no_memory(p);
	p->rule_line = peek_token(p, 0)->line;
	for (;; next_token(p)) {
		if (peek_token(p, 0)->kind == TOKEN_PRIVATE)
			rule->info.is_private = true;
		else if (peek_token(p, 0)->kind == TOKEN_GLOBAL)
			rule->info.is_global = true;
		else
			break;
	}
	if (!expect(p, TOKEN_RULE, "rule"))
		return false;
	name = next_token(p);
	if (name->kind != TOKEN_NAME)
		return p->at--, syntax_error(p);
	if (name_taken(p, name)) {
		if (!p->c->options->skip_duplicates)
			return fail(p, name, "duplicated identifier \"%.*s\"", SPAN_ARG(name->text));
		warn(p, name, "duplicate_rule", "a rule named \"%.*s\" is there already; this one is left out",
		     SPAN_ARG(name->text));
		return false;
	}
	if (!check_name(p, name))
		return false;
	p->rule = name->text;
	rule->index = (uint32_t)p->c->rule_count;
	rule->name_space = p->name_space_number;
	rule->info.name = pooled(p->c, name->text);
	rule->info.name_space = p->name_space->name;
	rule->info.file = pooled(p->c, span_text(p->source->name));
	rule->info.line = name->line;
	return parse_rule_parts(p, rule) && keep_rule(p, rule);
}

/* ---- files ---- */

static bool parse_import(struct parser *p)
{
	const struct token *t = next_token(p);
	const struct yara_module *module;
	void **slot;

	if (t->kind != TOKEN_TEXT)
		return p->at--, syntax_error(p);
	module = yara_module_find(t->text);
	if (!module)
		return fail(p, t, "unknown module \"%.*s\"", SPAN_ARG(t->text));
	slot = map_slot(&p->name_space->modules, span_text(module->name));
	if (!slot)
		return no_memory(p);
	*slot = (void *)(uintptr_t)module;
	p->c->imports |= UINT64_C(1) << module_number(module);
	return true;
}

/* By one name; a circle under several names ends at the depth that is allowed. */
static bool is_being_read(const struct parser *p, const char *name)
{
	for (; p; p = p->includer)
		if (!strcmp(p->source->name, name))
			return true;
	return false;
}

static bool parse_include(struct parser *p)
{
	const struct token *t = next_token(p);
	const struct yara_options *options = p->c->options;
	struct yara_source source = { 0 };
	struct err err = { 0 };
	struct span path;
	char *text;

	if (t->kind != TOKEN_TEXT)
		return p->at--, syntax_error(p);
	if (!options->include)
		return fail(p, t, "includes are not allowed");
	if (p->include_depth + 1 >= INCLUDE_DEPTH_MAX)
		return fail(p, t, "includes depth exceeded");
	if (!lex_unescape(&p->c->scratch, t->text, &path) ||
	    !(text = arena_text(&p->c->scratch, path)))
		return fail(p, t, "illegal escape sequence");
	if (!options->include(options->include_context, text, p->source->name, &source, &err))
		return fail(p, t, "can't open include file: %s: %s", text, err.text);
	if (is_being_read(p, source.name))
		return fail(p, t, "includes circular reference");
	return parse_source(p->c, &source, p, p->name_space, p->name_space_number);
}

static bool starts_rule(const struct parser *p)
{
	size_t i = 0;

	while (peek_token(p, i)->kind == TOKEN_PRIVATE || peek_token(p, i)->kind == TOKEN_GLOBAL)
		i++;
	return peek_token(p, i)->kind == TOKEN_RULE;
}

/* To where the next rule, import or include starts. */
static void skip_to_next(struct parser *p, size_t from)
{
	if (p->at == from)
		next_token(p);
	while (peek_token(p, 0)->kind != TOKEN_END && !starts_rule(p) &&
	       peek_token(p, 0)->kind != TOKEN_IMPORT && peek_token(p, 0)->kind != TOKEN_INCLUDE)
		next_token(p);
}

bool parse_source(struct compiler *c, const struct yara_source *source, const struct parser *includer,
		  struct name_space_draft *space, uint32_t space_number)
{
	struct parser p = { .c = c, .source = source, .includer = includer,
			    .include_depth = includer ? includer->include_depth + 1 : 0,
			    .name_space = space, .name_space_number = space_number };
	struct lexed lexed;

	if (!lex(&c->scratch, source->text, &lexed, c->err))
		return c->out_of_memory = true, false;
	p.tokens = lexed.tokens;
	p.suppressions = lexed.suppressions;
	p.suppression_count = lexed.suppression_count;
	while (peek_token(&p, 0)->kind != TOKEN_END && !c->out_of_memory) {
		size_t start = p.at;
		bool is_rule = starts_rule(&p), parsed;

		p.rule = (struct span){ 0 };
		if (accept(&p, TOKEN_IMPORT))
			parsed = parse_import(&p);
		else if (accept(&p, TOKEN_INCLUDE))
			parsed = parse_include(&p);
		else
			parsed = is_rule ? parse_rule(&p) : syntax_error(&p);
		if (!parsed) {
			c->skipped += is_rule;
			skip_to_next(&p, start);
		}
	}
	return !c->out_of_memory;
}
