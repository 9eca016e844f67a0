/*
 * fence: reads what a command line names in a process that can do nothing else.
 *
 * The calling process walks and opens; its child, locked in (os/sandbox.h), is
 * handed one open file after the other and may only read them and write to the
 * descriptors that it was given. A child that breaks on hostile bytes ends the
 * reading and nothing else.
 */
#ifndef KANSHIKI_CLI_FENCE_H
#define KANSHIKI_CLI_FENCE_H

#include "base/err.h"
#include "base/span.h"

struct fence;

struct fence_options {
	int output;			/* what the child writes to, besides standard error, */
	int also;			/* and this; 0: nothing more */
	bool no_sandbox;		/* for kernels without seccomp: only a process of its own */
};

/* A file, or standard input as it comes. */
struct fence_place {
	const char *path;		/* until the next call; escaped by who shows it */
	int fd;				/* the caller's to close; -1: refused */
	uint64_t size;			/* of a regular file */
	bool is_stream;			/* cannot be read twice */
	bool is_named;			/* by the user, not found in a folder */
	bool is_link;			/* symbolic, inside a folder: not followed; fd is -1 */
	const char *reason;		/* why it was refused */
};

/* What the child does. It calls fence_enter before it asks for a place. */
typedef int fence_fn(void *context, struct fence *fence);

/*
 * Runs `inside` in the child and answers what it did in *code. False where a path
 * is not there, no process could be made, or the child ended by a signal, whose
 * number is then in *code, negative.
 */
bool fence_run(const struct fence_options *options, const char *const *paths, size_t count,
	       fence_fn *inside, void *context, int *code, struct err *err);

/*
 * Comes once and cannot be read from its start again: a pipe, also as standard
 * input. Standard input that is a file is read as one.
 */
bool fence_is_stream(const char *path);

/*
 * Locks the calling thread in, for good. All threads have to be there before the
 * first of them enters. What writes to standard output has filled its buffer's
 * place before (setvbuf).
 */
bool fence_enter(const struct fence *f, struct err *err);
/* False at the end, or where the walk failed (`err`). */
bool fence_next(struct fence *f, struct fence_place *out, struct err *err);

#endif
