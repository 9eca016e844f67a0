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

struct node *sigma_node(struct sigma_build *b, enum node_kind kind, const struct node *const *kids,
			uint32_t count)
{
	struct node *node = ARENA_NEW(b->image, struct node);
	const struct node **copy = ARENA_ARRAY(b->image, count ? count : 1, const struct node *);
	uint8_t depth = 0;

	if (!node || !copy)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		copy[i] = kids[i];
		depth = kids[i]->depth > depth ? kids[i]->depth : depth;
	}
	*node = (struct node){ .kind = (uint8_t)kind, .count = count, .kids = copy,
			       .depth = (uint8_t)(depth < UINT8_MAX ? depth + 1 : depth) };
	return node;
}

const struct node *sigma_node_pred(struct sigma_build *b, const struct pred *pred)
{
	struct node *node = ARENA_NEW(b->image, struct node);
	struct pred *copy = ARENA_NEW(b->image, struct pred);

	if (!node || !copy)
		return NULL;
	*copy = *pred;
	*node = (struct node){ .kind = NODE_PRED, .depth = 1, .pred = copy };
	return node;
}

const struct node *sigma_node_not(struct sigma_build *b, const struct node *kid)
{
	return kid ? sigma_node(b, NODE_NOT, &kid, 1) : NULL;
}
