#include "rules/yara/pattern_search.h"

#include <stdlib.h>

/* Takes in matches of one form. */
struct collector {
	struct pattern_scratch *scratch;
	struct pattern_hit *hit;
	const struct pattern_form *form;
	uint8_t number;			/* of the form in its pattern */
	size_t base;			/* where the form's matches begin in the hit's */
	size_t seen;
	bool fullword;
	bool first;			/* one is enough */
	bool falling;			/* matches come from the end of the data */
	bool ends_later;		/* only starts are collected at first */
	size_t split_end;		/* of a variable regex: where its match ends */
	size_t origin;			/* where the part of the data begins that is searched */
};

static bool is_alnum(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10;
}

bool pattern_is_word(const struct pattern_form *form, struct span data, size_t at, size_t len)
{
	const uint8_t *d = data.at;
	size_t end = at + len;

	if (form->wide)
		return !(at >= 2 && d[at - 1] == 0 && is_alnum(d[at - 2])) &&
		       !(end + 1 < data.len && d[end + 1] == 0 && is_alnum(d[end]));
	return !(at >= 1 && is_alnum(d[at - 1])) && !(end < data.len && is_alnum(d[end]));
}

/* Where matches fall, the last max_matches of a ring are the lowest. */
static struct pattern_match *new_match(struct collector *c)
{
	struct pattern_hit *hit = c->hit;
	size_t most = c->scratch->options.max_matches, number = c->seen++;

	if (number < most) {
		struct pattern_match *match = arena_push(
			&c->scratch->heap, (void **)&hit->matches, &hit->match_count,
			&hit->match_room, sizeof *match);

		hit->flooded = hit->flooded || !match;
		return match;
	}
	hit->flooded = true;
	return c->falling ? &hit->matches[c->base + number % most] : NULL;
}

static bool collect(void *context, size_t at, size_t len, uint8_t key)
{
	struct collector *c = context;
	struct pattern_match *match;

	if (c->fullword && !pattern_is_word(c->form, c->scratch->data, at, len))
		return true;
	match = new_match(c);
	if (!match)
		return false;
	*match = (struct pattern_match){ .offset = at, .xor_key = key, .form = c->number,
					 .length = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX };
	return !c->first;
}

static size_t limit_from(struct span data, size_t at)
{
	return data.len - at > PATTERN_SCAN_LIMIT ? at + PATTERN_SCAN_LIMIT : data.len;
}

static bool sequence_at(struct collector *c, size_t place, uint8_t key)
{
	const struct pattern_form *form = c->form;
	struct span data = c->scratch->data;
	size_t from = place, until = place + 1;
	bool more;

	if (form->search == SEARCH_FIXED && !pattern_piece_at(form->pieces, data, place, key))
		return true;
	if (form->piece_count == 1)
		return collect(c, place, form->pieces->len, key);
	if (form->search == SEARCH_VARIABLE) {
		from = place > form->max_before ? place - form->max_before : 0;
		until = place >= form->min_before ? place - form->min_before + 1 : 0;
	}
	more = pattern_sequence_search(form, data, from, until, &c->scratch->work, collect, c);
	arena_reset(&c->scratch->work);
	return more;
}

static bool on_split_start(void *context, size_t at)
{
	struct collector *c = context;

	return collect(c, at, c->split_end - at, 0);
}

/* Whether a length that is no word may give way to one that is. */
static bool picks_words(const struct collector *c)
{
	return c->fullword && !c->form->whole->one_length;
}

static bool regex_at(struct collector *c, size_t place)
{
	const struct pattern_form *form = c->form;
	struct pattern_scratch *s = c->scratch;
	size_t end, floor, before = c->hit->match_count;

	if (form->search == SEARCH_FIXED)
		return !regex_match(form->whole, s->inner, s->data, place,
				    limit_from(s->data, place), picks_words(c), &end) ||
		       collect(c, place, end - place, 0);
	if (!regex_match(form->after, s->inner, s->data, place, limit_from(s->data, place),
			 picks_words(c), &end))
		return true;
	c->split_end = end;
	floor = place > PATTERN_SCAN_LIMIT ? place - PATTERN_SCAN_LIMIT : 0;
	regex_starts(form->before, s->outer, s->data, place, floor, on_split_start, c);
	return !c->first || c->hit->match_count == before;
}

