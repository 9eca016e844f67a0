#include "rules/yara/mod_dex.h"

#include "codec/digest.h"
#include "rules/yara/mod_dex_constants.h"

struct state {
	struct span data;
	bool is_parsed;
	struct dex dex;
};

const struct dex *mod_dex_of(const struct yara_object *root, struct arena *arena)
{
	struct state *s = root->state;
	struct err err;

	if (!s)
		return NULL;
	if (!s->is_parsed)
		dex_parse(s->data, arena, &s->dex, &err);
	s->is_parsed = true;
	return &s->dex;
}

struct yara_object *mod_dex_list(struct yara_object *root, const char *name, const struct dex **d)
{
	*d = mod_dex_of(root, root->arena);
	return *d && !yara_get_object(root, name) ? yara_array(root, name) : NULL;
}

void mod_dex_set_text(struct yara_object *to, const char *name, struct span text)
{
	if (text.at)
		yara_set_string(to, name, text);
}

static void fill_strings(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "string_ids", &d);

	for (size_t i = 0; list && i < d->string_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		if (!d->strings[i].value.at)
			continue;
		yara_set_integer(to, "offset", d->strings[i].offset);
		yara_set_integer(to, "size", d->strings[i].size);
		yara_set_string(to, "value", d->strings[i].value);
	}
}

static void fill_types(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "type_ids", &d);

	for (size_t i = 0; list && i < d->type_count; i++)
		yara_set_integer(yara_array_add_struct(list), "descriptor_idx", d->types[i]);
}

static void fill_protos(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "proto_ids", &d);

	for (size_t i = 0; list && i < d->proto_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "shorty_idx", d->protos[i].shorty);
		yara_set_integer(to, "return_type_idx", d->protos[i].return_type);
		yara_set_integer(to, "parameters_offset", d->protos[i].parameters_offset);
	}
}

static void set_ids(struct yara_object *list, const struct dex_id *ids, size_t count,
		    const char *type_name)
{
	for (size_t i = 0; list && i < count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "class_idx", ids[i].class);
		yara_set_integer(to, type_name, ids[i].type);
		yara_set_integer(to, "name_idx", ids[i].name);
	}
}

static void fill_field_ids(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "field_ids", &d);

	if (list)
		set_ids(list, d->field_ids, d->field_id_count, "type_idx");
}

static void fill_method_ids(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "method_ids", &d);

	if (list)
		set_ids(list, d->method_ids, d->method_id_count, "proto_idx");
}

static void fill_classes(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "class_defs", &d);

	for (size_t i = 0; list && i < d->class_count; i++) {
		const struct dex_class *class = &d->classes[i];
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "class_idx", class->class);
		yara_set_integer(to, "access_flags", class->access_flags);
		yara_set_integer(to, "super_class_idx", class->super_class);
		yara_set_integer(to, "interfaces_offset", class->interfaces_offset);
		yara_set_integer(to, "source_file_idx", class->source_file);
		yara_set_integer(to, "annotations_offset", class->annotations_offset);
		yara_set_integer(to, "class_data_offset", class->class_data_offset);
		yara_set_integer(to, "static_values_offset", class->static_values_offset);
		mod_dex_set_text(to, "class", dex_type_name(d, class->class));
		mod_dex_set_text(to, "superclass", dex_type_name(d, class->super_class));
		mod_dex_set_text(to, "source_file", dex_text(d, class->source_file));
	}
}

static void fill_class_data(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "class_data_item", &d);

	for (size_t i = 0; list && i < d->class_data_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "static_fields_size", d->class_data[i].static_fields);
		yara_set_integer(to, "instance_fields_size", d->class_data[i].instance_fields);
		yara_set_integer(to, "direct_methods_size", d->class_data[i].direct_methods);
		yara_set_integer(to, "virtual_methods_size", d->class_data[i].virtual_methods);
	}
}

/* "map_item" is YARA's name for the list, "items" that of YARA-X. */
static void set_map_items(struct yara_object *list, const struct dex *d)
{
	for (size_t i = 0; list && i < d->map_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_integer(to, "type", d->map[i].type);
		yara_set_integer(to, "unused", d->map[i].unused);
		yara_set_integer(to, "size", d->map[i].size);
		yara_set_integer(to, "offset", d->map[i].offset);
	}
}

static void fill_map(struct yara_object *root)
{
	const struct dex *d = mod_dex_of(root, root->arena);
	struct yara_object *map = d ? yara_struct(root, "map_list") : NULL;

	if (!map)
		return;
	if (d->has_map)
		yara_set_integer(map, "size", d->declared_map);
	set_map_items(yara_array(map, "map_item"), d);
	set_map_items(yara_array(map, "items"), d);
}

