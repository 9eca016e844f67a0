/*
 * macho: Mach-O executables of Apple's systems, single or fat (one file for
 * several architectures). Fields and sources: docs/formats/macho.md.
 *
 * Bounded: MACHO_MAX_ARCHITECTURES of a fat file, MACHO_MAX_COMMANDS of each.
 */
#ifndef KANSHIKI_FORMATS_MACHO_MACHO_H
#define KANSHIKI_FORMATS_MACHO_MACHO_H

#include "base/arena.h"
#include "base/err.h"

#define MACHO_MAX_ARCHITECTURES 256
#define MACHO_MAX_COMMANDS 65536

struct macho_section {
	struct span name, segment;
	uint64_t address, size;
	uint32_t offset, align;
	uint32_t relocations_offset, relocations;
	uint32_t flags;
	uint32_t reserved[3];		/* the third in 64-bit files only */
};

struct macho_segment {
	struct span name;
	uint64_t address, memory_size;
	uint64_t offset, size;		/* in the file */
	uint32_t max_protection, protection;
	uint32_t declared_sections;
	uint32_t flags;
	bool wide;			/* from a 64-bit command */
	struct macho_section *sections;
	size_t section_count;
};

enum macho_entry { MACHO_NO_ENTRY, MACHO_ENTRY_OFFSET, MACHO_ENTRY_ADDRESS };

struct macho {
	struct span file;
	uint32_t magic;			/* as a little-endian machine reads it */
	bool wide;
	bool big_endian;
	uint32_t cpu_type, cpu_subtype;
	uint32_t file_type;
	uint32_t commands, commands_size;
	uint32_t flags;
	uint32_t reserved;		/* 64-bit files only */
	struct macho_segment *segments;
	size_t segment_count;
	/* LC_MAIN gives an offset and a stack size, LC_UNIXTHREAD an address. */
	enum macho_entry entry_kind;
	uint64_t entry;
	bool has_stack_size;
	uint64_t stack_size;
};

struct macho_architecture {
	uint32_t cpu_type, cpu_subtype;
	uint64_t offset, size;
	uint32_t align;
	uint32_t reserved;		/* fat files of 64 bits only */
};

struct macho_fat {
	uint32_t magic;			/* big-endian, as written */
	uint32_t declared;
	struct macho_architecture *list;
	size_t count;			/* 0 where the table does not fit */
};

bool macho_is_single(struct span file);
bool macho_is_fat(struct span file);

/* Lists live in `arena`, names in the file. ERR_UNSUPPORTED where it is no Mach-O. */
bool macho_parse(struct span file, struct arena *arena, struct macho *out, struct err *err);
bool macho_fat_parse(struct span file, struct arena *arena, struct macho_fat *out, struct err *err);

/* One load command after the other: its bytes with its head of 8, in the order of the file. */
struct cursor macho_commands(const struct macho *m);
bool macho_next_command(const struct macho *m, struct cursor *c, uint32_t *command,
			struct span *bytes);

/* A number in the file's byte order. */
uint32_t macho_u32(const struct macho *m, struct cursor *c);
uint64_t macho_u64(const struct macho *m, struct cursor *c);

/* Between addresses and file offsets, by segments. */
bool macho_offset(const struct macho *m, uint64_t address, uint64_t *offset);
bool macho_address(const struct macho *m, uint64_t offset, uint64_t *address);

#endif
