#include "rules/yara/module.h"

#include "formats/dotnet/dotnet_class.h"

#define MAX_GUIDS 16
#define STRING_CONSTANT 0x0e
#define ASSEMBLY_PARENT 0x0e	/* tag of a HasCustomAttribute index */
#define MEMBER_REF_TYPE 3	/* tag of a CustomAttributeType index */
#define TYPE_REF_PARENT 1	/* tag of a MemberRefParent index */

struct state {
	struct pe pe;
	struct dotnet dotnet;
	struct arena *arena;
};

static const struct dotnet *dotnet_of(const struct yara_object *root)
{
	const struct state *s = root->state;

	return s ? &s->dotnet : NULL;
}

static void set_text(struct yara_object *to, const char *name, struct span text)
{
	if (text.at)
		yara_set_string(to, name, text);
}

static void fill_streams(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct yara_object *list = d ? yara_array(root, "streams") : NULL;

	for (size_t i = 0; list && i < d->stream_count; i++) {
		struct yara_object *to = yara_array_add_struct(list);

		yara_set_string(to, "name", d->streams[i].name);
		yara_set_integer(to, "offset", (int64_t)d->streams[i].offset);
		yara_set_integer(to, "size", d->streams[i].size);
	}
}

static struct span guid_text(struct arena *arena, struct cursor *c)
{
	uint32_t a = cursor_u32le(c);
	uint16_t b = cursor_u16le(c), d = cursor_u16le(c);
	struct span rest = cursor_take(c, 8);

	return arena_printf(arena, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", a, b, d,
			    rest.at[0], rest.at[1], rest.at[2], rest.at[3], rest.at[4], rest.at[5],
			    rest.at[6], rest.at[7]);
}

static void fill_guids(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct yara_object *list;
	struct cursor c;
	int64_t count = 0;

	if (!d || !d->guids || yara_get_object(root, "guids"))
		return;
	list = yara_array(root, "guids");
	c = cursor_of(span_sub(d->file, d->guids->offset, d->guids->size));
	for (; count < MAX_GUIDS && cursor_left(&c) >= 16; count++)
		yara_value_string(yara_array_add(list), guid_text(root->arena, &c));
	yara_set_integer(root, "number_of_guids", count);
}

static void fill_user_strings(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct yara_object *list;
	struct span heap, text;
	size_t at, end;

	if (!d || !d->user_strings || yara_get_object(root, "user_strings"))
		return;
	list = yara_array(root, "user_strings");
	heap = span_sub(d->file, d->user_strings->offset, d->user_strings->size);
	if (heap.len == 0 || heap.len != d->user_strings->size || heap.at[0] != 0)
		return;
	at = d->user_strings->offset + 1;
	end = d->user_strings->offset + heap.len;
	/* The flag byte behind each text is read as an empty entry. */
	while (list && at < end && dotnet_sized(d->file, &at, &text)) {
		if (text.len > 1) {
			text.len--;
			yara_value_string(yara_array_add(list), text);
			at += text.len;
		}
	}
	yara_set_integer(root, "number_of_user_strings", (int64_t)list->count);
}

static void set_names(struct yara_object *to, const char *count_name, const char *name,
		      const struct dotnet_names *names)
{
	struct yara_object *list = to ? yara_array(to, name) : NULL;

	yara_set_integer(to, count_name, (int64_t)names->count);
	for (size_t i = 0; list && i < names->count; i++)
		yara_value_string(yara_array_add(list), names->list[i]);
}

static void set_method(struct yara_object *to, const struct dotnet_method *from)
{
	struct yara_object *list = to ? yara_array(to, "parameters") : NULL;

	set_names(to, "number_of_generic_parameters", "generic_parameters", &from->generics);
	if (from->has_parameters)
		yara_set_integer(to, "number_of_parameters", (int64_t)from->parameter_count);
	for (size_t i = 0; list && i < from->parameter_count; i++) {
		struct yara_object *parameter = yara_array_add_struct(list);

		set_text(parameter, "name", from->parameters[i].name);
		set_text(parameter, "type", from->parameters[i].type);
	}
	set_text(to, "return_type", from->return_type);
	yara_set_integer(to, "abstract", from->is_abstract);
	yara_set_integer(to, "final", from->is_final);
	yara_set_integer(to, "virtual", from->is_virtual);
	yara_set_integer(to, "static", from->is_static);
	yara_set_string(to, "visibility", span_text(from->visibility));
	yara_set_string(to, "name", from->name);
}

