#include "rules/sigma/rule.h"

static struct span keep(struct sigma_doc *doc, struct span text)
{
	return arena_copy(doc->build->image, text);
}

/* A scalar, or the scalars of a list joined. */
static struct span joined(struct sigma_doc *doc, const struct yaml_node *node, const char *between)
{
	struct buf out = buf_new(1 << 16);
	struct span kept;

	if (node && node->kind == YAML_SCALAR)
		return keep(doc, node->text);
	for (const struct yaml_node *n = node && node->kind == YAML_LIST ? node->first : NULL; n;
	     n = n->next) {
		if (n->kind != YAML_SCALAR)
			continue;
		if (out.len)
			buf_text(&out, between);
		buf_add(&out, n->text);
	}
	kept = keep(doc, buf_span(&out));
	buf_free(&out);
	return kept;
}

static bool is_technique(struct span tag)
{
	return tag.len >= 12 && span_eq_nocase(span_sub(tag, 0, 8), SPAN("attack.t")) &&
	       tag.at[8] >= '0' && tag.at[8] <= '9';
}

/* "attack.t1059.001 attack.execution" to "T1059.001", and the harm they tell of. */
static void read_tags(struct sigma_doc *doc, struct sigma_rule *info)
{
	struct buf techniques = buf_new(1 << 12);
	struct span rest = info->tags;
	enum harm by_tactic = HARM_NONE;

	while (rest.len) {
		struct span tag = span_split(&rest, ' ');
		enum harm harm = harm_of_tag(tag);

		if (is_technique(tag)) {
			if (techniques.len)
				buf_add_u8(&techniques, ' ');
			buf_add_u8(&techniques, 'T');
			buf_add(&techniques, span_from(tag, 8));
			if (info->harm == HARM_NONE)
				info->harm = harm;
		} else if (by_tactic == HARM_NONE) {
			by_tactic = harm;
		}
	}
	if (info->harm == HARM_NONE)
		info->harm = by_tactic;
	info->techniques = keep(doc, buf_span(&techniques));
	buf_free(&techniques);
}

bool rule_read_info(struct sigma_doc *doc, struct sigma_rule *info)
{
	const struct yaml_node *title = yaml_get(doc->root, "title");
	struct span level = yaml_get_text(doc->root, "level");
	struct span harm = yaml_get_text(doc->root, "harm");

	if (!title || title->kind != YAML_SCALAR || title->text.len == 0)
		return sigma_refuse(doc, NULL, "no title");
	info->level = LEVEL_MEDIUM;
	if (level.len && !level_of_name(level, &info->level))
		return sigma_refuse(doc, yaml_get(doc->root, "level"), "unknown level '%.*s'",
				    SPAN_ARG(level));
	if (harm.len && !harm_of_name(harm, &info->harm))
		return sigma_refuse(doc, yaml_get(doc->root, "harm"), "unknown harm '%.*s'",
				    SPAN_ARG(harm));
	info->title = keep(doc, title->text);
	info->id = keep(doc, yaml_get_text(doc->root, "id"));
	if (info->id.len == 0)
		info->id = keep(doc, yaml_get_text(doc->root, "name"));
	if (info->id.len == 0)
		info->id = info->title;
	info->status = keep(doc, yaml_get_text(doc->root, "status"));
	info->description = keep(doc, yaml_get_text(doc->root, "description"));
	info->author = keep(doc, yaml_get_text(doc->root, "author"));
	info->tags = joined(doc, yaml_get(doc->root, "tags"), " ");
	info->falsepositives = joined(doc, yaml_get(doc->root, "falsepositives"), "; ");
	info->file = keep(doc, doc->file);
	info->line = doc->root->line;
	read_tags(doc, info);
	return info->file.at || sigma_refuse(doc, NULL, "out of memory for rules");
}

