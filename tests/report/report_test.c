#include <stdlib.h>

#include "base/utf8.h"
#include "codec/escape.h"
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

TEST(report_says_that_a_run_did_not_end)
{
	sqlite3 *db = sample_case(":memory:", "story", 0);
	struct report r;
	struct err err = { 0 };
	char *at = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&at, &len);

	sqlite3_exec(db, "UPDATE run SET outcome = 'interrupted'", NULL, NULL, NULL);
	assert_true(report_load(db, SPAN("x"), 1000, &r, &err));
	assert_false(r.complete);
	assert_true(report_text(to, &r, (struct report_look){ .brief = true }, &err));
	fclose(to);
	assert_true(span_starts(span_of(at, len), SPAN("unfinished")));
	free(at);
	report_free(&r);
	sqlite3_close(db);
}

TEST(report_counts_findings_and_how_often_they_held)
{
	sqlite3 *db = sample_case(":memory:", "story", 0);
	struct report r;
	struct err err = { 0 };

	sqlite3_exec(db, "UPDATE finding SET count = 10 WHERE rule = 5", NULL, NULL, NULL);
	assert_true(report_load(db, SPAN("x"), 1000, &r, &err));
	assert_int_equal(r.answers[0].finding_count, 3);
	assert_int_equal(r.answers[0].times, 12);
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

TEST(report_names_the_places_of_a_copy)
{
	struct report r = load_sample("story", 0, 1000);
	size_t seen = 0;

	for (size_t i = 0; i < r.item_count; i++) {
		const struct report_item *item = &r.items[i];

		if (item->id != 4) {
			assert_int_equal(item->copy_total, 0);
			continue;
		}
		seen++;
		assert_int_equal(item->copy_total, 7);
		assert_int_equal(item->copy_count, 7);
		assert_span(item->copies[0], "evidence/collected.zip!/Windows/Temp/file14.dat");
		assert_span(item->copies[6], "evidence/collected.zip!/Windows/Temp/file56.dat");
	}
	assert_int_equal(seen, 1);
	report_free(&r);
}

/* The archive of item 4 is there three times; within it stand item 4 and its seven copies. */
TEST(report_names_what_is_inside_a_copied_archive)
{
	static const char copy[] =
		"UPDATE item SET parent = 12 WHERE path LIKE 'evidence/collected.zip!/%';"
		"INSERT INTO item(unit, source, path, sha256, fate, same_as) SELECT 1, 1, path || '.old', "
		"sha256, 'duplicate', 12 FROM item WHERE id = 12;"
		"INSERT INTO item(unit, source, path, sha256, fate, same_as) SELECT 1, 1, 'z.zip', "
		"sha256, 'duplicate', 12 FROM item WHERE id = 12;";
	sqlite3 *db = sample_case(":memory:", "story", 0);
	struct report r;
	struct err err = { 0 };
	bool within = false;

	assert_int_equal(sqlite3_exec(db, copy, NULL, NULL, NULL), SQLITE_OK);
	assert_true(report_load(db, SPAN("x"), 1000, &r, &err));
	for (size_t i = 0; i < r.item_count; i++) {
		const struct report_item *item = &r.items[i];

		if (item->id != 4)
			continue;
		assert_int_equal(item->copy_total, 3 * 8 - 1);
		assert_int_equal(item->copy_count, REPORT_MOST_COPIES);
		for (size_t k = 0; k < item->copy_count; k++)
			within |= span_eq(item->copies[k],
					  SPAN("z.zip!/Users/mori/AppData/Roaming/Micros/svchost.exe"));
	}
	assert_true(within);
	report_free(&r);
	sqlite3_close(db);
}

TEST(report_ends_where_items_hold_each_other)
{
	static const char *const loops[] = {
		"UPDATE item SET parent = id",
		"UPDATE item SET parent = id + 1; UPDATE item SET parent = 1 WHERE id = 59",
		"UPDATE item SET parent = id + 1, sha256 = NULL",
		"UPDATE item SET parent = id % 5 + 1, sha256 = x'00'",
	};

	for (size_t i = 0; i < sizeof loops / sizeof *loops; i++) {
		sqlite3 *db = sample_case(":memory:", "story", 0);
		struct report r;
		struct err err = { 0 };

		assert_int_equal(sqlite3_exec(db, loops[i], NULL, NULL, NULL), SQLITE_OK);
		assert_true(report_load(db, SPAN("x"), 1000, &r, &err));
		report_free(&r);
		sqlite3_close(db);
	}
}

TEST(report_refuses_a_case_of_another_version)
{
	static const char *const changes[] = {
		"ALTER TABLE run DROP COLUMN folder", "ALTER TABLE item ADD COLUMN colour TEXT",
		"DROP TABLE answer_coverage",
	};

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		sqlite3 *db = sample_case(":memory:", "story", 0);
		struct report r;
		struct err err = { 0 };

		assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_OK);
		assert_false(report_load(db, SPAN("x"), 1000, &r, &err));
		assert_int_equal(err.code, ERR_UNSUPPORTED);
		assert_non_null(strstr(err.text, "made by another version"));
		sqlite3_close(db);
	}
}

