/*
 * beacon_score: how regular a series of contacts is, from 0 to 1.
 *
 * After RITA's four parts (activecm/rita, described in docs/analysers.md):
 *   time      intervals lie evenly around their median
 *   size      bytes sent do
 *   duration  contact lasts through the period that the evidence covers
 *   shape     each hour of that period has the like number of contacts
 * The last two mean something only where the evidence covers half a day.
 */
#ifndef KANSHIKI_ASSESS_BEACON_SCORE_H
#define KANSHIKI_ASSESS_BEACON_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct beacon_score {
	double time, size, duration, shape;
	double whole;			/* mean of those that apply */
	int64_t interval;		/* median, in seconds */
	bool has_day;			/* duration and shape apply */
	bool has_size;			/* sizes are known */
};

/*
 * `times` in seconds, ascending; `sizes` of the same contacts; both are changed.
 * `from` and `to` bound what the evidence covers. Too few contacts: all zero.
 */
struct beacon_score beacon_score_of(int64_t *times, int64_t *sizes, size_t count, int64_t from,
				    int64_t to);

#endif
