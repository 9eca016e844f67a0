/*
 * shell_item: steps through the name space of the Windows shell, as shellbags,
 * shortcuts and lists of recent files keep them. Facts: docs/formats/shell_item.md.
 */
#ifndef KANSHIKI_FORMATS_SHELL_ITEM_SHELL_ITEM_H
#define KANSHIKI_FORMATS_SHELL_ITEM_SHELL_ITEM_H

#include "base/arena.h"
#include "base/timestamp.h"

struct shell_item {
	uint8_t type;
	struct span name;		/* UTF-8 in the arena, or the item's own bytes; empty: not known */
	bool is_folder_of_shell;	/* "My Computer" and the like: no part of a path of files */
	timestamp modified, created, accessed;	/* to two seconds, UTC */
	uint32_t size;
	uint64_t mft_reference;		/* record in the low 48 bits, or 0 */
};

/* Takes the next item off `list` (size, then content). False: the list ended, or is damaged. */
bool shell_item_next(struct span *list, struct arena *arena, struct shell_item *out);
/* All items of `list` as one path: "C:\x\y", "\\server\share\x". Items without name become "?". */
struct span shell_item_path(struct span list, struct arena *arena);
/* `parent` and the item after it. */
struct span shell_item_join(struct span parent, const struct shell_item *item, struct arena *arena);

#endif
