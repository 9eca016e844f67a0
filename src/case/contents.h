/*
 * contents: what a table holds, as one number that anybody can compute.
 *
 * The SHA-256 of a text with one line a row: the columns as SQLite's quote()
 * writes them, joined by '|', in the order of id. docs/case-file.md shows the
 * same with sqlite3 and sha256sum.
 */
#ifndef KANSHIKI_CASE_CONTENTS_H
#define KANSHIKI_CASE_CONTENTS_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"
#include "codec/digest.h"

#define CONTENTS_UNKNOWN UINT64_MAX

struct contents {
	uint64_t rows;			/* or CONTENTS_UNKNOWN */
	uint8_t sha256[SHA256_SIZE];
};

/* Of the rows that `sql` selects, in their order. */
bool contents_of(sqlite3 *db, const char *sql, struct contents *out, struct err *err);
/* Of the schema, or of a table by name. */
bool contents_of_schema(sqlite3 *db, struct contents *out, struct err *err);
bool contents_of_table(sqlite3 *db, const char *table, struct contents *out, struct err *err);
/*
 * Facts of the custody entry "contents": JSON. What is `known` of tables, in the order of
 * schema_objects, is not made again. NULL: nothing is known.
 */
bool contents_facts(sqlite3 *db, const struct contents *known, struct buf *to, struct err *err);

/* As quote(): NULL, 42, 'it''s', X'00FF'. */
void contents_quote(struct buf *to, sqlite3_stmt *statement, int column);

#endif