static void set_class(struct yara_object *to, const struct dotnet_class *from)
{
	struct yara_object *list = to ? yara_array(to, "methods") : NULL;

	set_text(to, "fullname", from->full_name);
	yara_set_string(to, "name", from->name);
	set_text(to, "namespace", from->name_space);
	yara_set_string(to, "visibility", span_text(from->visibility));
	yara_set_string(to, "type", span_text(from->type));
	yara_set_integer(to, "abstract", from->is_abstract);
	yara_set_integer(to, "sealed", from->is_sealed);
	set_names(to, "number_of_generic_parameters", "generic_parameters", &from->generics);
	set_names(to, "number_of_base_types", "base_types", &from->base_types);
	if (from->has_methods)
		yara_set_integer(to, "number_of_methods", (int64_t)from->method_count);
	for (size_t i = 0; list && i < from->method_count; i++)
		set_method(yara_array_add_struct(list), &from->methods[i]);
}

static void fill_classes(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct dotnet_classes classes;
	struct yara_object *list;

	if (!d || !d->tables_whole || yara_get_object(root, "classes"))
		return;
	list = yara_array(root, "classes");
	dotnet_classes_read(d, root->arena, &classes);
	yara_set_integer(root, "number_of_classes", (int64_t)classes.count);
	for (size_t i = 0; list && i < classes.count; i++)
		set_class(yara_array_add_struct(list), &classes.list[i]);
}

/* The list that a table fills, on its first use; NULL: no such table, or filled already. */
static struct yara_object *list_of(struct yara_object *root, enum dotnet_table_id table,
				   const char *name)
{
	const struct dotnet *d = dotnet_of(root);

	return d && d->tables[table].present && !yara_get_object(root, name)
		       ? yara_array(root, name)
		       : NULL;
}

/* A resource of this file: its length stands in front of it. */
static bool find_resource(const struct dotnet *d, uint32_t row, size_t *offset, uint32_t *length)
{
	struct cursor c = cursor_of(d->file);
	size_t base;

	if (!pe_offset(d->pe, d->resources_rva, &base))
		return false;
	cursor_seek(&c, base + dotnet_value(d, DOTNET_MANIFEST_RESOURCE, row, 0));
	*length = cursor_u32le(&c);
	*offset = c.at;
	/* The length is measured from its own first byte: so YARA checks it. */
	return !c.short_read && *length <= d->file.len - (c.at - 4);
}

static void fill_resources(struct yara_object *root)
{
	struct yara_object *list = list_of(root, DOTNET_MANIFEST_RESOURCE, "resources");
	const struct dotnet *d = dotnet_of(root);
	size_t offset;
	uint32_t length;

	for (uint32_t row = 1; list && dotnet_has_row(d, DOTNET_MANIFEST_RESOURCE, row); row++) {
		bool is_here = dotnet_value(d, DOTNET_MANIFEST_RESOURCE, row, 3) == 0;
		struct yara_object *to;

		if (is_here && !find_resource(d, row, &offset, &length))
			continue;
		to = yara_array_add_struct(list);
		if (is_here) {
			yara_set_integer(to, "offset", (int64_t)offset);
			yara_set_integer(to, "length", length);
		}
		set_text(to, "name", dotnet_cell_string(d, DOTNET_MANIFEST_RESOURCE, row, 2));
	}
	if (list)
		yara_set_integer(root, "number_of_resources", (int64_t)list->count);
}

