#include "rules/sigma/correlation.h"

#include <stdlib.h>

static const struct {
	const char *name;
	enum correlation_type type;
	bool wants_field;
} types[] = {
	{ "event_count", CORRELATE_EVENT_COUNT, false },
	{ "value_count", CORRELATE_VALUE_COUNT, true },
	{ "temporal", CORRELATE_TEMPORAL, false },
	{ "temporal_ordered", CORRELATE_TEMPORAL_ORDERED, false },
	{ "value_sum", CORRELATE_SUM, true },
	{ "value_avg", CORRELATE_AVERAGE, true },
	{ "value_percentile", CORRELATE_PERCENTILE, true },
	{ "value_median", CORRELATE_MEDIAN, true },
};

static const struct {
	const char *name, *sign;
	enum compare compare;
} compares[] = {
	{ "gt", ">", COMPARE_GT },    { "gte", ">=", COMPARE_GTE }, { "lt", "<", COMPARE_LT },
	{ "lte", "<=", COMPARE_LTE }, { "eq", "==", COMPARE_EQ },   { "neq", "!=", COMPARE_NEQ },
	{ "eq", "=", COMPARE_EQ },
};

#define COMPARES (sizeof compares / sizeof *compares)

static bool read_timespan(struct span text, uint64_t *nanoseconds)
{
	static const char units[] = "smhdwMy";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 604800, 2629746, 31556952 };
	const char *unit = text.len ? strchr(units, text.at[text.len - 1]) : NULL;
	uint64_t n;

	return unit && *unit && span_to_u64(span_sub(text, 0, text.len - 1), &n) &&
	       !__builtin_mul_overflow(n, seconds[unit - units], &n) &&
	       !__builtin_mul_overflow(n, (uint64_t)TIME_SECOND, nanoseconds) &&
	       *nanoseconds <= INT64_MAX && *nanoseconds > 0;
}

/* A scalar or list of scalars into a small array. */
static bool read_names(struct sigma_doc *doc, const struct yaml_node *node, struct span *out,
		       uint32_t *count, uint32_t most)
{
	*count = 0;
	if (!node)
		return true;
	if (node->kind == YAML_MAP)
		return sigma_refuse(doc, node, "a map where a list of names should stand");
	for (const struct yaml_node *n = node->kind == YAML_LIST ? node->first : node; n;
	     n = node->kind == YAML_LIST ? n->next : NULL) {
		if (n->kind != YAML_SCALAR || n->text.len == 0)
			return sigma_refuse(doc, n, "not a name");
		if (*count == most)
			return sigma_refuse(doc, n, "more than %u names", most);
		out[(*count)++] = n->text;
	}
	return true;
}

static bool add_test(struct sigma_doc *doc, struct correlation *c, const struct yaml_node *at,
		     enum compare compare, struct span number)
{
	struct correlation_test *test = &c->tests[c->test_count];
	char *end;

	if (c->test_count == CORRELATION_TESTS_MAX)
		return sigma_refuse(doc, at, "too many comparisons");
	test->compare = compare;
	test->number = strtod((const char *)number.at, &end);
	if (number.len == 0 || *end)
		return sigma_refuse(doc, at, "a comparison without a number");
	c->test_count++;
	return true;
}

static bool read_tests(struct sigma_doc *doc, const struct yaml_node *condition,
		       struct correlation_draft *d)
{
	for (const struct yaml_node *n = condition->first; n; n = n->next) {
		size_t i = 0;

		if (span_eq(n->key, SPAN("field"))) {
			if (!read_names(doc, n, d->fields, &d->c.field_count, CORRELATION_FIELDS_MAX))
				return false;
			continue;
		}
		if (span_eq(n->key, SPAN("percentile"))) {
			d->c.percentile = n->kind == YAML_SCALAR ? strtod((const char *)n->text.at, NULL)
								 : -1;
			if (!(d->c.percentile >= 0 && d->c.percentile <= 100))
				return sigma_refuse(doc, n, "a percentile is from 0 to 100");
			continue;
		}
		while (i < COMPARES && !span_eq(n->key, span_text(compares[i].name)))
			i++;
		if (i == COMPARES || n->kind != YAML_SCALAR)
			return sigma_refuse(doc, n, "unknown comparison '%.*s'", SPAN_ARG(n->key));
		if (!add_test(doc, &d->c, n, compares[i].compare, n->text))
			return false;
	}
	return true;
}

