#include "disk/file_system_kind.h"

#include "disk/luks2.h"

static const struct {
	uint32_t offset;
	struct span bytes;
	const char *name;
} magics[] = {
	/* Before all others: such a volume looks like FAT32, or is one for show (To Go). */
	{ 3, { (const uint8_t *)"-FVE-FS-", 8 }, "bitlocker" },
	{ 424, { (const uint8_t *)"\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0", 15 }, "bitlocker" },
	{ 3, { (const uint8_t *)"NTFS    ", 8 }, "ntfs" },
	{ 3, { (const uint8_t *)"EXFAT   ", 8 }, "exfat" },
	{ 54, { (const uint8_t *)"FAT1", 4 }, "fat" },
	{ 82, { (const uint8_t *)"FAT32", 5 }, "fat32" },
	{ 1080, { (const uint8_t *)"\x53\xef", 2 }, "ext" },
	{ 0, { (const uint8_t *)"XFSB", 4 }, "xfs" },
	{ 1024, { (const uint8_t *)"H+\0\4", 4 }, "hfs+" },
	{ 1024, { (const uint8_t *)"HX\0\5", 4 }, "hfsx" },
	{ 32769, { (const uint8_t *)"CD001", 5 }, "iso9660" },
	{ 0, { (const uint8_t *)"LUKS\xba\xbe", 6 }, "luks" },
	{ 512, { (const uint8_t *)"LABELONE", 8 }, "lvm" },
	{ 65600, { (const uint8_t *)"_BHRfS_M", 8 }, "btrfs" },
	{ 3, { (const uint8_t *)"ReFS\0\0\0\0", 8 }, "refs" },
	{ 32, { (const uint8_t *)"NXSB", 4 }, "apfs" },
	{ 1024, { (const uint8_t *)"\x10\x20\xf5\xf2", 4 }, "f2fs" },
	{ 65588, { (const uint8_t *)"ReIsEr", 6 }, "reiserfs" },
	{ 32768, { (const uint8_t *)"JFS1", 4 }, "jfs" },
	{ 4086, { (const uint8_t *)"SWAPSPACE2", 10 }, "linux swap" },
	{ 0, { (const uint8_t *)"hsqs", 4 }, "squashfs" },
	{ 0, { (const uint8_t *)"\xeb\x58\x90" "EXFAT", 8 }, "exfat" },
	{ 1024, { (const uint8_t *)"\xe2\xe1\xf5\xe0", 4 }, "erofs" },
	{ 1030, { (const uint8_t *)"\x34\x34", 2 }, "nilfs2" },
	{ 4120, { (const uint8_t *)"\xc6\x85\x73\xf6\x4e\x1a\x45\xca", 8 }, "bcachefs" },
	{ 8192, { (const uint8_t *)"OCFSV2", 6 }, "ocfs2" },
	{ 65536, { (const uint8_t *)"\x01\x16\x19\x70", 4 }, "gfs2" },
	{ 66908, { (const uint8_t *)"\x19\x01\x54\x19", 4 }, "ufs" },
	{ 16404, { (const uint8_t *)"\0\0\0\7version", 11 }, "zfs" },
	{ 4096, { (const uint8_t *)"\xfc\x4e\x2b\xa9", 4 }, "raid member" },
	{ 0, { (const uint8_t *)"\xfc\x4e\x2b\xa9", 4 }, "raid member" },
	{ 32769, { (const uint8_t *)"BEA01", 5 }, "udf" },
	{ 1024, { (const uint8_t *)"BD", 2 }, "hfs" },
};

#define RAID_MAGIC 0xa92b4efc
#define LOOK_BYTES ((size_t)68 << 10)
#define LOOK_PIECE 512

/* Versions 1.0 and 0.90 of Linux' RAID stand at the end; a mirror has its files at the start. */
static bool is_raid(struct blocks *volume)
{
	const uint64_t ends[] = { ((volume->size / 512 - 16) & ~(uint64_t)7) * 512,
				  (volume->size & ~(uint64_t)65535) - 65536 };
	struct err ignored;
	uint8_t magic[4];

	for (size_t i = 0; volume->size > 2 * 65536 && i < 2; i++)
		if (blocks_read_all(volume, ends[i], magic, sizeof magic, &ignored) &&
		    load_u32le(magic) == RAID_MAGIC)
			return true;
	return false;
}

const char *fs_detect_head(struct span head)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (span_eq(span_sub(head, magics[i].offset, magics[i].bytes.len), magics[i].bytes))
			return magics[i].name;
	return NULL;
}

/* What a disk cannot read of it is zeros: the rest may say enough. */
static struct span read_head(struct blocks *volume, struct buf *to)
{
	struct err ignored;
	size_t got = 0;

	if (!buf_reserve(to, LOOK_BYTES))
		return (struct span){ 0 };
	if (blocks_read(volume, 0, to->at, LOOK_BYTES, &got, &ignored))
		return span_of(to->at, got);
	memset(to->at, 0, LOOK_BYTES);
	for (size_t at = 0; at < LOOK_BYTES && at < volume->size; at += LOOK_PIECE)
		blocks_read(volume, at, to->at + at, LOOK_PIECE, &got, &ignored);
	return span_of(to->at, LOOK_BYTES);
}

const char *fs_detect(struct blocks *volume)
{
	struct buf room = buf_new(LOOK_BYTES);
	const char *found = fs_detect_head(read_head(volume, &room));

	buf_free(&room);
	if (!found && luks2_has_copy(volume))
		found = "luks";
	return found ? found : is_raid(volume) ? "raid member" : NULL;
}

static bool is_of_tsk(const char *name)
{
	static const char *const names[] = { "ntfs", "exfat", "fat", "fat32", "ext", "hfs+", "hfsx",
					     "iso9660" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

struct file_system *fs_open(struct blocks *volume, struct err *err)
{
	const char *name = fs_detect(volume);

	if (name && !strcmp(name, "xfs"))
		return fs_xfs_open(volume, err);
	if (name && is_of_tsk(name))
		return fs_tsk_open(volume, name, err);
	err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "%s: not examined",
		name ? name : "no known file system");
	return NULL;
}

void fs_close(struct file_system *fs)
{
	if (fs)
		fs->close(fs);
}

const char *fs_name(const struct file_system *fs)
{
	return fs->name;
}

bool fs_walk(struct file_system *fs, fs_entry_fn *entry, void *context, struct err *err)
{
	return fs->walk(fs, entry, context, err);
}

bool fs_read(struct file_system *fs, const struct fs_place *place, uint64_t most, struct buf *to,
	     bool *cut, struct err *err)
{
	*cut = false;
	return fs->read(fs, place, most, to, cut, err);
}

bool fs_read_on(struct file_system *fs, const struct fs_place *place, uint64_t from, struct buf *to,
		struct err *err)
{
	return fs->read_on && fs->read_on(fs, place, from, to, err);
}

bool fs_find(struct file_system *fs, uint64_t folder, struct span name, struct fs_place *out)
{
	return fs->find(fs, folder, name, out);
}

bool fs_link(struct file_system *fs, const struct fs_place *place, struct buf *to)
{
	return fs->link(fs, place, to);
}

struct marks fs_marks(struct file_system *fs, const struct fs_place *place, struct marks_room *room)
{
	struct marks marks = { 0 };

	if (fs->marks)
		fs->marks(fs, place, room, &marks);
	return marks;
}

bool fs_free_runs(struct file_system *fs, fs_free_fn *run, void *context, struct err *err)
{
	return fs->free_runs(fs, run, context, err);
}
