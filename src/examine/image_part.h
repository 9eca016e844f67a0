/*
 * image_part: a share of the files in a disk image. One examiner lists the image
 * and divides it; each share is then a job of its own, with its own time and
 * limits, so that a bad file costs little and an image of any size is done. The check
 * of an image that carries checksums is a share too: it takes longest, and nothing
 * else is to wait for it.
 *
 * It goes from one examiner through the coordinator, which does not look into it,
 * to another; both ends trust nothing.
 */
#ifndef KANSHIKI_EXAMINE_IMAGE_PART_H
#define KANSHIKI_EXAMINE_IMAGE_PART_H

#include "disk/disk.h"

/* Of one share. */
#define IMAGE_PART_FILES 512
#define IMAGE_PART_BYTES ((uint64_t)32 << 20)
#define IMAGE_PART_ROOM ((size_t)768 << 10)

enum image_part_kind { IMAGE_PART_FILES_OF = 1, IMAGE_PART_FREE_SPACE, IMAGE_PART_CHECK };

#define IMAGE_PART_NAME 80

struct image_part {
	enum image_part_kind kind;
	uint32_t volume;
	char name[IMAGE_PART_NAME];	/* of the volume */
	uint32_t count;		/* of entries */
	uint64_t bytes;		/* of their content; unused where there are none */
	/* What opened encrypted volumes: deriving it from a word takes seconds each time. */
	struct luks_key keys[DISK_LUKS_MAX];
};

/* The head is of fixed size, so that it can be written last. */
#define IMAGE_PART_HEAD (17 + IMAGE_PART_NAME + DISK_LUKS_MAX * (1 + LUKS_KEY_MOST))

void image_part_write_head(uint8_t to[IMAGE_PART_HEAD], const struct image_part *part);
bool image_part_write_entry(struct buf *to, const struct fs_entry *entry);
/* "p1/dir/name"; what is deleted says so, and no longer ends like what it was. */
bool image_part_path(const char *volume, const struct fs_entry *entry, struct buf *to);
bool image_part_read_head(struct cursor *from, struct image_part *out, struct err *err);
/* Spans borrow. */
bool image_part_read_entry(struct cursor *from, struct fs_entry *out, struct err *err);

#endif
