/* opened_image: the image that an item is, with the files that belong to it, and the disk in it. */
#ifndef KANSHIKI_EXAMINE_OPENED_IMAGE_H
#define KANSHIKI_EXAMINE_OPENED_IMAGE_H

#include "disk/disk.h"
#include "disk/image.h"
#include "examine/examination.h"

#define OPENED_IMAGE_FILES 1200

struct opened_image {
	struct examination *x;
	struct item *item;
	struct blocks_budget budget;
	struct blocks *first;
	struct blocks *found[OPENED_IMAGE_FILES];	/* further files, as they were asked for */
	size_t found_count;
	struct image_files files;
	struct image *image;
	struct disk *disk;		/* or NULL: not asked for */
};

/* Only the image. Both borrow the item. NULL: damaged, or made of files that are not here. */
struct opened_image *opened_image_container(struct examination *x, struct item *item, struct err *err);
struct opened_image *opened_image_disk(struct examination *x, struct item *item, const struct library_key *keys,
				       size_t key_count, struct err *err);
void opened_image_close(struct opened_image *o);

#endif
