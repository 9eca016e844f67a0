/* vmdk_extent: one sparse extent of a VMDK, KDMV or COWD. */
#ifndef KANSHIKI_DISK_VMDK_EXTENT_H
#define KANSHIKI_DISK_VMDK_EXTENT_H

#include "base/buf.h"
#include "disk/blocks.h"

bool vmdk_extent_is(struct blocks *of);
/* NULL: its header makes no sense. */
struct blocks *vmdk_extent_open(struct blocks *of, struct buf *words, struct err *err);
/* Where the text lies that such a file begins with; an empty part where it has none. NULL: no memory. */
struct blocks *vmdk_extent_text(struct blocks *of);
/* What it does not hold is read from `base` (borrowed), in which it begins at `at`. */
void vmdk_extent_rest(struct blocks *extent, struct blocks *base, uint64_t at);
void vmdk_extent_look(struct blocks *extent, struct buf *words);

#endif
