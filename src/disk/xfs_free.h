/*
 * xfs_free: which blocks of an XFS volume no file uses.
 *
 * Each allocation group keeps its free extents in a B+tree, by block number. Spec:
 * "XFS Algorithms & Data Structures", 3rd edition, "AG Free Space Management"; versions 4 and
 * 5. The few blocks that a group holds back for its own trees (AGFL) are left out.
 */
#ifndef KANSHIKI_DISK_XFS_FREE_H
#define KANSHIKI_DISK_XFS_FREE_H

#include "disk/file_system.h"

/* False: the tree of some group is damaged; the others were told, and what of it could be read. */
bool xfs_free_runs(struct blocks *volume, fs_free_fn *run, void *context, struct err *err);

#endif
