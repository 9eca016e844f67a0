/*
 * log_mark: where a log may be cut of which a piece says nothing without what stands
 * before it.
 *
 * Zeek, W3C and CSV name their columns at the head or anywhere; cells and JSON objects go
 * over lines; a JSON document may hold all its events in one array; an event of auditd is
 * records on several lines. A mark passes through such a log from its start, without
 * reading what it says, and knows at each cut what a reader must be told that begins there.
 * Where a log is so damaged that it could not know, no cut follows.
 */
#ifndef KANSHIKI_FORMATS_LOG_MARK_H
#define KANSHIKI_FORMATS_LOG_MARK_H

#include "formats/log/log.h"

#define LOG_MARK_HEADS 5
/* Larger records, objects and heads are not passed: no cut follows. */
#define LOG_MARK_TEXT ((size_t)1 << 20)

/* Zeros: the start of the log. */
struct log_mark {
	uint64_t at;			/* offset of the cut, or of what is being passed */
	uint64_t lines;			/* numbered before it */
	/*
	 * Offsets of the heads that count here, each plus one, 0: there is none. Of CSV the
	 * header, and where it ends. Of tables lines, one of each kind.
	 */
	uint64_t heads[LOG_MARK_HEADS];
	uint8_t separator;		/* of columns, as the heads have it; 0: none yet */
	bool inside;			/* a line, or before the first event of a wrapper: no cut */
	uint8_t wrapper;		/* JSON: enum json_wrapper */
	bool ended;			/* no cut follows */
};

/* Whether a log of that format that begins so is passed in this way. */
bool log_mark_fits(struct span start, enum log_format format);
/*
 * To the first cut at or behind `least`, as far as `text` shows, which begins at `at`.
 * `last`: the log ends with it. Does not move where more must be shown, LOG_MARK_TEXT
 * bytes at most.
 */
void log_mark_pass(struct log_mark *m, struct span text, bool last, uint64_t least,
		   enum log_format format);

#endif
