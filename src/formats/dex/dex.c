#include "formats/dex/dex.h"

#define HEADER_SIZE 112
#define CODE_HEAD 16
#define CLASS_DATA_MIN 16
#define FIELD_MIN 8
#define METHOD_MIN 12
#define MAP_ITEM 12
#define TEXT_BYTES ((size_t)64 << 20)

struct reader {
	struct dex *d;
	struct arena *arena;
	size_t field_room, method_room, class_data_room;
	size_t text_budget;
};

static struct dex_table read_table(struct cursor *c)
{
	struct dex_table t = { .size = cursor_u32le(c) };

	t.offset = cursor_u32le(c);
	return t;
}

static struct span up_to_nul(struct span bytes)
{
	return span_sub(bytes, 0, span_find_byte(bytes, 0, 0));
}

static bool read_version(struct span magic, uint32_t *out)
{
	uint64_t version;

	if (!span_to_u64(span_sub(magic, 5, 2), &version) || version < 35 || version > 41)
		return false;
	*out = (uint32_t)version;
	return true;
}

bool dex_header_parse(struct span file, struct dex_header *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	struct span magic = cursor_take(&c, 8);

	if (magic.len < 8 || !span_starts(magic, SPAN("dex\n0")) || magic.at[7] != 0 ||
	    !read_version(magic, &out->version))
		return err_set(err, ERR_UNSUPPORTED, 0, "no DEX header");
	if (file.len < HEADER_SIZE)
		return err_set(err, ERR_CORRUPT, file.len, "DEX header cut short");
	out->magic = up_to_nul(magic);
	out->checksum = cursor_u32le(&c);
	out->signature = up_to_nul(cursor_take(&c, 20));
	out->file_size = cursor_u32le(&c);
	out->header_size = cursor_u32le(&c);
	out->endian_tag = cursor_u32le(&c);
	out->link = read_table(&c);
	out->map_offset = cursor_u32le(&c);
	out->strings = read_table(&c);
	out->types = read_table(&c);
	out->protos = read_table(&c);
	out->fields = read_table(&c);
	out->methods = read_table(&c);
	out->classes = read_table(&c);
	out->data = read_table(&c);
	out->container_size = cursor_u32le(&c);
	out->header_offset = cursor_u32le(&c);
	return true;
}

/* At the start of a table that lies whole in the file; the list for it in *list. */
static bool open_table(struct reader *r, struct dex_table table, size_t item, size_t element,
		       void **list, struct cursor *c)
{
	*c = cursor_of(r->d->file);
	if (table.offset > c->in.len || table.size > DEX_MAX_ITEMS ||
	    (size_t)table.size * item > c->in.len - table.offset)
		return false;
	cursor_seek(c, table.offset);
	*list = arena_array(r->arena, table.size, element);
	return *list != NULL;
}

/* Characters take up to three bytes; the budget is for texts that share their bytes. */
static struct span text_at(struct reader *r, struct cursor c, uint32_t characters)
{
	struct span rest = span_sub(c.in, c.at, (size_t)characters * 3 + 1);
	size_t end;

	rest = span_sub(rest, 0, r->text_budget);
	end = span_find_byte(rest, 0, 0);
	r->text_budget -= end == SIZE_MAX ? rest.len : end;
	return end == SIZE_MAX ? (struct span){ 0 } : span_sub(rest, 0, end);
}

/*
 * YARA takes the length, counted in UTF-16 characters, for one byte long and
 * for the number of bytes: exact for text up to 127 characters of ASCII.
 */
static struct dex_string read_string(struct reader *r, uint32_t offset)
{
	struct dex_string s = { 0 };
	struct cursor c = cursor_of(span_sub(r->d->file, offset, SIZE_MAX));
	uint32_t size;

	if (cursor_left(&c) < 4)
		return s;
	size = (uint32_t)cursor_uleb128(&c);
	if (c.short_read || size > c.in.len - 1)
		return s;
	s.offset = offset;
	s.size = size;
	s.value = span_sub(c.in, 1, size);
	s.text = text_at(r, c, size);
	return s;
}

static bool read_strings(struct reader *r)
{
	struct dex *d = r->d;
	struct cursor c;

	if (!open_table(r, d->header.strings, 4, sizeof *d->strings, (void **)&d->strings, &c))
		return false;
	while (d->string_count < d->header.strings.size)
		d->strings[d->string_count++] = read_string(r, cursor_u32le(&c));
	return true;
}

static bool read_types(struct reader *r)
{
	struct dex *d = r->d;
	struct cursor c;

	if (!open_table(r, d->header.types, 4, sizeof *d->types, (void **)&d->types, &c))
		return false;
	while (d->type_count < d->header.types.size)
		d->types[d->type_count++] = cursor_u32le(&c);
	return true;
}

