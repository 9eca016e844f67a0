/*
 * log_stream: what a reader leaves of a pipe when it crashes.
 *
 * A pipe cannot be read again. So its reader notes, in memory that outlives it, the start of
 * the log, which says what it is, and what it has in hand; the next one goes on where the pipe
 * stands, from the first line, object or chunk that it finds. What was in hand is lost.
 */
#ifndef KANSHIKI_CLI_LOG_STREAM_H
#define KANSHIKI_CLI_LOG_STREAM_H

#include "base/buf.h"
#include "formats/evtx/evtx.h"
#include "formats/log/log.h"

#define LOG_STREAM_BLOCK (EVTX_CHUNK_SIZE * 16)

enum log_stream_kind { LOG_STREAM_NONE, LOG_STREAM_EVTX, LOG_STREAM_LINES };

/* All zero: no pipe is being read. */
struct log_stream {
	enum log_stream_kind kind;	/* of what is being read */
	bool goes_on;			/* set by who starts the next reader: it is to go on in it */
	bool counted;			/* so is this: the log is among those that were read */
	uint64_t place, unit;		/* the number of the file, and of the unit that it is */
	enum log_format format;		/* of lines */
	uint64_t from, to;		/* bytes of the pipe that are in hand */
	uint64_t lines;			/* numbered before those */
	size_t head_len, block_len;
	uint8_t head[LOG_IDENTIFY_BYTES];
	uint8_t block[LOG_STREAM_BLOCK];	/* where the pipe is read: the last bytes in hand */
};

/* After a crash: whether the next reader can go on; then it is told to. */
bool log_stream_leave(struct log_stream *s);
void log_stream_begin(struct log_stream *s, enum log_stream_kind kind, enum log_format format,
		      struct span start);
/* What is in hand begins there; the block holds the last so many bytes of it. */
void log_stream_note(struct log_stream *s, uint64_t from, uint64_t lines, size_t block_len);
/* A reader of lines that knows the start of the log; NULL: no memory. */
struct log_reader *log_stream_reader(const struct log_stream *s, const struct log_options *options);
/* Line ends in what is lost: objects on one line go on with the numbers of those before. */
uint64_t log_stream_lost_lines(const struct log_stream *s);

#endif
