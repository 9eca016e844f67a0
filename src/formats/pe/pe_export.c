#include "formats/pe/pe_export.h"

#define DIRECTORY_SIZE 40
#define MAX_NAME 512
#define NO_NAME UINT16_MAX

struct tables {
	size_t count;			/* of functions */
	uint32_t ordinal_base;
	struct span addresses;		/* count * 4 */
	struct span names;		/* names * 4, may be empty */
	struct span ordinals;		/* count * 2 */
	size_t start, end;		/* of the directory: addresses inside are forwarders */
};

/* Index into the name table for each function: the first that claims it. */
static uint16_t *names_by_function(const struct tables *t, struct arena *arena)
{
	uint16_t *index = ARENA_ARRAY(arena, t->count, uint16_t);
	size_t names = t->names.len / 4;

	if (!index)
		return NULL;
	memset(index, 0xff, t->count * sizeof *index);
	for (size_t i = 0; i < names && i < t->count; i++) {
		uint16_t function = load_u16le(t->ordinals.at + i * 2);

		if (function < t->count && index[function] == NO_NAME)
			index[function] = (uint16_t)i;
	}
	return index;
}

/* A name at offset 0 is taken for none, as YARA does. */
static struct span name_at(const struct pe *pe, uint32_t rva, size_t limit)
{
	size_t offset;

	if (!pe_offset(pe, rva, &offset) || offset == 0)
		return (struct span){ 0 };
	return pe_text(span_from(pe->file, offset), limit);
}

static void read_one(const struct pe *pe, const struct tables *t, size_t i, uint16_t name,
		     struct pe_export *out)
{
	size_t offset;

	out->ordinal = (uint32_t)(t->ordinal_base + i);
	out->rva = load_u32le(t->addresses.at + i * 4);
	out->offset = SIZE_MAX;
	if (pe_offset(pe, out->rva, &offset)) {
		if (offset > t->start && offset < t->end)
			out->forward = pe_text(span_from(pe->file, offset), MAX_NAME);
		else
			out->offset = offset;
	}
	if (name != NO_NAME)
		out->name = name_at(pe, load_u32le(t->names.at + (size_t)name * 4), MAX_NAME);
}

/* Where a table lies that must be there whole. */
static bool find_table(const struct pe *pe, uint32_t rva, size_t size, struct span *table)
{
	size_t offset;

	if (!pe_offset(pe, rva, &offset))
		return false;
	*table = span_sub(pe->file, offset, size);
	return table->len == size;
}

static bool read_directory(const struct pe *pe, struct pe_exports *out, struct tables *t)
{
	const struct pe_directory *directory = pe_directory(pe, PE_DIR_EXPORT);
	struct cursor c;
	size_t name_offset;
	uint32_t name, functions, names, addresses_rva, names_rva, ordinals_rva;

	if (directory->rva == 0 || !pe_offset(pe, directory->rva, &t->start))
		return false;
	t->end = t->start + directory->size;
	c = cursor_of(span_from(pe->file, t->start));
	if (cursor_left(&c) < DIRECTORY_SIZE)
		return false;
	cursor_skip(&c, 4);
	out->found = true;
	out->timestamp = cursor_u32le(&c);
	cursor_skip(&c, 4);
	name = cursor_u32le(&c);
	t->ordinal_base = cursor_u32le(&c);
	functions = cursor_u32le(&c);
	names = cursor_u32le(&c);
	addresses_rva = cursor_u32le(&c);
	names_rva = cursor_u32le(&c);
	ordinals_rva = cursor_u32le(&c);
	out->dll_name = name_at(pe, name, SIZE_MAX);
	t->count = functions < PE_MAX_EXPORTS ? functions : PE_MAX_EXPORTS;
	/* YARA wants room for the table of functions behind this name, wherever that lies. */
	if (pe_offset(pe, name, &name_offset) && (pe->file.len - name_offset) / 4 < t->count)
		return false;
	return (names == 0 || find_table(pe, names_rva, (size_t)names * 4, &t->names)) &&
	       find_table(pe, ordinals_rva, t->count * 2, &t->ordinals) &&
	       find_table(pe, addresses_rva, t->count * 4, &t->addresses);
}

void pe_exports_read(const struct pe *pe, struct arena *arena, struct pe_exports *out)
{
	struct tables t = { 0 };
	uint16_t *names;

	*out = (struct pe_exports){ 0 };
	if (!read_directory(pe, out, &t))
		return;
	names = names_by_function(&t, arena);
	out->list = ARENA_ARRAY(arena, t.count, struct pe_export);
	if (!names || !out->list)
		return;
	for (size_t i = 0; i < t.count; i++)
		read_one(pe, &t, i, names[i], &out->list[i]);
	out->count = t.count;
}
