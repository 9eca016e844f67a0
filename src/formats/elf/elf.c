#include "formats/elf/elf.h"

#define IDENT_SIZE 16
#define HEADER_SIZE_32 52
#define HEADER_SIZE_64 64
#define SECTIONS_RESERVED 0xff00
#define SEGMENTS_ELSEWHERE 0xffff
#define NAME_BYTES ((size_t)256 << 20)

static uint16_t read_half(const struct elf *elf, struct cursor *c)
{
	return elf->big_endian ? cursor_u16be(c) : cursor_u16le(c);
}

static uint32_t read_word(const struct elf *elf, struct cursor *c)
{
	return elf->big_endian ? cursor_u32be(c) : cursor_u32le(c);
}

/* As wide as the file's addresses. */
static uint64_t read_address(const struct elf *elf, struct cursor *c)
{
	if (!elf->wide)
		return read_word(elf, c);
	return elf->big_endian ? cursor_u64be(c) : cursor_u64le(c);
}

static size_t section_size(const struct elf *elf)
{
	return elf->wide ? 64 : 40;
}

static size_t segment_size(const struct elf *elf)
{
	return elf->wide ? 56 : 32;
}

static size_t symbol_size(const struct elf *elf)
{
	return elf->wide ? 24 : 16;
}

static bool read_header(struct elf *elf, struct err *err)
{
	struct cursor c = cursor_of(elf->file);

	if (!span_starts(elf->file, SPAN("\x7f" "ELF")) || elf->file.len < IDENT_SIZE)
		return err_set(err, ERR_UNSUPPORTED, 0, "no ELF header");
	if (elf->file.at[4] < 1 || elf->file.at[4] > 2 || elf->file.at[5] < 1 || elf->file.at[5] > 2)
		return err_set(err, ERR_UNSUPPORTED, 4, "no such ELF class or byte order");
	elf->wide = elf->file.at[4] == 2;
	elf->big_endian = elf->file.at[5] == 2;
	if (elf->file.len <= (elf->wide ? HEADER_SIZE_64 : HEADER_SIZE_32))
		return err_set(err, ERR_CORRUPT, elf->file.len, "ELF header cut short");
	elf->os_abi = elf->file.at[7];
	cursor_seek(&c, IDENT_SIZE);
	elf->type = read_half(elf, &c);
	elf->machine = read_half(elf, &c);
	cursor_skip(&c, 4);
	elf->entry = read_address(elf, &c);
	elf->segments_offset = read_address(elf, &c);
	elf->sections_offset = read_address(elf, &c);
	cursor_skip(&c, 6);
	elf->segment_entry_size = read_half(elf, &c);
	elf->declared_segments = read_half(elf, &c);
	elf->section_entry_size = read_half(elf, &c);
	elf->declared_sections = read_half(elf, &c);
	elf->names_section = read_half(elf, &c);
	return true;
}

/*
 * A string table, and how many bytes of names may still be looked through: many
 * names may share one that is as long as the file.
 */
struct names {
	struct span table;
	size_t budget;
};

/* A string table starts with a NUL and every name in it ends with one. */
static struct span name_in(struct names *names, uint64_t at)
{
	struct span table = names->table;
	size_t end, len;

	if (table.len == 0 || table.at[0] != 0 || at > INT32_MAX || at >= table.len)
		return (struct span){ 0 };
	end = span_find_byte(span_sub(table, 0, at + names->budget), at, 0);
	len = end == SIZE_MAX ? table.len - at : end - at;
	names->budget -= len < names->budget ? len : names->budget;
	return end == SIZE_MAX ? (struct span){ 0 } : span_sub(table, at, len);
}

static struct elf_section read_section(const struct elf *elf, struct cursor *c)
{
	struct elf_section section = { .name_offset = read_word(elf, c) };

	section.type = read_word(elf, c);
	section.flags = read_address(elf, c);
	section.address = read_address(elf, c);
	section.offset = read_address(elf, c);
	section.size = read_address(elf, c);
	section.link = read_word(elf, c);
	cursor_skip(c, elf->wide ? 20 : 12);
	return section;
}

static bool fits(const struct elf *elf, uint64_t at, uint64_t size)
{
	return at < elf->file.len && size <= elf->file.len - at;
}

static void read_sections(struct elf *elf, struct arena *arena)
{
	struct cursor c = cursor_of(elf->file);
	size_t count = elf->declared_sections;
	struct names names = { .budget = NAME_BYTES };

	if (count >= SECTIONS_RESERVED || elf->names_section >= count ||
	    !fits(elf, elf->sections_offset, count * section_size(elf)))
		return;
	elf->sections = ARENA_ARRAY(arena, count, struct elf_section);
	if (!elf->sections)
		return;
	cursor_seek(&c, elf->sections_offset);
	for (size_t i = 0; i < count; i++)
		elf->sections[i] = read_section(elf, &c);
	elf->section_count = count;
	names.table = span_from(elf->file, elf->sections[elf->names_section].offset);
	for (size_t i = 0; i < count && names.table.at > elf->file.at; i++)
		elf->sections[i].name = name_in(&names, elf->sections[i].name_offset);
}

static struct elf_segment read_segment(const struct elf *elf, struct cursor *c)
{
	struct elf_segment segment = { .type = read_word(elf, c) };

	if (elf->wide)
		segment.flags = read_word(elf, c);
	segment.offset = read_address(elf, c);
	segment.virtual_address = read_address(elf, c);
	segment.physical_address = read_address(elf, c);
	segment.file_size = read_address(elf, c);
	segment.memory_size = read_address(elf, c);
	if (!elf->wide)
		segment.flags = read_word(elf, c);
	segment.alignment = read_address(elf, c);
	return segment;
}

