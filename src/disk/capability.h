/*
 * capability: the attribute "security.capability" of files on ext2/3/4 and XFS, as it is
 * stored: which rights a program has by itself, as setuid does. On ext it stands in the
 * inode or in a block of its own, on XFS in the inode, where one of its size nearly always
 * fits; those in blocks of their own are not read there.
 */
#ifndef KANSHIKI_DISK_CAPABILITY_H
#define KANSHIKI_DISK_CAPABILITY_H

#include "base/span.h"
#include "disk/blocks.h"

#define CAPABILITY_MAX 24

/* Of an inode's raw bytes; `volume` for the block. The length, or 0: the file has none. */
size_t capability_of_ext(struct blocks *volume, uint32_t block, struct span inode, uint8_t out[CAPABILITY_MAX]);
/* Of the inode of that number. */
size_t capability_of_xfs(struct blocks *volume, uint64_t inode, uint8_t out[CAPABILITY_MAX]);

#endif
