/*
 * assess_live: the sources of `assess --live`: what the running kernel tells, kept in
 * a zip beside the case, and the file systems that are mounted, one after the other.
 *
 * Nothing is parsed here: text of the kernel goes into the zip as it is, and is
 * decoded inside examiners like everything else.
 */
#ifndef KANSHIKI_CLI_ASSESS_LIVE_H
#define KANSHIKI_CLI_ASSESS_LIVE_H

#include "base/arena.h"
#include "base/err.h"

struct live_sources {
	struct arena arena;
	const char **paths;		/* the zip first; in the arena */
	size_t count, room;
};

/*
 * Collects into "CASE.live.zip" and lists sources: `given`, or without any all file
 * systems that hold files. Network file systems and the kernel's own are left out.
 */
bool assess_live_sources(const char *case_name, int given, char **argv, struct live_sources *out,
			 struct err *err);
void assess_live_free(struct live_sources *s);	/* NULL-safe */

#endif
