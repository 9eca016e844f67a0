/*
 * hfs_table: what of a damaged HFS+ volume no walk through its folders comes to. The catalog
 * is a tree of nodes; each of its leaves is looked at where it lies, so that files are found
 * though what leads to their leaf is destroyed, and a leaf that is destroyed is told. Where
 * pieces behind the first eight lie stands in the file of extents, whose leaves are read alike.
 * The format: Apple's Technical Note TN1150.
 */
#ifndef KANSHIKI_DISK_HFS_TABLE_H
#define KANSHIKI_DISK_HFS_TABLE_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "disk/blocks.h"

#define HFS_FORK_BYTES 80
#define HFS_EXTENTS 8

struct hfs_extent {
	uint32_t start, count;
};

struct hfs_fork {
	uint64_t size;
	uint32_t file;			/* whose further extents count; 0: it has none */
	struct hfs_extent extents[HFS_EXTENTS];
};

/* Extents behind the first eight of a file, from block `start` of it on. */
struct hfs_more {
	uint32_t file, start;
	struct hfs_extent extents[HFS_EXTENTS];
};

struct hfs {
	struct blocks *volume;		/* borrowed */
	uint32_t block;
	uint32_t files, folders;	/* as the volume counts them, its root left out */
	struct hfs_fork catalog;
	uint32_t node, nodes;		/* of the catalog: bytes, count of those whose place is known */
	bool is_all;			/* all of its extents are known */
	struct hfs_more *more;		/* by file and start */
	size_t more_count;
};

/* Takes memory, until hfs_table_close(). */
bool hfs_table_open(struct hfs *out, struct blocks *volume, struct err *err);
void hfs_table_close(struct hfs *h);	/* NULL-safe */

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
