/*
 * scan_crew: workers that look at files which only their parent may open.
 *
 * The parent opens each target and hands it to a worker that has locked itself
 * in (os/sandbox): a small file as bytes in memory that both see (cli/scan_shelf),
 * which is less work than handing over a descriptor, any other as its descriptor.
 * A worker reads what it is handed, writes its results to one pipe, and can do
 * nothing else. One that dies costs the target it was at, which is told; the
 * others it had been handed are given to its successor. Results of a target are
 * put out together. Several workers get the largest files first, as far as the parent
 * has had time to look at sizes (base/turns).
 */
#ifndef KANSHIKI_CLI_SCAN_CREW_H
#define KANSHIKI_CLI_SCAN_CREW_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Where a worker's words go; both are emptied after each target. */
struct scan_voice {
	struct buf out, told;		/* standard output, standard error */
};

/* A target as a worker gets it. */
struct scan_item {
	const char *path;
	uint64_t size;
	int fd;				/* closed afterwards; -1: all of it is here: */
	struct span bytes;
};

struct scan_crew {
	unsigned workers;
	const size_t *count;		/* of targets; `open` may add to them */
	bool no_sandbox;
	void *context;
	/* In a worker, before it is locked in; what goes wrong is told. */
	bool (*prepare)(void *context, struct scan_voice *voice);
	/* In a worker. */
	void (*scan)(void *context, const struct scan_item *item, struct scan_voice *voice);
	/* In a worker, when there is no more to do. */
	void (*finish)(void *context, struct scan_voice *voice);
	/* In the parent: path and descriptor; -1 where it cannot be had, which it tells itself. */
	int (*open)(void *context, size_t number, const char **path, uint64_t *size);
	/* In the parent: about how many bytes a target has; 0: that is not known. */
	uint64_t (*size)(void *context, size_t number);
	/* In the parent: no further targets are wanted. */
	bool (*enough)(void *context);
	/* In the parent: the worker at this target ended, as waitpid says. */
	void (*died)(void *context, size_t number, int status);
};

/* False where no worker could be started or made ready. */
bool scan_crew_run(const struct scan_crew *crew, struct err *err);

#endif
