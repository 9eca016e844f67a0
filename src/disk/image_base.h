/*
 * image_base: what an image that holds differences only says of the one that it rests on.
 * Of a path that it names only the last part is used: no other folder is ever looked into.
 */
#ifndef KANSHIKI_DISK_IMAGE_BASE_H
#define KANSHIKI_DISK_IMAGE_BASE_H

#include "base/buf.h"

#define IMAGE_NAME_MOST 1024

struct image_base {
	struct buf name;		/* to be freed */
	char id[40];			/* of the state of the base that it was made on; empty: none is told */
	bool is_raw;			/* it is to be read as raw, whatever it begins with */
};

static inline struct image_base image_base_new(void)
{
	return (struct image_base){ .name = buf_new(IMAGE_NAME_MOST) };
}

/* Of a path of Linux or Windows. */
static inline void image_base_take_path(struct image_base *b, struct span path)
{
	buf_clear(&b->name);
	buf_add(&b->name, span_after_last(span_after_last(path, '/'), '\\'));
}

#endif
