#include "rules/sigma/join.h"

#include <stdlib.h>

#include "match/fold.h"

#define SHAPES_MAX (1u << 20)
#define PLAN_BYTES_MAX ((size_t)64 << 20)
#define FIELD_NAME_MAX 256

static uint32_t find_nocase(const struct event_shape *shape, struct span name)
{
	for (uint32_t i = 0; i < shape->count; i++)
		if (span_eq_nocase(shape->names[i], name))
			return i;
	return EVENT_NO_SLOT;
}

static const uint32_t *same_names(struct sigma_scanner *s, const struct event_shape *shape)
{
	uint32_t *same = ARENA_ARRAY(&s->plan_memory, shape->count + 1, uint32_t);
	struct map last = map_new(&s->memory);

	for (uint32_t i = shape->count; same && i-- > 0;) {
		void **slot = map_slot(&last, shape->names[i]);

		if (!slot)
			return NULL;
		same[i] = *slot ? (uint32_t)(uintptr_t)*slot - 1 : EVENT_NO_SLOT;
		*slot = (void *)((uintptr_t)i + 1);
	}
	return same;
}

/* Whether each field that the route tests stands in the shape at all. */
static bool route_fits(const struct route *route, const uint32_t *key_slots)
{
	for (uint32_t i = 0; i < route->test_count; i++)
		if (key_slots[route->tests[i].key] == EVENT_NO_SLOT)
			return false;
	return true;
}

static bool find_routes(struct sigma_scanner *s, struct plan *plan)
{
	const struct sigma_set *set = s->set;
	uint8_t *tested = ARENA_ARRAY(&s->memory, set->route_key_count + 1, uint8_t);
	uint32_t *memo_slots = ARENA_ARRAY(&s->plan_memory, set->route_key_count + 1, uint32_t);
	uint32_t *presence_slots = ARENA_ARRAY(&s->plan_memory, set->route_key_count + 1, uint32_t);

	for (uint32_t i = 0; i < set->route_count; i++)
		plan->route_count += route_fits(&set->routes[i], plan->key_slots);
	plan->routes = ARENA_ARRAY(&s->plan_memory, plan->route_count + 1, struct plan_route);
	if (!tested || !memo_slots || !presence_slots || !plan->routes)
		return false;
	plan->route_count = 0;
	for (uint32_t i = 0; i < set->route_count; i++) {
		const struct route *route = &set->routes[i];

		if (!route_fits(route, plan->key_slots))
			continue;
		plan->routes[plan->route_count++].route = route;
		for (uint32_t k = 0; k < route->test_count; k++)
			tested[route->tests[k].key] |= route->tests[k].any ? 1 : 2;
	}
	for (uint32_t i = 0; i < set->route_key_count; i++)
		if (tested[i] > 1)
			memo_slots[plan->memo_slot_count++] = plan->key_slots[i];
		else if (tested[i])
			presence_slots[plan->presence_slot_count++] = plan->key_slots[i];
	plan->memo_slots = memo_slots;
	plan->presence_slots = presence_slots;
	return true;
}

static bool note_routing(struct sigma_scanner *s, struct plan *plan)
{
	bool *routes_by = ARENA_ARRAY(&s->plan_memory, plan->shape->count + 1, bool);

	for (uint32_t i = 0; routes_by && i < plan->memo_slot_count; i++)
		for (uint32_t slot = plan->memo_slots[i]; slot != EVENT_NO_SLOT; slot = plan->same[slot])
			routes_by[slot] = true;
	plan->routes_by = routes_by;
	return routes_by != NULL;
}

static const char *const detail_names[] = {
	"EventID", "Channel", "Provider_Name", "Image", "CommandLine", "ParentImage",
	"ParentCommandLine", "NewProcessName", "ParentProcessName", "ProcessId", "OriginalFileName",
	"Hashes", "TargetFilename", "TargetObject", "Details", "ImageLoaded", "PipeName", "QueryName",
	"SourceImage", "TargetImage", "GrantedAccess", "SourceIp", "DestinationIp", "DestinationPort",
	"DestinationHostname", "SubjectUserName", "TargetUserName", "LogonType", "IpAddress",
	"WorkstationName", "ProcessName", "ServiceName", "ImagePath", "ServiceFileName", "TaskName",
	"ShareName", "RelativeTargetName", "ObjectName", "ScriptBlockText", "Path", "ThreatName",
	"User", "Data", "message", "program", "exe", "cmdline", "eventName", "eventSource",
	"sourceIPAddress", "userIdentity.arn", "operationName", "c-ip", "cs-method", "cs-uri-stem",
	"cs-uri-query", "sc-status", "cs-user-agent",
};

