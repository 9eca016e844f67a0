/*
 * marks: owners, capabilities, access lists and attributes of files on ext2/3/4 and XFS
 * (base/marks.h). On ext lists stand in the inode or in a block of their own, on XFS in
 * the inode or in the leaves of a tree; values that are too large for a leaf are not read.
 * Access lists are turned into the kernel's form.
 */
#ifndef KANSHIKI_DISK_MARKS_H
#define KANSHIKI_DISK_MARKS_H

#include "base/marks.h"
#include "disk/blocks.h"

/* Of an inode's raw bytes; `volume` for the block. */
void marks_of_ext(struct blocks *volume, uint32_t block, struct span inode, struct marks_room *room, struct marks *out);
/* Of the inode of that number. */
void marks_of_xfs(struct blocks *volume, uint64_t inode, struct marks_room *room, struct marks *out);

#endif
