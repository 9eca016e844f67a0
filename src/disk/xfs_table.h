/*
 * xfs_table: which inodes of an XFS volume are in use, whatever names them: by the tree that each
 * allocation group keeps of them, or where that is damaged, by looking for inodes in the group's
 * blocks. The format: as in xfs.h.
 */
#ifndef KANSHIKI_DISK_XFS_TABLE_H
#define KANSHIKI_DISK_XFS_TABLE_H

#include "disk/xfs.h"

/* False: enough. */
typedef bool xfs_inode_fn(void *context, const struct xfs_inode *inode);

struct xfs_count {
	uint32_t damaged;	/* groups whose tree could not be read whole */
	uint32_t unsearched;	/* of these, those that could not be looked through either */
	uint64_t lost;		/* inodes that the tree has in use and that are none */
};

/* In order, but for groups that were looked through behind what their tree had. */
void xfs_each_inode(const struct xfs_volume *x, xfs_inode_fn *take, void *context, struct xfs_count *count);

#endif
