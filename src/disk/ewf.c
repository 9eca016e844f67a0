#include "disk/ewf.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "base/buf.h"

#define FILE_HEADER 13
#define SECTION_HEADER 76
#define TABLE_HEADER 24
#define SECTIONS_MOST 100000		/* of one segment */
#define CHUNK_MOST ((uint32_t)16 << 20)
#define CHUNKS_MOST ((uint64_t)64 << 20)
#define TABLE_MOST ((uint32_t)16 << 20)	/* entries of one table */
#define COMPRESSED 0x80000000u
#define CACHE_BYTES ((size_t)24 << 20)
#define CACHE_MOST 1024

struct table {
	struct blocks *segment;
	uint64_t first, base, end;	/* number of its first chunk; offsets in the segment */
	uint32_t count;
	uint32_t *entries;		/* as stored */
};

struct slot {
	uint64_t number;		/* of the chunk, plus one; 0: free */
	size_t len;
	uint8_t *bytes;
};

struct ewf {
	struct blocks blocks;
	struct arena arena;		/* tables and the cache */
	struct table *tables;
	size_t table_count, table_room;
	uint64_t chunks;		/* in tables */
	uint32_t chunk_size;
	uint64_t media;
	struct ewf_digests digests;
	struct slot *cache;
	size_t cache_count;
	struct buf packed;
	struct libdeflate_decompressor *inflater;
	uint64_t sectors_end;		/* of the last section of sectors; 0: none yet */
	bool is_done;
};

static struct ewf *ewf_of(const struct blocks *b)
{
	return (struct ewf *)(uintptr_t)b;
}

/* ---- sections ---- */

struct section {
	uint64_t at, next, size;	/* in the segment; size with its header */
	char type[17];
};

static bool read_section(struct blocks *segment, uint64_t at, struct section *out, struct err *err)
{
	uint8_t raw[SECTION_HEADER];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));

	if (!blocks_read_all(segment, at, raw, sizeof raw, err))
		return false;
	*out = (struct section){ .at = at };
	memcpy(out->type, cursor_take(&c, 16).at, 16);
	out->next = cursor_u64le(&c);
	out->size = cursor_u64le(&c);
	cursor_skip(&c, 40);
	return cursor_u32le(&c) == libdeflate_adler32(1, raw, SECTION_HEADER - 4) ||
	       err_set(err, ERR_CORRUPT, at, "section with a wrong checksum");
}

static bool take_volume(struct ewf *e, struct blocks *segment, const struct section *s,
			struct err *err)
{
	uint8_t raw[24];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	uint32_t sectors_a_chunk, bytes_a_sector;
	uint64_t sectors;

	if (e->chunk_size)
		return true;
	if (!blocks_read_all(segment, s->at + SECTION_HEADER, raw, sizeof raw, err))
		return false;
	cursor_skip(&c, 8);
	sectors_a_chunk = cursor_u32le(&c);
	bytes_a_sector = cursor_u32le(&c);
	/* The short form of SMART has a number of 32 bits. */
	sectors = cursor_u64le(&c);
	if (s->size < SECTION_HEADER + 1052)
		sectors &= UINT32_MAX;
	if (!sectors_a_chunk || !bytes_a_sector || sectors_a_chunk > CHUNK_MOST / bytes_a_sector ||
	    sectors > UINT64_MAX / 2 / bytes_a_sector)
		return err_set(err, ERR_CORRUPT, s->at, "impossible geometry");
	e->chunk_size = sectors_a_chunk * bytes_a_sector;
	e->media = sectors * bytes_a_sector;
	return true;
}

static bool take_table(struct ewf *e, struct blocks *segment, const struct section *s,
		       struct err *err)
{
	uint8_t raw[TABLE_HEADER];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	struct table *t;
	uint32_t count;