static void read_segments(struct elf *elf, struct arena *arena)
{
	struct cursor c = cursor_of(elf->file);
	size_t count = elf->declared_segments;

	if (count == 0 || count >= SEGMENTS_ELSEWHERE ||
	    !fits(elf, elf->segments_offset, count * segment_size(elf)))
		return;
	elf->segments = ARENA_ARRAY(arena, count, struct elf_segment);
	if (!elf->segments)
		return;
	cursor_seek(&c, elf->segments_offset);
	for (size_t i = 0; i < count; i++)
		elf->segments[i] = read_segment(elf, &c);
	elf->segment_count = count;
}

bool elf_parse(struct span file, struct arena *arena, struct elf *out, struct err *err)
{
	*out = (struct elf){ .file = file };
	if (!read_header(out, err))
		return false;
	read_sections(out, arena);
	read_segments(out, arena);
	return true;
}

static bool holds(uint64_t start, uint64_t size, uint64_t address)
{
	return address >= start && address - start < size;
}

static bool segment_offset(const struct elf *elf, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; elf->segments_offset && i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (holds(s->virtual_address, s->memory_size, address)) {
			*offset = s->offset + (address - s->virtual_address);
			return true;
		}
	}
	return false;
}

/* Reads the table anew: this needs no table of names, the list of sections does. */
static bool section_offset(const struct elf *elf, uint64_t address, uint64_t *offset)
{
	struct cursor c = cursor_of(elf->file);
	size_t count = elf->declared_sections;

	if (elf->sections_offset == 0 ||
	    !fits(elf, elf->sections_offset, count * section_size(elf)))
		return false;
	cursor_seek(&c, elf->sections_offset);
	for (size_t i = 0; i < count; i++) {
		struct elf_section s = read_section(elf, &c);

		if (s.type != ELF_SECTION_NULL && s.type != ELF_SECTION_NOBITS &&
		    holds(s.address, s.size, address)) {
			*offset = s.offset + (address - s.address);
			return true;
		}
	}
	return false;
}

bool elf_offset(const struct elf *elf, uint64_t address, uint64_t *offset)
{
	return elf->type == ELF_TYPE_EXEC ? segment_offset(elf, address, offset)
					  : section_offset(elf, address, offset);
}

static struct elf_symbol read_symbol(const struct elf *elf, struct cursor *c, struct names *names)
{
	struct elf_symbol symbol = { 0 };
	uint32_t name = read_word(elf, c);
	uint8_t info;

	if (!elf->wide) {
		symbol.value = read_word(elf, c);
		symbol.size = read_word(elf, c);
	}
	info = cursor_u8(c);
	symbol.visibility = cursor_u8(c) & 3;
	symbol.section = read_half(elf, c);
	if (elf->wide) {
		symbol.value = read_address(elf, c);
		symbol.size = read_address(elf, c);
	}
	symbol.type = info & 0xf;
	symbol.bind = info >> 4;
	symbol.name = name_in(names, name);
	return symbol;
}

static const struct elf_section *find_table(const struct elf *elf, uint32_t type)
{
	const struct elf_section *found = NULL;

	for (size_t i = 0; i < elf->section_count; i++) {
		const struct elf_section *s = &elf->sections[i];

		if (s->type == type && s->link < elf->section_count &&
		    elf->sections[s->link].type == ELF_SECTION_STRTAB)
			found = s;
	}
	return found;
}

bool elf_symbols(const struct elf *elf, uint32_t section_type, struct arena *arena,
		 struct elf_symbol **symbols, size_t *count)
{
	const struct elf_section *table = find_table(elf, section_type), *strings;
	struct names names = { .budget = NAME_BYTES };
	struct cursor c;
	size_t n;

	*count = 0;
	if (!table)
		return false;
	strings = &elf->sections[table->link];
	if (table->offset > elf->file.len || table->size > elf->file.len - table->offset ||
	    strings->offset > elf->file.len || strings->size > elf->file.len - strings->offset)
		return false;
	c = cursor_of(span_sub(elf->file, table->offset, table->size));
	names.table = span_sub(elf->file, strings->offset, strings->size);
	n = c.in.len / symbol_size(elf);
	n = n < ELF_MAX_ENTRIES ? n : ELF_MAX_ENTRIES;
	*symbols = ARENA_ARRAY(arena, n, struct elf_symbol);
	for (size_t i = 0; *symbols && i < n; i++)
		(*symbols)[(*count)++] = read_symbol(elf, &c, &names);
	return *symbols != NULL;
}

/* Entries of one segment, over those that are there; answers their number. */
static size_t read_dynamic(const struct elf *elf, uint64_t at, struct arena *arena,
			   struct elf_dynamics *out, size_t *budget)
{
	struct cursor c = cursor_of(span_from(elf->file, at));
	size_t n = 0;
	bool last = false;

	for (; !last && *budget && cursor_left(&c) >= (elf->wide ? 16 : 8); n++, --*budget) {
		struct elf_dynamic entry = { .tag = read_address(elf, &c) };

		entry.value = read_address(elf, &c);
		last = entry.tag == 0;
		if (n == out->count && !arena_push(arena, (void **)&out->list, &out->count,
						   &out->room, sizeof entry))
			break;
		out->list[n] = entry;
	}
	return n;
}

bool elf_dynamic(const struct elf *elf, struct arena *arena, struct elf_dynamics *out)
{
	size_t budget = ELF_MAX_ENTRIES;
	bool any = false;

	*out = (struct elf_dynamics){ 0 };
	for (size_t i = 0; i < elf->segment_count; i++) {
		if (elf->segments[i].type != ELF_SEGMENT_DYNAMIC)
			continue;
		out->in_last = read_dynamic(elf, elf->segments[i].offset, arena, out, &budget);
		any = true;
	}
	return any;
}
