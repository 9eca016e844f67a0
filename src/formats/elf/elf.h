/*
 * elf: Executable and Linkable Format, 32 and 64 bits, either byte order.
 * Fields and sources: docs/formats/elf.md.
 *
 * elf_parse reads the header, the section and the program table; symbols and
 * the dynamic section are read on demand. Text is spans into the file.
 */
#ifndef KANSHIKI_FORMATS_ELF_ELF_H
#define KANSHIKI_FORMATS_ELF_ELF_H

#include "base/arena.h"
#include "base/err.h"

/* Symbols or dynamic entries beyond this are not read. */
#define ELF_MAX_ENTRIES 1000000

enum { ELF_TYPE_EXEC = 2 };
enum { ELF_SECTION_NULL = 0, ELF_SECTION_SYMTAB = 2, ELF_SECTION_STRTAB = 3, ELF_SECTION_NOBITS = 8,
       ELF_SECTION_DYNSYM = 11 };
enum { ELF_SEGMENT_DYNAMIC = 2 };
enum { ELF_SYMBOL_FUNCTION = 2, ELF_BIND_GLOBAL = 1 };

struct elf_section {
	struct span name;		/* .at NULL: broken */
	uint32_t name_offset;
	uint32_t type;
	uint64_t flags;
	uint64_t address;
	uint64_t offset;
	uint64_t size;
	uint32_t link;
};

struct elf_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t virtual_address, physical_address;
	uint64_t file_size, memory_size;
	uint64_t alignment;
};

struct elf_symbol {
	struct span name;		/* .at NULL: broken */
	uint64_t value;
	uint64_t size;
	uint16_t section;
	uint8_t type;
	uint8_t bind;
	uint8_t visibility;
};

struct elf_dynamic {
	uint64_t tag;
	uint64_t value;
};

struct elf_dynamics {
	struct elf_dynamic *list;
	size_t count;
	size_t room;
	size_t in_last;			/* entries that the last dynamic segment has */
};

struct elf {
	struct span file;
	bool wide;			/* 64 bits */
	bool big_endian;
	uint8_t os_abi;
	uint16_t type;
	uint16_t machine;
	uint64_t entry;
	uint64_t segments_offset, sections_offset;
	uint16_t declared_segments, declared_sections;
	uint16_t segment_entry_size, section_entry_size;
	uint16_t names_section;
	/* Empty where the table does not lie whole in the file. */
	struct elf_section *sections;
	size_t section_count;
	struct elf_segment *segments;
	size_t segment_count;
};

/* ERR_UNSUPPORTED where it is no ELF; tables live in `arena`. */
bool elf_parse(struct span file, struct arena *arena, struct elf *out, struct err *err);

/*
 * File offset of an address: by segments of an executable, by sections of
 * anything else, as YARA does. The offset may lie outside the file.
 */
bool elf_offset(const struct elf *elf, uint64_t address, uint64_t *offset);

/*
 * The symbols of the last section of that type (SYMTAB or DYNSYM) whose string
 * table is named rightly. False where there is no such table in the file.
 */
bool elf_symbols(const struct elf *elf, uint32_t section_type, struct arena *arena,
		 struct elf_symbol **symbols, size_t *count);

/*
 * Entries up to and with DT_NULL of the dynamic segment; of several, those of a later
 * one overwrite those of an earlier one, as YARA does. False without such a segment.
 */
bool elf_dynamic(const struct elf *elf, struct arena *arena, struct elf_dynamics *out);

#endif
