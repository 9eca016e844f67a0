/*
 * names: every name and its times in the sources, without a case.
 *
 * A quick way for `timeline --names-only`: an examiner in its sandbox lists each
 * disk image, and what it tells goes on at once. Files that are no images are one
 * entry each. Content is not read.
 */
#ifndef KANSHIKI_ASSESS_NAMES_H
#define KANSHIKI_ASSESS_NAMES_H

#include "base/buf.h"
#include "base/err.h"
#include "base/timestamp.h"
#include "examine/limits.h"

struct names_entry {
	size_t source;			/* index */
	struct span path;		/* raw; borrowed during the call */
	uint64_t size;			/* UINT64_MAX: not known */
	timestamp modified, changed, accessed, created;
	uint32_t mode;
};

struct names_options {
	const char *const *sources;
	size_t source_count;
	struct examine_limits limits;
	bool no_sandbox;
	/* False ends the reading, with `err` filled. */
	bool (*entry)(void *context, const struct names_entry *entry, struct err *err);
	/* What could not be read, and why; a line without its end. */
	void (*told)(void *context, struct span line);
	void *context;
};

/* False: nothing more could be read at all; what was told until then stands. */
bool names_read(const struct names_options *options, struct err *err);

#endif
