/* tsk_image: blocks as an image of the Sleuth Kit, whose own image readers are left out. */
#ifndef KANSHIKI_DISK_TSK_IMAGE_H
#define KANSHIKI_DISK_TSK_IMAGE_H

#include <tsk/libtsk.h>

#include "disk/blocks.h"

/* `of` is borrowed. NULL: no memory. */
TSK_IMG_INFO *tsk_image_open(struct blocks *of);
void tsk_image_close(TSK_IMG_INFO *image);	/* NULL-safe */

#endif
