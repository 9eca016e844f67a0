/*
 * source: the places that the user named, one after the other, as walk entries.
 *
 * A source is a file, a folder with all below it, or standard input ("-"), which
 * is taken into memory first (a pipe cannot be read twice) up to a limit. Where it is
 * asked for, after a file come those that belong to it (beside.h): what is read is
 * evidence, and has its digest in the case.
 */
#ifndef KANSHIKI_EVIDENCE_SOURCE_H
#define KANSHIKI_EVIDENCE_SOURCE_H

#include "os/walk.h"

struct sources;

struct sources_options {
	struct walk_options walk;
	uint64_t input_bytes;		/* of standard input */
	bool companions;		/* after a file, those that belong to it */
};

struct place {
	size_t source;			/* index into the paths */
	struct walk_entry entry;
	bool is_cut;			/* standard input went on beyond its limit */
	bool is_companion;		/* not named: it lies beside a file that was, and is read with it */
};

/* `paths` is borrowed. ERR_IO where one of them is not there. */
struct sources *sources_open(const char *const *paths, size_t count,
			     const struct sources_options *options, struct err *err);
/* False at the end, or on failure with `err` filled. */
bool sources_next(struct sources *s, struct place *out, struct err *err);
/*
 * Opens the files that belong to the one just answered (beside.h), each told to
 * `take`, which owns the descriptor; false from it: enough.
 */
typedef bool sources_beside_fn(void *context, const char *name, int fd, const struct stat *st);
void sources_beside(struct sources *s, struct span path, sources_beside_fn *take, void *context);
void sources_free(struct sources *s);	/* NULL-safe */
/* "folder", "file", "standard input". */
const char *source_kind(const char *path);

#endif
