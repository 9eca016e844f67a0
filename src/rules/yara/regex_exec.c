#include "rules/yara/regex_run.h"

#include <stdlib.h>

struct regex_scratch *regex_scratch_new(void)
{
	return calloc(1, sizeof(struct regex_scratch));
}

static void free_lists(struct regex_scratch *s)
{
	free(s->now);
	free(s->next);
	free(s->stack);
	free(s->mark);
	*s = (struct regex_scratch){ .dfa = s->dfa };
}

void regex_scratch_free(struct regex_scratch *scratch)
{
	if (!scratch)
		return;
	free_lists(scratch);
	regex_dfa_free(scratch->dfa);
	free(scratch);
}

bool regex_make_room(struct regex_scratch *s, uint32_t count)
{
	uint32_t room = 256;

	if (count <= s->room)
		return true;
	while (room < count)
		room *= 2;
	free_lists(s);
	s->now = calloc(room, sizeof *s->now);
	s->next = calloc(room, sizeof *s->next);
	s->stack = calloc((size_t)room * 2 + 2, sizeof *s->stack);
	s->mark = calloc(room, sizeof *s->mark);
	if (!s->now || !s->next || !s->stack || !s->mark) {
		free_lists(s);
		return false;
	}
	s->room = room;
	return true;
}

static void new_generation(struct regex_scratch *s)
{
	if (++s->generation)
		return;
	memset(s->mark, 0, s->room * sizeof *s->mark);
	s->generation = 1;
}

static bool is_word(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '_';
}

/* Is the character that begins at `at` a word character? A wide one is a pair. */
static bool is_word_at(const struct regex_run *r, size_t at)
{
	struct span c = span_sub(r->data, at, r->regex->wide ? 2 : 1);

	return c.len == (r->regex->wide ? 2 : 1) && is_word(c.at[0]) &&
	       !(r->regex->wide && c.at[1]);
}

static bool is_newline_at(const struct regex_run *r, size_t at)
{
	struct span c = span_sub(r->data, at, r->regex->wide ? 2 : 1);

	return c.len == (r->regex->wide ? 2 : 1) && c.at[0] == '\n' &&
	       !(r->regex->wide && c.at[1]);
}

static bool holds(const struct regex_run *r, uint8_t assertion, size_t at)
{
	size_t width = r->regex->wide ? 2 : 1;
	bool before, behind;

	switch (assertion) {
	case ASSERT_START:
		return at == 0;
	case ASSERT_END:
		return at == r->data.len;
	case ASSERT_LINE_START:
		return at == 0 || (at >= width && is_newline_at(r, at - width));
	case ASSERT_LINE_END:
		return at == r->data.len || is_newline_at(r, at);
	default:
		break;
	}
	before = at >= width && is_word_at(r, at - width);
	behind = is_word_at(r, at);
	switch (assertion) {
	case ASSERT_WORD:
		return before != behind;
	case ASSERT_NOT_WORD:
		return before == behind;
	case ASSERT_WORD_START:
		return !before && behind;
	case ASSERT_WORD_END:
		return before && !behind;
	case ASSERT_WORD_START_HALF:
		return !before;
	default:
		return !behind;
	}
}

void regex_add_thread(struct regex_run *r, uint32_t pc, size_t at)
{
	struct regex_scratch *s = r->scratch;
	uint32_t depth = 0;

	s->stack[depth++] = pc;
	while (depth) {
		const struct regex_inst *inst;

		pc = s->stack[--depth];
		if (s->mark[pc] == s->generation)
			continue;
		s->mark[pc] = s->generation;
		inst = &r->regex->code[pc];
		if (inst->op == OP_SPLIT) {
			s->stack[depth++] = inst->y;
			s->stack[depth++] = inst->x;
		} else if (inst->op == OP_JUMP) {
			s->stack[depth++] = inst->x;
		} else if (inst->op == OP_ASSERT) {
			if (r->any_assertion || holds(r, inst->byte, at))
				s->stack[depth++] = pc + 1;
		} else {
			s->next[s->next_count++] = pc;
		}
	}
}