/* Searches of a detection or filter section, all but the words of the language. */
static bool read_searches(struct sigma_doc *doc, const struct yaml_node *section,
			  struct condition_names *names)
{
	for (const struct yaml_node *n = section->first; n; n = n->next) {
		struct condition_name *name;

		if (span_eq(n->key, SPAN("condition")) || span_eq(n->key, SPAN("timeframe")) ||
		    span_eq(n->key, SPAN("rules")))
			continue;
		name = arena_push(doc->build->scratch, (void **)&names->at, &names->count,
				  &names->room, sizeof *name);
		if (!name)
			return sigma_refuse(doc, n, "out of memory for rules");
		name->name = n->key;
		name->node = sigma_search(doc, n);
		if (!name->node)
			return doc->err->code ? false : sigma_refuse(doc, n, "out of memory for rules");
	}
	return true;
}

static const struct node *read_condition(struct sigma_doc *doc, const struct yaml_node *section,
					 struct condition_pipe *pipe)
{
	const struct yaml_node *condition = yaml_get(section, "condition");
	struct condition_names names = { 0 };
	const struct node *kids[16];
	uint32_t count = 0;

	if (!condition || condition->kind == YAML_MAP ||
	    (condition->kind == YAML_LIST && (!condition->count || condition->count > 16))) {
		sigma_refuse(doc, condition ? condition : section, "no condition");
		return NULL;
	}
	if (!read_searches(doc, section, &names))
		return NULL;
	for (const struct yaml_node *n = condition->kind == YAML_LIST ? condition->first : condition;
	     n; n = condition->kind == YAML_LIST ? n->next : NULL) {
		kids[count] = sigma_condition(doc, n, n->text, &names,
					      condition->kind == YAML_LIST ? NULL : pipe);
		if (!kids[count++])
			return NULL;
	}
	for (size_t i = 0; i < names.count; i++)
		if (!names.at[i].used && names.at[i].name.at[0] != '_')
			sigma_warn(doc, section, "a search that the condition does not use");
	return count == 1 ? kids[0] : sigma_node(doc->build, NODE_OR, kids, count);
}

bool rule_read(struct sigma_doc *doc, struct rule_draft *draft)
{
	const struct yaml_node *detection = yaml_get(doc->root, "detection");
	const struct yaml_node *condition = yaml_get(detection, "condition");

	if (!rule_read_info(doc, &draft->rule->info) ||
	    !logsource_read(doc, yaml_get(doc->root, "logsource"), &draft->source))
		return false;
	if (!detection || detection->kind != YAML_MAP)
		return sigma_refuse(doc, detection, "no detection");
	draft->rule->root = read_condition(doc, detection, &draft->pipe);
	if (!draft->rule->root)
		return doc->err->code ? false : sigma_refuse(doc, NULL, "out of memory for rules");
	if (!draft->pipe.text.len && !draft->pipe.near_count)
		return true;
	draft->correlation = ARENA_NEW(doc->build->scratch, struct correlation_draft);
	if (!draft->correlation)
		return sigma_refuse(doc, NULL, "out of memory for rules");
	return draft->pipe.near_count ? correlation_read_near(doc, condition, &draft->pipe, draft->correlation)
				      : correlation_read_pipe(doc, condition, draft->pipe.text, draft->correlation);
}

bool filter_read(struct sigma_doc *doc, struct filter_draft *draft)
{
	const struct yaml_node *filter = yaml_get(doc->root, "filter");
	struct sigma_rule info = { 0 };

	if (!rule_read_info(doc, &info))
		return false;
	if (yaml_get(doc->root, "logsource") &&
	    !logsource_read(doc, yaml_get(doc->root, "logsource"), &draft->source))
		return false;
	if (!filter || filter->kind != YAML_MAP)
		return sigma_refuse(doc, filter, "filter is not a map");
	draft->id = info.id;
	draft->rules = yaml_get(filter, "rules");
	if (!draft->rules)
		return sigma_refuse(doc, filter, "a filter without rules");
	draft->root = read_condition(doc, filter, NULL);
	return draft->root || doc->err->code ? draft->root != NULL
					     : sigma_refuse(doc, NULL, "out of memory for rules");
}
