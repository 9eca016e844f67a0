#include "base/day_counts.h"

#include "test.h"

#define DAY (INT64_C(86400) * TIME_SECOND)

static struct day_counts counts;

static void start(void)
{
	counts = (struct day_counts){ 0 };
}

TEST(day_counts_are_sparse_and_in_order)
{
	struct buf text = buf_new(DAY_COUNTS_TEXT);

	start();
	day_counts_add(&counts, 5 * DAY + 7, 2);
	day_counts_add(&counts, 5 * DAY, 1);
	day_counts_add(&counts, 3 * DAY + DAY - 1, 1);
	day_counts_add(&counts, -1, 1);
	day_counts_add(&counts, TIME_NONE, 9);
	day_counts_write(&counts, &text);
	assert_span(buf_span(&text), "1:-1=1 3=1 5=3");
	assert_int_equal(day_counts_between(&counts, 3, 5), 1);
	assert_int_equal(day_counts_between(&counts, -5, 6), 5);
	assert_int_equal(day_counts_between(&counts, 4, 5), 0);
	buf_free(&text);
}

TEST(day_counts_that_are_too_many_are_put_together)
{
	uint64_t sum = 0;

	start();
	for (int64_t day = 2000; day-- > 0;)
		day_counts_add(&counts, day * 3 * DAY, 1);
	assert_true(counts.count <= DAY_COUNTS_MOST);
	assert_int_equal(counts.width, 16);
	for (uint32_t i = 0; i < counts.count; i++) {
		sum += counts.list[i].records;
		assert_int_equal(counts.list[i].day % counts.width, 0);
		assert_true(!i || counts.list[i - 1].day < counts.list[i].day);
	}
	assert_int_equal(sum, 2000);
}

TEST(day_counts_survive_times_at_both_ends)
{
	start();
	day_counts_add(&counts, INT64_MAX, 1);
	day_counts_add(&counts, INT64_MIN + 1, 1);
	for (int i = 0; i < 5000; i++)
		day_counts_add(&counts, i % 2 ? INT64_MAX - i * DAY * 9 : INT64_MIN + 1 + i * DAY * 9, 1);
	assert_true(counts.count <= DAY_COUNTS_MOST);
	assert_int_equal(day_counts_between(&counts, INT64_MIN, INT64_MAX), 5002);
}

TEST(day_counts_read_what_they_write)
{
	struct buf text = buf_new(DAY_COUNTS_TEXT);
	struct day_counts other = { 0 }, back;

	start();
	for (int64_t day = 0; day < 900; day += 2)
		day_counts_add(&counts, (17000 + day) * DAY, (uint64_t)day + 1);
	day_counts_add(&other, 17001 * DAY, 5);
	day_counts_merge(&other, &counts);
	assert_int_equal(other.width, counts.width);
	day_counts_write(&other, &text);
	assert_false(text.overflow);
	assert_true(day_counts_read(buf_span(&text), &back));
	assert_int_equal(back.count, other.count);
	for (uint32_t i = 0; i < back.count; i++) {
		assert_int_equal(back.list[i].day, other.list[i].day);
		assert_int_equal(back.list[i].records, other.list[i].records);
	}
	buf_free(&text);
}

TEST(day_counts_refuse_other_texts)
{
	static const char *const bad[] = { "0:1=1", "3:1=1", "1:x=1", "1:1", "1:1=", "2097152:1=1",
					   "1:99999999999=1" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(day_counts_read(span_text(bad[i]), &counts));
	assert_true(day_counts_read(SPAN(""), &counts));
	assert_int_equal(counts.count, 0);
}

TEST(period_takes_what_reaches_into_it)
{
	const struct period p = { 10, 20 }, open = { TIME_NONE, 20 };

	assert_true(period_meets(NULL, 1, 2));
	assert_true(period_meets(&p, TIME_NONE, TIME_NONE));
	assert_true(period_meets(&p, 1, 10));
	assert_true(period_meets(&p, 20, 90));
	assert_true(period_meets(&p, 15, TIME_NONE));
	assert_false(period_meets(&p, 1, 9));
	assert_false(period_meets(&p, 21, TIME_NONE));
	assert_true(period_meets(&open, 1, 2));
	assert_false(period_meets(&open, 21, 22));
}
