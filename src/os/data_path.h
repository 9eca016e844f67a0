/*
 * data_path: where the program's own data lies (starter rules, log sources).
 *
 * Searched in this order: $KANSHIKI_DATA; share/kanshiki beside the bin folder
 * of the program; the source tree that holds the build folder of the program.
 */
#ifndef KANSHIKI_OS_DATA_PATH_H
#define KANSHIKI_OS_DATA_PATH_H

#include "base/err.h"

#define DATA_PATH_MAX 4096

/* `name` is relative: "rules/sigma". ERR_IO where it is nowhere. */
bool data_path(const char *name, char out[DATA_PATH_MAX], struct err *err);

#endif
