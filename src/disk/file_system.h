/*
 * file_system: the names in a volume, and the content behind each.
 *
 * ext2/3/4, NTFS, FAT, exFAT, HFS+ and ISO 9660 by the Sleuth Kit, XFS by ourselves.
 * Both parse hostile bytes: only to be used in the sandbox.
 */
#ifndef KANSHIKI_DISK_FILE_SYSTEM_H
#define KANSHIKI_DISK_FILE_SYSTEM_H

#include "base/buf.h"
#include "base/timestamp.h"
#include "disk/blocks.h"
#include "disk/marks.h"

#define FS_NTFS_ROOT 5		/* number of the topmost folder */

enum fs_kind { FS_FILE, FS_FOLDER, FS_LINK, FS_SPECIAL };

/* Where content lies; stays the same each time the volume is opened. */
struct fs_place {
	uint64_t inode;
	uint32_t stream_type, stream_id;	/* of NTFS and HFS+; 0, 0: the default */
};

/* What of a damaged file system cannot be examined though its name is known. */
enum fs_damage {
	FS_WHOLE,
	FS_NO_FILE,			/* the name is in use, and what it names is not there */
	FS_NAMES_LOST,			/* a folder that could not be read to its end */
	FS_TABLE_LOST,			/* not all files could be looked for that no folder names */
};

#define FS_PATH_MAX ((size_t)4 << 10)

struct fs_entry {
	struct span path;		/* "dir/name", "dir/name:stream"; raw bytes; until the call returns */
	struct fs_place place;
	uint64_t folder;		/* inode of the folder it is in */
	uint64_t size;
	timestamp modified, changed, accessed, created;
	/* NTFS keeps a second set with the name, harder to forge. */
	timestamp named_modified, named_changed, named_accessed, named_created;
	bool has_named;
	uint32_t mode;
	enum fs_kind kind;
	enum fs_damage damage;
	bool is_stream;			/* of a file or folder that was told before, with its times */
	bool is_index;			/* such a stream, of a folder's names */
	bool is_deleted;		/* its content may be overwritten in part */
	bool is_name;			/* not the file: the times are those of its name */
	bool is_gone;			/* deleted, and its content is not to be had: a name only */
};

/* False: enough. */
typedef bool fs_entry_fn(void *context, const struct fs_entry *entry);

struct file_system;

/* "ext4", "ntfs", ... or NULL: by its first bytes, whether or not it can be opened. */
const char *fs_detect(struct blocks *volume);
/* The same by its first bytes alone. */
const char *fs_detect_head(struct span head);
/* ERR_UNSUPPORTED: no file system that we read. `volume` is borrowed. */
struct file_system *fs_open(struct blocks *volume, struct err *err);
void fs_close(struct file_system *fs);	/* NULL-safe */
const char *fs_name(const struct file_system *fs);
/*
 * False: the tree could be walked in part only. Of ext, what is in use and no folder
 * names is told too, below "$Lost/".
 */
bool fs_walk(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err);
/*
 * Appends content, at most `most` bytes. *cut: there was more. Holes at the start
 * of a change journal are left out. False: unreadable from there on.
 */
bool fs_read(struct file_system *fs, const struct fs_place *place, uint64_t most, struct buf *to,
	     bool *cut, struct err *err);
/*
 * Appends the next piece, at most 1 MiB, of content that fs_read gave the first `from`
 * bytes of. False: the end, unreadable, or not to be had of this file system (NTFS only).
 */
bool fs_read_on(struct file_system *fs, const struct fs_place *place, uint64_t from, struct buf *to,
		struct err *err);
/* A file of that name (without regard to case) in a folder; of most systems also "../../etc/x", seen from there. */
bool fs_find(struct file_system *fs, uint64_t folder, struct span name, struct fs_place *out);
/* Appends where a symbolic link points, raw bytes. False: it is none, or cannot be read. */
bool fs_link(struct file_system *fs, const struct fs_place *place, struct buf *to);
/* What Linux keeps of the file beside its mode: none where the file system has no such thing. */
struct marks fs_marks(struct file_system *fs, const struct fs_place *place, struct marks_room *room);
/* Runs of bytes that no file uses, in order. False from `run`: enough. */
typedef bool fs_free_fn(void *context, uint64_t at, uint64_t len);
bool fs_free_runs(struct file_system *fs, fs_free_fn *run, void *context, struct err *err);

#endif
