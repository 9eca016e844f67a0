/*
 * prefetch: Windows' record of how a program started, versions 17 (XP), 23 (Vista,
 * 7), 26 (8), 30 (10) and 31 (10, 11). Fields and sources: docs/formats/prefetch.md.
 *
 * Text is UTF-8 in the arena. A section that is cut short ends with what was
 * read; `whole` is then false.
 */
#ifndef KANSHIKI_FORMATS_PREFETCH_PREFETCH_H
#define KANSHIKI_FORMATS_PREFETCH_PREFETCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define PREFETCH_RUNS 8
#define PREFETCH_MAX_SIZE ((size_t)32 << 20)
#define PREFETCH_MAX_FILES 20000
#define PREFETCH_MAX_VOLUMES 64

struct prefetch_volume {
	struct span device;		/* "\VOLUME{01d08edc0cbccaad-3e0d2d25}" */
	timestamp created;
	uint32_t serial;
};

struct prefetch {
	uint32_t version;
	struct span name;		/* of the program's file; at most 29 characters */
	uint32_t hash;			/* of its path: the one in the file's own name */
	struct span package;		/* path or package that newer versions add, or empty */
	uint32_t run_count;
	timestamp runs[PREFETCH_RUNS];	/* newest first; TIME_NONE where there were fewer */
	struct span *files;		/* loaded in the first ten seconds of a start */
	size_t file_count;
	struct prefetch_volume *volumes;
	size_t volume_count;
	bool whole;
};

/* `file` as it lies on disk: "MAM" data is unpacked into the arena first. */
bool prefetch_parse(struct span file, struct arena *arena, struct prefetch *out, struct err *err);

/* The file of `files` that is the program itself, or an empty span. */
struct span prefetch_program(const struct prefetch *p);

#endif
