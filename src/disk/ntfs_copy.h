/* ntfs_copy: the first records of NTFS' file table, which stand a second time in $MFTMirr. */
#ifndef KANSHIKI_DISK_NTFS_COPY_H
#define KANSHIKI_DISK_NTFS_COPY_H

#include "disk/blocks.h"

/*
 * A layer over the volume with the copy in the place of those that are destroyed. NULL: none
 * is, or the copy is too. *count: how many.
 */
struct blocks *ntfs_copy(struct blocks *volume, unsigned *count);

#endif
