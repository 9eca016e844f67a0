#include "rules/yara/module.h"

#define ITEMS_MAX 1000000

size_t yara_field_number(const struct yara_field *fields, const char *name)
{
	for (size_t i = 0; fields && fields[i].name; i++)
		if (!strcmp(fields[i].name, name))
			return i;
	return YARA_NO_FIELD;
}

static size_t field_count(const struct yara_field *fields)
{
	size_t count = 0;

	while (fields && fields[count].name)
		count++;
	return count;
}

static struct yara_object *object_new(struct arena *arena, const struct yara_field *field,
				      enum yara_type type, void *state)
{
	struct yara_object *o = ARENA_NEW(arena, struct yara_object);

	if (!o)
		return NULL;
	*o = (struct yara_object){ .type = type, .field = field, .arena = arena,
				   .state = state };
	if (type == YARA_STRUCT) {
		o->count = o->room = field_count(field->fields);
		o->items = ARENA_ARRAY(arena, o->count, struct yara_value);
		if (!o->items)
			return NULL;
	}
	return o;
}

struct yara_value *yara_slot(struct yara_object *of, const char *name)
{
	size_t number = of ? yara_field_number(of->field->fields, name) : YARA_NO_FIELD;

	return number < YARA_NO_FIELD && number < of->count ? &of->items[number] : NULL;
}

void yara_set_integer(struct yara_object *of, const char *name, int64_t n)
{
	yara_value_integer(yara_slot(of, name), n);
}

void yara_set_float(struct yara_object *of, const char *name, double n)
{
	yara_value_float(yara_slot(of, name), n);
}

void yara_set_string(struct yara_object *of, const char *name, struct span s)
{
	yara_value_string(yara_slot(of, name), s);
}

static struct yara_object *child(struct yara_object *of, const char *name, enum yara_type type)
{
	struct yara_value *slot = yara_slot(of, name);
	const struct yara_field *field;
	struct yara_object *made;

	if (!slot)
		return NULL;
	if (slot->type == type)
		return slot->object;
	field = &of->field->fields[slot - of->items];
	if (field->type != type)
		return NULL;
	made = object_new(of->arena, field, type, of->state);
	if (made)
		*slot = (struct yara_value){ .type = type, .object = made };
	return made;
}

struct yara_object *yara_struct(struct yara_object *of, const char *name)
{
	return child(of, name, YARA_STRUCT);
}

struct yara_object *yara_array(struct yara_object *of, const char *name)
{
	return child(of, name, YARA_ARRAY);
}

struct yara_object *yara_dictionary(struct yara_object *of, const char *name)
{
	return child(of, name, YARA_DICTIONARY);
}

struct yara_value *yara_array_add(struct yara_object *array)
{
	if (!array || array->count >= ITEMS_MAX)
		return NULL;
	return arena_push(array->arena, (void **)&array->items, &array->count, &array->room,
			  sizeof *array->items);
}

static struct yara_object *fill_struct(struct yara_object *of, struct yara_value *slot)
{
	struct yara_object *made;

	if (!slot)
		return NULL;
	made = object_new(of->arena, of->field, YARA_STRUCT, of->state);
	if (made)
		*slot = (struct yara_value){ .type = YARA_STRUCT, .object = made };
	return made;
}

struct yara_object *yara_array_add_struct(struct yara_object *array)
{
	return fill_struct(array, yara_array_add(array));
}

struct yara_value *yara_dictionary_add(struct yara_object *dictionary, struct span key)
{
	size_t keys;
	struct span *slot;
	struct yara_value *value;

	if (!dictionary || dictionary->count >= ITEMS_MAX)
		return NULL;
	keys = dictionary->count;
	slot = arena_push(dictionary->arena, (void **)&dictionary->keys, &keys,
			  &dictionary->key_room, sizeof *slot);
	if (!slot)
		return NULL;
	value = arena_push(dictionary->arena, (void **)&dictionary->items, &dictionary->count,
			   &dictionary->room, sizeof *value);
	if (value)
		*slot = key;
	return value;
}

struct yara_object *yara_dictionary_add_struct(struct yara_object *dictionary, struct span key)
{
	return fill_struct(dictionary, yara_dictionary_add(dictionary, key));
}

struct yara_value yara_get(const struct yara_object *of, const char *name)
{
	size_t number = of ? yara_field_number(of->field->fields, name) : YARA_NO_FIELD;

	return number < YARA_NO_FIELD && number < of->count ? of->items[number]
							    : (struct yara_value){ 0 };
}

struct yara_object *yara_get_object(const struct yara_object *of, const char *name)
{
	struct yara_value value = yara_get(of, name);

	return value.type == YARA_STRUCT || value.type == YARA_ARRAY ||
	       value.type == YARA_DICTIONARY ? value.object : NULL;
}

struct yara_object *yara_module_new(const struct yara_module *module, struct arena *arena)
{
	struct yara_field *field = ARENA_NEW(arena, struct yara_field);

	if (!field)
		return NULL;
	*field = (struct yara_field){ .name = module->name, .type = YARA_STRUCT,
				      .fields = module->fields };
	return object_new(arena, field, YARA_STRUCT, NULL);
}

struct yara_object *yara_module_load(const struct yara_module *module, struct span data,
				     struct arena *arena, struct span module_data)
{
	struct yara_load load = { .data = data, .arena = arena, .module_data = module_data };

	load.root = yara_module_new(module, arena);
	if (load.root && module->load)
		module->load(&load);
	return load.root;
}

static void value_json(struct json_write *to, struct yara_value value)
{
	switch (value.type) {
	case YARA_INTEGER:
		json_i64(to, value.integer);
		break;
	case YARA_BOOL:
		json_bool(to, value.integer);
		break;
	case YARA_FLOAT:
		json_double(to, value.real);
		break;
	case YARA_STRING:
		json_span(to, value.string);
		break;
	case YARA_STRUCT:
	case YARA_ARRAY:
	case YARA_DICTIONARY:
		yara_object_json(to, value.object);
		break;
	case YARA_UNDEFINED:
	case YARA_REGEX:
	case YARA_FUNCTION:
		json_null(to);
	}
}

static void struct_json(struct json_write *to, struct yara_object *o)
{
	const struct yara_field *fields = o->field->fields;

	json_object(to);
	for (size_t i = 0; i < o->count; i++) {
		if (fields[i].is_constant || fields[i].type == YARA_FUNCTION)
			continue;
		json_key(to, fields[i].name);
		value_json(to, yara_item(o, i));
	}
	json_object_end(to);
}

/* Deep no further than the declared tree of fields. */
void yara_object_json(struct json_write *to, struct yara_object *o)
{
	if (o->type == YARA_STRUCT) {
		struct_json(to, o);
	} else if (o->type == YARA_ARRAY) {
		json_array(to);
		for (size_t i = 0; i < o->count; i++)
			value_json(to, o->items[i]);
		json_array_end(to);
	} else {
		json_object(to);
		for (size_t i = 0; i < o->count; i++) {
			json_key_span(to, o->keys[i]);
			value_json(to, o->items[i]);
		}
		json_object_end(to);
	}
}
