#include <math.h>
#include <stdlib.h>

#include "rules/sigma/compile.h"

/* One literal of a group's index with the rules it wakes. */
struct wake {
	struct witness_literal literal;
	uint32_t *rules;
	size_t count, room;
};

struct index_build {
	struct map by_literal;
	struct wake **wakes;
	size_t count, room;
};

static bool add_wake(struct compiler *c, struct index_build *ib, const struct witness_literal *l,
		     uint32_t rule)
{
	void **slot = map_slot(&ib->by_literal,
			       arena_printf(c->b.scratch, "%u %u %.*s", l->field, (unsigned)l->anchor,
					    SPAN_ARG(l->text)));
	struct wake *wake, **added;
	uint32_t *number;

	if (!slot)
		return false;
	if (!*slot) {
		wake = ARENA_NEW(c->b.scratch, struct wake);
		added = arena_push(c->b.scratch, (void **)&ib->wakes, &ib->count, &ib->room,
				   sizeof *added);
		if (!wake || !added)
			return false;
		wake->literal = *l;
		*added = *slot = wake;
	}
	wake = *slot;
	if (wake->count && wake->rules[wake->count - 1] == rule)
		return true;
	number = arena_push(c->b.scratch, (void **)&wake->rules, &wake->count, &wake->room,
			    sizeof *number);
	if (number)
		*number = rule;
	return number != NULL;
}

static int by_field(const void *a, const void *b)
{
	const struct wake *const *x = a, *const *y = b;

	return (*x)->literal.field < (*y)->literal.field ? -1
							 : (*x)->literal.field > (*y)->literal.field;
}

/* Whether some character of each is none of those that numbers, GUIDs, SIDs and times are written in. */
static bool only_in_texts(const struct gram_literal *literals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (k < literals[i].text.len &&
		       memchr("0123456789abcdefxtzs-+{}:., ", literals[i].text.at[k], 28))
			k++;
		if (k == literals[i].text.len)
			return false;
	}
	return true;
}

/* Lists of rules and, per field, the literals that lead to them. */
static bool write_index(struct compiler *c, struct index_build *ib, struct group *group)
{
	struct rule_list *lists = ARENA_ARRAY(c->b.image, ib->count + 1, struct rule_list);
	struct gram_literal *literals = ARENA_ARRAY(c->b.scratch, ib->count + 1, struct gram_literal);
	struct field_index *indexes = ARENA_ARRAY(c->b.image, ib->count + 1, struct field_index);

	if (!lists || !literals || !indexes)
		return false;
	if (ib->count)
		qsort(ib->wakes, ib->count, sizeof *ib->wakes, by_field);
	for (size_t start = 0, i = 0; i < ib->count; i++) {
		const struct wake *wake = ib->wakes[i];
		uint32_t *rules = ARENA_ARRAY(c->b.image, wake->count, uint32_t);

		if (!rules)
			return false;
		memcpy(rules, wake->rules, wake->count * sizeof *rules);
		lists[i] = (struct rule_list){ rules, (uint32_t)wake->count };
		literals[i] = (struct gram_literal){ wake->literal.text, wake->literal.anchor,
						     (uint32_t)i };
		if (i + 1 < ib->count && ib->wakes[i + 1]->literal.field == wake->literal.field)
			continue;
		indexes[group->index_count++] = (struct field_index){
			.field = wake->literal.field,
			.texts_only = only_in_texts(literals + start, i + 1 - start),
			.grams = gram_build(c->b.image, literals + start, i + 1 - start),
		};
		start = i + 1;
	}
	group->lists = lists;
	group->list_count = (uint32_t)ib->count;
	group->indexes = indexes;
	for (uint32_t i = 0; i < group->index_count; i++)
		if (!indexes[i].grams)
			return false;
	return true;
}

bool index_group(struct compiler *c, const struct group_draft *draft,
			const struct popularity *popularity, struct group *group)
{
	struct index_build ib = { .by_literal = map_new(c->b.scratch) };
	uint32_t *always = ARENA_ARRAY(c->b.image, draft->count + 1, uint32_t);

	if (!always)
		return compiler_out_of_memory(c);
	group->rule_count = (uint32_t)draft->count;
	for (size_t i = 0; i < draft->count; i++) {
		const struct compiled_rule *rule = c->drafts[draft->rules[i]].rule;
		struct witness witness;

		if (!witness_find(popularity, rule->root, &witness))
			return compiler_out_of_memory(c);
		if (isinf(witness.cost)) {
			always[group->always_count++] = rule->info.number;
			c->b.counts.always_woken++;
			continue;
		}
		for (size_t k = 0; k < witness.count; k++)
			if (!add_wake(c, &ib, &witness.literals[k], rule->info.number))
				return compiler_out_of_memory(c);
	}
	group->always = always;
	return write_index(c, &ib, group) || compiler_out_of_memory(c);
}

