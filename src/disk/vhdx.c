#include "disk/vhdx.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "codec/crc32.h"
#include "disk/sparse.h"
#include "disk/vhdx_log.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define HEADER 4096
#define REGIONS 65536
#define REGIONS_MOST 2047
#define METADATA 65536
#define ITEMS_MOST 2047
#define BLOCK_LEAST ((uint32_t)1 << 20)
#define TABLE_MOST ((uint64_t)256 << 20)
#define STATE 7
#define STATE_ABSENT 0
#define STATE_WHOLE 6
#define STATE_PARTLY 7
#define LOCATOR_MOST 65536
#define LOCATOR_HEAD 20

static const uint64_t headers_at[] = { 64 * KIB, 128 * KIB }, regions_at[] = { 192 * KIB, 256 * KIB };

#define TABLE_REGION SPAN("\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08")
#define METADATA_REGION SPAN("\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e")
#define ITEM_FILE SPAN("\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b")
#define ITEM_SIZE SPAN("\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8")
#define ITEM_SECTOR SPAN("\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f")
#define ITEM_LOCATOR SPAN("\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c")

struct area {
	uint64_t at, size;
};

struct vhdx {
	struct sparse sparse;
	struct area table, metadata, log;
	struct area locator;		/* what it says of its base; size 0: nothing */
	uint8_t content_id[16];		/* changes with what it holds */
	uint8_t log_id[16];		/* zeros: nothing is in it */
	struct blocks *replayed;	/* the file with its log, or NULL */
	uint64_t count, ratio;		/* entries; those of content between two of other kinds */
	uint32_t block, sector;
	uint64_t size;
	bool has_parent, has_file, has_size, has_sector;
	uint8_t *entries;
};

/* ---- what has a checksum ---- */

/* Its own four bytes count as zeros. */
static uint32_t sum_of(struct span s)
{
	uint32_t sum = crc32c_add(UINT32_MAX, span_sub(s, 0, 4));

	sum = crc32c_add(sum, SPAN("\0\0\0\0"));
	return ~crc32c_add(sum, span_from(s, 8));
}

static bool read_checked(struct blocks *of, uint64_t at, const char *magic, size_t len, struct buf *to)
{
	uint8_t *room;
	struct err ignored;

	buf_clear(to);
	room = buf_reserve(to, len);
	if (!room || !blocks_read_all(of, at, room, len, &ignored))
		return false;
	to->len = len;
	return !memcmp(room, magic, 4) && load_u32le(room + 4) == sum_of(span_of(room, len));
}

bool vhdx_is(struct blocks *of)
{
	uint8_t magic[8];
	struct err ignored;
	struct buf room = buf_new(HEADER);
	bool is = blocks_read_all(of, 0, magic, sizeof magic, &ignored) && !memcmp(magic, "vhdxfile", sizeof magic);

	for (unsigned i = 0; i < 2 && !is && of->size > MIB; i++)
		is = read_checked(of, headers_at[i], "head", HEADER, &room);
	buf_free(&room);
	return is;
}

/* Of two headers the one with the higher number counts. */
static void read_headers(struct vhdx *v, struct buf *words)
{
	struct buf room = buf_new(HEADER);
	uint64_t number = 0;
	unsigned good = 0;

	for (unsigned i = 0; i < 2; i++) {
		bool is = read_checked(v->sparse.of, headers_at[i], "head", HEADER, &room);

		good += is;
		if (!is || (good > 1 && load_u64le(room.at + 8) <= number))
			continue;
		number = load_u64le(room.at + 8);
		v->log = (struct area){ load_u64le(room.at + 72), load_u32le(room.at + 68) };
		memcpy(v->content_id, room.at + 32, sizeof v->content_id);
		memcpy(v->log_id, room.at + 48, sizeof v->log_id);
	}
	buf_free(&room);
	if (good < 2)
		sparse_say(words, good ? "one of its two headers is damaged" : "its headers are damaged");
}

