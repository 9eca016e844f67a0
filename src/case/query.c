#include "case/query.h"

#include <errno.h>

static bool is_full(int extended, int system)
{
	return (extended & 0xff) == SQLITE_FULL ||
	       ((extended & 0xff) == SQLITE_IOERR &&
		(system == ENOSPC || system == EDQUOT || system == EFBIG));
}

bool query_failed(sqlite3 *db, const char *doing, struct err *err)
{
	int code = sqlite3_extended_errcode(db), system = sqlite3_system_errno(db);

	if (is_full(code, system))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: disk full", doing);
	if ((code & 0xff) == SQLITE_BUSY)
		return err_set(err, ERR_IO, ERR_NO_OFFSET,
			       "%s: another kanshiki is writing this case", doing);
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "%s: the database is damaged", doing);
	return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s: %s (%d%s%s)", doing, sqlite3_errmsg(db), code,
		       system ? ", " : "", system ? err_number_text(system) : "");
}

bool query_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct err *err)
{
	*out = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, out, NULL) == SQLITE_OK)
		return true;
	return query_failed(db, "cannot read the case", err);
}

bool query_exec(sqlite3 *db, const char *sql, struct err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return query_failed(db, "cannot write the case", err);
}

bool query_step(sqlite3_stmt *statement, bool *row, struct err *err)
{
	int code = sqlite3_step(statement);

	*row = code == SQLITE_ROW;
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return true;
	return query_failed(sqlite3_db_handle(statement), "cannot read the case", err);
}

bool query_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out, struct err *err)
{
	sqlite3_stmt *statement;
	bool row, ok = query_prepare(db, sql, &statement, err) && query_step(statement, &row, err);

	*out = otherwise;
	if (ok && row && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return ok;
}

struct span query_span(sqlite3_stmt *statement, int column)
{
	/* The pointer first, then its length: SQLite's order for both to fit. Of NULL both are. */
	const void *at = sqlite3_column_blob(statement, column);

	return span_of(at, at ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

timestamp query_time(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return TIME_NONE;
	return sqlite3_column_int64(statement, column);
}

uint64_t query_u64(sqlite3_stmt *statement, int column, uint64_t otherwise)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return otherwise;
	return (uint64_t)sqlite3_column_int64(statement, column);
}

void query_bind_period(sqlite3_stmt *statement, const struct period *period)
{
	bool has_since = period && period->since != TIME_NONE;
	bool has_until = period && period->until != TIME_NONE;

	sqlite3_bind_int64(statement, 1, has_since ? period->since : INT64_MIN);
	sqlite3_bind_int64(statement, 2, has_until ? period->until : INT64_MAX);
}
