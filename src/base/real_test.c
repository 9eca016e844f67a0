#include "base/real.h"

#include "test.h"

#include <math.h>

static void is_text(double n, bool narrow, const char *want)
{
	char text[REAL_TEXT_MAX];
	size_t len = real_text(text, n, narrow);

	assert_true(len <= REAL_TEXT_MAX);
	if (!span_eq(span_of(text, len), span_text(want)))
		fail_msg("'%.*s', not '%s'", (int)len, text, want);
}

TEST(reals_have_the_fewest_digits_that_read_back)
{
	is_text(0, false, "0.0");
	is_text(-0.0, false, "-0.0");
	is_text(1, false, "1.0");
	is_text(-2.5, false, "-2.5");
	is_text(100, false, "100.0");
	is_text(123456789, false, "123456789.0");
	is_text(12.5, false, "12.5");
	is_text(0.1, false, "0.1");
	is_text((double)0.1f, true, "0.1");
	is_text((double)0.1f, false, "0.10000000149011612");
	is_text(1.0 / 3, false, "0.3333333333333333");
	is_text(-1.7976931348623157e308, false, "-1.7976931348623157e+308");
	is_text(-2.2250738585072014e-308, false, "-2.2250738585072014e-308");
	is_text(5e-324, false, "5e-324");
}

TEST(reals_have_an_exponent_where_they_are_large_or_small)
{
	is_text(1e15, false, "1000000000000000.0");
	is_text(9007199254740992, false, "9007199254740992.0");
	is_text(1e16, false, "1e+16");
	is_text(1.5e16, false, "1.5e+16");
	is_text(1e-5, false, "0.00001");
	is_text(-1.2345678901234567e-5, false, "-0.000012345678901234568");
	is_text(1e-6, false, "1e-6");
	is_text(1.25e-7, false, "1.25e-7");
	is_text((double)1e12f, true, "1000000000000.0");
	is_text((double)1e13f, true, "1e+13");
	is_text((double)1e-6f, true, "0.000001");
	is_text((double)1e-7f, true, "1e-7");
}

TEST(reals_that_are_no_numbers)
{
	is_text((double)INFINITY, false, "inf");
	is_text(-(double)INFINITY, true, "-inf");
	is_text((double)NAN, false, "NaN");
}
