/* machine: which machine, which user and which clock this process has. */
#ifndef KANSHIKI_OS_MACHINE_H
#define KANSHIKI_OS_MACHINE_H

#include <stdint.h>

struct machine {
	char host[256];
	char user[256];			/* name, or "uid N" */
	char system[512];		/* kernel, release, version, architecture */
	char folder[4096];		/* the current one */
	char zone[64];			/* "JST" */
	int64_t utc_offset;		/* seconds east of UTC */
	uint64_t uid;
};

/* Never fails: what cannot be found out is "unknown" or 0. */
struct machine machine_here(void);

#endif
