#include "rules/sigma/build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/sigma/rule.h"
#include "rules/sigma/witness.h"

#define SCRATCH_MAX ((size_t)2 << 30)
#define FILE_MAX ((size_t)32 << 20)

struct compiler {
	struct sigma_build b;
	struct logsource_table table;
	struct rule_draft *drafts;
	size_t draft_count, draft_room;
	struct filter_draft *filters;
	size_t filter_count, filter_room;
	const struct yaml_node *global, *previous;	/* old "action" collections */
	struct map by_name;				/* id, name -> draft index + 1 */
	struct err *err;
};

static void tell(struct compiler *c, enum sigma_problem_kind kind, struct span file,
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

static bool out_of_memory(struct compiler *c)
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
	name_draft(c, id, index);
	name_draft(c, yaml_get_text(doc->root, "name"), index);
	name_draft(c, c->drafts[index].rule->info.title, index);
}

/* An old aggregation: the detection becomes the silent source of a correlation. */
static bool split_pipe(struct compiler *c, size_t index)
{
	struct rule_draft *judge = new_draft(c), *source = &c->drafts[index];

	if (!judge)
		return false;
	judge->rule->info = source->rule->info;
	judge->correlation = source->correlation;
	judge->place = source->place;
	source->correlation = NULL;
	source->rule->info.silent = true;
	judge->correlation->rule_count = 1;
	judge->correlation->rules[0] = arena_printf(c->b.scratch, "%zu", index);
	name_draft(c, judge->correlation->rules[0], index);
	return judge->correlation->rules[0].at != NULL;
}

static bool read_rule(struct compiler *c, struct sigma_doc *doc)
{
	struct rule_draft *draft = new_draft(c);
	size_t index = c->draft_count - 1;
	bool ok;

	if (!draft)
		return out_of_memory(c);
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
		return split_pipe(c, index) || out_of_memory(c);
	return true;
}

static bool read_filter(struct compiler *c, struct sigma_doc *doc)
{
	struct filter_draft *filter = arena_push(c->b.scratch, (void **)&c->filters, &c->filter_count,
						 &c->filter_room, sizeof *filter);

	if (!filter)
		return out_of_memory(c);
	if (filter_read(doc, filter)) {
		c->b.counts.filters++;
		return true;
	}
	c->filter_count--;
	return false;
}

static void read_document(struct compiler *c, struct span file, const struct yaml_node *root)
{
	struct err err = { 0 };
	struct sigma_doc doc = { .build = &c->b, .file = file, .root = root, .err = &err };
	bool ok;

	if (root->kind == YAML_MAP && take_action(c, &root))
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
	if (!ok) {
		const struct yaml_node *at = doc.at ? doc.at : root;

		tell(c, SIGMA_REFUSED, file, (struct yaml_place){ at->line, at->column }, doc.name,
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
		tell(c, SIGMA_REFUSED, source->path, place, (struct span){ 0 }, err.text);
	}
}

static bool names_rule(const struct yaml_node *list, const struct rule_draft *draft)
{
	if (list->kind == YAML_SCALAR)
		return span_eq_nocase(list->text, SPAN("any")) ||
		       span_eq(list->text, draft->rule->info.id) || span_eq(list->text, draft->name);
	for (const struct yaml_node *n = list->first; n; n = n->next)
		if (n->kind == YAML_SCALAR && (span_eq(n->text, draft->rule->info.id) ||
					       span_eq(n->text, draft->rule->info.title) ||
					       (draft->name.len && span_eq(n->text, draft->name))))
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
				return out_of_memory(c);
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
	tell(c, SIGMA_REFUSED, draft->rule->info.file, draft->place, draft->rule->info.id, reason);
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
		return out_of_memory(c);
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
		return out_of_memory(c);
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
				indexes[k] = source->info.number;
			}
			d->c.rank = rank;
			d->c.rule = c->drafts[i].rule->info.number;
			if (!correlation_link(&c->b, d, indexes, &all[set->correlation_count++]))
				return out_of_memory(c);
			c->b.counts.correlations++;
		}
	}
	set->correlations = all;
	return true;
}

