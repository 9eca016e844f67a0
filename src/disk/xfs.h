/*
 * xfs: the superblock and inodes of XFS, the content of files, and where links point. Where an
 * inode lies is part of its number, so that what the tree of inodes has lost can be read all
 * the same. Not: files on a realtime device.
 * The format: "XFS Algorithms & Data Structures", 3rd edition; versions 4 and 5.
 */
#ifndef KANSHIKI_DISK_XFS_H
#define KANSHIKI_DISK_XFS_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "disk/blocks.h"

#define XFS_INODE_MOST 2048
#define XFS_LINK_MOST 1024
/* How a fork of an inode is kept: in it, as extents in it, or as extents in a tree. */
#define XFS_FORMAT_LOCAL 1
#define XFS_FORMAT_EXTENTS 2
#define XFS_FORMAT_TREE 3

struct xfs_volume {
	struct blocks *volume;		/* borrowed */
	uint32_t block, sector;		/* bytes */
	uint32_t group_blocks, groups;
	uint16_t inode_size;
	unsigned block_bits, group_bits;	/* of an inode's number: within its block, its block within the group */
	unsigned folder_bits;		/* a block of a folder is this power of two of blocks */
	bool has_sparse;		/* rows of inodes may have gaps */
	bool has_types;			/* names say what kind of file they name */
	bool is_v5;
	uint64_t own[6];		/* inodes of the file system itself, its root first */
};

/* False: no superblock that makes sense. */
bool xfs_open(struct xfs_volume *out, struct blocks *volume, struct err *err);
/* Where it lies. False: beyond the volume. */
bool xfs_place(const struct xfs_volume *x, uint64_t number, uint64_t *at);
/* Where blocks of a file system's number lie. False: not all in one group of the volume. */
bool xfs_place_of_blocks(const struct xfs_volume *x, uint64_t block, uint64_t count, uint64_t *at);
/* Whether the checksum at that place of it is that of its bytes. */
bool xfs_sum_is_right(struct span bytes, size_t at);

struct xfs_inode {
	uint64_t number, size;
	uint16_t mode;			/* 0: it is free */
	uint32_t links;
	bool is_own;			/* the file system keeps it for itself, below no folder of users */
	bool is_doubtful;		/* its checksum is wrong */
	timestamp modified, changed, accessed, created;
	uint8_t raw[XFS_INODE_MOST];
};

/* As stored at that place. ERR_CORRUPT: no inode stands there. */
bool xfs_read_inode(const struct xfs_volume *x, uint64_t number, struct xfs_inode *out, struct err *err);
/* Appends content as fs_read() does. */
bool xfs_read(const struct xfs_volume *x, uint64_t number, uint64_t most, struct buf *to, bool *cut, struct err *err);
/* Appends where a symbolic link points, raw bytes. */
bool xfs_read_link(const struct xfs_volume *x, uint64_t number, struct buf *to, struct err *err);

#endif
