/*
 * timestamp: instants in UTC as signed nanoseconds since 1970-01-01.
 *
 * Reaches from 1677 to 2262; what lies outside, or is not a time, is TIME_NONE.
 * Windows' own clock (100 ns since 1601) and ISO 8601 text convert both ways.
 */
#ifndef KANSHIKI_BASE_TIMESTAMP_H
#define KANSHIKI_BASE_TIMESTAMP_H

#include "base/buf.h"

typedef int64_t timestamp;

#define TIME_NONE INT64_MIN
#define TIME_SECOND INT64_C(1000000000)

timestamp timestamp_of_filetime(uint64_t filetime);	/* TIME_NONE for 0 or out of range */
timestamp timestamp_of_unix(int64_t seconds, uint32_t nanoseconds);
/* From a civil date in UTC; TIME_NONE where a part is out of its range. */
timestamp timestamp_of_civil(int year, int month, int day, int hour, int minute, int second,
			     uint32_t nanoseconds);

/* Later by so many seconds, or earlier; TIME_NONE where `t` is, or where it would lie outside. */
timestamp timestamp_shift(timestamp t, int64_t seconds);

/*
 * ISO 8601 / RFC 3339 with 'T' or space, fraction of 1 to 9 digits, and 'Z' or
 * an offset; without a zone it is taken as UTC. A date alone is midnight.
 */
bool timestamp_parse(struct span text, timestamp *out);
/* Seconds, milli-, micro- or nanoseconds since 1970, told apart by their size; of seconds also a fraction. */
bool timestamp_parse_epoch(struct span text, timestamp *out);

/* "2026-11-21T21:26:59.123456Z": `digits` 0, 3, 6, 7 or 9 of fraction. */
void timestamp_format(struct buf *to, timestamp t, int digits);

timestamp timestamp_now(void);

/* Both ends belong to it; TIME_NONE: open. */
struct period {
	timestamp since, until;
};

/* Whether something from `first` to `last` reaches into it; what has no time does. NULL: all time. */
bool period_meets(const struct period *p, timestamp first, timestamp last);

#endif
