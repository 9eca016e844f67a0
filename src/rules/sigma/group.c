#include "rules/sigma/compile.h"

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
			return compiler_out_of_memory(c);
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
			return compiler_out_of_memory(c);
		*slot = (uint32_t)i;
		draft->rule->group = (uint32_t)(group - groups->at);
	}
	for (size_t i = 0; i < groups->count; i++)
		if (!route_group(c, &groups->at[i], (uint32_t)i))
			return false;
	return true;
}

static bool write_groups(struct compiler *c, struct sigma_set *set, const struct groups *groups)
{
	struct popularity popularity = popularity_new(c->b.scratch, c->b.fields);
	struct group *all = ARENA_ARRAY(c->b.image, groups->count + 1, struct group);

	if (!all)
		return compiler_out_of_memory(c);
	for (size_t i = 0; i < set->rule_count; i++)
		if (set->rules[i]->root && !popularity_add(&popularity, set->rules[i]->root))
			return compiler_out_of_memory(c);
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
		return compiler_out_of_memory(c);
	for (size_t i = 0; i < c->table.entry_count; i++) {
		const struct logsource_entry *entry = &c->table.entries[i];
		uint32_t *groups;

		if (entry->group_count == 0)
			continue;
		groups = ARENA_ARRAY(c->b.image, entry->group_count, uint32_t);
		if (!groups)
			return compiler_out_of_memory(c);
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
	set->joins = c->table.joins;
	set->join_count = c->table.join_count;
	return true;
}

/* The set keeps rules that no log can answer, unwoken, so that they can be named. */
static void tell_unrouted(struct compiler *c, const struct groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		for (size_t k = 0; !groups->at[i].routed && k < groups->at[i].count; k++) {
			const struct rule_draft *draft = &c->drafts[groups->at[i].rules[k]];

			compiler_tell(c, SIGMA_NOT_APPLICABLE, draft->rule->info.file, draft->place,
			     draft->rule->info.id, "no log source data for its logsource");
		}
	}
}

bool group_rules(struct compiler *c, struct sigma_set *set)
{
	struct groups groups = { 0 };

	if (!gather_groups(c, &groups) || !write_groups(c, set, &groups) || !write_routes(c, set))
		return false;
	tell_unrouted(c, &groups);
	return true;
}
