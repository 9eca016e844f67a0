/*
 * vss_mend: the catalog of an NTFS volume's snapshots, as a library takes it that refuses all of
 * them where one entry, or the head of one store, is damaged. What such a head tells nobody needs;
 * where a store's lists lie stands in the catalog. An entry that makes no sense is left out, and
 * with it the snapshot. The format: libvshadow's documentation of it.
 */
#ifndef KANSHIKI_DISK_VSS_MEND_H
#define KANSHIKI_DISK_VSS_MEND_H

#include "disk/blocks.h"

struct vss_damage {
	unsigned heads;		/* of blocks of the catalog and of stores, made anew */
	unsigned lost;		/* entries that make no sense, or whose other half is not there */
	unsigned stores;	/* whose entries are whole */
};

/* A layer over the volume. NULL: nothing is damaged, or nothing can be mended. */
struct blocks *vss_mend(struct blocks *volume, struct vss_damage *damage);

#endif