/*
 * Where neither assertions nor words can forbid a match, its end is worked out
 * later, for those starts that are kept: a flood would cost an end each.
 */
static bool on_start(void *context, size_t start)
{
	struct collector *c = context;
	struct pattern_scratch *s = c->scratch;
	struct pattern_match *match;
	size_t at = c->origin + start, end;

	if (c->ends_later) {
		match = new_match(c);
		if (match)
			*match = (struct pattern_match){ .offset = at, .form = c->number };
		return match != NULL;
	}

	return !regex_match(c->form->whole, s->inner, s->data, at, limit_from(s->data, at),
			    picks_words(c), &end) ||
	       collect(c, at, end - at, 0);
}

static void add_ends(struct collector *c)
{
	struct pattern_hit *hit = c->hit;
	struct span data = c->scratch->data;
	size_t kept = c->base, end;

	for (size_t i = c->base; i < hit->match_count; i++) {
		size_t at = hit->matches[i].offset;

		if (!regex_match(c->form->whole, c->scratch->inner, data, at, limit_from(data, at),
				 false, &end) || end == at)
			continue;
		hit->matches[kept] = hit->matches[i];
		hit->matches[kept++].length = (uint32_t)(end - at);
	}
	hit->match_count = kept;
}

/* All matches that lie within [from, until). */
static void search_part(struct collector *c, size_t from, size_t until)
{
	struct pattern_scratch *s = c->scratch;

	if (c->form->pieces) {
		pattern_sequence_search(c->form, s->data, from, until, &s->work, collect, c);
		arena_reset(&s->work);
		return;
	}
	c->origin = from;
	regex_all_starts(c->form->backward, s->outer, span_sub(s->data, from, until - from),
			 on_start, c);
	c->origin = 0;
}

/* The needed piece is rare: only as far around it as a match can reach, parts that touch at once. */
static void search_near(struct collector *c)
{
	struct span data = c->scratch->data;
	size_t reach = c->form->reach, until = data.len;

	while (!(c->first && c->hit->match_count)) {
		size_t at = pattern_piece_last(c->form->need, data, 0, until), high, low;

		if (at == SIZE_MAX)
			return;
		high = data.len - at > reach ? at + reach : data.len;
		do {
			low = at > reach ? at - reach : 0;
			until = low > reach ? low - reach : 0;
			at = pattern_piece_last(c->form->need, data, until, at);
		} while (at != SIZE_MAX);
		search_part(c, low, high);
	}
}

static void search_all(struct collector *c)
{
	struct span data = c->scratch->data;

	if (c->form->need && pattern_piece_last(c->form->need, data, 0, data.len) == SIZE_MAX)
		return;
	search_part(c, 0, data.len);
}

/* What may be empty begins everywhere but at the end of the data. */
static void search_each(struct collector *c)
{
	for (size_t at = 0; at < c->scratch->data.len; at++)
		if (!on_start(c, at))
			return;
}

static void search_everywhere(struct collector *c)
{
	const struct regex *whole = c->form->whole;

	if (whole && whole->can_be_empty) {
		search_each(c);
		return;
	}
	c->falling = true;
	c->base = c->hit->match_count;
	c->seen = 0;
	c->ends_later = whole && !c->first && !c->fullword && !whole->asserts;
	if (c->form->reach)
		search_near(c);
	else
		search_all(c);
	if (c->ends_later)
		add_ends(c);
	c->ends_later = false;
}

