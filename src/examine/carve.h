/*
 * carve: what lies in blocks that no file uses. Chunks of Windows event logs are looked
 * for; they begin at sectors, and each can be read by itself.
 */
#ifndef KANSHIKI_EXAMINE_CARVE_H
#define KANSHIKI_EXAMINE_CARVE_H

#include "disk/disk.h"
#include "examine/item.h"

/* All chunks of the volume's free space become one item of `image`, if there are any. */
void carve_free_space(struct examination *x, struct item *image, const struct volume *v, struct file_system *fs);

#endif
