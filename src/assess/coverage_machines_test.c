#include "assess/run_support.h"
#include "assess/verdict.h"

static void make_machine(const struct run *r, const char *name, const char *more)
{
	char command[600];

	snprintf(command, sizeof command, "mkdir -p %s/etc/systemd/system && cd %s && echo %s > etc/hostname && "
		 "echo 'root:x:0:0:root:/root:/bin/sh' > etc/passwd && %s", name, name, name, more);
	shell(r->folder, command);
}

static void assert_units_are(struct run *r, const char *expected)
{
	struct verdict verdict;
	struct err err = { 0 };
	sqlite3_stmt *q;
	bool row;

	if (!verdict_write(r->file, NULL, &verdict, &err))
		fail_msg("%s", err.text);
	assert_true(query_prepare(case_db(r->file), "SELECT state || ': ' || coalesce(CAST(note AS TEXT), '') "
				  "FROM answer_coverage WHERE channel = 'systemd units'", &q, &err));
	assert_true(query_step(q, &row, &err) && row);
	assert_string_equal((const char *)sqlite3_column_text(q, 0), expected);
	sqlite3_finalize(q);
}

#define UNIT "printf '[Service]\\nExecStart=/bin/true\\n' > etc/systemd/system/x.service"

/* The same unit on both is a duplicate of one content, and there on both. */
TEST(coverage_machines_each_have_their_own)
{
	struct run r;

	set_up(&r, "both");
	make_machine(&r, "ws01", UNIT);
	make_machine(&r, "ws02", UNIT);
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_units_are(&r, "examined: ");
	tear_down(&r);
}

TEST(coverage_machines_without_it_are_named)
{
	struct run r;

	set_up(&r, "one");
	make_machine(&r, "ws01", UNIT);
	make_machine(&r, "ws02", "printf '[Service]\\nExecStart=/bin/true\\n' > x.service");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_units_are(&r, "partly: there for 1 of 2 machines, not for ws02; it would have shown services and "
			 "timers that start programs");
	tear_down(&r);
}

/* An emptied record of logons is there and shows nothing. */
TEST(coverage_machines_an_empty_log_is_not_examined)
{
	struct err err = { 0 };
	struct verdict verdict;
	struct run r;

	set_up(&r, "emptied");
	make_machine(&r, "ws01", "mkdir -p var/log && : > var/log/wtmp");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_true(verdict_write(r.file, NULL, &verdict, &err));
	assert_int_equal(number(&r, "SELECT count(*) FROM answer_coverage WHERE channel = 'record of logons (wtmp)' "
			 "AND state = 'partly' AND note LIKE 'there, but without a single record%'"), 2);
	tear_down(&r);
}

/* Nobody knows its name, but it is a machine. */
TEST(coverage_machines_need_no_name)
{
	char expected[600];
	struct run r;

	set_up(&r, "nameless");
	make_machine(&r, "ws01", UNIT);
	make_machine(&r, "ws02", "rm etc/hostname");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	snprintf(expected, sizeof expected, "partly: there for 1 of 2 machines, not for %s/ws02; it would have "
		 "shown services and timers that start programs", r.folder);
	assert_units_are(&r, expected);
	tear_down(&r);
}
