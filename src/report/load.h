/*
 * load: case file → report, in parts that share a few helpers.
 *
 * Every part reads rows of one kind and appends to the report. `items` and
 * `rules` map numbers of the case to indices of the report.
 */
#ifndef KANSHIKI_REPORT_LOAD_H
#define KANSHIKI_REPORT_LOAD_H

#include "base/map.h"
#include "case/query.h"
#include "report/report.h"

struct load {
	sqlite3 *db;
	struct report *report;
	struct arena *arena;		/* the report's */
	struct map items, rules;	/* 8-byte number → index + 1 */
	sqlite3_stmt *find_item;
	size_t item_room;
	bool is_brief;			/* only what a brief text shows */
	struct err *err;
};

/* Runs `sql` and calls `row` for each row, until one fails. */
typedef bool load_row_fn(struct load *load, sqlite3_stmt *row, void *context);
bool load_rows(struct load *load, const char *sql, load_row_fn *row, void *context);
/* A copy of a column that stays. */
struct span load_text(struct load *load, sqlite3_stmt *row, int column);
/* One more element of an array of the report; NULL: err is set. */
void *load_push(struct load *load, void *items, size_t *count, size_t *room, size_t size);
bool load_number(struct load *load, const char *sql, uint64_t *out);
/* The index of that item, read in if it is not there yet; REPORT_NO_ITEM for 0. */
bool load_item(struct load *load, uint64_t id, uint32_t *index);

bool load_findings(struct load *load, uint64_t most);	/* rules, findings, items of them */
bool load_copies(struct load *load);			/* after the findings: of their items */
bool load_answers(struct load *load);			/* after the findings */
bool load_coverage(struct load *load);
bool load_items(struct load *load);			/* fates, troubled items, events; in brief a number */
bool load_ledger(struct load *load);			/* what starts, programs, transfers */
bool load_facts(struct load *load);			/* rule sets, runs, custody */

#endif