static void set_member(struct yara_object *to, const struct dex_member *member)
{
	mod_dex_set_text(to, "class_name", member->class_name);
	mod_dex_set_text(to, "name", member->name);
	mod_dex_set_text(to, "proto", member->proto);
	yara_set_integer(to, "access_flags", member->access_flags);
}

static void add_field(struct yara_object *list, const struct dex_member *field)
{
	struct yara_object *to = yara_array_add_struct(list);

	set_member(to, field);
	yara_set_integer(to, "field_idx_diff", field->index_difference);
}

static void fill_fields(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "field", &d);

	if (!list)
		return;
	if (d->whole)
		yara_set_integer(root, "number_of_fields", (int64_t)d->field_count);
	for (size_t i = 0; i < d->field_count; i++)
		add_field(list, &d->fields[i]);
	if (d->has_broken_field)
		add_field(list, &d->broken_field);
}

static void set_code(struct yara_object *to, const struct dex_code *code)
{
	yara_set_integer(to, "registers_size", code->registers);
	yara_set_integer(to, "ins_size", code->ins);
	yara_set_integer(to, "outs_size", code->outs);
	yara_set_integer(to, "tries_size", code->tries);
	yara_set_integer(to, "debug_info_off", code->debug_info_offset);
	yara_set_integer(to, "insns_size", code->instructions);
	mod_dex_set_text(to, "insns", code->bytes);
}

static void add_method(struct yara_object *list, const struct dex_member *method)
{
	struct yara_object *to = yara_array_add_struct(list);

	set_member(to, method);
	yara_set_integer(to, "direct", method->is_direct);
	yara_set_integer(to, "virtual", !method->is_direct);
	yara_set_integer(to, "method_idx_diff", method->index_difference);
	yara_set_integer(to, "code_off", method->code_offset);
	if (method->code && to)
		set_code(yara_struct(to, "code_item"), method->code);
}

static void fill_methods(struct yara_object *root)
{
	const struct dex *d;
	struct yara_object *list = mod_dex_list(root, "method", &d);

	if (!list)
		return;
	if (d->whole)
		yara_set_integer(root, "number_of_methods", (int64_t)d->method_count);
	for (size_t i = 0; i < d->method_count; i++)
		add_method(list, &d->methods[i]);
	if (d->has_broken_method)
		add_method(list, &d->broken_method);
}

static bool fits(struct yara_call *c, size_t argument, struct span text)
{
	struct yara_value wanted = c->arguments[argument];

	return wanted.type == YARA_REGEX ? yara_call_matches(c, wanted.regex, text)
					 : span_eq(wanted.string, text);
}

static void has_method(struct yara_call *c)
{
	const struct dex *d = mod_dex_of(c->root, c->arena);
	bool found = false;

	if (!d || !d->whole)
		return;
	for (size_t i = 0; i < d->method_count && !found; i++) {
		const struct dex_member *method = &d->methods[i];

		/* A class whose name is broken passes, as in YARA. */
		if (c->count > 1 && method->class_name.at && !fits(c, 0, method->class_name))
			continue;
		found = method->name.at && fits(c, c->count - 1, method->name);
	}
	yara_return_integer(c, found);
}

static void has_class(struct yara_call *c)
{
	const struct dex *d = mod_dex_of(c->root, c->arena);
	bool found = false;

	if (!d || !d->whole)
		return;
	for (size_t i = 0; i < d->method_count && !found; i++)
		found = d->methods[i].class_name.at && fits(c, 0, d->methods[i].class_name);
	yara_return_integer(c, found);
}

static const struct yara_function has_method_overloads[] = {
	{ "s", 'i', has_method }, { "ss", 'i', has_method }, { "r", 'i', has_method },
	{ "rr", 'i', has_method }, { 0 },
};
static const struct yara_function has_class_overloads[] = {
	{ "s", 'i', has_class }, { "r", 'i', has_class }, { 0 },
};

