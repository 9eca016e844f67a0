/* ntfs_copy: the first records of NTFS' file table, which stand a second time in $MFTMirr. */
#ifndef KANSHIKI_DISK_NTFS_COPY_H
#define KANSHIKI_DISK_NTFS_COPY_H

#include "disk/blocks.h"

/* Where the file table and its copy begin, in bytes. */
struct ntfs_tables {
	uint64_t first, copy;
	uint32_t sector, cluster, record;	/* bytes */
};

/* False: no boot sector that makes sense. */
bool ntfs_find_tables(struct blocks *volume, struct ntfs_tables *out);
/* With the numbers that each sector of it ends with, to be replaced by those kept in its head. */
bool ntfs_is_record(struct blocks *volume, uint64_t at, uint32_t size);

/*
 * A layer over the volume with the copy in the place of those that are destroyed. NULL: none
 * is, or the copy is too. *count: how many.
 */
struct blocks *ntfs_copy(struct blocks *volume, unsigned *count);

#endif
