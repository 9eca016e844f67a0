#include "codec/expand.h"

#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <zstd.h>

#define XZ_MEMORY (UINT64_C(128) << 20)
#define PIECE ((size_t)64 << 10)

bool expand_zstd(struct buf *to, struct span packed, size_t most)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed.at, packed.len);
	size_t got, frame = ZSTD_findFrameCompressedSize(packed.at, packed.len);
	uint8_t *room;

	buf_clear(to);
	if (ZSTD_isError(frame))
		return false;
	/* Without a stated size the most that is allowed is tried. */
	if (size == ZSTD_CONTENTSIZE_ERROR)
		return false;
	if (size == ZSTD_CONTENTSIZE_UNKNOWN)
		size = most;
	if (size > most || !(room = buf_reserve(to, size ? (size_t)size : 1)))
		return false;
	got = ZSTD_decompress(room, (size_t)size, packed.at, frame);
	to->len = ZSTD_isError(got) ? 0 : got;
	return !ZSTD_isError(got);
}

bool expand_lz4(struct buf *to, struct span packed, size_t most)
{
	uint8_t *room;
	int got;

	buf_clear(to);
	if (packed.len > LZ4_MAX_INPUT_SIZE || most > LZ4_MAX_INPUT_SIZE ||
	    !(room = buf_reserve(to, most ? most : 1)))
		return false;
	got = LZ4_decompress_safe((const char *)packed.at, (char *)room, (int)packed.len, (int)most);
	to->len = got < 0 ? 0 : (size_t)got;
	return got >= 0;
}

bool expand_bz2(struct buf *to, struct span packed, size_t most)
{
	unsigned int got = (unsigned int)most;
	uint8_t *room;
	bool ok;

	buf_clear(to);
	if (packed.len > INT32_MAX || most > INT32_MAX || !(room = buf_reserve(to, most ? most : 1)))
		return false;
	ok = BZ2_bzBuffToBuffDecompress((char *)room, &got, (char *)(uintptr_t)packed.at,
					(unsigned int)packed.len, 0, 0) == BZ_OK;
	to->len = ok ? got : 0;
	return ok;
}

bool expand_xz(struct buf *to, struct span packed, size_t most)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret state = lzma_stream_decoder(&stream, XZ_MEMORY, 0);

	buf_clear(to);
	stream.next_in = packed.at;
	stream.avail_in = packed.len;
	while (state == LZMA_OK && to->len <= most) {
		uint8_t *room = buf_reserve(to, PIECE);

		if (!room)
			break;
		stream.next_out = room;
		stream.avail_out = PIECE;
		state = lzma_code(&stream, LZMA_FINISH);
		to->len += PIECE - stream.avail_out;
	}
	lzma_end(&stream);
	if (state != LZMA_STREAM_END || to->len > most)
		buf_clear(to);
	return state == LZMA_STREAM_END && to->len <= most;
}
