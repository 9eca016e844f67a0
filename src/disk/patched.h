/*
 * patched: blocks over others of which some bytes are replaced by those given, for a library that
 * refuses all where one structure is damaged that can be made anew. Nothing is written.
 */
#ifndef KANSHIKI_DISK_PATCHED_H
#define KANSHIKI_DISK_PATCHED_H

#include "disk/blocks.h"

#define PATCHED_MOST 4096

struct patched;

/* `more` bytes of 0xff stand behind the end. `below` is borrowed. NULL: no memory. */
struct patched *patched_new(struct blocks *below, uint64_t more);
/* The bytes are copied; of two for the same place the later counts. False: no memory, or too many. */
bool patched_add(struct patched *p, uint64_t at, struct span bytes);
size_t patched_count(const struct patched *p);
/* To be read; blocks_close() frees it. */
struct blocks *patched_blocks(struct patched *p);

#endif
