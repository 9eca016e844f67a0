/* file_system_kind: what file_system.c and its two ways of reading share. */
#ifndef KANSHIKI_DISK_FILE_SYSTEM_KIND_H
#define KANSHIKI_DISK_FILE_SYSTEM_KIND_H

#include "disk/file_system.h"

struct file_system {
	const char *name;
	struct blocks *volume;
	bool (*walk)(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err);
	bool (*read)(struct file_system *fs, const struct fs_place *place, uint64_t most,
		     struct buf *to, bool *cut, struct err *err);
	bool (*read_on)(struct file_system *fs, const struct fs_place *place, uint64_t from,
			struct buf *to, struct err *err);	/* or NULL */
	bool (*find)(struct file_system *fs, uint64_t folder, struct span name,
		     struct fs_place *out);
	bool (*link)(struct file_system *fs, const struct fs_place *place, struct buf *to);
	bool (*free_runs)(struct file_system *fs, fs_free_fn *run, void *context, struct err *err);
	void (*close)(struct file_system *fs);
	/* NULL: the file system has no such thing. */
	void (*marks)(struct file_system *fs, const struct fs_place *place, struct marks_room *room, struct marks *out);
};

/* How much is read in one go. */
#define FS_PIECE ((size_t)1 << 20)
/* Folders inside folders. */
#define FS_DEPTH_MAX 128

struct file_system *fs_tsk_open(struct blocks *volume, const char *name, struct err *err);
struct file_system *fs_xfs_open(struct blocks *volume, struct err *err);

#endif
