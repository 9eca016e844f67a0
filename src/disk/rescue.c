#include "disk/rescue.h"

#include "disk/file_system.h"

#define SECTOR 512
#define MIB ((uint64_t)1 << 20)
/* Where the first partition began before the megabyte came into use. */
#define OLD_START ((uint64_t)63 * SECTOR)
#define EXT_SUPERBLOCK 1024
#define EXT_MAGIC 0xef53
#define HEAD 4096
#define PIECES_MOST 5

struct rescue {
	struct blocks *volume;
	struct blocks *parts[PIECES_MOST];
	size_t count;
	bool failed;			/* no memory for a part */
};

static bool read_at(struct blocks *b, uint64_t at, uint8_t *to, size_t len)
{
	struct err ignored;

	return at <= b->size && len <= b->size - at && blocks_read_all(b, at, to, len, &ignored);
}

static void take_part(struct rescue *r, uint64_t at, uint64_t size)
{
	struct blocks *part = size ? blocks_part(r->volume, at, size) : NULL;

	if (part)
		r->parts[r->count++] = part;
	r->failed |= size && !part;
}

static struct blocks *put_together(struct rescue *r)
{
	struct blocks *whole = r->failed ? NULL : blocks_chain(r->parts, r->count, r->volume->budget);

	if (!whole)
		while (r->count)
			blocks_close(r->parts[--r->count]);
	return whole;
}

/* `len` bytes at `from` stand for those at `at`. */
static struct blocks *with_copy(struct rescue *r, uint64_t at, uint64_t from, uint64_t len)
{
	take_part(r, 0, at);
	take_part(r, from, len);
	take_part(r, at + len, r->volume->size - at - len);
	return put_together(r);
}

/* ---- ext: superblock and descriptors in the second group ---- */

static bool is_second_superblock(const uint8_t *s, uint32_t block)
{
	uint32_t log = load_u32le(s + 24);

	return load_u16le(s + 56) == EXT_MAGIC && log <= 6 && (uint32_t)1024 << log == block &&
	       load_u16le(s + 90) == 1 && load_u32le(s + 32) == block * 8 && load_u32le(s + 40);
}

static struct blocks *rescue_ext(struct rescue *r)
{
	uint8_t s[1024];

	for (uint32_t block = 1024; block <= 65536; block *= 2) {
		uint64_t first = block == 1024, copy = (first + block * 8ULL) * block, table = (first + 1) * block;
		uint64_t groups, bytes;
		uint32_t each;

		if (!read_at(r->volume, copy, s, sizeof s) || !is_second_superblock(s, block))
			continue;
		groups = load_u32le(s) / load_u32le(s + 40);
		each = load_u32le(s + 96) & 0x80 && load_u16le(s + 254) >= 32 ? load_u16le(s + 254) : 32;
		bytes = (groups * each + block - 1) / block * block;
		if (bytes > r->volume->size - copy - block || bytes > copy - table)
			continue;
		take_part(r, 0, EXT_SUPERBLOCK);
		take_part(r, copy, 1024);
		take_part(r, 2048, table - 2048);
		take_part(r, copy + block, bytes);
		take_part(r, table + bytes, r->volume->size - table - bytes);
		return put_together(r);
	}
	return NULL;
}

/* ---- the others: one piece ---- */

static bool has_text(struct blocks *b, uint64_t at, const char *text)
{
	uint8_t found[8];
	size_t len = strlen(text);

	return read_at(b, at, found, len) && !memcmp(found, text, len);
}

/* Partitions may be larger by a few sectors than the volume, whose copy stands behind its last. */
static struct blocks *rescue_ntfs(struct rescue *r)
{
	uint64_t end = r->volume->size / SECTOR * SECTOR;

	for (uint64_t back = SECTOR; back <= 16 * SECTOR && back <= end; back += SECTOR)
		if (has_text(r->volume, end - back + 3, "NTFS    "))
			return with_copy(r, 0, end - back, SECTOR);
	return NULL;
}

/* Of AGs as mkfs.xfs makes them: four, or as large as they may be. */
static struct blocks *rescue_xfs(struct rescue *r)
{
	uint64_t quarter = r->volume->size / 4096 / 4 * 4096;
	const uint64_t tries[] = { quarter, quarter + 4096, (uint64_t)1 << 40, ((uint64_t)1 << 40) - 4096 };
	uint8_t head[128];

	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
		if (read_at(r->volume, tries[i], head, sizeof head) && !memcmp(head, "XFSB", 4) &&
		    (uint64_t)load_u32be(head + 84) * load_u32be(head + 4) == tries[i])
			return with_copy(r, 0, tries[i], SECTOR);
	return NULL;
}

static struct blocks *rescue_fat32(struct rescue *r)
{
	return has_text(r->volume, 6 * SECTOR + 82, "FAT32") ? with_copy(r, 0, 6 * SECTOR, SECTOR) : NULL;
}

