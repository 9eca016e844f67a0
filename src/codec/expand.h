/* expand: single compressed blocks of zstd, LZ4, LZO, bzip2 and xz, into bounded memory. */
#ifndef KANSHIKI_CODEC_EXPAND_H
#define KANSHIKI_CODEC_EXPAND_H

#include "base/buf.h"

/*
 * Each replaces the content of `to` by what `packed` unpacks to. False: damaged, or
 * more than `most` bytes; `to` is empty then.
 */
bool expand_zstd(struct buf *to, struct span packed, size_t most);	/* RFC 8878, the first frame */
bool expand_lz4(struct buf *to, struct span packed, size_t most);	/* one block without a frame */
bool expand_bz2(struct buf *to, struct span packed, size_t most);
/* LZO1X, one block without a frame; our own, since no library of ours has it. */
bool expand_lzo(struct buf *to, struct span packed, size_t most);
bool expand_xz(struct buf *to, struct span packed, size_t most);

#endif
