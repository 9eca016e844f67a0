#include "assess/beacon_score.h"

#include <math.h>
#include <stdlib.h>

#define LEAST 4
#define BINS 24
#define LEAST_BARS 6
#define LEAST_BARS_TWO 11
#define RUN 12			/* bars in a row that are enough */
#define HALF_DAY (12 * 3600)

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double quantile(const int64_t *sorted, size_t count, double q)
{
	return (double)sorted[(size_t)((double)(count - 1) * q + 0.5)];
}

/* Bowley's skew and the median deviation, of a sorted series. `otherwise`: where the median is 0. */
static double evenness(int64_t *sorted, size_t count, double otherwise)
{
	double q1 = quantile(sorted, count, 0.25), q2 = quantile(sorted, count, 0.5);
	double q3 = quantile(sorted, count, 0.75), skew = 0, spread;

	if (q3 - q1 >= 10 && q2 > q1 && q2 < q3)
		skew = fabs((q1 + q3 - 2 * q2) / (q3 - q1));
	if (q2 < 1)
		return (1 - skew + otherwise) / 2;
	for (size_t i = 0; i < count; i++)
		sorted[i] = llabs(sorted[i] - (int64_t)q2);
	qsort(sorted, count, sizeof *sorted, compare);
	spread = (q2 - quantile(sorted, count, 0.5)) / q2;
	return (1 - skew + (spread < 0 ? 0 : spread)) / 2;
}

struct bars {
	unsigned high[BINS];
	unsigned filled, highest;
};

static struct bars bars_of(const int64_t *times, size_t count, int64_t from, int64_t to)
{
	struct bars b = { .filled = 0 };

	for (size_t i = 0; i < count; i++) {
		int64_t bin = (times[i] - from) * BINS / (to - from + 1);

		if (bin >= 0 && bin < BINS)
			b.high[bin]++;
	}
	for (int i = 0; i < BINS; i++) {
		b.filled += b.high[i] > 0;
		b.highest = b.high[i] > b.highest ? b.high[i] : b.highest;
	}
	return b;
}

static double steady(const struct bars *b)
{
	double mean = 0, variance = 0;

	for (int i = 0; i < BINS; i++)
		mean += b->high[i] / (double)BINS;
	for (int i = 0; i < BINS; i++)
		variance += (b->high[i] - mean) * (b->high[i] - mean) / BINS;
	return mean > 0 && sqrt(variance) < mean ? 1 - sqrt(variance) / mean : 0;
}

/* The bars have two heights, as of a program that sleeps longer at night: the two largest classes. */
static double two_heights(const struct bars *b)
{
	unsigned classes[21] = { 0 }, first = 0, second = 0;

	if (b->filled < LEAST_BARS_TWO)
		return 0;
	for (int i = 0; i < BINS; i++)
		if (b->high[i])
			classes[b->high[i] * 20 / b->highest]++;
	for (int i = 0; i < 21; i++) {
		if (classes[i] > first) {
			second = first;
			first = classes[i];
		} else if (classes[i] > second) {
			second = classes[i];
		}
	}
	return (first + second) / (double)b->filled;
}

static double lasting(const struct bars *b, int64_t first, int64_t last, int64_t from, int64_t to)
{
	double covered = (double)(last - first) / (double)(to - from);
	unsigned run = 0, longest = 0;

	if (b->filled < LEAST_BARS)
		return 0;
	for (int i = 0; i < BINS; i++) {
		run = b->high[i] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	covered = fmax(covered, (double)longest / RUN);
	return covered > 1 ? 1 : covered;
}

struct beacon_score beacon_score_of(int64_t *times, int64_t *sizes, size_t count, int64_t from,
				    int64_t to)
{
	struct beacon_score s = { .has_day = to - from >= HALF_DAY };
	size_t intervals = 0;

	if (count < LEAST || to <= from)
		return (struct beacon_score){ 0 };
	if (s.has_day) {
		struct bars b = bars_of(times, count, from, to);

		s.shape = fmin(1, fmax(steady(&b), two_heights(&b)));
		s.duration = lasting(&b, times[0], times[count - 1], from, to);
	}
	for (size_t i = 1; i < count; i++)
		if (times[i] > times[i - 1])
			times[intervals++] = times[i] - times[i - 1];
	if (intervals < LEAST - 1)
		return (struct beacon_score){ 0 };
	qsort(times, intervals, sizeof *times, compare);
	qsort(sizes, count, sizeof *sizes, compare);
	s.interval = (int64_t)quantile(times, intervals, 0.5);
	s.time = evenness(times, intervals, 1);
	s.has_size = sizes[count - 1] > 0;
	s.size = evenness(sizes, count, 0);
	s.whole = (s.time + (s.has_size ? s.size : 0) + s.duration + s.shape) /
		  (1 + s.has_size + 2 * s.has_day);
	return s;
}