#define DETAILS (sizeof detail_names / sizeof *detail_names)

static bool find_details(struct sigma_scanner *s, struct plan *plan,
			 const struct event_shape *shape)
{
	static const char *const user_names[] = { "User", "TargetUserName", "SubjectUserName",
						  "AccountName", "user", "acct",
						  "userIdentity.userName", "user.name" };
	uint32_t *slots = ARENA_ARRAY(&s->plan_memory, DETAILS, uint32_t);

	if (!slots)
		return false;
	for (size_t i = 0; i < DETAILS; i++) {
		uint32_t slot = event_shape_find(shape, span_text(detail_names[i]));

		if (slot != EVENT_NO_SLOT)
			slots[plan->detail_count++] = slot;
	}
	plan->detail_slots = slots;
	plan->record_slot = event_shape_find(shape, SPAN("EventRecordID"));
	plan->user_slot = EVENT_NO_SLOT;
	for (size_t i = 0; plan->user_slot == EVENT_NO_SLOT &&
			   i < sizeof user_names / sizeof *user_names; i++)
		plan->user_slot = event_shape_find(shape, span_text(user_names[i]));
	if (plan->user_slot == EVENT_NO_SLOT)
		plan->user_slot = shape->user;
	return true;
}

static struct plan *new_plan(struct sigma_scanner *s, const struct event_shape *shape)
{
	struct plan *plan = ARENA_NEW(&s->plan_memory, struct plan);
	uint32_t *key_slots = ARENA_ARRAY(&s->plan_memory, s->set->route_key_count + 1, uint32_t);

	if (!plan || !key_slots || !join_plan(s, plan, shape))
		return NULL;
	shape = plan->shape;
	for (uint32_t i = 0; i < s->set->route_key_count; i++)
		key_slots[i] = event_shape_find(shape, s->set->route_keys[i]);
	plan->key_slots = key_slots;
	plan->same = same_names(s, shape);
	if (!plan->same || !find_routes(s, plan) || !note_routing(s, plan) || !find_details(s, plan, shape))
		return NULL;
	if (plan->route_count)
		plan->memo = ARENA_ARRAY(&s->plan_memory, PLAN_MEMO_ROOM, struct plan_memo);
	return plan->memo || !plan->route_count ? plan : NULL;
}

static void forget_plans(struct sigma_scanner *s)
{
	arena_reset(&s->plan_memory);
	if (s->plan_room)
		memset(s->plans, 0, s->plan_room * sizeof *s->plans);
}

static bool room_for(struct sigma_scanner *s, uint32_t id)
{
	size_t room = s->plan_room ? s->plan_room : 256;
	struct plan **plans;

	if (id < s->plan_room)
		return true;
	if (id >= SHAPES_MAX)
		return false;
	while (room <= id)
		room *= 2;
	plans = realloc(s->plans, room * sizeof *plans);
	if (!plans)
		return false;
	memset(plans + s->plan_room, 0, (room - s->plan_room) * sizeof *plans);
	s->plans = plans;
	s->plan_room = room;
	return true;
}

const struct plan *plan_of(struct sigma_scanner *s, const struct event *event)
{
	uint32_t id = event->shape->id;

	if (s->plan_memory.used > PLAN_BYTES_MAX)
		forget_plans(s);
	if (id < s->plan_room && s->plans[id])
		return s->plans[id];
	if (!room_for(s, id))
		return NULL;
	s->plans[id] = new_plan(s, event->shape);
	if (!s->plans[id])
		forget_plans(s);
	return s->plans[id];
}

