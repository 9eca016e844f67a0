#include "disk/ext_table.h"

#define FIRST_FREE 11
#ifdef KANSHIKI_FUZZING
#define FOLDER_MOST ((size_t)1 << 20)	/* else it would look at little else */
#else
#define FOLDER_MOST ((size_t)256 << 20)
#endif
#define NAME_HEAD 8
#define PIECE ((size_t)64 << 10)	/* a sector that cannot be read costs no more */

#define COMPAT_ORPHAN_FILE 0x1000
#define RO_GROUP_CHECKSUMS (0x10 | 0x400)
#define GROUP_NO_INODES 1
#define FLAG_ATTRIBUTE_INODE 0x200000
#define FLAG_INLINE 0x10000000
#define TYPE_MASK 0xf000
#define TYPE_FOLDER 0x4000
#define TYPE_FILE 0x8000

/* ---- folders ---- */

/* Lengths of names go from one to the next until the end of the block. */
static bool is_chain(const struct ext *e, struct span block)
{
	size_t at = 0;

	while (at + NAME_HEAD <= block.len) {
		uint32_t inode = load_u32le(block.at + at), len = load_u16le(block.at + at + 4);

		/* A block of 64 KiB is longer than the field can say. */
		if (!len || len == UINT16_MAX)
			len = block.len == 65536 ? 65536 : 0;
		if (len < NAME_HEAD || len % 4 || len > block.len - at || inode > e->inodes ||
		    (inode && NAME_HEAD + (uint32_t)block.at[at + 6] > len))
			return false;
		at += len;
	}
	return at == block.len;
}

static bool are_chains(const struct ext *e, struct span bytes, uint64_t inode)
{
	bool ok = bytes.len && bytes.len % e->block == 0 && load_u32le(bytes.at) == inode;

	for (size_t at = 0; ok && at < bytes.len; at += e->block)
		ok = is_chain(e, span_sub(bytes, at, e->block));
	return ok;
}

bool ext_folder_is_whole(const struct ext *e, uint64_t inode)
{
	struct buf bytes = buf_new(FOLDER_MOST), raw = buf_new(EXT_INODE_MOST);
	struct err ignored;
	bool cut = false, ok;

	ok = ext_read_inode(e, inode, &raw, &ignored);
	/* The library reads no names that stand in the inode: then it has missed them. */
	ok = ok && !(load_u32le(raw.at + 32) & FLAG_INLINE) &&
	     ext_read(e, inode, FOLDER_MOST, &bytes, &cut, &ignored) && !cut &&
	     are_chains(e, buf_span(&bytes), inode);
	buf_free(&raw);
	buf_free(&bytes);
	return ok;
}

/* ---- inodes in use ---- */

struct going {
	const struct ext *e;
	ext_inode_fn *take;
	void *context;
	uint32_t own[2];		/* inodes of the file system itself above the reserved ones */
	bool has_unused;		/* descriptors say how many inodes were never used */
	struct buf bitmap, table;
	bool stopped;
};

static bool is_own(const struct going *g, uint64_t inode)
{
	return inode < FIRST_FREE || inode == g->own[0] || inode == g->own[1];
}

static void take_inode(struct going *g, uint64_t number, struct span raw)
{
	uint32_t type = load_u16le(raw.at) & TYPE_MASK, links = load_u16le(raw.at + 26);
	struct ext_inode found = { .number = number, .is_folder = type == TYPE_FOLDER, .is_deleted = !links,
				   .size = load_u32le(raw.at + 4) };

	if (type == TYPE_FILE)
		found.size |= (uint64_t)load_u32le(raw.at + 108) << 32;
	if ((type == TYPE_FILE || type == TYPE_FOLDER) && (links || (type == TYPE_FILE && found.size)) &&
	    !(load_u32le(raw.at + 32) & FLAG_ATTRIBUTE_INODE) && !is_own(g, number))
		g->stopped = !g->take(g->context, &found);
}

