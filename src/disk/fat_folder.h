/* fat_folder: the entries of one folder of FAT or exFAT, and whether they make sense. */
#ifndef KANSHIKI_DISK_FAT_FOLDER_H
#define KANSHIKI_DISK_FAT_FOLDER_H

#include "disk/fat_table.h"

#define FAT_NAME_UNITS 260
#define FAT_NAME_MOST (FAT_NAME_UNITS * 3)

struct fat_folder {
	const struct fat *f;
	struct span bytes;
	size_t at;
	bool is_damaged;		/* an entry so far made no sense, or stood behind the end */
	bool is_over;			/* what comes should be zeros */
	uint8_t units[FAT_NAME_UNITS * 2];	/* of the long name, as far as it was met */
	uint8_t sum;			/* of the short name that it belongs to */
	size_t unit_count;
};

/* A file or a folder; those that are deleted, and "." and "..", are left out. */
struct fat_entry {
	uint8_t name[FAT_NAME_MOST];
	size_t name_len;
	uint32_t first;
	uint64_t size;
	bool is_folder, is_chain;
};

struct fat_folder fat_folder_of(const struct fat *f, struct span bytes);
bool fat_folder_next(struct fat_folder *l, struct fat_entry *out);
/* Begins with itself and the folder above, as all of FAT but the root do. */
bool fat_folder_has_dots(struct span bytes);
/* Of clusters that nothing names: that they are a folder's. */
bool fat_folder_is_likely(const struct fat *f, struct span bytes);

#endif
