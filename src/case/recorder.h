/*
 * recorder: rows, batches and the sticky failure beneath case.h.
 *
 * A public call that writes has the shape
 *
 *     if (!recorder_begin(c, err))
 *             return false;
 *     struct row row = row_begin(c, TABLE_EVENT);
 *     row_u64(&row, …); row_text(&row, …);        in the order of the schema
 *     return row_end(&row, err) && recorder_done(c, err);
 *
 * recorder_done makes the batch durable when it is full or old; so what one
 * call writes is never torn. After any failure of the storage SQLite may have
 * rolled back by itself, and a later insert would run outside a transaction:
 * recorder_fail rolls back and sticks, recorder_begin refuses from then on.
 */
#ifndef KANSHIKI_CASE_RECORDER_H
#define KANSHIKI_CASE_RECORDER_H

#include <sqlite3.h>

#include "base/map.h"
#include "case/case.h"
#include "case/query.h"

/* In the order of schema_objects. */
enum table { TABLE_META, TABLE_RUN, TABLE_SOURCE, TABLE_UNIT, TABLE_ITEM, TABLE_RULE,
	     TABLE_FINDING, TABLE_EVENT, TABLE_FACT, TABLE_TRACE, TABLE_RULE_SET, TABLE_PROBLEM, TABLE_ANSWER,
	     TABLE_ANSWER_FINDING, TABLE_ANSWER_COVERAGE, TABLE_PROGRAM, TABLE_START,
	     TABLE_CUSTODY, TABLE_CHECKPOINT,
	     TABLE_COUNT };

enum update { UPDATE_CLAIM, UPDATE_END_ITEM, UPDATE_SHORTEN, UPDATE_UNIT_DONE, UPDATE_RUN_END, UPDATE_TOKEN,
	      FIND_UNIT, FIND_CONTENT, UPDATE_COUNT };

/* Pages of the write-ahead log after which it is written into the case. */
#define RECORDER_CHECKPOINT "4000"

struct open_unit {
	uint64_t id;
	uint64_t items, open_items;
	struct buf acquired;		/* JSON facts of its top-level item, or empty */
	uint64_t top;			/* that item */
};

/*
 * The item added last has no row yet: most end before anything is inside them, and one
 * insertion then costs half of an insertion and an update. It has the number that comes next.
 */
struct waiting_item {
	uint64_t unit;			/* 0: none waits */
	struct case_item item;		/* its path is not valid, but: */
	struct buf path;
};

struct case_file {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *inserts[TABLE_COUNT];
	sqlite3_stmt *updates[UPDATE_COUNT];
	uint64_t next[TABLE_COUNT];	/* the id that the next row gets */
	uint64_t restarts;		/* units that were taken back */
	uint64_t run;			/* of this process; 0 when read-only */
	bool in_batch;
	uint64_t batch_rows;
	int64_t batch_since;		/* monotonic nanoseconds */
	struct err failure;		/* .code ERR_NONE while all is well */
	struct open_unit *units;
	size_t unit_count, unit_room;
	struct waiting_item waiting;
	struct ahead *ahead;		/* digests of tables that are being made already, or NULL */
	bool is_settled;		/* no item was added or changed since case_settle */
	struct arena arena;		/* of the rule map */
	struct map *rules;		/* all columns → id */
	struct buf rule_key;
};

bool recorder_begin(struct case_file *c, struct err *err);
bool recorder_done(struct case_file *c, struct err *err);
bool recorder_commit(struct case_file *c, struct err *err);
/* Rolls back, sticks, returns false. */
bool recorder_fail(struct case_file *c, const char *doing, struct err *err);
bool recorder_exec(struct case_file *c, const char *sql, struct err *err);

struct row {
	struct case_file *c;
	sqlite3_stmt *statement;
	enum table table;		/* TABLE_COUNT for an update */
	int column;
	const char *refused;		/* why the caller's values cannot be stored */
};

/* Binds the next id of the table as first column. */
struct row row_begin(struct case_file *c, enum table table);
/* For an update the values are ?1, ?2, … of the statement. */
struct row row_update(struct case_file *c, enum update update);
void row_int(struct row *row, int64_t n);
void row_u64(struct row *row, uint64_t n, uint64_t none);	/* NULL where n == none */
void row_time(struct row *row, timestamp t);
void row_text(struct row *row, struct span evidence);	/* borrowed until row_end */
void row_word(struct row *row, const char *word);	/* ours, clean */
void row_blob(struct row *row, struct span bytes);
/* Two columns: the path to show and, where it was not clean, its bytes. `room` holds the first. */
void row_path(struct row *row, struct span path, struct buf *room);
bool row_end(struct row *row, struct err *err);

int64_t recorder_clock(void);

struct open_unit *recorder_unit(struct case_file *c, uint64_t unit);

/* unit.c: the waiting item as a row, within the batch. */
bool recorder_put_waiting(struct case_file *c, struct err *err);

/*
 * ahead.c: what the helper of case_digest_ahead says of tables that nothing was written to
 * since, CONTENTS_UNKNOWN of all others; ends it. Where it failed, nothing is known.
 */
struct contents;
void ahead_take(struct case_file *c, struct contents *known);	/* of TABLE_COUNT tables */
void ahead_drop(struct case_file *c);	/* nobody wants it any more; does nothing where there is none */

/* custody.c: appends the entry within the batch. */
bool custody_add(struct case_file *c, const char *kind, struct span facts, struct err *err);
/* content.c: the rules that an earlier run met. */
bool rules_load(struct case_file *c, struct err *err);
/* resume.c: within the batch; how many units are to be done again. */
bool resume_remove_unfinished(struct case_file *c, uint64_t *redone, struct err *err);

#endif