static bool read_protos(struct reader *r)
{
	struct dex *d = r->d;
	struct cursor c;

	if (!open_table(r, d->header.protos, 12, sizeof *d->protos, (void **)&d->protos, &c))
		return false;
	while (d->proto_count < d->header.protos.size) {
		struct dex_proto *p = &d->protos[d->proto_count++];

		p->shorty = cursor_u32le(&c);
		p->return_type = cursor_u32le(&c);
		p->parameters_offset = cursor_u32le(&c);
	}
	return true;
}

static bool read_ids(struct reader *r, struct dex_table table, struct dex_id **list, size_t *count)
{
	struct cursor c;

	if (!open_table(r, table, 8, sizeof **list, (void **)list, &c))
		return false;
	while (*count < table.size) {
		struct dex_id *id = &(*list)[(*count)++];

		id->class = cursor_u16le(&c);
		id->type = cursor_u16le(&c);
		id->name = cursor_u32le(&c);
	}
	return true;
}

static bool read_map(struct reader *r)
{
	struct dex *d = r->d;
	struct cursor c = cursor_of(d->file);
	struct dex_table table;
	size_t fitting;

	cursor_seek(&c, d->header.map_offset);
	table.size = cursor_u32le(&c);
	table.offset = (uint32_t)c.at;
	if (d->header.map_offset == 0 || c.short_read)
		return true;
	d->has_map = true;
	d->declared_map = table.size;
	/* Of a map that the file's end cuts, what is there counts, unless its size is absurd. */
	fitting = cursor_left(&c) / MAP_ITEM;
	if (fitting < table.size && table.size <= cursor_left(&c))
		table.size = (uint32_t)fitting;
	if (!open_table(r, table, MAP_ITEM, sizeof *d->map, (void **)&d->map, &c))
		return false;
	while (d->map_count < table.size) {
		struct dex_map_item *item = &d->map[d->map_count++];

		item->type = cursor_u16le(&c);
		item->unused = cursor_u16le(&c);
		item->size = cursor_u32le(&c);
		item->offset = cursor_u32le(&c);
	}
	return d->map_count == d->declared_map;
}

static struct span string_at(const struct dex *d, uint32_t index)
{
	return index < d->string_count ? d->strings[index].value : (struct span){ 0 };
}

static struct span type_at(const struct dex *d, uint32_t index)
{
	return index < d->type_count ? string_at(d, d->types[index]) : (struct span){ 0 };
}

static const struct dex_code *read_code(struct reader *r, uint32_t offset)
{
	struct cursor c = cursor_of(r->d->file);
	struct dex_code *code;
	struct span bytes;

	cursor_seek(&c, offset);
	if (offset == 0 || cursor_left(&c) < CODE_HEAD)
		return NULL;
	code = ARENA_NEW(r->arena, struct dex_code);
	if (!code)
		return NULL;
	code->registers = cursor_u16le(&c);
	code->ins = cursor_u16le(&c);
	code->outs = cursor_u16le(&c);
	code->tries = cursor_u16le(&c);
	code->debug_info_offset = cursor_u32le(&c);
	code->instructions = cursor_u32le(&c);
	bytes = cursor_take(&c, (size_t)code->instructions * 2);
	if (!c.short_read)
		code->bytes = bytes;
	return code;
}

/* False: neither this member nor those behind it can be read. */
static bool read_field(struct reader *r, struct cursor *c, uint32_t *index)
{
	struct dex *d = r->d;
	struct dex_member field = { 0 }, *added;

	if (cursor_left(c) < FIELD_MIN || d->field_count >= DEX_MAX_MEMBERS)
		return false;
	field.index_difference = (uint32_t)cursor_uleb128(c);
	field.access_flags = (uint32_t)cursor_uleb128(c);
	*index += field.index_difference;
	if (c->short_read)
		return false;
	d->broken_field = field;
	d->has_broken_field = *index >= d->field_id_count;
	if (d->has_broken_field)
		return false;
	field.name = string_at(d, d->field_ids[*index].name);
	field.class_name = type_at(d, d->field_ids[*index].class);
	field.proto = type_at(d, d->field_ids[*index].type);
	added = arena_push(r->arena, (void **)&d->fields, &d->field_count, &r->field_room,
			   sizeof *added);
	if (added)
		*added = field;
	return added;
}

