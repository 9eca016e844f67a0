#include "codec/pack.h"

#include <openssl/evp.h>
#include <zlib.h>

bool pack_deflate(struct buf *to, struct span bytes)
{
	z_stream z = { 0 };
	size_t before = to->len, room;
	bool done = false;

	if (bytes.len > UINT32_MAX / 2 ||
	    deflateInit2(&z, 6, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&z, bytes.len);
	z.next_out = buf_reserve(to, room);
	z.avail_out = (uInt)room;
	z.next_in = (Bytef *)(uintptr_t)bytes.at;
	z.avail_in = (uInt)bytes.len;
	if (z.next_out) {
		done = deflate(&z, Z_FINISH) == Z_STREAM_END;
		to->len = before + (done ? z.total_out : 0);
		to->at[to->len] = 0;
	}
	deflateEnd(&z);
	return done;
}

bool pack_base64(struct buf *to, struct span bytes)
{
	size_t before = to->len, room = (bytes.len + 2) / 3 * 4 + 1;
	uint8_t *at = bytes.len < INT32_MAX / 2 ? buf_reserve(to, room) : NULL;

	if (!at)
		return false;
	to->len = before + (size_t)EVP_EncodeBlock(at, bytes.at, (int)bytes.len);
	return true;
}

bool pack_gunzip(struct arena *arena, struct span packed, size_t most, struct span *out)
{
	uint8_t *to = arena_alloc(arena, most);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.at };
	bool done = false;

	*out = (struct span){ 0 };
	if (!to || packed.len > UINT32_MAX || most > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
		return false;
	z.avail_in = (uInt)packed.len;
	z.next_out = to;
	z.avail_out = (uInt)most;
	done = inflate(&z, Z_FINISH) == Z_STREAM_END;
	*out = span_of(to, z.total_out);
	inflateEnd(&z);
	return done;
}
