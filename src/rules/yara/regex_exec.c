#include "rules/yara/regex_prog.h"

#include <stdlib.h>

struct regex_scratch {
	uint32_t room;			/* instructions that the arrays below can take */
	uint32_t *now, *next, *stack;	/* threads in order of preference; work to do */
	uint32_t *mark;			/* [instruction] generation that has seen it */
	uint32_t generation;
	uint32_t now_count, next_count;
};

struct run {
	const struct regex *regex;
	struct regex_scratch *scratch;
	struct span data;
};

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
	*s = (struct regex_scratch){ 0 };
}

void regex_scratch_free(struct regex_scratch *scratch)
{
	if (!scratch)
		return;
	free_lists(scratch);
	free(scratch);
}

/* Programs are bounded by REGEX_PROGRAM_MAX, so this is too. */
static bool make_room(struct regex_scratch *s, uint32_t count)
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
static bool is_word_at(const struct run *r, size_t at)
{
	struct span c = span_sub(r->data, at, r->regex->wide ? 2 : 1);

	return c.len == (r->regex->wide ? 2 : 1) && is_word(c.at[0]) &&
	       !(r->regex->wide && c.at[1]);
}

static bool holds(const struct run *r, uint8_t assertion, size_t at)
{
	size_t width = r->regex->wide ? 2 : 1;
	bool boundary;

	if (assertion == ASSERT_START)
		return at == 0;
	if (assertion == ASSERT_END)
		return at == r->data.len;
	boundary = is_word_at(r, at) != (at >= width && is_word_at(r, at - width));
	return boundary == (assertion == ASSERT_WORD);
}

/* Adds to the next list all instructions reached from `pc` without a byte. */
static void add_thread(struct run *r, uint32_t pc, size_t at)
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
			if (holds(r, inst->byte, at))
				s->stack[depth++] = pc + 1;
		} else {
			s->next[s->next_count++] = pc;
		}
	}
}

static bool takes(const struct regex *regex, const struct regex_inst *inst, uint8_t byte)
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

static void swap_lists(struct regex_scratch *s)
{
	uint32_t *list = s->now;

	s->now = s->next;
	s->now_count = s->next_count;
	s->next = list;
	s->next_count = 0;
	new_generation(s);
}

static void begin(struct run *r, size_t at)
{
	r->scratch->next_count = 0;
	new_generation(r->scratch);
	add_thread(r, 0, at);
	swap_lists(r->scratch);
}

/*
 * Moves all threads over one byte to the boundary `to`. Answers whether one had
 * come to a match before it; where order counts, that ends those after it.
 */
static bool step(struct run *r, uint8_t byte, size_t to, bool ordered)
{
	struct regex_scratch *s = r->scratch;
	bool matched = false;

	for (uint32_t i = 0; i < s->now_count; i++) {
		const struct regex_inst *inst = &r->regex->code[s->now[i]];

		if (inst->op == OP_MATCH) {
			matched = true;
			if (ordered)
				break;
		} else if (takes(r->regex, inst, byte)) {
			add_thread(r, s->now[i] + 1, to);
		}
	}
	return matched;
}

static bool at_match(const struct run *r)
{
	for (uint32_t i = 0; i < r->scratch->now_count; i++) {
		if (r->regex->code[r->scratch->now[i]].op == OP_MATCH)
			return true;
	}
	return false;
}

bool regex_match(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		 size_t at, size_t stop, size_t *end)
{
	struct run r = { regex, scratch, data };
	bool matched = false;

	if (!regex->can_be_empty && (at >= stop || !byte_set_has(&regex->first, data.at[at])))
		return false;
	if (!make_room(scratch, regex->count))
		return false;
	begin(&r, at);
	for (; at < stop && scratch->now_count; at++) {
		if (step(&r, data.at[at], at + 1, !regex->longest)) {
			matched = true;
			*end = at;
		}
		swap_lists(scratch);
	}
	if (at_match(&r)) {
		matched = true;
		*end = at;
	}
	return matched;
}

void regex_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		  size_t at, size_t floor, regex_found_fn *found, void *context)
{
	struct run r = { regex, scratch, data };

	if (!make_room(scratch, regex->count))
		return;
	begin(&r, at);
	for (; at > floor && scratch->now_count; at--) {
		if (step(&r, data.at[at - 1], at - 1, false) && !found(context, at))
			return;
		swap_lists(scratch);
	}
	if (at_match(&r))
		found(context, at);
}

void regex_all_starts(const struct regex *regex, struct regex_scratch *scratch, struct span data,
		      regex_found_fn *found, void *context)
{
	struct run r = { regex, scratch, data };
	size_t at = data.len;

	if (!make_room(scratch, regex->count))
		return;
	begin(&r, at);
	for (; at > 0; at--) {
		if (step(&r, data.at[at - 1], at - 1, false) && !found(context, at))
			return;
		add_thread(&r, 0, at - 1);
		swap_lists(scratch);
	}
	if (at_match(&r))
		found(context, 0);
}

bool regex_search(const struct regex *regex, struct regex_scratch *scratch, struct span data)
{
	struct run r = { regex, scratch, data };

	if (!make_room(scratch, regex->count))
		return false;
	begin(&r, 0);
	for (size_t at = 0; at < data.len; at++) {
		if (step(&r, data.at[at], at + 1, false))
			return true;
		add_thread(&r, 0, at + 1);
		swap_lists(scratch);
	}
	return at_match(&r);
}

bool regex_compile(struct arena *arena, struct span source, uint32_t flags, struct regex **out,
		   struct err *err)
{
	struct arena heap = arena_new((size_t)64 << 20);
	struct regex_tree tree;
	bool done;

	done = regex_parse(&heap, source, flags, &tree, err) &&
	       regex_emit(arena, tree.root->first, NULL,
			  (struct regex_emit_options){ .longest = tree.greedy && !tree.lazy }, out,
			  err);
	arena_free(&heap);
	return done;
}
