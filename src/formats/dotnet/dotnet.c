#include "formats/dotnet/dotnet.h"

#define CLI_HEADER_SIZE 72

#define STREAM_NAME_MAX 32
#define MAX_STRING 1024
#define HEAP_STRINGS_WIDE 1
#define HEAP_GUIDS_WIDE 2
#define HEAP_BLOBS_WIDE 4
#define HEAP_EXTRA_DATA 0x40

/* Kinds of columns: 2 and 4 are so many bytes. */
enum { S = 10, G, B, INDEX = 0x40, CODED = 0x80 };

enum { TYPE_DEF_OR_REF, HAS_CONSTANT, HAS_CUSTOM_ATTRIBUTE, HAS_FIELD_MARSHAL, HAS_DECL_SECURITY,
       MEMBER_REF_PARENT, HAS_SEMANTICS, METHOD_DEF_OR_REF, MEMBER_FORWARDED, IMPLEMENTATION,
       CUSTOM_ATTRIBUTE_TYPE, RESOLUTION_SCOPE, TYPE_OR_METHOD_DEF };

/* Columns of each table (II.22); EVENT 0x14 and PROPERTY 0x17 are only pointed to. */
static const uint8_t schema[][DOTNET_COLUMNS] = {
	[0x00] = { 2, S, G, G, G },
	[0x01] = { CODED + RESOLUTION_SCOPE, S, S },
	[0x02] = { 4, S, S, CODED + TYPE_DEF_OR_REF, INDEX + 0x04, INDEX + 0x06 },
	[0x03] = { INDEX + 0x04 },
	[0x04] = { 2, S, B },
	[0x05] = { INDEX + 0x06 },
	[0x06] = { 4, 2, 2, S, B, INDEX + 0x08 },
	[0x07] = { INDEX + 0x08 },
	[0x08] = { 2, 2, S },
	[0x09] = { INDEX + 0x02, CODED + TYPE_DEF_OR_REF },
	[0x0a] = { CODED + MEMBER_REF_PARENT, S, B },
	[0x0b] = { 2, CODED + HAS_CONSTANT, B },
	[0x0c] = { CODED + HAS_CUSTOM_ATTRIBUTE, CODED + CUSTOM_ATTRIBUTE_TYPE, B },
	[0x0d] = { CODED + HAS_FIELD_MARSHAL, B },
	[0x0e] = { 2, CODED + HAS_DECL_SECURITY, B },
	[0x0f] = { 2, 4, INDEX + 0x02 },
	[0x10] = { 4, INDEX + 0x04 },
	[0x11] = { B },
	[0x12] = { INDEX + 0x02, INDEX + 0x14 },
	[0x13] = { INDEX + 0x14 },
	[0x14] = { 2, S, CODED + TYPE_DEF_OR_REF },
	[0x15] = { INDEX + 0x02, INDEX + 0x17 },
	[0x16] = { INDEX + 0x17 },
	[0x17] = { 2, S, B },
	[0x18] = { 2, INDEX + 0x06, CODED + HAS_SEMANTICS },
	[0x19] = { INDEX + 0x02, CODED + METHOD_DEF_OR_REF, CODED + METHOD_DEF_OR_REF },
	[0x1a] = { S },
	[0x1b] = { B },
	[0x1c] = { 2, CODED + MEMBER_FORWARDED, S, INDEX + 0x1a },
	[0x1d] = { 4, INDEX + 0x04 },
	[0x1e] = { 4, 4 },
	[0x1f] = { 4 },
	[0x20] = { 4, 2, 2, 2, 2, 4, B, S, S },
	[0x21] = { 4 },
	[0x22] = { 4, 4, 4 },
	[0x23] = { 2, 2, 2, 2, 4, B, S, S, B },
	[0x24] = { 4, INDEX + 0x23 },
	[0x25] = { 4, 4, 4, INDEX + 0x23 },
	[0x26] = { 4, S, B },
	[0x27] = { 4, 4, S, S, CODED + IMPLEMENTATION },
	[0x28] = { 4, 4, S, CODED + IMPLEMENTATION },
	[0x29] = { INDEX + 0x02, INDEX + 0x02 },
	[0x2a] = { 2, 2, CODED + TYPE_OR_METHOD_DEF, S },
	[0x2b] = { CODED + METHOD_DEF_OR_REF, B },
	[0x2c] = { INDEX + 0x2a, CODED + TYPE_DEF_OR_REF },
};

#define KNOWN_TABLES (sizeof schema / sizeof *schema)

