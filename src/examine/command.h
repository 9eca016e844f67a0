/* command: what the coordinator tells an examiner to do: one tree. The file's descriptor travels along. */
#ifndef KANSHIKI_EXAMINE_COMMAND_H
#define KANSHIKI_EXAMINE_COMMAND_H

#include "base/buf.h"
#include "base/err.h"
#include "base/timestamp.h"

#define COMMAND_REFUSED_MAX 8

struct command {
	struct span path;		/* of the file, raw */
	uint64_t size;
	uint64_t allocated;		/* bytes that take up disk: what reading may take longer for */
	timestamp modified, changed, accessed;
	uint32_t mode;
	bool is_cut;			/* the source went on beyond what is here */
	/* Members (paths within the tree) that were the end of an examiner before. */
	struct span refused[COMMAND_REFUSED_MAX];
	size_t refused_count;
};

bool command_write(struct buf *to, const struct command *command);
/* Spans borrow from `in`. */
bool command_read(struct span in, struct command *out, struct err *err);

#endif
