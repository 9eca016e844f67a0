#include "formats/ese/ese.h"

#include "base/utf8.h"
#include "formats/ese/ese_page.h"
#include "formats/ese/ese_replay.h"

#define CATALOG_PAGE 4
#define CATALOG_ID 2
#define CODE_PAGE_UTF16 1200
#define DAY_NANOSECONDS 86400e9
#define OLE_TO_UNIX_DAYS 25569.0

enum { CATALOG_TABLE = 1, CATALOG_COLUMN, CATALOG_INDEX, CATALOG_LONG_VALUE };
enum { VALUE_PACKED = 2, VALUE_LONG = 4, VALUE_MULTI = 8, VALUE_MULTI_EQUAL = 0x10 };
enum { FIRST_VARIABLE = 128, FIRST_TAGGED = 256 };

static uint32_t type_size(uint32_t type, uint32_t said)
{
	switch (type) {
	case ESE_BOOL: case ESE_U8: return 1;
	case ESE_I16: case ESE_U16: return 2;
	case ESE_I32: case ESE_U32: case ESE_FLOAT: return 4;
	case ESE_CURRENCY: case ESE_DOUBLE: case ESE_DATE: case ESE_I64: return 8;
	case ESE_GUID: return 16;
	default: return said;
	}
}

/* The parts of a record: last columns, fixed data, ends of variable data, tagged data. */
struct parts {
	uint8_t last_fixed, last_variable;
	struct span fixed, variable_ends, variable, tagged;
};

static bool parts_of(struct span record, struct parts *out)
{
	struct cursor c = cursor_of(record);
	size_t variable_at, count, end = 0;

	out->last_fixed = cursor_u8(&c);
	out->last_variable = cursor_u8(&c);
	variable_at = cursor_u16le(&c);
	count = out->last_variable >= FIRST_VARIABLE ? out->last_variable - FIRST_VARIABLE + 1u : 0;
	if (c.short_read || variable_at < 4 || variable_at > record.len)
		return false;
	out->fixed = span_sub(record, 0, variable_at);
	out->variable_ends = span_sub(record, variable_at, count * 2);
	if (out->variable_ends.len < count * 2)
		return false;
	out->variable = span_from(record, variable_at + count * 2);
	if (count)
		end = load_u16le(out->variable_ends.at + 2 * (count - 1)) & 0x7fff;
	out->tagged = span_from(out->variable, end);
	return true;
}

static struct span fixed_value(const struct parts *p, const struct ese_column *column)
{
	size_t nulls = (p->last_fixed + 7u) / 8, byte = (column->id - 1) / 8;
	struct span map, value;

	if (column->id > p->last_fixed || p->fixed.len < nulls + 4)
		return (struct span){ 0 };
	map = span_from(p->fixed, p->fixed.len - nulls);
	if (byte < map.len && map.at[byte] >> (column->id - 1) % 8 & 1)
		return (struct span){ 0 };
	value = span_sub(span_sub(p->fixed, 0, p->fixed.len - nulls), column->offset, column->size);
	return value.len == column->size ? value : (struct span){ 0 };
}

static struct span variable_value(const struct parts *p, uint32_t id)
{
	size_t i = id - FIRST_VARIABLE, start = 0, end;

	if (2 * i + 1 >= p->variable_ends.len)
		return (struct span){ 0 };
	end = load_u16le(p->variable_ends.at + 2 * i);
	if (i)
		start = load_u16le(p->variable_ends.at + 2 * (i - 1)) & 0x7fff;
	if (end & 0x8000 || end < start)
		return (struct span){ 0 };
	return span_sub(p->variable, start, end - start);
}

/* The array of tagged columns begins with the first one's offset, which is the array's size. */
static struct span tagged_value(const struct parts *p, uint32_t id, bool is_large, unsigned *flags)
{
	uint16_t mask = is_large ? 0x7fff : 0x3fff;
	size_t array = p->tagged.len >= 4 ? load_u16le(p->tagged.at + 2) & mask : 0;

	*flags = 0;
	for (size_t at = 0; at + 4 <= array && at + 4 <= p->tagged.len; at += 4) {
		uint16_t start = load_u16le(p->tagged.at + at + 2);
		size_t end = p->tagged.len, from = start & mask;
		struct span value;

		if (load_u16le(p->tagged.at + at) != id)
			continue;
		if (at + 8 <= array && at + 8 <= p->tagged.len)
			end = load_u16le(p->tagged.at + at + 6) & mask;
		if (end < from)
			return (struct span){ 0 };
		value = span_sub(p->tagged, from, end - from);
		if ((is_large || start & 0x4000) && value.len) {
			*flags = value.at[0];
			value = span_from(value, 1);
		}
		return value;
	}
	return (struct span){ 0 };
}

struct long_value {
	struct buf bytes;
	struct arena *arena;
	size_t size;
};

