#include "disk/ntfs_bitmap.h"

#include "base/buf.h"
#include "disk/ntfs_copy.h"
#include "disk/patched.h"

#define NUMBER 6
#define FIXED 512		/* each so many bytes of a record end in a number of their own */
#define FIXUPS_AT 48
#define MAGIC_OF_FIXUP 1
#define HEAD 64			/* of an attribute that lies elsewhere */
#define DATA 0x80
#define SECTORS_FIELD 40	/* of the boot sector */

static void put(uint8_t *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

/* Whether the record is one, and has what says where the bitmap lies. */
static bool is_whole(struct blocks *volume, const struct ntfs_tables *t)
{
	struct buf bytes = buf_new(t->record);
	uint8_t *r = buf_reserve(&bytes, t->record);
	struct err ignored;
	bool found = false;

	if (r && ntfs_is_record(volume, t->first + NUMBER * (uint64_t)t->record, t->record) &&
	    blocks_read_all(volume, t->first + NUMBER * (uint64_t)t->record, r, t->record, &ignored)) {
		uint32_t at = load_u16le(r + 20), len;

		for (; !found && at + HEAD <= t->record && (len = load_u32le(r + at + 4)) >= 16 && len <= t->record; at += len)
			found = load_u32le(r + at) == DATA && r[at + 8] == 1;
	}
	buf_free(&bytes);
	return found;
}

static void make_attribute(uint8_t *a, uint64_t cluster, uint64_t first, uint64_t count)
{
	put(a, DATA, 4);
	put(a + 4, HEAD + 16, 4);
	a[8] = 1;
	put(a + 14, 1, 2);
	put(a + 24, count - 1, 8);
	put(a + 32, HEAD, 2);
	put(a + 40, count * cluster, 8);
	put(a + 48, count * cluster, 8);
	put(a + 56, count * cluster, 8);
	/* One run: its length in four bytes, its place in eight. */
	a[HEAD] = 0x84;
	put(a + HEAD + 1, count, 4);
	put(a + HEAD + 5, first, 8);
}

static void make_record(uint8_t *r, const struct ntfs_tables *t, uint64_t first, uint64_t count)
{
	uint32_t fixups = t->record / FIXED + 1, at = (FIXUPS_AT + 2 * fixups + 7) / 8 * 8;

	memset(r, 0, t->record);
	memcpy(r, "FILE", 4);
	put(r + 4, FIXUPS_AT, 2);
	put(r + 6, fixups, 2);
	put(r + 16, NUMBER, 2);
	put(r + 18, 1, 2);
	put(r + 20, at, 2);
	put(r + 22, 1, 2);
	put(r + 24, at + HEAD + 16 + 8, 4);
	put(r + 28, t->record, 4);
	put(r + 40, 2, 2);
	put(r + 44, NUMBER, 4);
	make_attribute(r + at, t->cluster, first, count);
	put(r + at + HEAD + 16, UINT32_MAX, 4);
	put(r + FIXUPS_AT, MAGIC_OF_FIXUP, 2);
	for (uint32_t i = 1; i < fixups; i++)
		put(r + i * FIXED - 2, MAGIC_OF_FIXUP, 2);
}

static bool add_patches(struct patched *p, struct blocks *volume, const struct ntfs_tables *t, uint64_t clusters, uint64_t count)
{
	struct buf bytes = buf_new(t->record);
	uint8_t *r = buf_reserve(&bytes, t->record), sectors[8];
	bool ok = r;

	if (ok) {
		make_record(r, t, clusters, count);
		put(sectors, (clusters + count) * t->cluster / t->sector, sizeof sectors);
		ok = patched_add(p, t->first + NUMBER * (uint64_t)t->record, span_of(r, t->record)) &&
		     patched_add(p, SECTORS_FIELD, span_of(sectors, sizeof sectors));
	}
	buf_free(&bytes);
	return ok;
}

struct blocks *ntfs_bitmap(struct blocks *volume)
{
	struct ntfs_tables t;
	struct patched *p;
	uint64_t clusters, count;

	if (!ntfs_find_tables(volume, &t) || is_whole(volume, &t))
		return NULL;
	/* Whole ones: behind the last there is the second boot sector. */
	clusters = (volume->size + t.cluster - 1) / t.cluster;
	count = clusters / 8 / t.cluster + 2;
	if (count > INT32_MAX || !(p = patched_new(volume, (clusters + count) * t.cluster - volume->size)))
		return NULL;
	if (add_patches(p, volume, &t, clusters, count))
		return patched_blocks(p);
	blocks_close(patched_blocks(p));
	return NULL;
}