static void set_version(struct yara_object *of, const struct dotnet *d, enum dotnet_table_id table,
			uint32_t row, unsigned column)
{
	struct yara_object *to = of ? yara_struct(of, "version") : NULL;

	yara_set_integer(to, "major", dotnet_value(d, table, row, column));
	yara_set_integer(to, "minor", dotnet_value(d, table, row, column + 1));
	yara_set_integer(to, "build_number", dotnet_value(d, table, row, column + 2));
	yara_set_integer(to, "revision_number", dotnet_value(d, table, row, column + 3));
}

static void fill_assembly_refs(struct yara_object *root)
{
	struct yara_object *list = list_of(root, DOTNET_ASSEMBLY_REF, "assembly_refs");
	const struct dotnet *d = dotnet_of(root);

	for (uint32_t row = 1; list && dotnet_has_row(d, DOTNET_ASSEMBLY_REF, row); row++) {
		struct yara_object *to = yara_array_add_struct(list);
		struct span key;

		set_version(to, d, DOTNET_ASSEMBLY_REF, row, 0);
		if (!dotnet_blob(d, dotnet_value(d, DOTNET_ASSEMBLY_REF, row, 5), &key))
			continue;
		if (key.len)
			yara_set_string(to, "public_key_or_token", key);
		set_text(to, "name", dotnet_cell_string(d, DOTNET_ASSEMBLY_REF, row, 6));
	}
	if (list)
		yara_set_integer(root, "number_of_assembly_refs", (int64_t)list->count);
}

static void fill_assembly(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct yara_object *to;
	struct span culture;

	if (!d || !dotnet_has_row(d, DOTNET_ASSEMBLY, 1))
		return;
	to = yara_struct(root, "assembly");
	set_version(to, d, DOTNET_ASSEMBLY, 1, 1);
	set_text(to, "name", dotnet_cell_string(d, DOTNET_ASSEMBLY, 1, 7));
	culture = dotnet_cell_string(d, DOTNET_ASSEMBLY, 1, 8);
	if (culture.len)
		set_text(to, "culture", culture);
}

static void fill_modulerefs(struct yara_object *root)
{
	struct yara_object *list = list_of(root, DOTNET_MODULE_REF, "modulerefs");
	const struct dotnet *d = dotnet_of(root);

	for (uint32_t row = 1; list && dotnet_has_row(d, DOTNET_MODULE_REF, row); row++) {
		struct span name = dotnet_cell_string(d, DOTNET_MODULE_REF, row, 0);

		if (name.at)
			yara_value_string(yara_array_add(list), name);
	}
	if (list)
		yara_set_integer(root, "number_of_modulerefs", (int64_t)list->count);
}

static void fill_constants(struct yara_object *root)
{
	struct yara_object *list = list_of(root, DOTNET_CONSTANT, "constants");
	const struct dotnet *d = dotnet_of(root);
	struct span text;

	for (uint32_t row = 1; list && dotnet_has_row(d, DOTNET_CONSTANT, row); row++) {
		if ((dotnet_value(d, DOTNET_CONSTANT, row, 0) & 0xff) == STRING_CONSTANT &&
		    dotnet_blob(d, dotnet_value(d, DOTNET_CONSTANT, row, 2), &text) &&
		    text.at + text.len < d->file.at + d->file.len)
			yara_value_string(yara_array_add(list), text);
	}
	if (list)
		yara_set_integer(root, "number_of_constants", (int64_t)list->count);
}

static void fill_field_offsets(struct yara_object *root)
{
	struct yara_object *list = list_of(root, DOTNET_FIELD_RVA, "field_offsets");
	const struct dotnet *d = dotnet_of(root);
	size_t offset;

	for (uint32_t row = 1; list && dotnet_has_row(d, DOTNET_FIELD_RVA, row); row++) {
		if (pe_offset(d->pe, dotnet_value(d, DOTNET_FIELD_RVA, row, 0), &offset))
			yara_value_integer(yara_array_add(list), (int64_t)offset);
	}
	if (list)
		yara_set_integer(root, "number_of_field_offsets", (int64_t)list->count);
}

/* Rows count from 1; YARA takes 0 for the first. */
static uint32_t row_of(uint32_t coded, unsigned bits)
{
	return coded >> bits ? coded >> bits : 1;
}

