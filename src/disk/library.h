/*
 * library: what libyal's libraries make of blocks, as blocks. Each answers NULL
 * with `err` where it cannot; `of` is borrowed and must outlive the result.
 */
#ifndef KANSHIKI_DISK_LIBRARY_H
#define KANSHIKI_DISK_LIBRARY_H

#include "base/timestamp.h"
#include "disk/image.h"

/* A key that was given for encrypted volumes; empty spans where not. */
struct library_key {
	struct span password, recovery;		/* of BitLocker */
	struct span startup;			/* of BitLocker: what a file *.BEK holds */
	struct span passphrase, volume_key;	/* of LUKS */
};

/* ERR_DENIED: no key of these opens it. */
struct blocks *library_bitlocker(struct blocks *of, const struct library_key *keys, size_t count,
				 struct err *err);

/* Snapshots of an NTFS volume. */
struct library_group;

/* What the volume's header says of a catalog of snapshots. */
enum library_vss {
	LIBRARY_VSS_NO_HEADER,
	LIBRARY_VSS_NONE,
	LIBRARY_VSS_LOST,		/* the catalog cannot be where it says */
	LIBRARY_VSS_THERE,
};

enum library_vss library_vss_header(struct blocks *of);
struct library_group *library_vss(struct blocks *of, struct err *err);
size_t library_group_count(const struct library_group *g);

struct library_snapshot {
	timestamp taken;
	uint8_t id[16];			/* GUID, which its store is named by */
};

/* NULL: its store cannot be read. Owned by the caller, closed before the group. */
struct blocks *library_group_volume(struct library_group *g, size_t number, struct library_snapshot *s);
void library_group_free(struct library_group *g);	/* NULL-safe */

#endif
