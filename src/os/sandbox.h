/*
 * sandbox: locks the calling process in, for good.
 *
 * After sandbox_enter a process may compute, read descriptors that it holds or
 * is handed over its command socket, and write to one pipe. It may not open,
 * create, change, execute, connect, signal, trace or fork; a try ends it with
 * SIGSYS, except for calls that libraries make by habit, which fail harmlessly.
 * Layers: no_new_privs, no capabilities, resource limits, Landlock (everything
 * denied, where the kernel has it), seccomp with default-deny. It locks the
 * calling thread: a process with more has each of them enter, once all are there.
 *
 * Writable shared memory cannot be made, nor made out of what was sealed: rule
 * images (os/image.h) stay read-only whatever happens in here.
 */
#ifndef KANSHIKI_OS_SANDBOX_H
#define KANSHIKI_OS_SANDBOX_H

#include "base/err.h"

struct sandbox_options {
	int commands;			/* the only descriptor for recvmsg */
	int records;			/* the only descriptor for write, */
	int also[2];			/* but for these, such as standard error; 0: none */
	bool writes_files;		/* one of them may be a file: its growth is not bounded */
	uint64_t memory_bytes;		/* private writable memory; 0: no bound */
	uint64_t cpu_seconds;		/* of the whole process; 0: no bound */
};

/* ERR_DENIED where the kernel has no seccomp filters. */
bool sandbox_available(struct err *err);
/* Landlock's ABI version, 0 where the kernel has none. */
int sandbox_landlock(void);
/* False: the process is not, or only partly, locked, and must not touch evidence. */
bool sandbox_enter(const struct sandbox_options *options, struct err *err);
/* The resource limits alone, for --no-sandbox. */
bool sandbox_limits(const struct sandbox_options *options, struct err *err);

#endif
