/*
 * pe_rich: what Microsoft's linker hides between the DOS stub and the PE
 * header: which compilers and linkers made the objects, and how many of each.
 */
#ifndef KANSHIKI_FORMATS_PE_PE_RICH_H
#define KANSHIKI_FORMATS_PE_PE_RICH_H

#include "base/arena.h"
#include "formats/pe/pe.h"

struct pe_rich {
	size_t offset;			/* of "DanS" */
	uint32_t key;
	struct span raw;		/* up to, not with, "Rich"; length is its length */
	struct span clear;		/* raw with the key taken off; in the arena */
	struct span versions;		/* the id of each entry, 4 bytes; in the arena */
};

/* False where there is none, or no memory. */
bool pe_rich_parse(const struct pe *pe, struct arena *arena, struct pe_rich *out);

/* One entry: a tool, its build, and how many objects it made. */
struct pe_rich_tool {
	uint16_t id, version;
	uint32_t times;
};

/* The entries, one after the other; pe_rich_next is false behind the last. */
struct cursor pe_rich_entries(const struct pe_rich *rich);
bool pe_rich_next(struct cursor *c, struct pe_rich_tool *out);

/* Sum of the counts of entries with that version and tool id; -1 stands for any. */
uint64_t pe_rich_count(const struct pe_rich *rich, int64_t version, int64_t tool);

#endif
