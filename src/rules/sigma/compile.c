#include "rules/sigma/compile.h"

#include <stdio.h>

#define SCRATCH_MAX ((size_t)2 << 30)
#define FILE_MAX ((size_t)32 << 20)

void compiler_tell(struct compiler *c, enum sigma_problem_kind kind, struct span file,
		   struct yaml_place place, struct span rule, const char *reason)
{
	if (kind == SIGMA_REFUSED)
		c->b.counts.refused++;
	if (kind == SIGMA_NOT_APPLICABLE)
		c->b.counts.not_applicable++;
	if (c->b.problem)
		c->b.problem(c->b.context,
			     &(struct sigma_problem){ .kind = kind, .file = file, .line = place.line,
						      .column = place.column, .rule = rule,
						      .reason = reason });
}

bool compiler_out_of_memory(struct compiler *c)
{
	return err_set(c->err, ERR_LIMIT, ERR_NO_OFFSET, "rules need more memory than allowed");
}

/* `over` written onto `base`, maps merged, for the old "action: global" collections. */
static const struct yaml_node *merge(struct arena *arena, const struct yaml_node *base,
				     const struct yaml_node *over, int depth)
{
	struct yaml_node *merged = ARENA_NEW(arena, struct yaml_node), *last = NULL;

	if (!merged)
		return NULL;
	*merged = *over;
	if (over->kind != YAML_MAP || !base || base->kind != YAML_MAP || depth > 8)
		return merged;
	merged->first = NULL;
	merged->count = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (const struct yaml_node *n = (pass ? base : over)->first; n; n = n->next) {
			const char *key = (const char *)n->key.at;
			const struct yaml_node *below = pass ? NULL : yaml_get(base, key);
			struct yaml_node *kid;

			if (pass && yaml_get(over, key))
				continue;
			kid = (struct yaml_node *)(uintptr_t)merge(arena, below, n, depth + 1);
			if (!kid)
				return NULL;
			kid->next = NULL;
			if (last)
				last->next = kid;
			else
				merged->first = kid;
			last = kid;
			merged->count++;
		}
	}
	return merged;
}

/* True where the document is done with: it only sets what others build on. */
static bool take_action(struct compiler *c, const struct yaml_node **doc)
{
	struct span action = yaml_get_text(*doc, "action");

	if (span_eq(action, SPAN("reset"))) {
		c->global = NULL;
		return true;
	}
	if (span_eq(action, SPAN("global"))) {
		c->global = *doc;
		return true;
	}
	if (span_eq(action, SPAN("repeat")) && c->previous)
		*doc = merge(c->b.scratch, c->previous, *doc, 0);
	else if (c->global)
		*doc = merge(c->b.scratch, c->global, *doc, 0);
	c->previous = *doc;
	return *doc == NULL;
}

static struct rule_draft *new_draft(struct compiler *c)
{
	struct rule_draft *draft = arena_push(c->b.scratch, (void **)&c->drafts, &c->draft_count,
					      &c->draft_room, sizeof *draft);

	if (!draft)
		return NULL;
	draft->rule = ARENA_NEW(c->b.image, struct compiled_rule);
	return draft->rule ? draft : NULL;
}

/* The first to bear a name has it. */
static void name_draft(struct compiler *c, struct span name, size_t index)
{
	void **slot = name.len ? map_slot(&c->by_name, name) : NULL;

	if (slot && !*slot)
		*slot = (void *)(index + 1);
}

static void name_rule(struct compiler *c, struct sigma_doc *doc, size_t index)
{
	struct span id = yaml_get_text(doc->root, "id");

	if (id.len && map_get(&c->by_name, id))
		sigma_warn(doc, yaml_get(doc->root, "id"), "another rule has the same id");
	c->drafts[index].name = yaml_get_text(doc->root, "name");
	name_draft(c, id, index);
	name_draft(c, c->drafts[index].name, index);
	name_draft(c, c->drafts[index].rule->info.title, index);
}

/* A correlation's next source, by a name that no document gives. */
static bool add_source(struct compiler *c, struct correlation_draft *correlation, size_t index)
{
	struct span name = arena_printf(c->b.scratch, "\x1f%zu", index);

	c->drafts[index].rule->info.silent = true;
	correlation->rules[correlation->rule_count++] = name;
	name_draft(c, name, index);
	return name.at != NULL;
}

/* What is wanted near a rule's events, as silent rules of the same log source. */
static bool add_near(struct compiler *c, size_t index, struct correlation_draft *correlation)
{
	for (uint32_t i = 0; i < c->drafts[index].pipe.near_count; i++) {
		struct rule_draft *near = new_draft(c), *of = &c->drafts[index];

		if (!near)
			return false;
		near->rule->info = of->rule->info;
		near->rule->root = of->pipe.near[i].node;
		near->source = of->source;
		near->place = of->place;
		near->name = of->name;
		if (!add_source(c, correlation, c->draft_count - 1))
			return false;
	}
	return true;
}

/* An old aggregation: the detection becomes the silent source of a correlation. */
static bool split_pipe(struct compiler *c, size_t index)
{
	struct rule_draft *judge = new_draft(c), *source = &c->drafts[index];
	struct correlation_draft *correlation = source->correlation;

	if (!judge)
		return false;
	judge->rule->info = source->rule->info;
	judge->correlation = correlation;
	judge->place = source->place;
	source->correlation = NULL;
	return add_source(c, correlation, index) && add_near(c, index, correlation);
}

