/* What a resumed run begins with, and what a run ends with: see case.h. */
#include "case/recorder.h"

#include <stdio.h>

#include "codec/json_write.h"

/*
 * Units that do not count: unfinished ones, and those with duplicates of an
 * item in such a unit (or of one that is gone), until nothing more falls.
 */
static bool find_unfinished(struct case_file *c, struct err *err)
{
	if (!recorder_exec(c, "CREATE TEMP TABLE redo(id INTEGER PRIMARY KEY);"
			      "INSERT INTO redo SELECT id FROM unit WHERE done = 0", err))
		return false;
	do {
		if (!recorder_exec(c, "INSERT OR IGNORE INTO redo SELECT d.unit FROM item d "
				      "LEFT JOIN item f ON f.id = d.same_as "
				      "WHERE d.same_as IS NOT NULL AND "
				      "(f.id IS NULL OR f.unit IN (SELECT id FROM redo))", err))
			return false;
	} while (sqlite3_changes(c->db) > 0);
	return true;
}

bool resume_remove_unfinished(struct case_file *c, uint64_t *redone, struct err *err)
{
	static const char *const of_unit[] = { "item", "finding", "event", "fact", "trace" };
	int64_t count;

	if (!find_unfinished(c, err) ||
	    !query_int(c->db, "SELECT count(*) FROM redo", 0, &count, err))
		return false;
	for (size_t i = 0; i < sizeof of_unit / sizeof *of_unit; i++) {
		char sql[96];

		snprintf(sql, sizeof sql, "DELETE FROM %s WHERE unit IN (SELECT id FROM redo)",
			 of_unit[i]);
		if (!recorder_exec(c, sql, err))
			return false;
	}
	*redone = (uint64_t)count;
	return recorder_exec(c, "DELETE FROM unit WHERE id IN (SELECT id FROM redo);"
				"DROP TABLE redo;"
				"UPDATE run SET outcome = 'interrupted', reason = 'ended without a word' "
				"WHERE outcome = 'running'", err);
}

static bool all_done(struct case_file *c, struct err *err)
{
	int64_t open_units;

	if (!query_int(c->db, "SELECT count(*) FROM unit WHERE done = 0", 0, &open_units, err))
		return recorder_fail(c, "cannot read the case", err);
	return open_units == 0 || err_set(err, ERR_USAGE, ERR_NO_OFFSET,
					  "%lld top-level items are not finished",
					  (long long)open_units);
}

static bool end_row(struct case_file *c, const char *outcome, struct span reason, struct err *err)
{
	struct row row = row_update(c, UPDATE_RUN_END);

	row_time(&row, timestamp_now());
	row_word(&row, outcome);
	row_text(&row, reason);
	row_u64(&row, c->run, 0);
	return row_end(&row, err);
}

static bool count_items(struct case_file *c, struct json_write *w, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT fate, count(*) FROM item GROUP BY fate ORDER BY 1",
				     &s, err);

	json_key(w, "items");
	json_object(w);
	while (ok && (ok = query_step(s, &row, err)) && row) {
		struct span fate = query_span(s, 0);

		json_key_span(w, fate.len ? fate : SPAN("unfinished"));
		json_u64(w, query_u64(s, 1, 0));
	}
	json_object_end(w);
	sqlite3_finalize(s);
	return ok || recorder_fail(c, "cannot read the case", err);
}

static bool add_ended(struct case_file *c, const char *outcome, struct span reason, struct err *err)
{
	struct buf facts = buf_new(CASE_TEXT_MAX);
	struct json_write w = json_write_to(&facts);
	bool ok;

	json_object(&w);
	json_key(&w, "outcome");
	json_text(&w, outcome);
	if (reason.len) {
		json_key(&w, "reason");
		json_span(&w, reason);
	}
	ok = count_items(c, &w, err);
	json_object_end(&w);
	ok = ok && custody_add(c, "ended", buf_span(&facts), err);
	buf_free(&facts);
	return ok;
}

/* So that a reader need not ask which rows count. */
static bool drop_unfinished(struct case_file *c, struct err *err)
{
	uint64_t redone;

	c->waiting.unit = 0;
	while (c->unit_count)
		buf_free(&c->units[--c->unit_count].acquired);
	return resume_remove_unfinished(c, &redone, err);
}

bool case_end(struct case_file *c, const char *outcome, struct span reason, struct err *err)
{
	bool completed = !strcmp(outcome, "completed");

	if (!completed && reason.len == 0)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "an end before time needs a reason");
	if (!recorder_begin(c, err) ||
	    !(completed ? all_done(c, err) && case_settle(c, err) : drop_unfinished(c, err)))
		return false;
	return recorder_exec(c, "DELETE FROM rule WHERE id NOT IN (SELECT rule FROM finding)", err) &&
	       end_row(c, outcome, reason, err) && add_ended(c, outcome, reason, err) &&
	       recorder_commit(c, err);
}