/* Groups: rules of one log source. */
struct group_draft {
	struct logsource source;
	uint32_t *rules;
	size_t count, room;
	bool routed;
};

struct groups {
	struct group_draft *at;
	size_t count, room;
};

static struct group_draft *group_for(struct compiler *c, struct groups *groups,
				     const struct logsource *source)
{
	struct group_draft *group;

	for (size_t i = 0; i < groups->count; i++)
		if (logsource_same(&groups->at[i].source, source))
			return &groups->at[i];
	group = arena_push(c->b.scratch, (void **)&groups->at, &groups->count, &groups->room,
			   sizeof *group);
	if (group)
		group->source = *source;
	return group;
}

static bool route_group(struct compiler *c, struct group_draft *group, uint32_t number)
{
	for (size_t i = 0; i < c->table.entry_count; i++) {
		struct logsource_entry *entry = &c->table.entries[i];
		uint32_t *added;

		if (!logsource_wants(&c->table, &group->source, entry))
			continue;
		added = arena_push(c->b.scratch, (void **)&entry->groups, &entry->group_count,
				   &entry->group_room, sizeof *added);
		if (!added)
			return out_of_memory(c);
		*added = number;
		group->routed = true;
	}
	return true;
}

static bool gather_groups(struct compiler *c, struct groups *groups)
{
	for (size_t i = 0; i < c->draft_count; i++) {
		struct rule_draft *draft = &c->drafts[i];
		struct group_draft *group;
		uint32_t *slot;

		if (draft->refused || !draft->rule->root)
			continue;
		group = group_for(c, groups, &draft->source);
		slot = group ? arena_push(c->b.scratch, (void **)&group->rules, &group->count,
					  &group->room, sizeof *slot) : NULL;
		if (!slot)
			return out_of_memory(c);
		*slot = (uint32_t)i;
		draft->rule->group = (uint32_t)(group - groups->at);
	}
	for (size_t i = 0; i < groups->count; i++)
		if (!route_group(c, &groups->at[i], (uint32_t)i))
			return false;
	return true;
}

/* One literal of a group's index with the rules it wakes. */
struct wake {
	struct witness_literal literal;
	uint32_t *rules;
	size_t count, room;
};

struct index_build {
	struct map by_literal;
	struct wake **wakes;
	size_t count, room;
};

static bool add_wake(struct compiler *c, struct index_build *ib, const struct witness_literal *l,
		     uint32_t rule)
{
	void **slot = map_slot(&ib->by_literal,
			       arena_printf(c->b.scratch, "%u %u %.*s", l->field, (unsigned)l->anchor,
					    SPAN_ARG(l->text)));
	struct wake *wake, **added;
	uint32_t *number;

	if (!slot)
		return false;
	if (!*slot) {
		wake = ARENA_NEW(c->b.scratch, struct wake);
		added = arena_push(c->b.scratch, (void **)&ib->wakes, &ib->count, &ib->room,
				   sizeof *added);
		if (!wake || !added)
			return false;
		wake->literal = *l;
		*added = *slot = wake;
	}
	wake = *slot;
	if (wake->count && wake->rules[wake->count - 1] == rule)
		return true;
	number = arena_push(c->b.scratch, (void **)&wake->rules, &wake->count, &wake->room,
			    sizeof *number);
	if (number)
		*number = rule;
	return number != NULL;
}

static int by_field(const void *a, const void *b)
{
	const struct wake *const *x = a, *const *y = b;

	return (*x)->literal.field < (*y)->literal.field ? -1
							 : (*x)->literal.field > (*y)->literal.field;
}

/* Whether some character of each is none of those that numbers, GUIDs, SIDs and times are written in. */
static bool only_in_texts(const struct gram_literal *literals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < literals[i].text.len &&
		       memchr("0123456789abcdefxtzs-+{}:., ", literals[i].text.at[k], 28))
			k++;
		if (k == literals[i].text.len)
			return false;
	}
	return true;
}

