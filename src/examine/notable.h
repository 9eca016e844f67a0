/*
 * notable: what Windows logs themselves say that belongs on a time line or
 * against the log, whatever rules are loaded: cleared logs, changed clocks,
 * stopped logging, new services, tasks and accounts, remote sessions.
 */
#ifndef KANSHIKI_EXAMINE_NOTABLE_H
#define KANSHIKI_EXAMINE_NOTABLE_H

#include "base/event.h"
#include "examine/findings.h"

/* What is the same for every check of one event, rendered once by the caller. */
struct notable_context {
	struct examination *x;
	struct findings *findings;
	uint64_t told, most;		/* events on the time line, of this item */
	uint64_t left_out;
};

void notable_check(struct notable_context *c, const struct event *event, struct span channel,
		   struct span host);
/* Record ids that jump inside a log. */
void notable_gaps(struct notable_context *c, uint64_t gaps, uint64_t missing, struct span channel,
		  struct span host);

#endif
