#include "disk/xfs_table.h"

#include <stdlib.h>

#define LEVELS_MOST 9
#define NO_BLOCK UINT32_MAX
#define RECORD 16
#define IN_RECORD 64
#define NODE_V5 56
#define NODE_V4 16
#define HEADER_SECTOR 2		/* the third of a group has the root of the tree */
/* Of a group, as far as it is looked through. */
#define SEARCH_MOST ((uint64_t)4 << 30)
#define PIECE ((size_t)1 << 20)

struct going {
	const struct xfs_volume *x;
	xfs_inode_fn *take;
	void *context;
	struct xfs_count *count;
	struct xfs_inode inode;
	uint8_t *node;			/* of one block */
	uint64_t group;
	uint64_t last;			/* first inode of the record told last: they ascend */
	bool stopped;
};

static uint64_t group_start(const struct going *g)
{
	return g->group * g->x->group_blocks * g->x->block;
}

static uint64_t number_of(const struct going *g, uint64_t in_group)
{
	return g->group << (g->x->group_bits + g->x->block_bits) | in_group;
}

static bool is_own(const struct xfs_volume *x, uint64_t number)
{
	for (size_t i = 0; i < sizeof x->own / sizeof *x->own; i++)
		if (x->own[i] == number)
			return true;
	return false;
}

static void tell(struct going *g)
{
	if (g->inode.mode && !g->inode.is_own && !is_own(g->x, g->inode.number))
		g->stopped = !g->take(g->context, &g->inode);
}

/* ---- the tree ---- */

static bool read_node(struct going *g, uint32_t block, unsigned *level, unsigned *count, uint32_t *right)
{
	struct err ignored;

	if (block >= g->x->group_blocks ||
	    !blocks_read_all(g->x->volume, group_start(g) + (uint64_t)block * g->x->block, g->node, g->x->block, &ignored) ||
	    memcmp(g->node, g->x->is_v5 ? "IAB3" : "IABT", 4))
		return false;
	*level = load_u16be(g->node + 4);
	*count = load_u16be(g->node + 6);
	*right = load_u32be(g->node + 12);
	return true;
}

/* 64 inodes, a bit for each that is free; and where rows may have gaps, a bit for each four that are not there. */
static bool take_record(struct going *g, const uint8_t *r)
{
	uint32_t in_block = UINT32_C(1) << g->x->block_bits, step = in_block < IN_RECORD ? in_block : IN_RECORD;
	uint32_t first = load_u32be(r), gaps = g->x->has_sparse ? load_u16be(r + 4) : 0;
	uint64_t is_free = load_u64be(r + 8);
	struct err ignored;

	if (first % step || (g->last != UINT64_MAX && first < g->last + IN_RECORD))
		return false;
	g->last = first;
	for (unsigned i = 0; i < IN_RECORD && !g->stopped; i++) {
		if (is_free >> i & 1 || gaps >> i / 4 & 1)
			continue;
		if (xfs_read_inode(g->x, number_of(g, first + i), &g->inode, &ignored))
			tell(g);
		else
			g->count->lost++;
	}
	return true;
}

static bool take_leaf(struct going *g, unsigned count)
{
	size_t head = g->x->is_v5 ? NODE_V5 : NODE_V4;
	/* What is told reads other blocks, so that this one stays. */
	bool ok = count <= (g->x->block - head) / RECORD;

	for (unsigned i = 0; ok && i < count && !g->stopped; i++)
		ok = take_record(g, g->node + head + (size_t)i * RECORD);
	return ok;
}

static bool walk_tree(struct going *g, uint32_t block)
{
	size_t head = g->x->is_v5 ? NODE_V5 : NODE_V4, most = (g->x->block - head) / 8;
	unsigned level = 0, count = 0, depth = 0;
	uint32_t right = NO_BLOCK;

	for (;; depth++) {
		if (depth == LEVELS_MOST || !read_node(g, block, &level, &count, &right))
			return false;
		if (!level)
			break;
		/* Keys of four bytes, as many as there is room for, then as many numbers of blocks. */
		block = load_u32be(g->node + head + most * 4);
	}
	while (take_leaf(g, count)) {
		if (right == NO_BLOCK || g->stopped)
			return true;
		if (!count || !read_node(g, right, &level, &count, &right) || level || blocks_over(g->x->volume))
			return false;
	}
	return false;
}

/* False: the group's header, or a part of its tree, makes no sense. */
static bool walk_group(struct going *g)
{
	uint8_t head[40];
	struct err ignored;
	uint64_t before = g->count->lost;

	g->last = UINT64_MAX;
	return blocks_read_all(g->x->volume, group_start(g) + HEADER_SECTOR * (uint64_t)g->x->sector, head, sizeof head,
			       &ignored) &&
	       !memcmp(head, "XAGI", 4) && load_u32be(head + 8) == g->group && walk_tree(g, load_u32be(head + 20)) &&
	       g->count->lost == before;
}

/* ---- without it ---- */

static void look_at(struct going *g, const uint8_t *bytes, uint64_t in_group, size_t len)
{
	struct err ignored;

	for (size_t at = 0; at + g->x->inode_size <= len && !g->stopped; at += g->x->inode_size) {
		uint64_t place = in_group + at, number = place / g->x->block << g->x->block_bits |
						       place % g->x->block / g->x->inode_size;

		if (!memcmp(bytes + at, "IN", 2) && xfs_read_inode(g->x, number_of(g, number), &g->inode, &ignored))
			tell(g);
	}
}

static bool search_group(struct going *g)
{
	uint64_t start = group_start(g), size = (uint64_t)g->x->group_blocks * g->x->block;
	uint64_t end = start + (size < SEARCH_MOST ? size : SEARCH_MOST), at = start;
	uint8_t *room = malloc(PIECE);
	struct err ignored;
	size_t got;

	end = end < g->x->volume->size ? end : g->x->volume->size;
	while (room && (at = blocks_data_from(g->x->volume, at) / PIECE * PIECE) < end && !g->stopped &&
	       !blocks_over(g->x->volume)) {
		uint64_t from = at > start ? at : start;
		size_t want = end - from < PIECE - (from - at) ? (size_t)(end - from) : PIECE - (size_t)(from - at);

		if (blocks_read(g->x->volume, from, room, want, &got, &ignored))
			look_at(g, room, from - start, got);
		at += PIECE;
	}
	free(room);
	return room && size <= SEARCH_MOST && !blocks_over(g->x->volume);
}

void xfs_each_inode(const struct xfs_volume *x, xfs_inode_fn *take, void *context, struct xfs_count *count)
{
	struct going *g = calloc(1, sizeof *g);

	*count = (struct xfs_count){ 0 };
	if (g)
		g->node = malloc(x->block);
	if (!g || !g->node)
		count->damaged = count->unsearched = x->groups;
	for (uint32_t i = 0; g && g->node && i < x->groups && !g->stopped && !blocks_over(x->volume); i++) {
		g->x = x;
		g->take = take;
		g->context = context;
		g->count = count;
		g->group = i;
		if (group_start(g) >= x->volume->size) {
			count->damaged += x->groups - i;
			count->unsearched += x->groups - i;
			break;
		}
		if (walk_group(g))
			continue;
		count->damaged++;
		count->unsearched += !search_group(g);
	}
	if (g)
		free(g->node);
	free(g);
}
