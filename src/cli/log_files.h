/*
 * log_files: the events of the logs that a command line names, one by one.
 *
 * Files, folders with all below, standard input; EVTX and every format of
 * formats/log, plain, compressed or in archives. Read in bounded memory. What
 * is no log is passed over and counted; what cannot be read is told.
 */
#ifndef KANSHIKI_CLI_LOG_FILES_H
#define KANSHIKI_CLI_LOG_FILES_H

#include "formats/evtx/evtx.h"
#include "formats/log/log.h"

struct log_files;

struct log_files_options {
	bool recover;			/* carve EVTX */
	timestamp from, to;		/* TIME_NONE: unbounded */
	struct log_options log;
	/*
	 * One of several readers of the same files reads only its share: large event
	 * logs block by block in turn, everything else file by file.
	 */
	uint32_t part, parts;		/* parts 0: all of it */
	uint64_t member_bytes;		/* of one archive member or standard input; 0: 2 GiB */
};

/* Counts over all logs. */
struct log_files_report {
	uint64_t files, logs, not_logs, failed;
	uint64_t bytes, events;
	uint64_t bad;			/* records or lines that could not be read */
	uint64_t recovered;
};

struct log_files_sink {
	void *context;
	/* A new log: `path` is "a.zip!/b.evtx". */
	void (*begin)(void *context, const char *path);
	/* Shapes of events are numbered anew from here on. */
	void (*renumbered)(void *context);
	event_fn *each;
	void (*end)(void *context, const char *path, const struct evtx_report *evtx,
		    const struct log_report *log);	/* one of the two is NULL; may be NULL */
	void (*problem)(void *context, const char *path, const char *what);
	/* A unit of the share is done; unit n is that of part n modulo parts. May be NULL. */
	void (*unit)(void *context);
};

/* NULL: no memory. */
struct log_files *log_files_new(const struct log_files_options *options,
				const struct log_files_sink *sink);
void log_files_free(struct log_files *f);	/* NULL-safe */
/* False where a path is not there or cannot be walked; single logs go to problem. */
bool log_files_read(struct log_files *f, const char *const *paths, size_t count, struct err *err);
const struct log_files_report *log_files_report(const struct log_files *f);

#endif