static struct blocks *rescue_exfat(struct rescue *r)
{
	return has_text(r->volume, 12 * SECTOR + 3, "EXFAT   ") ? with_copy(r, 0, 12 * SECTOR, 12 * SECTOR) : NULL;
}

static struct blocks *rescue_hfs(struct rescue *r)
{
	uint64_t copy = r->volume->size - 1024;

	return has_text(r->volume, copy, "H+") || has_text(r->volume, copy, "HX")
	     ? with_copy(r, 1024, copy, SECTOR) : NULL;
}

struct blocks *rescue_volume(struct blocks *volume, const char **what)
{
	static const struct {
		struct blocks *(*rescue)(struct rescue *r);
		const char *what;
	} ways[] = {
		{ rescue_ext, "superblock in its second group" },
		{ rescue_ntfs, "boot sector at its end" },
		{ rescue_fat32, "boot sector behind the first" },
		{ rescue_exfat, "boot sector behind the first" },
		{ rescue_hfs, "volume header at its end" },
		{ rescue_xfs, "superblock of its second allocation group" },
	};
	struct blocks *made = NULL;

	for (size_t i = 0; i < sizeof ways / sizeof *ways && volume->size >= MIB && !made; i++) {
		struct rescue r = { .volume = volume };

		made = ways[i].rescue(&r);
		*what = ways[i].what;
	}
	return made;
}

/* ---- volumes that no table names ---- */

/* What the volume says of its own size; 0: nothing that can be believed. */
static uint64_t size_of(const char *kind, const uint8_t *head)
{
	uint64_t sector = load_u16le(head + 11);

	if (!strcmp(kind, "ext") && load_u32le(head + EXT_SUPERBLOCK + 24) <= 6)
		return (uint64_t)load_u32le(head + EXT_SUPERBLOCK + 4) << (10 + load_u32le(head + EXT_SUPERBLOCK + 24));
	if (!strcmp(kind, "ntfs"))
		return (load_u64le(head + 40) & UINT32_MAX) * sector + sector;
	if (!strcmp(kind, "fat") || !strcmp(kind, "fat32"))
		return (load_u16le(head + 19) ? load_u16le(head + 19) : load_u32le(head + 32)) * sector;
	if (!strcmp(kind, "exfat") && head[108] >= 9 && head[108] <= 12)
		return (load_u64le(head + 72) & UINT32_MAX) << head[108];
	if (!strcmp(kind, "xfs"))
		return (load_u64be(head + 8) & UINT32_MAX) * load_u32be(head + 4);
	return 0;
}

/*
 * A copy of ext's superblock stands at the start of its group's first block, or behind the
 * boot block where blocks have 1 KiB: where the volume begins then, though nothing is left there.
 */
static bool is_copy_of_ext(const uint8_t *s, uint64_t at, uint64_t from, struct rescue_place *out)
{
	uint32_t log = load_u32le(s + 24), group = load_u16le(s + 90);
	uint64_t back = ((uint64_t)group * load_u32le(s + 32) + load_u32le(s + 20)) << (10 + (log <= 6 ? log : 0));

	if (load_u16le(s + 56) != EXT_MAGIC || log > 6 || !group || back > at || at - back < from)
		return false;
	*out = (struct rescue_place){ at - back, (uint64_t)load_u32le(s + 4) << (10 + log), 0 };
	return true;
}

/* `from`: what lies before it is another's. */
static bool is_volume_at(struct blocks *media, uint64_t at, uint64_t from, struct rescue_place *out)
{
	uint8_t head[HEAD];
	const char *kind = NULL;

	if (!read_at(media, at, head, sizeof head))
		return false;
	if (!is_copy_of_ext(head, at, from, out) && !is_copy_of_ext(head + EXT_SUPERBLOCK, at + EXT_SUPERBLOCK, from, out)) {
		kind = fs_detect_head(span_of(head, sizeof head));
		*out = (struct rescue_place){ at, kind ? size_of(kind, head) : 0, 0 };
		if (!kind)
			return false;
	}
	if (!out->size || out->size > media->size - out->at)
		out->size = media->size - out->at;
	return true;
}

bool rescue_search(struct blocks *media, uint64_t *at, struct rescue_place *out)
{
	uint64_t place = *at;

	while (place < media->size && !blocks_over(media)) {
		uint64_t data = blocks_data_from(media, place);

		if (data > place + MIB) {
			place = data / MIB * MIB;
		} else if (is_volume_at(media, place, *at, out)) {
			uint64_t end = (out->at + out->size + MIB - 1) / MIB * MIB;

			out->next = !place ? OLD_START : place < MIB ? MIB : place + MIB;
			*at = end > place ? end : out->next;
			return true;
		} else {
			place = place == 0 ? OLD_START : place == OLD_START ? MIB : place + MIB;
		}
	}
	*at = media->size;
	return false;
}