static bool add_segment(void *context, const struct ese_node *node)
{
	struct long_value *v = context;
	struct span data = node->data;

	if (node->key.len <= 4) {
		if (data.len >= 8)
			v->size = load_u32le(data.at + 4);
		return v->size <= ESE_MAX_VALUE;
	}
	/* A segment says where it belongs; one that is shorter than the way there was packed. */
	if (node->key.len >= 8 && load_u32be(node->key.at + node->key.len - 4) != v->bytes.len)
		return true;
	if (v->bytes.len + data.len < v->size) {
		struct span plain = ese_unpack(data, v->arena);

		data = plain.len > data.len ? plain : data;
	}
	return buf_add(&v->bytes, data);
}

static struct span long_value(const struct ese_row *row, struct span id)
{
	struct long_value v = { .bytes = buf_new(ESE_MAX_VALUE), .arena = row->arena };
	uint8_t key[4];
	struct span out;

	if (id.len < 4 || !row->table->long_root)
		return (struct span){ 0 };
	for (int i = 0; i < 4; i++)
		key[i] = id.at[3 - i];
	ese_seek(row->db, row->table->long_root, span_of(key, 4), add_segment, &v);
	out = arena_copy(row->arena, buf_span(&v.bytes));
	buf_free(&v.bytes);
	return out;
}

/* The first of several values: an array of offsets, the first of which tells its size. */
static struct span first_of_many(struct span value, unsigned flags)
{
	size_t start, end;

	if (flags & VALUE_MULTI_EQUAL)
		return value.len ? span_sub(value, 1, value.at[0]) : value;
	if (value.len < 2)
		return (struct span){ 0 };
	start = load_u16le(value.at) & 0x7fff;
	end = start >= 4 && value.len >= 4 ? load_u16le(value.at + 2) & 0x7fffu : value.len;
	return end >= start ? span_sub(value, start, end - start) : (struct span){ 0 };
}

struct span ese_bytes(const struct ese_row *row, size_t column)
{
	const struct ese_column *c;
	struct parts p;
	struct span value;
	unsigned flags;

	if (column >= row->table->column_count || !parts_of(row->record, &p))
		return (struct span){ 0 };
	c = &row->table->columns[column];
	if (c->id < FIRST_VARIABLE)
		return fixed_value(&p, c);
	if (c->id < FIRST_TAGGED)
		return variable_value(&p, c->id);
	value = tagged_value(&p, c->id, row->db->page_size >= 16384 && row->db->revision >= 0x11, &flags);
	if (flags & (VALUE_MULTI | VALUE_MULTI_EQUAL))
		value = first_of_many(value, flags);
	if (flags & VALUE_LONG)
		return long_value(row, value);
	return flags & VALUE_PACKED ? ese_unpack(value, row->arena) : value;
}

bool ese_number(const struct ese_row *row, size_t column, uint64_t *out)
{
	struct span b = ese_bytes(row, column);

	switch (b.len) {
	case 1: *out = b.at[0]; return true;
	case 2: *out = load_u16le(b.at); return true;
	case 4: *out = load_u32le(b.at); return true;
	case 8: *out = load_u64le(b.at); return true;
	default: return false;
	}
}

struct span ese_text(const struct ese_row *row, size_t column)
{
	struct span b = ese_bytes(row, column);
	uint8_t *to;
	size_t len = 0;

	if (column >= row->table->column_count || !row->table->columns[column].is_wide) {
		while (b.len && !b.at[b.len - 1])
			b.len--;
		return b;
	}
	to = arena_alloc(row->arena, b.len / 2 * 3 + 1);
	if (to)
		len = utf8_of_utf16le(to, b);
	while (len && !to[len - 1])
		len--;
	return span_of(to, len);
}

timestamp ese_time(const struct ese_row *row, size_t column)
{
	struct span b = ese_bytes(row, column);
	uint64_t bits;
	double days;

	if (b.len != 8)
		return TIME_NONE;
	bits = load_u64le(b.at);
	if (row->table->columns[column].type != ESE_DATE)
		return timestamp_of_filetime(bits);
	memcpy(&days, &bits, sizeof days);
	/* Some programs keep a FILETIME in a date column, which as a number of days is next to nothing. */
	if (days > -1e-100 && days < 1e-100)
		return bits ? timestamp_of_filetime(bits) : TIME_NONE;
	days -= OLE_TO_UNIX_DAYS;
	if (!(days > -50000 && days < 80000))
		return TIME_NONE;
	/* To the second: the fraction is noise of the division by days. */
	return (timestamp)(days * DAY_NANOSECONDS / 1e9 + (days < 0 ? -0.5 : 0.5)) * TIME_SECOND;
}

struct rows {
	struct ese_row row;
	struct arena *scratch;
	bool (*each)(void *context, const struct ese_row *row);
	void *context;
};

static bool give_row(void *context, const struct ese_node *node)
{
	struct rows *r = context;
	bool more;

	r->row.record = node->data;
	more = r->each(r->context, &r->row);
	arena_reset(r->scratch);
	return more;
}

