#include "disk/ewf.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "base/buf.h"
#include "disk/ewf_section.h"

#define FILE_HEADER 13
#define SECTION_HEADER EWF_SECTION_HEADER
#define TABLE_HEADER 24
#define SECTIONS_MOST 100000		/* of one segment */
#define CHUNK_MOST ((uint32_t)16 << 20)
#define CHUNKS_MOST ((uint64_t)64 << 20)
#define TABLE_MOST ((uint32_t)16 << 20)	/* entries of one table */
#define VOLUME_LONG 1052
#define COMPRESSED 0x80000000u
/* Of nearly all images; where the section that says so is gone. */
#define CHUNK_USUAL 32768
#define ADLER 4				/* bytes of a checksum */
/* More would be taken from memory that is farther away. */
#define CACHE_BYTES ((size_t)8 << 20)
#define CACHE_MOST 256

struct table {
	struct blocks *segment;
	uint64_t first, base, end;	/* number of its first chunk; offsets in the segment */
	uint32_t count;
	uint32_t *entries;		/* as stored */
	bool is_after_gap;		/* chunks before it are lost, how many is not known */
};

struct slot {
	uint64_t number;		/* of the chunk, plus one; 0: free */
	size_t len;
	uint8_t *bytes;			/* owned; made when it is first used */
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
	const struct chunk_room *room;	/* or NULL */
	struct buf packed;
	struct libdeflate_decompressor *inflater;
	uint64_t sectors_at, sectors_end;	/* of sectors that have no table yet; 0: none */
	bool is_done;
	bool is_doubtful;		/* the geometry is of a section whose checksum fails */
	bool is_guess;			/* the sectors without a table may be none */
	bool has_gap;			/* the next table is after one */
	struct ewf_damage damage;
};

static struct ewf *ewf_of(const struct blocks *b)
{
	return (struct ewf *)(uintptr_t)b;
}

/* ---- sections ---- */

/* The long form ends in a checksum of its own. */
static bool is_whole_volume(struct blocks *segment, const struct ewf_section *s)
{
	uint8_t raw[VOLUME_LONG];
	struct err ignored;

	return s->size < SECTION_HEADER + VOLUME_LONG ||
	       (blocks_read_all(segment, s->at + SECTION_HEADER, raw, sizeof raw, &ignored) &&
		libdeflate_adler32(1, raw, VOLUME_LONG - 4) == load_u32le(raw + VOLUME_LONG - 4));
}

static bool take_volume(struct ewf *e, struct blocks *segment, const struct ewf_section *s,
			struct err *err)
{
	uint8_t raw[24];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	uint32_t sectors_a_chunk, bytes_a_sector;
	uint64_t sectors;
	bool whole = is_whole_volume(segment, s);

	if (e->chunk_size && (!e->is_doubtful || !whole))
		return true;
	if (!blocks_read_all(segment, s->at + SECTION_HEADER, raw, sizeof raw, err))
		return false;
	cursor_skip(&c, 8);
	sectors_a_chunk = cursor_u32le(&c);
	bytes_a_sector = cursor_u32le(&c);
	/* The short form of SMART has a number of 32 bits. */
	sectors = cursor_u64le(&c);
	if (s->size < SECTION_HEADER + VOLUME_LONG)
		sectors &= UINT32_MAX;
	e->damage.sections += !whole;
	if (!sectors_a_chunk || !bytes_a_sector || sectors_a_chunk > CHUNK_MOST / bytes_a_sector ||
	    sectors > UINT64_MAX / 2 / bytes_a_sector)
		return !whole || err_set(err, ERR_CORRUPT, s->at, "impossible geometry");
	e->is_doubtful = !whole;
	e->chunk_size = sectors_a_chunk * bytes_a_sector;
	e->media = sectors * bytes_a_sector;
	return true;
}

static struct table *add_table(struct ewf *e, struct blocks *segment, uint32_t count, struct err *err)
{
	struct table *t;

