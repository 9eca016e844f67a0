/*
 * spawner: a small process that forks workers for us.
 *
 * Forked early, it keeps what the workers need (sealed rules) and nothing that
 * they must not have (keys, the case, evidence): that is why workers are forked
 * from it and not from us. It also is their parent, so it tells how they ended
 * and kills them without a race over process numbers. When we are gone, it ends,
 * and the workers with it.
 */
#ifndef KANSHIKI_OS_SPAWNER_H
#define KANSHIKI_OS_SPAWNER_H

#include <sys/types.h>

#include "base/err.h"

/*
 * What a worker runs, with its two descriptors; every other one is closed and
 * standard input, output and error are /dev/null. It exits when this returns.
 */
typedef void spawner_main_fn(void *context, int commands, int records);

struct spawner;

struct worker {
	pid_t pid;
	int commands;		/* channel to the worker, non-blocking */
	int records;		/* pipe from the worker, non-blocking */
};

struct worker_end {
	pid_t pid;
	int status;		/* as of waitpid */
	uint64_t cpu_ms;
	uint64_t peak_kib;	/* resident */
};

struct spawner *spawner_new(spawner_main_fn *main, void *context, struct err *err);
/* The caller closes the worker's descriptors. */
bool spawner_spawn(struct spawner *s, struct worker *out, struct err *err);
bool spawner_kill(struct spawner *s, pid_t pid, struct err *err);
/* Readable when a worker may have ended. */
int spawner_fd(const struct spawner *s);
/* The next worker that ended, without waiting; *any false: none now. */
bool spawner_ended(struct spawner *s, struct worker_end *out, bool *any, struct err *err);
/* Ends all workers, within a second; NULL-safe. */
void spawner_free(struct spawner *s);

#endif
