#include "disk/xfs_fork.h"

#include <stdlib.h>

#define HEAD_V5 176
#define HEAD_V4 100
#define NODE_V5 72
#define NODE_V4 24
#define NODE_OWNER 56
#define NODE_SUM 64
#define ROOT_HEAD 4
#define LEVELS_MOST 9
#define EXTENTS_MOST ((size_t)4 << 20)
#define NODES_MOST ((size_t)1 << 20)
#define EXTENT 16
#define FLAG_MANY_EXTENTS 16

/* ---- in the inode ---- */

static bool is_v3(const struct xfs_inode *inode)
{
	return inode->raw[4] >= 3;
}

static bool has_many(const struct xfs_inode *inode)
{
	return is_v3(inode) && load_u64be(inode->raw + 120) & FLAG_MANY_EXTENTS;
}

static struct span forks_of(const struct xfs_volume *x, const struct xfs_inode *inode)
{
	return span_from(span_of(inode->raw, x->inode_size), is_v3(inode) ? HEAD_V5 : HEAD_V4);
}

struct xfs_fork xfs_fork_of_data(const struct xfs_volume *x, const struct xfs_inode *inode)
{
	struct span all = forks_of(x, inode);
	size_t len = inode->raw[82] * (size_t)8;

	return (struct xfs_fork){
		.format = inode->raw[5],
		.count = has_many(inode) ? load_u64be(inode->raw + 24) : load_u32be(inode->raw + 76),
		.bytes = len ? span_sub(all, 0, len) : all,
	};
}

struct xfs_fork xfs_fork_of_attributes(const struct xfs_volume *x, const struct xfs_inode *inode)
{
	size_t start = inode->raw[82] * (size_t)8;

	return (struct xfs_fork){
		.format = start ? inode->raw[83] : 0,
		.count = has_many(inode) ? load_u32be(inode->raw + 76) : load_u16be(inode->raw + 80),
		.bytes = span_from(forks_of(x, inode), start),
	};
}

/* ---- extents ---- */

struct walk {
	const struct xfs_volume *x;
	uint64_t inode;
	xfs_extent_fn *take;
	void *context;
	uint8_t *rooms;			/* a block for each level */
	size_t extents, nodes;
	uint64_t next;			/* they ascend: the first block that may come */
	bool goes_on, stopped;
	bool is_damaged, is_doubtful;	/* something is lost; a checksum is wrong */
	bool is_over;
};

static bool is_done(const struct walk *w)
{
	return w->stopped || w->is_over || (w->is_damaged && !w->goes_on);
}

static void take_extent(struct walk *w, const uint8_t *bytes)
{
	uint64_t high = load_u64be(bytes), low = load_u64be(bytes + 8);
	struct xfs_extent e = { .logical = high >> 9 & ((UINT64_C(1) << 54) - 1), .count = low & 0x1fffff,
				.is_unwritten = high >> 63 };

	if (!e.count || e.logical < w->next || e.logical > (UINT64_MAX >> 1) / w->x->block ||
	    !xfs_place_of_blocks(w->x, (high & 0x1ff) << 43 | low >> 21, e.count, &e.at)) {
		w->is_damaged = true;
		return;
	}
	w->next = e.logical + e.count;
	w->stopped = !w->take(w->context, &e);
}

static void take_list(struct walk *w, struct span list)
{
	for (size_t i = 0; i + EXTENT <= list.len && !is_done(w); i += EXTENT) {
		w->is_over = ++w->extents > EXTENTS_MOST || blocks_over(w->x->volume);
		if (!w->is_over)
			take_extent(w, list.at + i);
	}
}

static bool read_node(struct walk *w, uint64_t block, uint8_t *node)
{
	struct err ignored;
	uint64_t at;

	if (!xfs_place_of_blocks(w->x, block, 1, &at) ||
	    !blocks_read_all(w->x->volume, at, node, w->x->block, &ignored))
		return false;
	if (!w->x->is_v5)
		return !memcmp(node, "BMAP", 4);
	/* Where only the checksum is wrong it is read all the same, and told. */
	if (!xfs_sum_is_right(span_of(node, w->x->block), NODE_SUM))
		w->is_doubtful = true;
	return !memcmp(node, "BMA3", 4) && load_u64be(node + NODE_OWNER) == w->inode;
}

/* A node at that level below `block`; levels come down, so that no circle is endless. */
static void walk_node(struct walk *w, uint64_t block, unsigned level)
{
	uint8_t *node = w->rooms + (size_t)level * w->x->block;
	size_t head = w->x->is_v5 ? NODE_V5 : NODE_V4, most = (w->x->block - head) / EXTENT;
	unsigned count;

	w->is_over = ++w->nodes > NODES_MOST || blocks_over(w->x->volume);
	if (w->is_over)
		return;
	if (!read_node(w, block, node) || load_u16be(node + 4) != level || !load_u16be(node + 6) ||
	    load_u16be(node + 6) > most) {
		w->is_damaged = true;
		return;
	}
	count = load_u16be(node + 6);
	if (!level)
		take_list(w, span_of(node + head, (size_t)count * EXTENT));
	/* Keys, as many as there is room for, then as many numbers of blocks. */
	for (unsigned i = 0; level && i < count && !is_done(w); i++)
		walk_node(w, load_u64be(node + head + most * 8 + (size_t)i * 8), level - 1);
}

static void walk_root(struct walk *w, struct span root)
{
	unsigned level = root.len > ROOT_HEAD ? load_u16be(root.at) : 0;
	unsigned count = root.len > ROOT_HEAD ? load_u16be(root.at + 2) : 0;
	size_t most = root.len > ROOT_HEAD ? (root.len - ROOT_HEAD) / EXTENT : 0;

	if (!level || level > LEVELS_MOST || !count || count > most ||
	    !(w->rooms = malloc((size_t)level * w->x->block))) {
		w->is_damaged = true;
		return;
	}
	for (unsigned i = 0; i < count && !is_done(w); i++)
		walk_node(w, load_u64be(root.at + ROOT_HEAD + most * 8 + (size_t)i * 8), level - 1);
	free(w->rooms);
}

bool xfs_each_extent(const struct xfs_volume *x, uint64_t inode, const struct xfs_fork *fork, bool goes_on,
		     xfs_extent_fn *take, void *context, struct err *err)
{
	struct walk w = { .x = x, .inode = inode, .take = take, .context = context, .goes_on = goes_on };

	if (fork->format == XFS_FORMAT_TREE)
		walk_root(&w, fork->bytes);
	else if (fork->format == XFS_FORMAT_EXTENTS && fork->count <= fork->bytes.len / EXTENT)
		take_list(&w, span_sub(fork->bytes, 0, (size_t)fork->count * EXTENT));
	else
		w.is_damaged = true;
	if (w.is_over)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "limit: extents of a file");
	if (w.is_damaged)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: the extents of a file are damaged");
	return !w.is_doubtful ||
	       err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: a checksum in the tree of a file's extents is wrong");
}
