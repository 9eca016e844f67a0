/*
 * vhdx_log: the log of a VHDX that was not closed, replayed in memory: what its latest entries
 * say of sectors of 4 KiB is read in their place. Nothing is written.
 * The format: Microsoft's MS-VHDX, 2.3, "Log".
 */
#ifndef KANSHIKI_DISK_VHDX_LOG_H
#define KANSHIKI_DISK_VHDX_LOG_H

#include "disk/blocks.h"

#define VHDX_LOG_MOST ((uint64_t)64 << 20)

struct vhdx_log {
	uint64_t at, size;		/* in the image, as its header says */
	uint8_t id[16];			/* entries of another log are old */
	uint32_t entries, sectors;	/* that were replayed */
	bool is_cut;			/* the image is shorter than it was when the log was written */
};

/* The image as it is with its log; blocks_close() frees it, never `of`. NULL: the log is damaged. */
struct blocks *vhdx_log_replay(struct blocks *of, struct vhdx_log *log, struct err *err);

#endif