static bool test_holds(struct sigma_scanner *s, const struct route_test *test, uint32_t slot)
{
	if (test->any)
		return s->event->values[slot].kind != VALUE_ABSENT;
	for (; slot != EVENT_NO_SLOT; slot = s->plan->same[slot]) {
		const struct view *view = view_folded(s, slot);

		for (uint32_t i = 0; i < view->count; i++)
			for (uint32_t k = 0; k < test->count; k++)
				if (span_eq(view->pieces[i].folded, test->values[k]))
					return true;
		if (slot == s->event->shape->channel)
			break;
	}
	return false;
}

static bool route_holds(struct sigma_scanner *s, const struct route *route)
{
	for (uint32_t i = 0; i < route->test_count; i++)
		if (!test_holds(s, &route->tests[i], s->plan->key_slots[route->tests[i].key]))
			return false;
	return true;
}

static void alias(const struct event_shape *shape, const struct field_alias *a, bool only_missing,
		  uint32_t *slots)
{
	if (only_missing && slots[a->field] != EVENT_NO_SLOT)
		return;
	for (uint32_t i = 0; i < a->count; i++) {
		uint32_t slot = event_shape_find(shape, a->names[i]);

		if (slot == EVENT_NO_SLOT)
			slot = find_nocase(shape, a->names[i]);
		if (slot != EVENT_NO_SLOT) {
			slots[a->field] = slot;
			return;
		}
	}
}

