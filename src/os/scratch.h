/* scratch: a file for what does not fit into memory. It has no name and ends with its descriptor. */
#ifndef KANSHIKI_OS_SCRATCH_H
#define KANSHIKI_OS_SCRATCH_H

#include "base/err.h"
#include "base/span.h"

/* In TMPDIR or /tmp, readable and writable by this user only; -1 and ERR_IO on failure. */
int scratch_open(struct err *err);
bool scratch_write(int fd, struct span bytes, struct err *err);
/* As much as there is from `at`, at most `len`. */
bool scratch_read(int fd, uint64_t at, void *to, size_t len, size_t *got, struct err *err);

#endif
