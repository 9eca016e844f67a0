/*
 * luks2: volumes of LUKS version 2: either of its two headers, key slots of PBKDF2 and
 * Argon2, one encrypted segment. The format: "LUKS2 On-Disk Format Specification" 1.1.1.
 * Volumes that are being encrypted anew, or have integrity tags, are told and not opened.
 */
#ifndef KANSHIKI_DISK_LUKS2_H
#define KANSHIKI_DISK_LUKS2_H

#include "disk/luks.h"

/* As luks_open(). */
struct blocks *luks2_open(struct blocks *of, const struct library_key *keys, size_t count,
			  struct luks_key *used, struct err *err);
/* Where a copy of the header may stand when the first is gone. */
bool luks2_has_copy(struct blocks *of);

#endif
