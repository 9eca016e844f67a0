#include "rules/yara/regex_prog.h"

#define HEAP_MAX ((size_t)64 << 20)

struct emitter {
	struct arena heap;
	struct regex_inst *code;
	size_t count, room;
	struct byte_set *sets;
	size_t set_count, set_room;
	struct regex_emit_options options;
	bool asserts;
	bool full;
};

static uint32_t emit(struct emitter *e, struct regex_inst inst)
{
	struct regex_inst *to = NULL;

	if (e->count < REGEX_PROGRAM_MAX)
		to = arena_push(&e->heap, (void **)&e->code, &e->count, &e->room, sizeof *to);
	if (!to) {
		e->full = true;
		return 0;
	}
	*to = inst;
	return (uint32_t)e->count - 1;
}

static uint16_t set_number(struct emitter *e, const struct byte_set *set)
{
	struct byte_set *to;

	for (size_t i = e->set_count; i > 0 && e->set_count - i < 64; i--) {
		if (!memcmp(&e->sets[i - 1], set, sizeof *set))
			return (uint16_t)(i - 1);
	}
	to = e->set_count > UINT16_MAX ? NULL
				       : arena_push(&e->heap, (void **)&e->sets, &e->set_count,
						    &e->set_room, sizeof *to);
	if (!to) {
		e->full = true;
		return 0;
	}
	*to = *set;
	return (uint16_t)(e->set_count - 1);
}

static void emit_set(struct emitter *e, const struct byte_set *set)
{
	size_t count = byte_set_count(set);
	uint8_t value, mask;

	if (count == 256)
		emit(e, (struct regex_inst){ .op = OP_ANY });
	else if (count == 1 && byte_set_as_mask(set, &value, &mask))
		emit(e, (struct regex_inst){ .op = OP_BYTE, .byte = value });
	else
		emit(e, (struct regex_inst){ .op = OP_SET, .set = set_number(e, set) });
}

static void emit_character(struct emitter *e, const struct byte_set *set)
{
	struct regex_inst zero = { .op = OP_BYTE };

	if (e->options.wide && e->options.backward)
		emit(e, zero);
	emit_set(e, set);
	if (e->options.wide && !e->options.backward)
		emit(e, zero);
}

static void emit_node(struct emitter *e, const struct regex_ast *node);

/* What a repetition repeats, once. */
static void emit_once(struct emitter *e, const struct regex_ast *repeat)
{
	if (repeat->gap)
		emit_set(e, &repeat->first->set);
	else
		emit_node(e, repeat->first);
}

static void emit_sequence(struct emitter *e, const struct regex_ast *from,
			  const struct regex_ast *stop)
{
	const struct regex_ast **children;
	size_t count = 0;

	for (const struct regex_ast *child = from; child != stop; child = child->next) {
		if (!e->options.backward)
			emit_node(e, child);
		count++;
	}
	if (!e->options.backward)
		return;
	children = ARENA_ARRAY(&e->heap, count, const struct regex_ast *);
	if (!children) {
		e->full = true;
		return;
	}
	for (size_t i = 0; i < count; i++, from = from->next)
		children[i] = from;
	while (count--)
		emit_node(e, children[count]);
}

static void emit_alternatives(struct emitter *e, const struct regex_ast *node)
{
	uint32_t out = UINT32_MAX;	/* chain of jumps to patch, linked through x */

	for (const struct regex_ast *branch = node->first; branch; branch = branch->next) {
		uint32_t split = 0;

		if (branch->next)
			split = emit(e, (struct regex_inst){ .op = OP_SPLIT });
		emit_node(e, branch);
		if (!branch->next || e->full)
			break;
		out = emit(e, (struct regex_inst){ .op = OP_JUMP, .x = out });
		e->code[split].x = split + 1;
		e->code[split].y = (uint32_t)e->count;
	}
	while (out != UINT32_MAX && !e->full) {
		uint32_t before = e->code[out].x;

		e->code[out].x = (uint32_t)e->count;
		out = before;
	}
}

static void set_split(struct emitter *e, uint32_t split, bool lazy, uint32_t in, uint32_t past)
{
	if (e->full)
		return;
	e->code[split].x = lazy ? past : in;
	e->code[split].y = lazy ? in : past;
}

static void emit_star(struct emitter *e, const struct regex_ast *node)
{
	uint32_t split = emit(e, (struct regex_inst){ .op = OP_SPLIT });

	emit_once(e, node);
	emit(e, (struct regex_inst){ .op = OP_JUMP, .x = split });
	set_split(e, split, node->lazy, split + 1, (uint32_t)e->count);
}

/* x{0,n} as (x(x(x)?)?)?: each split may leave to the end, patched when it is known. */
static void emit_optional(struct emitter *e, const struct regex_ast *node, uint32_t times)
{
	uint32_t last = UINT32_MAX;

	for (uint32_t i = 0; i < times && !e->full; i++) {
		last = emit(e, (struct regex_inst){ .op = OP_SPLIT, .x = last });
		emit_once(e, node);
	}
	while (last != UINT32_MAX && !e->full) {
		uint32_t before = e->code[last].x;

		set_split(e, last, node->lazy, last + 1, (uint32_t)e->count);
		last = before;
	}
}