/* Whether the attribute in that row is a GuidAttribute of the assembly. */
static bool is_assembly_guid(const struct dotnet *d, uint32_t row)
{
	uint32_t type = dotnet_value(d, DOTNET_CUSTOM_ATTRIBUTE, row, 1), parent;
	struct span name;

	if ((dotnet_value(d, DOTNET_CUSTOM_ATTRIBUTE, row, 0) & 0x1f) != ASSEMBLY_PARENT ||
	    (type & 7) != MEMBER_REF_TYPE)
		return false;
	parent = dotnet_value(d, DOTNET_MEMBER_REF, row_of(type, 3), 0);
	if ((parent & 7) != TYPE_REF_PARENT)
		return false;
	name = dotnet_cell_string(d, DOTNET_TYPE_REF, row_of(parent, 3), 1);
	return !name.at || span_starts(name, SPAN("GuidAttribute"));
}

/* The text in a custom attribute: prolog 1, length, bytes; empty where the length says null. */
static bool attribute_text(const struct dotnet *d, uint32_t row, struct span *text)
{
	uint32_t index = dotnet_value(d, DOTNET_CUSTOM_ATTRIBUTE, row, 2);
	struct span blob;
	struct cursor c;
	uint8_t len;

	if (index == 0 || !dotnet_blob(d, index, &blob) || blob.len < 3)
		return false;
	c = cursor_of(span_from(d->file, (size_t)(blob.at - d->file.at)));
	if (cursor_u16le(&c) != 1)
		return false;
	len = cursor_u8(&c);
	*text = cursor_take(&c, len);
	if (c.short_read)
		return false;
	*text = text->len && text->at[0] == 0xff ? span_sub(*text, 0, 0) : pe_text(*text, 255);
	return true;
}

static void fill_typelib(struct yara_object *root)
{
	const struct dotnet *d = dotnet_of(root);
	struct span text;

	if (!d || !d->tables[DOTNET_TYPE_REF].present || !d->tables[DOTNET_MEMBER_REF].present)
		return;
	for (uint32_t row = 1; dotnet_has_row(d, DOTNET_CUSTOM_ATTRIBUTE, row); row++) {
		if (is_assembly_guid(d, row) && attribute_text(d, row, &text))
			yara_set_string(root, "typelib", text);
	}
}

static const struct yara_field stream[] = {
	YARA_STRING_FIELD("name"), YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("size"),
	YARA_END,
};

static const struct yara_field resource[] = {
	YARA_INTEGER_FIELD("offset"), YARA_INTEGER_FIELD("length"), YARA_STRING_FIELD("name"),
	YARA_END,
};

static const struct yara_field parameter[] = {
	YARA_STRING_FIELD("name"), YARA_STRING_FIELD("type"), YARA_END,
};

static const struct yara_field method[] = {
	YARA_ARRAY_OF("generic_parameters", YARA_STRING),
	YARA_INTEGER_FIELD("number_of_generic_parameters"),
	YARA_ARRAY_OF_STRUCTS("parameters", parameter), YARA_INTEGER_FIELD("number_of_parameters"),
	YARA_STRING_FIELD("return_type"), YARA_INTEGER_FIELD("abstract"),
	YARA_INTEGER_FIELD("final"), YARA_INTEGER_FIELD("virtual"), YARA_INTEGER_FIELD("static"),
	YARA_STRING_FIELD("visibility"), YARA_STRING_FIELD("name"), YARA_END,
};

static const struct yara_field class[] = {
	YARA_STRING_FIELD("fullname"), YARA_STRING_FIELD("name"), YARA_STRING_FIELD("namespace"),
	YARA_STRING_FIELD("visibility"), YARA_STRING_FIELD("type"),
	YARA_INTEGER_FIELD("abstract"), YARA_INTEGER_FIELD("sealed"),
	YARA_INTEGER_FIELD("number_of_generic_parameters"),
	YARA_ARRAY_OF("generic_parameters", YARA_STRING),
	YARA_INTEGER_FIELD("number_of_base_types"), YARA_ARRAY_OF("base_types", YARA_STRING),
	YARA_INTEGER_FIELD("number_of_methods"), YARA_ARRAY_OF_STRUCTS("methods", method),
	YARA_END,
};

