/*
 * wof: files that Windows compressed as a whole (`compact /exe`, CompactOS): their content stands
 * in a stream of its own, WofCompressedData, in chunks, and the file itself holds a hole of its
 * size. XPRESS in chunks of 4, 8 and 16 KiB is read; LZX is told. Microsoft's wofapi.h has the
 * point that marks them; chunks are as in a WIM file.
 */
#ifndef KANSHIKI_DISK_WOF_H
#define KANSHIKI_DISK_WOF_H

#include "base/buf.h"
#include "base/err.h"

#define WOF_STREAM "WofCompressedData"

/* Of a reparse point. False: it marks no such file. */
bool wof_algorithm(struct span reparse, uint32_t *algorithm);
/*
 * Appends the first `most` bytes of a file of `size`. False: unreadable from there on.
 * ERR_UNSUPPORTED: an algorithm that is not read here.
 */
bool wof_expand(struct span stream, uint32_t algorithm, uint64_t size, uint64_t most, struct buf *to, struct err *err);

#endif