/* Inodes of the group that may be in use; the bitmap is empty where it cannot be read: then all count. */
static uint32_t read_bitmap(struct going *g, uint32_t group, const struct ext_group *d)
{
	uint32_t count = g->e->inodes_a_group, unused = g->has_unused ? d->never_used : 0;
	size_t bytes = (count + 7) / 8;
	uint8_t *room;
	struct err ignored;

	buf_clear(&g->bitmap);
	if (g->has_unused && d->flags & GROUP_NO_INODES)
		return 0;
	if ((uint64_t)(group + 1) * count > g->e->inodes)
		count = (uint32_t)(g->e->inodes - (uint64_t)group * count);
	room = bytes <= g->e->block ? buf_reserve(&g->bitmap, bytes) : NULL;
	if (room && blocks_read_all(g->e->volume, d->bitmap * g->e->block, room, bytes, &ignored))
		g->bitmap.len = bytes;
	return unused < count ? count - unused : 0;
}

static bool is_used(const struct going *g, uint32_t index)
{
	return !g->bitmap.len || g->bitmap.at[index / 8] >> index % 8 & 1;
}

static bool go_through_table(struct going *g, uint32_t group, const struct ext_group *d, uint32_t count, struct err *err)
{
	uint32_t size = g->e->inode_size, at_once = (uint32_t)(PIECE / size);
	uint64_t start = d->table * g->e->block, room_for = (g->e->volume->size - start) / size;
	uint8_t *raw = buf_reserve(&g->table, PIECE);
	bool ok = raw && count <= room_for;

	count = count < room_for ? count : (uint32_t)room_for;
	for (uint32_t from = 0; raw && from < count && !g->stopped; from += at_once) {
		uint32_t here = count - from < at_once ? count - from : at_once;

		if (!blocks_read_all(g->e->volume, start + (uint64_t)from * size, raw, (size_t)here * size, err)) {
			ok = false;
			continue;
		}
		for (uint32_t i = 0; i < here && !g->stopped; i++)
			if (is_used(g, from + i))
				take_inode(g, (uint64_t)group * g->e->inodes_a_group + from + i + 1,
					   span_of(raw + (size_t)i * size, size));
	}
	return ok;
}

static bool read_superblock(struct going *g, struct err *err)
{
	uint8_t s[1024];

	if (!blocks_read_all(g->e->volume, EXT_SUPERBLOCK, s, sizeof s, err))
		return false;
	g->own[0] = load_u32le(s + 0x26c);		/* quotas of projects */
	g->own[1] = load_u32le(s + 92) & COMPAT_ORPHAN_FILE ? load_u32le(s + 0x280) : 0;
	g->has_unused = load_u32le(s + 100) & RO_GROUP_CHECKSUMS;
	return true;
}

bool ext_each_in_use(const struct ext *e, ext_inode_fn *take, void *context, struct err *err)
{
	struct going g = { .e = e, .take = take, .context = context, .bitmap = buf_new(EXT_INODE_MOST),
			   .table = buf_new(PIECE) };
	uint64_t groups = e->inodes / e->inodes_a_group + (e->inodes % e->inodes_a_group != 0);
	uint64_t room_for = e->volume->size / ((uint64_t)e->block * e->blocks_a_group) + 1;
	bool ok = read_superblock(&g, err);

	groups = groups < room_for ? groups : room_for;
	for (uint32_t i = 0; i < groups && !g.stopped && !blocks_over(e->volume); i++) {
		struct ext_group d;
		uint32_t count;

		/* What lies behind the first group that cannot be read is told too. */
		if (!ext_read_group(e, i, &d, err)) {
			ok = false;
			continue;
		}
		count = read_bitmap(&g, i, &d);
		ok = go_through_table(&g, i, &d, count, err) && ok;
	}
	buf_free(&g.bitmap);
	buf_free(&g.table);
	return ok;
}