/* All behind the headers is read with it. */
static void replay_log(struct vhdx *v, struct buf *words, struct buf *mended)
{
	struct vhdx_log log = { .at = v->log.at, .size = v->log.size };
	struct err err;

	memcpy(log.id, v->log_id, sizeof log.id);
	if (!memcmp(log.id, (const uint8_t[sizeof log.id]){ 0 }, sizeof log.id))
		return;
	v->replayed = vhdx_log_replay(v->sparse.of, &log, &err);
	if (!v->replayed) {
		sparse_say(words, "it was not closed, and its latest changes are not read: %s", err.text);
		return;
	}
	v->sparse.of = v->replayed;
	buf_printf(mended, "in an image that was not closed, read with the %u entries (%u sectors) of its log", log.entries,
		   log.sectors);
	if (log.is_cut)
		sparse_say(words, "it was longer when its log was written");
}

/* The usual places, where neither table of regions is left. */
static void guess_regions(struct vhdx *v)
{
	uint8_t magic[8];
	struct err ignored;

	for (uint64_t at = MIB; at <= 8 * MIB && !v->metadata.size; at += MIB)
		if (blocks_read_all(v->sparse.of, at, magic, sizeof magic, &ignored) && !memcmp(magic, "metadata", sizeof magic))
			v->metadata = (struct area){ at, MIB };
	v->table = (struct area){ 3 * MIB, v->sparse.of->size };
	if (v->metadata.at == 3 * MIB)
		v->table.at = 2 * MIB;
}

static void take_regions(struct vhdx *v, struct span table)
{
	struct cursor c = cursor_of(table);
	uint32_t count;

	cursor_seek(&c, 8);
	count = cursor_u32le(&c);
	cursor_skip(&c, 4);
	for (uint32_t i = 0; i < count && i < REGIONS_MOST && !c.short_read; i++) {
		struct span id = cursor_take(&c, 16);
		struct area a = { cursor_u64le(&c), 0 };

		a.size = cursor_u32le(&c);
		cursor_skip(&c, 4);
		if (span_eq(id, TABLE_REGION))
			v->table = a;
		else if (span_eq(id, METADATA_REGION))
			v->metadata = a;
	}
}

static void read_regions(struct vhdx *v, struct buf *words)
{
	struct buf room = buf_new(REGIONS);
	unsigned good = 0;

	for (unsigned i = 0; i < 2; i++)
		if (read_checked(v->sparse.of, regions_at[i], "regi", REGIONS, &room) && !good++)
			take_regions(v, buf_span(&room));
	buf_free(&room);
	if (good < 2)
		sparse_say(words, good ? "one of its two tables of regions is damaged" : "its tables of regions are damaged");
	if (!v->table.size || !v->metadata.size)
		guess_regions(v);
}

/* ---- what stands but once ---- */

static void take_item(struct vhdx *v, struct span id, const uint8_t *value)
{
	if (span_eq(id, ITEM_FILE)) {
		v->block = load_u32le(value);
		v->has_parent = value[4] & 2;
		v->has_file = true;
	} else if (span_eq(id, ITEM_SIZE)) {
		v->size = load_u64le(value);
		v->has_size = true;
	} else if (span_eq(id, ITEM_SECTOR)) {
		v->sector = load_u32le(value);
		v->has_sector = true;
	}
}

static void take_items(struct vhdx *v, struct span head)
{
	struct cursor c = cursor_of(head);
	uint16_t count;

	if (!span_starts(head, SPAN("metadata")))
		return;
	cursor_seek(&c, 10);
	count = cursor_u16le(&c);
	cursor_seek(&c, 32);
	for (uint16_t i = 0; i < count && i < ITEMS_MOST && !c.short_read; i++) {
		struct span id = cursor_take(&c, 16);
		uint32_t at = cursor_u32le(&c), len = cursor_u32le(&c);
		uint8_t value[8];
		struct err ignored;

		cursor_skip(&c, 8);
		if (span_eq(id, ITEM_LOCATOR))
			v->locator = (struct area){ v->metadata.at + at, len };
		if (id.len && blocks_read_all(v->sparse.of, v->metadata.at + at, value, sizeof value, &ignored))
			take_item(v, id, value);
	}
}

static bool is_block_size(uint32_t n)
{
	return n >= BLOCK_LEAST && n <= SPARSE_UNIT_MOST && !(n & (n - 1));
}

static bool read_items(struct vhdx *v, struct err *err)
{
	struct buf room = buf_new(METADATA);
	uint8_t *head = buf_reserve(&room, METADATA);

	if (head && blocks_read_all(v->sparse.of, v->metadata.at, head, METADATA, err))
		take_items(v, span_of(head, METADATA));
	buf_free(&room);
	return head;
}

