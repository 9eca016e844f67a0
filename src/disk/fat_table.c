#include "disk/fat_table.h"

#include <stdlib.h>

#define WINDOW ((size_t)64 << 10)
#define SECTOR_LEAST 512
#define SECTOR_MOST 4096
#define CLUSTER_MOST ((uint32_t)32 << 20)
#define FOLDER_MOST ((uint64_t)256 << 20)
#define FREE_CLUSTER 0

/* ---- opening ---- */

static uint32_t number_at(const uint8_t *s)
{
	return load_u32le(s);
}

static bool open_exfat(struct fat *f, const uint8_t *s)
{
	unsigned sector = s[108], cluster = s[109];

	if (sector < 9 || sector > 12 || cluster > 25u - sector)
		return false;
	f->is_exfat = true;
	f->bits = 32;
	f->sector = 1u << sector;
	f->cluster = f->sector << cluster;
	f->table = (uint64_t)number_at(s + 80) << sector;
	f->table_size = (uint64_t)number_at(s + 84) << sector;
	f->heap = (uint64_t)number_at(s + 88) << sector;
	f->last = number_at(s + 92) + 1;
	f->root = number_at(s + 96);
	f->tables = 1;
	return true;
}

static bool open_fat(struct fat *f, const uint8_t *s)
{
	uint32_t sector = load_u16le(s + 11), in_cluster = s[13], roots = load_u16le(s + 17);
	uint64_t all = load_u16le(s + 19) ? load_u16le(s + 19) : load_u32le(s + 32);
	uint64_t each = load_u16le(s + 22) ? load_u16le(s + 22) : load_u32le(s + 36), before;

	if (sector < SECTOR_LEAST || sector > SECTOR_MOST || sector & (sector - 1) || !in_cluster ||
	    in_cluster & (in_cluster - 1) || !s[16] || !each)
		return false;
	f->sector = sector;
	f->cluster = sector * in_cluster;
	f->tables = s[16];
	f->table = (uint64_t)load_u16le(s + 14) * sector;
	f->table_size = each * sector;
	f->root_area = f->table + f->tables * f->table_size;
	f->root_size = (uint64_t)roots * 32;
	f->heap = f->root_area + (f->root_size + sector - 1) / sector * sector;
	before = f->heap / sector;
	if (all <= before || (all - before) / in_cluster >= FAT_CLUSTERS_MOST)
		return false;
	f->last = (uint32_t)((all - before) / in_cluster) + 1;
	f->bits = f->last - 1 < 4085 ? 12 : f->last - 1 < 65525 ? 16 : 32;
	if (f->bits == 32)
		f->root = load_u32le(s + 44);
	return f->bits < 32 ? roots > 0 : f->root >= 2;
}

static bool find_bitmap(struct fat *f)
{
	uint32_t count = 0;

	fat_chain(f, f->root, (uint32_t)(FOLDER_MOST / f->cluster) + 1, &count);
	for (uint32_t at = 0; at + 32 <= f->cluster; at += 32) {
		uint8_t e[32];
		struct err ignored;

		if (!blocks_read_all(f->volume, f->heap + (uint64_t)(f->root - 2) * f->cluster + at, e, sizeof e, &ignored))
			return false;
		if (e[0] == 0x81 && !(e[1] & 1)) {
			f->bitmap = number_at(e + 20);
			return f->bitmap >= 2 && f->bitmap <= f->last;
		}
	}
	return false;
}

bool fat_open(struct fat *out, struct blocks *volume, struct err *err)
{
	uint8_t s[512];
	bool ok;

	*out = (struct fat){ .volume = volume };
	if (!blocks_read_all(volume, 0, s, sizeof s, err))
		return false;
	ok = !memcmp(s + 3, "EXFAT   ", 8) ? open_exfat(out, s) : open_fat(out, s);
	ok = ok && out->last >= 2 && out->last < FAT_CLUSTERS_MOST && out->heap < volume->size &&
	     (!out->root || out->root <= out->last) && (out->window = malloc(WINDOW));
	/* Clusters behind the end are none. */
	if (ok && out->last - 1 > (volume->size - out->heap) / out->cluster + 1)
		out->last = (uint32_t)((volume->size - out->heap) / out->cluster) + 2;
	if (ok && out->is_exfat)
		find_bitmap(out);
	if (!ok)
		fat_close(out);
	return ok || err_set(err, ERR_CORRUPT, 0, "fat: the boot sector makes no sense");
}

