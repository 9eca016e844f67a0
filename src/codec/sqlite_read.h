/*
 * sqlite_read: an SQLite database of evidence, from memory and with its WAL.
 *
 * The library never sees a file: committed frames of the write-ahead log are put
 * into a copy of the database by us (salts and checksums checked), which is then
 * opened read-only in memory. Views, triggers and extensions are off, the schema
 * is not trusted, lengths, memory and steps are bounded. For the sandbox: whoever
 * decodes marks the item as risky.
 */
#ifndef KANSHIKI_CODEC_SQLITE_READ_H
#define KANSHIKI_CODEC_SQLITE_READ_H

#include "base/arena.h"
#include "base/err.h"

struct sqlite3;
struct sqlite3_stmt;

struct sqlite_read {
	struct sqlite3 *db;
	size_t frames;			/* of the WAL that were put in */
	size_t frames_left;		/* whole ones behind them: not committed, or of an earlier round */
	uint64_t steps;			/* left before a query is ended */
	bool is_over;			/* steps ran out */
};

struct sqlite_row {
	struct sqlite3_stmt *at;
};

/* `wal` may be empty. ERR_UNSUPPORTED: no database; ERR_LIMIT: no memory for a copy. */
bool sqlite_read_open(struct span file, struct span wal, struct arena *arena, struct sqlite_read *out,
		      struct err *err);
void sqlite_read_close(struct sqlite_read *r);	/* safe on a zeroed one */

/* Whether a table (no view) of that name is there. */
bool sqlite_read_has(struct sqlite_read *r, const char *table);
/*
 * Runs one SELECT, calling `each` for every row; false from it ends the query and
 * is no failure. ERR_UNSUPPORTED: the statement does not fit the schema.
 * ERR_CORRUPT: damaged: rows until there were given.
 */
bool sqlite_read_query(struct sqlite_read *r, const char *sql,
		       bool (*each)(void *context, const struct sqlite_row *row), void *context,
		       struct err *err);

/* Columns of a row: bytes live until the next row. NULL gives an empty span and 0. */
struct span sqlite_row_text(const struct sqlite_row *row, int column);
int64_t sqlite_row_number(const struct sqlite_row *row, int column);
bool sqlite_row_is_null(const struct sqlite_row *row, int column);

#endif
