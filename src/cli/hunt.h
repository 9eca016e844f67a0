/*
 * hunt: what the files of the command share: options, state, output.
 */
#ifndef KANSHIKI_CLI_HUNT_H
#define KANSHIKI_CLI_HUNT_H

#include <stdio.h>

#include "base/map.h"
#include "cli/log_files.h"
#include "rules/sigma/sigma.h"

enum hunt_format { HUNT_JSONL, HUNT_CSV, HUNT_TABLE, HUNT_TIMESKETCH, HUNT_NAVIGATOR };

/* Matches of one rule, and of the repeats that were held back. */
struct hunt_rule {
	uint64_t matches, repeats;
	timestamp first, last;
};

struct hunt {
	enum hunt_format format;
	unsigned columns;		/* of a table; set when output begins */
	enum level least_level;
	uint64_t repeat_limit;		/* of alike matches; 0: all are told */
	const char *log;		/* at hand */
	const struct log_options *log_options;
	struct sigma_scanner *scanner;
	const struct sigma_set *set;
	struct hunt_rule *rules;	/* by number */
	uint64_t told, repeats;
	struct arena memory;
	struct map alike;		/* rule, host and matched -> count */
	struct buf line;
	int pipe;			/* of a worker; -1: matches go to standard output */
	struct log_files *reader;	/* of a worker */
	struct hunt_share *share;	/* of a worker: what it tells of itself */
	struct sigma_stats stats;	/* of all workers, at the end */
	struct log_files_report files;
	struct hunt_summary *summary;	/* NULL: none wanted */
	int summary_to;			/* a descriptor; -1: behind the matches */
	struct hunt_explain *explain;	/* NULL: the rules are to match */
	uint64_t lost;			/* units whose reader crashed */
	bool remembers;			/* looks at more than one event */
	bool streams;			/* reads what comes from elsewhere: tells early */
	bool repeats_itself;		/* the unit at hand was read, and told of, before */
	bool failed_to_write;
};

/* One match; false where output fails. */
bool hunt_tell(struct hunt *h, const struct finding *finding, const struct sigma_rule *rule,
	       const struct event *event);
/* What stands before the first and after the last match. */
void hunt_begin_output(struct hunt *h);
void hunt_end_output(struct hunt *h);

/* What there is to say of all events: correlations, explanation, summary. */
bool hunt_finish(struct hunt *h, struct err *err);
/* Passes on what stands in the line; false where output fails. */
bool hunt_put(struct hunt *h);

/*
 * Reads the logs with processes that take turns at them; the matches are told in
 * the order of the logs, and counts are those of all. What a process was reading
 * when it crashed is named and lost. Another goes on behind it; where events are
 * remembered there is one process, and the next one reads again from the start
 * all but what was lost, and tells what was not yet told.
 */
bool hunt_read_shared(struct hunt *h, const struct log_files_options *options,
		      const struct log_files_sink *sink, const struct fence_options *fence, uint32_t jobs,
		      const char *const *paths, size_t count, struct err *err);
/* Of a worker: sends what was told so far of its unit, where it is much or all. */
bool hunt_send(struct hunt *h, bool end);
/* Sinks of a worker's log_files. */
void hunt_take_unit(void *context, uint64_t unit);
void hunt_begin_unit(void *context, uint64_t unit, const char *path, uint64_t offset);
void hunt_passed(void *context);
void hunt_end_unit(void *context);

/*
 * {"Image":"a","User":["b","c"]} for people, in so many columns: Image=a, User=b | c. Long values
 * are cut in their middle, each of its own; of what has no room "+2" tells how many fields it is.
 */
void hunt_matched(struct buf *to, struct span matched, size_t columns);

/* --explain: one rule, event by event. `name` is its id, title or file. NULL: `err`. */
struct hunt_explain *hunt_explain_new(const struct sigma_set *set, const char *name, struct err *err);
void hunt_explain_free(struct hunt_explain *e);		/* NULL-safe */
void hunt_explain_event(struct hunt *h, const struct event *event);
/* Prints what was found; true where the rule held for some event. */
bool hunt_explain_end(struct hunt *h);

/* --summary: what happened in the logs, whatever the rules say. NULL: no memory. */
struct hunt_summary *hunt_summary_new(void);
void hunt_summary_free(struct hunt_summary *s);		/* NULL-safe */
void hunt_summary_renumbered(struct hunt_summary *s);
void hunt_summary_event(struct hunt_summary *s, const char *log, const struct event *event);
void hunt_summary_log(struct hunt_summary *s, const char *log, const struct evtx_report *report);
bool hunt_summary_write(struct hunt *h, struct err *err);

#endif
