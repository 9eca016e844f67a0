#include "case/recorder.h"

#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "os/room.h"

int64_t recorder_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * TIME_SECOND + now.tv_nsec;
}

/* A write that failed for a reason that SQLite did not keep: the file or its log may be full. */
static bool is_full(struct case_file *c)
{
	struct buf log = buf_new(8192);
	bool full;

	buf_printf(&log, "%s-wal", c->path);
	full = (sqlite3_extended_errcode(c->db) & 0xff) == SQLITE_IOERR &&
	       (room_is_short(c->path) || (log.at && room_is_short((const char *)log.at)));
	buf_free(&log);
	return full;
}

bool recorder_fail(struct case_file *c, const char *doing, struct err *err)
{
	struct err failure = { 0 };

	query_failed(c->db, doing, &failure);
	if (is_full(c))
		err_set(&failure, ERR_IO, ERR_NO_OFFSET, "%s: disk full", doing);
	if (failure.code != ERR_CORRUPT)
		failure.code = ERR_IO;
	if (!sqlite3_get_autocommit(c->db))
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
	c->in_batch = false;
	c->failure = failure;
	*err = failure;
	return false;
}

bool recorder_exec(struct case_file *c, const char *sql, struct err *err)
{
	if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return recorder_fail(c, "cannot write the case", err);
}

bool recorder_begin(struct case_file *c, struct err *err)
{
	if (c->failure.code != ERR_NONE) {
		*err = c->failure;
		return false;
	}
	if (!c->run)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case is open to read only");
	if (c->in_batch) {
		if (!sqlite3_get_autocommit(c->db))
			return true;
		return recorder_fail(c, "the transaction was lost", err);
	}
	if (!recorder_exec(c, "BEGIN IMMEDIATE", err))
		return false;
	c->in_batch = true;
	c->batch_rows = 0;
	c->batch_since = recorder_clock();
	return true;
}

bool recorder_commit(struct case_file *c, struct err *err)
{
	if (c->failure.code != ERR_NONE) {
		*err = c->failure;
		return false;
	}
	if (!c->in_batch)
		return true;
	if (!recorder_put_waiting(c, err) || !recorder_exec(c, "COMMIT", err))
		return false;
	c->in_batch = false;
	return true;
}

bool recorder_done(struct case_file *c, struct err *err)
{
	if (c->batch_rows < CASE_BATCH_ROWS && recorder_clock() - c->batch_since < TIME_SECOND)
		return true;
	return recorder_commit(c, err);
}

bool case_tick(struct case_file *c, struct err *err)
{
	return !c->in_batch || recorder_done(c, err);
}

bool case_sync(struct case_file *c, struct err *err)
{
	return recorder_commit(c, err);
}

struct open_unit *recorder_unit(struct case_file *c, uint64_t unit)
{
	for (size_t i = 0; i < c->unit_count; i++)
		if (c->units[i].id == unit)
			return &c->units[i];
	return NULL;
}

struct row row_begin(struct case_file *c, enum table table)
{
	struct row row = { .c = c, .statement = c->inserts[table], .table = table };

	row_int(&row, (int64_t)c->next[table]);
	return row;
}

struct row row_update(struct case_file *c, enum update update)
{
	return (struct row){ .c = c, .statement = c->updates[update], .table = TABLE_COUNT };
}

void row_int(struct row *row, int64_t n)
{
	sqlite3_bind_int64(row->statement, ++row->column, n);
}

void row_u64(struct row *row, uint64_t n, uint64_t none)
{
	if (n == none)
		row->column++;		/* as row_blob */
	else
		row_int(row, (int64_t)n);
}

void row_time(struct row *row, timestamp t)
{
	row_u64(row, (uint64_t)t, (uint64_t)TIME_NONE);
}

void row_blob(struct row *row, struct span bytes)
{
	row->column++;
	if (bytes.len > CASE_TEXT_MAX)
		row->refused = "a field is too long";
	/* Nothing is bound between rows, and that is NULL. */
	else if (bytes.len)
		sqlite3_bind_blob64(row->statement, row->column, bytes.at, bytes.len, SQLITE_STATIC);
}

void row_text(struct row *row, struct span evidence)
{
	if (evidence.len == 0 || evidence.len > CASE_TEXT_MAX || !utf8_is_text(evidence)) {
		row_blob(row, evidence);
		return;
	}
	sqlite3_bind_text64(row->statement, ++row->column, (const char *)evidence.at, evidence.len,
			    SQLITE_STATIC, SQLITE_UTF8);
}

void row_word(struct row *row, const char *word)
{
	sqlite3_bind_text(row->statement, ++row->column, word, -1, SQLITE_STATIC);
}

void row_path(struct row *row, struct span path, struct buf *room)
{
	if (path.len == 0)
		row->refused = "a path is empty";
	if (path.len <= CASE_PATH_MAX && utf8_is_text(path)) {
		row_text(row, path);
		row_blob(row, span_of(NULL, 0));
		return;
	}
	if (path.len > CASE_PATH_MAX)
		row->refused = "a path is too long";
	else
		utf8_add_text(room, path);
	row_text(row, buf_span(room));
	row_blob(row, path);
}

bool row_end(struct row *row, struct err *err)
{
	struct case_file *c = row->c;
	int code;

	if (row->refused) {
		sqlite3_clear_bindings(row->statement);
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "%s for the case file", row->refused);
	}
	code = sqlite3_step(row->statement);
	if (code != SQLITE_DONE) {
		recorder_fail(c, "cannot write the case", err);
		sqlite3_reset(row->statement);
		return false;
	}
	sqlite3_reset(row->statement);
	sqlite3_clear_bindings(row->statement);
	if (row->table == TABLE_ITEM || row->table == TABLE_COUNT)
		c->is_settled = false;
	if (row->table != TABLE_COUNT)
		c->next[row->table]++;
	c->batch_rows++;
	return true;
}