static bool read_metadata(struct vhdx *v, struct buf *words, struct err *err)
{
	read_items(v, err);
	if (!v->has_sector || (v->sector != 512 && v->sector != 4096)) {
		sparse_say(words, "the size of its sectors is lost");
		v->sector = 512;
	}
	if (v->has_parent && !v->sparse.base)
		return err_set(err, ERR_UNSUPPORTED, v->metadata.at, "vhdx: rests on another image");
	if (!v->has_file || !is_block_size(v->block) || !v->has_size || !v->size || v->size > INT64_MAX)
		return err_set(err, ERR_CORRUPT, v->metadata.at, "vhdx: its metadata are damaged");
	return true;
}

/* ---- the table of blocks ---- */

/* Behind the entries of each row of blocks stands one of the map of their sectors. */
static enum sparse_kind find_map(const struct vhdx *v, uint64_t number, struct sparse_unit *out)
{
	uint64_t at = (number / v->ratio + 1) * (v->ratio + 1) - 1, entry = at < v->count ? load_u64le(v->entries + at * 8) : 0;

	out->map_at = entry / MIB * MIB + number % v->ratio * (v->block / v->sector / 8);
	return (entry & STATE) == STATE_WHOLE && entry >= MIB && out->map_at < v->sparse.of->size ? SPARSE_PARTLY : SPARSE_LOST;
}

static void find(struct sparse *s, uint64_t number, struct sparse_unit *out)
{
	const struct vhdx *v = (const struct vhdx *)s;
	uint64_t at = number + number / v->ratio, entry;

	out->kind = SPARSE_LOST;
	out->count = at < v->count ? 1 : UINT64_MAX;
	if (at >= v->count)
		return;
	entry = load_u64le(v->entries + at * 8);
	out->at = entry / MIB * MIB;
	out->is_odd = (entry & (MIB - 1)) >> 3 || (entry & STATE) == 4 || (entry & STATE) == 5;
	if ((entry & STATE) != STATE_WHOLE && (entry & STATE) != STATE_PARTLY)
		out->kind = (entry & STATE) == STATE_ABSENT ? SPARSE_BASE : SPARSE_HOLE;
	else if (out->at && out->at < s->of->size)
		out->kind = (entry & STATE) == STATE_PARTLY && v->has_parent ? find_map(v, number, out) : SPARSE_PLAIN;
}

static void release(struct sparse *s)
{
	blocks_close(((struct vhdx *)s)->replayed);
	free(((struct vhdx *)s)->entries);
	free(s);
}

static bool read_table(struct vhdx *v, struct buf *words, struct err *err)
{
	uint64_t blocks = v->size / v->block + (v->size % v->block > 0), bytes;
	size_t got = 0;

	v->ratio = ((uint64_t)1 << 23) * v->sector / v->block;
	/* Where it holds differences the last row is whole, for its map stands behind it. */
	v->count = v->has_parent ? (blocks + v->ratio - 1) / v->ratio * (v->ratio + 1)
				 : blocks + (blocks ? (blocks - 1) / v->ratio : 0);
	bytes = v->count * 8;
	if (bytes > TABLE_MOST)
		return err_set(err, ERR_LIMIT, v->table.at, "limit: blocks of a vhdx");
	v->entries = malloc(bytes ? (size_t)bytes : 1);
	if (!v->entries)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
	if (!blocks_read(v->sparse.of, v->table.at, v->entries, (size_t)bytes, &got, err))
		return false;
	if (got < bytes || bytes > v->table.size)
		sparse_say(words, "its table of blocks ends too early");
	v->count = got / 8;
	return true;
}

static bool open_vhdx(struct vhdx *v, struct buf *words, struct buf *mended, struct err *err)
{
	read_headers(v, words);
	replay_log(v, words, mended);
	read_regions(v, words);
	if (!read_metadata(v, words, err))
		return false;
	v->sparse.unit = v->block;
	v->sparse.sector = v->sector;
	sparse_begin(&v->sparse, v->size);
	return read_table(v, words, err);
}

struct blocks *vhdx_media(struct blocks *of, struct blocks *base, struct buf *words, struct buf *mended, struct err *err)
{
	struct vhdx *v = calloc(1, sizeof *v);

