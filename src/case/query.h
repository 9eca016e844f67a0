/*
 * query: the few lines around an SQL statement, once.
 *
 * Readers of a case (report, verdict, verify) take spans out of columns without
 * caring whether they are TEXT or BLOB (see case.h).
 */
#ifndef KANSHIKI_CASE_QUERY_H
#define KANSHIKI_CASE_QUERY_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/timestamp.h"

/* ERR_IO with SQLite's words; "disk full" for every way of being full. Returns false. */
bool query_failed(sqlite3 *db, const char *doing, struct err *err);
bool query_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct err *err);
bool query_exec(sqlite3 *db, const char *sql, struct err *err);
/* *row: there is one; false is failure. At the end: *row false, returns true. */
bool query_step(sqlite3_stmt *statement, bool *row, struct err *err);
/* Rows with `time` and `last` that reach into a period, bound as ?1 and ?2; NULL: all. */
#define QUERY_OF_PERIOD \
	"(time IS NULL OR ((last >= ?1 OR time >= ?1) AND time <= ?2))"
/* A sum of what evidence claims: sum() ends the statement where it overflows. 0 of none. */
#define QUERY_SUM(column) "CAST(total(" column ") AS INTEGER)"
void query_bind_period(sqlite3_stmt *statement, const struct period *period);
/* First column of the first row; `otherwise` where there is no row or it is NULL. */
bool query_int(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out, struct err *err);

/* Borrowed until the next step; empty for NULL. */
struct span query_span(sqlite3_stmt *statement, int column);
/* TIME_NONE for NULL. */
timestamp query_time(sqlite3_stmt *statement, int column);
/* `otherwise` for NULL. */
uint64_t query_u64(sqlite3_stmt *statement, int column, uint64_t otherwise);

#endif
