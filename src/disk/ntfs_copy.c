#include "disk/ntfs_copy.h"

#include "base/buf.h"
#include "disk/overlay.h"

#define RECORDS 4
#define SECTOR_LEAST 512
#define RECORD_MOST 65536

static uint32_t record_size(uint32_t cluster, uint8_t coded)
{
	int n = (int8_t)coded;

	return n > 0 ? (uint32_t)n * cluster : n > -17 ? (uint32_t)1 << -n : 0;
}

bool ntfs_find_tables(struct blocks *volume, struct ntfs_tables *out)
{
	uint8_t s[512];
	struct err ignored;
	uint32_t sector, cluster;

	if (!blocks_read_all(volume, 0, s, sizeof s, &ignored) || memcmp(s + 3, "NTFS    ", 8))
		return false;
	sector = load_u16le(s + 11);
	/* Large clusters are coded as a power of two, negative. */
	cluster = s[13] > 128 ? sector << (256 - s[13]) % 16 : sector * s[13];
	if (sector < SECTOR_LEAST || !cluster)
		return false;
	out->first = load_u64le(s + 48) % UINT32_MAX * cluster;
	out->copy = load_u64le(s + 56) % UINT32_MAX * cluster;
	out->sector = sector;
	out->cluster = cluster;
	out->record = record_size(cluster, s[64]);
	return out->record >= SECTOR_LEAST && out->record <= RECORD_MOST;
}

bool ntfs_is_record(struct blocks *volume, uint64_t at, uint32_t size)
{
	struct buf bytes = buf_new(RECORD_MOST);
	uint8_t *r = buf_reserve(&bytes, size);
	struct err ignored;
	bool ok = r && blocks_read_all(volume, at, r, size, &ignored) && !memcmp(r, "FILE", 4);
	uint32_t fix = ok ? load_u16le(r + 4) : 0, count = ok ? load_u16le(r + 6) : 0;

	ok = ok && count == size / SECTOR_LEAST + 1 && fix + count * 2 <= SECTOR_LEAST;
	for (uint32_t i = 1; ok && i < count; i++)
		ok = !memcmp(r + i * SECTOR_LEAST - 2, r + fix, 2);
	buf_free(&bytes);
	return ok;
}

struct blocks *ntfs_copy(struct blocks *volume, unsigned *count)
{
	struct ntfs_tables t;
	struct overlay *o;

	*count = 0;
	if (!ntfs_find_tables(volume, &t) || !(o = overlay_new(volume, t.record)))
		return NULL;
	for (uint64_t at = 0; at < (uint64_t)RECORDS * t.record; at += t.record)
		if (!ntfs_is_record(volume, t.first + at, t.record) && ntfs_is_record(volume, t.copy + at, t.record))
			overlay_add(o, t.first + at, t.copy + at, NULL);
	*count = (unsigned)overlay_count(o);
	if (*count)
		return overlay_blocks(o);
	overlay_free(o);
	return NULL;
}
