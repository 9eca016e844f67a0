/* read_only: a regular file's bytes from start to end, without a trace on it. */
#ifndef KANSHIKI_OS_READ_ONLY_H
#define KANSHIKI_OS_READ_ONLY_H

#include "base/err.h"
#include "base/span.h"

/* Gets each piece in order; borrowed during the call. */
typedef void read_only_fn(void *context, struct span piece);

/*
 * Links are not followed, the access time stays where that is allowed. ERR_IO:
 * is not there or cannot be read; ERR_UNSUPPORTED: not a regular file.
 */
bool read_only_each(const char *path, read_only_fn *piece, void *context, struct err *err);
bool read_only_is_folder(const char *path);

#endif
