/*
 * coverage_days: on which days the records of a need lie, and where a hole is.
 *
 * A hole is HOLE_DAYS days or more without a record, on one host, of a source that
 * else has records on most days (half of them, HOLE_RECORDED at least, its HOLES_TOLD
 * longest holes left out): a history
 * or a list of logons has no holes, it is quiet. Where another log of that host (or
 * of the same class, where hosts are not known) has records in the hole, the machine
 * was there and the records are not; else it may have been off. What a machine writes of
 * itself, auth.log and its kin, is also looked at log by log, where each day has many records.
 */
#ifndef KANSHIKI_ASSESS_COVERAGE_DAYS_H
#define KANSHIKI_ASSESS_COVERAGE_DAYS_H

#include "assess/coverage.h"
#include "base/day_counts.h"

#define HOLE_DAYS 3
/* A log that has as many records on each of its days misses a single one, where others go on. */
#define HOLE_BUSY_RECORDS 20
#define HOLE_RECORDED 5
#define HOLES_TOLD 3

struct hole {
	int64_t from, to;		/* days: from its first to before `to` */
	struct span host;		/* or empty; in the arena */
	bool is_alive;			/* others have records in it */
};

struct need_days {
	struct day_counts all;		/* of all hosts */
	struct hole holes[HOLES_TOLD];	/* those that are alive first, then the longest */
	uint64_t hole_count, alive_count;
};

struct sqlite3;

/* Whether facts of that class and channel are what the need asks for; coverage.c's. */
bool need_takes(const struct need *need, struct span class_name, struct span channel);

/* Holes outside `period` (or NULL) are no holes. */
bool coverage_days(struct sqlite3 *db, const struct need *need, const struct period *period,
		   struct arena *arena, struct need_days *out, struct err *err);
/* "none from 2017-03-04 to 2017-03-09 on ws01 (other logs go on), none from …", or nothing. */
void coverage_holes_write(const struct need_days *days, struct buf *to);

#endif
