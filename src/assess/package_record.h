/*
 * package_record: what the times of dpkg's own files say.
 *
 * Of a package dpkg keeps PKG.list, which it writes when it unpacks the package, and
 * beside it PKG.md5sums and the maintainer's scripts, which keep the time at which the
 * package was built. So none of these is ever later than PKG.list, unless somebody wrote
 * it since. PKG.list itself can be touched; the package's own files were unpacked with it,
 * and the time of their last change is set by nobody but the file system. This speaks
 * against clumsiness, as the database itself does (docs/ledger.md).
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
	timestamp files_changed;	/* the first of its files; TIME_NONE: none was noted */
	bool has_list;
};

struct package_records {
	struct map by_stem;
	struct map by_package;		/* stems without the architecture, the first of each */
	struct package_record **list;	/* in the order of items */
	size_t count, room;
};

/* All records of the case; everything lives in `arena`. */
bool package_records_load(sqlite3 *db, struct arena *arena, struct package_records *out, struct err *err);
/* A file of that package was last changed then; `info` is "/mnt/x/var/lib/dpkg/info/coreutils". */
void package_records_note(struct package_records *all, struct span info, timestamp changed);
/* The record that a file of that path belongs to, "…/info/coreutils.postinst", or NULL. */
const struct package_record *package_record_of(const struct package_records *all, struct span path);
/* Whether a file of those times was written after its package was installed. */
bool package_record_is_later(const struct package_record *r, timestamp modified, timestamp changed);

#endif
