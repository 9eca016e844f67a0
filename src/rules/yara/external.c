#include "rules/yara/compile.h"

#include <stdlib.h>

#include "codec/json_read.h"

#define JSON_MAX ((size_t)16 << 20)

/* All JSON values that stand at one place: one, or the elements of a list. */
struct place {
	const struct json **values;
	size_t count, room;
};

struct reader {
	struct arena *image, *scratch;
	struct span name;		/* of the external, for messages */
	struct err *err;
};

static bool no_room(struct reader *r)
{
	return err_set(r->err, ERR_LIMIT, ERR_NO_OFFSET, "rules do not fit in memory");
}

static bool add_value(struct reader *r, struct place *place, const struct json *value)
{
	const struct json **slot = arena_push(r->scratch, (void **)&place->values, &place->count,
					      &place->room, sizeof *slot);

	if (!slot)
		return no_room(r);
	*slot = value;
	return true;
}

static enum yara_type type_of(const struct json *value)
{
	int64_t n;

	switch (value->kind) {
	case JSON_BOOL:
		return YARA_BOOL;
	case JSON_STRING:
		return YARA_STRING;
	case JSON_ARRAY:
		return YARA_ARRAY;
	case JSON_OBJECT:
		return YARA_STRUCT;
	case JSON_NUMBER:
		return span_to_i64(value->text, &n) ? YARA_INTEGER : YARA_FLOAT;
	default:
		return YARA_UNDEFINED;
	}
}

/* The one type of all of them; integers among floats are floats; null is of any type. */
static bool common_type(struct reader *r, const struct place *place, enum yara_type *out)
{
	*out = YARA_UNDEFINED;
	for (size_t i = 0; i < place->count; i++) {
		enum yara_type type = type_of(place->values[i]);
		bool numbers = (type == YARA_FLOAT && *out == YARA_INTEGER) ||
			       (type == YARA_INTEGER && *out == YARA_FLOAT);

		if (type == YARA_UNDEFINED || type == *out)
			continue;
		if (*out != YARA_UNDEFINED && !numbers)
			return err_set(r->err, ERR_USAGE, ERR_NO_OFFSET,
				       "external variable \"%.*s\" mixes %s and %s in one list",
				       SPAN_ARG(r->name), type_name(*out), type_name(type));
		*out = numbers ? YARA_FLOAT : type;
	}
	return true;
}

static bool make_field(struct reader *r, const struct place *place, struct yara_field *out);

static bool make_element(struct reader *r, const struct place *lists, struct yara_field *out)
{
	struct place elements = { 0 };
	struct yara_field element = { 0 };

	for (size_t i = 0; i < lists->count; i++)
		for (const struct json *e = lists->values[i]->first; e; e = e->next)
			if (!add_value(r, &elements, e))
				return false;
	if (!make_field(r, &elements, &element))
		return false;
	if (element.type == YARA_ARRAY)
		return err_set(r->err, ERR_USAGE, ERR_NO_OFFSET,
			       "external variable \"%.*s\" has a list in a list",
			       SPAN_ARG(r->name));
	/* A list of nothing is of integers that are not there. */
	out->element = element.type == YARA_UNDEFINED ? YARA_INTEGER : element.type;
	out->fields = element.fields;
	return true;
}

/* The members of all objects: what one of them lacks is undefined there. */
static bool make_members(struct reader *r, const struct place *objects, struct yara_field *out)
{
	struct map places = map_new(r->scratch);
	struct yara_field *fields = NULL, *field;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < objects->count; i++)
		for (const struct json *m = objects->values[i]->first; m; m = m->next) {
			void **slot = map_slot(&places, m->key);

			if (slot && !*slot)
				*slot = ARENA_NEW(r->scratch, struct place);
			if (!slot || !*slot)
				return no_room(r);
			if (!add_value(r, *slot, m))
				return false;
		}
	for (size_t i = 0; i < objects->count; i++)
		for (const struct json *m = objects->values[i]->first; m; m = m->next) {
			const struct place *place = map_get(&places, m->key);

			if (place->values[0] != m)
				continue;
			field = arena_push(r->image, (void **)&fields, &count, &room,
					   sizeof *field);
			if (!field || !(field->name = arena_text(r->image, m->key)))
				return no_room(r);
			*field = (struct yara_field){ .name = field->name };
			if (!make_field(r, place, field))
				return false;
		}
	field = arena_push(r->image, (void **)&fields, &count, &room, sizeof *field);
	if (!field)
		return no_room(r);
	*field = (struct yara_field)YARA_END;
	out->fields = fields;
	return true;
}

