#include "disk/xfs_free.h"

#include <stdlib.h>

#define BLOCK_MOST 65536
#define LEVELS_MOST 9		/* XFS_BTREE_MAXLEVELS */
#define NO_BLOCK UINT32_MAX

struct group_tree {
	struct blocks *volume;
	fs_free_fn *run;
	void *context;
	uint32_t block;			/* bytes */
	uint32_t sector;
	uint32_t group_blocks, groups;
	uint64_t start;			/* of the group at hand, in bytes */
	uint32_t told;			/* block up to which it was told: they ascend */
	uint8_t *node;			/* of one block */
	bool stopped;
};

struct node {
	uint16_t level, count;
	uint32_t right;
	struct cursor entries;
};

static bool read_superblock(struct group_tree *t)
{
	uint8_t head[128];
	struct cursor c = cursor_of(span_of(head, sizeof head));
	struct err ignored;

	if (!blocks_read_all(t->volume, 0, head, sizeof head, &ignored) ||
	    !span_eq(cursor_take(&c, 4), SPAN("XFSB")))
		return false;
	t->block = cursor_u32be(&c);
	cursor_seek(&c, 84);
	t->group_blocks = cursor_u32be(&c);
	t->groups = cursor_u32be(&c);
	cursor_seek(&c, 102);
	t->sector = cursor_u16be(&c);
	return t->block >= 512 && t->block <= BLOCK_MOST && t->sector >= 512 && t->group_blocks;
}

/* The root of the tree by block number; NO_BLOCK: the group's header is damaged. */
static uint32_t root_of(struct group_tree *t)
{
	uint8_t head[32];
	struct cursor c = cursor_of(span_of(head, sizeof head));
	struct err ignored;

	if (!blocks_read_all(t->volume, t->start + t->sector, head, sizeof head, &ignored) ||
	    !span_eq(cursor_take(&c, 4), SPAN("XAGF")))
		return NO_BLOCK;
	cursor_seek(&c, 16);
	return cursor_u32be(&c);
}

static bool read_node(struct group_tree *t, uint32_t number, struct node *n)
{
	struct cursor *c = &n->entries;
	struct span magic;
	struct err ignored;

	if (number >= t->group_blocks ||
	    !blocks_read_all(t->volume, t->start + (uint64_t)number * t->block, t->node, t->block, &ignored))
		return false;
	*c = cursor_of(span_of(t->node, t->block));
	magic = cursor_take(c, 4);
	n->level = cursor_u16be(c);
	n->count = cursor_u16be(c);
	cursor_skip(c, 4);
	n->right = cursor_u32be(c);
	if (span_eq(magic, SPAN("AB3B")))
		cursor_skip(c, 40);	/* of version 5: number, log, UUID, owner, checksum */
	else if (!span_eq(magic, SPAN("ABTB")))
		return false;
	return !c->short_read;
}

/* Keys of eight bytes, as many as there is room for with their pointers; then these. */
static uint32_t first_child(const struct group_tree *t, struct node *n)
{
	size_t room = (t->block - n->entries.at) / 12;

	cursor_skip(&n->entries, room * 8);
	return cursor_u32be(&n->entries);
}

static bool tell_leaf(struct group_tree *t, struct node *n)
{
	for (unsigned i = 0; i < n->count && !t->stopped; i++) {
		uint32_t at = cursor_u32be(&n->entries), len = cursor_u32be(&n->entries);

		if (n->entries.short_read || at < t->told || !len || len > t->group_blocks || at > t->group_blocks - len)
			return false;
		t->told = at + len;
		t->stopped = !t->run(t->context, t->start + (uint64_t)at * t->block, (uint64_t)len * t->block);
	}
	return true;
}

/* Down to the first leaf, then from leaf to leaf; no more leaves than blocks. */
static bool walk_group(struct group_tree *t)
{
	uint32_t number = root_of(t), leaves = 0;
	struct node n = { 0 };

	t->told = 0;
	for (unsigned depth = 0; ; depth++) {
		if (depth == LEVELS_MOST || !read_node(t, number, &n))
			return false;
		if (!n.level)
			break;
		number = first_child(t, &n);
	}
	while (tell_leaf(t, &n)) {
		if (t->stopped || n.right == NO_BLOCK)
			return true;
		if (leaves++ >= t->group_blocks || !n.count || !read_node(t, n.right, &n) || n.level)
			return false;
	}
	return false;
}

bool xfs_free_runs(struct blocks *volume, fs_free_fn *run, void *context, struct err *err)
{
	struct group_tree t = { .volume = volume, .run = run, .context = context };
	struct buf room = buf_new(BLOCK_MOST);
	uint32_t damaged = 0;
	bool ok = (t.node = buf_reserve(&room, BLOCK_MOST)) && read_superblock(&t);

	for (uint32_t i = 0; ok && i < t.groups && !t.stopped && !blocks_over(volume); i++) {
		t.start = (uint64_t)i * t.group_blocks * t.block;
		if (t.start >= volume->size) {
			damaged += t.groups - i;
			break;
		}
		damaged += !walk_group(&t);
	}
	buf_free(&room);
	if (!ok)
		return err_set(err, ERR_CORRUPT, 0, "xfs: free space: damaged superblock");
	return !damaged || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET,
				   "xfs: free space of %u groups cannot be read whole", damaged);
}
