/*
 * vhd: the media inside a dynamic VHD. Of the footer there are two, at either end; where
 * neither checksum holds, or the header behind is damaged, what is usual is assumed and
 * told, as libvhdi refuses such an image whole. Format: Microsoft's "Virtual Hard Disk Image
 * Format Specification" 1.0. Fixed disks are read as raw; differencing ones with what they
 * rest on, where it is at hand.
 */
#ifndef KANSHIKI_DISK_VHD_H
#define KANSHIKI_DISK_VHD_H

#include "base/buf.h"
#include "disk/blocks.h"
#include "disk/image_base.h"

struct vhd_damage {
	bool footer, header;		/* a checksum fails: the other, or the usual, is used */
};

/* Whether either end has a footer. */
bool vhd_is(struct blocks *of);
/* False: it rests on no other. */
bool vhd_base(struct blocks *of, struct image_base *out);
/* Whether it is of that id, as its footer has it; of a fixed disk, too. */
bool vhd_has_id(struct blocks *of, const char *id);
/* `of` and the media `base` that it rests on, or NULL, are borrowed. */
struct blocks *vhd_media(struct blocks *of, struct blocks *base, struct vhd_damage *damage, struct err *err);
/* Goes through all of its table, and says what is damaged. */
void vhd_look(struct blocks *media, struct buf *words);

#endif
