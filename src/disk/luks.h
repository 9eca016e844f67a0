/*
 * luks: volumes of LUKS version 1, opened with a passphrase. (libluksde of Debian 12
 * overruns its stack on keys of 64 bytes, which are the usual ones.) The format:
 * "LUKS On-Disk Format Specification" 1.2.3. Of version 2 only what it is is told.
 */
#ifndef KANSHIKI_DISK_LUKS_H
#define KANSHIKI_DISK_LUKS_H

#include "disk/library.h"

/* ERR_DENIED: no key opens it, version 2, or a cipher not read. */
struct blocks *luks_open(struct blocks *of, const struct library_key *keys, size_t count,
			 struct err *err);

#endif
