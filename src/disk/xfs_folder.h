/*
 * xfs_folder: the names in a folder of XFS, in any of its forms: in the inode, in one block, in
 * many with a tree of hashes behind them. The names stand in blocks of data, which are gone
 * through one after the other; hashes and lists of free room are not needed. Where a block is
 * damaged, names are found behind the damage: each ends with its own place in the block.
 * The format: as in xfs.h, "Directories".
 */
#ifndef KANSHIKI_DISK_XFS_FOLDER_H
#define KANSHIKI_DISK_XFS_FOLDER_H

#include "disk/xfs.h"

/* The name, raw bytes, until the call returns: not empty, without '/' and NUL. ".." too, "." not. False: enough. */
typedef bool xfs_name_fn(void *context, struct span name, uint64_t inode);

/* False: not all names can be read, or a checksum is wrong; those that can be read were told. */
bool xfs_each_name(const struct xfs_volume *x, const struct xfs_inode *folder, xfs_name_fn *take, void *context,
		   struct err *err);

#endif
