/*
 * ext_fast: what the fast commits of a journal of ext4 change, in words. They follow the last whole
 * transaction and are not replayed, as that needs an allocator; whoever reads the case learns
 * which names and inodes have to be looked at by mounting a copy. One counts where its
 * checksum is right, as it does when the kernel replays them.
 * The format: the kernel's documentation of ext4's data structures, "Fast commits".
 */
#ifndef KANSHIKI_DISK_EXT_FAST_H
#define KANSHIKI_DISK_EXT_FAST_H

#include "base/buf.h"

#define EXT_FAST_WORDS 700

struct ext_fast {
	uint32_t sequence;		/* of the transaction that they would be part of */
	uint32_t commits;
	uint32_t changes, told;		/* of these commits; of which there are words */
	struct buf words;		/* "made x (inode 12), changed inode 14" */
	/* of the commit at hand */
	uint32_t sum;
	uint32_t open_changes;
	struct buf open_words;
	uint32_t last_inode;		/* that a change of content was told of */
	bool has_begun;
};

void ext_fast_begin(struct ext_fast *f, uint32_t sequence);
void ext_fast_end(struct ext_fast *f);
/* The next block of them. False: there are no more. */
bool ext_fast_add(struct ext_fast *f, struct span block);

#endif
