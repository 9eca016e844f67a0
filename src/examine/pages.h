/*
 * pages: the file at hand as mapped memory, and what of it could not be read.
 *
 * A bad sector, or a file that became shorter meanwhile, is a SIGBUS where it is
 * touched. Zeros then stand for the page, so that the rest of the file is examined,
 * and how much that was is told with the item.
 */
#ifndef KANSHIKI_EXAMINE_PAGES_H
#define KANSHIKI_EXAMINE_PAGES_H

#include "base/span.h"

/* Once a process, before its sandbox. */
void pages_prepare(void);
/* One file at a time; an empty span: none. */
void pages_watch(struct span bytes);
/* Of the file being watched: bytes for which zeros stand. *first: the least of their offsets. */
uint64_t pages_lost(uint64_t *first);

#endif
