#include "rules/sigma/measure.h"

#include <stdlib.h>

#include "test.h"

#define COUNT 500

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Every window of a length, against sorting and adding it anew. */
static void expect_windows(const double *numbers, size_t count, size_t length)
{
	struct arena arena = arena_new(1 << 20);
	struct measure m;
	double window[COUNT];

	assert_true(measure_new(&m, &arena, numbers, count, true));
	for (size_t to = 1; to <= count; to++) {
		size_t from = to > length ? to - length : 0;
		double sum = 0;

		measure_enter(&m, to - 1);
		if (to > length)
			measure_leave(&m, from - 1);
		memcpy(window, numbers + from, (to - from) * sizeof *window);
		qsort(window, to - from, sizeof *window, by_size);
		for (size_t i = 0; i < to - from; i++) {
			sum += window[i];
			assert_true(measure_rank(&m, i) == window[i]);
		}
		assert_true(measure_sum(&m, from, to) == sum);
	}
	arena_free(&arena);
}

TEST(every_window_is_summed_and_ranked)
{
	double numbers[COUNT];
	uint32_t random = 1;

	for (size_t i = 0; i < COUNT; i++) {
		random = random * 1103515245 + 12345;
		numbers[i] = (double)(random >> 16 & 63) - 20;
	}
	expect_windows(numbers, 1, 1);
	expect_windows(numbers, 3, 2);
	for (size_t length = 1; length < 70; length += 17)
		expect_windows(numbers, COUNT, length);
}

TEST(a_huge_value_leaves_nothing_behind)
{
	const double numbers[] = { 1e300, 1, 2, 3 };
	struct arena arena = arena_new(1 << 20);
	struct measure m;

	assert_true(measure_new(&m, &arena, numbers, 4, false));
	assert_true(measure_sum(&m, 1, 4) == 6);
	arena_free(&arena);
}