static bool is_operator(struct span word)
{
	return span_eq_nocase(word, SPAN("and")) || span_eq_nocase(word, SPAN("or")) ||
	       span_eq_nocase(word, SPAN("not"));
}

/* An extended condition may stand without a list of rules: it names them. */
static bool rules_of_condition(struct sigma_doc *doc, const struct yaml_node *condition,
			       struct correlation_draft *d)
{
	struct span rest = condition->text;

	while (rest.len) {
		size_t len = 0;
		uint32_t known = 0;
		struct span word;

		while (len < rest.len && rest.at[len] > ' ' && !strchr("()", rest.at[len]))
			len++;
		word = span_sub(rest, 0, len);
		rest = span_from(rest, len ? len : 1);
		while (known < d->rule_count && !span_eq(d->rules[known], word))
			known++;
		if (len == 0 || is_operator(word) || known < d->rule_count)
			continue;
		if (d->rule_count == CORRELATION_SOURCES_MAX)
			return sigma_refuse(doc, condition, "more than %u names", d->rule_count);
		d->rules[d->rule_count++] = word;
	}
	return true;
}

/* In order, all must be there; then the condition says no more than the list of rules. */
static bool read_ordered(struct sigma_doc *doc, const struct yaml_node *condition,
			 struct correlation_draft *d)
{
	const struct node *node = d->c.condition;

	if (node->kind == NODE_AND ? node->count != d->rule_count : d->rule_count != 1)
		return sigma_refuse(doc, condition, "an order of rules that need not all be there");
	for (uint32_t i = 0; node->kind == NODE_AND && i < node->count; i++)
		if (node->kids[i]->kind != NODE_PRED)
			return sigma_refuse(doc, condition,
					    "an order of rules that need not all be there");
	d->c.condition = NULL;
	return true;
}

/* "rule_a and not rule_b": predicates that stand for the sources. */
static bool read_extended(struct sigma_doc *doc, const struct yaml_node *condition,
			  struct correlation_draft *d)
{
	struct condition_names names = { 0 };

	if (d->rule_count == 0 && !rules_of_condition(doc, condition, d))
		return false;
	for (uint32_t i = 0; i < d->rule_count; i++) {
		struct condition_name *name = arena_push(doc->build->scratch, (void **)&names.at,
							 &names.count, &names.room, sizeof *name);
		struct pred pred = { .kind = PRED_EXISTS, .other = i };

		if (!name)
			return sigma_refuse(doc, condition, "out of memory for rules");
		name->name = d->rules[i];
		name->node = sigma_node_pred(doc->build, &pred);
		if (!name->node)
			return sigma_refuse(doc, condition, "out of memory for rules");
	}
	d->c.condition = sigma_condition(doc, condition, condition->text, &names, NULL);
	if (!d->c.condition)
		return false;
	return d->c.type == CORRELATE_TEMPORAL || read_ordered(doc, condition, d);
}

static bool read_condition(struct sigma_doc *doc, const struct yaml_node *section,
			   struct correlation_draft *d, bool wants_field)
{
	const struct yaml_node *condition = yaml_get(section, "condition");
	bool temporal = d->c.type == CORRELATE_TEMPORAL || d->c.type == CORRELATE_TEMPORAL_ORDERED;

	if (!condition)
		return temporal || sigma_refuse(doc, section, "a correlation without condition");
	if (condition->kind == YAML_SCALAR)
		return temporal
			       ? read_extended(doc, condition, d)
			       : sigma_refuse(doc, condition, "this correlation needs a comparison");
	if (condition->kind != YAML_MAP || !read_tests(doc, condition, d))
		return doc->err->code ? false : sigma_refuse(doc, condition, "not a condition");
	if (d->c.test_count == 0 && !temporal)
		return sigma_refuse(doc, condition, "a condition without comparison");
	if (wants_field && d->c.field_count == 0)
		return sigma_refuse(doc, condition, "this correlation needs a field");
	return true;
}

static bool read_generate(struct sigma_doc *doc, const struct yaml_node *section)
{
	const struct yaml_node *generate = yaml_get(section, "generate");

	if (!generate)
		generate = yaml_get(doc->root, "generate");
	return generate && generate->kind == YAML_SCALAR && yaml_is_true(generate);
}

