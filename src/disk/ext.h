/*
 * ext: content of files of ext2, ext3 and ext4: block maps, trees of extents, data
 * inside the inode. (libtsk 4.11 cannot read a file whose extents fill more than one
 * block of the tree.) The format: the kernel's documentation of ext4's data structures.
 */
#ifndef KANSHIKI_DISK_EXT_H
#define KANSHIKI_DISK_EXT_H

#include "base/buf.h"
#include "disk/blocks.h"
#include "disk/marks.h"

struct ext {
	struct blocks *volume;		/* borrowed */
	uint32_t block, inode_size, descriptor_size;
	uint32_t inodes, inodes_a_group, blocks_a_group, first_block, first_meta;
	bool has_meta_groups, is_sparse_super;
};

#define EXT_SUPERBLOCK 1024
#define EXT_INODE_MOST 65536

/* Of a group of blocks: where what describes its inodes stands, in blocks. */
struct ext_group {
	uint64_t bitmap, table;
	uint16_t flags;
	uint32_t never_used;		/* of its last inodes; only true where groups have checksums */
};

/* False: no superblock that makes sense. */
bool ext_open(struct ext *out, struct blocks *volume, struct err *err);
/* Appends content as fs_read() does. ERR_UNSUPPORTED: encrypted by the file system. */
bool ext_read(const struct ext *e, uint64_t inode, uint64_t most, struct buf *to, bool *cut,
	      struct err *err);

/* Blocks of a file's content, counted from its start and in the volume. False: enough. */
typedef bool ext_run_fn(void *context, uint64_t logical, uint64_t physical, uint64_t count);
/* In order; holes are left out. */
bool ext_each_run(const struct ext *e, uint64_t inode, ext_run_fn *take, void *context, struct err *err);

bool ext_read_group(const struct ext *e, uint32_t group, struct ext_group *out, struct err *err);
/* The inode as it is stored, e->inode_size bytes; `to` has room for EXT_INODE_MOST. */
bool ext_read_inode(const struct ext *e, uint64_t inode, struct buf *to, struct err *err);

/* Of that file, as marks.h has them. */
void ext_marks(const struct ext *e, uint64_t inode, struct marks_room *room, struct marks *out);

#endif