static bool read_method(struct reader *r, struct cursor *c, uint32_t *index, bool is_direct)
{
	struct dex *d = r->d;
	struct dex_member method = { .is_direct = is_direct }, *added;
	const struct dex_id *id;

	if (cursor_left(c) < METHOD_MIN || d->method_count >= DEX_MAX_MEMBERS)
		return false;
	method.index_difference = (uint32_t)cursor_uleb128(c);
	method.access_flags = (uint32_t)cursor_uleb128(c);
	method.code_offset = (uint32_t)cursor_uleb128(c);
	*index += method.index_difference;
	if (c->short_read)
		return false;
	d->broken_method = method;
	d->has_broken_method = *index >= d->method_id_count;
	if (d->has_broken_method)
		return false;
	id = &d->method_ids[*index];
	method.name = string_at(d, id->name);
	method.class_name = type_at(d, id->class);
	if (id->type < d->proto_count)
		method.proto = string_at(d, d->protos[id->type].shorty);
	method.code = read_code(r, method.code_offset);
	added = arena_push(r->arena, (void **)&d->methods, &d->method_count, &r->method_room,
			   sizeof *added);
	if (added)
		*added = method;
	return added;
}

/* A list that breaks off leaves the cursor where it broke: so YARA goes on. */
static void read_fields(struct reader *r, struct cursor *c, uint32_t count)
{
	struct cursor good = *c;
	uint32_t index = 0;

	for (uint32_t i = 0; i < count && read_field(r, c, &index); i++)
		good = *c;
	*c = good;
}

static void read_methods(struct reader *r, struct cursor *c, uint32_t count, bool is_direct)
{
	struct cursor good = *c;
	uint32_t index = 0;

	for (uint32_t i = 0; i < count && read_method(r, c, &index, is_direct); i++)
		good = *c;
	*c = good;
}

static bool read_class_data(struct reader *r, uint32_t offset)
{
	struct dex *d = r->d;
	struct cursor c = cursor_of(d->file);
	struct dex_class_data data, *added;

	cursor_seek(&c, offset);
	if (cursor_left(&c) < CLASS_DATA_MIN)
		return false;
	data.static_fields = (uint32_t)cursor_uleb128(&c);
	data.instance_fields = (uint32_t)cursor_uleb128(&c);
	data.direct_methods = (uint32_t)cursor_uleb128(&c);
	data.virtual_methods = (uint32_t)cursor_uleb128(&c);
	added = arena_push(r->arena, (void **)&d->class_data, &d->class_data_count,
			   &r->class_data_room, sizeof *added);
	if (c.short_read || !added)
		return false;
	*added = data;
	read_fields(r, &c, data.static_fields);
	read_fields(r, &c, data.instance_fields);
	read_methods(r, &c, data.direct_methods, true);
	read_methods(r, &c, data.virtual_methods, false);
	return true;
}

static bool read_classes(struct reader *r)
{
	struct dex *d = r->d;
	struct cursor c;

	if (!open_table(r, d->header.classes, 32, sizeof *d->classes, (void **)&d->classes, &c))
		return false;
	while (d->class_count < d->header.classes.size) {
		struct dex_class *class = &d->classes[d->class_count++];

		class->class = cursor_u32le(&c);
		class->access_flags = cursor_u32le(&c);
		class->super_class = cursor_u32le(&c);
		class->interfaces_offset = cursor_u32le(&c);
		class->source_file = cursor_u32le(&c);
		class->annotations_offset = cursor_u32le(&c);
		class->class_data_offset = cursor_u32le(&c);
		class->static_values_offset = cursor_u32le(&c);
		if (class->class_data_offset && !read_class_data(r, class->class_data_offset))
			return false;
	}
	return true;
}

bool dex_parse(struct span file, struct arena *arena, struct dex *out, struct err *err)
{
	struct reader r = { .d = out, .arena = arena, .text_budget = TEXT_BYTES };

	*out = (struct dex){ .file = file };
	if (!dex_header_parse(file, &out->header, err))
		return false;
	out->whole = read_strings(&r) && read_types(&r) && read_protos(&r) &&
		     read_ids(&r, out->header.fields, &out->field_ids, &out->field_id_count) &&
		     read_ids(&r, out->header.methods, &out->method_ids, &out->method_id_count) &&
		     read_map(&r) && read_classes(&r);
	return true;
}

struct span dex_text(const struct dex *d, uint32_t string)
{
	return string < d->string_count ? d->strings[string].text : (struct span){ 0 };
}

struct span dex_type_name(const struct dex *d, uint32_t type)
{
	return type < d->type_count ? dex_text(d, d->types[type]) : (struct span){ 0 };
}

struct cursor dex_parameters(const struct dex *d, uint32_t proto)
{
	struct cursor c = cursor_of(d->file);
	uint32_t offset = proto < d->proto_count ? d->protos[proto].parameters_offset : 0;
	uint32_t count;

	cursor_seek(&c, offset);
	count = offset ? cursor_u32le(&c) : 0;
	return cursor_of(cursor_left(&c) / 2 >= count ? cursor_take(&c, (size_t)count * 2)
						      : (struct span){ 0 });
}

bool dex_next_parameter(struct cursor *c, uint16_t *type)
{
	*type = cursor_u16le(c);
	return !c->short_read;
}
