/*
 * fat_table: what of a damaged FAT12, FAT16, FAT32 or exFAT volume no walk through its
 * folders comes to: clusters in use that no folder names, as they are left where a folder
 * or a part of the table is destroyed. Folders among them name their files with sizes;
 * of the others the content ends with the last byte that is not zero.
 * The formats: Microsoft's "FAT: General Overview of On-Disk Format" and "exFAT file system
 * specification".
 */
#ifndef KANSHIKI_DISK_FAT_TABLE_H
#define KANSHIKI_DISK_FAT_TABLE_H

#include "base/buf.h"
#include "disk/blocks.h"

struct fat {
	struct blocks *volume;		/* borrowed */
	unsigned bits;			/* 12, 16, 32 of an entry of the table */
	bool is_exfat;
	uint32_t sector, cluster;	/* bytes */
	uint64_t table, table_size;	/* the first of them */
	unsigned tables;
	uint64_t root_area, root_size;	/* of FAT12 and FAT16: in bytes, no clusters */
	uint64_t heap;			/* where the clusters begin; the first is number 2 */
	uint32_t last;			/* cluster */
	uint32_t root;			/* its first cluster; 0: it has an area */
	uint32_t bitmap;		/* of exFAT: first cluster of what says which are in use */
	/* A piece of the table, kept from one look to the next. */
	uint8_t *window;
	uint64_t window_at;
	size_t window_len;
};

#define FAT_CLUSTERS_MOST ((uint32_t)1 << 28)

/* Takes memory, until fat_close(). False: no boot sector that makes sense. */
bool fat_open(struct fat *out, struct blocks *volume, struct err *err);
void fat_close(struct fat *f);		/* NULL-safe */

/*
 * A layer over the volume in which those sectors of the first table are the second's that
 * make more sense there. NULL: none does. *differing: sectors that are not alike in the two.
 */
struct blocks *fat_heal(struct blocks *volume, uint32_t *differing);

/* Of exFAT: the map of clusters in use says that the root's own is free, so that nothing in it can be trusted. */
bool fat_map_is_destroyed(struct blocks *volume);

/* A piece of content: clusters one behind the other, or as the table chains them. */
struct fat_run {
	uint32_t first, count;		/* clusters */
	uint32_t tail;			/* bytes of the last cluster */
	bool is_chain;
};

#define FAT_ENTRY 0x0fffffffu	/* of FAT32: the upper bits are not its own */
#define FAT_BAD 0x0ffffff7u
/* What the table has for a cluster, as FAT32 has it: 0 free, from FAT_BAD on no cluster. */
uint32_t fat_next(struct fat *f, uint32_t cluster);
/* The chain from a cluster on; at most `most` clusters. False: it does not end as a chain does. */
bool fat_chain(struct fat *f, uint32_t first, uint32_t most, uint32_t *count);
/* `first` 0: the root. Its entries make sense, to the end of its chain. */
bool fat_folder_is_whole(struct fat *f, uint32_t first, bool is_chain, uint64_t size);

struct fat_lost {
	struct span path;		/* "file-12", "folder-77/name"; until the call returns */
	uint64_t size;
	bool is_folder, is_damaged;	/* a folder that cannot be read to its end */
	struct fat_run run;
};

typedef bool fat_lost_fn(void *context, const struct fat_lost *lost);
/*
 * `reached`: a bit for each cluster that a folder names; those that are told are added.
 * *lost: clusters that no folder named. False: a part could not be looked at.
 */
bool fat_each_lost(struct fat *f, uint8_t *reached, fat_lost_fn *take, void *context, uint32_t *lost,
		   struct err *err);
/* Appends content as fs_read() does. */
bool fat_read(struct fat *f, const struct fat_run *run, uint64_t most, struct buf *to, bool *cut, struct err *err);

#endif
