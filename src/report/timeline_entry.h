/* timeline_entry: one line of a time line, from its row to its text. Used by timeline.c. */
#ifndef KANSHIKI_REPORT_TIMELINE_ENTRY_H
#define KANSHIKI_REPORT_TIMELINE_ENTRY_H

#include <sqlite3.h>

#include "report/out.h"
#include "report/timeline.h"

/* In this order where times are equal. */
enum entry_kind { ENTRY_FILE, ENTRY_TRACE, ENTRY_EVENT, ENTRY_FINDING, ENTRY_KINDS };

struct entry {
	enum entry_kind kind;
	uint64_t id;			/* row of its table */
	timestamp time, original;	/* with and without the clock's offset */
	char meaning[32];		/* "modified, changed", where the row has no words for it */
	struct span source;		/* what the time is of and who says so */
	struct span what, host, user, zone;
	struct span item;		/* path in the case */
	struct span path, name, program, command, local, peer;
	struct span summary, technique, harm, level, detail;
	char words[400];		/* of a summary that is put together; the entry is not to be copied */
	uint64_t bytes_out, bytes_in, event_id, record, size, count;
	uint32_t mode;
	struct span sha256;
};

/* Of its four times these are the one at hand. */
enum entry_time { ENTRY_MODIFIED = 1, ENTRY_ACCESSED = 2, ENTRY_CHANGED = 4, ENTRY_CREATED = 8 };

/* Spans borrow from the file's, whose path is fit to show. */
void entry_of_file(struct entry *e, const struct timeline_file *file, unsigned times);
/* Of the other kinds; `q` stands on the row and spans borrow from it. is_end: its later time. */
void entry_read(struct entry *e, enum entry_kind kind, sqlite3_stmt *q, bool is_end);
bool entry_fits(const struct entry *e, const char *const *filters, size_t count);
/*
 * What comes behind time and meaning: of a file it is the same for each of its times, and can
 * be written while others still read. Not all forms have such a part.
 */
bool entry_has_rest(enum timeline_format format);
void entry_write_rest(struct buf *to, const struct entry *e, enum timeline_format format);
/* Time and meaning of the entry, and that rest behind them. */
void entry_write_with(struct buf *to, const struct entry *e, struct span rest,
		      enum timeline_format format);
void entry_write_head(struct buf *to, enum timeline_format format);
void entry_write(struct buf *to, const struct entry *e, enum timeline_format format);
/* A line of The Sleuth Kit's body file, version 3. */
void entry_write_body(struct buf *to, const struct timeline_file *file, uint64_t number,
		      int64_t clock_seconds);
timestamp timestamp_add(timestamp t, int64_t seconds);

#endif
