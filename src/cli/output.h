/*
 * output: a file that a command writes where the user said, beside evidence.
 *
 * What is there already is replaced, as of any tool's output, unless it is one of
 * the command's inputs or lies in a folder that is one: evidence is only read,
 * and a slip of the hand at night must not overwrite it. A block device is never
 * an output, nor is a case, new or old, though it were no input: it cannot be made
 * again. Half a document does not stay under its name (output_close); lines that were
 * written before a disk was full do, and the command says so and ends with 2.
 */
#ifndef KANSHIKI_CLI_OUTPUT_H
#define KANSHIKI_CLI_OUTPUT_H

#include <stdio.h>

#include "base/err.h"

/*
 * ERR_USAGE where writing `path` would change an input, ERR_IO where there is no such place or it
 * may not be written. Ask it before long work; NULL: allowed.
 */
bool output_allowed(const char *path, const char *const *inputs, size_t count, struct err *err);
/* Whether the file at `path` lies in a folder that is among the inputs. */
bool output_lies_in(const char *path, const char *const *inputs, size_t count);
/* A descriptor that is written from the beginning, or -1 with `err`. Asks output_allowed itself. */
int output_open(const char *path, const char *const *inputs, size_t count, struct err *err);
/* The same as a stream, for output_close. */
FILE *output_stream(const char *path, const char *const *inputs, size_t count, struct err *err);
/* `ok`: what was to be written was. Returns it, false too where closing fails. */
bool output_close(FILE *stream, const char *path, bool ok, struct err *err);

#endif
