#include "formats/pe/pe_debug.h"

#define ENTRY_SIZE 28
#define TYPE_CODEVIEW 2
#define MAX_ENTRIES 4096
#define MAX_PATH_LENGTH 260

/* Where the name stands in the record, by its signature; 0: no such record. */
static size_t name_at(struct span record)
{
	if (span_starts(record, SPAN("NB10")))
		return 16;
	if (span_starts(record, SPAN("RSDS")))
		return 24;
	if (span_starts(record, SPAN("MTOC")))
		return 20;
	return 0;
}

/* The record is named by address or, in files that leave that out, by offset. */
static struct span codeview_record(const struct pe *pe, uint32_t rva, uint32_t offset)
{
	struct span record = rva ? pe_at_rva(pe, rva) : (struct span){ 0 };

	return record.len || offset == 0 ? record : span_from(pe->file, offset);
}

static bool path_of(struct span record, struct span *path)
{
	size_t at = name_at(record);

	if (at == 0)
		return false;
	*path = pe_text(span_from(record, at), MAX_PATH_LENGTH);
	return path->len > 0 && path->len < MAX_PATH_LENGTH;
}

bool pe_pdb_path(const struct pe *pe, struct span *path)
{
	const struct pe_directory *directory = pe_directory(pe, PE_DIR_DEBUG);
	struct cursor c;

	if (directory->rva == 0)
		return false;
	c = cursor_of(span_sub(pe_at_rva(pe, directory->rva), 0, directory->size));
	for (unsigned i = 0; i < MAX_ENTRIES && cursor_left(&c) >= ENTRY_SIZE; i++) {
		uint32_t type, rva, offset;

		cursor_skip(&c, 12);
		type = cursor_u32le(&c);
		cursor_skip(&c, 4);
		rva = cursor_u32le(&c);
		offset = cursor_u32le(&c);
		if (type == TYPE_CODEVIEW && path_of(codeview_record(pe, rva, offset), path))
			return true;
	}
	return false;
}
