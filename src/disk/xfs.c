#include "disk/xfs.h"

#include <stdlib.h>

#define BLOCK_MOST 65536
#define PIECE ((size_t)1 << 20)
#define LEVELS_MOST 9
#define EXTENTS_MOST ((size_t)4 << 20)
#define EXTENT 16
#define NO_NUMBER UINT64_MAX
#define NO_BLOCK UINT64_MAX
#define FLAG_REALTIME 1
#define FLAG_BIGTIME 8
#define INCOMPAT_SPARSE 2
#define FORMAT_EXTENTS 2
#define FORMAT_TREE 3
#define HEAD_V5 176
#define HEAD_V4 100
#define NODE_V5 72
#define NODE_V4 24

/* ---- the superblock ---- */

bool xfs_open(struct xfs_volume *out, struct blocks *volume, struct err *err)
{
	static const uint16_t own[] = { 56, 64, 72, 160, 168, 232 };
	uint8_t s[256];

	*out = (struct xfs_volume){ .volume = volume };
	if (!blocks_read_all(volume, 0, s, sizeof s, err))
		return false;
	out->block = load_u32be(s + 4);
	out->group_blocks = load_u32be(s + 84);
	out->groups = load_u32be(s + 88);
	out->sector = load_u16be(s + 102);
	out->inode_size = load_u16be(s + 104);
	out->block_bits = s[123];
	out->group_bits = s[124];
	out->is_v5 = (load_u16be(s + 100) & 15) == 5;
	out->has_sparse = out->is_v5 && load_u32be(s + 216) & INCOMPAT_SPARSE;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		out->own[i] = i < 5 || out->is_v5 ? load_u64be(s + own[i]) : NO_NUMBER;
	if (memcmp(s, "XFSB", 4) || out->block < 512 || out->block > BLOCK_MOST || out->block & (out->block - 1) ||
	    out->sector < 512 || out->sector > out->block || !out->group_blocks || out->inode_size < 256 ||
	    out->inode_size > XFS_INODE_MOST || out->block_bits > 8 || out->group_bits > 31 ||
	    (uint32_t)out->inode_size << out->block_bits != out->block)
		return err_set(err, ERR_CORRUPT, 0, "xfs: the superblock makes no sense");
	return true;
}

/* ---- inodes ---- */

bool xfs_place(const struct xfs_volume *x, uint64_t number, uint64_t *at)
{
	uint64_t group = number >> (x->group_bits + x->block_bits);
	uint64_t block = number >> x->block_bits & ((UINT64_C(1) << x->group_bits) - 1);

	if (group >= x->groups || block >= x->group_blocks)
		return false;
	*at = (group * x->group_blocks + block) * x->block + (number & ((UINT64_C(1) << x->block_bits) - 1)) * x->inode_size;
	return *at < x->volume->size;
}

/* Nanoseconds since 1901, or seconds and the rest of them. */
static timestamp time_of(const uint8_t *at, bool is_big)
{
	uint64_t ns = load_u64be(at);
	uint32_t rest = load_u32be(at + 4);

	if (is_big)
		return timestamp_of_unix((int64_t)(ns / 1000000000) - INT64_C(2147483648), (uint32_t)(ns % 1000000000));
	return timestamp_of_unix((int32_t)load_u32be(at), rest < 1000000000 ? rest : 0);
}

static bool is_v3(const uint8_t *raw)
{
	return raw[4] >= 3;
}

