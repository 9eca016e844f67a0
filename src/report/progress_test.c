#include "report/progress.h"
#include "test.h"

static void check(struct progress_state state, int64_t seconds, unsigned columns,
		  const char *expected)
{
	struct buf b = buf_new(1000);

	progress_line(&b, &state, seconds * TIME_SECOND, columns);
	assert_span(buf_span(&b), expected);
	buf_free(&b);
}

TEST(progress_tells_rate_and_time_left)
{
	check((struct progress_state){ .items_done = 50, .items_known = 200,
				       .bytes_done = 100000000, .bytes_known = 400000000,
				       .findings = 7 },
	      10, 79, " 25 %  50 of 200 items  7 findings  10.0 MB/s  30 s left");
}

TEST(progress_does_not_guess_while_items_are_still_found)
{
	check((struct progress_state){ .items_done = 50, .items_known = 60, .growing = true }, 10, 79,
	      "50 items so far  0.0 MB/s");
}

TEST(progress_fits_the_width_and_disarms_names)
{
	check((struct progress_state){ .items_done = 1, .items_known = 2, .bytes_done = 1,
				       .bytes_known = 2, .now = SPAN("evil\x1b[2J.exe") },
	      0, 60, " 50 %  1 of 2 items  evil\\x1b[2J.exe");
	check((struct progress_state){ .items_done = 123456, .items_known = 234567 }, 0, 20,
	      " 53 %  123456 of 234");
}

TEST(progress_is_quiet_without_a_stream)
{
	struct progress p = progress_new(NULL);

	progress_show(&p, &(struct progress_state){ .items_done = 1 });
	progress_clear(&p);
	assert_false(p.drawn);
}
