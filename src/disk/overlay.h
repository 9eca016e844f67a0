/*
 * overlay: blocks over others of which some sectors are replaced by what stands elsewhere in
 * the same volume, as the journal or a second copy has them. Nothing is written.
 */
#ifndef KANSHIKI_DISK_OVERLAY_H
#define KANSHIKI_DISK_OVERLAY_H

#include "disk/blocks.h"

/* `len` bytes at `from` stand for those at `at`. Of several for the same place the last counts. */
struct overlay_patch {
	uint64_t at, from;
	uint32_t len;
	uint32_t order;			/* as they were added */
	uint8_t head[4];		/* instead of the first bytes there, if has_head */
	bool has_head;
};

#define OVERLAY_MOST ((size_t)1 << 22)

struct overlay;

/* All patches of one overlay have the same length and stand at multiples of it. NULL: no memory. */
struct overlay *overlay_new(struct blocks *below, uint32_t len);
/* False: no memory, or more than OVERLAY_MOST. */
bool overlay_add(struct overlay *o, uint64_t at, uint64_t from, const uint8_t *head);
size_t overlay_count(const struct overlay *o);
/* To be read from now on; blocks_close() frees it. */
struct blocks *overlay_blocks(struct overlay *o);
void overlay_free(struct overlay *o);	/* NULL-safe; only before overlay_blocks() */

#endif
