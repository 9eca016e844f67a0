#include "disk/vhd.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "disk/sparse.h"

#define SECTOR 512
#define FOOTER 512
#define HEADER 1024
#define KIND_FIXED 2
#define KIND_DYNAMIC 3
#define KIND_DIFFERENCING 4
#define BLOCK_USUAL ((uint32_t)2 << 20)
#define BLOCK_MOST ((uint32_t)256 << 20)
/* Of 2040 GiB, the most that the format knows, in blocks of 2 MiB; smaller blocks make more. */
#define BLOCKS_MOST ((uint64_t)8 << 20)
#define ABSENT UINT32_MAX
#define OWN_ID 68
#define BASE_ID 40
#define BASE_NAME 64
#define BASE_NAME_LEN 512

struct vhd {
	struct sparse sparse;
	uint32_t bitmap;		/* bytes of the map in front of each block */
	bool is_partial;		/* that map counts: it holds differences */
	uint64_t count, table_at;
	uint8_t *table;			/* four bytes each, as stored */
};

struct geometry {
	uint32_t kind;
	uint64_t size, header_at, table_at;
	uint32_t block;
};

/* The complement of the sum of all bytes but its own four. */
static bool sum_holds(const uint8_t *bytes, size_t len, size_t at)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		if (i < at || i >= at + 4)
			sum += bytes[i];
	return ~sum == load_u32be(bytes + at);
}

static bool is_footer(const uint8_t *bytes)
{
	return !memcmp(bytes, "conectix", 8);
}

/* The end of the file where it has one, else the copy at the start. */
static bool read_footers(struct blocks *of, uint8_t start[FOOTER], uint8_t end[FOOTER])
{
	struct err ignored;

	return of->size >= 2 * FOOTER && blocks_read_all(of, 0, start, FOOTER, &ignored) &&
	       blocks_read_all(of, (of->size - FOOTER) / SECTOR * SECTOR, end, FOOTER, &ignored);
}

bool vhd_is(struct blocks *of)
{
	uint8_t start[FOOTER], end[FOOTER];

	return read_footers(of, start, end) &&
	       (is_footer(start) || (is_footer(end) && load_u32be(end + 60) != KIND_FIXED && sum_holds(end, FOOTER, 64)));
}

static void take_footer(const uint8_t *footer, struct geometry *g)
{
	g->header_at = load_u64be(footer + 16);
	g->size = load_u64be(footer + 48);
	g->kind = load_u32be(footer + 60);
}

static bool find_footer(struct blocks *of, struct geometry *g, struct vhd_damage *damage, struct err *err)
{
	uint8_t start[FOOTER], end[FOOTER];
	bool is_start, is_end;

	if (!read_footers(of, start, end))
		return err_set(err, ERR_CORRUPT, 0, "vhd: too short");
	is_start = is_footer(start) && sum_holds(start, FOOTER, 64);
	is_end = is_footer(end) && sum_holds(end, FOOTER, 64);
	take_footer(is_end ? end : is_start || !is_footer(end) ? start : end, g);
	damage->footer = !is_start || !is_end;
	/* What neither of them vouches for. */
	if (!is_start && !is_end) {
		if (g->kind != KIND_DIFFERENCING)
			g->kind = KIND_DYNAMIC;
		if (g->header_at >= of->size)
			g->header_at = FOOTER;
	}
	return true;
}

/* The table's place, the size of a block, and how many there are. */
static bool read_header(struct blocks *of, struct geometry *g, uint64_t *count, struct vhd_damage *damage, struct err *err)
{
	uint8_t raw[HEADER] = { 0 };
	struct err ignored;
	bool whole = blocks_read_all(of, g->header_at, raw, sizeof raw, &ignored) &&
		     !memcmp(raw, "cxsparse", 8) && sum_holds(raw, HEADER, 36);

	damage->header = !whole;
	g->table_at = whole ? load_u64be(raw + 16) : g->header_at + HEADER;
	g->block = whole ? load_u32be(raw + 32) : BLOCK_USUAL;
	*count = load_u32be(raw + 28);
	if (!g->block || g->block % SECTOR || g->block > BLOCK_MOST)
		return err_set(err, ERR_CORRUPT, g->header_at, "vhd: impossible size of a block");
	if (g->size > BLOCKS_MOST * g->block)
		return err_set(err, ERR_LIMIT, g->header_at, "limit: blocks of a vhd");
	if (!whole)
		*count = (g->size + g->block - 1) / g->block;
	if (*count > BLOCKS_MOST)
		return err_set(err, ERR_LIMIT, g->header_at, "limit: blocks of a vhd");
	return true;
}

