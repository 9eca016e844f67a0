#include "match/rarity.h"
#include "rules/yara/pattern_set.h"

bool pattern_piece_at(const struct pattern_piece *piece, struct span data, size_t at, uint8_t key)
{
	const uint8_t *bytes;

	if (at > data.len || data.len - at < piece->len)
		return false;
	bytes = data.at + at;
	for (uint32_t i = 0; i < piece->len; i++) {
		bool equal = ((bytes[i] ^ key) & piece->mask[i]) == piece->value[i];

		if (equal == (piece->negate && piece->negate[i]))
			return false;
	}
	return true;
}

/* The byte of the piece that is seen least in files, or its length: none is definite. */
static uint32_t rarest_byte(const struct pattern_piece *piece)
{
	uint32_t best = piece->len;

	for (uint32_t i = 0; i < piece->len; i++) {
		if (piece->mask[i] == 0xff && !(piece->negate && piece->negate[i]) &&
		    (best == piece->len || rarity_bytes[piece->value[i]] >
						   rarity_bytes[piece->value[best]]))
			best = i;
	}
	return best;
}

/* The last place in [from, until) where the piece stands; SIZE_MAX: none. */
static size_t find_last(const struct pattern_piece *piece, uint32_t rarest, struct span data,
			size_t from, size_t until)
{
	if (data.len < piece->len)
		return SIZE_MAX;
	if (until > data.len - piece->len + 1)
		until = data.len - piece->len + 1;
	while (until > from) {
		if (rarest < piece->len) {
			const uint8_t *near = memrchr(data.at + from + rarest, piece->value[rarest],
						      until - from);

			if (!near)
				return SIZE_MAX;
			until = (size_t)(near - data.at) - rarest + 1;
		}
		until--;
		if (pattern_piece_at(piece, data, until, 0))
			return until;
	}
	return SIZE_MAX;
}

size_t pattern_piece_last(const struct pattern_piece *piece, struct span data, size_t from,
			  size_t until)
{
	return find_last(piece, rarest_byte(piece), data, from, until);
}

/*
 * What is known of a piece while going from the end of the data to its start.
 * Places from which the rest of the sequence can be reached wait in a ring until
 * the piece before, going down, is as far away as the least gap.
 */
struct state {
	const struct pattern_piece *piece;
	size_t *ends;		/* [place % room] end of the match from there; 0: none */
	size_t room;
	size_t waiting;		/* how many are in the ring */
	size_t near, near_end;	/* the nearest place that the piece before may jump to */
	bool has_near;
};

struct sweep {
	const struct pattern_form *form;
	struct span data;
	size_t until;		/* of the first piece's starts */
	size_t low, high;	/* bytes that can belong to one of its matches */
	struct state *states;
	uint32_t lowest;	/* no piece before this one can match here */
};

/*
 * Is the rest reachable from the end of piece `i` at `at`? The nearest place is
 * the right one: a nearer one never ends later. Once it is too far it stays so.
 */
static bool can_reach(const struct sweep *w, uint32_t i, size_t at)
{
	struct state *after = &w->states[i + 1];
	size_t past = at + w->states[i].piece->len;
	size_t reached = past + after->piece->gap_min;

	if (after->waiting && reached < w->high && after->ends[reached % after->room]) {
		after->near = reached;
		after->near_end = after->ends[reached % after->room];
		after->has_near = true;
		after->ends[reached % after->room] = 0;
		after->waiting--;
	}
	if (after->has_near && after->piece->gap_max != REGEX_NO_END &&
	    after->near - past > after->piece->gap_max)
		after->has_near = false;
	return after->has_near;
}

/* Piece `i` stands at `at` and the sequence goes on from there to `end`. */
static bool reached(struct sweep *w, uint32_t i, size_t at, size_t end, pattern_found_fn *found,
		    void *context)
{
	struct state *s = &w->states[i];

	if (i == 0)
		return at >= w->until || found(context, at, end - at, 0);
	s->ends[at % s->room] = end;
	s->waiting++;
	if (w->lowest >= i)
		w->lowest = i - 1;
	return true;
}

