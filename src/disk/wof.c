#include "disk/wof.h"

#include "codec/xpress.h"

#define TAG 0x80000017u
#define PROVIDER_FILE 2
#define LARGE ((uint64_t)1 << 32)	/* from here on offsets have eight bytes */
#define CHUNK_ROOM ((size_t)1 << 20)

enum algorithm { XPRESS_4K, LZX, XPRESS_8K, XPRESS_16K };

bool wof_algorithm(struct span reparse, uint32_t *algorithm)
{
	struct cursor c = cursor_of(reparse);
	uint32_t tag = cursor_u32le(&c), provider;

	cursor_skip(&c, 8);		/* lengths, and a version */
	provider = cursor_u32le(&c);
	cursor_skip(&c, 4);
	*algorithm = cursor_u32le(&c);
	return !c.short_read && tag == TAG && provider == PROVIDER_FILE;
}

static uint64_t chunk_of(uint32_t algorithm)
{
	return algorithm == XPRESS_4K ? 4096 : algorithm == XPRESS_8K ? 8192 : algorithm == XPRESS_16K ? 16384 : 0;
}

/* Where chunk `number` begins behind the table; the first has no entry. */
static uint64_t start_of(struct span table, uint64_t number, size_t entry)
{
	struct cursor c = cursor_of(table);

	if (!number)
		return 0;
	cursor_seek(&c, (size_t)(number - 1) * entry);
	return entry == 8 ? cursor_u64le(&c) : cursor_u32le(&c);
}

/* What did not become smaller is stored as it was. */
static bool expand_chunk(struct span packed, size_t size, struct buf *to, struct err *err)
{
	struct arena room = arena_new(CHUNK_ROOM);
	struct span plain = packed;
	bool ok = packed.len == size || xpress_huffman(packed, size, &room, &plain, err);

	if (ok && !buf_add(to, plain))
		ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: size of a file");
	arena_free(&room);
	return ok;
}

bool wof_expand(struct span stream, uint32_t algorithm, uint64_t size, uint64_t most, struct buf *to, struct err *err)
{
	uint64_t chunk = chunk_of(algorithm), count, want = size < most ? size : most;
	size_t entry = size < LARGE ? 4 : 8, table, before = to->len;

	if (!chunk)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "compressed by Windows with %s: not read",
			       algorithm == LZX ? "LZX" : "an unknown algorithm");
	count = size / chunk + (size % chunk > 0);
	if (count > 1 && (count - 1) > stream.len / entry)
		return err_set(err, ERR_CORRUPT, 0, "compressed by Windows: its table of chunks ends too early");
	table = count ? (size_t)(count - 1) * entry : 0;
	for (uint64_t i = 0; i < count && i * chunk < want; i++) {
		uint64_t start = start_of(span_sub(stream, 0, table), i, entry);
		uint64_t end = i + 1 < count ? start_of(span_sub(stream, 0, table), i + 1, entry) : stream.len - table;
		size_t plain = (size_t)(size - i * chunk < chunk ? size - i * chunk : chunk);

		if (start >= end || end > stream.len - table)
			return err_set(err, ERR_CORRUPT, start, "compressed by Windows: a chunk is not where it should be");
		if (!expand_chunk(span_sub(stream, table + (size_t)start, (size_t)(end - start)), plain, to, err))
			return false;
	}
	if (to->len - before > want)
		to->len = before + (size_t)want;
	return true;
}