static void find(struct sparse *s, uint64_t number, struct sparse_unit *out)
{
	const struct vhd *v = (const struct vhd *)s;
	uint32_t sector = number < v->count ? load_u32be(v->table + number * 4) : ABSENT;

	out->count = number < v->count ? 1 : UINT64_MAX;
	out->at = (uint64_t)sector * SECTOR + v->bitmap;
	out->map_at = (uint64_t)sector * SECTOR;
	out->kind = sector == ABSENT	       ? SPARSE_BASE
		  : out->at >= s->of->size ? SPARSE_LOST
		  : v->is_partial	       ? SPARSE_PARTLY
					       : SPARSE_PLAIN;
}

static void release(struct sparse *s)
{
	free(((struct vhd *)s)->table);
	free(s);
}

static struct blocks *open_dynamic(struct blocks *of, struct blocks *base, const struct geometry *g, uint64_t count,
				   struct err *err)
{
	struct vhd *v = calloc(1, sizeof *v);
	size_t got = 0, len = (size_t)count * 4;

	if (!v || !(v->table = malloc(len ? len : 1))) {
		free(v);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	v->sparse = (struct sparse){ .of = of, .base = base, .unit = g->block, .sector = SECTOR, .is_high_first = true,
				     .find = find, .release = release };
	v->is_partial = g->kind == KIND_DIFFERENCING;
	sparse_begin(&v->sparse, g->size);
	v->bitmap = (g->block / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
	v->count = count;
	v->table_at = g->table_at;
	if (!blocks_read(of, g->table_at, v->table, len, &got, err)) {
		release(&v->sparse);
		return NULL;
	}
	memset(v->table + got, 0xff, len - got);
	return &v->sparse.blocks;
}

struct blocks *vhd_media(struct blocks *of, struct blocks *base, struct vhd_damage *damage, struct err *err)
{
	struct geometry g = { 0 };
	uint64_t count;

	*damage = (struct vhd_damage){ 0 };
	if (!find_footer(of, &g, damage, err))
		return NULL;
	if (g.kind == KIND_DIFFERENCING && !base) {
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "vhd: rests on another image");
		return NULL;
	}
	if (!read_header(of, &g, &count, damage, err))
		return NULL;
	return open_dynamic(of, base, &g, count, err);
}

/* ---- what it rests on ---- */

static void put_id(char id[40], const uint8_t *bytes)
{
	for (unsigned i = 0; i < 16; i++)
		snprintf(id + (size_t)i * 2, 3, "%02x", bytes[i]);
}

bool vhd_base(struct blocks *of, struct image_base *out)
{
	struct geometry g = { 0 };
	struct vhd_damage ignored_damage;
	uint8_t raw[HEADER] = { 0 };
	struct err ignored;

	if (!find_footer(of, &g, &ignored_damage, &ignored) || g.kind != KIND_DIFFERENCING)
		return false;
	if (blocks_read_all(of, g.header_at, raw, sizeof raw, &ignored) && !memcmp(raw, "cxsparse", 8)) {
		struct buf path = buf_new(IMAGE_NAME_MOST);

		for (size_t at = BASE_NAME; at < BASE_NAME + BASE_NAME_LEN && load_u16be(raw + at); at += 2)
			utf8_add(&path, load_u16be(raw + at));
		image_base_take_path(out, buf_span(&path));
		put_id(out->id, raw + BASE_ID);
		buf_free(&path);
	}
	return true;
}

bool vhd_has_id(struct blocks *of, const char *id)
{
	uint8_t start[FOOTER], end[FOOTER];
	char own[40];

	if (!read_footers(of, start, end) || (!is_footer(end) && !is_footer(start)))
		return false;
	put_id(own, (is_footer(end) ? end : start) + OWN_ID);
	return !strcmp(own, id);
}

void vhd_look(struct blocks *media, struct buf *words)
{
	struct vhd *v = (struct vhd *)media;
	struct sparse_loss loss = { 0 };
	struct sparse_uses u;
	uint64_t left = 0;

	/* Blocks lie at any sector. */
	if (sparse_uses_begin(&u, v->sparse.of, v->sparse.unit / 4 + SECTOR)) {
		loss = sparse_look(&v->sparse, &u);
		sparse_uses_add(&u, 0, v->table_at + v->count * 4);
		sparse_uses_add(&u, v->sparse.of->size - FOOTER, FOOTER);
		left = sparse_uses_left(&u, v->sparse.of, NULL, NULL);
		sparse_uses_end(&u);
	}
	sparse_say_loss(words, &loss, left);
}