static const struct yara_field version[] = {
	YARA_INTEGER_FIELD("major"), YARA_INTEGER_FIELD("minor"),
	YARA_INTEGER_FIELD("build_number"), YARA_INTEGER_FIELD("revision_number"), YARA_END,
};

static const struct yara_field assembly_ref[] = {
	YARA_STRUCT_FIELD("version", version), YARA_STRING_FIELD("public_key_or_token"),
	YARA_STRING_FIELD("name"), YARA_END,
};

static const struct yara_field assembly[] = {
	YARA_STRUCT_FIELD("version", version), YARA_STRING_FIELD("name"),
	YARA_STRING_FIELD("culture"), YARA_END,
};

#define LIST_AND_COUNT(n, count, its, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = (its), .fill = (how) }, \
	{ .name = (count), .type = YARA_INTEGER, .fill = (how) }
#define PLAIN_LIST_AND_COUNT(n, count, kind, how) \
	{ .name = (n), .type = YARA_ARRAY, .element = (kind), .fill = (how) }, \
	{ .name = (count), .type = YARA_INTEGER, .fill = (how) }

static const struct yara_field fields[] = {
	YARA_INTEGER_FIELD("is_dotnet"), YARA_STRING_FIELD("version"),
	YARA_STRING_FIELD("module_name"),
	{ .name = "streams", .type = YARA_ARRAY, .element = YARA_STRUCT, .fields = stream,
	  .fill = fill_streams },
	YARA_INTEGER_FIELD("number_of_streams"),
	PLAIN_LIST_AND_COUNT("guids", "number_of_guids", YARA_STRING, fill_guids),
	LIST_AND_COUNT("resources", "number_of_resources", resource, fill_resources),
	LIST_AND_COUNT("classes", "number_of_classes", class, fill_classes),
	LIST_AND_COUNT("assembly_refs", "number_of_assembly_refs", assembly_ref,
		       fill_assembly_refs),
	{ .name = "assembly", .type = YARA_STRUCT, .fields = assembly, .fill = fill_assembly },
	PLAIN_LIST_AND_COUNT("modulerefs", "number_of_modulerefs", YARA_STRING, fill_modulerefs),
	PLAIN_LIST_AND_COUNT("user_strings", "number_of_user_strings", YARA_STRING,
			     fill_user_strings),
	{ .name = "typelib", .type = YARA_STRING, .fill = fill_typelib },
	PLAIN_LIST_AND_COUNT("constants", "number_of_constants", YARA_STRING, fill_constants),
	PLAIN_LIST_AND_COUNT("field_offsets", "number_of_field_offsets", YARA_INTEGER,
			     fill_field_offsets),
	YARA_END,
};

static bool load(struct yara_load *l)
{
	struct state *s = ARENA_NEW(l->arena, struct state);
	struct err err;

	if (!s || !pe_parse(l->data, &s->pe, &err) ||
	    (l->is_memory && (s->pe.characteristics & PE_FILE_DLL)))
		return false;
	yara_set_integer(l->root, "is_dotnet", 0);
	if (!dotnet_parse(&s->pe, &s->dotnet, &err))
		return false;
	s->arena = l->arena;
	l->root->state = s;
	yara_set_integer(l->root, "is_dotnet", 1);
	set_text(l->root, "version", s->dotnet.version);
	yara_set_integer(l->root, "number_of_streams", (int64_t)s->dotnet.stream_count);
	if (dotnet_has_row(&s->dotnet, DOTNET_MODULE, 1))
		set_text(l->root, "module_name",
			 dotnet_cell_string(&s->dotnet, DOTNET_MODULE, 1, 1));
	return true;
}

const struct yara_module yara_module_dotnet = {
	.name = "dotnet", .fields = fields, .load = load,
	.mask = 0xffff, .value = 0x5a4d, .tells = "is_dotnet",
};
