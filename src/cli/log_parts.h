/*
 * log_parts: a large text log cut into parts that several readers share.
 *
 * The log is divided into windows of LOG_PART bytes. A part begins at the first cut of its
 * window, which lies behind the end of a line, and goes on to the next cut of any window; a
 * window without a cut has no part. Cuts depend on the bytes alone, so all readers see the
 * same: on those beside them (log_cut.h), or on all before them (log_mark.h); then what one
 * reader has passed the others need not pass again.
 */
#ifndef KANSHIKI_CLI_LOG_PARTS_H
#define KANSHIKI_CLI_LOG_PARTS_H

#include <stdatomic.h>

#include "base/span.h"
#include "formats/log/log_cut.h"
#include "formats/log/log_mark.h"

#define LOG_PART ((uint64_t)4 << 20)
#define LOG_PART_NONE UINT64_MAX
#define LOG_UNITS_COUNTED 4096
#define LOG_UNITS_MARKED 1024

#define LOG_MARK_WORDS 8	/* at, lines, heads, flags, sum */

/* What readers that share logs know together, in memory that they share. All zero at first. */
struct log_units {
	_Atomic uint64_t next;		/* unit that nobody has taken */
	_Atomic uint64_t told;		/* first unit of the log whose assumptions were told, and one */
	/* By number, modulo: number and one, then 24 bits of the lines numbered in the window. */
	_Atomic uint64_t lines[LOG_UNITS_COUNTED];
	/* By number, modulo: the mark of a window, with a sum that only a whole one has. */
	_Atomic uint64_t marks[LOG_UNITS_MARKED][LOG_MARK_WORDS];
};

struct log_parts {
	int fd;
	uint64_t size;
	enum log_format format;
	struct log_units *units;
	uint64_t first;			/* unit of the log */
	uint8_t *block;			/* LOG_PARTS_BLOCK bytes of the reader's, overwritten */
	uint64_t counted, lines;	/* windows, and lines numbered in them */
	bool is_marked;			/* cuts are marks */
	struct log_mark mark;		/* of the window `marked`, asked for lately */
	uint64_t marked;
};

#define LOG_PARTS_BLOCK ((size_t)1 << 20)

/* Whether a log of that format that begins so has parts, and how they are found. */
bool log_parts_fit(struct log_parts *p, struct span start);
/* Of a marked log: what its reader must know at the start of the part of the window. */
struct log_mark log_parts_mark(struct log_parts *p, uint64_t window);
/* Of a marked log: the text of a head, which lies in the block; `offset` where it stands. False: there is none. */
bool log_parts_head(struct log_parts *p, const struct log_mark *mark, size_t i, struct span *head, uint64_t *offset);
/* Where the part of a window begins; LOG_PART_NONE: it has none. */
uint64_t log_parts_begin(struct log_parts *p, uint64_t window);
/* Where the part of a window ends. */
uint64_t log_parts_end(struct log_parts *p, uint64_t window);
/*
 * The number of the last line before `at`, which lies in the window. Of JSON as its reader
 * counts where an object has a line of its own: lines without objects or garbage have none.
 */
uint64_t log_parts_lines(struct log_parts *p, uint64_t window, uint64_t at);

#endif
