#include "rules/sigma/join.h"

#include <stdlib.h>
#include <sys/random.h>

#include "rules/sigma/regex.h"

#define EVENT_BYTES_MAX ((size_t)256 << 20)
#define PLAN_ARENA_MAX ((size_t)256 << 20)
#define DEFAULT_CORRELATION_BYTES ((size_t)64 << 20)
#define DETAIL_MAX ((size_t)64 << 10)

static uint32_t most_words(const struct sigma_set *set)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < set->group_count; i++)
		most = set->groups[i].words > most ? set->groups[i].words : most;
	return most;
}

static bool allocate(struct sigma_scanner *s, size_t correlation_bytes)
{
	const struct sigma_set *set = s->set;
	uint32_t words = most_words(set);

	s->matched_at = calloc(set->rule_count + 1, sizeof *s->matched_at);
	s->standing = calloc(4 * (size_t)words, sizeof *s->standing);
	s->live = calloc(words, sizeof *s->live);
	s->regexes = calloc(set->regex_count + 1, sizeof *s->regexes);
	if (set->correlation_count)
		s->correlator = correlator_new(set, correlation_bytes ? correlation_bytes
								      : DEFAULT_CORRELATION_BYTES);
	if (!s->standing || !s->live || !sieve_new(&s->sieve, words) || !recall_new(&s->recall))
		return false;
	s->found = s->standing + words;
	s->united = s->found + words;
	s->ranked = s->united + words;
	return s->matched_at && s->regexes && (s->correlator || !set->correlation_count);
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
	free(s->hashes);
	free(s->searched);
	free(s->matched_at);
	free(s->standing);
	free(s->live);
	free(s->probed);
	sieve_free(&s->sieve);
	recall_free(&s->recall);
	free(s->regexes);
	free(s);
}

void sigma_scanner_begin(struct sigma_scanner *s)
{
	arena_reset(&s->plan_memory);
	if (s->plan_room)
		memset(s->plans, 0, s->plan_room * sizeof *s->plans);
}

static bool make_views(struct sigma_scanner *s, size_t room)
{
	struct view *views = realloc(s->views, room * sizeof *views);
	struct slot_hash *hashes;
	uint32_t *searched;

	if (!views)
		return false;
	s->views = views;
	searched = realloc(s->searched, room * sizeof *searched);
	if (!searched)
		return false;
	s->searched = searched;
	hashes = realloc(s->hashes, room * sizeof *hashes);
	if (!hashes)
		return false;
	s->hashes = hashes;
	memset(hashes + s->view_room, 0, (room - s->view_room) * sizeof *hashes);
	memset(views + s->view_room, 0, (room - s->view_room) * sizeof *views);
	s->view_room = room;
	return true;
}

bool scan_begin(struct sigma_scanner *s, const struct event *event)
{
	size_t wanted = event->shape->count + s->set->join_count;

	s->stats.events++;
	s->stamp++;
	s->event = event;
	arena_reset(&s->memory);
	if (wanted > s->view_room && !make_views(s, 2 * wanted))
		return false;
	s->plan = plan_of(s, event);
	if (s->plan && s->plan->join_count)
		s->event = join_values(s, s->plan, event);
	return s->plan && s->event;
}

/* Whether its values are part of what is recalled. */
static bool wakes(const struct plan_group *pg, const struct field_index *index)
{
	for (uint32_t i = 0; i < pg->waker_count; i++)
		if (pg->probes[pg->wakers[i]].index == index)
			return true;
	return false;
}

/* The rule failed on a term that only the index' field decides. */
static void learn(struct sigma_scanner *s, const struct plan_group *pg, const struct field_index *index,
		  uint32_t local)
{
	sieve_learn(s, pg, index, local);
	/* What a gate keeps out is all the same to the key. */
	if (!index->gate && wakes(pg, index))
		recall_fall(&s->recall, s->recall_key, local);
}

/* Whether the terms hold that the indexes have not proven. */
static bool terms_hold(struct sigma_scanner *s, const struct plan_group *pg, uint32_t local)
{
	const struct compiled_rule *rule = s->set->rules[pg->group->rules[local]];
	uint64_t limits = s->stats.regex_limits;

	for (uint32_t i = 0; i < rule->term_count; i++) {
		const struct term *term = &rule->terms[i];

		if (node_holds(s, term->node))
			continue;
		/* What was given up is tried and counted each time. */
		if (term->index != SIGMA_NO_INDEX && s->stats.regex_limits == limits)
			learn(s, pg, &pg->group->indexes[term->index], local);
		return false;
	}
	return true;
}

