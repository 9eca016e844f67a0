#include "base/timestamp.h"
#include "test.h"

static void check_format(timestamp t, int digits, const char *expected)
{
	struct buf b = buf_new(64);

	timestamp_format(&b, t, digits);
	assert_span(buf_span(&b), expected);
	buf_free(&b);
}

TEST(timestamp_converts_windows_time)
{
	check_format(timestamp_of_filetime(131500000000000000), 7, "2017-09-16T01:46:40.0000000Z");
	assert_true(timestamp_of_filetime(0) == TIME_NONE);
	assert_true(timestamp_of_filetime(UINT64_MAX) == TIME_NONE);
}

TEST(timestamp_reads_iso_8601_with_zones)
{
	timestamp t;

	assert_true(timestamp_parse(SPAN("2016-02-29 23:59:59.5+09:00"), &t));
	check_format(t, 3, "2016-02-29T14:59:59.500Z");
	assert_true(timestamp_parse(SPAN("1969-12-31T23:59:59.999999999Z"), &t));
	assert_int_equal(t, -1);
	check_format(t, 9, "1969-12-31T23:59:59.999999999Z");
	assert_true(timestamp_parse(SPAN("2026-11-21"), &t));
	check_format(t, 0, "2026-11-21T00:00:00Z");
}

TEST(timestamp_shifts_within_what_it_reaches)
{
	timestamp last = timestamp_of_civil(2262, 4, 11, 23, 47, 16, 0);

	assert_true(timestamp_shift(timestamp_of_unix(0, 0), -3600) == timestamp_of_unix(-3600, 0));
	assert_true(timestamp_shift(TIME_NONE, 1) == TIME_NONE);
	assert_true(last != TIME_NONE && timestamp_shift(last, -3600) < last);
	assert_true(timestamp_shift(last, 3600) == TIME_NONE);
	assert_true(timestamp_shift(0, INT64_MAX) == TIME_NONE);
}

TEST(timestamp_refuses_what_is_no_time)
{
	static const char *const bad[] = { "", "2015-02-29", "2016-13-01", "2016-01-01T24:00:00",
		"2016-01-01T00:00:00X", "2016-01-01T00", "9999-01-01T00:00:00Z", "2016-1-1" };
	timestamp t;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(timestamp_parse(span_text(bad[i]), &t));
}
