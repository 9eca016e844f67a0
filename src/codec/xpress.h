/*
 * xpress: Microsoft's LZ77 in its two forms ([MS-XCA] 2.1 to 2.4), reading only.
 *
 * Prefetch files of Windows 8 and later are the Huffman form behind an eight-byte
 * "MAM" head; databases (ESE) use the plain form. The size of the result stands
 * in the file and not in the stream, so the caller gives it, checked against a
 * limit of its own. Nothing is written beyond it.
 */
#ifndef KANSHIKI_CODEC_XPRESS_H
#define KANSHIKI_CODEC_XPRESS_H

#include "base/arena.h"
#include "base/err.h"

/*
 * `size` bytes out of `packed`, in the arena. ERR_CORRUPT where the stream breaks
 * its own form or ends early, with the offset into it; ERR_LIMIT: no memory.
 */
bool xpress_huffman(struct span packed, size_t size, struct arena *arena, struct span *out,
		    struct err *err);
bool xpress_plain(struct span packed, size_t size, struct arena *arena, struct span *out,
		  struct err *err);

#endif
