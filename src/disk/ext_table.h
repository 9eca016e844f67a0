/*
 * ext_table: what of a damaged ext2/3/4 volume no walk through its folders comes to:
 * folders whose blocks are broken, and inodes in use that no folder names, as they are
 * left where a folder is destroyed, or where a deleted file was still open.
 * The format: the kernel's documentation of ext4's data structures.
 */
#ifndef KANSHIKI_DISK_EXT_TABLE_H
#define KANSHIKI_DISK_EXT_TABLE_H

#include "disk/ext.h"

/* Each of its blocks can be read and is a chain of names, and the first names itself. */
bool ext_folder_is_whole(const struct ext *e, uint64_t inode);

struct ext_inode {
	uint64_t number, size;
	bool is_folder;
	bool is_deleted;		/* no name is left of it: it was open when the machine stopped */
};

/* False: enough. */
typedef bool ext_inode_fn(void *context, const struct ext_inode *inode);
/*
 * Files and folders in use, by bitmap and inode, in order; none of those that the file
 * system keeps for itself. False: some groups could not be read, the rest was told.
 */
bool ext_each_in_use(const struct ext *e, ext_inode_fn *take, void *context, struct err *err);

#endif
