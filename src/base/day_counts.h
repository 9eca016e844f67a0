/*
 * day_counts: how many records there are of each day, in bounded room.
 *
 * Kept sparse and in order; when there are more days than DAY_COUNTS_MOST, days
 * are put together in twos, fours, eights… Where nothing lies between two, there
 * is a hole. As text: the days of a place, a colon, then "first=records" with a
 * space between: "1:17230=3 17232=500", days counted from 1970-01-01 UTC.
 */
#ifndef KANSHIKI_BASE_DAY_COUNTS_H
#define KANSHIKI_BASE_DAY_COUNTS_H

#include "base/timestamp.h"

#define DAY_COUNTS_MOST 400
#define DAY_COUNTS_TEXT ((size_t)16 << 10)	/* longer the text is not */

struct day_count {
	int64_t day;			/* since 1970-01-01, the first of its place */
	uint64_t records;
};

struct day_counts {
	uint32_t width, count, at;	/* width: days a place; at: where was added last */
	struct day_count list[DAY_COUNTS_MOST];
};

/* From zeroed memory too. A time that is TIME_NONE is left out. */
void day_counts_add(struct day_counts *d, timestamp t, uint64_t records);
void day_counts_merge(struct day_counts *d, const struct day_counts *more);
void day_counts_write(const struct day_counts *d, struct buf *to);
/* False, and `out` empty, where it is not such a text. */
bool day_counts_read(struct span text, struct day_counts *out);
/* Records from the first day to before the second. */
uint64_t day_counts_between(const struct day_counts *d, int64_t from, int64_t to);
/* "2017-03-08" */
void day_write(struct buf *to, int64_t day);
int64_t day_of(timestamp t);
/* Its first moment; the end of time where it is beyond. */
timestamp day_start(int64_t day);

#endif
