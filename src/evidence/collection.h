/*
 * collection: a zip that grows file by file, with a manifest of what went in.
 *
 * Nothing of the machine is written but the zip itself. Members lie under "files/"
 * by their paths on the machine. For each, taken or not, the manifest has a line:
 * path, size, SHA-256, mode, owner, times, when it was taken, what went wrong.
 * "collection.json" in front says who took it, where and when; "manifest.jsonl" and
 * "manifest.sha256" stand at the end, and the digest of the whole zip is told.
 * Memory is bounded by one piece, whatever the size of a file.
 */
#ifndef KANSHIKI_EVIDENCE_COLLECTION_H
#define KANSHIKI_EVIDENCE_COLLECTION_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/timestamp.h"

/* Why something is not in it; the manifest's "because" has the word. */
enum collection_lack { COLLECTION_SECRET, COLLECTION_LIMIT, COLLECTION_TIME, COLLECTION_UNREADABLE };

struct collection_totals {
	uint64_t files, bytes, links;
	uint64_t failed;		/* told in the manifest with their reason */
	uint64_t left_out;		/* secrets, and beyond limits */
	uint64_t late;			/* of these, for want of time */
	uint8_t sha256[32];		/* of the zip, once closed */
	uint64_t zip_bytes;
};

struct collection;

/* Makes `path` anew (never over another file), readable by its owner only. `about` is JSON. */
struct collection *collection_open(const char *path, struct span about, struct err *err);
/* What is in memory: text of the running kernel. `changed` by us where `is_edited`. */
bool collection_add_bytes(struct collection *c, struct span path, struct span bytes, bool is_edited,
			  struct err *err);
/*
 * An open file, from where it stands to its end or `most` bytes. A file that cannot be
 * read on is kept as far as it was, and told. `st` as it was opened.
 */
bool collection_add_file(struct collection *c, struct span path, int fd, const struct stat *st,
			 uint64_t most, struct err *err);
bool collection_add_link(struct collection *c, struct span path, struct span target,
			 const struct stat *st, struct err *err);
/* Not taken, or not wholly: why. `st` may be NULL. */
bool collection_note(struct collection *c, struct span path, const struct stat *st,
		     const char *why, enum collection_lack lack, struct err *err);
/* Files are taken until then (milliseconds of CLOCK_MONOTONIC), one in the middle in part; 0: no end. */
void collection_set_end(struct collection *c, uint64_t end);
bool collection_is_over(const struct collection *c);
/* That clock, now. */
uint64_t collection_clock(void);
/* Writes the manifest and closes. False also where something before could not be written. */
bool collection_close(struct collection *c, struct collection_totals *totals, struct err *err);
/* Removes what was begun. NULL-safe. */
void collection_abandon(struct collection *c);
const struct collection_totals *collection_totals(const struct collection *c);
/* Whether this is the zip itself. */
bool collection_is_own(const struct collection *c, const struct stat *st);

#endif