	if (count > TABLE_MOST || e->chunks + count > CHUNKS_MOST) {
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: chunks of an image");
		return NULL;
	}
	t = arena_push(&e->arena, (void **)&e->tables, &e->table_count, &e->table_room, sizeof *t);
	if (!t || (!(t->entries = ARENA_ARRAY(&e->arena, count, uint32_t)) && count)) {
		err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for tables");
		return NULL;
	}
	t->segment = segment;
	t->first = e->chunks;
	t->count = count;
	t->is_after_gap = e->has_gap;
	e->has_gap = false;
	e->chunks += count;
	return t;
}

/* A table's head has a checksum, and its entries have one where there is room for it. */
static bool is_whole(struct blocks *segment, const struct ewf_section *s, const uint8_t head[TABLE_HEADER])
{
	size_t len = (size_t)load_u32le(head) * 4;
	struct buf room = buf_new((size_t)TABLE_MOST * 4 + 4);
	struct err ignored;
	uint8_t *entries;
	bool whole = libdeflate_adler32(1, head, TABLE_HEADER - 4) == load_u32le(head + TABLE_HEADER - 4);

	if (whole && s->size >= SECTION_HEADER + TABLE_HEADER + len + 4) {
		entries = buf_reserve(&room, len + 4);
		whole = entries &&
			blocks_read_all(segment, s->at + SECTION_HEADER + TABLE_HEADER, entries, len + 4, &ignored) &&
			libdeflate_adler32(1, entries, len) == load_u32le(entries + len);
	}
	buf_free(&room);
	return whole;
}

