/*
 * qcow: the media inside an image of QEMU: QCOW of version 1, QCOW2 of versions 2 and 3, with
 * clusters compressed by deflate or zstd, and subclusters; those that rest on another image with that
 * at hand. Not: encrypted ones, or those whose data are in another file. The formats: QEMU's qcow2.txt in docs/interop and
 * block/qcow.c. What tables say that makes no sense is told, and so is data that no table names,
 * as every cluster in use is counted (in version 1 none is ever given back).
 */
#ifndef KANSHIKI_DISK_QCOW_H
#define KANSHIKI_DISK_QCOW_H

#include "base/buf.h"
#include "disk/blocks.h"
#include "disk/image_base.h"

/* False: it rests on no other. */
bool qcow_base(struct blocks *of, struct image_base *out);
/*
 * `of` and the media `base` are borrowed; NULL: it rests on none. `words`: what of the image is
 * not read. ERR_UNSUPPORTED: of a kind not read here.
 */
struct blocks *qcow_media(struct blocks *of, struct blocks *base, struct buf *words, struct err *err);
/* Goes through all of its tables, and says what is damaged. */
void qcow_look(struct blocks *media, struct buf *words);

#endif
