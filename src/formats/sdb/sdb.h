/*
 * sdb: databases of compatibility fixes (.sdb), read from memory: which programs they mean
 * and what is done to those when they start. Format facts: docs/formats/sdb.md.
 *
 * A database is a tree of tags. Depth, number of tags and of fixes are bounded; a tag that
 * is longer than what it stands in ends that, and the database is then not whole.
 */
#ifndef KANSHIKI_FORMATS_SDB_SDB_H
#define KANSHIKI_FORMATS_SDB_SDB_H

#include "base/arena.h"
#include "base/err.h"

struct sdb_fix {
	struct span program;		/* name of the file, perhaps with stars */
	struct span application;	/* what the database calls it */
	struct span fix;		/* "InjectDll", "RedirectEXE", …; name of a patch */
	struct span command;		/* what the fix is given, or empty */
	bool is_patch;			/* of the program's code in memory */
};

/*
 * Calls `each` for each fix of each program; what it is given lives in the arena. False from
 * it ends the reading. ERR_UNSUPPORTED: no such database. *whole: nothing was cut or out of
 * bounds.
 */
bool sdb_fixes(struct span file, struct arena *arena, bool (*each)(void *context, const struct sdb_fix *fix),
	       void *context, bool *whole, struct err *err);

#endif
