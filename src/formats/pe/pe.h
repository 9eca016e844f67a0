/*
 * pe: headers of a Portable Executable. Fields and sources: docs/formats/pe.md.
 *
 * pe_parse reads the headers, the data directories and the section table, which
 * is all that most questions need; imports, exports, resources and the rest are
 * read by their own files on demand. Nothing is copied: spans point into `file`.
 * Being lenient follows YARA, not the Windows loader: what the loader would
 * refuse may still be worth a look.
 */
#ifndef KANSHIKI_FORMATS_PE_PE_H
#define KANSHIKI_FORMATS_PE_PE_H

#include "base/err.h"
#include "base/span.h"

#define PE_MAX_SECTIONS 96
#define PE_DIRECTORIES 16
#define PE_FILE_DLL 0x2000

enum pe_directory_index {
	PE_DIR_EXPORT, PE_DIR_IMPORT, PE_DIR_RESOURCE, PE_DIR_EXCEPTION, PE_DIR_SECURITY,
	PE_DIR_RELOCATION, PE_DIR_DEBUG, PE_DIR_ARCHITECTURE, PE_DIR_GLOBAL_POINTER, PE_DIR_TLS,
	PE_DIR_LOAD_CONFIG, PE_DIR_BOUND_IMPORT, PE_DIR_IAT, PE_DIR_DELAY_IMPORT, PE_DIR_CLR,
};

struct pe_directory {
	uint32_t rva;
	uint32_t size;
};

struct pe_section {
	struct span name;		/* without the NULs behind it, at most 8 bytes */
	uint32_t virtual_size;
	uint32_t virtual_address;
	uint32_t raw_size;
	uint32_t raw_offset;
	uint32_t relocations_offset;
	uint32_t line_numbers_offset;
	uint16_t relocations;
	uint16_t line_numbers;
	uint32_t characteristics;
};

struct pe_version {
	uint16_t major;
	uint16_t minor;
};

struct pe {
	struct span file;
	size_t nt_offset;		/* of "PE\0\0" */
	size_t optional_offset;
	bool wide;			/* PE32+ */

	uint16_t machine;
	uint16_t declared_sections;
	uint32_t timestamp;
	uint32_t symbol_table;
	uint32_t symbols;
	uint16_t optional_size;
	uint16_t characteristics;

	uint16_t magic;
	struct pe_version linker;
	uint32_t code_size;
	uint32_t data_size;
	uint32_t bss_size;
	uint32_t entry_rva;
	uint32_t code_base;
	uint32_t data_base;		/* PE32 only */
	uint64_t image_base;
	uint32_t section_alignment;
	uint32_t file_alignment;
	struct pe_version os;
	struct pe_version image;
	struct pe_version subsystem_version;
	uint32_t win32_version;
	uint32_t image_size;
	uint32_t headers_size;
	uint32_t checksum;
	uint16_t subsystem;
	uint16_t dll_characteristics;
	uint64_t stack_reserve, stack_commit;
	uint64_t heap_reserve, heap_commit;
	uint32_t loader_flags;
	uint32_t declared_directories;
	struct pe_directory directories[PE_DIRECTORIES];

	bool sections_cut;		/* the table runs past the end of the file */
	unsigned section_count;		/* read, at most PE_MAX_SECTIONS */
	struct pe_section sections[PE_MAX_SECTIONS];
};

/*
 * ERR_UNSUPPORTED where `file` is no PE (no MZ, no PE signature), ERR_CORRUPT where
 * its headers are cut short. Any machine will do, as to YARA.
 */
bool pe_parse(struct span file, struct pe *out, struct err *err);

/*
 * File offset of a relative virtual address, by the section that holds it (the
 * header maps to itself). False where no byte of the file backs the address.
 */
bool pe_offset(const struct pe *pe, uint64_t rva, size_t *offset);

/* The bytes at `rva` to the end of the file; empty where there are none. */
struct span pe_at_rva(const struct pe *pe, uint64_t rva);

/* As it stands: neither NumberOfRvaAndSizes nor SizeOfOptionalHeader is believed. */
const struct pe_directory *pe_directory(const struct pe *pe, enum pe_directory_index index);

/* "/123" names resolved in the COFF string table; false where that is broken. */
bool pe_section_full_name(const struct pe *pe, const struct pe_section *section,
			  struct span *name);

/* Where the last section ends on disk, or 0 where nothing follows it. */
uint64_t pe_overlay(const struct pe *pe);

/* What the CheckSum field should be. Reads the whole file. */
uint64_t pe_checksum(const struct pe *pe);

/* The bytes before the first NUL, at most `limit`. */
struct span pe_text(struct span bytes, size_t limit);

#endif