bool correlation_read(struct sigma_doc *doc, struct correlation_draft *d)
{
	const struct yaml_node *section = yaml_get(doc->root, "correlation");
	struct span type = yaml_get_text(section, "type");
	struct span timespan = yaml_get_text(section, "timespan");
	size_t i = 0;

	if (section->kind != YAML_MAP)
		return sigma_refuse(doc, section, "correlation is not a map");
	while (i < sizeof types / sizeof *types && !span_eq(type, span_text(types[i].name)))
		i++;
	if (i == sizeof types / sizeof *types)
		return sigma_refuse(doc, section, "unknown correlation type '%.*s'", SPAN_ARG(type));
	d->place = (struct yaml_place){ section->line, section->column };
	d->c.type = types[i].type;
	d->c.percentile = 50;
	d->generate = read_generate(doc, section);
	d->aliases = yaml_get(section, "aliases");
	if (!read_timespan(timespan, &d->c.timespan))
		return sigma_refuse(doc, section, "timespan '%.*s' is no time like 10m",
				    SPAN_ARG(timespan));
	if (!read_names(doc, yaml_get(section, "rules"), d->rules, &d->rule_count,
			CORRELATION_SOURCES_MAX) ||
	    !read_names(doc, yaml_get(section, "group-by"), d->group_by, &d->c.group_count,
			CORRELATION_FIELDS_MAX))
		return false;
	return read_condition(doc, section, d, types[i].wants_field) &&
	       (d->rule_count || sigma_refuse(doc, section, "a correlation without rules"));
}

static bool is_sign(uint8_t c)
{
	return c == '<' || c == '>' || c == '=' || c == '!';
}

/* Up to a space, a comma, with it, or to where a sign begins or ends. */
static struct span word(struct span *rest)
{
	size_t len = 0;
	struct span got;

	*rest = span_trim(*rest);
	while (len < rest->len && rest->at[len] > ' ' && is_sign(rest->at[len]) == is_sign(rest->at[0]) &&
	       (!len || rest->at[len - 1] != ','))
		len++;
	got = span_sub(*rest, 0, len);
	*rest = span_from(*rest, len);
	return got;
}

static bool pipe_function(struct sigma_doc *doc, const struct yaml_node *at, struct span function,
			  struct correlation_draft *d)
{
	size_t open = span_find_byte(function, 0, '(');
	struct span name = span_sub(function, 0, open == SIZE_MAX ? 0 : open);
	struct span field = open == SIZE_MAX ? name : span_from(function, open + 1);

	if (open == SIZE_MAX || field.len == 0 || field.at[field.len - 1] != ')')
		return sigma_refuse(doc, at, "unknown aggregation '%.*s'", SPAN_ARG(function));
	field.len--;
	d->c.field_count = field.len ? 1 : 0;
	d->fields[0] = field;
	if (span_eq(name, SPAN("count")))
		d->c.type = field.len ? CORRELATE_VALUE_COUNT : CORRELATE_EVENT_COUNT;
	else if (span_eq(name, SPAN("sum")) && field.len)
		d->c.type = CORRELATE_SUM;
	else if (span_eq(name, SPAN("avg")) && field.len)
		d->c.type = CORRELATE_AVERAGE;
	else if ((span_eq(name, SPAN("min")) || span_eq(name, SPAN("max"))) && field.len)
		d->c.type = CORRELATE_PERCENTILE;
	else
		return sigma_refuse(doc, at, "unknown aggregation '%.*s'", SPAN_ARG(function));
	d->c.percentile = span_eq(name, SPAN("max")) ? 100 : 0;
	return true;
}

/* The span of an old aggregation; without one it is over all of the logs. */
static bool read_timeframe(struct sigma_doc *doc, const struct yaml_node *at, struct correlation_draft *d)
{
	struct span timeframe = yaml_get_text(yaml_get(doc->root, "detection"), "timeframe");

	d->place = (struct yaml_place){ at->line, at->column };
	return !timeframe.len || read_timespan(timeframe, &d->c.timespan) ||
	       sigma_refuse(doc, at, "timeframe '%.*s' is no time like 10m", SPAN_ARG(timeframe));
}

