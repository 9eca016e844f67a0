/* windows_database: SQLite databases of programs, with the write-ahead log beside them. */
#ifndef KANSHIKI_ARTEFACT_WINDOWS_DATABASE_H
#define KANSHIKI_ARTEFACT_WINDOWS_DATABASE_H

#include "artefact/artefact.h"
#include "codec/sqlite_read.h"

/* sqlite_read_open() with "NAME-wal" from beside the item. */
bool database_open(const struct artefact *a, struct sqlite_read *db, struct err *err);

/* A query and who takes its rows; false from `each`: enough of this query. */
struct database_query {
	const char *sql;
	bool (*each)(void *context, const struct sqlite_row *row);
};
/*
 * Opens, and asks where `table` is there (else ERR_UNSUPPORTED): `count` queries with one
 * context. A query whose tables this version has not is passed over; where none fits, and
 * damage, is told by short_of.
 */
bool database_ask(const struct artefact *a, const char *table, const struct database_query *queries, size_t count,
		  void *context, struct err *err);

#endif
