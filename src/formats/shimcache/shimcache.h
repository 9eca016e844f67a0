/*
 * shimcache: the value AppCompatCache, in every form from Windows XP (32 bits) to 11:
 * programs that the application-compatibility cache has seen, newest first. Facts:
 * docs/formats/shimcache.md.
 */
#ifndef KANSHIKI_FORMATS_SHIMCACHE_SHIMCACHE_H
#define KANSHIKI_FORMATS_SHIMCACHE_SHIMCACHE_H

#include "base/err.h"
#include "base/timestamp.h"

struct shimcache_entry {
	struct span path;		/* UTF-16LE */
	timestamp modified;		/* of the file, when it was entered */
	timestamp updated;		/* of the entry: XP only */
	uint64_t size;			/* of the file, or UINT64_MAX */
	bool is_flagged;		/* Vista to 8.1: entered when it was started */
};

enum shimcache_form { SHIMCACHE_XP, SHIMCACHE_2003_32, SHIMCACHE_2003_64, SHIMCACHE_7_32, SHIMCACHE_7_64,
		      SHIMCACHE_8, SHIMCACHE_10 };

struct shimcache {
	struct span bytes;
	enum shimcache_form form;
	struct cursor at;
	uint32_t left;			/* entries that the header promises and were not read */
};

/* ERR_UNSUPPORTED: a form that nobody knows. */
bool shimcache_open(struct shimcache *out, struct span value, struct err *err);
/* False at the end; then `left` tells how many entries could not be read. */
bool shimcache_next(struct shimcache *s, struct shimcache_entry *out);

#endif
