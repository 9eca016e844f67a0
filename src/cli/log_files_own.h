/*
 * log_files_own: what the files of log_files share.
 */
#ifndef KANSHIKI_CLI_LOG_FILES_OWN_H
#define KANSHIKI_CLI_LOG_FILES_OWN_H

#include "cli/log_files.h"

struct log_files {
	struct log_files_options options;
	struct log_files_sink sink;
	struct log_files_report report;
	struct evtx_decoder *evtx;
	uint8_t *block;
	uint8_t *scratch;		/* to look for parts in, besides the block */
	const char *path;		/* of the log at hand */
	struct log_reader *reader;	/* NULL while an event log is read */
	/*
	 * Who numbers the shapes now, and who numbered those of the last event: 0 is the
	 * decoder that all EVTX logs share, others are counted in `readers`.
	 */
	uint64_t readers, numbering, numbered_by;
	uint32_t generation;
	uint64_t place;			/* number of the file at hand */
	uint64_t units, taken;		/* met so far, by whomever they are read; the next of ours */
	uint64_t shared_size;		/* of the log at hand, where it is several units; 0: one */
	struct log_parts parts;		/* of the log at hand, where it is of lines */
	uint64_t window, part;		/* that is read, and where it begins */
	bool stopped;
};

/* Bytes that are in a file, come as a stream, or are in memory already. */
struct input {
	int fd;				/* -1: memory */
	struct span memory;
	uint64_t at;
	uint64_t size;			/* of a file */
	bool is_stream;
	uint64_t begin;			/* of a stream: where what is in the block begins */
	size_t held;			/* and how much that is */
};

/* Whether the unit at hand is this reader's; it begins, it is done. */
bool log_files_is_mine(const struct log_files *f);
void log_files_begin_unit(struct log_files *f, uint64_t offset);
void log_files_end_unit(struct log_files *f);
/* What is wrong with the log at hand. */
void log_files_problem(struct log_files *f, const char *what);
/* An event of the reader at hand: an event_fn. */
bool log_files_event(void *context, const struct event *event);
/* The block from `at` on; empty at the end. Of a stream, what is in the block may be had again. */
struct span log_files_block(struct log_files *f, struct input *in);
/* What a pipe gave is noted before it is read, for who has to go on behind it, and that it was read. */
void log_files_note(struct log_files *f, const struct input *in, size_t block_len);

/* A log of text, whole or the parts of it that are this reader's. */
void log_files_read_text(struct log_files *f, struct input *in, enum log_format format);
/* The rest of one in a pipe: of what the last reader had in hand nothing is left. */
void log_files_resume_text(struct log_files *f, struct input *in);

#endif
