/*
 * ntfs_bitmap: an NTFS volume whose record 6 ($Bitmap) is destroyed, as a library takes it that
 * opens none without: the record is made anew, with a bitmap behind the volume's end that says of
 * every cluster that it is in use. What is free is then not known.
 */
#ifndef KANSHIKI_DISK_NTFS_BITMAP_H
#define KANSHIKI_DISK_NTFS_BITMAP_H

#include "disk/blocks.h"

/* A layer over the volume. NULL: the record is not destroyed, or the volume makes no sense. */
struct blocks *ntfs_bitmap(struct blocks *volume);

#endif