void fat_close(struct fat *f)
{
	if (f)
		free(f->window);
	if (f)
		*f = (struct fat){ 0 };
}

/* ---- the table ---- */

static bool byte_of_table(struct fat *f, uint64_t at, size_t len, const uint8_t **out)
{
	struct err ignored;
	size_t got;

	if (at + len > f->table_size)
		return false;
	if (at < f->window_at || at + len > f->window_at + f->window_len) {
		f->window_at = at / 512 * 512;
		f->window_len = 0;
		if (!blocks_read(f->volume, f->table + f->window_at, f->window, WINDOW, &got, &ignored))
			return false;
		f->window_len = got;
		if (at + len > f->window_at + f->window_len)
			return false;
	}
	*out = f->window + (at - f->window_at);
	return true;
}

uint32_t fat_next(struct fat *f, uint32_t cluster)
{
	const uint8_t *e;
	uint32_t n;

	if (f->bits == 12) {
		if (!byte_of_table(f, cluster + cluster / 2, 2, &e))
			return FREE_CLUSTER;
		n = cluster & 1 ? load_u16le(e) >> 4 : load_u16le(e) & 0xfff;
		return n >= 0xff7 ? 0x0ffff000 | n : n;
	}
	if (!byte_of_table(f, (uint64_t)cluster * (f->bits / 8), f->bits / 8, &e))
		return FREE_CLUSTER;
	n = f->bits == 16 ? load_u16le(e) : load_u32le(e);
	if (f->bits == 16)
		return n >= 0xfff7 ? 0x0fff0000 | n : n;
	return n & FAT_ENTRY;
}

static bool is_end(uint32_t entry)
{
	return entry >= 0x0ffffff8;
}

static bool is_cluster(const struct fat *f, uint32_t n)
{
	return n >= 2 && n <= f->last;
}

bool fat_chain(struct fat *f, uint32_t first, uint32_t most, uint32_t *count)
{
	uint32_t at = first;

	for (*count = 0; is_cluster(f, at) && *count < most; at = fat_next(f, at))
		++*count;
	return *count && is_end(at);
}

static uint64_t place_of(const struct fat *f, uint32_t cluster)
{
	return f->heap + (uint64_t)(cluster - 2) * f->cluster;
}

/* ---- reading ---- */

/* Clusters from `at` on that lie one behind the other. *next: what comes then. */
static uint32_t stretch(struct fat *f, bool is_chain, uint32_t at, uint32_t left, uint32_t *next)
{
	uint32_t n = 1;

	if (!is_chain) {
		*next = at + left;
		return left;
	}
	*next = fat_next(f, at);
	while (n < left && *next == at + n) {
		*next = fat_next(f, at + n);
		n++;
	}
	return n;
}

bool fat_read(struct fat *f, const struct fat_run *run, uint64_t most, struct buf *to, bool *cut, struct err *err)
{
	uint64_t left = run->count ? (uint64_t)(run->count - 1) * f->cluster + run->tail : 0;
	uint32_t at = run->first, clusters = run->count;

	*cut = left > most;
	left = *cut ? most : left;
	while (left) {
		uint32_t next, n = is_cluster(f, at) ? stretch(f, run->is_chain, at, clusters, &next) : 0;
		uint64_t bytes = (uint64_t)n * f->cluster < left ? (uint64_t)n * f->cluster : left;

		if (!n)
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "content: ends early");
		for (uint64_t done = 0; done < bytes; ) {
			size_t piece = bytes - done < WINDOW ? (size_t)(bytes - done) : WINDOW;
			uint8_t *room = buf_reserve(to, piece);

			*cut = *cut || !room;
			if (!room)
				return true;
			if (!blocks_read_all(f->volume, place_of(f, at) + done, room, piece, err))
				return false;
			to->len += piece;
			done += piece;
		}
		left -= bytes;
		clusters -= n;
		at = next;
	}
	return true;
}