bool xfs_read_inode(const struct xfs_volume *x, uint64_t number, struct xfs_inode *out, struct err *err)
{
	uint64_t at = 0;
	const uint8_t *raw = out->raw;
	bool is_big;

	if (!xfs_place(x, number, &at) || !blocks_read_all(x->volume, at, out->raw, x->inode_size, err) ||
	    memcmp(raw, "IN", 2) || raw[4] < 1 || raw[4] > 3 || (is_v3(raw) && load_u64be(raw + 152) != number))
		return err_set(err, ERR_CORRUPT, at, "xfs: no inode where one should be");
	is_big = is_v3(raw) && load_u64be(raw + 120) & FLAG_BIGTIME;
	out->number = number;
	out->mode = load_u16be(raw + 2);
	out->links = raw[4] == 1 ? load_u16be(raw + 6) : load_u32be(raw + 16);
	out->accessed = time_of(raw + 32, is_big);
	out->modified = time_of(raw + 40, is_big);
	out->changed = time_of(raw + 48, is_big);
	out->created = is_v3(raw) ? time_of(raw + 144, is_big) : TIME_NONE;
	out->size = load_u64be(raw + 56);
	return true;
}

/* ---- content ---- */

struct reading {
	const struct xfs_volume *x;
	struct buf *to;
	uint64_t size;			/* as much as is wanted */
	uint64_t start;			/* of the content in `to` */
	size_t extents;
	bool *cut;
};

static bool add_zeros(struct reading *r, uint64_t until)
{
	while (r->to->len - r->start < until) {
		uint64_t left = until - (r->to->len - r->start);
		size_t piece = left < PIECE ? (size_t)left : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		if (!room) {
			*r->cut = true;
			return false;
		}
		memset(room, 0, piece);
		r->to->len += piece;
	}
	return true;
}

static bool add_blocks(struct reading *r, uint64_t at, uint64_t len, struct err *err)
{
	while (len) {
		size_t piece = len < PIECE ? (size_t)len : PIECE;
		uint8_t *room = buf_reserve(r->to, piece);

		if (!room) {
			*r->cut = true;
			return true;
		}
		if (!blocks_read_all(r->x->volume, at, room, piece, err))
			return false;
		r->to->len += piece;
		at += piece;
		len -= piece;
	}
	return true;
}

/* What was asked for and never written has a flag, and reads as zeros. */
static bool take_extent(struct reading *r, const uint8_t *e, struct err *err)
{
	const struct xfs_volume *x = r->x;
	uint64_t high = load_u64be(e), low = load_u64be(e + 8);
	uint64_t logical = (high >> 9 & ((UINT64_C(1) << 54) - 1)), count = low & 0x1fffff;
	uint64_t block = (high & 0x1ff) << 43 | low >> 21, group = block >> x->group_bits;
	uint64_t from, until, at = (group * x->group_blocks + (block & ((UINT64_C(1) << x->group_bits) - 1))) * x->block;

	if (logical > (UINT64_MAX >> 1) / x->block || group >= x->groups)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: an extent makes no sense");
	from = logical * x->block;
	if (from >= r->size)
		return true;
	until = count * x->block < r->size - from ? from + count * x->block : r->size;
	if (from < r->to->len - r->start)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: extents are not in order");
	if (!add_zeros(r, from))
		return true;
	return high >> 63 ? add_zeros(r, until) || true : add_blocks(r, at, until - from, err);
}

static bool take_extents(struct reading *r, struct span list, struct err *err)
{
	for (size_t i = 0; i + EXTENT <= list.len && !*r->cut; i += EXTENT)
		if (++r->extents > EXTENTS_MOST || blocks_over(r->x->volume) || !take_extent(r, list.at + i, err))
			return r->extents <= EXTENTS_MOST && !blocks_over(r->x->volume)
			     ? false : err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: extents of a file");
	return true;
}

/* A node of the tree of extents: its level, and its records. */
static bool read_node(const struct xfs_volume *x, uint64_t block, uint8_t *node, unsigned *level, unsigned *count,
		      uint64_t *right)
{
	uint64_t group = block >> x->group_bits, inside = block & ((UINT64_C(1) << x->group_bits) - 1);
	struct err ignored;

	if (group >= x->groups || inside >= x->group_blocks ||
	    !blocks_read_all(x->volume, (group * x->group_blocks + inside) * x->block, node, x->block, &ignored) ||
	    memcmp(node, x->is_v5 ? "BMA3" : "BMAP", 4))
		return false;
	*level = load_u16be(node + 4);
	*count = load_u16be(node + 6);
	*right = load_u64be(node + 16);
	return true;
}

