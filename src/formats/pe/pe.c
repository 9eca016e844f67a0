#include "formats/pe/pe.h"

#define DOS_HEADER_SIZE 64
#define NT_OFFSET_AT 60
#define FILE_HEADER_END 24	/* signature and file header */
#define OPTIONAL32_SIZE 224
#define OPTIONAL64_SIZE 240
#define CHECKSUM_AT 64		/* in either optional header */
#define SYMBOL_SIZE 18
#define SECTOR 0x200
#define PAGE 0x1000
#define MAX_SECTION_NAME 65536

static bool find_headers(struct pe *pe, struct err *err)
{
	struct cursor c = cursor_of(pe->file);

	if (pe->file.len < DOS_HEADER_SIZE || !span_starts(pe->file, SPAN("MZ")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no MZ header");
	cursor_seek(&c, NT_OFFSET_AT);
	pe->nt_offset = cursor_u32le(&c);
	if (pe->nt_offset > INT32_MAX)
		return err_set(err, ERR_UNSUPPORTED, NT_OFFSET_AT, "no PE header");
	cursor_seek(&c, pe->nt_offset);
	if (!span_eq(cursor_take(&c, 4), SPAN("PE\0\0")))
		return err_set(err, ERR_UNSUPPORTED, pe->nt_offset, "no PE signature");
	pe->optional_offset = pe->nt_offset + FILE_HEADER_END;
	if (span_from(pe->file, pe->optional_offset).len < OPTIONAL32_SIZE)
		return err_set(err, ERR_CORRUPT, pe->file.len, "PE header cut short");
	return true;
}

static void read_file_header(struct pe *pe, struct cursor *c)
{
	pe->machine = cursor_u16le(c);
	pe->declared_sections = cursor_u16le(c);
	pe->timestamp = cursor_u32le(c);
	pe->symbol_table = cursor_u32le(c);
	pe->symbols = cursor_u32le(c);
	pe->optional_size = cursor_u16le(c);
	pe->characteristics = cursor_u16le(c);
}

static uint64_t read_word(const struct pe *pe, struct cursor *c)
{
	return pe->wide ? cursor_u64le(c) : cursor_u32le(c);
}

static struct pe_version read_version(struct cursor *c)
{
	struct pe_version version;

	version.major = cursor_u16le(c);
	version.minor = cursor_u16le(c);
	return version;
}

static void read_optional_header(struct pe *pe, struct cursor *c)
{
	pe->magic = cursor_u16le(c);
	pe->wide = pe->magic == 0x20b;
	pe->linker.major = cursor_u8(c);
	pe->linker.minor = cursor_u8(c);
	pe->code_size = cursor_u32le(c);
	pe->data_size = cursor_u32le(c);
	pe->bss_size = cursor_u32le(c);
	pe->entry_rva = cursor_u32le(c);
	pe->code_base = cursor_u32le(c);
	if (!pe->wide)
		pe->data_base = cursor_u32le(c);
	pe->image_base = read_word(pe, c);
	pe->section_alignment = cursor_u32le(c);
	pe->file_alignment = cursor_u32le(c);
	pe->os = read_version(c);
	pe->image = read_version(c);
	pe->subsystem_version = read_version(c);
	pe->win32_version = cursor_u32le(c);
	pe->image_size = cursor_u32le(c);
	pe->headers_size = cursor_u32le(c);
	pe->checksum = cursor_u32le(c);
	pe->subsystem = cursor_u16le(c);
	pe->dll_characteristics = cursor_u16le(c);
	pe->stack_reserve = read_word(pe, c);
	pe->stack_commit = read_word(pe, c);
	pe->heap_reserve = read_word(pe, c);
	pe->heap_commit = read_word(pe, c);
	pe->loader_flags = cursor_u32le(c);
	pe->declared_directories = cursor_u32le(c);
	for (unsigned i = 0; i < PE_DIRECTORIES; i++) {
		pe->directories[i].rva = cursor_u32le(c);
		pe->directories[i].size = cursor_u32le(c);
	}
}

static struct pe_section read_section(struct cursor *c)
{
	struct pe_section section = { .name = cursor_take(c, 8) };

	while (section.name.len && section.name.at[section.name.len - 1] == 0)
		section.name.len--;
	section.virtual_size = cursor_u32le(c);
	section.virtual_address = cursor_u32le(c);
	section.raw_size = cursor_u32le(c);
	section.raw_offset = cursor_u32le(c);
	section.relocations_offset = cursor_u32le(c);
	section.line_numbers_offset = cursor_u32le(c);
	section.relocations = cursor_u16le(c);
	section.line_numbers = cursor_u16le(c);
	section.characteristics = cursor_u32le(c);
	return section;
}

static void read_sections(struct pe *pe)
{
	struct cursor c = cursor_of(pe->file);
	unsigned count = pe->declared_sections;

	cursor_seek(&c, pe->optional_offset);
	cursor_skip(&c, pe->optional_size);
	for (unsigned i = 0; i < count && i < PE_MAX_SECTIONS; i++) {
		struct pe_section section = read_section(&c);

		if (c.short_read) {
			pe->sections_cut = true;
			return;
		}
		pe->sections[pe->section_count++] = section;
	}
}

bool pe_parse(struct span file, struct pe *out, struct err *err)
{
	struct cursor c = cursor_of(file);

	memset(out, 0, sizeof *out);
	out->file = file;
	if (!find_headers(out, err))
		return false;
	cursor_seek(&c, out->nt_offset + 4);
	read_file_header(out, &c);
	read_optional_header(out, &c);
	if (c.short_read)
		return err_set(err, ERR_CORRUPT, file.len, "PE optional header cut short");
	read_sections(out);
	return true;
}

/*
 * FileAlignment is honoured up to 512 only, as the Windows loader does: larger
 * values still round raw offsets down to 512. Where sections lie in pages of their
 * own, that holds whatever FileAlignment says.
 */
static uint64_t rounded_raw_offset(const struct pe *pe, const struct pe_section *section)
{
	uint32_t alignment = pe->file_alignment < SECTOR ? pe->file_alignment : SECTOR;
	uint32_t offset = section->raw_offset;

	if (alignment)
		offset -= offset % alignment;
	return pe->section_alignment >= PAGE ? offset - offset % SECTOR : offset;
}

bool pe_offset(const struct pe *pe, uint64_t rva, size_t *offset)
{
	const struct pe_section *best = NULL;
	uint32_t lowest = UINT32_MAX;
	uint64_t base = 0, start = 0, available = 0;

	if (pe->sections_cut)
		return false;
	for (unsigned i = 0; i < pe->section_count; i++) {
		const struct pe_section *section = &pe->sections[i];

		if (section->virtual_address < lowest)
			lowest = section->virtual_address;
		if (rva >= section->virtual_address &&
		    rva - section->virtual_address < (section->virtual_size > section->raw_size
							      ? section->virtual_size
							      : section->raw_size) &&
		    (!best || best->virtual_address <= section->virtual_address))
			best = section;
	}
	if (rva < lowest) {
		available = (uint32_t)pe->file.len;
	} else if (best) {
		base = best->virtual_address;
		start = rounded_raw_offset(pe, best);
		available = best->raw_size;
	}
	if (rva - base >= available || start + (rva - base) >= pe->file.len)
		return false;
	*offset = start + (rva - base);
	return true;
}

struct span pe_at_rva(const struct pe *pe, uint64_t rva)
{
	size_t offset;

	return pe_offset(pe, rva, &offset) ? span_from(pe->file, offset) : (struct span){ 0 };
}

const struct pe_directory *pe_directory(const struct pe *pe, enum pe_directory_index index)
{
	return &pe->directories[index];
}

bool pe_section_full_name(const struct pe *pe, const struct pe_section *section,
			  struct span *name)
{
	uint64_t at = pe->symbol_table + (uint64_t)pe->symbols * SYMBOL_SIZE;
	uint64_t index = 0;
	struct span text;

	if (pe->symbol_table == 0 || section->name.len == 0 || section->name.at[0] != '/') {
		*name = section->name;
		return true;
	}
	for (size_t i = 1; i < section->name.len; i++) {
		uint8_t digit = section->name.at[i];

		if (digit < '0' || digit > '9')
			break;
		index = index * 10 + (digit - '0');
	}
	text = span_sub(pe->file, at + index, MAX_SECTION_NAME);
	for (size_t len = 0; len < text.len; len++) {
		if (text.at[len] == 0) {
			*name = span_sub(text, 0, len);
			return true;
		}
		if (text.at[len] < 0x20 || text.at[len] > 0x7e)
			return false;
	}
	return false;
}

uint64_t pe_overlay(const struct pe *pe)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < pe->section_count; i++) {
		const struct pe_section *section = &pe->sections[i];

		/* The sum wraps at 32 bits, the end does not: so YARA computes it. */
		if ((uint32_t)(section->raw_offset + section->raw_size) > end)
			end = (uint64_t)section->raw_offset + section->raw_size;
	}
	return end < pe->file.len ? end : 0;
}

static uint64_t fold32(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

uint64_t pe_checksum(const struct pe *pe)
{
	struct cursor c = cursor_of(pe->file);
	size_t own = pe->optional_offset + CHECKSUM_AT;
	struct span rest;
	uint64_t sum = 0;

	while (cursor_left(&c) >= 4) {
		bool skip = c.at == own;
		uint32_t word = cursor_u32le(&c);

		if (!skip)
			sum = fold32(sum + word);
	}
	rest = cursor_take(&c, cursor_left(&c));
	for (size_t i = 0; i < rest.len; i++)
		sum += (uint64_t)rest.at[i] << (8 * i);
	sum = fold32(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (sum & 0xffff) + pe->file.len;
}

struct span pe_text(struct span bytes, size_t limit)
{
	struct span text = span_sub(bytes, 0, limit);
	size_t end = span_find_byte(text, 0, 0);

	return end == SIZE_MAX ? text : span_sub(text, 0, end);
}
