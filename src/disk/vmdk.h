/*
 * vmdk: the media inside an image of VMware: a text that names extents, and these: flat ones,
 * sparse ones (hosted, KDMV, and ESX's, COWD), compressed for streaming, zeros. Of the tables of
 * a sparse extent there are two, as a rule: where one makes no sense the other is used. Not:
 * differences to another image, SESPARSE, and raw devices. The format: VMware's "Virtual Disk
 * Format 5.0" and libvmdk's documentation.
 */
#ifndef KANSHIKI_DISK_VMDK_H
#define KANSHIKI_DISK_VMDK_H

#include "base/buf.h"
#include "disk/image.h"

/*
 * All is borrowed. `words`: what is damaged. *missing: files of it are not there, and reading
 * what lies in them fails. ERR_UNSUPPORTED: of a kind not read here.
 */
struct blocks *vmdk_media(struct blocks *of, const struct image_files *files, struct buf *words, bool *missing,
			  struct err *err);
/* Goes through all of its tables, and says what is damaged. */
void vmdk_look(struct blocks *media, struct buf *words);

#endif