bool regex_takes(const struct regex *regex, const struct regex_inst *inst, uint8_t byte)
{
	switch (inst->op) {
	case OP_BYTE:
		return inst->byte == byte;
	case OP_SET:
		return byte_set_has(&regex->sets[inst->set], byte);
	default:
		return inst->op == OP_ANY;
	}
}

void regex_swap_lists(struct regex_scratch *s)
{
	uint32_t *list = s->now;

	s->now = s->next;
	s->now_count = s->next_count;
	s->next = list;
	s->next_count = 0;
	new_generation(s);
}

static void begin(struct regex_run *r, size_t at)
{
	r->scratch->next_count = 0;
	new_generation(r->scratch);
	regex_add_thread(r, 0, at);
	regex_swap_lists(r->scratch);
}

static bool may_end(const struct regex_run *r, size_t at)
{
	struct span c = span_sub(r->data, at, r->regex->wide ? 2 : 1);

	return !r->ends_word || c.len != (r->regex->wide ? 2 : 1) || c.at[0] == '_' ||
	       !is_word(c.at[0]) || (r->regex->wide && c.at[1]);
}

/*
 * Moves all threads over one byte to the boundary `to`. Answers whether one had
 * come to a match before it; where order counts, that ends those after it.
 */
static bool step(struct regex_run *r, uint8_t byte, size_t to, bool ordered)
{
	struct regex_scratch *s = r->scratch;
	bool matched = false, ends = !r->ends_word || may_end(r, to - 1);

	for (uint32_t i = 0; i < s->now_count; i++) {
		const struct regex_inst *inst = &r->regex->code[s->now[i]];

		if (inst->op == OP_MATCH) {
			matched = ends;
			if (ordered && ends)
				break;
		} else if (regex_takes(r->regex, inst, byte)) {
			regex_add_thread(r, s->now[i] + 1, to);
		}
	}
	return matched;
}

static bool at_match(const struct regex_run *r)
{
	for (uint32_t i = 0; i < r->scratch->now_count; i++) {
		if (r->regex->code[r->scratch->now[i]].op == OP_MATCH)
			return true;
	}
	return false;
}

static bool match_by_threads(struct regex_run *r, size_t at, size_t stop, size_t *end)
{
	struct regex_scratch *s = r->scratch;
	bool matched = false;

	for (; at < stop && s->now_count; at++) {
		if (step(r, r->data.at[at], at + 1, r->regex->length == REGEX_PREFERRED)) {
			matched = true;
			*end = at;
			if (r->regex->length == REGEX_SHORTEST)
				return true;
		}
		regex_swap_lists(s);
	}
	if (at_match(r) && may_end(r, at)) {
		matched = true;
		*end = at;
	}
	return matched;
}

/*
 * Follow known steps only; a match, a dead end and an unknown step end it. Most
 * steps stay in their state: the inner loops then wait for no load but the byte's.
 */
static uint32_t run_forward(const struct regex_dfa *d, struct span data, uint32_t state,
			    size_t *at, size_t stop)
{
	const uint8_t *classes = d->regex->classes;
	size_t here = *at;

	while (here < stop && !d->kind[state]) {
		const uint32_t *row = d->next + (size_t)state * d->classes;
		uint32_t to = state;

		while (here < stop && (to = row[classes[data.at[here]]]) == state)
			here++;
		if (here == stop || !to)
			break;
		state = to;
		here++;
	}
	*at = here;
	return state;
}

static uint32_t run_backward(const struct regex_dfa *d, struct span data, uint32_t state,
			     size_t *at)
{
	const uint8_t *classes = d->regex->classes;
	size_t here = *at;

	while (here && !d->kind[state]) {
		const uint32_t *row = d->next + (size_t)state * d->classes;
		uint32_t to = state;

		while (here && (to = row[classes[data.at[here - 1]]]) == state)
			here--;
		if (!here || !to)
			break;
		state = to;
		here--;
	}
	*at = here;
	return state;
}

