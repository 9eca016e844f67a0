/* pack: raw deflate (zlib) and base64 (OpenSSL), for data that travels inside a page. */
#ifndef KANSHIKI_CODEC_PACK_H
#define KANSHIKI_CODEC_PACK_H

#include "base/arena.h"
#include "base/buf.h"

/* Append; false and an unchanged `to` where there is no room. */
bool pack_deflate(struct buf *to, struct span bytes);	/* RFC 1951, no header */
bool pack_base64(struct buf *to, struct span bytes);	/* RFC 4648, padded, one line */

/*
 * Unpacks a gzip member (RFC 1952) into the arena, at most `most` bytes. False where
 * it breaks off, is damaged or larger: *out is then what came before (it may be empty).
 */
bool pack_gunzip(struct arena *arena, struct span packed, size_t most, struct span *out);

#endif