/* Bits of the tag, then the tables that a coded index may point to (II.24.2.6). */
static const struct coded {
	uint8_t bits;
	uint8_t count;
	uint8_t tables[22];
} coded[] = {
	[TYPE_DEF_OR_REF] = { 2, 3, { 0x02, 0x01, 0x1b } },
	[HAS_CONSTANT] = { 2, 3, { 0x04, 0x08, 0x17 } },
	[HAS_CUSTOM_ATTRIBUTE] = { 5, 22, { 0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x00, 0x0e,
					    0x17, 0x14, 0x11, 0x1a, 0x1b, 0x20, 0x23, 0x26, 0x27,
					    0x28, 0x2a, 0x2c, 0x2b } },
	[HAS_FIELD_MARSHAL] = { 1, 2, { 0x04, 0x08 } },
	[HAS_DECL_SECURITY] = { 2, 3, { 0x02, 0x06, 0x20 } },
	[MEMBER_REF_PARENT] = { 3, 5, { 0x02, 0x01, 0x1a, 0x06, 0x1b } },
	[HAS_SEMANTICS] = { 1, 2, { 0x14, 0x17 } },
	[METHOD_DEF_OR_REF] = { 1, 2, { 0x06, 0x0a } },
	[MEMBER_FORWARDED] = { 1, 2, { 0x04, 0x06 } },
	[IMPLEMENTATION] = { 2, 3, { 0x26, 0x23, 0x27 } },
	[CUSTOM_ATTRIBUTE_TYPE] = { 3, 2, { 0x06, 0x0a } },
	[RESOLUTION_SCOPE] = { 2, 4, { 0x00, 0x1a, 0x23, 0x01 } },
	[TYPE_OR_METHOD_DEF] = { 1, 2, { 0x02, 0x06 } },
};

struct layout {
	uint32_t rows[DOTNET_TABLES];
	uint8_t heaps;
};

static uint8_t coded_width(const struct layout *l, const struct coded *kind)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < kind->count; i++) {
		if (l->rows[kind->tables[i]] > most)
			most = l->rows[kind->tables[i]];
	}
	return most > UINT32_C(0xffff) >> kind->bits ? 4 : 2;
}

static uint8_t column_width(const struct layout *l, uint8_t kind)
{
	if (kind >= CODED)
		return coded_width(l, &coded[kind - CODED]);
	if (kind >= INDEX)
		return l->rows[kind - INDEX] > 0xffff ? 4 : 2;
	switch (kind) {
	case S:
		return l->heaps & HEAP_STRINGS_WIDE ? 4 : 2;
	case G:
		return l->heaps & HEAP_GUIDS_WIDE ? 4 : 2;
	case B:
		return l->heaps & HEAP_BLOBS_WIDE ? 4 : 2;
	default:
		return kind;
	}
}

static void lay_out(struct dotnet_table *t, const struct layout *l, unsigned id, size_t offset)
{
	t->present = true;
	t->offset = offset;
	t->rows = l->rows[id];
	for (unsigned i = 0; i < DOTNET_COLUMNS && schema[id][i]; i++) {
		t->at[i] = t->row_size;
		t->width[i] = column_width(l, schema[id][i]);
		t->row_size += t->width[i];
	}
}

static void read_tables(struct dotnet *d)
{
	struct cursor c = cursor_of(d->file);
	struct layout l = { 0 };
	uint64_t valid;
	size_t at;

	cursor_seek(&c, d->tables_stream->offset);
	cursor_skip(&c, 6);
	l.heaps = cursor_u8(&c);
	cursor_skip(&c, 1);
	valid = cursor_u64le(&c);
	cursor_skip(&c, 8);
	if (c.short_read)
		return;
	d->has_tables = true;
	for (unsigned i = 0; i < DOTNET_TABLES; i++) {
		if (valid >> i & 1)
			l.rows[i] = cursor_u32le(&c);
	}
	if (l.heaps & HEAP_EXTRA_DATA)
		cursor_skip(&c, 4);
	if (c.short_read)
		return;
	at = c.at;
	for (unsigned i = 0; i < DOTNET_TABLES; i++) {
		if (!(valid >> i & 1))
			continue;
		if (i >= KNOWN_TABLES || l.rows[i] > DOTNET_MAX_ROWS)
			return;
		lay_out(&d->tables[i], &l, i, at);
		at += (size_t)d->tables[i].row_size * l.rows[i];
	}
	d->tables_whole = true;
}

static void note_stream(struct dotnet *d, const struct dotnet_stream *s)
{
	if ((span_starts(s->name, SPAN("#~")) || span_starts(s->name, SPAN("#-"))) &&
	    !d->tables_stream)
		d->tables_stream = s;
	else if (span_starts(s->name, SPAN("#GUID")))
		d->guids = s;
	else if (span_starts(s->name, SPAN("#Strings")) && !d->strings)
		d->strings = s;
	else if (span_starts(s->name, SPAN("#Blob")) && !d->blobs)
		d->blobs = s;
	else if (span_starts(s->name, SPAN("#US")) && !d->user_strings)
		d->user_strings = s;
}

static void read_streams(struct dotnet *d, struct cursor *c, size_t metadata)
{
	unsigned count = cursor_u8(c);	/* of the two bytes YARA, too, reads one */

	cursor_skip(c, 1);
	for (unsigned i = 0; i < count; i++) {
		struct dotnet_stream *s = &d->streams[d->stream_count];
		uint32_t offset = cursor_u32le(c), size = cursor_u32le(c);
		struct span room = span_sub(c->in, c->at, STREAM_NAME_MAX);

		s->name = pe_text(room, STREAM_NAME_MAX);
		if (c->short_read || room.len < STREAM_NAME_MAX || s->name.len == STREAM_NAME_MAX)
			return;
		s->offset = (uint64_t)metadata + offset;
		s->size = size;
		cursor_skip(c, s->name.len + 4 - s->name.len % 4);
		d->stream_count++;
		note_stream(d, s);
	}
}