static bool terms_hold_again(struct sigma_scanner *s, const struct plan_group *pg, uint32_t local)
{
	const struct compiled_rule *rule = s->set->rules[pg->group->rules[local]];
	uint64_t key, *answer, limits = s->stats.regex_limits;
	bool hold;

	if (rule->pair && pair_differs(s, rule->pair))
		return false;
	answer = rule_answer(s, rule, &key);
	if (answer && (*answer & ~UINT64_C(1)) == key)
		return *answer & 1;
	hold = terms_hold(s, pg, local);
	if (answer && s->stats.regex_limits == limits)
		*answer = key | hold;
	return hold;
}

/* False: the callback ended the scan. */
static bool try_rule(struct sigma_scanner *s, const struct plan_group *pg, uint32_t local,
		     sigma_match_fn *match, void *context)
{
	uint32_t number = pg->group->rules[local];
	const struct compiled_rule *rule = s->set->rules[number];
	struct finding finding;

	s->stats.woken++;
	if (!terms_hold_again(s, pg, local) || s->matched_at[number] == s->stamp)
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

/* Rules of word k are woken that can hold. Words of which some rule stands are live, in their order. */
static void raise(struct sigma_scanner *s, const struct plan_group *pg, uint32_t k, rule_bits woken)
{
	uint32_t at = s->live_count;

	woken &= pg->standing[k];
	if (woken && !s->standing[k]) {
		for (; at && s->live[at - 1] > k; at--)
			s->live[at] = s->live[at - 1];
		s->live[at] = k;
		s->live_count++;
		s->found[k] = pg->found[k];
	}
	s->standing[k] |= woken;
}

/* Rules fall that are not in `left`; false where none stands any more. */
static bool stand(struct sigma_scanner *s, const rule_bits *left)
{
	rule_bits *standing = s->standing;
	uint32_t *live = s->live, count = 0;

	for (uint32_t i = 0; i < s->live_count; i++) {
		uint32_t k = live[i];

		standing[k] &= left[k];
		live[count] = k;
		count += standing[k] != 0;
	}
	s->live_count = count;
	return count != 0;
}

/* `more` may be NULL. */
static void add_live(const struct sigma_scanner *s, rule_bits *to, const rule_bits *more)
{
	for (uint32_t i = 0; more && i < s->live_count; i++)
		to[s->live[i]] |= more[s->live[i]];
}

/* Whether some rule that stands is in `bits`. */
static bool stands_in(const struct sigma_scanner *s, const rule_bits *bits)
{
	for (uint32_t i = 0; i < s->live_count; i++)
		if (s->standing[s->live[i]] & bits[s->live[i]])
			return true;
	return false;
}

/* What a probe that wakes answered before still holds, unless the sieve has changed. */
static const struct sieved *sieved_again(struct sigma_scanner *s, const struct plan_group *pg,
					 const struct probe *probe)
{
	if (probe->wakes && s->probed_changes == s->sieve.changes)
		return s->probed[probe - pg->probes].sieved;
	return sieve_value(s, pg->group, probe->index, probe->slot);
}

/* What all slots of a field of several leave standing; the last probe of the field. */
static const struct probe *sift_slots(struct sigma_scanner *s, const struct plan_group *pg,
				      const struct probe *probe)
{
	const struct group *group = pg->group;
	bool last = false;

	for (uint32_t i = 0; i < s->live_count; i++)
		s->united[s->live[i]] = 0;
	for (; !last; probe++) {
		const struct sieved *sieved = sieved_again(s, pg, probe);

		add_live(s, s->united, sieve_standing(probe->index, sieved));
		add_live(s, s->found, sieve_found(group, probe->index, sieved));
		last = !probe->more;
	}
	stand(s, s->united);
	return probe - 1;
}

/* The slots in which a keyword may stand, to s->searched. */
static size_t pick_slots(struct sigma_scanner *s, const struct plan_group *pg)
{
	const struct field_index *index = pg->group->keywords;
	const struct value *values = s->event->values;
	const uint32_t *open = pg->open, *end = open + pg->open_count;
	struct sieve_fit fit = sieve_fit_of(index);
	uint32_t *searched = s->searched;
	size_t count = 0;

	for (; open < end; open++)
		if (sieve_fits(fit, &values[*open]))
			searched[count++] = *open;
	if (index->gate)
		count = gate_pick(index->gate, values, searched, count);
	for (size_t i = 0; i < count; i++)
		sieve_expect(s, index, searched[i]);
	return count;
}

/* Of the texts all at once; false: no value has a keyword. */
static bool may_have_keywords(const struct sigma_scanner *s, const struct field_index *index)
{
	const uint32_t texts = 1u << VALUE_TEXT | 1u << VALUE_UTF16 | 1u << VALUE_LIST;
	const struct event *event = s->event;

	if (!index->gate || index->kinds & ~texts || !event->texts.at || s->plan->join_count)
		return true;
	for (uint32_t i = 0; i < event->loose_count; i++) {
		uint32_t slot = event->loose[i];
		const struct value *value = &event->values[slot];

		if (sieve_fits(sieve_fit_of(index), value) && !plan_decides(s, slot) &&
		    gate_lets_value(index->gate, value))
			return true;
	}
	return gate_lets_bytes(index->gate, event->texts);
}

typedef void take_found_fn(struct sigma_scanner *s, const struct plan_group *pg, const rule_bits *found);

/* Keywords are sought in every value; `take` is told of rules whose keywords are there. False: of none. */
static bool sift_keywords(struct sigma_scanner *s, const struct plan_group *pg, take_found_fn *take)
{
	const struct group *group = pg->group;
	size_t count = pick_slots(s, pg);
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const struct sieved *sieved = sieve_value(s, group, group->keywords, s->searched[i]);

		if (!sieved)
			continue;
		take(s, pg, sieve_found(group, group->keywords, sieved));
		any = true;
	}
	return any;
}

