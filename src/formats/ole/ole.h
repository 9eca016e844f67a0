/*
 * ole: streams of a compound file ([MS-CFB]): jump lists, old Office documents.
 * What is read: docs/formats/ole.md.
 */
#ifndef KANSHIKI_FORMATS_OLE_OLE_H
#define KANSHIKI_FORMATS_OLE_OLE_H

#include "base/arena.h"
#include "base/err.h"

#define OLE_MAX_ENTRIES 20000
#define OLE_MAX_STREAM ((size_t)32 << 20)

struct ole_entry {
	struct span name;		/* UTF-8 */
	uint8_t type;			/* 1 storage, 2 stream, 5 root */
	uint32_t start;
	uint64_t size;
};

struct ole {
	struct span file;
	struct arena *arena;
	uint32_t sector_size, mini_size, mini_cutoff;
	uint32_t *table;		/* next sector of each */
	size_t table_count;
	uint32_t *mini_table;
	size_t mini_count;
	struct span mini;		/* the stream that short streams live in */
	struct ole_entry *entries;
	size_t entry_count;
};

/* ERR_UNSUPPORTED: no compound file; ERR_CORRUPT: no directory. */
bool ole_open(struct span file, struct arena *arena, struct ole *out, struct err *err);
/* The stream's bytes in the arena; false: it is cut short (then *out is what is there) or too large. */
bool ole_read(const struct ole *o, const struct ole_entry *entry, struct span *out);
const struct ole_entry *ole_find(const struct ole *o, const char *name);

#endif