/* Down to the first leaf, then from leaf to leaf: extents are in order. */
static bool walk_tree(struct reading *r, uint64_t block, unsigned level, uint8_t *node, struct err *err)
{
	size_t head = r->x->is_v5 ? NODE_V5 : NODE_V4, most = (r->x->block - head) / EXTENT;
	unsigned is, count = 0;
	uint64_t right = NO_BLOCK;

	while (level--) {
		if (!read_node(r->x, block, node, &is, &count, &right) || is != level || !count || count > most)
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the tree of a file's extents is damaged");
		if (level)
			block = load_u64be(node + head + most * 8);
	}
	for (;;) {
		if (!take_extents(r, span_of(node + head, (size_t)count * EXTENT), err))
			return false;
		if (right == NO_BLOCK || *r->cut || r->to->len - r->start >= r->size)
			return true;
		if (!read_node(r->x, right, node, &is, &count, &right) || is || !count || count > most)
			return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the tree of a file's extents is damaged");
	}
}

static bool read_tree(struct reading *r, struct span fork, struct err *err)
{
	unsigned level = fork.len > 4 ? load_u16be(fork.at) : 0, count = fork.len > 4 ? load_u16be(fork.at + 2) : 0;
	size_t most = fork.len > 4 ? (fork.len - 4) / EXTENT : 0;
	uint8_t *node;
	bool ok;

	if (!level || level > LEVELS_MOST || !count || count > most)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the tree of a file's extents is damaged");
	node = malloc(r->x->block);
	ok = node ? walk_tree(r, load_u64be(fork.at + 4 + most * 8), level, node, err)
		  : err_set(err, ERR_IO, ERR_NO_OFFSET, "xfs: no memory");
	free(node);
	return ok;
}

static struct span fork_of(const struct xfs_volume *x, const struct xfs_inode *i)
{
	size_t head = is_v3(i->raw) ? HEAD_V5 : HEAD_V4;
	struct span all = span_from(span_of(i->raw, x->inode_size), head);

	return i->raw[82] ? span_sub(all, 0, (size_t)i->raw[82] * 8) : all;
}

static bool read_content(struct reading *r, const struct xfs_inode *i, struct err *err)
{
	struct span fork = fork_of(r->x, i);
	/* Numbers of 64 bits stand elsewhere. */
	bool is_large = is_v3(i->raw) && load_u64be(i->raw + 120) & 16;
	uint64_t count = is_large ? load_u64be(i->raw + 24) : load_u32be(i->raw + 76);

	if (load_u16be(i->raw + 90) & FLAG_REALTIME)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "xfs: lies on a realtime device");
	if (i->raw[5] == FORMAT_TREE)
		return read_tree(r, fork, err);
	if (i->raw[5] != FORMAT_EXTENTS || count > fork.len / EXTENT)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the extents of a file make no sense");
	return take_extents(r, span_sub(fork, 0, (size_t)count * EXTENT), err);
}

bool xfs_read(const struct xfs_volume *x, uint64_t number, uint64_t most, struct buf *to, bool *cut, struct err *err)
{
	struct xfs_inode *i = malloc(sizeof *i);
	struct reading r = { .x = x, .to = to, .start = to->len, .cut = cut };
	bool ok;

	*cut = false;
	if (!i)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "xfs: no memory");
	ok = xfs_read_inode(x, number, i, err);
	r.size = ok && i->size < most ? i->size : most;
	ok = ok && read_content(&r, i, err);
	if (ok && !*cut)
		add_zeros(&r, r.size);
	*cut = *cut || (ok && i->size > most);
	free(i);
	return ok;
}