/* Everything of a field but its name. Depth is bounded by json_read. */
static bool make_field(struct reader *r, const struct place *place, struct yara_field *out)
{
	if (!common_type(r, place, &out->type))
		return false;
	if (out->type == YARA_ARRAY)
		return make_element(r, place, out);
	return out->type != YARA_STRUCT || make_members(r, place, out);
}

static bool make_value(struct reader *r, const struct json *json, const struct yara_field *field,
		       enum yara_type type, struct yara_value *out);

static bool fill_list(struct reader *r, const struct json *json, const struct yara_field *field,
		      struct yara_object *list)
{
	for (const struct json *e = json->first; e; e = e->next) {
		struct yara_value *slot = arena_push(r->image, (void **)&list->items,
						     &list->count, &list->room, sizeof *slot);

		if (!slot)
			return no_room(r);
		if (!make_value(r, e, field, field->element, slot))
			return false;
	}
	return true;
}

static bool fill_struct(struct reader *r, const struct json *json,
			const struct yara_field *field, struct yara_object *object)
{
	struct map members = map_new(r->scratch);

	while (field->fields[object->count].name)
		object->count++;
	object->items = ARENA_ARRAY(r->image, object->count + 1, struct yara_value);
	if (!object->items)
		return no_room(r);
	for (const struct json *m = json->first; m; m = m->next) {
		void **slot = map_slot(&members, m->key);

		if (!slot)
			return no_room(r);
		*slot = (void *)(uintptr_t)m;
	}
	for (size_t i = 0; i < object->count; i++) {
		const struct yara_field *f = &field->fields[i];
		const struct json *m = map_get(&members, span_text(f->name));

		if (m && !make_value(r, m, f, f->type, &object->items[i]))
			return false;
	}
	return true;
}

static bool make_value(struct reader *r, const struct json *json, const struct yara_field *field,
		       enum yara_type type, struct yara_value *out)
{
	struct yara_object *object;
	const char *text;

	*out = (struct yara_value){ .type = json->kind == JSON_NULL ? YARA_UNDEFINED : type };
	switch (out->type) {
	case YARA_INTEGER:
		return span_to_i64(json->text, &out->integer);
	case YARA_BOOL:
		out->integer = span_eq(json->text, SPAN("true"));
		return true;
	case YARA_FLOAT:
		text = arena_text(r->scratch, json->text);
		out->real = text ? strtod(text, NULL) : 0;
		return text || no_room(r);
	case YARA_STRING:
		out->string = arena_copy(r->image, json->text);
		return out->string.at || no_room(r);
	case YARA_ARRAY:
	case YARA_STRUCT:
		out->object = object = ARENA_NEW(r->image, struct yara_object);
		if (!object)
			return no_room(r);
		*object = (struct yara_object){ .type = type, .field = field };
		return type == YARA_ARRAY ? fill_list(r, json, field, object)
					  : fill_struct(r, json, field, object);
	default:
		return true;
	}
}

bool external_object(struct compiler *c, struct external *external)
{
	struct arena scratch = arena_new(JSON_MAX);
	struct reader r = { c->image, &scratch, external->name, c->err };
	struct yara_field *field = ARENA_NEW(c->image, struct yara_field);
	struct err no_json = { 0 };
	struct place place = { 0 };
	struct json *json;
	bool made = true;

	external->object = (struct yara_value){ 0 };
	if (field && json_read(external->value.string, &scratch, &json, &no_json))
		made = add_value(&r, &place, json) && make_field(&r, &place, field) &&
		       make_value(&r, json, field, field->type, &external->object);
	external->field = field;
	arena_free(&scratch);
	return field ? made : no_room(&r);
}
