/*
 * xfs_fork: where the content of an inode lies: of a file, of a folder's names, of attributes.
 * The format: as in xfs.h, "Data Extents" and "B+tree Extent List".
 */
#ifndef KANSHIKI_DISK_XFS_FORK_H
#define KANSHIKI_DISK_XFS_FORK_H

#include "disk/xfs.h"

struct xfs_fork {
	uint8_t format;			/* XFS_FORMAT_... */
	uint64_t count;			/* extents, as the inode counts them */
	struct span bytes;		/* of the inode: what is local, the list, or the root of the tree */
};

struct xfs_fork xfs_fork_of_data(const struct xfs_volume *x, const struct xfs_inode *inode);
/* Format 0: it has no attributes. */
struct xfs_fork xfs_fork_of_attributes(const struct xfs_volume *x, const struct xfs_inode *inode);

struct xfs_extent {
	uint64_t logical, count;	/* blocks */
	uint64_t at;			/* byte of the volume */
	bool is_unwritten;		/* asked for and never written: zeros */
};

/* False: enough. */
typedef bool xfs_extent_fn(void *context, const struct xfs_extent *extent);
/*
 * In the order of content. False: some are lost, or a checksum of the tree is wrong. What comes
 * behind a lost part of the tree is told only where `goes_on`: it looks as if behind a hole.
 */
bool xfs_each_extent(const struct xfs_volume *x, uint64_t inode, const struct xfs_fork *fork, bool goes_on,
		     xfs_extent_fn *take, void *context, struct err *err);

#endif
