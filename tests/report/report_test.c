#include <stdlib.h>

#include "report/report.h"
#include "sample_case.h"
#include "test.h"

static struct report load_sample(const char *kind, unsigned count, uint64_t most)
{
	sqlite3 *db = sample_case(":memory:", kind, count);
	struct report report;
	struct err err = { 0 };

	if (!report_load(db, SPAN("sample.case"), most, &report, &err))
		fail_msg("%s", err.text);
	sqlite3_close(db);
	return report;
}

TEST(report_puts_the_most_important_answer_first)
{
	struct report r = load_sample("story", 0, 1000);

	assert_int_equal(r.answer_count, 5);
	assert_int_equal(r.answers[0].harm, HARM_THEFT);
	assert_int_equal(r.answers[0].degree, DEGREE_CONFIRMED);
	assert_int_equal(r.answers[1].harm, HARM_OBSTRUCTION);
	assert_int_equal(r.answers[2].degree, DEGREE_LIKELY);
	assert_int_equal(r.answers[4].degree, DEGREE_CANNOT_TELL);
	report_free(&r);
}

TEST(report_keeps_carriers_in_order_of_weight)
{
	struct report r = load_sample("story", 0, 1000);
	const struct report_answer *theft = &r.answers[0];

	assert_int_equal(theft->carrier_count, 3);
	assert_span(theft->carriers[0].reason, "passwords were read");
	for (size_t i = 0; i < theft->carrier_count; i++)
		assert_int_equal(r.findings[theft->carriers[i].finding].harm, HARM_THEFT);
	report_free(&r);
}

TEST(report_holds_carriers_even_where_most_is_small)
{
	struct report r = load_sample("huge", 5000, 20);

	assert_int_equal(r.finding_count, 20);
	assert_true(r.finding_total > 5000);
	for (size_t a = 0; a < r.answer_count; a++)
		for (size_t i = 0; i < r.answers[a].carrier_count; i++)
			assert_true(r.answers[a].carriers[i].finding < r.finding_count);
	report_free(&r);
}

TEST(report_leaves_out_what_unfinished_units_left)
{
	sqlite3 *db = sample_case(":memory:", "story", 0);
	struct report r;
	struct err err = { 0 };

	sqlite3_exec(db, "UPDATE unit SET done = 0; DELETE FROM answer_finding", NULL, NULL, NULL);
	assert_true(report_load(db, SPAN("x"), 1000, &r, &err));
	assert_int_equal(r.finding_count + r.item_total + r.event_count + r.fate_count, 0);
	report_free(&r);
	sqlite3_close(db);
}

TEST(report_refuses_a_case_that_points_nowhere)
{
	static const char *const breaks[] = { "UPDATE finding SET rule = 999",
					      "UPDATE finding SET item = 999",
					      "UPDATE answer SET harm = 'boredom'" };

	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
		sqlite3 *db = sample_case(":memory:", "story", 0);
		struct report r;
		struct err err = { 0 };

		sqlite3_exec(db, breaks[i], NULL, NULL, NULL);
		assert_false(report_load(db, SPAN("x"), 1000, &r, &err));
		assert_int_equal(err.code, ERR_CORRUPT);
		sqlite3_close(db);
	}
}