/* Lists of rules and, per field, the literals that lead to them. */
static bool write_index(struct compiler *c, struct index_build *ib, struct group *group)
{
	struct rule_list *lists = ARENA_ARRAY(c->b.image, ib->count + 1, struct rule_list);
	struct gram_literal *literals = ARENA_ARRAY(c->b.scratch, ib->count + 1, struct gram_literal);
	struct field_index *indexes = ARENA_ARRAY(c->b.image, ib->count + 1, struct field_index);

	if (!lists || !literals || !indexes)
		return false;
	if (ib->count)
		qsort(ib->wakes, ib->count, sizeof *ib->wakes, by_field);
	for (size_t start = 0, i = 0; i < ib->count; i++) {
		const struct wake *wake = ib->wakes[i];
		uint32_t *rules = ARENA_ARRAY(c->b.image, wake->count, uint32_t);

		if (!rules)
			return false;
		memcpy(rules, wake->rules, wake->count * sizeof *rules);
		lists[i] = (struct rule_list){ rules, (uint32_t)wake->count };
		literals[i] = (struct gram_literal){ wake->literal.text, wake->literal.anchor,
						     (uint32_t)i };
		if (i + 1 < ib->count && ib->wakes[i + 1]->literal.field == wake->literal.field)
			continue;
		indexes[group->index_count++] = (struct field_index){
			.field = wake->literal.field,
			.texts_only = only_in_texts(literals + start, i + 1 - start),
			.grams = gram_build(c->b.image, literals + start, i + 1 - start),
		};
		start = i + 1;
	}
	group->lists = lists;
	group->list_count = (uint32_t)ib->count;
	group->indexes = indexes;
	for (uint32_t i = 0; i < group->index_count; i++)
		if (!indexes[i].grams)
			return false;
	return true;
}

static bool index_group(struct compiler *c, const struct group_draft *draft,
			const struct popularity *popularity, struct group *group)
{
	struct index_build ib = { .by_literal = map_new(c->b.scratch) };
	uint32_t *always = ARENA_ARRAY(c->b.image, draft->count + 1, uint32_t);

	if (!always)
		return out_of_memory(c);
	group->rule_count = (uint32_t)draft->count;
	for (size_t i = 0; i < draft->count; i++) {
		const struct compiled_rule *rule = c->drafts[draft->rules[i]].rule;
		struct witness witness;

		if (!witness_find(popularity, rule->root, &witness))
			return out_of_memory(c);
		if (isinf(witness.cost)) {
			always[group->always_count++] = rule->info.number;
			c->b.counts.always_woken++;
			continue;
		}
		for (size_t k = 0; k < witness.count; k++)
			if (!add_wake(c, &ib, &witness.literals[k], rule->info.number))
				return out_of_memory(c);
	}
	group->always = always;
	return write_index(c, &ib, group) || out_of_memory(c);
}

static bool write_groups(struct compiler *c, struct sigma_set *set, const struct groups *groups)
{
	struct popularity popularity = popularity_new(c->b.scratch, c->b.fields);
	struct group *all = ARENA_ARRAY(c->b.image, groups->count + 1, struct group);

	if (!all)
		return out_of_memory(c);
	for (size_t i = 0; i < set->rule_count; i++)
		if (set->rules[i]->root && !popularity_add(&popularity, set->rules[i]->root))
			return out_of_memory(c);
	for (size_t i = 0; i < groups->count; i++)
		if (!index_group(c, &groups->at[i], &popularity, &all[i]))
			return false;
	set->groups = all;
	set->group_count = (uint32_t)groups->count;
	return true;
}