static bool read_rule(struct compiler *c, struct sigma_doc *doc)
{
	struct rule_draft *draft = new_draft(c);
	size_t index = c->draft_count - 1;
	bool ok;

	if (!draft)
		return compiler_out_of_memory(c);
	draft->place = (struct yaml_place){ doc->root->line, doc->root->column };
	if (yaml_get(doc->root, "correlation")) {
		draft->correlation = ARENA_NEW(c->b.scratch, struct correlation_draft);
		ok = draft->correlation && rule_read_info(doc, &draft->rule->info) &&
		     correlation_read(doc, draft->correlation);
	} else {
		ok = rule_read(doc, draft);
	}
	if (!ok) {
		c->draft_count--;
		return false;
	}
	name_rule(c, doc, index);
	if (draft->correlation && draft->rule->root)
		return split_pipe(c, index) || compiler_out_of_memory(c);
	return true;
}

static bool read_filter(struct compiler *c, struct sigma_doc *doc)
{
	struct filter_draft *filter = arena_push(c->b.scratch, (void **)&c->filters, &c->filter_count,
						 &c->filter_room, sizeof *filter);

	if (!filter)
		return compiler_out_of_memory(c);
	if (filter_read(doc, filter)) {
		c->b.counts.filters++;
		return true;
	}
	c->filter_count--;
	return false;
}

/* A rule that is dropped misses what it finds, so it counts with the last of such keys. */
static void tell_doubles(struct compiler *c, const struct sigma_doc *doc, const struct yaml_double *doubles)
{
	char reason[256];

	for (const struct yaml_double *d = doubles; d; d = d->next) {
		snprintf(reason, sizeof reason, "the key '%.*s' stands again in line %u, which counts; this one does not",
			 (int)(d->key.len < 128 ? d->key.len : 128), (const char *)d->key.at, d->kept.line);
		compiler_tell(c, SIGMA_IN_PART, doc->file, d->lost, doc->name, reason);
	}
}

static void read_document(struct compiler *c, struct span file, const struct yaml_node *root)
{
	const struct yaml_double *doubles = root->doubles;
	struct err err = { 0 };
	struct sigma_doc doc = { .build = &c->b, .file = file, .root = root, .err = &err };
	bool ok;

	if (yaml_is_empty(root) || (root->kind == YAML_MAP && take_action(c, &root)))
		return;
	doc.root = root;
	c->b.counts.documents++;
	doc.name = yaml_get_text(root, "id");
	if (doc.name.len == 0)
		doc.name = yaml_get_text(root, "title");
	if (root->kind != YAML_MAP)
		ok = sigma_refuse(&doc, root, "not a map: no Sigma rule");
	else if (yaml_get(root, "filter"))
		ok = read_filter(c, &doc);
	else
		ok = read_rule(c, &doc);
	if (ok) {
		tell_doubles(c, &doc, doubles);
	} else {
		const struct yaml_node *at = doc.at ? doc.at : root;

		compiler_tell(c, SIGMA_REFUSED, file, (struct yaml_place){ at->line, at->column }, doc.name,
		     err.code ? err.text : "out of memory for rules");
	}
}

static void read_source(struct compiler *c, const struct sigma_source *source)
{
	const struct yaml_node *doc;
	struct yaml_place place;
	struct err err = { 0 };
	bool ok = source->text.len <= FILE_MAX;

	c->global = c->previous = NULL;
	if (!ok)
		err_set(&err, ERR_LIMIT, ERR_NO_OFFSET, "rule file larger than 32 MiB");
	else
		ok = yaml_parse(c->b.scratch, source->text, NULL, &doc, &place, &err);
	for (const struct yaml_node *n = source->text.len <= FILE_MAX ? doc : NULL; n; n = n->next)
		read_document(c, source->path, n);
	if (!ok) {
		c->b.counts.documents++;
		compiler_tell(c, SIGMA_REFUSED, source->path, place, (struct span){ 0 }, err.text);
	}
}

static bool prepare(struct compiler *c)
{
	const struct yaml_limits once = { .keys_once = true };
	struct yaml_place place;

	c->by_name = map_new(c->b.scratch);
	c->b.field_numbers = map_new(c->b.scratch);
	if (c->b.options->placeholders.len &&
	    !yaml_parse(c->b.scratch, c->b.options->placeholders, &once, &c->b.placeholders, &place,
			c->err))
		return err_prefix(c->err, "placeholders, line %u", place.line);
	return logsource_table_read(&c->b, c->b.options->logsources, &c->table, c->err);
}

bool sigma_compile(struct arena *image, const struct sigma_source *sources, size_t count,
		   const struct sigma_options *options, sigma_problem_fn *problem, void *context,
		   struct sigma_set **out, struct err *err)
{
	struct arena scratch = arena_new(SCRATCH_MAX);
	struct compiler c = { .b = { .image = image, .scratch = &scratch, .options = options,
				     .problem = problem, .context = context }, .err = err };
	struct sigma_set *set = ARENA_NEW(image, struct sigma_set);
	bool ok = set ? prepare(&c) : compiler_out_of_memory(&c);

	for (size_t i = 0; ok && i < count; i++) {
		read_source(&c, &sources[i]);
		if (scratch.exhausted || image->exhausted)
			ok = compiler_out_of_memory(&c);
	}
	ok = ok && link_set(&c, set);
	arena_free(&scratch);
	if (ok)
		*out = set;
	return ok;
}

const struct sigma_counts *sigma_set_counts(const struct sigma_set *set)
{
	return &set->counts;
}

uint32_t sigma_set_rule_count(const struct sigma_set *set)
{
	return set->rule_count;
}

const struct sigma_rule *sigma_set_rule(const struct sigma_set *set, uint32_t number)
{
	return number < set->rule_count ? &set->rules[number]->info : NULL;
}
