/*
 * luks: volumes of LUKS, opened with a passphrase. (libluksde of Debian 12 overruns its
 * stack on keys of 64 bytes, which are the usual ones, and knows version 1 alone.) The
 * format: "LUKS On-Disk Format Specification" 1.2.3, and luks2.h.
 */
#ifndef KANSHIKI_DISK_LUKS_H
#define KANSHIKI_DISK_LUKS_H

#include "disk/library.h"
#include "disk/luks_volume.h"

/* What the content is encrypted with: opens the volume again without deriving anything. */
struct luks_key {
	uint32_t len;
	uint8_t bytes[LUKS_KEY_MOST];
};

/*
 * *used: the key that opened it. ERR_DENIED: no key opens it; ERR_UNSUPPORTED: a cipher or
 * a state that is not read; ERR_LIMIT: deriving its key takes more than is granted.
 */
struct blocks *luks_open(struct blocks *of, const struct library_key *keys, size_t count,
			 struct luks_key *used, struct err *err);
/* ERR_DENIED, and whether any key was given. */
void luks_no_key(const struct library_key *keys, size_t count, struct err *err);

#endif
