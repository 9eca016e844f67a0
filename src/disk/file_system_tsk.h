/*
 * file_system_tsk: what reads names by the Sleuth Kit, and file_system_lost, which tells what
 * no walk through the folders of a damaged volume comes to, share.
 */
#ifndef KANSHIKI_DISK_FILE_SYSTEM_TSK_H
#define KANSHIKI_DISK_FILE_SYSTEM_TSK_H

#include <tsk/libtsk.h>

#include "disk/ext.h"
#include "disk/fat_table.h"
#include "disk/file_system_kind.h"
#include "disk/hfs_table.h"

#define EXT_FIRST_FREE 11
#define EXT_ROOT 2
#define NTFS_FIRST_FREE 24	/* entries below are the file system's own */

struct tsk_system {
	struct file_system fs;
	TSK_IMG_INFO *image;
	TSK_FS_INFO *info;
	struct ext ext;
	bool reads_ext;			/* content by ext.h */
	struct fat fat;
	bool knows_fat;
	struct hfs hfs;
	bool knows_hfs;
};

struct walking {
	struct tsk_system *t;
	fs_entry_fn *entry;
	void *context;
	struct buf path;
	const char *under;		/* put before what the library tells */
	uint8_t *seen;			/* a bit for each inode that a folder names; NULL: not kept */
	uint64_t seen_most;		/* the last that there is a bit for */
	uint8_t *reached;		/* of FAT: a bit for each cluster of what a folder names */
	bool has_endless;		/* a broken folder was met that the library is not let into */
	bool is_lost;			/* what was seen is not told again */
	bool stopped;
};

/* Tells it by the path in w->path. False: enough. */
bool tsk_tell(struct walking *w, struct fs_entry *e);
bool tsk_tell_damage(struct walking *w, const char *path, enum fs_damage damage);
/* With its streams, whose paths begin with the one in w->path. */
void tsk_tell_all(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e);
/* Of file->meta, all but name and place. */
void tsk_describe(const TSK_FS_FILE *file, struct fs_entry *e);
/* False: it was told before, by another name. */
bool tsk_note_named(struct walking *w, TSK_FS_FILE *file, struct fs_entry *e);
/* From a folder down; `under` stands before the names that the library tells. */
bool tsk_walk_from(struct walking *w, TSK_INUM_T folder, int flags, const char *under, struct err *err);
bool tsk_was_seen(const struct walking *w, uint64_t inode);

/* After the walk. */
void lost_walk(struct walking *w);
/* What lost_walk() told with its own place. False: `place` is the library's. */
bool lost_is_place(const struct fs_place *place);
bool lost_read(struct tsk_system *t, const struct fs_place *place, uint64_t most, struct buf *to, bool *cut, struct err *err);
/* Whether a folder that can be named is read to its end, as far as that can be told. */
bool lost_folder_is_whole(struct walking *w, TSK_FS_FILE *file);
/* Of FAT: that its clusters are named. */
void lost_note_clusters(struct walking *w, TSK_FS_FILE *file);

#endif
