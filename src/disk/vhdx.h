/*
 * vhdx: the media inside a VHDX, fixed or dynamic. Of its header and of the table of its regions
 * there are two, with checksums; where one is damaged the other is used, and that is told. A log
 * that was not yet written to its places is replayed in memory (vhdx_log.h). Differencing ones are
 * read with what they rest on, where it is at hand. The format: Microsoft's MS-VHDX.
 */
#ifndef KANSHIKI_DISK_VHDX_H
#define KANSHIKI_DISK_VHDX_H

#include "base/buf.h"
#include "disk/blocks.h"
#include "disk/image_base.h"

/* Whether it begins as one, or has one of its headers. */
bool vhdx_is(struct blocks *of);
/* False: it rests on no other, or is too damaged to tell. */
bool vhdx_base(struct blocks *of, struct image_base *out);
/* Whether its content is that of the id, as its header has it. */
bool vhdx_has_id(struct blocks *of, const char *id);
/*
 * `of` and the media `base` that it rests on, or NULL, are borrowed. `words`: what is damaged.
 * `mended`: that it was read with its log. ERR_UNSUPPORTED: rests on another image.
 */
struct blocks *vhdx_media(struct blocks *of, struct blocks *base, struct buf *words, struct buf *mended, struct err *err);
/* Goes through all of its table, and says what is damaged. */
void vhdx_look(struct blocks *media, struct buf *words);

#endif
