/*
 * measure: sums and ranks of numbers over a window that slides along them.
 *
 * The numbers are known from the start, the window only moves forward. A sum is
 * that of some nodes of a tree, never a difference, so that a huge value leaves
 * nothing behind once it is out of the window; ranks come from a tree of counts.
 * Each step costs the logarithm of the count, whatever the window.
 */
#ifndef KANSHIKI_RULES_SIGMA_MEASURE_H
#define KANSHIKI_RULES_SIGMA_MEASURE_H

#include "base/arena.h"

struct measure {
	size_t count;
	double *sums;		/* [2 * count]: the numbers themselves from `count` on */
	double *sorted;		/* [count] */
	uint32_t *ranks;	/* [count]: where each number stands in `sorted` */
	uint32_t *inside;	/* [count + 1]: how many of the window, as a Fenwick tree */
};

/* Copies the numbers; `ranked`: ranks will be asked for. False: no memory. */
bool measure_new(struct measure *m, struct arena *arena, const double *numbers, size_t count,
		 bool ranked);
/* Number i comes into the window or leaves it. */
void measure_enter(struct measure *m, size_t i);
void measure_leave(struct measure *m, size_t i);
/* Of the numbers [from, to). */
double measure_sum(const struct measure *m, size_t from, size_t to);
/* The number of the window before which `rank` smaller or equal ones stand; fewer than are inside. */
double measure_rank(const struct measure *m, size_t rank);

#endif
