#include "rules/sigma/lint_rule.h"

#include <stdarg.h>
#include <stdio.h>

struct sigma_linter *sigma_linter_new(struct arena *arena, lint_fn *tell, void *context)
{
	struct sigma_linter *l = ARENA_NEW(arena, struct sigma_linter);

	if (l)
		*l = (struct sigma_linter){ .arena = arena, .tell = tell, .context = context,
					    .ids = map_new(arena) };
	return l;
}

void lint_tell(struct sigma_linter *l, enum lint_severity severity, const char *name,
	       const struct yaml_node *at, const char *format, ...)
{
	char text[400];
	struct lint_finding finding = { severity, name, l->file, 1, 1, text };
	va_list args;

	if (!at)
		at = l->doc;
	if (at) {
		finding.line = at->key_line ? at->key_line : at->line;
		finding.column = at->key_line ? at->key_column : at->column;
	}
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	l->tell(l->context, &finding);
}

bool lint_one_of(struct span text, const char *const *words)
{
	for (; *words; words++)
		if (span_eq(text, span_text(*words)))
			return true;
	return false;
}

/* ---- correlations and filters ---- */

static void refer(struct sigma_linter *l, const struct yaml_node *rule)
{
	struct lint_reference *r;

	if (rule->kind != YAML_SCALAR)
		return;
	r = arena_push(l->arena, (void **)&l->references, &l->reference_count, &l->reference_room,
		       sizeof *r);
	if (r)
		*r = (struct lint_reference){ rule->text, l->file, rule->line, rule->column };
}

static void refer_all(struct sigma_linter *l, const struct yaml_node *rules)
{
	if (!rules)
		return;
	if (rules->kind == YAML_SCALAR)
		refer(l, rules);
	for (const struct yaml_node *n = rules->first; n; n = n->next)
		refer(l, n);
}

static bool is_timespan(struct span text)
{
	uint64_t n;

	return text.len > 1 && strchr("smhd", text.at[text.len - 1]) &&
	       span_to_u64(span_sub(text, 0, text.len - 1), &n) && n > 0;
}

static void lint_correlation_condition(struct sigma_linter *l, const struct yaml_node *correlation,
				       bool is_temporal, bool needs_field)
{
	static const char *const words[] = { "gt", "gte", "lt", "lte", "eq", "neq", "field",
					     "percentile", NULL };
	const struct yaml_node *condition = yaml_get(correlation, "condition");
	bool compares = false;

	if (!condition && !is_temporal)
		lint_tell(l, LINT_ERROR, "correlation_condition_missing", correlation,
			  "this type needs a condition such as gte: 10");
	if (!condition || condition->kind != YAML_MAP)
		return;
	for (const struct yaml_node *n = condition->first; n; n = n->next) {
		if (!lint_one_of(n->key, words))
			lint_tell(l, LINT_ERROR, "correlation_condition_unknown", n,
				  "'%.*s' compares nothing", SPAN_ARG(n->key));
		compares |= n->key.len <= 3;
	}
	if (!compares)
		lint_tell(l, LINT_ERROR, "correlation_condition_missing", condition,
			  "no comparison: gt, gte, lt, lte, eq or neq");
	if (needs_field && !yaml_get(condition, "field"))
		lint_tell(l, LINT_ERROR, "correlation_field_missing", condition,
			  "this type counts the values of a field: name it");
}

void lint_correlation(struct sigma_linter *l, const struct yaml_node *correlation)
{
	static const char *const types[] = { "event_count", "value_count", "temporal",
					     "temporal_ordered", "value_sum", "value_avg",
					     "value_percentile", "value_median", NULL };
	struct span type = yaml_get_text(correlation, "type");
	struct span span = yaml_get_text(correlation, "timespan");
	const struct yaml_node *rules = yaml_get(correlation, "rules");
	const struct yaml_node *condition = yaml_get(correlation, "condition");
	bool is_temporal = span_starts(type, SPAN("temporal"));
	bool names_rules = is_temporal && condition && condition->kind == YAML_SCALAR;

	if (!lint_one_of(type, types))
		lint_tell(l, LINT_ERROR, "correlation_type_unknown", correlation,
			  "'%.*s' is no type of correlation", SPAN_ARG(type));
	if (!rules && !names_rules)
		lint_tell(l, LINT_ERROR, "correlation_rules_missing", correlation, "no rules to correlate");
	if (is_temporal && rules && rules->kind == YAML_LIST && rules->count < 2)
		lint_tell(l, LINT_WARNING, "correlation_of_one", rules,
			  "one rule alone is always in time with itself");
	if (!is_timespan(span))
		lint_tell(l, LINT_ERROR, "correlation_timespan_form", correlation,
			  "the timespan is a number with s, m, h or d");
	if (!yaml_get(correlation, "group-by"))
		lint_tell(l, LINT_NOTE, "correlation_not_grouped", correlation,
			  "without group-by, events of all hosts and users count together");
	lint_correlation_condition(l, correlation, is_temporal, span_starts(type, SPAN("value_")));
	refer_all(l, rules);
}

