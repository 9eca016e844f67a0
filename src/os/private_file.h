/*
 * private_file: small files that are one user's own affair (mode 0600).
 *
 * Links are not followed; a write is a whole new file or nothing.
 */
#ifndef KANSHIKI_OS_PRIVATE_FILE_H
#define KANSHIKI_OS_PRIVATE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* A new empty file; ERR_USAGE where something has that name already. */
bool private_file_create(const char *path, struct err *err);
/* A new file with this content, on disk when it returns; ERR_USAGE where the name is taken. */
bool private_file_write(const char *path, struct span content, struct err *err);
/* Appends a whole file to `to`; ERR_LIMIT where it does not fit under the buf's cap. */
bool private_file_read(const char *path, struct buf *to, struct err *err);
/* As read; ERR_DENIED where others than the owner may read it. */
bool private_file_read_secret(const char *path, struct buf *to, struct err *err);
bool private_file_exists(const char *path);
void private_file_remove(const char *path);

/* $XDG_CONFIG_HOME/kanshiki or ~/.config/kanshiki, made 0700 if `make`. Caller frees; NULL if none. */
char *private_config_dir(bool make);

#endif