static bool write_routes(struct compiler *c, struct sigma_set *set)
{
	struct route *routes = ARENA_ARRAY(c->b.image, c->table.entry_count + 1, struct route);
	struct span *keys = ARENA_ARRAY(c->b.image, c->table.key_count + 1, struct span);

	if (!routes || !keys)
		return out_of_memory(c);
	for (size_t i = 0; i < c->table.entry_count; i++) {
		const struct logsource_entry *entry = &c->table.entries[i];
		uint32_t *groups;

		if (entry->group_count == 0)
			continue;
		groups = ARENA_ARRAY(c->b.image, entry->group_count, uint32_t);
		if (!groups)
			return out_of_memory(c);
		memcpy(groups, entry->groups, entry->group_count * sizeof *groups);
		routes[set->route_count] = entry->route;
		routes[set->route_count].groups = groups;
		routes[set->route_count++].group_count = (uint32_t)entry->group_count;
	}
	for (size_t i = 0; i < c->table.key_count; i++)
		keys[i] = c->table.keys[i];
	set->routes = routes;
	set->route_keys = keys;
	set->route_key_count = (uint32_t)c->table.key_count;
	set->aliases = c->table.aliases;
	set->alias_count = c->table.alias_count;
	return true;
}

/* The set keeps rules that no log can answer, unwoken, so that they can be named. */
static void tell_unrouted(struct compiler *c, const struct groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t k = 0; !groups->at[i].routed && k < groups->at[i].count; k++) {
			const struct rule_draft *draft = &c->drafts[groups->at[i].rules[k]];

			tell(c, SIGMA_NOT_APPLICABLE, draft->rule->info.file, draft->place,
			     draft->rule->info.id, "no log source data for its logsource");
		}
	}
}

static void drop_low_levels(struct compiler *c)
{
	for (size_t i = 0; i < c->draft_count; i++) {
		struct rule_draft *draft = &c->drafts[i];

		if (draft->refused || draft->rule->feeds || draft->rule->info.silent ||
		    draft->rule->info.level >= c->b.options->least_level)
			continue;
		draft->refused = true;
		tell(c, SIGMA_NOT_APPLICABLE, draft->rule->info.file, draft->place,
		     draft->rule->info.id, "below the level asked for");
	}
}

static bool write_fields(struct compiler *c, struct sigma_set *set)
{
	struct span *fields = ARENA_ARRAY(c->b.image, c->b.field_count + 1, struct span);

	if (!fields)
		return out_of_memory(c);
	for (size_t i = 0; i < c->b.field_count; i++)
		fields[i] = c->b.fields[i];
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

static bool link_set(struct compiler *c, struct sigma_set *set)
{
	uint32_t *ranks = ARENA_ARRAY(c->b.scratch, c->draft_count + 1, uint32_t);
	struct groups groups = { 0 };

	if (!ranks)
		return out_of_memory(c);
	if (!apply_filters(c) || !rank_correlations(c, ranks))
		return false;
	mark_feeds(c);
	drop_low_levels(c);
	if (!number_rules(c, set) || !link_correlations(c, set, ranks) ||
	    !gather_groups(c, &groups) || !write_groups(c, set, &groups) || !write_routes(c, set) ||
	    !write_fields(c, set))
		return false;
	tell_unrouted(c, &groups);
	c->b.counts.loaded = c->b.counts.documents - c->b.counts.refused -
			     c->b.counts.not_applicable - c->b.counts.filters;
	set->counts = c->b.counts;
	return true;
}

static bool prepare(struct compiler *c)
{
	struct yaml_place place;

	c->by_name = map_new(c->b.scratch);
	c->b.field_numbers = map_new(c->b.scratch);
	if (c->b.options->placeholders.len &&
	    !yaml_parse(c->b.scratch, c->b.options->placeholders, NULL, &c->b.placeholders, &place,
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
	bool ok = set ? prepare(&c) : out_of_memory(&c);

	for (size_t i = 0; ok && i < count; i++) {
		read_source(&c, &sources[i]);
		if (scratch.exhausted || image->exhausted)
			ok = out_of_memory(&c);
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
