/*
 * scan_crew: workers that look at files which only their parent may open.
 *
 * The parent opens each target and hands the descriptor to a worker that has
 * locked itself in (os/sandbox): a worker reads what it is handed, writes its
 * results to one pipe, and can do nothing else. One that dies costs the target
 * it was at, which is told; the others it had been handed are given to its
 * successor. Results of a target are put out together.
 */
#ifndef KANSHIKI_CLI_SCAN_CREW_H
#define KANSHIKI_CLI_SCAN_CREW_H

#include "base/buf.h"
#include "base/err.h"

/* Where a worker's words go; both are emptied after each target. */
struct scan_voice {
	struct buf out, told;		/* standard output, standard error */
};

struct scan_crew {
	unsigned workers;
	size_t count;			/* of targets */
	bool no_sandbox;
	void *context;
	/* In a worker, before it is locked in; what goes wrong is told. */
	bool (*prepare)(void *context, struct scan_voice *voice);
	/* In a worker: the target's bytes are in `fd`, which is closed afterwards. */
	void (*scan)(void *context, size_t number, int fd, uint64_t size, struct scan_voice *voice);
	/* In a worker, when there is no more to do. */
	void (*finish)(void *context, struct scan_voice *voice);
	/* In the parent: a descriptor, or -1 where it cannot be had, which it tells itself. */
	int (*open)(void *context, size_t number, uint64_t *size);
	/* In the parent: no further targets are wanted. */
	bool (*enough)(void *context);
	/* In the parent: the worker at this target ended, as waitpid says. */
	void (*died)(void *context, size_t number, int status);
};

/* False where no worker could be started or made ready. */
bool scan_crew_run(const struct scan_crew *crew, struct err *err);

#endif
