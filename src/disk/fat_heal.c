#include "disk/fat_table.h"

#include "disk/overlay.h"

#define AT_ONCE ((size_t)64 << 10)

/* Entries of a piece of a table that lead nowhere; all of them where nothing is in it. */
static unsigned nonsense(const struct fat *f, const uint8_t *piece, size_t len)
{
	unsigned count = 0, used = 0, all = 0;

	for (size_t bit = 0; bit + f->bits <= len * 8; bit += f->bits, all++) {
		const uint8_t *at = piece + bit / 8;
		uint32_t n = f->bits == 32 ? load_u32le(at) & FAT_ENTRY : f->bits == 16 ? load_u16le(at)
			   : bit % 8 ? load_u16le(at) >> 4 : load_u16le(at) & 0xfff;
		uint32_t top = f->bits == 32 ? FAT_BAD : f->bits == 16 ? 0xfff7 : 0xff7;

		used += n != 0;
		/* The first two say what medium it is, and end like a chain. */
		count += n == 1 || (n > f->last && n < top && !(bit < 2 * (uint64_t)f->bits && n >= top - 8));
	}
	return used ? count : all;
}

static void compare(const struct fat *f, struct overlay *o, uint64_t at, const uint8_t *one, const uint8_t *two, size_t len)
{
	if (nonsense(f, two, len) >= nonsense(f, one, len))
		return;
	for (size_t i = 0; i < len; i += f->sector)
		overlay_add(o, f->table + at + i, f->table + f->table_size + at + i, NULL);
}

static void compare_tables(const struct fat *f, struct overlay *o, uint32_t *differing)
{
	/* An entry of 12 bits may begin in one sector and end in the next. */
	size_t unit = f->bits == 12 ? (size_t)f->table_size : f->sector;
	size_t piece = f->bits == 12 ? unit : AT_ONCE;
	struct buf one = buf_new(AT_ONCE), two = buf_new(AT_ONCE);
	uint8_t *a = buf_reserve(&one, piece), *b = buf_reserve(&two, piece);
	struct err ignored;

	for (uint64_t at = 0; a && b && at < f->table_size && !blocks_over(f->volume); at += piece) {
		size_t len = f->table_size - at < piece ? (size_t)(f->table_size - at) : piece;

		if (!blocks_read_all(f->volume, f->table + at, a, len, &ignored) ||
		    !blocks_read_all(f->volume, f->table + f->table_size + at, b, len, &ignored))
			continue;
		for (size_t i = 0; i + unit <= len; i += unit)
			if (memcmp(a + i, b + i, unit)) {
				++*differing;
				compare(f, o, at + i, a + i, b + i, unit);
			}
	}
	buf_free(&one);
	buf_free(&two);
}

struct blocks *fat_heal(struct blocks *volume, uint32_t *differing)
{
	struct overlay *o = NULL;
	struct err ignored;
	struct fat f;

	*differing = 0;
	if (!fat_open(&f, volume, &ignored))
		return NULL;
	if (f.tables >= 2)
		o = overlay_new(volume, f.sector);
	if (o)
		compare_tables(&f, o, differing);
	fat_close(&f);
	if (o && overlay_count(o))
		return overlay_blocks(o);
	overlay_free(o);
	return NULL;
}

bool fat_map_is_destroyed(struct blocks *volume)
{
	struct err ignored;
	struct fat f;
	uint64_t number;
	uint8_t bits;
	bool is_destroyed;

	if (!fat_open(&f, volume, &ignored))
		return false;
	number = f.root - 2;
	is_destroyed = f.is_exfat && f.bitmap && number / 8 < f.cluster &&
		       blocks_read_all(volume, f.heap + (uint64_t)(f.bitmap - 2) * f.cluster + number / 8, &bits, 1, &ignored) &&
		       !(bits >> number % 8 & 1);
	fat_close(&f);
	return is_destroyed;
}