static void wake_found(struct sigma_scanner *s, const struct plan_group *pg, const rule_bits *found)
{
	for (uint32_t k = 0; k < pg->group->words; k++)
		raise(s, pg, k, found[k]);
}

static void note_found(struct sigma_scanner *s, const struct plan_group *pg, const rule_bits *found)
{
	(void)pg;
	add_live(s, s->found, found);
}

/* Each field that a rule asks which stands still; those that wake, or the others. */
static void sift_fields(struct sigma_scanner *s, const struct plan_group *pg, bool wakers)
{
	const struct group *group = pg->group;
	const struct probe *end = pg->probes + pg->probe_count;

	for (const struct probe *probe = pg->probes; probe < end && s->live_count; probe++) {
		const struct sieved *sieved;

		if (probe->wakes != wakers || !stands_in(s, probe->index->asks))
			continue;
		if (probe->more) {
			probe = sift_slots(s, pg, probe);
			continue;
		}
		sieved = sieved_again(s, pg, probe);
		stand(s, sieve_standing(probe->index, sieved));
		add_live(s, s->found, sieve_found(group, probe->index, sieved));
	}
}

/* What a value wakes comes to those that stand. */
static void wake(struct sigma_scanner *s, const struct plan_group *pg, const struct field_index *index,
		 const struct sieved *sieved)
{
	const rule_bits *standing = sieve_standing(index, sieved), *found = sieve_found(pg->group, index, sieved);
	uint64_t words = sieved->wakes;

	for (; words; words &= words - 1) {
		uint32_t k = (uint32_t)__builtin_ctzll(words);
		uint32_t end = k == SIEVE_LAST ? pg->group->words : k + 1;

		for (; k < end; k++)
			raise(s, pg, k, sieve_woken(index, standing, found, k));
	}
}

/* All at once, as what is known of a value has often to be fetched from afar. */
static void ask_wakers(struct sigma_scanner *s, const struct plan_group *pg)
{
	for (uint32_t i = 0; i < pg->waker_count; i++) {
		const struct probe *probe = &pg->probes[pg->wakers[i]];

		s->probed[pg->wakers[i]].key = sieve_expect(s, probe->index, probe->slot);
	}
	s->probed_changes = s->sieve.changes;
	for (uint32_t i = 0; i < pg->waker_count; i++) {
		const struct probe *probe = &pg->probes[pg->wakers[i]];
		struct answer *answer = &s->probed[pg->wakers[i]];

		answer->sieved = sieve_expected(s, pg->group, probe->index, probe->slot, answer->key);
		if (answer->sieved && answer->sieved->wakes)
			__builtin_prefetch(answer->sieved->bits);
	}
}

