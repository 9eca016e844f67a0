/*
 * disk: the volumes of a medium, in the order in which they are found: partitions,
 * logical volumes in them, what encryption hides where a key opens it, snapshots.
 *
 * A medium without partitions is one volume. Opening the same bytes with the same
 * keys gives the same list, so that a number names a volume in another process.
 */
#ifndef KANSHIKI_DISK_DISK_H
#define KANSHIKI_DISK_DISK_H

#include "base/timestamp.h"
#include "disk/file_system.h"
#include "disk/library.h"
#include "disk/luks.h"

#define DISK_VOLUMES_MAX 512
/* Encrypted volumes whose keys are kept. */
#define DISK_LUKS_MAX 8

enum volume_state {
	VOLUME_READ,		/* has a file system that we read */
	VOLUME_LOCKED,		/* encrypted, and no key opens it */
	VOLUME_UNREAD,		/* .reason: not examined, damaged */
	VOLUME_EMPTY,		/* of no content: swap, a few sectors of boot code */
};

struct volume {
	char name[80];			/* "p1", "p2.root", "p1@snapshot2" */
	const char *kind;		/* "ntfs", "ext4", "luks" ... */
	enum volume_state state;
	char reason[160];
	uint64_t at, size;		/* in the medium; of what is inside another: in that */
	timestamp taken;		/* of a snapshot, else TIME_NONE */
	uint8_t store[16];		/* of a snapshot: GUID in the name of the file that keeps it */
	size_t snapshot_of;		/* number of the volume, or SIZE_MAX */
	const char *rescued_by;		/* what it begins with is destroyed: the copy that opened it, or NULL */
	char mended[1000];		/* what it is read with that does not stand in its place: a journal, a copy */
	bool is_damaged;		/* and that is a sign of damage, or not all of it could be had */
	struct blocks *blocks;		/* owned by the disk */
};

struct disk;

/* `media` and keys are borrowed. NULL: no memory. */
struct disk *disk_open(struct blocks *media, const struct library_key *keys, size_t key_count,
		       struct err *err);
void disk_close(struct disk *d);	/* NULL-safe */
size_t disk_count(const struct disk *d);
/* Volumes beyond DISK_VOLUMES_MAX and the like, of which nothing is told. */
size_t disk_left_out(const struct disk *d);
const struct volume *disk_volume(const struct disk *d, size_t number);
/* Keys that volumes of LUKS were opened with, for opening them again at once. *count: how many. */
const struct luks_key *disk_luks_keys(const struct disk *d, size_t *count);
/*
 * What was destroyed of the table of partitions, in words, or NULL. Where none is left,
 * volumes are sought by what they begin with, and called "found1" and so on.
 */
const char *disk_lost_table(const struct disk *d);
/* "gpt", "dos", "none" ... */
const char *disk_scheme(const struct disk *d);

#endif
