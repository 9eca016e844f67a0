/*
 * collect: what a Linux machine tells while it runs, in order of volatility:
 * processes, sockets, kernel; then, unless only that is wanted, sessions and logs,
 * what starts, settings, package databases, and executables in odd places.
 *
 * Read only. A process, file or link that is gone when its turn comes, or that may
 * not be read, costs a line in the manifest and nothing else. Private keys are
 * never taken; of the environment of processes only the names, and the values of
 * variables that load code (LD_*). docs/collect.md tells the list and the form of
 * what is put together ("proc/PID/kanshiki.process", read by artefact/live).
 */
#ifndef KANSHIKI_EVIDENCE_COLLECT_H
#define KANSHIKI_EVIDENCE_COLLECT_H

#include "evidence/collection.h"

struct collect_options {
	const char *root;		/* "/", or where another system is mounted */
	bool is_mounted;		/* the latter: nothing is taken of this running one */
	bool only_live;			/* processes, sockets, kernel, and no more */
	uint64_t file_bytes;		/* taken of one file */
	uint64_t total_bytes;		/* of all; then files are left out and told */
	uint64_t recent_seconds;	/* executables changed since are taken wherever they lie */
	uint64_t recent_bytes;		/* of these, then they are left out and told */
	uint64_t end;			/* as of collection_set_end(); 0: no end */
	/* Called now and then with the path at hand; false stops. May be NULL. */
	bool (*progress)(void *context, struct span path);
	void *context;
};

bool collect_live(struct collection *c, const struct collect_options *options, struct err *err);
bool collect_files(struct collection *c, const struct collect_options *options, struct err *err);

#endif
