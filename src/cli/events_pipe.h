/*
 * events_pipe: reads EVTX logs piece by piece, decodes pieces side by side, and
 * writes their lines in the order of the log.
 *
 * The caller's thread reads and writes; `jobs` workers decode (with one job, the
 * caller's thread does that too). Memory is bounded by the number of pieces under
 * way, whatever the size of the log.
 */
#ifndef KANSHIKI_CLI_EVENTS_PIPE_H
#define KANSHIKI_CLI_EVENTS_PIPE_H

#include <stdio.h>

#include "cli/events_line.h"
#include "cli/log_stream.h"

#define EVENTS_JOBS_MAX 64

/*
 * How far a log is, in memory that outlives the process: where that crashes, another
 * goes on. With one job what is lost is the piece at hand; with more, one job finds out.
 */
struct events_progress {
	uint64_t place;			/* number of the file at hand */
	uint64_t pieces;		/* of its log, that are written or lost */
	uint64_t bytes;			/* written of the piece behind those */
	uint64_t offset;		/* of the piece being decoded */
	int64_t start;			/* of the piece in the output file; negative: not known */
	bool reads, cuts;		/* a file; pieces of a log */
	bool decodes, writes;		/* a piece, with one job; a piece */
	struct evtx_report total, log;	/* of the logs before; of the pieces */
	uint64_t failed, logs, not_logs, outside, links;
	char path[1024];
};

struct events_options {
	enum events_format format;
	bool bounded;
	timestamp from, to;
	uint16_t code_page;
	uint64_t jobs;
	int out;			/* lines go here */
	FILE *problems;
	struct events_progress *progress;
	struct log_stream *stream;	/* what is noted of a pipe, or gone on with */
};

struct events_pipe;

struct events_pipe *events_pipe_new(const struct events_options *options, struct err *err);
void events_pipe_free(struct events_pipe *p);	/* NULL-safe; ends the workers */

/* Locks one thread in. */
typedef bool events_enter_fn(const void *context, struct err *err);
/* Calls `enter` in each worker and then here. Once, before the first log. */
bool events_pipe_enter(struct events_pipe *p, events_enter_fn *enter, const void *context,
		       struct err *err);

/*
 * `pieces` and `bytes` of the progress tell what is not to be written once more.
 * Reads the log at `fd` from where it stands; `start` is what was read of it
 * before, of a pipe that is gone on with nothing. ERR_IO: reading or writing failed (*write_failed tells which).
 */
bool events_pipe_log(struct events_pipe *p, int fd, struct span start, const char *name,
		     struct evtx_report *report, bool *write_failed, struct err *err);

#endif
