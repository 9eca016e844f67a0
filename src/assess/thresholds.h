/*
 * thresholds: every number that an analyser compares with, in one table.
 *
 * docs/analysers.md prints the table; a test keeps the two in step. A value
 * stands here once: an analyser reads THRESHOLD(BEACON_SCORE).
 */
#ifndef KANSHIKI_ASSESS_THRESHOLDS_H
#define KANSHIKI_ASSESS_THRESHOLDS_H

#include <stddef.h>

/* T(name, analyser, value, what it bounds) */
#define THRESHOLDS(T) \
	T(BEACON_CONNECTIONS, "beacon", 20, "connections of a pair of host and destination, to be looked at") \
	T(BEACON_SPAN_HOURS, "beacon", 1, "hours from its first to its last connection, to be looked at") \
	T(BEACON_SCORE, "beacon", 0.8, "score from which regular contact is told") \
	T(BEACON_SCORE_STRONG, "beacon", 0.9, "score from which it may be of level high") \
	T(BEACON_COMMON_SHARE, "beacon", 0.5, "share of hosts that contact a destination, from which it is common") \
	T(BEACON_COMMON_HOSTS, "beacon", 3, "hosts that must contact it for a share to mean anything")

enum threshold {
#define THRESHOLD_NAME(name, analyser, value, what) THRESHOLD_##name,
	THRESHOLDS(THRESHOLD_NAME)
#undef THRESHOLD_NAME
	THRESHOLD_COUNT
};

struct threshold_row {
	const char *name;	/* "BEACON_SCORE" */
	const char *analyser;
	double value;
	const char *what;
};

extern const struct threshold_row thresholds[THRESHOLD_COUNT];

#define THRESHOLD(name) (thresholds[THRESHOLD_##name].value)

#endif
