/*
 * timeline: everything that has a time, in the order of time.
 *
 * Times of files (as their file system or archive tells them), traces of
 * artefacts, notable events of logs and findings. Entries are sorted in bounded
 * memory (sorter.h): times of files with what is told of the file, all else by its
 * number in its case. Times are UTC; the zone that was set on the machine stands
 * beside them, and what the time means ("modified", "prefetch, last run") as well.
 * A clock that was known to be wrong is put right by an offset, and then the
 * original time stands beside the corrected one.
 */
#ifndef KANSHIKI_REPORT_TIMELINE_H
#define KANSHIKI_REPORT_TIMELINE_H

#include "base/err.h"
#include "base/span.h"
#include "base/timestamp.h"

#include <stdio.h>

struct case_file;

enum timeline_format { TIMELINE_JSONL, TIMELINE_TIMESKETCH, TIMELINE_CSV, TIMELINE_BODYFILE,
		       TIMELINE_TEXT };

struct timeline_options {
	enum timeline_format format;
	timestamp from, to;		/* inclusive; TIME_NONE: no bound */
	/*
	 * All must hold of an entry: "word" anywhere in its texts, or "field:word", with
	 * field one of host, user, what, source, path, summary; without regard to case.
	 */
	const char *const *filters;
	size_t filter_count;
	int64_t clock_seconds;		/* added to every time */
	/* Called every few thousand entries; may be NULL. */
	void (*progress)(void *context, uint64_t written);
	void *progress_context;
};

/* A name that comes from no case: raw path, times as they are. */
struct timeline_file {
	struct span path, sha256;	/* borrowed; sha256 may be empty */
	uint64_t size;			/* UINT64_MAX: not known */
	timestamp modified, accessed, changed, created;
	uint32_t mode;
};

struct timeline;

/*
 * `to` and `options` are borrowed. A bodyfile has one line a file, in the order in
 * which they are added (mactime sorts it), and no traces; it is written at once.
 */
struct timeline *timeline_new(FILE *to, const struct timeline_options *options, struct err *err);
/* The case stays open until _end. */
bool timeline_add_case(struct timeline *t, struct case_file *file, struct err *err);
/* After all cases. */
bool timeline_add_file(struct timeline *t, const struct timeline_file *file, struct err *err);
/* Writes what was added. *written: how many entries. */
bool timeline_end(struct timeline *t, uint64_t *written, struct err *err);
void timeline_free(struct timeline *t);	/* NULL-safe */

#endif
