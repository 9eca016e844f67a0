/*
 * claim: how long the file system in a volume says that it is, by its first structure, so that an
 * image which ends before it does is told. The formats: as in what reads each of them.
 */
#ifndef KANSHIKI_DISK_CLAIM_H
#define KANSHIKI_DISK_CLAIM_H

#include "disk/blocks.h"

/* Bytes; 0: it does not say. `kind` as fs_detect() has it. */
uint64_t claim_of(struct blocks *volume, const char *kind);

#endif
