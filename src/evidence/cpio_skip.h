/*
 * cpio_skip: where an archive of cpio ends (the "new" format, cpio(5), as the Linux kernel
 * unpacks it).
 *
 * The kernel takes several archives that stand one after the other, packed or not, with zeros
 * between them, for one file system (Documentation/driver-api/early-userspace/buffer-format.rst);
 * readers of archives stop at the end of the first.
 */
#ifndef KANSHIKI_EVIDENCE_CPIO_SKIP_H
#define KANSHIKI_EVIDENCE_CPIO_SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads up to `len` bytes; fewer only at the end or where reading fails. */
typedef size_t cpio_read_fn(void *context, uint8_t *to, size_t len);

/* Reads as far as behind the last entry, "TRAILER!!!"; false where there is none. */
bool cpio_skip(cpio_read_fn *read, void *context);

#endif
