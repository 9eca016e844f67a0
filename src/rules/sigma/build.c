#include "rules/sigma/build.h"

#include <stdarg.h>
#include <stdio.h>

bool sigma_refuse(struct sigma_doc *doc, const struct yaml_node *at, const char *format, ...)
{
	char text[sizeof doc->err->text];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	doc->at = at;
	return err_set(doc->err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "%s", text);
}

void sigma_warn(struct sigma_doc *doc, const struct yaml_node *at, const char *reason)
{
	const struct yaml_node *place = at ? at : doc->root;

	doc->build->counts.warnings++;
	if (doc->build->problem)
		doc->build->problem(doc->build->context,
				    &(struct sigma_problem){ .kind = SIGMA_WARNING, .file = doc->file,
							     .line = place->line,
							     .column = place->column,
							     .rule = doc->name, .reason = reason });
}

bool sigma_field(struct sigma_build *b, struct span name, uint32_t *number)
{
	void **slot;
	struct span *added;

	slot = map_slot(&b->field_numbers, arena_copy(b->scratch, name));
	if (!slot)
		return false;
	if (*slot) {
		*number = (uint32_t)(uintptr_t)*slot - 1;
		return true;
	}
	added = arena_push(b->scratch, (void **)&b->fields, &b->field_count, &b->field_room,
			   sizeof *b->fields);
	if (!added)
		return false;
	*added = arena_copy(b->image, name);
	*number = (uint32_t)b->field_count - 1;
	*slot = (void *)(uintptr_t)b->field_count;
	return added->at != NULL;
}

/* Terms of an AND in order of their cost: most rules that are tried fail at the first. */
static void sort_terms(const struct node **kids, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		const struct node *kid = kids[i];
		uint32_t k = i;

		for (; k > 0 && kids[k - 1]->cost > kid->cost; k--)
			kids[k] = kids[k - 1];
		kids[k] = kid;
	}
}

#define SORTED_MAX 64
#define COST_MAX 1000000

static uint32_t cost_of(const struct pred *pred)
{
	static const uint32_t costs[] = {
		[PRED_EQ] = 1, [PRED_STARTS] = 1, [PRED_ENDS] = 1, [PRED_CONTAINS] = 4,
		[PRED_WILD] = 10, [PRED_REGEX] = 100, [PRED_CIDR] = 8, [PRED_LESS] = 5,
		[PRED_LESS_EQ] = 5, [PRED_MORE] = 5, [PRED_MORE_EQ] = 5, [PRED_EXISTS] = 1,
		[PRED_NULL] = 1, [PRED_FIELD] = 3, [PRED_TIME] = 8,
	};

	return costs[pred->kind] * (pred->field == SIGMA_FIELD_ANY ? 20 : 1);
}

/* Whether the answer depends on one field's value alone, and is dear enough to be kept. */
static bool asks_one_value(enum node_kind kind, const struct node *const *kids, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (kids[i]->kind != NODE_PRED || kids[i]->pred->kind > PRED_CIDR ||
		    kids[i]->pred->field != kids[0]->pred->field)
			return false;
	return kind == NODE_OR && count > 1 && kids[0]->pred->field != SIGMA_FIELD_ANY;
}

struct node *sigma_node(struct sigma_build *b, enum node_kind kind, const struct node *const *kids,
			uint32_t count)
{
	struct node *node = ARENA_NEW(b->image, struct node);
	const struct node **copy = ARENA_ARRAY(b->image, count ? count : 1, const struct node *);
	uint32_t cost = 0;
	uint8_t depth = 0;

	if (!node || !copy)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		copy[i] = kids[i];
		depth = kids[i]->depth > depth ? kids[i]->depth : depth;
		cost = cost < COST_MAX ? cost + kids[i]->cost : cost;
	}
	if (kind == NODE_AND && count <= SORTED_MAX)
		sort_terms(copy, count);
	*node = (struct node){ .kind = (uint8_t)kind, .count = count, .kids = copy, .cost = cost,
			       .depth = (uint8_t)(depth < UINT8_MAX ? depth + 1 : depth),
			       .one_value = asks_one_value(kind, kids, count) };
	return node;
}

const struct node *sigma_node_pred(struct sigma_build *b, const struct pred *pred)
{
	struct node *node = ARENA_NEW(b->image, struct node);
	struct pred *copy = ARENA_NEW(b->image, struct pred);

	if (!node || !copy)
		return NULL;
	*copy = *pred;
	*node = (struct node){ .kind = NODE_PRED, .depth = 1, .pred = copy, .cost = cost_of(pred) };
	return node;
}

const struct node *sigma_node_not(struct sigma_build *b, const struct node *kid)
{
	return kid ? sigma_node(b, NODE_NOT, &kid, 1) : NULL;
}
