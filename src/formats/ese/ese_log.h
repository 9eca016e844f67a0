/*
 * ese_log: the transaction logs of an ESE database (SRU0004E.log, edb00012.jtx),
 * format 8.4000 (Windows 8 and later): the changes to pages in the order in which
 * they were made. What is read and where it is known from: docs/formats/ese.md.
 *
 * Records are only cut apart and their common head is read here; what a change does
 * to a page is ese_replay's.
 */
#ifndef KANSHIKI_FORMATS_ESE_ESE_LOG_H
#define KANSHIKI_FORMATS_ESE_ESE_LOG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/timestamp.h"

#define ESE_SIGNATURE_SIZE 28
#define ESE_LOG_MAX_RECORD ((size_t)1 << 20)

/* What names of logs begin with: SRUM, WebCache, most others, user access logging, Windows search, mail, DHCP. */
#define ESE_LOG_BASES "SRU", "V01", "edb", "Svc", "MSS", "qmgr", "V16", "J50"

/* Those of which anything is done; the others only have a length. */
enum ese_change_type {
	ESE_MACRO_BEGIN = 11, ESE_MACRO_COMMIT, ESE_MACRO_ABORT,
	ESE_SPLIT = 27, ESE_MERGE, ESE_INSERT, ESE_FLAG_INSERT, ESE_FLAG_INSERT_AND_REPLACE,
	ESE_FLAG_DELETE, ESE_REPLACE, ESE_REPLACE_PARTS, ESE_DELETE,
	ESE_DELTA = 37, ESE_EXTERNAL_HEADER, ESE_UNDO, ESE_SPLIT_IMAGE = 62, ESE_MERGE_IMAGE,
	ESE_SCRUB, ESE_PAGE_MOVE, ESE_DELTA_64 = 93,
	ESE_CREATE_MULTIPLE = 24, ESE_CREATE_SINGLE, ESE_CONVERT, ESE_CONVERT_2 = 58,
};

enum { ESE_CHANGE_OF_SPACE = 8 };	/* of .flags: to the tree that keeps free pages */
#define ESE_NO_TIME UINT64_MAX		/* of .before: part of a macro, which has it */

struct ese_log {
	struct span file;
	uint32_t generation, segment, header_segments;
	timestamp created;
	struct span signature;		/* of the row of logs, ESE_SIGNATURE_SIZE bytes */
	bool is_damaged;		/* set while reading: a record that nobody knows */
};

/* One that changes a page, or a macro's begin and end (of which only .process and .time count). */
struct ese_change {
	uint8_t type;
	uint8_t database, flags;
	uint16_t process, line;
	uint32_t page, object;
	uint64_t time, before;		/* of the page after and before it */
	struct span record;		/* whole */
};

/* ERR_UNSUPPORTED: no log, or of a format that is not read. */
bool ese_log_open(struct span file, struct ese_log *out, struct err *err);

/*
 * Calls `each` for every change; false from it stops. Records that lie in fragments
 * are put together in `arena` and live as long as it.
 */
bool ese_log_changes(struct ese_log *log, struct arena *arena,
		     bool (*each)(void *context, const struct ese_change *change), void *context);

/* Eight bytes, as headers of databases and logs have them; TIME_NONE: not set. */
timestamp ese_log_time(struct span bytes);
/* Number that the log gives to the database of that signature; 0: none. */
uint8_t ese_log_database(const struct ese_log *log, struct span signature);

#endif