static bool sweep_place(struct sweep *w, size_t at, pattern_found_fn *found, void *context)
{
	uint32_t last = w->form->piece_count - 1;

	for (uint32_t i = w->lowest; i < last; i++) {
		bool near = can_reach(w, i, at);
		size_t end = w->states[i + 1].near_end;

		if (near && pattern_piece_at(w->states[i].piece, w->data, at, 0) &&
		    !reached(w, i, at, end, found, context))
			return false;
		if (i == w->lowest && !near && !w->states[i + 1].waiting)
			w->lowest++;
	}
	return !pattern_piece_at(w->states[last].piece, w->data, at, 0) ||
	       reached(w, last, at, at + w->states[last].piece->len, found, context);
}

static bool sweep(struct sweep *w, pattern_found_fn *found, void *context)
{
	uint32_t last = w->form->piece_count - 1;
	uint32_t rarest = rarest_byte(w->states[last].piece);

	for (size_t at = w->high; at-- > w->low;) {
		if (w->lowest == last) {	/* nothing waits: on to the next last piece */
			at = find_last(w->states[last].piece, rarest, w->data, w->low, at + 1);
			if (at == SIZE_MAX)
				return true;
		}
		if (!sweep_place(w, at, found, context))
			return false;
	}
	return true;
}

static bool prepare(struct sweep *w, struct arena *heap)
{
	w->lowest = w->form->piece_count - 1;
	w->states = ARENA_ARRAY(heap, w->form->piece_count, struct state);
	for (uint32_t i = 0; w->states && i < w->form->piece_count; i++) {
		struct state *s = &w->states[i];

		s->piece = &w->form->pieces[i];
		if (i == 0)
			continue;
		s->room = (size_t)s->piece->gap_min + s->piece[-1].len + 1;
		if (s->room > w->high - w->low)
			s->room = w->high - w->low;
		s->ends = ARENA_ARRAY(heap, s->room, size_t);
		if (!s->ends)
			return false;
	}
	return w->states != NULL;
}

static bool search_xored(const struct pattern_form *form, struct span data, size_t from,
			 size_t until, pattern_found_fn *found, void *context)
{
	const struct pattern_piece *piece = form->pieces;

	for (size_t at = until; at-- > from;) {
		uint8_t key = data.at[at] ^ piece->value[0];

		if (key >= form->xor_min && key <= form->xor_max &&
		    pattern_piece_at(piece, data, at, key) && !found(context, at, piece->len, key))
			return false;
	}
	return true;
}

static bool search_one_piece(const struct pattern_form *form, struct span data, size_t from,
			     size_t until, pattern_found_fn *found, void *context)
{
	uint32_t rarest = rarest_byte(form->pieces);

	if (form->xored)
		return search_xored(form, data, from, until, found, context);
	for (;;) {
		until = find_last(form->pieces, rarest, data, from, until);
		if (until == SIZE_MAX)
			return true;
		if (!found(context, until, form->pieces->len, 0))
			return false;
	}
}

/* How far a match that begins at some place can reach at most. */
static size_t longest(const struct pattern_form *form)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < form->piece_count; i++) {
		if (form->pieces[i].gap_max == REGEX_NO_END)
			return SIZE_MAX;
		sum += (uint64_t)form->pieces[i].gap_max + form->pieces[i].len;
	}
	return sum;
}

bool pattern_sequence_search(const struct pattern_form *form, struct span data, size_t from,
			     size_t until, struct arena *heap, pattern_found_fn *found,
			     void *context)
{
	size_t reach_len = longest(form);
	struct sweep w = { .form = form, .data = data, .low = from };

	w.until = until < data.len ? until : data.len;
	if (from >= w.until)
		return true;
	if (form->piece_count == 1)
		return search_one_piece(form, data, from, w.until, found, context);
	w.high = reach_len < data.len - w.until ? w.until + reach_len : data.len;
	return prepare(&w, heap) && sweep(&w, found, context);
}
