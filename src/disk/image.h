/*
 * image: the media inside a disk image, as blocks: raw and split raw, EWF (E01,
 * split too), VMDK, VHD, VHDX, QCOW2. One that holds differences only is read with the
 * image that it rests on, where that is among its files. Only to be used in the sandbox.
 *
 * An EWF image holds checksums and a digest of what was acquired: image_verify
 * reads all media once and tells what does not agree.
 */
#ifndef KANSHIKI_DISK_IMAGE_H
#define KANSHIKI_DISK_IMAGE_H

#include "disk/blocks.h"
#include "disk/chunk_room.h"

/* The further files of an image, in any order; found by name. */
struct image_files {
	/* NULL: there is none. Borrowed; lives as long as the image. */
	struct blocks *(*find)(void *context, struct span name);
	void *context;
};

struct image;

struct image_state {
	const char *format;		/* "raw", "split raw", "ewf", "vmdk", ... */
	size_t segments;		/* files it is made of */
	bool has_checks;		/* checksums or digests of its own: image_verify tells */
	const char *missing;		/* which part of it is not there, or NULL */
	struct span mended;		/* what it is read with, a log or another image, in words; lives as long as the image */
};

/*
 * `name` is the last part of the first file's path. NULL: damaged, or made of
 * files that are not here. All is borrowed until _close.
 */
struct image *image_open(struct blocks *first, struct span name, const struct image_files *files,
			 struct err *err);
void image_close(struct image *i);	/* NULL-safe */
struct blocks *image_media(struct image *i);
void image_describe(const struct image *i, struct image_state *out);
/* For chunks that image_verify inflates and that reading the media needs; borrowed. */
void image_use_room(struct image *i, const struct chunk_room *room);

/*
 * What of its own structures is damaged, and of what it holds is not examined, in words; empty:
 * nothing. Goes through all of its tables. Lives as long as the image.
 */
struct span image_damage(struct image *i);

struct image_check {
	uint64_t chunks, bad_chunks;
	uint64_t first_bad;		/* offset in the media */
	bool has_md5, has_sha1, md5_differs, sha1_differs;
	uint8_t md5[16], sha1[20];	/* as stored */
};

/* Of an image that has checks. Where enough time was spent the error is ERR_LIMIT. */
bool image_verify(struct image *i, struct image_check *out, struct err *err);

#endif
