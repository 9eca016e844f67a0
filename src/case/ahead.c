/*
 * What a seal says of the large tables takes as long as reading them. They are whole before
 * the ledger is written; so another process reads them meanwhile. It reads the case file as
 * such: all of the log is written into it before, and none while that process is at work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "case/contents.h"
#include "case/recorder.h"
#include "case/schema.h"
#include "os/helper.h"

#define SECONDS 3600	/* more than anybody waits for */

static const enum table tables[] = { TABLE_UNIT, TABLE_ITEM, TABLE_EVENT, TABLE_FACT, TABLE_TRACE };
#define COUNT (sizeof tables / sizeof *tables)

struct ahead {
	struct helper *helper;
	bool is_touched[COUNT];
};

/* ---- in the helper ---- */

/* That nothing changes the file is promised with its name: then neither locks nor the log are asked for. */
static void add_uri(struct buf *to, const char *path)
{
	buf_text(to, *path == '/' ? "file://" : "file:");
	for (const char *at = path; *at; at++) {
		uint8_t c = (uint8_t)*at;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
				c == '.' || c == '-' || c == '_';

		buf_printf(to, is_plain ? "%c" : "%%%02X", c);
	}
	buf_text(to, "?immutable=1");
}

static bool digest_tables(void *context, struct buf *answer, struct err *err)
{
	struct buf uri = buf_new(CASE_TEXT_MAX);
	struct contents found;
	sqlite3 *db = NULL;
	bool ok;

	add_uri(&uri, context);
	ok = !uri.overflow &&
	     sqlite3_open_v2((const char *)uri.at, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
			     NULL) == SQLITE_OK;
	if (!ok)
		err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot open the case once more");
	for (size_t i = 0; ok && i < COUNT; i++)
		ok = contents_of_table(db, schema_objects[tables[i]].name, &found, err) &&
		     buf_add(answer, span_of(&found, sizeof found));
	sqlite3_close(db);
	buf_free(&uri);
	return ok;
}

/* ---- in the run ---- */

static void note_touched(void *context, int what, const char *db, const char *table, sqlite3_int64 row)
{
	struct ahead *a = context;

	for (size_t i = 0; i < COUNT; i++)
		a->is_touched[i] |= !strcmp(table, schema_objects[tables[i]].name);
}

static bool empty_log(struct case_file *c)
{
	struct err ignored;
	int64_t is_busy;

	return recorder_commit(c, &ignored) && query_int(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", 1, &is_busy, &ignored) &&
	       !is_busy && query_exec(c->db, "PRAGMA wal_autocheckpoint = 0", &ignored);
}

void case_digest_ahead(struct case_file *c)
{
	struct err ignored;

	ahead_drop(c);
	c->ahead = calloc(1, sizeof *c->ahead);
	if (!c->ahead)
		return;
	if (empty_log(c))
		c->ahead->helper = helper_start(digest_tables, c->path, &ignored);
	if (c->ahead->helper)
		sqlite3_update_hook(c->db, note_touched, c->ahead);
	else
		ahead_drop(c);
}

static void end(struct case_file *c, unsigned seconds, struct buf *answer)
{
	struct err ignored;

	sqlite3_update_hook(c->db, NULL, NULL);
	helper_finish(c->ahead->helper, seconds, answer, &ignored);
	free(c->ahead);
	c->ahead = NULL;
	query_exec(c->db, "PRAGMA wal_autocheckpoint = " RECORDER_CHECKPOINT, &ignored);
}

void ahead_drop(struct case_file *c)
{
	struct buf answer = buf_new(HELPER_ANSWER_MAX);

	if (c->ahead)
		end(c, 0, &answer);
	buf_free(&answer);
}

/* What empties a table at once is not told row by row. */
static bool has_rows(struct case_file *c, enum table table, uint64_t rows)
{
	struct err ignored;
	char sql[96];
	int64_t n;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", schema_objects[table].name);
	return query_int(c->db, sql, 0, &n, &ignored) && (uint64_t)n == rows;
}

void ahead_take(struct case_file *c, struct contents *known)
{
	struct buf answer = buf_new(HELPER_ANSWER_MAX);
	struct ahead seen = { 0 };

	for (size_t i = 0; i < TABLE_COUNT; i++)
		known[i].rows = CONTENTS_UNKNOWN;
	if (c->ahead) {
		seen = *c->ahead;
		end(c, SECONDS, &answer);
	}
	for (size_t i = 0; i < COUNT && answer.len == COUNT * sizeof *known; i++) {
		struct contents found;

		memcpy(&found, answer.at + i * sizeof found, sizeof found);
		if (!seen.is_touched[i] && has_rows(c, tables[i], found.rows))
			known[tables[i]] = found;
	}
	buf_free(&answer);
}
