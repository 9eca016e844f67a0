#include "rules/sigma/scan.h"

#include <stdlib.h>
#include <sys/random.h>

#include "rules/sigma/regex.h"

#define EVENT_BYTES_MAX ((size_t)256 << 20)
#define PLAN_ARENA_MAX ((size_t)256 << 20)
#define DEFAULT_CORRELATION_BYTES ((size_t)64 << 20)
#define DETAIL_MAX ((size_t)64 << 10)

static bool allocate(struct sigma_scanner *s, size_t correlation_bytes)
{
	const struct sigma_set *set = s->set;

	s->woken_at = calloc(set->rule_count + 1, sizeof *s->woken_at);
	s->matched_at = calloc(set->rule_count + 1, sizeof *s->matched_at);
	s->woken = calloc(set->rule_count + 1, sizeof *s->woken);
	s->regexes = calloc(set->regex_count + 1, sizeof *s->regexes);
	if (set->correlation_count)
		s->correlator = correlator_new(set, correlation_bytes ? correlation_bytes
								      : DEFAULT_CORRELATION_BYTES);
	return s->woken_at && s->matched_at && s->woken && s->regexes &&
	       (s->correlator || !set->correlation_count);
}

struct sigma_scanner *sigma_scanner_new(const struct sigma_set *set, size_t correlation_bytes)
{
	struct sigma_scanner *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->set = set;
	s->memory = arena_new(EVENT_BYTES_MAX);
	s->plan_memory = arena_new(PLAN_ARENA_MAX);
	s->matched = buf_new(DETAIL_MAX);
	s->detail = buf_new(DETAIL_MAX);
	s->user = buf_new(DETAIL_MAX);
	s->host = buf_new(DETAIL_MAX);
	if (getrandom(s->seed, sizeof s->seed, GRND_NONBLOCK) != sizeof s->seed)
		s->seed[0] = (uint64_t)(uintptr_t)s;
	if (allocate(s, correlation_bytes))
		return s;
	sigma_scanner_free(s);
	return NULL;
}

void sigma_scanner_free(struct sigma_scanner *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->regexes && i < s->set->regex_count; i++)
		sigma_regex_free(s->regexes[i]);
	correlator_free(s->correlator);
	arena_free(&s->memory);
	arena_free(&s->plan_memory);
	buf_free(&s->matched);
	buf_free(&s->detail);
	buf_free(&s->user);
	buf_free(&s->host);
	free(s->plans);
	free(s->views);
	free(s->woken_at);
	free(s->matched_at);
	free(s->woken);
	free(s->regexes);
	free(s);
}

void sigma_scanner_begin(struct sigma_scanner *s)
{
	arena_reset(&s->plan_memory);
	if (s->plan_room)
		memset(s->plans, 0, s->plan_room * sizeof *s->plans);
}

bool scan_begin(struct sigma_scanner *s, const struct event *event)
{
	size_t wanted = event->shape->count;

	s->stats.events++;
	s->stamp++;
	s->event = event;
	arena_reset(&s->memory);
	if (wanted > s->view_room) {
		struct view *views = realloc(s->views, 2 * wanted * sizeof *views);

		if (!views)
			return false;
		memset(views + s->view_room, 0, (2 * wanted - s->view_room) * sizeof *views);
		s->views = views;
		s->view_room = 2 * wanted;
	}
	s->plan = plan_of(s, event);
	return s->plan != NULL;
}

static void wake(void *context, uint32_t list)
{
	struct sigma_scanner *s = context;
	const struct rule_list *rules = &s->group->lists[list];

	s->search_hits++;
	for (uint32_t i = 0; i < rules->count; i++) {
		if (s->woken_at[rules->rules[i]] == s->pass)
			continue;
		s->woken_at[rules->rules[i]] = s->pass;
		s->woken[s->woken_count++] = rules->rules[i];
	}
}

static bool try_rule(struct sigma_scanner *s, uint32_t number, sigma_match_fn *match, void *context)
{
	const struct compiled_rule *rule = s->set->rules[number];
	struct finding finding;

	s->stats.woken++;
	if (s->matched_at[number] == s->stamp || !node_holds(s, rule->root))
		return true;
	s->matched_at[number] = s->stamp;
	if (rule->feeds && !correlator_add(s, rule, match, context))
		return false;
	if (rule->info.silent)
		return true;
	s->stats.matches++;
	report_match(s, rule, &finding);
	return match(context, &finding, &rule->info, s->event);
}

/* The kinds whose text has only the characters that compiling sets aside. */
static bool may_hold_text(const struct value *value)
{
	switch (value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_HEX:
	case VALUE_GUID:
	case VALUE_SID:
	case VALUE_TIME:
	case VALUE_BYTES:
		return false;
	default:
		return true;
	}
}

/* Folds and searches a value, unless the same was searched in vain a while ago. */
static void run_probe(struct sigma_scanner *s, const struct probe *probe)
{
	bool list = s->event->values[probe->slot].kind == VALUE_LIST;
	uint64_t key = list ? 0 : view_hash(s, probe->slot) + (uintptr_t)probe->grams;
	uint64_t *barren = &s->barren[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 51];
	uint64_t woken = s->search_hits;
	const struct view *view;

	if (!list && *barren == key)
		return;
	view = view_folded(s, probe->slot);
	for (uint32_t k = 0; k < view->count; k++)
		gram_find(probe->grams, view->pieces[k].folded, wake, s);
	if (!list && s->search_hits == woken)
		*barren = key;
}

static bool try_group(struct sigma_scanner *s, const struct plan_group *pg, sigma_match_fn *match,
		      void *context)
{
	s->pass++;
	s->group = pg->group;
	s->slots = pg->slots;
	s->woken_count = 0;
	for (uint32_t i = 0; i < pg->probe_count; i++) {
		const struct probe *probe = &pg->probes[i];

		if (!probe->texts_only || may_hold_text(&s->event->values[probe->slot]))
			run_probe(s, probe);
	}
	for (uint32_t i = 0; i < s->woken_count; i++)
		if (!try_rule(s, s->woken[i], match, context))
			return false;
	for (uint32_t i = 0; i < pg->group->always_count; i++)
		if (!try_rule(s, pg->group->always[i], match, context))
			return false;
	return true;
}

bool sigma_eval(struct sigma_scanner *s, const struct event *event, sigma_match_fn *match,
		void *context)
{
	const struct plan_group *groups;
	uint32_t count;

	if (!scan_begin(s, event))
		return true;
	groups = plan_route(s, &count);
	if (count)
		s->stats.routed++;
	for (uint32_t i = 0; i < count; i++)
		if (!try_group(s, &groups[i], match, context))
			return false;
	return true;
}

bool sigma_finish(struct sigma_scanner *s, sigma_match_fn *match, void *context)
{
	return !s->correlator || correlator_judge(s, match, context);
}

void sigma_scanner_be_terse(struct sigma_scanner *s)
{
	s->terse = true;
}

const struct sigma_stats *sigma_scanner_stats(const struct sigma_scanner *s)
{
	return &s->stats;
}
