#include "rules/yara/compile.h"
#include "rules/yara/regex_ast.h"

#include <stdarg.h>
#include <stdio.h>

#define SCRATCH_MAX ((size_t)2 << 30)

__attribute__((format(printf, 5, 0)))
static void tell(struct parser *p, const struct token *at, bool is_error, const char *id,
		 const char *format, va_list args)
{
	const struct yara_options *options = p->c->options;
	char text[512];
	struct yara_problem problem = { .file = p->source->name, .is_error = is_error,
					.id = id, .rule = p->rule, .text = text,
					.is_slow = id && !strcmp(id, "slow_pattern"),
					.line = at->line, .column = at->column };

	vsnprintf(text, sizeof text, format, args);
	if (options->problem)
		options->problem(options->problem_context, &problem);
}

bool fail(struct parser *p, const struct token *at, const char *format, ...)
{
	va_list args;

	if (p->c->out_of_memory)
		return false;
	p->c->errors++;
	va_start(args, format);
	tell(p, at, true, NULL, format, args);
	va_end(args);
	return false;
}

/* The first comment that is for that line or a later one. */
static size_t suppressions_from(const struct parser *p, uint32_t line)
{
	size_t low = 0, high = p->suppression_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->suppressions[middle].line < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool suppressed_on(const struct parser *p, uint32_t line, bool rule, const char *id)
{
	for (size_t i = suppressions_from(p, line);
	     i < p->suppression_count && p->suppressions[i].line == line; i++) {
		struct span names = p->suppressions[i].names;

		while (names.len && (p->suppressions[i].of_rule || !rule)) {
			if (span_eq(span_trim(span_split(&names, ',')), span_text(id)))
				return true;
		}
	}
	return false;
}

void warn(struct parser *p, const struct token *at, const char *id, const char *format, ...)
{
	va_list args;

	if (suppressed_on(p, at->line, false, id) || suppressed_on(p, p->rule_line, true, id))
		return;
	va_start(args, format);
	tell(p, at, false, id, format, args);
	va_end(args);
}

void warn_of_escapes(struct parser *p, const struct token *at, struct span regex, uint32_t flags)
{
	struct arena work = arena_new(SCRATCH_MAX);
	struct regex_tree tree;
	struct err err;

	if (p->c->options->strict_escape && regex_parse(&work, regex, flags, &tree, &err) &&
	    tree.unknown_escape)
		warn(p, at, "unknown_escape", "unknown escape sequence");
	arena_free(&work);
}

bool no_memory(struct parser *p)
{
	p->c->out_of_memory = true;
	return err_set(p->c->err, ERR_LIMIT, ERR_NO_OFFSET, "rules do not fit in memory");
}

struct span pooled(struct compiler *c, struct span text)
{
	struct span *known = map_get(&c->string_pool, text);
	void **slot;

	if (known)
		return *known;
	known = ARENA_NEW(&c->scratch, struct span);
	if (!known || !(*known = arena_copy(c->image, text)).at ||
	    !(slot = map_slot(&c->string_pool, *known))) {
		c->out_of_memory = true;
		return (struct span){ 0 };
	}
	*slot = known;
	return *known;
}

static struct name_space_draft *space_of(struct compiler *c, const char *name, uint32_t *number)
{
	struct span wanted = span_text(name ? name : "default");
	struct name_space_draft **slot, *made;

	for (size_t i = 0; i < c->name_space_count; i++) {
		if (span_eq(c->name_spaces[i]->name, wanted)) {
			*number = (uint32_t)i;
			return c->name_spaces[i];
		}
	}
	made = ARENA_NEW(&c->scratch, struct name_space_draft);
	slot = arena_push(&c->scratch, (void **)&c->name_spaces, &c->name_space_count,
			  &c->name_space_room, sizeof *slot);
	if (!made || !slot)
		return NULL;
	made->name = pooled(c, wanted);
	made->rules = map_new(&c->scratch);
	made->modules = map_new(&c->scratch);
	*number = (uint32_t)(c->name_space_count - 1);
	return *slot = made;
}

static bool may_be_object(struct span text)
{
	return span_starts(text, SPAN("{")) || span_starts(text, SPAN("["));
}

static bool copy_externals(struct compiler *c)
{
	const struct yara_options *o = c->options;

	c->externals = ARENA_ARRAY(c->image, o->external_count, struct external);
	if (!c->externals)
		return false;
	for (size_t i = 0; i < o->external_count; i++) {
		c->externals[i].name = pooled(c, o->externals[i].name);
		c->externals[i].value = o->externals[i].value;
		if (o->externals[i].value.type != YARA_STRING)
			continue;
		c->externals[i].value.string = pooled(c, o->externals[i].value.string);
		if (may_be_object(c->externals[i].value.string) &&
		    !external_object(c, &c->externals[i]))
			return false;
	}
	return true;
}

static bool parse_all(struct compiler *c, const struct yara_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t number;
		struct name_space_draft *space = space_of(c, sources[i].name_space, &number);

		if (!space || !parse_source(c, &sources[i], NULL, space, number))
			return false;
	}
	return true;
}

