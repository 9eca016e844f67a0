#include "case/case.h"

#include <sys/wait.h>
#include <unistd.h>

#include "case_sample.h"
#include "test.h"

static const char *scratch(char *room, size_t size, const char *name)
{
	snprintf(room, size, "%s/%s", scratch_dir(), name);
	return room;
}

static struct case_file *written(const char *path, const struct sample *s)
{
	struct err err = { 0 };
	struct case_file *c = NULL;

	if (!case_create(path, &sample_run, &c, &err) || !sample_examine(c, s, &err))
		fail_msg("%s", err.text);
	return c;
}

static int64_t number(struct case_file *c, const char *sql)
{
	struct err err = { 0 };
	int64_t n;

	if (!query_int(case_db(c), sql, -1, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

static void end(struct case_file *c)
{
	struct err err = { 0 };

	if (!case_end(c, "completed", SPAN(""), &err))
		fail_msg("%s", err.text);
	case_close(c);
}

static void assert_same_result(const char *a, const char *b)
{
	struct buf first = sample_result_of(a), second = sample_result_of(b);

	assert_true(first.len > 100);
	assert_string_equal((char *)first.at, (char *)second.at);
	buf_free(&first);
	buf_free(&second);
}

TEST(case_keeps_what_was_written)
{
	char path[512];
	struct sample s = { .units = 20, .findings = 3 };
	struct case_file *c = written(scratch(path, sizeof path, "keep.case"), &s);
	struct err err = { 0 };

	end(c);
	assert_true(case_open(path, &c, &err));
	assert_int_equal(number(c, "SELECT count(*) FROM unit WHERE done"), 20);
	assert_int_equal(number(c, "SELECT count(*) FROM item WHERE fate IS NULL"), 0);
	assert_int_equal(number(c, "SELECT count(*) FROM item WHERE parent IS NULL"), 20);
	assert_int_equal(number(c, "SELECT count(*) FROM item WHERE path_raw IS NOT NULL AND "
				   "parent IS NULL"), 3);
	assert_int_equal(number(c, "SELECT count(*) FROM rule"), 2);
	assert_int_equal(number(c, "SELECT count(*) FROM finding WHERE typeof(user) = 'blob'"),
			 number(c, "SELECT count(*) FROM finding") / 3);
	assert_int_equal(number(c, "SELECT count(*) FROM custody WHERE "
				   "json_extract(body, '$.kind') = 'acquired'"), 20);
	assert_int_equal(number(c, "SELECT count(*) FROM run WHERE outcome = 'completed' AND "
				   "command = '[\"kanshiki\",\"assess\",\"/e\"]'"), 1);
	assert_int_equal(number(c, "SELECT count(*) FROM item d LEFT JOIN item f ON f.id = d.same_as "
				   "WHERE d.fate = 'duplicate' AND f.sha256 IS NOT d.sha256"), 0);
	case_close(c);
}

TEST(case_shortens_what_was_examined_and_keeps_the_first_reason)
{
	char path[512];
	struct sample s = { .units = 3, .findings = 1 };
	struct case_file *c = written(scratch(path, sizeof path, "short.case"), &s);
	struct err err = { 0 };
	bool is_news = false;
	int64_t item = number(c, "SELECT id FROM item WHERE fate = 'examined' ORDER BY id LIMIT 1");

	assert_true(case_shorten_item(c, (uint64_t)item, SPAN("bad chunks"), &is_news, &err));
	assert_true(is_news);
	assert_true(case_shorten_item(c, (uint64_t)item, SPAN("more"), &is_news, &err));
	assert_false(is_news);
	assert_int_equal(number(c, "SELECT id FROM item WHERE fate = 'partly' AND reason = 'bad chunks'"), item);
	end(c);
}

TEST(case_is_one_file_after_closing)
{
	char path[512], beside[600];
	struct sample s = { .units = 3, .findings = 1 };

	end(written(scratch(path, sizeof path, "one.case"), &s));
	snprintf(beside, sizeof beside, "%s-wal", path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(beside, F_OK), 0);
}

TEST(case_may_lie_below_a_linked_folder_but_is_never_made_through_a_link)
{
	char folder[512], path[600], link[600];
	struct sample s = { .units = 1 };
	struct err err = { 0 };
	struct case_file *c;

	scratch(folder, sizeof folder, "linked");
	assert_int_equal(symlink(scratch_dir(), folder), 0);
	snprintf(path, sizeof path, "%s/below.case", folder);
	end(written(path, &s));
	assert_true(case_open(path, &c, &err));
	case_close(c);
	snprintf(link, sizeof link, "%s/dangling.case", folder);
	assert_int_equal(symlink("nowhere", link), 0);
	assert_false(case_create(link, &sample_run, &c, &err));
}

TEST(case_create_leaves_an_existing_file_alone)
{
	char path[512];
	struct err err = { 0 };
	struct case_file *c;
	struct sample s = { .units = 1 };

	end(written(scratch(path, sizeof path, "there.case"), &s));
	assert_false(case_create(path, &sample_run, &c, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(access(path, F_OK), 0);
}

TEST(case_refuses_a_second_writer_and_a_reader_meanwhile)
{
	char path[512];
	struct sample s = { .units = 1 };
	struct case_file *c = written(scratch(path, sizeof path, "lock.case"), &s), *second;
	struct err err = { 0 };
	pid_t child = fork();
	int status;

	/* Locks of POSIX are a process's own: a second process has to try. */
	if (child == 0) {
		bool resumed = case_resume(path, &sample_run, &second, &err);
		bool said = strstr(err.text, "another kanshiki") != NULL;

		_exit(resumed ? 1 : !said ? 2 : case_open(path, &second, &err) ? 3 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(case_sync(c, &err));
	end(c);
}

TEST(case_result_does_not_depend_on_the_order_of_work)
{
	char one[512], two[512];
	struct sample s = { .units = 40, .findings = 2 };
	struct sample t = { .units = 40, .findings = 2, .backwards = true };

	end(written(scratch(one, sizeof one, "forward.case"), &s));
	end(written(scratch(two, sizeof two, "backward.case"), &t));
	assert_same_result(one, two);
}

/* An archive with one member, and its copy whose member is told as a duplicate, too. */
static void write_archive(struct case_file *c, const char *path, uint64_t copied_member,
			  uint64_t *member)
{
	struct sample s = { .findings = 1 };
	struct err err = { 0 };
	uint64_t unit, top;
	char inside[64];
	bool done, same;

	snprintf(inside, sizeof inside, "%s!/m\xff.evtx", path);
	assert_true(case_unit_begin(c, 1, span_text(path), &unit, &done, &err));
	assert_true(sample_item(c, &s, unit, 1, 0, span_text(path), 70, &top, &same, &err));
	assert_int_equal(same, copied_member != 0);
	assert_true(sample_item(c, &s, unit, 1, top, span_text(inside), 71, member, &same, &err));
	assert_int_equal(same, copied_member != 0);
	assert_true(case_unit_commit(c, unit, &err));
}

TEST(case_settles_archives_with_what_is_inside_them)
{
	char one[512], two[512];
	struct sample none = { 0 };
	struct case_file *c;
	uint64_t member;

	c = written(scratch(one, sizeof one, "in-order.case"), &none);
	write_archive(c, "/e/a.zip", 0, &member);
	write_archive(c, "/e/b.zip", member, &member);
	end(c);
	c = written(scratch(two, sizeof two, "out-of-order.case"), &none);
	write_archive(c, "/e/b.zip", 0, &member);
	write_archive(c, "/e/a.zip", member, &member);
	end(c);
	assert_same_result(one, two);
}

TEST(case_resume_gives_the_result_of_an_uninterrupted_run)
{
	char whole[512], parts[512];
	struct sample s = { .units = 30, .findings = 2 }, some = { .units = 17, .findings = 2 };
	struct case_file *c;
	struct err err = { 0 };
	uint64_t unit, item;
	bool done, same;

	end(written(scratch(whole, sizeof whole, "whole.case"), &s));
	c = written(scratch(parts, sizeof parts, "parts.case"), &some);
	/* Interrupted in the middle of a unit. */
	assert_true(case_unit_begin(c, 1, SPAN("/e/file017.zip"), &unit, &done, &err));
	assert_true(sample_item(c, &s, unit, 1, 0, SPAN("/e/file017.zip"), 16, &item, &same, &err));
	case_close(c);
	assert_true(case_resume(parts, &sample_run, &c, &err));
	assert_int_equal(number(c, "SELECT count(*) FROM unit"), 17);
	assert_true(sample_examine(c, &s, &err));
	end(c);
	assert_same_result(whole, parts);
}

TEST(case_unit_begun_anew_leaves_nothing_of_its_first_beginning)
{
	char whole[512], parts[512];
	struct sample s = { .units = 9, .findings = 2 }, some = { .units = 5, .findings = 2 };
	struct trace trace = trace_new(TRACE_FILE, "written too early");
	struct case_file *c;
	struct err err = { 0 };
	uint64_t unit, item;
	bool done;

	end(written(scratch(whole, sizeof whole, "straight.case"), &s));
	c = written(scratch(parts, sizeof parts, "anew.case"), &some);
	assert_true(case_unit_begin(c, 1, SPAN("/e/file005.zip"), &unit, &done, &err));
	for (int i = 0; i < 2; i++) {
		assert_true(case_add_item(c, unit, &(struct case_item){ .source = 1, .path = SPAN("/e/file005.zip") },
					  &item, &err));
		assert_true(case_add_trace(c, unit, item, &trace, &err));
		/* The second time with a row for the item. */
		assert_true(!i || case_sync(c, &err));
		assert_true(case_unit_restart(c, unit, &err));
	}
	assert_int_equal(number(c, "SELECT count(*) FROM trace"), 0);
	assert_int_equal(number(c, "SELECT count(*) FROM item WHERE fate IS NULL"), 0);
	assert_true(case_add_item(c, unit, &(struct case_item){ .source = 1, .path = SPAN("/e/file005.zip") },
				  &item, &err));
	assert_int_equal(item, number(c, "SELECT max(id) + 1 FROM item"));
	case_close(c);
	assert_true(case_resume(parts, &sample_run, &c, &err));
	assert_true(sample_examine(c, &s, &err));
	end(c);
	assert_same_result(whole, parts);
}

TEST(case_resume_does_copies_of_unfinished_content_again)
{
	char path[512];
	struct sample s = { .units = 0, .findings = 1 };
	struct case_file *c = written(scratch(path, sizeof path, "copies.case"), &s);
	struct err err = { 0 };
	uint64_t first, second, item;
	bool done, same;

	assert_true(case_unit_begin(c, 1, SPAN("/e/a"), &first, &done, &err));
	assert_true(sample_item(c, &s, first, 1, 0, SPAN("/e/a"), 7, &item, &same, &err));
	assert_true(case_unit_begin(c, 1, SPAN("/e/b"), &second, &done, &err));
	assert_true(sample_item(c, &s, second, 1, 0, SPAN("/e/b"), 7, &item, &same, &err));
	assert_true(same);
	assert_true(case_unit_commit(c, second, &err));
	case_close(c);
	assert_true(case_resume(path, &sample_run, &c, &err));
	assert_int_equal(number(c, "SELECT count(*) FROM unit"), 0);
	assert_int_equal(number(c, "SELECT count(*) FROM item"), 0);
	case_close(c);
}

TEST(case_wants_a_fate_for_every_item)
{
	char path[512];
	struct sample s = { .units = 1 };
	struct case_file *c = written(scratch(path, sizeof path, "fate.case"), &s);
	struct case_item item = { .source = 1, .path = SPAN("/e/z"), .size = CASE_SIZE_UNKNOWN };
	struct case_outcome outcome = { .fate = FATE_DENIED, .size = CASE_SIZE_UNKNOWN };
	struct err err = { 0 };
	uint64_t unit, id;
	bool done;

	assert_true(case_unit_begin(c, 1, SPAN("/e/z"), &unit, &done, &err));
	assert_true(case_add_item(c, unit, &item, &id, &err));
	assert_false(case_unit_commit(c, unit, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_false(case_end(c, "completed", SPAN(""), &err));
	assert_true(case_end_item(c, unit, id, &outcome, &err));
	assert_false(case_end_item(c, unit, id, &outcome, &err));
	assert_true(case_unit_commit(c, unit, &err));
	end(c);
}

TEST(case_refuses_an_overlong_field_and_goes_on)
{
	char path[512];
	struct sample s = { .units = 1 };
	struct case_file *c = written(scratch(path, sizeof path, "long.case"), &s);
	struct case_event event = { .summary = { calloc(1, CASE_TEXT_MAX + 1), CASE_TEXT_MAX + 1 } };
	struct err err = { 0 };
	uint64_t unit;
	bool done;

	assert_true(case_unit_begin(c, 1, SPAN("/e/z"), &unit, &done, &err));
	assert_false(case_add_event(c, unit, 1, &event, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	free((void *)(uintptr_t)event.summary.at);
	event.summary = SPAN("short");
	assert_true(case_add_event(c, unit, 1, &event, &err));
	case_close(c);
}

TEST(case_open_refuses_what_is_no_case)
{
	char path[512];
	struct err err = { 0 };
	struct case_file *c;
	FILE *f = fopen(scratch(path, sizeof path, "no.case"), "w");

	fputs("hello, this is no database, though it is long enough to be looked at twice", f);
	fclose(f);
	assert_false(case_open(path, &c, &err));
	assert_false(case_resume(path, &sample_run, &c, &err));
	assert_null(c);
}