	if (!blocks_read_all(segment, s->at + SECTION_HEADER, raw, sizeof raw, err))
		return false;
	count = cursor_u32le(&c);
	if (count > TABLE_MOST || e->chunks + count > CHUNKS_MOST)
		return err_set(err, ERR_LIMIT, s->at, "limit: chunks of an image");
	t = arena_push(&e->arena, (void **)&e->tables, &e->table_count, &e->table_room, sizeof *t);
	if (!t)
		return err_set(err, ERR_LIMIT, s->at, "no memory for tables");
	cursor_skip(&c, 4);
	*t = (struct table){ .segment = segment, .first = e->chunks, .base = cursor_u64le(&c) };
	t->end = e->sectors_end ? e->sectors_end : s->at + s->size;
	t->entries = ARENA_ARRAY(&e->arena, count, uint32_t);
	if (!t->entries && count)
		return err_set(err, ERR_LIMIT, s->at, "no memory for tables");
	if (!blocks_read_all(segment, s->at + SECTION_HEADER + TABLE_HEADER, t->entries,
			     (size_t)count * 4, err))
		return false;
	t->count = count;
	e->chunks += count;
	e->sectors_end = 0;
	return true;
}

static bool take_digest(struct ewf *e, struct blocks *segment, const struct section *s,
			struct err *err)
{
	bool is_hash = !strcmp(s->type, "hash");
	uint8_t raw[36];

	if (!blocks_read_all(segment, s->at + SECTION_HEADER, raw, is_hash ? 16 : sizeof raw, err))
		return false;
	e->digests.has_md5 = true;
	memcpy(e->digests.md5, raw, 16);
	if (!is_hash) {
		e->digests.has_sha1 = !span_eq(span_of(raw + 16, 20), SPAN("\0\0\0\0\0\0\0\0\0\0"
									  "\0\0\0\0\0\0\0\0\0\0"));
		memcpy(e->digests.sha1, raw + 16, 20);
	}
	return true;
}

static bool take_section(struct ewf *e, struct blocks *segment, const struct section *s,
			 struct err *err)
{
	if (!strcmp(s->type, "volume") || !strcmp(s->type, "disk") || !strcmp(s->type, "data"))
		return take_volume(e, segment, s, err);
	if (!strcmp(s->type, "table"))
		return take_table(e, segment, s, err);
	if (!strcmp(s->type, "digest") || (!strcmp(s->type, "hash") && !e->digests.has_md5))
		return take_digest(e, segment, s, err);
	if (!strcmp(s->type, "sectors"))
		e->sectors_end = s->at + s->size;
	e->is_done = e->is_done || !strcmp(s->type, "done");
	return true;
}

static bool read_segment(struct ewf *e, struct blocks *segment, size_t number, struct err *err)
{
	uint8_t raw[FILE_HEADER];
	struct section s = { .next = FILE_HEADER };
	uint64_t before;

	if (!blocks_read_all(segment, 0, raw, sizeof raw, err))
		return false;
	if (memcmp(raw, "EVF\x09\x0d\x0a\xff\0", 8) || load_u16le(raw + 9) != number + 1)
		return err_set(err, ERR_CORRUPT, 0, "not segment %zu of an EWF image", number + 1);
	e->sectors_end = 0;
	for (int i = 0; i < SECTIONS_MOST; i++) {
		before = s.next;
		if (!read_section(segment, s.next, &s, err) || !take_section(e, segment, &s, err))
			return err_prefix(err, "segment %zu", number + 1);
		/* The last section names itself. */
		if (s.next <= before)
			return true;
	}
	return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: sections of a segment");
}

/* ---- chunks ---- */

