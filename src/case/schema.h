/*
 * schema: the tables of a case file, version CASE_SCHEMA_VERSION, as docs/case-file.md tells them.
 *
 * The SQL below is stored by SQLite word for word, so that a case's schema can
 * be compared with it byte by byte.
 */
#ifndef KANSHIKI_CASE_SCHEMA_H
#define KANSHIKI_CASE_SCHEMA_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/span.h"

#define SCHEMA_APPLICATION_ID 0x6b6e736b	/* "knsk" */

struct schema_object {
	const char *type;	/* "table", "index", "view" */
	const char *name;
	const char *table;	/* the table it is of; a view's own name */
	const char *sql;
	bool sealed;		/* a table whose rows a seal's "contents" entry covers */
};

extern const struct schema_object schema_objects[];
extern const size_t schema_count;

bool schema_create(sqlite3 *db, struct err *err);
/* ERR_UNSUPPORTED: not a case, or of another version. */
bool schema_check_version(sqlite3 *db, struct err *err);
/* For those who read tables by name: ERR_UNSUPPORTED, naming one that is not as above. */
bool schema_check_tables(sqlite3 *db, struct err *err);
/* ERR_CORRUPT, naming it: something is there that should not be, lacks, or differs. */
bool schema_check_exact(sqlite3 *db, struct err *err);

#endif
