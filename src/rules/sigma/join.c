#include "rules/sigma/join.h"

#define JOINED_MAX ((size_t)1 << 20)

/* Where the parts stand; NULL where the shape has not all of them, or the field itself. */
static const uint32_t *part_slots(struct sigma_scanner *s, const struct field_join *join,
				  const struct event_shape *shape)
{
	uint32_t *slots;

	if (event_shape_find(shape, join->name) != EVENT_NO_SLOT)
		return NULL;
	slots = ARENA_ARRAY(&s->plan_memory, join->count, uint32_t);
	for (uint32_t i = 0; slots && i < join->count; i++) {
		slots[i] = event_shape_find(shape, join->parts[i]);
		if (slots[i] == EVENT_NO_SLOT)
			return NULL;
	}
	return slots;
}

bool join_plan(struct sigma_scanner *s, struct plan *plan, const struct event_shape *shape)
{
	struct event_shape *whole;
	struct span *names;
	struct plan_join *joins = NULL;

	plan->shape = shape;
	for (uint32_t i = 0; i < s->set->join_count; i++) {
		const uint32_t *slots = part_slots(s, &s->set->joins[i], shape);

		if (!slots)
			continue;
		if (!joins)
			joins = ARENA_ARRAY(&s->plan_memory, s->set->join_count, struct plan_join);
		if (!joins)
			return false;
		joins[plan->join_count++] = (struct plan_join){ &s->set->joins[i], slots };
	}
	if (!plan->join_count)
		return true;
	whole = ARENA_NEW(&s->plan_memory, struct event_shape);
	names = ARENA_ARRAY(&s->plan_memory, shape->count + plan->join_count, struct span);
	if (!whole || !names)
		return false;
	memcpy(names, shape->names, shape->count * sizeof *names);
	for (uint32_t i = 0; i < plan->join_count; i++)
		names[shape->count + i] = joins[i].join->name;
	*whole = *shape;
	whole->names = names;
	whole->count += plan->join_count;
	plan->shape = whole;
	plan->joins = joins;
	return true;
}

static struct value joined(struct sigma_scanner *s, const struct plan_join *join,
			   const struct event *event)
{
	struct buf text = buf_new(JOINED_MAX);
	struct value value = { .kind = VALUE_ABSENT };

	for (uint32_t i = 0; i < join->join->count; i++) {
		const struct value *part = &event->values[join->slots[i]];

		if (part->kind == VALUE_ABSENT || part->kind == VALUE_NULL) {
			buf_free(&text);
			return value;
		}
		if (i)
			buf_add_u8(&text, '\\');
		value_text(&text, part);
	}
	value.bytes = arena_copy(&s->memory, buf_span(&text));
	value.kind = value.bytes.at ? VALUE_TEXT : VALUE_ABSENT;
	buf_free(&text);
	return value;
}

const struct event *join_values(struct sigma_scanner *s, const struct plan *plan,
				const struct event *event)
{
	struct event *whole = ARENA_NEW(&s->memory, struct event);
	struct value *values = ARENA_ARRAY(&s->memory, plan->shape->count, struct value);

	if (!whole || !values)
		return NULL;
	memcpy(values, event->values, event->shape->count * sizeof *values);
	for (uint32_t i = 0; i < plan->join_count; i++)
		values[event->shape->count + i] = joined(s, &plan->joins[i], event);
	*whole = *event;
	whole->shape = plan->shape;
	whole->values = values;
	return whole;
}
