#include "rules/sigma/measure.h"

#include <stdlib.h>

struct placed {
	double number;
	size_t at;
};

static int by_number(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->number < y->number || x->number > y->number)
		return x->number < y->number ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool sort_numbers(struct measure *m, struct arena *arena, const double *numbers)
{
	struct placed *placed = ARENA_ARRAY(arena, m->count, struct placed);

	m->sorted = ARENA_ARRAY(arena, m->count, double);
	m->ranks = ARENA_ARRAY(arena, m->count, uint32_t);
	m->inside = ARENA_ARRAY(arena, m->count + 1, uint32_t);
	if (!placed || !m->sorted || !m->ranks || !m->inside)
		return false;
	for (size_t i = 0; i < m->count; i++)
		placed[i] = (struct placed){ numbers[i], i };
	qsort(placed, m->count, sizeof *placed, by_number);
	for (size_t i = 0; i < m->count; i++) {
		m->sorted[i] = placed[i].number;
		m->ranks[placed[i].at] = (uint32_t)i;
	}
	return true;
}

bool measure_new(struct measure *m, struct arena *arena, const double *numbers, size_t count,
		 bool ranked)
{
	*m = (struct measure){ .count = count, .sums = ARENA_ARRAY(arena, 2 * count, double) };
	if (!m->sums || count == 0 || count >= UINT32_MAX)
		return false;
	memcpy(m->sums + count, numbers, count * sizeof *numbers);
	for (size_t i = count; i-- > 1;)
		m->sums[i] = m->sums[2 * i] + m->sums[2 * i + 1];
	return !ranked || sort_numbers(m, arena, numbers);
}

static void count_in(struct measure *m, size_t i, uint32_t change)
{
	if (!m->inside)
		return;
	for (size_t at = (size_t)m->ranks[i] + 1; at <= m->count; at += at & -at)
		m->inside[at] += change;
}

void measure_enter(struct measure *m, size_t i)
{
	count_in(m, i, 1);
}

void measure_leave(struct measure *m, size_t i)
{
	count_in(m, i, UINT32_MAX);
}

double measure_sum(const struct measure *m, size_t from, size_t to)
{
	double sum = 0;

	for (from += m->count, to += m->count; from < to; from /= 2, to /= 2) {
		if (from & 1)
			sum += m->sums[from++];
		if (to & 1)
			sum += m->sums[--to];
	}
	return sum;
}

double measure_rank(const struct measure *m, size_t rank)
{
	size_t at = 0, step = 1;

	while (step * 2 <= m->count)
		step *= 2;
	for (; step; step /= 2) {
		if (at + step <= m->count && m->inside[at + step] <= rank) {
			at += step;
			rank -= m->inside[at];
		}
	}
	return m->sorted[at < m->count ? at : m->count - 1];
}
