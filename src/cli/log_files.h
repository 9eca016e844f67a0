/*
 * log_files: the events of the logs that a command line names, one by one.
 *
 * Files, folders with all below, standard input; EVTX, EVT and every format of
 * formats/log, plain, compressed or in archives. Read in bounded memory. What
 * is no log is passed over and counted (with `recover` it is carved); what cannot
 * be read is told.
 */
#ifndef KANSHIKI_CLI_LOG_FILES_H
#define KANSHIKI_CLI_LOG_FILES_H

#include "cli/fence.h"
#include "cli/log_parts.h"
#include "cli/log_stream.h"
#include "formats/evtx/evtx.h"
#include "formats/log/log.h"

struct log_files;

struct log_files_options {
	bool recover;			/* carve EVTX */
	timestamp from, to;		/* TIME_NONE: unbounded */
	uint16_t code_page;		/* of ANSI strings; 0: 1252 */
	struct log_options log;
	/*
	 * Several readers of the same files share them: large event logs block by
	 * block, large logs of lines part by part, everything else file by file. Such
	 * units are numbered alike for all; each reader takes the next that nobody has
	 * taken. NULL: one reads all.
	 */
	struct log_units *units;
	/* Shared with readers that follow, one at a time, where this one crashes in a pipe; NULL: none do. */
	struct log_stream *stream;
	bool silent;			/* another tells of what cannot be opened */
	const uint64_t *left_out;	/* units that are not to be read */
	size_t left_out_count;
	uint64_t first_place;		/* files before this one are passed over */
	uint64_t member_bytes;		/* of one archive member or standard input; 0: 2 GiB */
};

/* Counts over all logs. */
struct log_files_report {
	uint64_t files, logs, not_logs, failed;
	uint64_t bytes, events;
	uint64_t bad;			/* records or lines that could not be read */
	uint64_t recovered;
	uint64_t outside;		/* left out for their time */
	uint64_t links;			/* symbolic links below a folder: not followed */
};

struct log_files_sink {
	void *context;
	/* A new log: `path` is "a.zip!/b.evtx". */
	void (*begin)(void *context, const char *path);
	/* Shapes of events are numbered anew from here on. */
	void (*renumbered)(void *context);
	event_fn *each;
	evtx_record_fn *record;		/* EVTX comes so, and not to `each`; may be NULL */
	/*
	 * Reads an EVTX log itself, of which `start` was read already where it is a
	 * stream; false where nothing more is wanted. May be NULL; not with `recover`.
	 */
	bool (*evtx)(void *context, int fd, struct span start, const char *path);
	/* Of a pipe: what came so far was read; may be NULL. */
	void (*passed)(void *context);
	/* What a record or chunk lost, by offset; may be NULL. */
	void (*damage)(void *context, const char *path, const struct err *what);
	void (*end)(void *context, const char *path, const struct evtx_report *evtx,
		    const struct log_report *log, enum log_format format);
					/* one of the reports is NULL; may be NULL */
	void (*problem)(void *context, const char *path, const char *what);
	/* The file or stream of this number is about to be read; may be NULL. */
	void (*place)(void *context, uint64_t number, const char *path);
	/*
	 * With units: one was taken, if there are so many; it is about to be read, from
	 * `offset` of the file on; it is done.
	 */
	void (*take_unit)(void *context, uint64_t unit);
	void (*begin_unit)(void *context, uint64_t unit, const char *path, uint64_t offset);
	void (*end_unit)(void *context);
};

/* What times without a year or zone were taken for: a line of text. False: all had both. */
bool log_files_assumed(const struct log_report *log, const struct log_options *options,
		       char text[160]);

/* Says how many symbolic links were passed over, if any. */
void log_files_tell_links(const struct log_files_report *report);

/* NULL: no memory. */
struct log_files *log_files_new(const struct log_files_options *options,
				const struct log_files_sink *sink);
void log_files_free(struct log_files *f);	/* NULL-safe */
/* False where a path cannot be walked; what is wrong with single logs goes to problem. */
bool log_files_read(struct log_files *f, struct fence *fence, struct err *err);
const struct log_files_report *log_files_report(const struct log_files *f);

#endif
