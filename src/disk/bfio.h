/*
 * bfio: blocks as what libyal's libraries read from. Debian's own memory ranges
 * read beyond their end; this does not.
 */
#ifndef KANSHIKI_DISK_BFIO_H
#define KANSHIKI_DISK_BFIO_H

#include <libbfio.h>

#include "disk/blocks.h"

/* `of` is borrowed. NULL: no memory. */
libbfio_handle_t *bfio_of(struct blocks *of);
void bfio_free(libbfio_handle_t *handle);	/* NULL-safe */

#endif
