/* command: what the coordinator tells an examiner to do: one tree. The file's descriptor travels along. */
#ifndef KANSHIKI_EXAMINE_COMMAND_H
#define KANSHIKI_EXAMINE_COMMAND_H

#include "base/buf.h"
#include "base/err.h"
#include "base/marks.h"
#include "base/timestamp.h"

#define COMMAND_REFUSED_MAX 8

struct command {
	struct span path;		/* of the file, raw */
	uint64_t size;
	uint64_t allocated;		/* bytes that take up disk: what reading may take longer for */
	timestamp modified, changed, accessed;
	uint32_t mode;
	struct marks marks;
	bool no_rights;			/* its execute bits say nothing (os/attribute.h) */
	bool is_cut;			/* the source went on beyond what is here */
	/* Members (paths within the tree) that were the end of an examiner before. */
	struct span refused[COMMAND_REFUSED_MAX];
	size_t refused_count;
	/* Files beside it (evidence/beside.h): they follow in messages of their own. */
	uint32_t beside_count;
	/* Not the file as such but a share of the image in it, whose bytes are in a second descriptor. */
	uint32_t part_bytes;		/* 0: the file */
	/* Of memory in a third descriptor, for chunks of the image; 0: none. */
	uint64_t room_bytes;
	bool is_room_ours;		/* to be filled, else to be read */
	bool is_careful;		/* an examiner ended at it: tell of each step before it */
	bool is_relisted;		/* an image that was examined: its shares are wanted, no more */
	bool is_companion;		/* of the file that was named: its digest is wanted, no more */
	bool is_only_size;		/* it is large, and no other content met so far has its size */
	bool is_cached;			/* lies in this program's own cache of compiled rules */
};

/* Files beside one, in a message with as many descriptors. */
#define COMMAND_BESIDE_MAX 32

struct command_beside {
	struct {
		struct span name;	/* within the same folder */
		uint64_t size;
	} files[COMMAND_BESIDE_MAX];
	size_t count;
};

bool command_write(struct buf *to, const struct command *command);
/* Spans borrow from `in`. */
bool command_read(struct span in, struct command *out, struct err *err);

bool command_write_beside(struct buf *to, const struct command_beside *beside);
bool command_read_beside(struct span in, struct command_beside *out, struct err *err);

#endif