static const struct yara_field header[] = {
	YARA_STRING_FIELD("magic"), YARA_INTEGER_FIELD("checksum"), YARA_STRING_FIELD("signature"),
	YARA_INTEGER_FIELD("file_size"), YARA_INTEGER_FIELD("header_size"),
	YARA_INTEGER_FIELD("endian_tag"), YARA_INTEGER_FIELD("link_size"),
	YARA_INTEGER_FIELD("link_offset"), YARA_INTEGER_FIELD("map_offset"),
	YARA_INTEGER_FIELD("string_ids_size"), YARA_INTEGER_FIELD("string_ids_offset"),
	YARA_INTEGER_FIELD("type_ids_size"), YARA_INTEGER_FIELD("type_ids_offset"),
	YARA_INTEGER_FIELD("proto_ids_size"), YARA_INTEGER_FIELD("proto_ids_offset"),
	YARA_INTEGER_FIELD("field_ids_size"), YARA_INTEGER_FIELD("field_ids_offset"),
	YARA_INTEGER_FIELD("method_ids_size"), YARA_INTEGER_FIELD("method_ids_offset"),
	YARA_INTEGER_FIELD("class_defs_size"), YARA_INTEGER_FIELD("class_defs_offset"),
	YARA_INTEGER_FIELD("data_size"), YARA_INTEGER_FIELD("data_offset"),
	YARA_INTEGER_FIELD("version"), YARA_INTEGER_FIELD("link_off"),
	YARA_INTEGER_FIELD("container_size"), YARA_INTEGER_FIELD("header_offset"), YARA_END,
};

static const struct yara_field string_id[] = {
	YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("size"), YARA_STRING_FIELD("value"),
	YARA_END,
};

static const struct yara_field type_id[] = { YARA_INTEGER_FIELD("descriptor_idx"), YARA_END };

static const struct yara_field proto_id[] = {
	YARA_INTEGER_FIELD("shorty_idx"), YARA_INTEGER_FIELD("return_type_idx"),
	YARA_INTEGER_FIELD("parameters_offset"), YARA_END,
};

static const struct yara_field field_id[] = {
	YARA_INTEGER_FIELD("class_idx"), YARA_INTEGER_FIELD("type_idx"),
	YARA_INTEGER_FIELD("name_idx"), YARA_END,
};

static const struct yara_field method_id[] = {
	YARA_INTEGER_FIELD("class_idx"), YARA_INTEGER_FIELD("proto_idx"),
	YARA_INTEGER_FIELD("name_idx"), YARA_END,
};

static const struct yara_field class_def[] = {
	YARA_INTEGER_FIELD("class_idx"), YARA_INTEGER_FIELD("access_flags"),
	YARA_INTEGER_FIELD("super_class_idx"), YARA_INTEGER_FIELD("interfaces_offset"),
	YARA_INTEGER_FIELD("source_file_idx"), YARA_INTEGER_FIELD("annotations_offset"),
	YARA_INTEGER_FIELD("class_data_offset"), YARA_INTEGER_FIELD("static_values_offset"),
	YARA_STRING_FIELD("class"), YARA_STRING_FIELD("superclass"),
	YARA_STRING_FIELD("source_file"), YARA_END,
};

static const struct yara_field class_data[] = {
	YARA_INTEGER_FIELD("static_fields_size"), YARA_INTEGER_FIELD("instance_fields_size"),
	YARA_INTEGER_FIELD("direct_methods_size"), YARA_INTEGER_FIELD("virtual_methods_size"),
	YARA_END,
};

static const struct yara_field map_item[] = {
	YARA_INTEGER_FIELD("type"), YARA_INTEGER_FIELD("unused"), YARA_INTEGER_FIELD("size"),
	YARA_INTEGER_FIELD("offset"), YARA_END,
};

static const struct yara_field map_list[] = {
	YARA_INTEGER_FIELD("size"), YARA_ARRAY_OF_STRUCTS("map_item", map_item),
	YARA_ARRAY_OF_STRUCTS("items", map_item), YARA_END,
};

static const struct yara_field field[] = {
	YARA_STRING_FIELD("class_name"), YARA_STRING_FIELD("name"), YARA_STRING_FIELD("proto"),
	YARA_INTEGER_FIELD("field_idx_diff"), YARA_INTEGER_FIELD("access_flags"), YARA_END,
};

static const struct yara_field nothing[] = { YARA_END };

static const struct yara_field code_item[] = {
	YARA_INTEGER_FIELD("registers_size"), YARA_INTEGER_FIELD("ins_size"),
	YARA_INTEGER_FIELD("outs_size"), YARA_INTEGER_FIELD("tries_size"),
	YARA_INTEGER_FIELD("debug_info_off"), YARA_INTEGER_FIELD("insns_size"),
	YARA_STRING_FIELD("insns"), YARA_INTEGER_FIELD("padding"),
	YARA_STRUCT_FIELD("tries", nothing), YARA_ARRAY_OF_STRUCTS("handlers", nothing), YARA_END,
};