typedef bool form_fn(FILE *to, const struct report *report, struct err *err);

static bool text_form(FILE *to, const struct report *report, struct err *err)
{
	return report_text(to, report, (struct report_look){ .columns = 80 }, err);
}

static bool brief_form(FILE *to, const struct report *report, struct err *err)
{
	return report_text(to, report, (struct report_look){ .columns = 40, .brief = true }, err);
}

/* Caller frees .at. */
static struct span written(form_fn *form, const struct report *report)
{
	char *at = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&at, &len);
	struct err err = { 0 };

	assert_non_null(to);
	if (!form(to, report, &err))
		fail_msg("%s", err.text);
	fclose(to);
	return span_of(at, len);
}

static void assert_no_raw(struct span text, const char *allowed)
{
	for (struct span rest = text; rest.len;) {
		uint32_t code = 0;
		size_t len = utf8_next(rest, &code);

		if (!len || (escape_is_unsafe(code) && !(code < 0x80 && strchr(allowed, (int)code))))
			fail_msg("raw U+%04X at %zu", (unsigned)code, text.len - rest.len);
		rest = span_from(rest, len);
	}
}

TEST(report_lets_no_raw_control_through_any_form)
{
	static const struct {
		form_fn *form;
		const char *allowed;
	} forms[] = { { text_form, "\n" }, { brief_form, "\n" }, { report_json, "\n" },
		      { report_csv, "\r\n" }, { report_html, "\n\t" } };
	struct report r = load_sample("hostile", 0, 1000);

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct span text = written(forms[i].form, &r);

		assert_true(text.len > 400);
		assert_no_raw(text, forms[i].allowed);
		free((void *)(uintptr_t)text.at);
	}
	report_free(&r);
}

TEST(report_page_holds_payloads_as_text_only)
{
	static const char *const live[] = { "<script>alert", "<img", "<svg/", "</script><!--",
					    "onerror=alert(2)>" };
	struct report r = load_sample("hostile", 0, 1000);
	struct span page = written(report_html, &r);

	assert_true(span_find(page, 0, SPAN("&lt;script&gt;alert(1)")) != SIZE_MAX);
	for (size_t i = 0; i < sizeof live / sizeof *live; i++)
		assert_true(span_find(page, 0, span_text(live[i])) == SIZE_MAX);
	free((void *)(uintptr_t)page.at);
	report_free(&r);
}

TEST(report_text_keeps_to_its_columns)
{
	static const unsigned widths[] = { 40, 80, 120 };
	struct report r = load_sample("hostile", 0, 1000);

	for (size_t i = 0; i < 3; i++) {
		char *at = NULL;
		size_t len = 0;
		FILE *to = open_memstream(&at, &len);
		struct err err = { 0 };
		struct span rest;

		assert_true(report_text(to, &r, (struct report_look){ .columns = widths[i] }, &err));
		fclose(to);
		for (rest = span_of(at, len); rest.len;) {
			struct span line = span_split(&rest, '\n');

			if (escape_columns(line) > widths[i])
				fail_msg("%zu columns: %.*s", escape_columns(line), SPAN_ARG(line));
		}
		free(at);
	}
	report_free(&r);
}

TEST(report_says_when_a_full_disk_took_it)
{
	struct report r = load_sample("story", 0, 1000);
	FILE *full = fopen("/dev/full", "w");
	struct err err = { 0 };

	assert_non_null(full);
	assert_false(report_html(full, &r, &err));
	assert_int_equal(err.code, ERR_IO);
	fclose(full);
	report_free(&r);
}