/* Where the fields of that name in lower case begin, or would. */
static uint32_t first_named(const struct sigma_set *set, struct span folded)
{
	uint32_t low = 0, high = set->field_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (span_cmp(set->by_name[middle].folded, folded) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first slot of a field's name counts, without regard to case or exact. */
static void name_slots(const struct sigma_set *set, const struct event_shape *shape, bool exact,
		       uint32_t *slots)
{
	for (uint32_t i = shape->count; i-- > 0;) {
		struct span name = shape->names[i], folded;
		uint8_t room[FIELD_NAME_MAX];

		if (name.len > sizeof room)
			continue;
		fold_utf8(room, name);
		folded = span_of(room, name.len);
		for (uint32_t n = first_named(set, folded);
		     n < set->field_count && span_eq(set->by_name[n].folded, folded); n++)
			if (!exact || span_eq(set->fields[set->by_name[n].field], name))
				slots[set->by_name[n].field] = i;
	}
}

static const uint32_t *find_slots(struct sigma_scanner *s, const struct route *route)
{
	const struct event_shape *shape = s->event->shape;
	uint32_t *slots = ARENA_ARRAY(&s->plan_memory, s->set->field_count + 1, uint32_t);

	if (!slots)
		return NULL;
	for (uint32_t i = 0; i < s->set->field_count; i++)
		slots[i] = EVENT_NO_SLOT;
	name_slots(s->set, shape, false, slots);
	/* Another slot may have the very name; the folded one is second best. */
	name_slots(s->set, shape, true, slots);
	/* Some events have a Channel in their data, which rules mean: 104 names the log that was cleared. */
	for (uint32_t i = 0; i < s->set->field_count; i++)
		if (slots[i] != EVENT_NO_SLOT && slots[i] == shape->channel &&
		    s->plan->same[slots[i]] != EVENT_NO_SLOT)
			slots[i] = s->plan->same[slots[i]];
	for (uint32_t i = 0; i < route->alias_count; i++)
		alias(shape, &route->aliases[i], false, slots);
	for (uint32_t i = 0; i < s->set->alias_count; i++)
		alias(shape, &s->set->aliases[i], true, slots);
	return slots;
}

static uint32_t probe_room(const struct sigma_scanner *s, const struct plan_group *pg)
{
	uint32_t room = 0;

	for (uint32_t i = 0; i < pg->group->index_count; i++) {
		uint32_t slot = pg->slots[pg->group->indexes[i].field];

		for (; slot != EVENT_NO_SLOT; slot = s->plan->same[slot])
			room++;
	}
	return room;
}

static void add_probes(const struct sigma_scanner *s, struct plan_group *pg,
		       const struct field_index *index, struct probe *probes)
{
	for (uint32_t slot = pg->slots[index->field]; slot != EVENT_NO_SLOT;
	     slot = s->plan->same[slot])
		probes[pg->probe_count++] = (struct probe){
			.index = index, .slot = slot, .more = s->plan->same[slot] != EVENT_NO_SLOT };
}

/* Rules fall that need something in a field which the shape has not. */
static void drop_unanswerable(struct plan_group *pg)
{
	const struct group *group = pg->group;

	for (uint32_t k = 0; k < group->words; k++) {
		pg->standing[k] = group->all[k];
		for (uint32_t i = 0; i < group->index_count; i++)
			if (pg->slots[group->indexes[i].field] == EVENT_NO_SLOT)
				pg->standing[k] &= group->indexes[i].passes[k];
	}
}

/* Rules fall whose sought literals no route key has, and that seek none in what is left to each event. */
static void drop_vain(const struct sigma_scanner *s, struct plan_group *pg)
{
	const struct group *group = pg->group;

	for (uint32_t k = 0; k < group->words; k++) {
		rule_bits hope = group->sure[k] | pg->found[k];

		if (group->keywords && pg->open_count)
			hope |= group->keywords->seeks[k];
		for (uint32_t i = 0; i < group->index_count; i++) {
			const struct field_index *index = &group->indexes[i];
			uint32_t slot = pg->slots[index->field];

			if (index->seeks && slot != EVENT_NO_SLOT && !plan_decides(s, slot))
				hope |= index->seeks[k];
		}
		pg->standing[k] &= hope;
	}
}

/* Rules fall that the values of a route key do not leave standing; what it has is noted. */
static void sift_decided(struct sigma_scanner *s, struct plan_group *pg,
			 const struct field_index *index, rule_bits *found)
{
	const struct group *group = pg->group;

	memset(s->united, 0, group->words * sizeof *s->united);
	for (uint32_t slot = pg->slots[index->field]; slot != EVENT_NO_SLOT; slot = s->plan->same[slot]) {
		const struct sieved *sieved = sieve_value(s, group, index, slot);

		rule_bits_or(s->united, sieve_standing(index, sieved), group->words);
		rule_bits_or(found, sieve_found(group, index, sieved), group->words);
	}
	rule_bits_and(pg->standing, s->united, group->words);
}

/* The slots in which keywords are left to be sought in each event. */
static bool open_slots(struct sigma_scanner *s, struct plan_group *pg, rule_bits *found)
{
	const struct group *group = pg->group;
	uint32_t *open = ARENA_ARRAY(&s->plan_memory, s->event->shape->count + 1, uint32_t);

	for (uint32_t slot = 0; open && slot < s->event->shape->count; slot++)
		if (plan_decides(s, slot))
			rule_bits_or(found, sieve_found(group, group->keywords,
							sieve_value(s, group, group->keywords, slot)),
				     group->words);
		else
			open[pg->open_count++] = slot;
	pg->open = open;
	return open != NULL;
}

/* The probes that are left to each event, and those of them that wake rules. */
static void pick_probes(struct sigma_scanner *s, struct plan_group *pg, struct probe *probes,
			uint32_t *wakers)
{
	const struct group *group = pg->group;

	for (uint32_t i = 0; i < group->index_count; i++) {
		const struct field_index *index = &group->indexes[i];

		if (!plan_decides(s, pg->slots[index->field]) &&
		    rule_bits_meet(pg->standing, index->asks, group->words))
			add_probes(s, pg, index, probes);
	}
	for (uint32_t i = 0; i < pg->probe_count; i++) {
		probes[i].wakes = rule_bits_meet(pg->standing, probes[i].index->wakes, group->words);
		if (probes[i].wakes)
			wakers[pg->waker_count++] = i;
	}
	pg->probes = probes;
	pg->wakers = wakers;
}

/* What no value that is left to each event has to wake. */
static void free_rules(struct plan_group *pg, rule_bits *free, uint32_t *words)
{
	const struct group *group = pg->group;

	for (uint32_t k = 0; k < group->words; k++) {
		rule_bits waiting = group->keywords ? group->keywords->wakes[k] : 0;

		for (uint32_t i = 0; i < pg->waker_count; i++)
			waiting |= pg->probes[pg->wakers[i]].index->wakes[k];
		free[k] = pg->standing[k] & (~waiting | pg->found[k]);
		words[pg->free_count] = k;
		pg->free_count += free[k] != 0;
	}
	pg->free = free;
	pg->free_words = words;
	pg->keywords = group->keywords &&
		       rule_bits_meet(pg->standing, group->keywords->wakes, group->words);
}

static bool make_room(struct sigma_scanner *s, uint32_t probes)
{
	struct answer *probed = probes > s->probe_room ? realloc(s->probed, probes * sizeof *probed) : s->probed;

	if (!probed)
		return false;
	s->probe_room = probes > s->probe_room ? probes : s->probe_room;
	s->probed = probed;
	return true;
}

/* False: no memory. */
static bool plan_probes(struct sigma_scanner *s, struct plan_group *pg)
{
	const struct group *group = pg->group;
	uint32_t room = probe_room(s, pg) + 1;
	struct probe *probes = ARENA_ARRAY(&s->plan_memory, room, struct probe);
	uint32_t *wakers = ARENA_ARRAY(&s->plan_memory, room, uint32_t);
	rule_bits *bits = ARENA_ARRAY(&s->plan_memory, 3 * (size_t)group->words + 1, rule_bits);
	uint32_t *words = ARENA_ARRAY(&s->plan_memory, group->words + 1, uint32_t);

	if (!probes || !wakers || !bits || !words || !make_room(s, room))
		return false;
	pg->standing = bits;
	pg->found = bits + group->words;
	drop_unanswerable(pg);
	for (uint32_t i = 0; i < group->index_count; i++)
		if (plan_decides(s, pg->slots[group->indexes[i].field]))
			sift_decided(s, pg, &group->indexes[i], bits + group->words);
	if (group->keywords && !open_slots(s, pg, bits + group->words))
		return false;
	drop_vain(s, pg);
	pick_probes(s, pg, probes, wakers);
	free_rules(pg, bits + 2 * (size_t)group->words, words);
	return true;
}

/* Several routes may lead to a group, under the same names: one look is enough. */
static bool is_planned(const struct sigma_scanner *s, const struct plan_group *groups,
		       const struct plan_group *pg)
{
	for (; groups < pg; groups++)
		if (groups->group == pg->group &&
		    memcmp(groups->slots, pg->slots, s->set->field_count * sizeof *pg->slots) == 0)
			return true;
	return false;
}

/* The slow way, once for each combination of route values. */
static bool find_groups(struct sigma_scanner *s, struct plan *plan, struct plan_memo *memo)
{
	struct plan_group *groups;
	uint32_t room = 0;

	for (uint32_t i = 0; i < plan->route_count; i++)
		room += plan->routes[i].route->group_count;
	groups = ARENA_ARRAY(&s->plan_memory, room + 1, struct plan_group);
	if (!groups)
		return false;
	memo->group_count = 0;
	for (uint32_t i = 0; i < plan->route_count; i++) {
		struct plan_route *pr = &plan->routes[i];

		if (!route_holds(s, pr->route))
			continue;
		if (!pr->slots)
			pr->slots = find_slots(s, pr->route);
		if (!pr->slots)
			return false;
		for (uint32_t k = 0; k < pr->route->group_count; k++) {
			struct plan_group *pg = &groups[memo->group_count++];

			pg->key = hash_mix(s->seed[1], ++s->plan_groups);
			pg->group = &s->set->groups[pr->route->groups[k]];
			pg->slots = pr->slots;
			if (is_planned(s, groups, pg)) {
				memo->group_count--;
				continue;
			}
			if (!plan_probes(s, pg))
				return false;
			if (!pg->free_count && !pg->waker_count && !pg->keywords)
				memset(&groups[--memo->group_count], 0, sizeof *pg);
		}
	}
	memo->groups = groups;
	return true;
}

static uint64_t load_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

/* Up to 8 bytes. */
static uint64_t load_short(struct span s)
{
	if (s.len >= 4)
		return load_u32le(s.at) | (uint64_t)load_u32le(s.at + s.len - 4) << 32;
	if (s.len == 0)
		return 0;
	return s.at[0] | (uint64_t)s.at[s.len / 2] << 8 | (uint64_t)s.at[s.len - 1] << 16;
}

/*
 * Both factors hold a secret, so that no text can make the product nothing. Long texts
 * go two ways at once; what is left of 16 bytes is hashed with some before it again;
 * the length tells such apart.
 */
static uint64_t hash_bytes(uint64_t secret, uint64_t hash, struct span s)
{
	const uint8_t *at = s.at, *end = s.at + s.len;
	uint64_t other = ~hash;

	if (s.len < 8)
		return hash_mix2(hash ^ load_short(s), secret ^ s.len);
	for (; end - at >= 32; at += 32) {
		hash = hash_mix2(hash ^ load_word(at), secret ^ load_word(at + 8));
		other = hash_mix2(other ^ load_word(at + 16), secret ^ load_word(at + 24));
	}
	hash ^= other << 32 | other >> 32;
	if (end - at >= 16)
		hash = hash_mix2(hash ^ load_word(at), secret ^ load_word(at + 8));
	if (s.len >= 16)
		return hash_mix2(hash ^ load_word(end - 16), secret ^ load_word(end - 8));
	return hash_mix2(hash ^ load_word(at), secret ^ load_word(end - 8));
}

uint64_t hash_value(const struct sigma_scanner *s, const struct value *value, uint64_t hash)
{
	switch (value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		return hash_mix2(hash, s->seed[1] ^ value->kind);
	case VALUE_TEXT:
	case VALUE_UTF16:
	case VALUE_BYTES:
	case VALUE_GUID:
	case VALUE_SID:
		hash ^= (uint64_t)value->bytes.len << 8 | value->kind;
		return hash_bytes(s->seed[1], hash_mix2(hash, s->seed[1]), value->bytes);
	case VALUE_LIST:
		for (uint32_t i = 0; i < value->count; i++)
			if (value->list[i].kind != VALUE_LIST)
				hash = hash_value(s, &value->list[i], hash);
		return hash_mix(hash, value->count);
	default:
		return hash_mix2(hash ^ value->u, s->seed[1] ^ (uint64_t)value->kind << 32);
	}
}

/* Which of the fields are there that routes only want to be there. */
static uint64_t hash_presence(const struct sigma_scanner *s, const struct plan *plan)
{
	uint64_t hash = s->seed[0], absent = 0;

	for (uint32_t i = 0; i < plan->presence_slot_count; i++) {
		if (i && i % 64 == 0)
			hash = hash_mix(hash, absent);
		absent = absent << 1 | (s->event->values[plan->presence_slots[i]].kind == VALUE_ABSENT);
	}
	return hash_mix(hash, absent);
}

static uint64_t hash_keys(struct sigma_scanner *s, const struct plan *plan)
{
	uint64_t hash = hash_presence(s, plan);

	for (uint32_t i = 0; i < plan->memo_slot_count; i++)
		for (uint32_t slot = plan->memo_slots[i]; slot != EVENT_NO_SLOT;
		     slot = plan->same[slot])
			hash = hash_mix(hash, view_hash(s, slot));
	return hash ? hash : 1;
}

const struct plan_group *plan_route(struct sigma_scanner *s, uint32_t *count)
{
	struct plan *plan = s->plans[s->event->shape->id];
	uint64_t hash;
	struct plan_memo *memo;

	*count = 0;
	if (!plan->route_count)
		return NULL;
	hash = hash_keys(s, plan);
	memo = &plan->memo[hash % PLAN_MEMO_ROOM];
	while (memo->hash && memo->hash != hash)
		memo = memo + 1 < plan->memo + PLAN_MEMO_ROOM ? memo + 1 : plan->memo;
	if (memo->hash != hash) {
		if (plan->memo_count >= PLAN_MEMO_ROOM / 2) {
			memset(plan->memo, 0, PLAN_MEMO_ROOM * sizeof *plan->memo);
			plan->memo_count = 0;
			memo = &plan->memo[hash % PLAN_MEMO_ROOM];
		}
		if (!find_groups(s, plan, memo))
			return NULL;
		memo->hash = hash;
		plan->memo_count++;
	}
	*count = memo->group_count;
	return memo->groups;
}
