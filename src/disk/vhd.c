#include "disk/vhd.h"

#include <stdlib.h>

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

struct vhd {
	struct blocks blocks;
	struct blocks *of;
	uint32_t block, bitmap;		/* bytes of a block, and of the map in front of it */
	uint64_t count;
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

/* Where a block's content lies; false: nowhere, or beyond the file. */
static bool place_of(const struct vhd *v, uint64_t number, uint64_t *at)
{
	uint32_t sector = number < v->count ? load_u32be(v->table + number * 4) : ABSENT;

	*at = (uint64_t)sector * SECTOR + v->bitmap;
	return sector != ABSENT && *at < v->of->size;
}

static bool read_vhd(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	struct vhd *v = (struct vhd *)b;

	while (len) {
		uint64_t inside = at % v->block, left = v->block - inside, place;
		size_t piece = left < len ? (size_t)left : len, got = 0;

		if (place_of(v, at / v->block, &place) &&
		    !blocks_read(v->of, place + inside, to, piece, &got, err))
			return false;
		memset(to + got, 0, piece - got);
		to += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

static uint64_t data_of_vhd(struct blocks *b, uint64_t at)
{
	const struct vhd *v = (const struct vhd *)b;
	uint64_t place;

	while (at < b->size && !place_of(v, at / v->block, &place))
		at = (at / v->block + 1) * v->block;
	return at;
}

static void close_vhd(struct blocks *b)
{
	free(((struct vhd *)b)->table);
	free(b);
}

static uint64_t count_lost(const struct vhd *v)
{
	uint64_t lost = 0, at;

	for (uint64_t i = 0; i < v->count; i++)
		lost += !place_of(v, i, &at) && load_u32be(v->table + i * 4) != ABSENT;
	return lost;
}

static struct blocks *open_dynamic(struct blocks *of, const struct geometry *g, uint64_t count,
				   struct vhd_damage *damage, struct err *err)
{
	struct vhd *v = calloc(1, sizeof *v);
	size_t got = 0, len = (size_t)count * 4;

	if (!v || !(v->table = malloc(len ? len : 1))) {
		free(v);
		err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for an image");
		return NULL;
	}
	v->blocks = (struct blocks){ .size = g->size, .read = read_vhd, .data_from = data_of_vhd,
				     .close = close_vhd, .budget = of->budget };
	v->of = of;
	v->block = g->block;
	v->bitmap = (g->block / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
	v->count = count;
	if (!blocks_read(of, g->table_at, v->table, len, &got, err)) {
		close_vhd(&v->blocks);
		return NULL;
	}
	memset(v->table + got, 0xff, len - got);
	damage->lost_blocks = count_lost(v);
	return &v->blocks;
}

struct blocks *vhd_media(struct blocks *of, struct vhd_damage *damage, struct err *err)
{
	struct geometry g = { 0 };
	uint64_t count;

	*damage = (struct vhd_damage){ 0 };
	if (!find_footer(of, &g, damage, err))
		return NULL;
	if (g.kind == KIND_DIFFERENCING) {
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "vhd: rests on another image");
		return NULL;
	}
	if (!read_header(of, &g, &count, damage, err))
		return NULL;
	return open_dynamic(of, &g, count, damage, err);
}