bool correlation_read_near(struct sigma_doc *doc, const struct yaml_node *at, const struct condition_pipe *pipe,
			   struct correlation_draft *d)
{
	const struct node *kids[CONDITION_NEAR_MAX];

	for (uint32_t i = 0; i < pipe->near_count; i++) {
		struct pred pred = { .kind = PRED_EXISTS, .other = i + 1 };

		kids[i] = sigma_node_pred(doc->build, &pred);
		if (kids[i] && pipe->near[i].absent)
			kids[i] = sigma_node_not(doc->build, kids[i]);
		if (!kids[i])
			return sigma_refuse(doc, at, "out of memory for rules");
	}
	d->c.type = CORRELATE_NEAR;
	d->c.condition = sigma_node(doc->build, NODE_AND, kids, pipe->near_count);
	return read_timeframe(doc, at, d) &&
	       (d->c.condition || sigma_refuse(doc, at, "out of memory for rules"));
}

bool correlation_read_pipe(struct sigma_doc *doc, const struct yaml_node *at, struct span text,
			   struct correlation_draft *d)
{
	struct span function = word(&text), sign;
	size_t i = 0;

	if (!pipe_function(doc, at, function, d) || !read_timeframe(doc, at, d))
		return false;
	sign = word(&text);
	if (span_eq_nocase(sign, SPAN("by"))) {
		for (sign = word(&text); sign.len && !strchr("<>=!", sign.at[0]); sign = word(&text)) {
			if (sign.at[sign.len - 1] == ',')
				sign.len--;
			if (d->c.group_count == CORRELATION_FIELDS_MAX)
				return sigma_refuse(doc, at, "too many fields behind 'by'");
			d->group_by[d->c.group_count++] = sign;
		}
	}
	while (i < COMPARES && !span_eq(sign, span_text(compares[i].sign)))
		i++;
	if (i == COMPARES)
		return sigma_refuse(doc, at, "an aggregation without comparison");
	return add_test(doc, &d->c, at, compares[i].compare,
			arena_copy(doc->build->scratch, word(&text)));
}

static bool is_called(const struct correlation_draft *d, uint32_t rule, struct span word)
{
	return span_eq(word, d->rules[rule]) || span_eq_nocase(word, d->ids[rule]) || span_eq(word, d->names[rule]);
}

/* The name that `name` has in that rule, by way of the aliases. */
static struct span aliased(const struct correlation_draft *d, struct span name, uint32_t rule)
{
	for (const struct yaml_node *n = d->aliases ? d->aliases->first : NULL; n; n = n->next) {
		if (!span_eq(n->key, name) || n->kind != YAML_MAP)
			continue;
		for (const struct yaml_node *r = n->first; r; r = r->next)
			if (is_called(d, rule, r->key) && r->kind == YAML_SCALAR)
				return r->text;
	}
	return name;
}

static const uint32_t *field_numbers(struct sigma_build *b, const struct correlation_draft *d,
				     const struct span *names, uint32_t count, uint32_t rule)
{
	uint32_t *numbers = ARENA_ARRAY(b->image, count ? count : 1, uint32_t);

	for (uint32_t i = 0; numbers && i < count; i++)
		if (!sigma_field(b, aliased(d, names[i], rule), &numbers[i]))
			return NULL;
	return numbers;
}

bool correlation_link(struct sigma_build *b, const struct correlation_draft *d,
		      const uint32_t *numbers, struct correlation *out)
{
	struct correlation_source *sources = ARENA_ARRAY(b->image, d->rule_count,
							 struct correlation_source);
	struct span *names = ARENA_ARRAY(b->image, d->c.group_count ? d->c.group_count : 1,
					 struct span);

	if (!sources || !names)
		return false;
	*out = d->c;
	for (uint32_t i = 0; i < d->rule_count; i++) {
		sources[i].rule = numbers[i];
		sources[i].group_by = field_numbers(b, d, d->group_by, d->c.group_count, i);
		sources[i].fields = field_numbers(b, d, d->fields, d->c.field_count, i);
		if (!sources[i].group_by || !sources[i].fields)
			return false;
	}
	for (uint32_t i = 0; i < d->c.group_count; i++)
		names[i] = arena_copy(b->image, d->group_by[i]);
	out->sources = sources;
	out->source_count = d->rule_count;
	out->group_names = names;
	return true;
}
