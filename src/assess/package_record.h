/*
 * package_record: what the times of dpkg's own files say.
 *
 * Of a package dpkg keeps PKG.list, which it writes when it unpacks the package, and
 * beside it PKG.md5sums and the maintainer's scripts, which keep the time at which the
 * package was built. So none of these is ever later than PKG.list, unless somebody wrote
 * it since. Times can be set back: this speaks against clumsiness, as the database itself
 * does (docs/ledger.md).
 */
#ifndef KANSHIKI_ASSESS_PACKAGE_RECORD_H
#define KANSHIKI_ASSESS_PACKAGE_RECORD_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/timestamp.h"

struct package_record {
	struct span stem;		/* "/mnt/x/var/lib/dpkg/info/coreutils" */
	uint64_t sums_item;		/* of PKG.md5sums; 0: there is none */
	timestamp list_modified, list_changed, sums_modified, sums_changed;
	bool has_list;
};

struct package_records {
	struct map by_stem;
	struct package_record **list;	/* in the order of items */
	size_t count, room;
};

/* All records of the case; everything lives in `arena`. */
bool package_records_load(sqlite3 *db, struct arena *arena, struct package_records *out, struct err *err);
/* The record that a file of that path belongs to, "…/info/coreutils.postinst", or NULL. */
const struct package_record *package_record_of(const struct package_records *all, struct span path);
/* Whether a file of those times was written after its package was installed. */
bool package_record_is_later(const struct package_record *r, timestamp modified, timestamp changed);

#endif
