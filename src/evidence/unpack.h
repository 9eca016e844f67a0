/*
 * unpack: the members of an archive, one after the other, into bounded memory.
 *
 * Whatever libarchive reads, chosen by content: zip, 7z, tar, cpio, cab, ar, iso,
 * rar, xar, lha, each behind any filter, and a single compressed file as an
 * archive of one member. Nothing is ever written to disk; member names are only
 * names. Runs inside the sandbox: unpack_prepare beforehand loads what would
 * need files later.
 */
#ifndef KANSHIKI_EVIDENCE_UNPACK_H
#define KANSHIKI_EVIDENCE_UNPACK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/marks.h"
#include "base/timestamp.h"

enum unpack_kind { UNPACK_FILE, UNPACK_FOLDER, UNPACK_LINK, UNPACK_SPECIAL };

struct unpack_member {
	enum unpack_kind kind;
	struct span path;		/* as stored: raw bytes, perhaps "../x"; until the next call */
	struct span target;		/* of a link */
	uint64_t size;			/* as stated, or UINT64_MAX */
	timestamp modified, accessed, changed, created;
	uint32_t mode;
	struct marks marks;		/* where the archive has them */
	bool is_encrypted;
};

enum unpack_step { UNPACK_MEMBER, UNPACK_END, UNPACK_FAILED };

struct unpack;

/* Loads locale, time zone and tables. Once, before the sandbox. */
void unpack_prepare(void);

/*
 * `name` is the archive's own (for the member of a single compressed file);
 * `bytes` and `name` are borrowed until _free. NULL: not an archive after all
 * (ERR_UNSUPPORTED), its list of members is encrypted (ERR_DENIED), damaged, no memory.
 */
struct unpack *unpack_open(struct span bytes, struct span name, struct err *err);
/*
 * The next member. Failure (`err`) may be of one member: *more tells whether it
 * makes sense to go on.
 */
enum unpack_step unpack_next(struct unpack *u, struct unpack_member *out, bool *more,
			     struct err *err);
/*
 * Appends the next piece of the member's content. *end: there is no more. A
 * piece is at most 1 MiB. ERR_DENIED: encrypted; ERR_CORRUPT: damaged from here.
 */
bool unpack_read(struct unpack *u, struct buf *to, bool *end, struct err *err);
void unpack_free(struct unpack *u);	/* NULL-safe */
/* "tar (gzip)"; static or until _free. Known after the first member. */
struct span unpack_format(struct unpack *u);

#endif