void lint_filter(struct sigma_linter *l, const struct yaml_node *filter)
{
	const struct yaml_node *rules = yaml_get(filter, "rules");

	if (!rules)
		lint_tell(l, LINT_ERROR, "filter_rules_missing", filter,
			  "a filter names its rules, or any");
	else if (!(rules->kind == YAML_SCALAR && span_eq(rules->text, SPAN("any"))))
		refer_all(l, rules);
	if (!yaml_get(filter, "condition"))
		lint_tell(l, LINT_ERROR, "condition_missing", filter, "the filter has no condition");
}

/* ---- documents ---- */

static void remember(struct sigma_linter *l, const char *key, const char *name)
{
	const struct yaml_node *node = yaml_get(l->doc, key);
	struct span folded;
	void **slot;

	if (!node || node->kind != YAML_SCALAR || !node->text.len)
		return;
	folded = arena_copy(l->arena, node->text);
	slot = map_slot(&l->ids, folded);
	if (slot && *slot)
		lint_tell(l, LINT_ERROR, name, node, "'%.*s' is already that of %s",
			  SPAN_ARG(node->text), (const char *)*slot);
	else if (slot)
		*slot = arena_text(l->arena, arena_printf(l->arena, "%s:%u", l->file, node->line));
}

static void lint_document(struct sigma_linter *l)
{
	const struct yaml_node *correlation, *filter, *action;

	if (yaml_is_empty(l->doc))
		return;
	if (l->doc->kind != YAML_MAP) {
		lint_tell(l, LINT_ERROR, "not_a_rule", l->doc, "the document is no map");
		return;
	}
	correlation = yaml_get(l->doc, "correlation");
	filter = yaml_get(l->doc, "filter");
	action = yaml_get(l->doc, "action");
	if (action)
		lint_tell(l, LINT_WARNING, "action_old", action,
			  "collections with action went with Sigma 2: write correlations or whole rules");
	if (action && span_eq(action->text, SPAN("global")))
		return;
	lint_info(l);
	remember(l, "id", "id_duplicate");
	remember(l, "name", "name_duplicate");
	if (correlation) {
		lint_correlation(l, correlation);
		return;
	}
	lint_logsource(l, yaml_get(l->doc, "logsource"));
	if (filter) {
		lint_filter(l, filter);
		return;
	}
	if (yaml_get(l->doc, "detection"))
		lint_detection(l, yaml_get(l->doc, "detection"));
	else if (!action)
		lint_tell(l, LINT_ERROR, "detection_missing", NULL, "no detection");
}

static void lint_file_name(struct sigma_linter *l)
{
	const char *slash = strrchr(l->file, '/');
	struct span name = span_text(slash ? slash + 1 : l->file);
	size_t good = 0;

	while (good < name.len && (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", name.at[good])))
		good++;
	if (good < name.len || !span_ends(name, SPAN(".yml")) || name.len < 10 || name.len > 90)
		lint_tell(l, LINT_NOTE, "file_name", NULL,
			  "file names of rules are lower-case words with _ between, 10 to 90 letters, and .yml");
}

static void lint_doubles(struct sigma_linter *l)
{
	for (const struct yaml_double *d = l->doc->doubles; d; d = d->next) {
		struct yaml_node here = { .line = d->kept.line, .column = d->kept.column };

		lint_tell(l, LINT_ERROR, "key_twice", &here, "the key '%.*s' stands in line %u already, which no longer counts",
			  SPAN_ARG(d->key), d->lost.line);
	}
}

void sigma_lint_file(struct sigma_linter *l, const char *file, struct span text)
{
	const struct yaml_node *doc = NULL;
	struct yaml_place place = { 1, 1 };
	struct err err = { 0 };
	struct yaml_node here = { 0 };

	l->file = file;
	l->doc = NULL;
	if (!yaml_parse(l->arena, text, NULL, &doc, &place, &err)) {
		here.line = place.line;
		here.column = place.column;
		lint_tell(l, LINT_ERROR, "yaml", &here, "%s", err.text);
	}
	if (doc)
		lint_file_name(l);
	for (; doc; doc = doc->next) {
		l->doc = doc;
		lint_doubles(l);
		lint_document(l);
	}
}

void sigma_lint_end(struct sigma_linter *l)
{
	for (size_t i = 0; i < l->reference_count; i++) {
		const struct lint_reference *r = &l->references[i];
		struct yaml_node here = { .line = r->line, .column = r->column };

		l->file = r->file;
		if (!map_get(&l->ids, r->what))
			lint_tell(l, LINT_WARNING, "reference_unknown", &here,
				  "no rule here has the id or name '%.*s'", SPAN_ARG(r->what));
	}
}