	if (!v) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	v->sparse = (struct sparse){ .of = of, .base = base, .find = find, .release = release };
	if (open_vhdx(v, words, mended, err))
		return &v->sparse.blocks;
	release(&v->sparse);
	return NULL;
}

/* ---- what it rests on ---- */

/* Headers and items, no more. NULL: no memory. */
static struct vhdx *open_head(struct blocks *of)
{
	struct vhdx *v = calloc(1, sizeof *v);
	struct buf ignored = buf_new(0);
	struct err err;

	if (!v)
		return NULL;
	v->sparse = (struct sparse){ .of = of };
	read_headers(v, &ignored);
	replay_log(v, &ignored, &ignored);
	read_regions(v, &ignored);
	read_items(v, &err);
	return v;
}

static void take_key(struct image_base *out, struct span key, struct span value)
{
	struct buf name = buf_new(IMAGE_NAME_MOST), text = buf_new(IMAGE_NAME_MOST);

	utf8_add_utf16le(&name, key);
	utf8_add_utf16le(&text, value);
	if (span_eq(buf_span(&name), SPAN("parent_linkage")))
		snprintf(out->id, sizeof out->id, "%.*s", SPAN_ARG(buf_span(&text)));
	else if (span_eq(buf_span(&name), SPAN("relative_path")) ||
		 (!out->name.len && span_ends(buf_span(&name), SPAN("_path"))))
		image_base_take_path(out, buf_span(&text));
	buf_free(&name);
	buf_free(&text);
}

static void take_locator(struct image_base *out, struct span locator)
{
	struct cursor c = cursor_of(locator);
	unsigned count;

	cursor_skip(&c, LOCATOR_HEAD - 2);
	count = cursor_u16le(&c);
	while (count-- && !c.short_read) {
		uint32_t key_at = cursor_u32le(&c), value_at = cursor_u32le(&c);
		uint16_t key_len = cursor_u16le(&c), value_len = cursor_u16le(&c);

		take_key(out, span_sub(locator, key_at, key_len), span_sub(locator, value_at, value_len));
	}
}

bool vhdx_base(struct blocks *of, struct image_base *out)
{
	struct vhdx *v = open_head(of);
	struct buf locator = buf_new(LOCATOR_MOST);
	uint8_t *room = v && v->has_parent ? buf_reserve(&locator, LOCATOR_MOST) : NULL;
	bool rests = v && v->has_parent;
	struct err ignored;
	size_t got = 0;

	if (room && blocks_read(v->sparse.of, v->locator.at, room,
				v->locator.size < LOCATOR_MOST ? (size_t)v->locator.size : LOCATOR_MOST, &got, &ignored))
		take_locator(out, span_of(room, got));
	buf_free(&locator);
	if (v)
		release(&v->sparse);
	return rests;
}

bool vhdx_has_id(struct blocks *of, const char *id)
{
	struct vhdx *v = open_head(of);
	char own[40] = "";

	if (v) {
		const uint8_t *g = v->content_id;

		snprintf(own, sizeof own, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", load_u32le(g), load_u16le(g + 4),
			 load_u16le(g + 6), g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
		release(&v->sparse);
	}
	return span_eq_nocase(span_text(own), span_text(id));
}

/* What was given back keeps its place, and is of no use any more. */
static void use_given_back(const struct vhdx *v, struct sparse_uses *u)
{
	for (uint64_t i = 0; i < v->count; i++)
		sparse_uses_add(u, load_u64le(v->entries + i * 8) / MIB * MIB, v->block);
}

void vhdx_look(struct blocks *media, struct buf *words)
{
	struct vhdx *v = (struct vhdx *)media;
	struct sparse_loss loss = { 0 };
	struct sparse_uses u;
	uint64_t left = 0;

	if (sparse_uses_begin(&u, v->sparse.of, MIB)) {
		loss = sparse_look(&v->sparse, &u);
		sparse_uses_add(&u, 0, MIB);
		sparse_uses_add(&u, v->log.at, v->log.size);
		sparse_uses_add(&u, v->metadata.at, v->metadata.size);
		sparse_uses_add(&u, v->table.at, v->table.size < v->sparse.of->size ? v->table.size : v->count * 8);
		use_given_back(v, &u);
		left = sparse_uses_left(&u, v->sparse.of, NULL, NULL);
		sparse_uses_end(&u);
	}
	sparse_say_loss(words, &loss, left);
}