static bool take_digest(struct ewf *e, struct blocks *segment, const struct ewf_section *s,
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

/* The length of the chunk at the start of some bytes, with its checksum; 0: none is there. */
static size_t chunk_at(struct ewf *e, struct span bytes, uint8_t *room, uint32_t size, bool *packed)
{
	size_t used = 0, out, plain = bytes.len < (size_t)size + 4 ? bytes.len : (size_t)size + 4;

	*packed = !libdeflate_zlib_decompress_ex(e->inflater, bytes.at, bytes.len, room, size, &used, &out);
	if (*packed)
		return e->is_guess && out != size ? 0 : used;
	return plain > 4 && (!e->is_guess || plain == (size_t)size + 4) &&
	       load_u32le(bytes.at + plain - 4) == libdeflate_adler32(1, bytes.at, plain - 4) ? plain : 0;
}

/* Goes through sectors chunk by chunk, up to *end; `entries` may be NULL, to count. */
static uint32_t walk_chunks(struct ewf *e, struct blocks *segment, uint32_t *entries, uint32_t most, uint64_t *end)
{
	uint32_t size = e->chunk_size ? e->chunk_size : CHUNK_USUAL, count = 0;
	struct buf in = buf_new((size_t)size * 2 + 1024), out = buf_new(size);
	uint8_t *packed = buf_reserve(&in, (size_t)size * 2 + 1024), *room = buf_reserve(&out, size);
	uint64_t at = e->sectors_at;
	struct err ignored;

	while (packed && room && at < e->sectors_end && count < most && !blocks_over(segment)) {
		uint64_t left = e->sectors_end - at;
		size_t want = left < (size_t)size * 2 + 1024 ? (size_t)left : (size_t)size * 2 + 1024, got, len;
		bool is_packed;

		if (!blocks_read(segment, at, packed, want, &got, &ignored) ||
		    !(len = chunk_at(e, span_of(packed, got), room, size, &is_packed)))
			break;
		if (entries)
			entries[count] = (uint32_t)(at - e->sectors_at) | (is_packed ? COMPRESSED : 0);
		count++;
		at += len;
	}
	*end = at;
	buf_free(&in);
	buf_free(&out);
	return count;
}

/* Sectors whose tables are both gone: each chunk tells its own length. */
static bool rebuild_table(struct ewf *e, struct blocks *segment, struct err *err)
{
	uint64_t end;
	uint32_t count;
	struct table *t;

	if (!e->sectors_end)
		return true;
	count = walk_chunks(e, segment, NULL, TABLE_MOST, &end);
	if (count) {
		t = add_table(e, segment, count, err);
		if (!t)
			return false;
		t->base = e->sectors_at;
		walk_chunks(e, segment, t->entries, count, &t->end);
		e->damage.rebuilt++;
	}
	e->has_gap = e->has_gap || end < e->sectors_end;
	e->is_guess = false;
	e->sectors_end = 0;
	return true;
}

/*
 * Where headers are broken, more than the sectors of this table may lie before it: the
 * first of them say where its own begin, and what comes before has lost its tables.
 */
static bool take_what_is_before(struct ewf *e, struct blocks *segment, const struct ewf_section *s, uint64_t base,
				struct err *err)
{
	uint8_t raw[4] = { 0 };
	uint64_t end = e->sectors_end, first;

	if (!end || !blocks_read_all(segment, s->at + SECTION_HEADER + TABLE_HEADER, raw, sizeof raw, err))
		return !end;
	first = base + (load_u32le(raw) & ~COMPRESSED);
	if (first <= e->sectors_at + SECTION_HEADER || first >= s->at)
		return true;
	if (first < end) {
		e->sectors_end = first - SECTION_HEADER;
		e->is_guess = true;
	}
	if (!rebuild_table(e, segment, err))
		return false;
	e->has_gap = true;
	e->sectors_at = first;
	e->sectors_end = first < end ? end : s->at;
	return true;
}

/* The second of two tables is a copy: it is taken where the first was not. */
static bool take_table(struct ewf *e, struct blocks *segment, const struct ewf_section *s,
		       struct err *err)
{
	uint8_t raw[TABLE_HEADER];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));
	struct table *t;
	uint32_t count;
	uint64_t base;

	if (!blocks_read_all(segment, s->at + SECTION_HEADER, raw, sizeof raw, err))
		return false;
	if (e->sectors_end && !is_whole(segment, s, raw)) {
		e->damage.sections++;
		return true;
	}
	count = cursor_u32le(&c);
	cursor_skip(&c, 4);
	base = cursor_u64le(&c);
	if (!take_what_is_before(e, segment, s, base, err))
		return false;
	t = add_table(e, segment, count, err);
	if (!t)
		return false;
	t->base = base;
	t->end = e->sectors_end ? e->sectors_end : s->at + s->size;
	e->sectors_end = 0;
	if (blocks_read_all(segment, s->at + SECTION_HEADER + TABLE_HEADER, t->entries, (size_t)count * 4, err))
		return true;
	e->table_count--;
	e->chunks -= count;
	return false;
}

static bool take_section(struct ewf *e, struct blocks *segment, const struct ewf_section *s,
			 struct err *err)
{
	bool is_second = !strcmp(s->type, "table2");

	if (!strcmp(s->type, "volume") || !strcmp(s->type, "disk") || !strcmp(s->type, "data"))
		return take_volume(e, segment, s, err);
	if (!strcmp(s->type, "table") || (is_second && e->sectors_end))
		return take_table(e, segment, s, err);
	if (!is_second && !rebuild_table(e, segment, err))
		return false;
	if (!strcmp(s->type, "digest") || (!strcmp(s->type, "hash") && !e->digests.has_md5))
		return take_digest(e, segment, s, err);
	if (!strcmp(s->type, "sectors")) {
		e->sectors_at = s->at + SECTION_HEADER;
		e->sectors_end = s->at + s->size;
	}
	e->is_done = e->is_done || !strcmp(s->type, "done");
	return true;
}

/*
 * Goes on behind a broken header. What lies before a table and has none are sectors; what
 * lies before anything else may be.
 */
