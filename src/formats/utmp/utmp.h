/*
 * utmp: records of utmp, wtmp and btmp, and of lastlog. Fields and sources:
 * docs/formats/utmp.md.
 *
 * The files have no header: the layout (size of a record, byte order) is the one
 * under which most records make sense. A record that makes none is told as bad
 * and passed over by its size.
 */
#ifndef KANSHIKI_FORMATS_UTMP_H
#define KANSHIKI_FORMATS_UTMP_H

#include "base/err.h"
#include "base/timestamp.h"

enum utmp_type { UTMP_EMPTY, UTMP_RUN_LEVEL, UTMP_BOOT, UTMP_NEW_TIME, UTMP_OLD_TIME, UTMP_INIT,
		 UTMP_LOGIN, UTMP_USER, UTMP_DEAD, UTMP_ACCOUNTING };

enum utmp_state { UTMP_GOOD, UTMP_ERASED, UTMP_BAD };	/* erased: all bytes are zero */

struct utmp_layout {
	uint32_t size;			/* of a record: 384, or 400 where time has 64 bits */
	bool big_endian;
};

struct utmp_record {
	enum utmp_state state;
	enum utmp_type type;
	int32_t pid, session;
	struct span line, id, user, host;	/* without the NULs behind; borrowed */
	timestamp time;
	uint8_t address[16];
	bool has_address, is_ipv6;
	uint64_t offset;
};

/* ERR_UNSUPPORTED where no layout makes sense of the first records. Empty files are 384, little. */
bool utmp_find_layout(struct span file, struct utmp_layout *out, struct err *err);
/* The record at *at, which moves on; false at the end or where less than a record is left. */
bool utmp_next(struct span file, const struct utmp_layout *layout, size_t *at,
	       struct utmp_record *out);

struct lastlog_record {
	uint32_t uid;
	timestamp time;
	struct span line, host;
};

/* The next user who ever came in, from *uid on (then *uid is the one behind). */
bool lastlog_next(struct span file, uint32_t *uid, struct lastlog_record *out);

/* pam_tally and login's list of failures: 32 bytes a user on 64-bit machines, 24 on others. */
struct faillog_record {
	uint32_t uid;
	timestamp time;			/* of the last failure */
	uint16_t count;
	struct span line;
};

/* `is_wide`: of a 64-bit machine. As lastlog_next. */
bool faillog_next(struct span file, bool is_wide, uint32_t *uid, struct faillog_record *out);
/* Whether times of users who failed make sense as those of a 64-bit machine. */
bool faillog_is_wide(struct span file);

#endif
