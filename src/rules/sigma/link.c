#include <stdio.h>
#include <stdlib.h>

#include "match/fold.h"
#include "rules/sigma/compile.h"

static bool is_name_of(struct span text, const struct rule_draft *draft)
{
	if (!text.len)
		return false;
	return span_eq_nocase(text, SPAN("any")) || span_eq_nocase(text, draft->rule->info.id) ||
	       span_eq(text, draft->rule->info.title) || (draft->name.len && span_eq(text, draft->name));
}

static bool names_rule(const struct yaml_node *list, const struct rule_draft *draft)
{
	if (list->kind == YAML_SCALAR)
		return is_name_of(list->text, draft);
	if (list->kind == YAML_LIST && !list->first)
		return true;
	for (const struct yaml_node *n = list->first; n; n = n->next)
		if (n->kind == YAML_SCALAR && is_name_of(n->text, draft))
			return true;
	return false;
}

static bool apply_filters(struct compiler *c)
{
	for (size_t i = 0; i < c->draft_count; i++) {
		struct compiled_rule *rule = c->drafts[i].rule;

		for (size_t k = 0; rule->root && k < c->filter_count; k++) {
			const struct filter_draft *f = &c->filters[k];
			const struct node *kids[2] = { rule->root, f->root };

			if (!logsource_covers(&f->source, &c->drafts[i].source) ||
			    !names_rule(f->rules, &c->drafts[i]))
				continue;
			rule->root = sigma_node(&c->b, NODE_AND, kids, 2);
			if (!rule->root)
				return compiler_out_of_memory(c);
		}
	}
	return true;
}

/* Numbers of the rules of a draft; SIZE_MAX in *missing where all are known. */
static bool resolve(struct compiler *c, const struct correlation_draft *d, uint32_t *indexes,
		    struct span *missing)
{
	for (uint32_t i = 0; i < d->rule_count; i++) {
		uintptr_t found = (uintptr_t)map_get(&c->by_name, d->rules[i]);

		if (!found || c->drafts[found - 1].refused) {
			*missing = d->rules[i];
			return false;
		}
		indexes[i] = (uint32_t)found - 1;
	}
	return true;
}

static void refuse_draft(struct compiler *c, struct rule_draft *draft, const char *reason)
{
	draft->refused = true;
	compiler_tell(c, SIGMA_REFUSED, draft->rule->info.file, draft->place, draft->rule->info.id, reason);
}

/* A rank for one correlation whose sources all have theirs; 0: not yet. */
static uint32_t rank_of(struct compiler *c, const struct correlation_draft *d,
			const uint32_t *indexes, const uint32_t *ranks)
{
	uint32_t rank = 1;

	for (uint32_t i = 0; i < d->rule_count; i++) {
		if (!c->drafts[indexes[i]].correlation)
			continue;
		if (!ranks[indexes[i]])
			return 0;
		rank = ranks[indexes[i]] >= rank ? ranks[indexes[i]] + 1 : rank;
	}
	return rank;
}

/* Refuses correlations over unknown rules or in a circle, ranks the others. */
static bool rank_correlations(struct compiler *c, uint32_t *ranks)
{
	uint32_t indexes[CORRELATION_SOURCES_MAX];
	bool progress = true;

	for (int round = 0; progress && round < 64; round++) {
		progress = false;
		for (size_t i = 0; i < c->draft_count; i++) {
			struct rule_draft *draft = &c->drafts[i];
			struct span missing;
			char reason[200];

			if (!draft->correlation || draft->refused || ranks[i])
				continue;
			if (!resolve(c, draft->correlation, indexes, &missing)) {
				snprintf(reason, sizeof reason, "correlates the unknown rule '%.*s'",
					 SPAN_ARG(span_sub(missing, 0, 80)));
				refuse_draft(c, draft, reason);
				progress = true;
				continue;
			}
			ranks[i] = rank_of(c, draft->correlation, indexes, ranks);
			progress |= ranks[i] != 0;
		}
	}
	for (size_t i = 0; i < c->draft_count; i++)
		if (c->drafts[i].correlation && !c->drafts[i].refused && !ranks[i])
			refuse_draft(c, &c->drafts[i], "correlations that need each other");
	return true;
}

/* Rule numbers: drafts that stay, in order. */
static bool number_rules(struct compiler *c, struct sigma_set *set)
{
	const struct compiled_rule **rules = ARENA_ARRAY(c->b.image, c->draft_count + 1,
							 const struct compiled_rule *);

	if (!rules)
		return compiler_out_of_memory(c);
	for (size_t i = 0; i < c->draft_count; i++) {
		struct compiled_rule *rule = c->drafts[i].rule;

		if (c->drafts[i].refused)
			continue;
		rule->info.number = set->rule_count;
		rule->info.is_correlation = c->drafts[i].correlation != NULL;
		rule->group = UINT32_MAX;
		rules[set->rule_count++] = rule;
	}
	set->rules = rules;
	return true;
}

