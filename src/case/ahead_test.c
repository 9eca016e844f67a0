#include "case/contents.h"
#include "case/recorder.h"
#include "case_sample.h"
#include "test.h"

static struct case_file *settled(const char *name)
{
	struct sample s = { .units = 20, .findings = 3 };
	struct err err = { 0 };
	struct case_file *c = NULL;
	char path[512];

	snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
	if (!case_create(path, &sample_run, &c, &err) || !sample_examine(c, &s, &err) || !case_settle(c, &err))
		fail_msg("%s", err.text);
	return c;
}

static void assert_known(struct case_file *c, const struct contents *known, const char *table)
{
	struct contents now;
	struct err err = { 0 };

	assert_true(contents_of_table(case_db(c), table, &now, &err));
	assert_int_equal(known->rows, now.rows);
	assert_memory_equal(known->sha256, now.sha256, sizeof now.sha256);
}

TEST(ahead_knows_what_the_large_tables_hold)
{
	struct case_file *c = settled("ahead a#b%41?.case");
	struct contents known[TABLE_COUNT];

	case_digest_ahead(c);
	ahead_take(c, known);
	assert_true(known[TABLE_ITEM].rows > 20);
	assert_known(c, &known[TABLE_ITEM], "item");
	assert_known(c, &known[TABLE_UNIT], "unit");
	assert_known(c, &known[TABLE_TRACE], "trace");
	assert_true(known[TABLE_PROGRAM].rows == CONTENTS_UNKNOWN);
	/* Once. */
	ahead_take(c, known);
	assert_true(known[TABLE_ITEM].rows == CONTENTS_UNKNOWN);
	case_close(c);
}

TEST(ahead_does_not_know_what_was_written_to_since)
{
	static const char *const writes[] = { "UPDATE item SET mode = 7 WHERE id = 3", "DELETE FROM fact" };
	static const enum table tables[] = { TABLE_ITEM, TABLE_FACT };

	for (size_t i = 0; i < 2; i++) {
		struct case_file *c = settled(i ? "emptied.case" : "changed.case");
		struct contents known[TABLE_COUNT];
		struct err err = { 0 };

		assert_true(query_exec(case_db(c), "INSERT INTO fact(unit, item, class, count, lost) "
						   "VALUES(1, 1, 'x', 1, 0)", &err));
		case_digest_ahead(c);
		assert_true(query_exec(case_db(c), writes[i], &err));
		ahead_take(c, known);
		assert_true(known[tables[i]].rows == CONTENTS_UNKNOWN);
		assert_known(c, &known[TABLE_UNIT], "unit");
		case_close(c);
	}
}

TEST(ahead_that_nobody_takes_is_no_harm)
{
	struct case_file *c = settled("left.case");

	case_digest_ahead(c);
	case_digest_ahead(c);
	case_close(c);
}