static void search_places(struct collector *c, const struct pattern *pattern)
{
	const struct pattern_set *set = c->scratch->set;

	for (size_t i = 0; i < c->hit->place_count; i++) {
		const struct pattern_atom *atom =
			&set->atoms[c->hit->places[i] & ((1 << PLACE_SHIFT) - 1)];
		size_t place = c->hit->places[i] >> PLACE_SHIFT;

		c->number = (uint8_t)(atom->form - pattern->first_form);
		c->form = &set->forms[atom->form];
		if (c->hit->everywhere >> c->number & 1)
			continue;
		if (!(c->form->pieces ? sequence_at(c, place, atom->key) : regex_at(c, place)))
			return;
	}
}

/* By offset; where two share one, the one to keep first. */
static int by_offset(const void *a, const void *b)
{
	const struct pattern_match *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (int)x->form - (int)y->form;
}

static bool is_better(const struct pattern_set *set, const struct pattern *pattern,
		      const struct pattern_match *match, const struct pattern_match *than)
{
	const struct pattern_form *form = &set->forms[pattern->first_form + match->form];

	if (match->form != than->form || !form->whole)
		return false;
	return form->whole->length == REGEX_LONGEST ? match->length > than->length : match->length < than->length;
}

static void tidy(struct pattern_scratch *s, const struct pattern *pattern, struct pattern_hit *hit)
{
	struct pattern_match *m = hit->matches;
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 1; i < hit->match_count && sorted; i++)
		sorted = m[i - 1].offset < m[i].offset;
	if (!sorted)
		qsort(m, hit->match_count, sizeof *m, by_offset);
	for (size_t i = 0; i < hit->match_count; i++) {
		if (!kept || m[kept - 1].offset != m[i].offset)
			m[kept++] = m[i];
		else if (is_better(s->set, pattern, &m[i], &m[kept - 1]))
			m[kept - 1] = m[i];
	}
	hit->flooded = hit->flooded || kept > s->options.max_matches;
	hit->match_count = kept > s->options.max_matches ? s->options.max_matches : kept;
}

void pattern_verify(struct pattern_scratch *s, uint32_t id, struct pattern_hit *hit, bool first)
{
	const struct pattern *pattern = &s->set->patterns[id];
	struct collector c = { .scratch = s, .hit = hit, .first = first,
			       .fullword = pattern->flags & PATTERN_FULLWORD };

	hit->match_count = 0;
	search_places(&c, pattern);
	for (uint8_t n = 0; n < pattern->form_count; n++) {
		if (first && hit->match_count)
			break;
		c.number = n;
		c.form = &s->set->forms[pattern->first_form + n];
		if (hit->everywhere >> n & 1)
			search_everywhere(&c);
	}
	tidy(s, pattern, hit);
}

static bool sequence_match_at(struct pattern_scratch *s, struct collector *c, size_t at)
{
	uint8_t first = c->form->pieces->value[0], key = 0;

	if (at >= s->data.len)
		return false;
	if (c->form->xored)
		key = s->data.at[at] ^ first;
	if (c->form->xored && (key < c->form->xor_min || key > c->form->xor_max))
		return false;
	if (!pattern_piece_at(c->form->pieces, s->data, at, key))
		return false;
	if (c->form->piece_count == 1)
		collect(c, at, c->form->pieces->len, key);
	else
		pattern_sequence_search(c->form, s->data, at, at + 1, &s->work, collect, c);
	arena_reset(&s->work);
	return c->hit->match_count;
}

bool pattern_match_at(struct pattern_scratch *s, uint32_t id, uint64_t offset, uint32_t *length)
{
	const struct pattern *pattern = &s->set->patterns[id];
	struct pattern_hit hit = { 0 };
	struct collector c = { .scratch = s, .hit = &hit, .first = true,
			       .fullword = pattern->flags & PATTERN_FULLWORD };

	if (offset >= s->data.len)
		return false;
	for (uint32_t n = 0; n < pattern->form_count && !hit.match_count; n++) {
		c.form = &s->set->forms[pattern->first_form + n];
		if (c.form->pieces)
			sequence_match_at(s, &c, offset);
		else
			on_start(&c, offset);
	}
	if (hit.match_count)
		*length = hit.matches[0].length;
	return hit.match_count;
}
