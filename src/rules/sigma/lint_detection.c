#include "rules/sigma/condition.h"
#include "rules/sigma/lint_rule.h"

/* Searches and the condition: what is not used, and what takes more than is meant. */

#define SEARCHES_MAX 512

struct search {
	const struct yaml_node *node;
	bool used;
};

struct condition {
	struct sigma_linter *l;
	const struct yaml_node *at;
	struct search *searches;
	size_t count;
	struct span rest, token;
	bool positive, negative;	/* a search stands outside, behind "not" */
};

static bool is_name(uint8_t c)
{
	return c > ' ' && c != '(' && c != ')' && c != '|';
}

static void next_token(struct condition *c)
{
	size_t len = 0;

	c->rest = span_trim(c->rest);
	if (c->rest.len && !is_name(c->rest.at[0]))
		len = 1;
	while (len < c->rest.len && is_name(c->rest.at[len]) && is_name(c->rest.at[0]))
		len++;
	c->token = span_sub(c->rest, 0, len);
	c->rest = span_from(c->rest, len);
}

static void take_pattern(struct condition *c, struct span quantity, struct span pattern)
{
	bool them = span_eq(pattern, SPAN("them")), filters = false, others = false;
	size_t found = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct span name = c->searches[i].node->key;

		if (them ? name.at[0] == '_' : !sigma_name_matches(pattern, name))
			continue;
		c->searches[i].used = true;
		found++;
		filters |= span_starts(name, SPAN("filter"));
		others |= !span_starts(name, SPAN("filter"));
	}
	if (found == 0)
		lint_tell(c->l, LINT_ERROR, "condition_fits_nothing", c->at, "'%.*s' fits no search",
			  SPAN_ARG(pattern));
	if (found == 1 && !them)
		lint_tell(c->l, LINT_NOTE, "condition_of_one", c->at,
			  "'%.*s of %.*s' fits one search only", SPAN_ARG(quantity), SPAN_ARG(pattern));
	if (them && filters && others)
		lint_tell(c->l, LINT_WARNING, "them_takes_filters", c->at,
			  "'%.*s of them' means the filters too", SPAN_ARG(quantity));
}

static bool is(const struct condition *c, const char *word)
{
	return span_eq_nocase(c->token, span_text(word));
}

static void take_name(struct condition *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (span_eq(c->searches[i].node->key, c->token)) {
			c->searches[i].used = true;
			return;
		}
	lint_tell(c->l, LINT_ERROR, "condition_unknown_search", c->at, "there is no search '%.*s'",
		  SPAN_ARG(span_sub(c->token, 0, 80)));
}

/* Flat: what the condition means is the compiler's to judge. */
static void walk_condition(struct condition *c)
{
	bool negated = false;
	int open = 0, negated_at = -1;

	for (next_token(c); c->token.len; next_token(c)) {
		struct span quantity = c->token;

		if (is(c, "(") || is(c, ")")) {
			open += is(c, "(") ? 1 : -1;
			if (open <= negated_at)
				negated_at = -1;
			if (is(c, "(") && negated && negated_at < 0)
				negated_at = open - 1;
			negated = false;
			continue;
		}
		if (is(c, "|")) {
			lint_tell(c->l, LINT_WARNING, "aggregation_old", c->at,
				  "aggregations behind | went with Sigma 2: write a correlation");
			next_token(c);
			if (!is(c, "near"))
				return;
			continue;
		}
		if (is(c, "and") || is(c, "or"))
			continue;
		if (is(c, "not")) {
			negated = true;
			continue;
		}
		if (negated || negated_at >= 0)
			c->negative = true;
		else
			c->positive = true;
		negated = false;
		if (is(c, "1") || is(c, "any") || is(c, "all")) {
			struct condition ahead = *c;

			next_token(&ahead);
			if (is(&ahead, "of")) {
				next_token(c);
				next_token(c);
				take_pattern(c, quantity, c->token);
				continue;
			}
		}
		take_name(c);
	}
}

static void lint_condition(struct sigma_linter *l, const struct yaml_node *condition,
			   struct search *searches, size_t count)
{
	struct condition c = { .l = l, .at = condition, .searches = searches, .count = count,
			       .rest = condition->text };

	if (condition->kind != YAML_SCALAR) {
		lint_tell(l, LINT_ERROR, "not_a_text", condition, "a condition is text");
		return;
	}
	walk_condition(&c);
	if (c.negative && !c.positive)
		lint_tell(l, LINT_WARNING, "condition_only_not", condition,
			  "nothing has to be there: nearly every event will do");
}

static void lint_conditions(struct sigma_linter *l, const struct yaml_node *condition,
			    struct search *searches, size_t count)
{
	if (condition->kind == YAML_LIST) {
		lint_tell(l, LINT_NOTE, "condition_list", condition,
			  "a list of conditions means any of them: say so with or");
		for (const struct yaml_node *n = condition->first; n; n = n->next)
			lint_condition(l, n, searches, count);
		return;
	}
	lint_condition(l, condition, searches, count);
}

static void lint_keyword(struct sigma_linter *l, const struct yaml_node *word)
{
	if (word->kind == YAML_SCALAR && word->text.len < 3)
		lint_tell(l, LINT_WARNING, "keyword_short", word,
			  "'%.*s' is in nearly every event", SPAN_ARG(word->text));
}

/* A map of items, or a list of such maps, of keywords or of such lists. */
static void lint_search(struct sigma_linter *l, const struct yaml_node *search)
{
	if (search->kind == YAML_SCALAR) {
		lint_keyword(l, search);
		return;
	}
	if (!search->count)
		lint_tell(l, LINT_ERROR, "search_empty", search, "a search without anything to find");
	for (const struct yaml_node *n = search->first; n; n = n->next) {
		if (search->kind == YAML_MAP)
			lint_item(l, n);
		else
			lint_search(l, n);
	}
	if (search->kind == YAML_LIST && search->count == 1 && search->first->kind == YAML_MAP)
		lint_tell(l, LINT_NOTE, "list_of_one", search, "a list of one map: the map alone will do");
}

void lint_detection(struct sigma_linter *l, const struct yaml_node *detection)
{
	struct search *searches = ARENA_ARRAY(l->arena, SEARCHES_MAX, struct search);
	const struct yaml_node *condition = yaml_get(detection, "condition");
	size_t count = 0;

	if (detection->kind != YAML_MAP || !searches)
		return;
	if (yaml_get(detection, "timeframe"))
		lint_tell(l, LINT_WARNING, "timeframe_old", yaml_get(detection, "timeframe"),
			  "timeframe went with Sigma 2: write a correlation with a timespan");
	for (const struct yaml_node *n = detection->first; n && count < SEARCHES_MAX; n = n->next) {
		if (span_eq(n->key, SPAN("condition")) || span_eq(n->key, SPAN("timeframe")) || !n->key.len)
			continue;
		searches[count++].node = n;
		lint_search(l, n);
	}
	if (!condition) {
		lint_tell(l, LINT_ERROR, "condition_missing", detection, "the detection has no condition");
		return;
	}
	lint_conditions(l, condition, searches, count);
	for (size_t i = 0; i < count; i++)
		if (!searches[i].used)
			lint_tell(l, LINT_WARNING, "search_unused", searches[i].node,
				  "the condition does not name '%.*s'", SPAN_ARG(searches[i].node->key));
}
