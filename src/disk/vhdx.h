/*
 * vhdx: the media inside a VHDX, fixed or dynamic. Of its header and of the table of its regions
 * there are two, with checksums; where one is damaged the other is used, and that is told. A log
 * that was not yet written to its places is replayed in memory (vhdx_log.h). Differencing ones rest on
 * another image, and are not read. The format: Microsoft's MS-VHDX.
 */
#ifndef KANSHIKI_DISK_VHDX_H
#define KANSHIKI_DISK_VHDX_H

#include "base/buf.h"
#include "disk/blocks.h"

/* Whether it begins as one, or has one of its headers. */
bool vhdx_is(struct blocks *of);
/*
 * `of` is borrowed. `words`: what is damaged. `mended`: that it was read with its log.
 * ERR_UNSUPPORTED: rests on another image.
 */
struct blocks *vhdx_media(struct blocks *of, struct buf *words, struct buf *mended, struct err *err);
/* Goes through all of its table, and says what is damaged. */
void vhdx_look(struct blocks *media, struct buf *words);

#endif