static void emit_node(struct emitter *e, const struct regex_ast *node)
{
	if (e->full)
		return;
	switch (node->kind) {
	case AST_SET:
		emit_character(e, &node->set);
		break;
	case AST_SEQ:
		emit_sequence(e, node->first, NULL);
		break;
	case AST_ALT:
		emit_alternatives(e, node);
		break;
	case AST_ASSERT:
		e->asserts = true;
		emit(e, (struct regex_inst){ .op = OP_ASSERT, .byte = (uint8_t)node->assertion });
		break;
	case AST_REPEAT:
		for (uint32_t i = 0; i < node->min && !e->full; i++)
			emit_once(e, node);
		if (node->max == REGEX_NO_END)
			emit_star(e, node);
		else
			emit_optional(e, node, node->max - node->min);
		break;
	}
}

/* Walks what needs no byte from the start on, to learn the first bytes. */
static bool find_first(struct emitter *e, struct regex *regex)
{
	uint32_t *stack = ARENA_ARRAY(&e->heap, 2 * e->count + 2, uint32_t);
	bool *seen = ARENA_ARRAY(&e->heap, e->count, bool);
	size_t depth = 0;

	if (!stack || !seen)
		return false;
	stack[depth++] = 0;
	while (depth) {
		uint32_t at = stack[--depth];
		const struct regex_inst *inst = &e->code[at];

		if (seen[at])
			continue;
		seen[at] = true;
		if (inst->op == OP_SPLIT)
			stack[depth++] = inst->y;
		if (inst->op == OP_SPLIT || inst->op == OP_JUMP)
			stack[depth++] = inst->x;
		else if (inst->op == OP_ASSERT)
			stack[depth++] = at + 1;
		else if (inst->op == OP_MATCH)
			regex->can_be_empty = true;
		else if (inst->op == OP_BYTE)
			byte_set_add(&regex->first, inst->byte);
		else
			for (int i = 0; i < 4; i++)
				regex->first.bits[i] |= inst->op == OP_ANY
								? UINT64_MAX
								: e->sets[inst->set].bits[i];
	}
	return true;
}

/* Splits every class of bytes that the set would part. */
static void part_classes(struct regex *regex, const struct byte_set *set)
{
	uint16_t outside[256];

	memset(outside, 0xff, sizeof outside);
	for (int byte = 0; byte < 256; byte++) {
		if (!byte_set_has(set, (uint8_t)byte))
			outside[regex->classes[byte]] = regex->classes[byte];
	}
	/* A class with bytes on both sides: those inside move to a new one. */
	for (int byte = 0; byte < 256; byte++) {
		uint8_t old = regex->classes[byte];

		if (!byte_set_has(set, (uint8_t)byte) || outside[old] == UINT16_MAX)
			continue;
		if (outside[old] == old)
			outside[old] = (uint16_t)(regex->class_count++);
		regex->classes[byte] = (uint8_t)outside[old];
	}
}

static void find_classes(struct emitter *e, struct regex *regex)
{
	struct byte_set singles = { 0 }, one;

	regex->class_count = 1;
	for (size_t i = 0; i < e->set_count; i++)
		part_classes(regex, &e->sets[i]);
	for (size_t i = 0; i < e->count; i++) {
		if (e->code[i].op == OP_BYTE)
			byte_set_add(&singles, e->code[i].byte);
	}
	for (int byte = 0; byte < 256; byte++) {
		one = (struct byte_set){ 0 };
		byte_set_add(&one, (uint8_t)byte);
		if (byte_set_has(&singles, (uint8_t)byte))
			part_classes(regex, &one);
	}
}

static struct regex *finish(struct emitter *e, struct arena *arena)
{
	struct regex *regex = ARENA_NEW(arena, struct regex);
	struct regex_inst *code = ARENA_ARRAY(arena, e->count, struct regex_inst);
	struct byte_set *sets = ARENA_ARRAY(arena, e->set_count, struct byte_set);

	if (!regex || !code || !sets)
		return NULL;
	memcpy(code, e->code, e->count * sizeof *code);
	if (e->set_count)
		memcpy(sets, e->sets, e->set_count * sizeof *sets);
	*regex = (struct regex){ .code = code, .sets = sets, .count = (uint32_t)e->count,
				 .length = e->options.length, .one_length = e->options.one_length, .wide = e->options.wide,
				 .backward = e->options.backward, .asserts = e->asserts };
	find_classes(e, regex);
	return find_first(e, regex) ? regex : NULL;
}

bool regex_emit(struct arena *arena, const struct regex_ast *from, const struct regex_ast *stop,
		struct regex_emit_options options, struct regex **out, struct err *err)
{
	struct emitter e = { .heap = arena_new(HEAP_MAX), .options = options };

	emit_sequence(&e, from, stop);
	emit(&e, (struct regex_inst){ .op = OP_MATCH });
	*out = e.full ? NULL : finish(&e, arena);
	arena_free(&e.heap);
	return *out || err_set(err, ERR_LIMIT, 0, "regular expression is too large");
}