static bool keep_all(struct compiler *c, struct yara_set *set)
{
	struct rule *rules = ARENA_ARRAY(c->image, c->rule_count, struct rule);
	struct name_space *spaces = ARENA_ARRAY(c->image, c->name_space_count, struct name_space);

	if (!rules || !spaces)
		return false;
	for (size_t i = 0; i < c->rule_count; i++)
		rules[i] = *c->rules[i];
	for (size_t i = 0; i < c->name_space_count; i++)
		spaces[i] = (struct name_space){
			.name = c->name_spaces[i]->name,
			.globals = c->name_spaces[i]->globals,
			.global_count = (uint32_t)c->name_spaces[i]->global_count,
		};
	set->rules = rules;
	set->rule_count = (uint32_t)c->rule_count;
	set->name_spaces = spaces;
	set->name_space_count = (uint32_t)c->name_space_count;
	set->externals = c->externals;
	set->external_count = (uint32_t)c->options->external_count;
	return true;
}

static bool build(struct compiler *c, struct yara_set *set)
{
	struct yara_counts *n = &set->counts;

	if (!keep_all(c, set) || !pattern_build(c->patterns, &set->patterns, c->err))
		return false;
	set->pattern_count = pattern_count(set->patterns);
	*n = (struct yara_counts){ .rules = set->rule_count, .strings = c->strings,
				   .patterns = set->pattern_count, .skipped = c->skipped };
	set->imports = c->imports;
	return wake_build(c, set);
}

static bool compile(struct compiler *c, const struct yara_source *sources, size_t count,
		    struct yara_set **out, struct yara_counts *counts, struct err *err)
{
	struct yara_set *set = ARENA_NEW(c->image, struct yara_set);

	err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "rules do not fit in memory");
	c->patterns = pattern_builder_new(c->image);
	if (!set || !c->patterns || !copy_externals(c) || !parse_all(c, sources, count) ||
	    c->out_of_memory)
		return false;
	if (c->errors && !c->options->skip_invalid)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "%u error%s in the rules",
			       c->errors, c->errors == 1 ? "" : "s");
	if (!build(c, set))
		return false;
	*out = set;
	if (counts)
		*counts = set->counts;
	*err = (struct err){ 0 };
	return true;
}

bool yara_compile(struct arena *arena, const struct yara_source *sources, size_t count,
		  const struct yara_options *options, struct yara_set **out,
		  struct yara_counts *counts, struct err *err)
{
	struct compiler c = { .image = arena, .scratch = arena_new(SCRATCH_MAX),
			      .options = options, .err = err };
	bool compiled;

	c.string_pool = map_new(&c.scratch);
	compiled = compile(&c, sources, count, out, counts, err);
	pattern_builder_free(c.patterns);
	arena_free(&c.scratch);
	return compiled;
}

bool yara_set_uses_externals(const struct yara_set *set)
{
	for (uint32_t i = 0; i < set->external_count; i++)
		if (set->externals[i].is_used)
			return true;
	return false;
}

struct yara_counts yara_set_counts(const struct yara_set *set)
{
	return set->counts;
}

uint32_t yara_rule_count(const struct yara_set *set)
{
	return set->rule_count;
}

struct yara_rule_info yara_rule_info(const struct yara_set *set, uint32_t rule)
{
	return set->rules[rule].info;
}

bool yara_rule_meta(const struct yara_rule_info *rule, const char *key, struct yara_value *out)
{
	for (size_t i = 0; i < rule->meta_count; i++) {
		if (span_eq(rule->meta[i].key, span_text(key))) {
			*out = rule->meta[i].value;
			return true;
		}
	}
	return false;
}