static const struct table *table_of(const struct ewf *e, uint64_t number)
{
	size_t low = 0, high = e->table_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (e->tables[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return e->table_count ? &e->tables[low] : NULL;
}

/* Where a chunk lies: from its own entry to the next. False: nowhere. */
static bool place_of(const struct ewf *e, uint64_t number, const struct table **table, uint64_t *at,
		     uint64_t *len, bool *packed)
{
	const struct table *t = table_of(e, number);
	uint64_t i, end;

	if (!t || number < t->first || number - t->first >= t->count)
		return false;
	i = number - t->first;
	*table = t;
	*packed = t->entries[i] & COMPRESSED;
	*at = t->base + (t->entries[i] & ~COMPRESSED);
	end = i + 1 < t->count ? t->base + (t->entries[i + 1] & ~COMPRESSED) : t->end;
	*len = end > *at ? end - *at : 0;
	return *len > 0 && *len <= (uint64_t)e->chunk_size * 2 + 1024;
}

static size_t expected_len(const struct ewf *e, uint64_t number)
{
	uint64_t at = number * e->chunk_size;

	if (at >= e->media)
		return 0;
	return e->media - at < e->chunk_size ? (size_t)(e->media - at) : e->chunk_size;
}

static bool plain_is_good(struct span packed, uint8_t *to, size_t want)
{
	size_t have = packed.len < want ? packed.len : want;

	memcpy(to, packed.at, have);
	return packed.len >= want + 4 &&
	       load_u32le(packed.at + want) == libdeflate_adler32(1, packed.at, want);
}

bool ewf_chunk(struct blocks *b, uint64_t number, uint8_t *to, size_t *len, bool *good,
	       struct err *err)
{
	struct ewf *e = ewf_of(b);
	const struct table *table;
	uint64_t at, stored;
	uint8_t *room;
	size_t got, out;
	bool packed;

	*len = expected_len(e, number);
	*good = false;
	memset(to, 0, *len);
	if (!place_of(e, number, &table, &at, &stored, &packed))
		return true;
	buf_clear(&e->packed);
	room = buf_reserve(&e->packed, (size_t)stored);
	if (!room)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a chunk");
	if (!blocks_read(table->segment, at, room, (size_t)stored, &got, err))
		return false;
	if (packed)
		*good = !libdeflate_zlib_decompress_ex(e->inflater, room, got, to, e->chunk_size, NULL,
						       &out) && out >= *len;
	else
		*good = plain_is_good(span_of(room, got), to, *len);
	return true;
}

static bool cached(struct ewf *e, uint64_t number, struct span *out, struct err *err)
{
	struct slot *slot = &e->cache[number % e->cache_count];
	bool good;

	if (!slot->bytes)
		slot->bytes = arena_alloc(&e->arena, e->chunk_size);
	if (!slot->bytes)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for chunks");
	if (slot->number != number + 1) {
		slot->number = 0;
		if (!ewf_chunk(&e->blocks, number, slot->bytes, &slot->len, &good, err))
			return false;
		slot->number = number + 1;
	}
	*out = span_of(slot->bytes, slot->len);
	return true;
}

static bool read_media(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct ewf *e = ewf_of(b);
	struct span chunk;

	while (len) {
		if (!cached(e, at / e->chunk_size, &chunk, err))
			return false;
		chunk = span_sub(chunk, (size_t)(at % e->chunk_size), len);
		if (!chunk.len)
			return err_set(err, ERR_CORRUPT, at, "beyond the media");
		memcpy(to, chunk.at, chunk.len);
		to += chunk.len;
		at += chunk.len;
		len -= chunk.len;
	}
	return true;
}

static void close_media(struct blocks *b)
{
	struct ewf *e = ewf_of(b);

	arena_free(&e->arena);
	buf_free(&e->packed);
	if (e->inflater)
		libdeflate_free_decompressor(e->inflater);
	free(e);
}

static bool prepare(struct ewf *e, struct err *err)
{
	if (!e->chunk_size || !e->table_count)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "no geometry or no tables");
	e->blocks.size = e->media;
	e->packed = buf_new((size_t)e->chunk_size * 2 + 2048);
	e->inflater = libdeflate_alloc_decompressor();
	e->cache_count = CACHE_BYTES / e->chunk_size;
	e->cache_count = e->cache_count > CACHE_MOST ? CACHE_MOST : e->cache_count ? e->cache_count : 1;
	e->cache = ARENA_ARRAY(&e->arena, e->cache_count, struct slot);
	return (e->inflater && e->cache) ||
	       err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
}

struct blocks *ewf_media(struct blocks *const *segments, size_t count, bool *missing,
			 struct err *err)
{
	struct ewf *e = calloc(1, sizeof *e);
	bool ok = e;

	if (!e) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	e->arena = arena_new((size_t)320 << 20);
	e->blocks = (struct blocks){ .read = read_media, .close = close_media,
				     .budget = segments[0]->budget };
	/* A damaged segment costs what follows in it; the rest is used. */
	for (size_t i = 0; ok && i < count; i++)
		ok = read_segment(e, segments[i], i, err) || e->table_count;
	*missing = !e->is_done;
	if (ok && prepare(e, err))
		return &e->blocks;
	close_media(&e->blocks);
	return NULL;
}

void ewf_stored(const struct blocks *b, struct ewf_digests *out)
{
	*out = ewf_of(b)->digests;
}

uint64_t ewf_chunks(const struct blocks *b)
{
	const struct ewf *e = ewf_of(b);

	return (e->media + e->chunk_size - 1) / e->chunk_size;
}

uint32_t ewf_chunk_size(const struct blocks *b)
{
	return ewf_of(b)->chunk_size;
}
