/*
 * vss_mend: the catalog of an NTFS volume's snapshots, as a library takes it that refuses all of
 * them where one entry, or the head of one store, is damaged. What such a head tells nobody needs;
 * where a store's lists lie stands in the catalog. An entry that makes no sense is left out, and
 * with it the snapshot. The format: libvshadow's documentation of it.
 */
#ifndef KANSHIKI_DISK_VSS_MEND_H
#define KANSHIKI_DISK_VSS_MEND_H

#include "base/span.h"
#include "disk/blocks.h"

/* The file that holds the catalog, which may be found by its name where the volume's header is destroyed. */
#define VSS_CATALOG_FILE "System Volume Information/{3808876b-c176-4e48-b7ae-04046e6cc752}"
#define VSS_HEAD 128

struct vss_damage {
	unsigned heads;		/* of blocks of the catalog and of stores, made anew */
	unsigned lost;		/* entries that make no sense, or whose other half is not there */
	unsigned stores;	/* whose entries are whole */
};

/* Where the catalog lies by its own word, of the first VSS_HEAD bytes of its file; 0: it is none. */
uint64_t vss_catalog_place(struct span head);

/*
 * A layer over the volume. `catalog`: where it lies, for a header that is made anew; 0: the header is not damaged.
 * NULL: nothing is damaged, or nothing can be mended.
 */
struct blocks *vss_mend(struct blocks *volume, uint64_t catalog, struct vss_damage *damage);

#endif