/* What else tells an assembly from a PE with a stray directory entry. */
static bool starts_like_assembly(const struct pe *pe)
{
	if (pe->wide)
		return pe->declared_directories >= PE_DIR_CLR;
	return (pe->characteristics & PE_FILE_DLL) ||
	       span_starts(pe_at_rva(pe, pe->entry_rva), SPAN("\xff\x25"));
}

bool dotnet_parse(const struct pe *pe, struct dotnet *out, struct err *err)
{
	const struct pe_directory *directory = pe_directory(pe, PE_DIR_CLR);
	struct cursor c = cursor_of(directory ? pe_at_rva(pe, directory->rva) : (struct span){ 0 });
	uint32_t header_size = cursor_u32le(&c), root_rva, length;
	size_t metadata;

	memset(out, 0, sizeof *out);
	out->pe = pe;
	out->file = pe->file;
	cursor_skip(&c, 4);
	root_rva = cursor_u32le(&c);
	cursor_skip(&c, 12);
	out->resources_rva = cursor_u32le(&c);
	if (c.in.len < CLI_HEADER_SIZE || header_size != CLI_HEADER_SIZE ||
	    !pe_offset(pe, root_rva, &metadata))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no .NET header");
	c = cursor_of(out->file);
	cursor_seek(&c, metadata);
	if (!span_eq(cursor_take(&c, 4), SPAN("BSJB")))
		return err_set(err, ERR_UNSUPPORTED, metadata, "no .NET metadata");
	cursor_skip(&c, 8);
	length = cursor_u32le(&c);
	if (length == 0 || length > 255 || length % 4 != 0 || cursor_left(&c) < length ||
	    !starts_like_assembly(pe))
		return err_set(err, ERR_UNSUPPORTED, metadata, "no .NET metadata");
	out->version = cursor_take(&c, length);
	out->version = pe_text(out->version, length);
	if (out->version.len == length)
		out->version.at = NULL;
	cursor_skip(&c, 2);
	read_streams(out, &c, metadata);
	if (out->tables_stream && out->strings && out->blobs)
		read_tables(out);
	return true;
}

bool dotnet_cell(const struct dotnet *d, enum dotnet_table_id table, uint32_t row, unsigned column,
		 uint32_t *value)
{
	const struct dotnet_table *t = &d->tables[table];
	struct cursor c = cursor_of(d->file);

	if (row < 1 || row > t->rows)
		return false;
	cursor_seek(&c, t->offset);
	cursor_skip(&c, (size_t)t->row_size * (row - 1) + t->at[column]);
	*value = t->width[column] == 4 ? cursor_u32le(&c) : cursor_u16le(&c);
	return !c.short_read;
}

uint32_t dotnet_value(const struct dotnet *d, enum dotnet_table_id table, uint32_t row,
		      unsigned column)
{
	uint32_t value;

	return dotnet_cell(d, table, row, column, &value) ? value : 0;
}

bool dotnet_has_row(const struct dotnet *d, enum dotnet_table_id table, uint32_t row)
{
	const struct dotnet_table *t = &d->tables[table];

	return row >= 1 && row <= t->rows &&
	       span_sub(d->file, t->offset + (size_t)t->row_size * (row - 1), t->row_size).len ==
		       t->row_size;
}

struct span dotnet_string(const struct dotnet *d, uint32_t index)
{
	struct span text = { 0 };

	if (!d->strings || index >= d->strings->size)
		return text;
	text = span_sub(d->file, d->strings->offset + index, MAX_STRING + 1);
	if (span_find_byte(text, 0, 0) == SIZE_MAX)
		return (struct span){ 0 };
	return pe_text(text, MAX_STRING + 1);
}

struct span dotnet_cell_string(const struct dotnet *d, enum dotnet_table_id table, uint32_t row,
			       unsigned column)
{
	uint32_t index;

	return dotnet_cell(d, table, row, column, &index) ? dotnet_string(d, index)
							  : (struct span){ 0 };
}

bool dotnet_sized(struct span file, size_t *offset, struct span *blob)
{
	struct cursor c = cursor_of(file);
	uint32_t length;

	cursor_seek(&c, *offset);
	length = cursor_u8(&c);
	if ((length & 0xc0) == 0x80) {
		length = (length & 0x3f) << 8 | cursor_u8(&c);
	} else if ((length & 0xe0) == 0xc0) {
		length = (length & 0x1f) << 8 | cursor_u8(&c);
		length = length << 16 | cursor_u16be(&c);
	} else if (length & 0x80) {
		return false;
	}
	if (c.short_read)
		return false;
	*offset = c.at;
	*blob = cursor_take(&c, length);
	return !c.short_read;
}

bool dotnet_blob(const struct dotnet *d, uint32_t index, struct span *blob)
{
	size_t offset;

	if (!d->blobs)
		return false;
	offset = d->blobs->offset + index;
	return dotnet_sized(d->file, &offset, blob);
}