static const struct yara_field method[] = {
	YARA_STRING_FIELD("class_name"), YARA_STRING_FIELD("name"), YARA_STRING_FIELD("proto"),
	YARA_INTEGER_FIELD("direct"), YARA_INTEGER_FIELD("virtual"),
	YARA_INTEGER_FIELD("method_idx_diff"), YARA_INTEGER_FIELD("access_flags"),
	YARA_INTEGER_FIELD("code_off"), YARA_STRUCT_FIELD("code_item", code_item), YARA_END,
};

#define ARRAY(n, its, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = (its), .fill = (how) }
#define ARRAY_OF_TEXTS(n, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRING, .fill = (how) }
#define INTEGER(n, how) { .name = (n), .type = YARA_INTEGER, .fill = (how) }

static const struct yara_field fields[] = {
	YARA_INTEGER_FIELD("is_dex"), YARA_STRUCT_FIELD("header", header),
	ARRAY("string_ids", string_id, fill_strings),
	ARRAY("type_ids", type_id, fill_types),
	ARRAY("proto_ids", proto_id, fill_protos),
	ARRAY("field_ids", field_id, fill_field_ids),
	ARRAY("method_ids", method_id, fill_method_ids),
	ARRAY("class_defs", class_def, fill_classes),
	ARRAY("class_data_item", class_data, fill_class_data),
	{ .name = "map_list", .type = YARA_STRUCT, .fields = map_list, .fill = fill_map },
	INTEGER("number_of_fields", fill_fields), ARRAY("field", field, fill_fields),
	INTEGER("number_of_methods", fill_methods), ARRAY("method", method, fill_methods),
	YARA_FUNCTION_FIELD("has_method", has_method_overloads),
	YARA_FUNCTION_FIELD("has_class", has_class_overloads),
	ARRAY_OF_TEXTS("types", mod_dex_fill_types),
	ARRAY("protos", mod_dex_proto, mod_dex_fill_protos),
	ARRAY("fields", mod_dex_field, mod_dex_fill_fields),
	ARRAY("methods", mod_dex_method, mod_dex_fill_methods),
	YARA_FUNCTION_FIELD("checksum", mod_dex_checksum),
	YARA_FUNCTION_FIELD("signature", mod_dex_signature),
	YARA_FUNCTION_FIELD("contains_string", mod_dex_contains_string),
	YARA_FUNCTION_FIELD("contains_method", mod_dex_contains_method),
	YARA_FUNCTION_FIELD("contains_class", mod_dex_contains_class),
	DEX_CONSTANTS,
	YARA_END,
};

static void set_table(struct yara_object *to, const char *size, const char *offset,
		      struct dex_table table)
{
	yara_set_integer(to, size, table.size);
	yara_set_integer(to, offset, table.offset);
}

static void set_header(struct yara_object *to, const struct dex_header *h)
{
	yara_set_string(to, "magic", h->magic);
	yara_set_integer(to, "checksum", h->checksum);
	yara_set_string(to, "signature", h->signature);
	yara_set_integer(to, "file_size", h->file_size);
	yara_set_integer(to, "header_size", h->header_size);
	yara_set_integer(to, "endian_tag", h->endian_tag);
	set_table(to, "link_size", "link_offset", h->link);
	yara_set_integer(to, "map_offset", h->map_offset);
	set_table(to, "string_ids_size", "string_ids_offset", h->strings);
	set_table(to, "type_ids_size", "type_ids_offset", h->types);
	set_table(to, "proto_ids_size", "proto_ids_offset", h->protos);
	set_table(to, "field_ids_size", "field_ids_offset", h->fields);
	set_table(to, "method_ids_size", "method_ids_offset", h->methods);
	set_table(to, "class_defs_size", "class_defs_offset", h->classes);
	set_table(to, "data_size", "data_offset", h->data);
	yara_set_integer(to, "version", h->version);
	yara_set_integer(to, "link_off", h->link.offset);
	if (h->version < DEX_CONTAINER_VERSION)
		return;
	yara_set_integer(to, "container_size", h->container_size);
	yara_set_integer(to, "header_offset", h->header_offset);
}

static bool load(struct yara_load *l)
{
	struct dex_header h;
	struct state *s;
	struct err err;

	yara_set_integer(l->root, "is_dex", 0);
	if (!dex_header_parse(l->data, &h, &err))
		return false;
	s = ARENA_NEW(l->arena, struct state);
	if (!s)
		return false;
	s->data = l->data;
	l->root->state = s;
	yara_set_integer(l->root, "is_dex", 1);
	set_header(yara_struct(l->root, "header"), &h);
	return true;
}

const struct yara_module yara_module_dex = {
	.name = "dex", .fields = fields, .load = load,
	.prepare = digest_prepare,
};