static bool mend_chain(struct ewf *e, struct blocks *segment, uint64_t at, struct ewf_section *found)
{
	bool is_found = ewf_section_find(segment, at, found);
	uint64_t end = is_found ? found->at : segment->size;

	e->damage.sections++;
	if (!e->sectors_end && end > at + SECTION_HEADER) {
		e->sectors_at = at + SECTION_HEADER;
		e->sectors_end = end;
		e->is_guess = !is_found || strncmp(found->type, "table", 5) != 0;
	}
	return is_found;
}

static bool read_segment(struct ewf *e, struct blocks *segment, size_t number, struct err *err)
{
	uint8_t raw[FILE_HEADER];
	struct ewf_section s = { .next = FILE_HEADER };
	uint64_t before;

	if (!blocks_read_all(segment, 0, raw, sizeof raw, err))
		return false;
	if (memcmp(raw, "EVF\x09\x0d\x0a\xff\0", 8) || load_u16le(raw + 9) != number + 1)
		return err_set(err, ERR_CORRUPT, 0, "not segment %zu of an EWF image", number + 1);
	e->sectors_end = 0;
	e->is_guess = false;
	for (int i = 0; i < SECTIONS_MOST; i++) {
		before = s.next;
		if (!ewf_section_read(segment, s.next, &s, err) && !mend_chain(e, segment, before, &s))
			return rebuild_table(e, segment, err) && e->table_count;
		if (!take_section(e, segment, &s, err))
			return err_prefix(err, "segment %zu", number + 1);
		/* The last section names itself. */
		if (s.next <= s.at)
			return rebuild_table(e, segment, err);
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
	memset(to + have, 0, want - have);
	return packed.len >= want + 4 &&
	       load_u32le(packed.at + want) == libdeflate_adler32(1, packed.at, want);
}

/* What a broken chunk does not give is zeros. */
static bool inflate(struct ewf *e, struct span packed, uint8_t *to, size_t want)
{
	size_t out;

	if (!libdeflate_zlib_decompress_ex(e->inflater, packed.at, packed.len, to, e->chunk_size, NULL, &out) &&
	    out >= want)
		return true;
	memset(to, 0, want);
	libdeflate_zlib_decompress_ex(e->inflater, packed.at, packed.len, to, e->chunk_size, NULL, &out);
	return false;
}

bool ewf_chunk(struct blocks *b, uint64_t number, uint8_t *to, size_t *len, bool *good,
	       struct err *err)
{
	struct ewf *e = ewf_of(b);
	const struct table *table;
	uint64_t at, stored;
	uint8_t *room;
	size_t got;
	bool packed;

	*len = expected_len(e, number);
	*good = false;
	if (!place_of(e, number, &table, &at, &stored, &packed)) {
		memset(to, 0, *len);
		return true;
	}
	buf_clear(&e->packed);
	room = buf_reserve(&e->packed, (size_t)stored);
	if (!room)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for a chunk");
	if (!blocks_read(table->segment, at, room, (size_t)stored, &got, err))
		return false;
	if (packed)
		*good = inflate(e, span_of(room, got), to, *len);
	else
		*good = plain_is_good(span_of(room, got), to, *len);
	return true;
}

/* Only what has the checksum that ends the stored chunk is what would have been inflated. */
static bool find_in_room(struct ewf *e, uint64_t number, uint8_t *to)
{
	const struct table *table;
	uint8_t sum[ADLER];
	uint64_t at, stored;
	struct err ignored;
	bool packed;

	return e->room && expected_len(e, number) == e->chunk_size &&
	       place_of(e, number, &table, &at, &stored, &packed) && packed && stored > ADLER &&
	       chunk_room_find(e->room, number, e->chunk_size, to) &&
	       blocks_read_all(table->segment, at + stored - ADLER, sum, ADLER, &ignored) &&
	       libdeflate_adler32(1, to, e->chunk_size) == load_u32be(sum);
}

static bool cached(struct ewf *e, uint64_t number, struct span *out, struct err *err)
{
	struct slot *slot = &e->cache[number % e->cache_count];
	bool good;

	if (!slot->bytes)
		slot->bytes = malloc(e->chunk_size);
	if (!slot->bytes)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for chunks");
	if (slot->number != number + 1) {
		slot->number = 0;
		slot->len = e->chunk_size;
		if (!find_in_room(e, number, slot->bytes) &&
		    !ewf_chunk(&e->blocks, number, slot->bytes, &slot->len, &good, err))
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

	for (size_t i = 0; e->cache && i < e->cache_count; i++)
		free(e->cache[i].bytes);
	arena_free(&e->arena);
	buf_free(&e->packed);
	if (e->inflater)
		libdeflate_free_decompressor(e->inflater);
	free(e);
}

/*
 * Where chunks are lost, those before the first gap stand where they are; those behind
 * the last are counted from the end, where the end is there; none is known between.
 */
static void place_tables(struct ewf *e)
{
	uint64_t all = (e->media + e->chunk_size - 1) / e->chunk_size, end = all;
	size_t first_gap = 0, last_gap = e->table_count;

	while (first_gap < e->table_count && !e->tables[first_gap].is_after_gap)
		first_gap++;
	while (last_gap > first_gap && e->is_done && !e->has_gap && !e->tables[last_gap - 1].is_after_gap)
		last_gap--;
	if (first_gap == e->table_count || e->chunks == all)
		return;
	/* The one after the last gap is behind it too. */
	last_gap -= e->is_done && !e->has_gap && last_gap > first_gap;
	for (size_t i = e->table_count; i > last_gap; i--) {
		struct table *t = &e->tables[i - 1];

		if (t->count > end || end - t->count < (first_gap ? e->tables[first_gap - 1].first +
									   e->tables[first_gap - 1].count : 0))
			break;
		end -= t->count;
		t->first = end;
		last_gap = i - 1 < last_gap ? i - 1 : last_gap;
	}
	memmove(e->tables + first_gap, e->tables + last_gap, (e->table_count - last_gap) * sizeof *e->tables);
	e->table_count -= last_gap - first_gap;
}

static void count_lost(struct ewf *e)
{
	uint64_t all = (e->media + e->chunk_size - 1) / e->chunk_size, known = 0;

	for (size_t i = 0; i < e->table_count; i++)
		known += e->tables[i].count;
	e->damage.lost_chunks = known < all ? all - known : 0;
}

static bool prepare(struct ewf *e, struct err *err)
{
	if (!e->table_count)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "no tables and no sectors");
	e->damage.is_geometry_lost = !e->chunk_size || e->is_doubtful;
	if (!e->chunk_size) {
		e->chunk_size = CHUNK_USUAL;
		e->media = e->chunks * CHUNK_USUAL;
	}
	place_tables(e);
	count_lost(e);
	e->blocks.size = e->media;
	e->packed = buf_new((size_t)e->chunk_size * 2 + 2048);
	e->cache_count = CACHE_BYTES / e->chunk_size;
	e->cache_count = e->cache_count > CACHE_MOST ? CACHE_MOST : e->cache_count ? e->cache_count : 1;
	e->cache = ARENA_ARRAY(&e->arena, e->cache_count, struct slot);
	return e->cache ||
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
	e->inflater = libdeflate_alloc_decompressor();
	ok = e->inflater || err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	e->blocks = (struct blocks){ .read = read_media, .close = close_media,
				     .budget = segments[0]->budget };
	/* A damaged segment costs what follows in it; the rest is used. */
	for (size_t i = 0; ok && i < count; i++)
		ok = read_segment(e, segments[i], i, err) || e->table_count;
	*missing = !e->is_done && !e->damage.sections;
	if (ok && prepare(e, err))
		return &e->blocks;
	close_media(&e->blocks);
	return NULL;
}

void ewf_damage(const struct blocks *b, struct ewf_damage *out)
{
	*out = ewf_of(b)->damage;
}

void ewf_stored(const struct blocks *b, struct ewf_digests *out)
{
	*out = ewf_of(b)->digests;
}

void ewf_use_room(struct blocks *b, const struct chunk_room *room)
{
	ewf_of(b)->room = room;
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
