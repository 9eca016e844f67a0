/*
 * progress: one line that says how far a run is, how fast, and how long yet.
 *
 * On a terminal the line is redrawn in place, at most ten times a second; else
 * a plain line appears every thirty seconds, so that a log stays readable. Call
 * progress_show as often as you like, progress_clear before printing something
 * else, and once at the end.
 */
#ifndef KANSHIKI_REPORT_PROGRESS_H
#define KANSHIKI_REPORT_PROGRESS_H

#include "base/timestamp.h"
#include "os/terminal.h"

struct progress_state {
	uint64_t items_done, items_known;
	uint64_t bytes_done, bytes_known;
	uint64_t findings;
	bool growing;			/* still finding items: no time left is told */
	struct span now;		/* path being examined, or empty */
};

struct progress {
	FILE *to;			/* NULL: quiet */
	struct terminal terminal;
	timestamp started, shown;
	bool drawn;
};

struct progress progress_new(FILE *to);
void progress_show(struct progress *p, const struct progress_state *state);
/* What is done once all items are: one line on a terminal in place of the last; nothing elsewhere. */
void progress_phase(struct progress *p, const char *doing);
void progress_clear(struct progress *p);

/* The line without colour or line end, for `elapsed` ns so far; at most `columns` wide. */
void progress_line(struct buf *to, const struct progress_state *state, int64_t elapsed,
		   unsigned columns);

#endif
