/*
 * ese: databases of Windows' Extensible Storage Engine (SRUM, WebCache, BITS,
 * user access logging), format 0x620, page sizes 2 to 32 KiB. What is read and
 * where it is known from: docs/formats/ese.md.
 *
 * A database that was not shut down is read with what its transaction logs hold
 * beside it (ese_replay.h), else as it lies in the file. Checksums of the header
 * and of pages are not asked, so a dirty header is no obstacle; instead every page
 * is checked to belong to its table, and what does not counts as lost.
 */
#ifndef KANSHIKI_FORMATS_ESE_ESE_H
#define KANSHIKI_FORMATS_ESE_ESE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define ESE_MAX_TABLES 10000
#define ESE_MAX_COLUMNS 4000	/* of one table */
#define ESE_MAX_VALUE ((size_t)4 << 20)
#define ESE_NO_COLUMN SIZE_MAX

enum ese_type { ESE_BOOL = 1, ESE_U8, ESE_I16, ESE_I32, ESE_CURRENCY, ESE_FLOAT, ESE_DOUBLE,
		ESE_DATE, ESE_BINARY, ESE_TEXT, ESE_LONG_BINARY, ESE_LONG_TEXT, ESE_U32 = 14,
		ESE_I64, ESE_GUID, ESE_U16 };

struct ese_column {
	uint32_t id;			/* below 128 fixed, below 256 variable, else tagged */
	uint32_t type;			/* enum ese_type */
	uint32_t size;			/* of a fixed one */
	uint32_t offset;		/* of a fixed one in the record */
	bool is_wide;			/* text in UTF-16 */
	struct span name;
};

struct ese_table {
	struct span name;
	uint32_t id, root, long_root;	/* long_root 0: no long values */
	struct ese_column *columns;
	size_t column_count, column_room;
};

/* Files beside the database: the content of the one of that name. False: it is not there. */
struct ese_logs {
	bool (*find)(void *context, struct span name, struct span *bytes);
	void *context;
};

/* Of a database that was not shut down. */
struct ese_recovery {
	bool is_whole;			/* all that its logs hold is there; or it was shut down */
	uint32_t first, last;		/* numbers of the logs that it needs */
	uint32_t found, until;		/* how many were there, up to which number */
	uint64_t made, missed;		/* changes to pages: made, and not possible */
	uint64_t loose;			/* rows taken from a log because their page could not be made */
	timestamp whole_until;		/* what was done before is there in any case */
};

struct ese_replay;

struct ese {
	struct span file;
	struct arena *arena;		/* the caller's: catalog */
	uint32_t page_size, revision;
	bool is_dirty;			/* not shut down: newest changes may be in the logs only */
	struct ese_table *tables;
	size_t table_count, table_room;
	uint64_t lost;			/* pages that could not be read or belong elsewhere */
	struct ese_recovery recovery;
	struct ese_replay *replay;	/* NULL: nothing was replayed */
};

/* A record, valid during its call. */
struct ese_row {
	struct ese *db;
	const struct ese_table *table;
	struct span record;
	struct arena *arena;		/* emptied after the row */
};

/* `logs` may be NULL. ERR_UNSUPPORTED: no such database; ERR_CORRUPT: no catalog. */
bool ese_open(struct span file, const struct ese_logs *logs, struct arena *arena, struct ese *out, struct err *err);
const struct ese_table *ese_table_named(const struct ese *db, const char *name);
/* Index of the column of that name, or ESE_NO_COLUMN. */
size_t ese_column_named(const struct ese_table *table, const char *name);

/*
 * Calls `each` for every record that is not marked deleted; false from it stops.
 * `scratch` is emptied after each. Returns whether it came to the end.
 */
bool ese_rows(struct ese *db, const struct ese_table *table, struct arena *scratch,
	      bool (*each)(void *context, const struct ese_row *row), void *context);

/*
 * The bytes of a column: unpacked, long values put together, first of several
 * values. Empty: NULL or damaged.
 */
struct span ese_bytes(const struct ese_row *row, size_t column);
/* A number of any integer type; false: NULL or not a number. */
bool ese_number(const struct ese_row *row, size_t column, uint64_t *out);
/* Text in UTF-8, in the row's arena. */
struct span ese_text(const struct ese_row *row, size_t column);
/* A date column (OLE days) or an integer one that holds a FILETIME. TIME_NONE: NULL. */
timestamp ese_time(const struct ese_row *row, size_t column);

#endif
