/*
 * lvm: logical volumes of LVM2 that lie on one physical volume: its label, the text
 * of its volume group, segments of extents. (libvslvm of Debian 12 opens no volume of
 * more than one segment.) Segments on other disks, mirrors, RAID, thin pools, caches and
 * LVM's own snapshots are recognised, and not read.
 */
#ifndef KANSHIKI_DISK_LVM_H
#define KANSHIKI_DISK_LVM_H

#include "disk/blocks.h"

#define LVM_VOLUMES_MAX 256

struct lvm_volume {
	char name[64];
	struct blocks *blocks;		/* owned by the caller; NULL: not read */
	const char *reason;		/* why not */
	uint64_t size;
};

/*
 * `of` is borrowed, by what comes out too. *is_damaged: a checksum of the label or the text is
 * wrong, so that volumes may be missing or others. False: no volume group can be read.
 */
bool lvm_open(struct blocks *of, struct lvm_volume out[LVM_VOLUMES_MAX], size_t *count, bool *is_damaged,
	      struct err *err);

#endif