/* The longest or the shortest match, where no assertions count. */
static bool match_by_states(struct regex_run *r, size_t at, size_t stop, size_t *end)
{
	uint32_t state = regex_dfa_start(r, false), next;
	bool matched = false;

	for (; state; state = next, at++) {
		uint8_t kind;

		state = run_forward(r->scratch->dfa, r->data, state, &at, stop);
		kind = r->scratch->dfa->kind[state];
		if (kind == REGEX_DFA_MATCH && may_end(r, at)) {
			matched = true;
			*end = at;
			if (r->regex->length == REGEX_SHORTEST)
				return true;
		}
		if (at == stop || kind == REGEX_DFA_DEAD)
			return matched;
		next = regex_dfa_step(r, state, r->data.at[at]);
		if (!next) {
			regex_dfa_leave(r, state);
			return match_by_threads(r, at, stop, end) || matched;
		}
	}
	begin(r, at);
	return match_by_threads(r, at, stop, end);
}

bool regex_match(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		 size_t at, size_t stop, bool ends_word, size_t *end)
{
	struct regex_run r = { regex, scratch, data, false, ends_word };

	if (!regex->can_be_empty && (at >= stop || !byte_set_has(&regex->first, data.at[at])))
		return false;
	if (!regex_make_room(scratch, regex->count))
		return false;
	if (regex->length != REGEX_PREFERRED && !regex->asserts)
		return match_by_states(&r, at, stop, end);
	begin(&r, at);
	return match_by_threads(&r, at, stop, end);
}

void regex_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		  size_t at, size_t floor, regex_found_fn *found, void *context)
{
	struct regex_run r = { regex, scratch, data, false, false };

	if (!regex_make_room(scratch, regex->count))
		return;
	begin(&r, at);
	for (; at > floor && scratch->now_count; at--) {
		if (step(&r, data.at[at - 1], at - 1, false) && !found(context, at))
			return;
		regex_swap_lists(scratch);
	}
	if (at_match(&r))
		found(context, at);
}

static void all_starts_by_threads(struct regex_run *r, size_t at, regex_found_fn *found,
				  void *context)
{
	for (; at > 0; at--) {
		if (step(r, r->data.at[at - 1], at - 1, false) && !found(context, at))
			return;
		regex_add_thread(r, 0, at - 1);
		regex_swap_lists(r->scratch);
	}
	if (at_match(r))
		found(context, 0);
}

void regex_all_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		      regex_found_fn *found, void *context)
{
	struct regex_run r = { regex, scratch, data, true, false };
	size_t at = data.len;
	uint32_t state, next;

	if (!regex_make_room(scratch, regex->count))
		return;
	for (state = regex_dfa_start(&r, true); state; state = next, at--) {
		state = run_backward(scratch->dfa, data, state, &at);
		if (scratch->dfa->kind[state] == REGEX_DFA_MATCH && !found(context, at))
			return;
		if (!at)
			return;
		next = regex_dfa_step(&r, state, data.at[at - 1]);
		if (!next) {
			/* Its match is told already: go over one byte first. */
			regex_dfa_leave(&r, state);
			step(&r, data.at[at - 1], at - 1, false);
			regex_add_thread(&r, 0, at - 1);
			regex_swap_lists(scratch);
			at--;
			all_starts_by_threads(&r, at, found, context);
			return;
		}
	}
	begin(&r, at);
	all_starts_by_threads(&r, at, found, context);
}

bool regex_search(const struct regex *regex, struct regex_scratch *scratch, struct span data)
{
	struct regex_run r = { regex, scratch, data, false, false };

	if (!regex_make_room(scratch, regex->count))
		return false;
	begin(&r, 0);
	for (size_t at = 0; at < data.len; at++) {
		if (step(&r, data.at[at], at + 1, false))
			return true;
		/* As in YARA, nothing begins behind the last byte. */
		if (at + 1 < data.len)
			regex_add_thread(&r, 0, at + 1);
		regex_swap_lists(scratch);
	}
	return at_match(&r);
}

bool regex_compile(struct arena *arena, struct span source, uint32_t flags, struct regex **out,
		   struct err *err)
{
	struct arena heap = arena_new((size_t)64 << 20);
	struct regex_tree tree;
	bool done;

	done = regex_parse(&heap, source, flags, &tree, err);
	if (done) {
		regex_tree_settle(&tree);
		done = regex_emit(arena, tree.root->first, NULL,
				  (struct regex_emit_options){ .length = tree.length }, out, err);
	}
	arena_free(&heap);
	return done;
}