static bool link_correlations(struct compiler *c, struct sigma_set *set, const uint32_t *ranks)
{
	struct correlation *all = ARENA_ARRAY(c->b.image, c->draft_count + 1, struct correlation);
	uint32_t indexes[CORRELATION_SOURCES_MAX], top = 0;
	struct span missing;

	if (!all)
		return compiler_out_of_memory(c);
	for (size_t i = 0; i < c->draft_count; i++)
		top = ranks[i] > top ? ranks[i] : top;
	for (uint32_t rank = 1; rank <= top; rank++) {
		for (size_t i = 0; i < c->draft_count; i++) {
			struct correlation_draft *d = c->drafts[i].correlation;

			if (!d || c->drafts[i].refused || ranks[i] != rank ||
			    !resolve(c, d, indexes, &missing))
				continue;
			for (uint32_t k = 0; k < d->rule_count; k++) {
				struct compiled_rule *source = c->drafts[indexes[k]].rule;

				source->feeds = true;
				source->info.silent |= !d->generate;
				d->ids[k] = source->info.id;
				d->names[k] = c->drafts[indexes[k]].name;
				indexes[k] = source->info.number;
			}
			d->c.rank = rank;
			d->c.rule = c->drafts[i].rule->info.number;
			if (!correlation_link(&c->b, d, indexes, &all[set->correlation_count++]))
				return compiler_out_of_memory(c);
			c->b.counts.correlations++;
		}
	}
	set->correlations = all;
	return true;
}

static void drop_low_levels(struct compiler *c)
{
	for (size_t i = 0; i < c->draft_count; i++) {
		struct rule_draft *draft = &c->drafts[i];

		if (draft->refused || draft->rule->feeds || draft->rule->info.silent ||
		    draft->rule->info.level >= c->b.options->least_level)
			continue;
		draft->refused = true;
		compiler_tell(c, SIGMA_NOT_APPLICABLE, draft->rule->info.file, draft->place,
		     draft->rule->info.id, "below the level asked for");
	}
}

static int by_folded(const void *a, const void *b)
{
	const struct field_name *x = a, *y = b;

	return span_cmp(x->folded, y->folded);
}

static bool write_fields(struct compiler *c, struct sigma_set *set)
{
	struct span *fields = ARENA_ARRAY(c->b.image, c->b.field_count + 1, struct span);
	struct field_name *by_name = ARENA_ARRAY(c->b.image, c->b.field_count + 1, struct field_name);

	if (!fields || !by_name)
		return compiler_out_of_memory(c);
	for (size_t i = 0; i < c->b.field_count; i++) {
		struct span name = c->b.fields[i];
		uint8_t *folded = arena_alloc(c->b.image, name.len + 1);

		if (!folded)
			return compiler_out_of_memory(c);
		fold_utf8(folded, name);
		fields[i] = name;
		by_name[i] = (struct field_name){ span_of(folded, name.len), (uint32_t)i };
	}
	if (c->b.field_count)
		qsort(by_name, c->b.field_count, sizeof *by_name, by_folded);
	set->by_name = by_name;
	set->fields = fields;
	set->field_count = (uint32_t)c->b.field_count;
	set->regex_count = c->b.regex_count;
	return true;
}

static void mark_feeds(struct compiler *c)
{
	uint32_t indexes[CORRELATION_SOURCES_MAX];
	struct span missing;

	for (size_t i = 0; i < c->draft_count; i++)
		if (c->drafts[i].correlation && !c->drafts[i].refused &&
		    resolve(c, c->drafts[i].correlation, indexes, &missing))
			for (uint32_t k = 0; k < c->drafts[i].correlation->rule_count; k++)
				c->drafts[indexes[k]].rule->feeds = true;
}

bool link_set(struct compiler *c, struct sigma_set *set)
{
	uint32_t *ranks = ARENA_ARRAY(c->b.scratch, c->draft_count + 1, uint32_t);

	if (!ranks)
		return compiler_out_of_memory(c);
	if (!apply_filters(c) || !rank_correlations(c, ranks))
		return false;
	mark_feeds(c);
	drop_low_levels(c);
	if (!number_rules(c, set) || !link_correlations(c, set, ranks) ||
	    !group_rules(c, set) || !write_fields(c, set))
		return false;
	c->b.counts.loaded = c->b.counts.documents - c->b.counts.refused -
			     c->b.counts.not_applicable - c->b.counts.filters;
	set->counts = c->b.counts;
	return true;
}

