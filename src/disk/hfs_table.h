/*
 * hfs_table: what of a damaged HFS+ volume no walk through its folders comes to. The catalog
 * is a tree of nodes; each of its leaves is looked at where it lies, so that files are found
 * though what leads to their leaf is destroyed, and a leaf that is destroyed is told. Of a
 * catalog, and of content, in more than eight pieces only those are known here.
 * The format: Apple's Technical Note TN1150.
 */
#ifndef KANSHIKI_DISK_HFS_TABLE_H
#define KANSHIKI_DISK_HFS_TABLE_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "disk/blocks.h"

#define HFS_FORK_BYTES 80
#define HFS_EXTENTS 8

struct hfs_fork {
	uint64_t size;
	struct {
		uint32_t start, count;
	} extents[HFS_EXTENTS];
};

struct hfs {
	struct blocks *volume;		/* borrowed */
	uint32_t block;
	uint32_t files, folders;	/* as the volume counts them, its root left out */
	struct hfs_fork catalog;
	uint32_t node, nodes;		/* of the catalog: bytes, count of those in its first extents */
	bool is_all;			/* it has no further ones */
};

bool hfs_table_open(struct hfs *out, struct blocks *volume, struct err *err);

struct hfs_entry {
	uint32_t number, parent;
	uint32_t node, record;		/* where it stands */
	bool is_folder;
	struct span name;		/* UTF-8; until the call returns */
	uint64_t size;
	uint16_t mode;
	timestamp created, modified, changed, accessed;
};

/* False: enough. */
typedef bool hfs_entry_fn(void *context, const struct hfs_entry *entry);
struct hfs_count {
	uint32_t files, folders;	/* in leaves, links too, without the root */
	uint32_t damaged;		/* nodes in use that make no sense */
};

/* Files and folders of all leaves, in the order of nodes; links to a file are left out. */
bool hfs_table_each(const struct hfs *h, hfs_entry_fn *take, void *context, struct hfs_count *count, struct err *err);
/* Content of the data fork of the file at that place, as fs_read() appends it. */
bool hfs_table_read(const struct hfs *h, uint32_t node, uint32_t record, uint64_t most, struct buf *to, bool *cut,
	      struct err *err);

#endif