static void wake_rules(struct sigma_scanner *s, const struct plan_group *pg)
{
	for (uint32_t i = 0; i < pg->free_count; i++)
		raise(s, pg, pg->free_words[i], pg->free[pg->free_words[i]]);
	ask_wakers(s, pg);
	for (uint32_t i = 0; i < pg->waker_count; i++) {
		const struct probe *probe = &pg->probes[pg->wakers[i]];
		const struct sieved *sieved = sieved_again(s, pg, probe);

		if (sieved && sieved->wakes)
			wake(s, pg, probe->index, sieved);
	}
	if (s->live_count)
		sift_fields(s, pg, true);
}

static void raise_again(struct sigma_scanner *s, const struct plan_group *pg, const struct recalled *known)
{
	const struct recalled_word *word = s->recall.words + known->first;

	for (uint32_t i = 0; i < known->count; i++, word++) {
		raise(s, pg, word->k, word->standing);
		s->found[word->k] |= word->found;
	}
	s->probed_changes = NOT_PROBED;
}

static void fall_all(struct sigma_scanner *s)
{
	for (uint32_t i = 0; i < s->live_count; i++)
		s->standing[s->live[i]] = 0;
	s->live_count = 0;
}

/* Leaves in s->standing the rules that fields wake and that stand in all of these. */
static void ask_what_wakes(struct sigma_scanner *s, const struct plan_group *pg)
{
	const struct recalled *known;

	fall_all(s);
	known = recall_find(&s->recall, s->recall_key);
	if (known) {
		raise_again(s, pg, known);
		return;
	}
	wake_rules(s, pg);
	if (s->recall_key != RECALL_NONE)
		recall_put(s, s->recall_key);
}

/* Leaves in s->standing the rules of the group to try; false: none. */
static bool sift(struct sigma_scanner *s, const struct plan_group *pg)
{
	const struct group *group = pg->group;
	bool keywords = pg->keywords && may_have_keywords(s, group->keywords);

	ask_what_wakes(s, pg);
	if (keywords && sift_keywords(s, pg, wake_found))
		sift_fields(s, pg, true);
	if (!s->live_count)
		return false;
	sift_fields(s, pg, false);
	if (group->keywords && (keywords || !pg->keywords) && stands_in(s, group->keywords->seeks))
		sift_keywords(s, pg, note_found);
	add_live(s, s->found, group->sure);
	return stand(s, s->found);
}

/* Those that stand, by their ranks. */
static void rank(struct sigma_scanner *s, const struct group *group)
{
	for (uint32_t i = 0; i < s->live_count; i++)
		for (rule_bits left = s->standing[s->live[i]]; left; left &= left - 1) {
			uint32_t rank = group->ranks[s->live[i] * 64 + (uint32_t)__builtin_ctzll(left)];

			s->ranked[rank / 64] |= UINT64_C(1) << (rank % 64);
		}
}

/* In the order of the set; false: the callback ended the scan. */
static bool try_standing(struct sigma_scanner *s, const struct plan_group *pg, sigma_match_fn *match,
			 void *context)
{
	const struct group *group = pg->group;
	bool goes_on = true;

	rank(s, group);
	for (uint32_t k = 0; k < group->words; k++) {
		rule_bits left = s->ranked[k];

		s->ranked[k] = 0;
		for (; left && goes_on; left &= left - 1)
			goes_on = try_rule(s, pg, group->by_rank[k * 64 + (uint32_t)__builtin_ctzll(left)], match,
					   context);
	}
	return goes_on;
}

static bool try_group(struct sigma_scanner *s, const struct plan_group *pg, sigma_match_fn *match,
		      void *context)
{
	s->slots = pg->slots;
	return !sift(s, pg) || try_standing(s, pg, match, context);
}

bool sigma_eval(struct sigma_scanner *s, const struct event *event, sigma_match_fn *match,
		void *context)
{
	const struct plan_group *groups;
	uint64_t next;			/* known before it is needed, as what is recalled may be afar */
	uint32_t count;

	if (!scan_begin(s, event))
		return true;
	groups = plan_route(s, &count);
	if (count)
		s->stats.routed++;
	next = count ? recall_key(s, &groups[0]) : RECALL_NONE;
	for (uint32_t i = 0; i < count; i++) {
		s->recall_key = next;
		next = i + 1 < count ? recall_key(s, &groups[i + 1]) : RECALL_NONE;
		if (!try_group(s, &groups[i], match, context))
			return false;
	}
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
