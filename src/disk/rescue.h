/*
 * rescue: volumes whose beginning was destroyed, as wipers and slips of the hand do it.
 *
 * Most file systems keep a copy of their first structures: ext in its second group,
 * NTFS in the last sector, FAT32 and exFAT behind their boot sector, HFS+ before the
 * end, XFS in its second allocation group. And where no table of partitions is left,
 * volumes are found by what they begin with, at the places where partitioning
 * programs let them begin.
 */
#ifndef KANSHIKI_DISK_RESCUE_H
#define KANSHIKI_DISK_RESCUE_H

#include "disk/blocks.h"

/*
 * A layer over `volume`, with the copy in the place of what it begins with. NULL: no copy
 * was found. *what: which it is.
 */
struct blocks *rescue_volume(struct blocks *volume, const char **what);

struct rescue_place {
	uint64_t at, size;
	uint64_t next;			/* where to go on if it is no volume after all: some have two bytes of magic */
};

/* The next place from *at on that begins as a volume may; *at goes behind it. False: no more. */
bool rescue_search(struct blocks *media, uint64_t *at, struct rescue_place *out);

#endif
