/*
 * xfs: inodes of XFS, by their place, and the content of files: extents in the inode or in a
 * tree of their own. Where an inode lies is part of its number, so that what the tree of
 * inodes has lost can be read all the same. Not: files on a realtime device.
 * The format: "XFS Algorithms & Data Structures", 3rd edition; versions 4 and 5.
 */
#ifndef KANSHIKI_DISK_XFS_H
#define KANSHIKI_DISK_XFS_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "disk/blocks.h"

#define XFS_INODE_MOST 2048

struct xfs_volume {
	struct blocks *volume;		/* borrowed */
	uint32_t block, sector;		/* bytes */
	uint32_t group_blocks, groups;
	uint16_t inode_size;
	unsigned block_bits, group_bits;	/* of an inode's number: within its block, its block within the group */
	bool has_sparse;		/* rows of inodes may have gaps */
	bool is_v5;
	uint64_t own[6];		/* inodes of the file system itself, its root among them */
};

/* False: no superblock that makes sense. */
bool xfs_open(struct xfs_volume *out, struct blocks *volume, struct err *err);
/* Where it lies. False: beyond the volume. */
bool xfs_place(const struct xfs_volume *x, uint64_t number, uint64_t *at);

struct xfs_inode {
	uint64_t number, size;
	uint16_t mode;
	uint32_t links;
	timestamp modified, changed, accessed, created;
	uint8_t raw[XFS_INODE_MOST];
};

/* As stored at that place. ERR_CORRUPT: no inode stands there. */
bool xfs_read_inode(const struct xfs_volume *x, uint64_t number, struct xfs_inode *out, struct err *err);
/* Appends content as fs_read() does. */
bool xfs_read(const struct xfs_volume *x, uint64_t number, uint64_t most, struct buf *to, bool *cut, struct err *err);

#endif
