/*
 * xfs_log: whether an XFS was unmounted. Where it was not, its latest changes stand in its log
 * only, which is not replayed here: whole folders may not be there yet.
 * The format: as in xfs.h, "Journaling Log".
 */
#ifndef KANSHIKI_DISK_XFS_LOG_H
#define KANSHIKI_DISK_XFS_LOG_H

#include "disk/blocks.h"

/* What is wrong with its log, in words; NULL: it ends with the record of an unmount. */
const char *xfs_log_state(struct blocks *volume);

#endif
