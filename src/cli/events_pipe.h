/*
 * events_pipe: reads logs piece by piece, decodes pieces side by side, and
 * writes their lines in the order of the log.
 *
 * The caller's thread reads and writes; `jobs` workers decode (with one job, the
 * caller's thread does that too). Memory is bounded by the number of pieces under
 * way, whatever the size of the log. Logs of other kinds (formats/log) are known by
 * their content and read by the caller's thread. Recovery looks at a log as a whole, so there
 * one thread reads it from a mapping, or, from a pipe, out of memory.
 */
#ifndef KANSHIKI_CLI_EVENTS_PIPE_H
#define KANSHIKI_CLI_EVENTS_PIPE_H

#include <stdio.h>

#include "cli/events_line.h"

#define EVENTS_JOBS_MAX 64
#define EVENTS_STDIN_MAX ((size_t)4 << 30)	/* bytes of a pipe that recovery can look at */

struct events_options {
	enum events_format format;
	bool recover, bounded;
	timestamp from, to;
	uint16_t code_page;
	uint64_t jobs;
	int out;			/* lines go here */
	FILE *problems;
};

struct events_pipe;

struct events_pipe *events_pipe_new(const struct events_options *options, struct err *err);
void events_pipe_free(struct events_pipe *p);	/* NULL-safe; ends the workers */

/*
 * Reads the log at `fd` from where it stands. ERR_CORRUPT: no event log; ERR_IO:
 * reading or writing failed (*write_failed tells which).
 */
bool events_pipe_log(struct events_pipe *p, int fd, const char *name, struct evtx_report *report,
		     bool *write_failed, struct err *err);

#endif
