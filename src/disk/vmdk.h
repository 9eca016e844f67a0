/*
 * vmdk: the media inside an image of VMware: a text that names extents, and these: flat ones,
 * sparse ones (hosted, KDMV, and ESX's, COWD), compressed for streaming, zeros. Of the tables of
 * a sparse extent there are two, as a rule: where one makes no sense the other is used. Those
 * that hold differences are read with what they rest on, where it is at hand. Not: SESPARSE, and
 * raw devices. The format: VMware's "Virtual Disk Format 5.0" and libvmdk's documentation.
 */
#ifndef KANSHIKI_DISK_VMDK_H
#define KANSHIKI_DISK_VMDK_H

#include "base/buf.h"
#include "disk/image.h"
#include "disk/image_base.h"

/* False: it rests on no other. */
bool vmdk_base(struct blocks *of, struct image_base *out);
/* Whether its state is that of the id, as its text has it. */
bool vmdk_has_id(struct blocks *of, const char *id);
/*
 * All is borrowed. `base`: the media that it rests on, or NULL. `words`: what is damaged. *missing:
 * files of it are not there, and reading what lies in them fails. ERR_UNSUPPORTED: of a kind not
 * read here.
 */
struct blocks *vmdk_media(struct blocks *of, struct blocks *base, const struct image_files *files, struct buf *words,
			  bool *missing, struct err *err);
/* Goes through all of its tables, and says what is damaged. */
void vmdk_look(struct blocks *media, struct buf *words);

#endif
