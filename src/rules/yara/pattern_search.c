#include "rules/yara/pattern_search.h"

#include <stdlib.h>

#define HEAP_MAX ((size_t)1 << 30)
#define WORK_MAX ((size_t)1 << 30)
#define SEQUENCE_PLACES_MAX 4096	/* then a search of its own is cheaper */
#define REGEX_PLACES_MAX 1000000
#define DATA_MAX ((uint64_t)1 << (64 - PLACE_SHIFT))

static bool allocate(struct pattern_scratch *s, struct err *err)
{
	s->marks = calloc((size_t)s->set->count + 1, sizeof *s->marks);
	s->hits = calloc((size_t)s->set->count + 1, sizeof *s->hits);
	s->candidates = calloc((size_t)s->set->count + 1, sizeof *s->candidates);
	s->enough = calloc((size_t)s->set->atom_count + 1, sizeof *s->enough);
	s->outer = regex_scratch_new();
	s->inner = regex_scratch_new();
	if (!s->marks || !s->hits || !s->candidates || !s->enough || !s->outer || !s->inner)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory to search patterns");
	return true;
}

struct pattern_scratch *pattern_scratch_new(const struct pattern_set *set, struct err *err)
{
	struct pattern_scratch *s = calloc(1, sizeof *s);

	if (!s) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory to search patterns");
		return NULL;
	}
	s->set = set;
	s->heap = arena_new(HEAP_MAX);
	s->work = arena_new(WORK_MAX);
	s->options.max_matches = PATTERN_MATCHES_MAX;
	if (allocate(s, err))
		return s;
	pattern_scratch_free(s);
	return NULL;
}

void pattern_scratch_free(struct pattern_scratch *s)
{
	if (!s)
		return;
	regex_scratch_free(s->outer);
	regex_scratch_free(s->inner);
	free(s->marks);
	free(s->hits);
	free(s->candidates);
	free(s->enough);
	arena_free(&s->heap);
	arena_free(&s->work);
	free(s);
}

static struct pattern_hit *hit_of(struct pattern_scratch *s, uint32_t pattern)
{
	struct pattern_mark *mark = &s->marks[pattern];

	if (mark->generation != s->generation) {
		mark->generation = s->generation;
		mark->hit = (uint32_t)s->hit_count;
		s->hits[s->hit_count] = (struct pattern_hit){ 0 };
		s->candidates[s->hit_count++] = pattern;
	}
	return &s->hits[mark->hit];
}

static uint32_t form_bit(const struct pattern_set *set, uint32_t form)
{
	return UINT32_C(1) << (form - set->patterns[set->forms[form].pattern].first_form);
}

static bool on_atom(void *context, uint32_t id, size_t start, size_t end)
{
	struct pattern_scratch *s = context;
	const struct pattern_atom *atom = &s->set->atoms[id];
	struct pattern_hit *hit;
	uint64_t *place;

	(void)end;
	if (start < atom->back)
		return true;
	hit = hit_of(s, atom->pattern);
	if (hit->place_count >= SEQUENCE_PLACES_MAX && s->set->forms[atom->form].pieces) {
		hit->everywhere |= form_bit(s->set, atom->form);
		s->enough[id] = s->any_enough = true;
		return true;
	}
	place = hit->place_count < REGEX_PLACES_MAX
			? arena_push(&s->heap, (void **)&hit->places, &hit->place_count,
				     &hit->place_room, sizeof *place)
			: NULL;
	if (place)
		*place = (uint64_t)(start - atom->back) << PLACE_SHIFT | id;
	else
		hit->flooded = true;
	return true;
}

static void forget(struct pattern_scratch *s)
{
	arena_reset(&s->heap);
	s->hit_count = 0;
	if (s->any_enough)
		memset(s->enough, 0, s->set->atom_count * sizeof *s->enough);
	s->any_enough = false;
	if (++s->generation)
		return;
	memset(s->marks, 0, s->set->count * sizeof *s->marks);
	s->generation = 1;
}

static void add_always(struct pattern_scratch *s)
{
	for (uint32_t i = 0; i < s->set->always_count; i++) {
		const struct pattern *pattern = &s->set->patterns[s->set->always[i]];
		struct pattern_hit *hit = hit_of(s, s->set->always[i]);

		for (uint32_t n = 0; n < pattern->form_count; n++) {
			if (s->set->forms[pattern->first_form + n].search == SEARCH_ALWAYS)
				hit->everywhere |= UINT32_C(1) << n;
		}
	}
}

bool pattern_search(struct pattern_scratch *s, struct span data,
		    const struct pattern_options *options, struct err *err)
{
	forget(s);
	s->data = data;
	s->options = *options;
	if (!s->options.max_matches || s->options.max_matches > PATTERN_MATCHES_MAX)
		s->options.max_matches = PATTERN_MATCHES_MAX;
	if (data.len >= DATA_MAX)
		return err_set(err, ERR_LIMIT, 0, "too large to search in one piece");
	match_scan(s->set->literals, data, s->enough, on_atom, s);
	add_always(s);
	return true;
}

const uint32_t *pattern_candidates(const struct pattern_scratch *s, size_t *count)
{
	*count = s->hit_count;
	return s->candidates;
}

static struct pattern_hit *find_hit(struct pattern_scratch *s, uint32_t id)
{
	if (id >= s->set->count || !s->generation || s->marks[id].generation != s->generation)
		return NULL;
	return &s->hits[s->marks[id].hit];
}

bool pattern_is_dear(const struct pattern_scratch *s, uint32_t id)
{
	return id < s->set->count && s->generation && s->marks[id].generation == s->generation &&
	       s->hits[s->marks[id].hit].everywhere;
}

bool pattern_found(struct pattern_scratch *s, uint32_t id)
{
	struct pattern_hit *hit = find_hit(s, id);

	if (!hit)
		return false;
	if (hit->state == HIT_UNKNOWN) {
		pattern_verify(s, id, hit, true);
		hit->state = hit->match_count ? HIT_FOUND : HIT_ABSENT;
	}
	return hit->state != HIT_ABSENT;
}

const struct pattern_match *pattern_matches(struct pattern_scratch *s, uint32_t id, size_t *count)
{
	struct pattern_hit *hit = find_hit(s, id);

	*count = 0;
	if (!hit || hit->state == HIT_ABSENT)
		return NULL;
	if (hit->state != HIT_LISTED) {
		/* Where all the data is searched, that goes from its end: the first comes last. */
		pattern_verify(s, id, hit, s->options.fast && !hit->everywhere);
		if (s->options.fast && hit->match_count)
			hit->match_count = 1;
		hit->state = hit->match_count ? HIT_LISTED : HIT_ABSENT;
	}
	*count = hit->match_count;
	return hit->match_count ? hit->matches : NULL;
}

bool pattern_flooded(const struct pattern_scratch *s, uint32_t id)
{
	return id < s->set->count && s->generation &&
	       s->marks[id].generation == s->generation && s->hits[s->marks[id].hit].flooded;
}