bool ese_rows(struct ese *db, const struct ese_table *table, struct arena *scratch,
	      bool (*each)(void *context, const struct ese_row *row), void *context)
{
	struct rows r = { .row = { .db = db, .table = table, .arena = scratch },
			  .scratch = scratch, .each = each, .context = context };

	return ese_walk(db, table->root, table->id, give_row, &r);
}

const struct ese_table *ese_table_named(const struct ese *db, const char *name)
{
	for (size_t i = 0; i < db->table_count; i++)
		if (span_eq_nocase(db->tables[i].name, span_text(name)))
			return &db->tables[i];
	return NULL;
}

size_t ese_column_named(const struct ese_table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (span_eq_nocase(table->columns[i].name, span_text(name)))
			return i;
	return ESE_NO_COLUMN;
}

/* Records of the catalog have the same columns in every database. */
static bool catalog_number(struct span record, size_t offset, size_t size, uint32_t *out)
{
	struct span b = span_sub(record, offset, size);

	*out = b.len == 4 ? load_u32le(b.at) : b.len == 2 ? load_u16le(b.at) : 0;
	return b.len == size;
}

static struct ese_table *table_of(struct ese *db, uint32_t id)
{
	/* A table's columns follow it in the catalog. */
	for (size_t i = db->table_count; i; i--)
		if (db->tables[i - 1].id == id)
			return &db->tables[i - 1];
	return NULL;
}

static bool add_column(struct ese *db, struct ese_table *table, const struct ese_column *column)
{
	const struct ese_column *before = table->column_count ? &table->columns[table->column_count - 1] : NULL;
	struct ese_column *to;

	if (table->column_count >= ESE_MAX_COLUMNS) {
		db->lost++;
		return true;
	}
	to = arena_push(db->arena, (void **)&table->columns, &table->column_count,
			&table->column_room, sizeof *to);
	if (!to)
		return false;
	*to = *column;
	if (!to->offset)
		to->offset = before ? before->offset + before->size : 4;
	return true;
}

static bool take_catalog(void *context, const struct ese_node *node)
{
	struct ese *db = context;
	struct parts p;
	uint32_t table_id, type, id, value, size, offset = 0, pages = 0;
	struct ese_table *table;
	struct span name;

	if (!parts_of(node->data, &p) || !catalog_number(p.fixed, 4, 4, &table_id) ||
	    !catalog_number(p.fixed, 8, 2, &type) || !catalog_number(p.fixed, 10, 4, &id) ||
	    !catalog_number(p.fixed, 14, 4, &value) || !catalog_number(p.fixed, 18, 4, &size)) {
		db->lost++;
		return true;
	}
	catalog_number(p.fixed, 26, 4, &pages);
	if (p.last_fixed >= 9)
		catalog_number(p.fixed, 31, 2, &offset);
	name = arena_copy(db->arena, variable_value(&p, FIRST_VARIABLE));
	if (type == CATALOG_TABLE && db->table_count < ESE_MAX_TABLES) {
		table = arena_push(db->arena, (void **)&db->tables, &db->table_count, &db->table_room, sizeof *table);
		if (table)
			*table = (struct ese_table){ .name = name, .id = table_id, .root = value };
		return table;
	}
	table = table_of(db, table_id);
	if (table && type == CATALOG_LONG_VALUE)
		table->long_root = value;
	if (table && type == CATALOG_COLUMN)
		return add_column(db, table, &(struct ese_column){
			.id = id, .type = value, .size = type_size(value, size), .offset = offset,
			.is_wide = (value == ESE_TEXT || value == ESE_LONG_TEXT) && pages == CODE_PAGE_UTF16,
			.name = name });
	return true;
}

bool ese_open(struct span file, const struct ese_logs *logs, struct arena *arena, struct ese *out, struct err *err)
{
	struct cursor c = cursor_of(file);
	uint32_t version, kind;

	*out = (struct ese){ .file = file, .arena = arena };
	cursor_skip(&c, 4);
	if (cursor_u32le(&c) != UINT32_C(0x89abcdef))
		return err_set(err, ERR_UNSUPPORTED, 4, "no ESE signature");
	version = cursor_u32le(&c);
	kind = cursor_u32le(&c);
	cursor_seek(&c, 52);
	out->is_dirty = cursor_u32le(&c) != 3;
	cursor_seek(&c, 232);
	out->revision = cursor_u32le(&c);
	out->page_size = cursor_u32le(&c);
	if (c.short_read || version != 0x620 || kind != 0)
		return err_set(err, ERR_UNSUPPORTED, 8, "ESE file of format 0x%x and type %u", version, kind);
	if (out->revision < 9)
		return err_set(err, ERR_UNSUPPORTED, 232, "ESE format revision %u", out->revision);
	if (out->page_size < 2048 || out->page_size > 32768 || out->page_size & (out->page_size - 1))
		return err_set(err, ERR_CORRUPT, 236, "page size %u", out->page_size);
	ese_recover(out, logs);
	if (!ese_walk(out, CATALOG_PAGE, CATALOG_ID, take_catalog, out))
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for the catalog");
	if (!out->table_count)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "no table in the catalog");
	return true;
}
