/*
 * Which of equal contents counts as the first depends on which examiner was
 * quicker. Settling exchanges places so that the first by source and path is
 * the one that was examined: the same evidence gives the same case.
 */
#include "case/recorder.h"

/* An exchange moves an examined item to an earlier place; nesting bounds how often. */
#define PASSES 64

/* What is inside item `of` goes with it to the place of `to`: the start of the path changes. */
#define RENAME(of, to) \
	"WITH RECURSIVE below(id) AS (SELECT id FROM item WHERE parent = " of " UNION " \
	"SELECT item.id FROM item JOIN below ON item.parent = below.id) " \
	"UPDATE item SET source = new.source, " \
	"path = new.path || substr(item.path, length(old.path) + 1), " \
	"path_raw = CASE WHEN item.path_raw IS NULL AND new.path_raw IS NULL THEN NULL " \
	"ELSE CAST(coalesce(new.path_raw, CAST(new.path AS BLOB)) || " \
	"substr(coalesce(item.path_raw, CAST(item.path AS BLOB)), " \
	"length(coalesce(old.path_raw, CAST(old.path AS BLOB))) + 1) AS BLOB) END " \
	"FROM place AS old, place AS new WHERE old.id = " of " AND new.id = " to " AND " \
	"item.id IN (SELECT id FROM below) AND " \
	"substr(item.path, 1, length(old.path)) = old.path"

enum step { STEP_STILL, STEP_REMEMBER, STEP_EXCHANGE, STEP_TRACES, STEP_RENAME,
	    STEP_RENAME_TWIN, STEP_FORGET, STEP_COUNT };

/* ?1 is the examined item, ?2 its earlier twin. */
static const char *const steps[STEP_COUNT] = {
	[STEP_STILL] = "SELECT 1 FROM item f, item d WHERE f.id = ?1 AND d.id = ?2 AND "
		       "d.same_as = f.id AND (d.source, d.path) < (f.source, f.path)",
	[STEP_REMEMBER] = "INSERT INTO place SELECT id, source, parent, path, path_raw, modified, "
			  "changed, accessed, created, mode FROM item WHERE id IN (?1, ?2)",
	[STEP_EXCHANGE] = "UPDATE item SET (source, parent, path, path_raw, modified, changed, "
			  "accessed, created, mode) = (SELECT source, parent, path, path_raw, "
			  "modified, changed, accessed, created, mode FROM place "
			  "WHERE place.id = ?1 + ?2 - item.id) WHERE id IN (?1, ?2)",
	/* What was told of a place stays with the place. */
	[STEP_TRACES] = "UPDATE trace SET item = ?1 + ?2 - item WHERE item IN (?1, ?2) AND of_place",
	[STEP_RENAME] = RENAME("?1", "?2"),
	[STEP_RENAME_TWIN] = RENAME("?2", "?1"),
	[STEP_FORGET] = "DELETE FROM place WHERE ?1 <> ?2",
};

static const char tables[] =
	"CREATE TEMP TABLE move(first INTEGER, twin INTEGER);"
	"CREATE TEMP TABLE place(id INTEGER PRIMARY KEY, source, parent, path, path_raw, modified, "
	"changed, accessed, created, mode)";

static const char find_moves[] =
	"DELETE FROM move; INSERT INTO move SELECT first, twin FROM (SELECT f.id AS first, "
	"d.id AS twin, row_number() OVER (PARTITION BY f.id ORDER BY d.source, d.path, d.id) AS n "
	"FROM item d JOIN item f ON f.id = d.same_as "
	"WHERE (d.source, d.path) < (f.source, f.path)) WHERE n = 1 ORDER BY first";

struct settle {
	struct case_file *c;
	sqlite3_stmt *steps[STEP_COUNT];
	uint64_t moved;
};

static bool run_step(struct settle *s, enum step step, sqlite3_stmt *move, bool *row,
		     struct err *err)
{
	sqlite3_stmt *statement = s->steps[step];
	bool ok;

	sqlite3_bind_value(statement, 1, sqlite3_column_value(move, 0));
	sqlite3_bind_value(statement, 2, sqlite3_column_value(move, 1));
	ok = query_step(statement, row, err);
	sqlite3_reset(statement);
	return ok;
}

/* An earlier exchange of this pass may have changed the order: then it waits for the next. */
static bool exchange(struct settle *s, sqlite3_stmt *move, struct err *err)
{
	bool row;

	if (!run_step(s, STEP_STILL, move, &row, err))
		return false;
	if (!row)
		return true;
	s->moved++;
	for (enum step step = STEP_REMEMBER; step < STEP_COUNT; step++)
		if (!run_step(s, step, move, &row, err))
			return false;
	return true;
}

static bool one_pass(struct settle *s, struct err *err)
{
	sqlite3_stmt *moves;
	bool row, ok = query_exec(s->c->db, find_moves, err) &&
		       query_prepare(s->c->db, "SELECT first, twin FROM move", &moves, err);

	if (!ok)
		return false;
	s->moved = 0;
	while (ok && (ok = query_step(moves, &row, err)) && row)
		ok = exchange(s, moves, err);
	sqlite3_finalize(moves);
	return ok;
}

static bool all_passes(struct settle *s, struct err *err)
{
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (!query_prepare(s->c->db, steps[i], &s->steps[i], err))
			return false;
	s->moved = 1;
	for (int pass = 0; pass < PASSES && s->moved; pass++)
		if (!one_pass(s, err))
			return false;
	return true;
}

bool case_settle(struct case_file *c, struct err *err)
{
	struct settle s = { .c = c };
	bool ok;

	if (c->is_settled)
		return true;
	if (!recorder_begin(c, err) || !recorder_exec(c, tables, err))
		return false;
	ok = all_passes(&s, err) || recorder_fail(c, "cannot settle the case", err);
	for (size_t i = 0; i < STEP_COUNT; i++)
		sqlite3_finalize(s.steps[i]);
	c->is_settled = ok && recorder_exec(c, "DROP TABLE move; DROP TABLE place", err);
	return c->is_settled;
}
