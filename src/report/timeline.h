/*
 * timeline: everything of a case that has a time, in the order of time.
 *
 * Times of files (as their file system or archive tells them), traces of
 * artefacts, notable events of logs and findings. Sorting is left to SQLite,
 * which spills to temporary files, and only times and ids are sorted, so memory
 * does not grow with the number of entries. Times are UTC; the zone that was set
 * on the machine stands beside them, and what the time means ("modified",
 * "prefetch, last run") as well. A clock that was known to be wrong is put right
 * by an offset, and then the original time stands beside the corrected one.
 */
#ifndef KANSHIKI_REPORT_TIMELINE_H
#define KANSHIKI_REPORT_TIMELINE_H

#include "base/err.h"
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

/*
 * Writes the entries of all cases as one time line. *written: how many. A bodyfile
 * has one line a file, in the order of the case (mactime sorts it), and no traces.
 */
bool timeline_write(FILE *to, struct case_file *const *cases, size_t count,
		    const struct timeline_options *options, uint64_t *written, struct err *err);

#endif
