#include "disk/xfs_folder.h"

#include <stdlib.h>

#include "disk/xfs_fork.h"

#define DATA_END ((uint64_t)1 << 35)	/* behind it: hashes and free room */
#define HEAD_V5 64
#define HEAD_V4 16
#define BLOCK_SUM 4
#define BLOCK_OWNER 40
#define FREE_TAG 0xffff
#define STEP 8				/* what entries are aligned to */
#define ENTRY_HEAD 9			/* inode, length of the name */
#define TAIL 8				/* of a folder of one block: how many hashes stand before it */
#define NO_BLOCK UINT64_MAX

struct names {
	const struct xfs_volume *x;
	const struct xfs_inode *folder;
	xfs_name_fn *take;
	void *context;
	uint8_t *block;			/* of the folder: several of the volume, maybe */
	size_t size;			/* of it */
	uint64_t at;			/* its number, or NO_BLOCK */
	size_t filled;
	uint64_t left;			/* blocks that may still be read */
	uint64_t end;			/* of the last one read, in bytes of the folder */
	bool is_damaged, stopped;
};

static void tell(struct names *n, struct span name, uint64_t inode)
{
	if (span_eq(name, SPAN(".")))
		return;
	if (!name.len || memchr(name.at, 0, name.len) || memchr(name.at, '/', name.len))
		n->is_damaged = true;
	else
		n->stopped = !n->take(n->context, name, inode);
}

/* ---- in the inode ---- */

static void take_short(struct names *n, struct span bytes)
{
	struct cursor c = cursor_of(span_sub(bytes, 0, (size_t)n->folder->size));
	unsigned count = cursor_u8(&c);
	bool is_long = cursor_u8(&c);		/* some number needs eight bytes: all have them */
	uint64_t up = is_long ? cursor_u64be(&c) : cursor_u32be(&c);

	if (!c.short_read)
		tell(n, SPAN(".."), up);
	while (count-- && !n->stopped) {
		size_t len = cursor_u8(&c);
		struct span name;
		uint64_t inode;

		cursor_skip(&c, 2);
		name = cursor_take(&c, len);
		cursor_skip(&c, n->x->has_types);
		inode = is_long ? cursor_u64be(&c) : cursor_u32be(&c);
		if (c.short_read)
			break;
		tell(n, name, inode);
	}
	n->is_damaged |= c.short_read || bytes.len < n->folder->size || cursor_left(&c);
}

/* ---- in blocks ---- */

/* Of the entry at that place, or 0: none that makes sense. */
static size_t entry_len(const struct names *n, size_t at, size_t end)
{
	size_t len;

	if (end - at < ENTRY_HEAD + 2 || !n->block[at + 8])
		return 0;
	len = (ENTRY_HEAD + n->block[at + 8] + n->x->has_types + 2 + STEP - 1) / STEP * STEP;
	return len <= end - at && load_u16be(n->block + at + len - 2) == at ? len : 0;
}

static size_t free_len(const struct names *n, size_t at, size_t end)
{
	size_t len = load_u16be(n->block + at + 2);

	return load_u16be(n->block + at) == FREE_TAG && len >= STEP && len % STEP == 0 && len <= end - at &&
	       load_u16be(n->block + at + len - 2) == at ? len : 0;
}

static void take_entries(struct names *n, size_t at, size_t end)
{
	while (at + STEP <= end && !n->stopped) {
		size_t free = free_len(n, at, end), used = free ? 0 : entry_len(n, at, end);

		if (used)
			tell(n, span_of(n->block + at + ENTRY_HEAD, n->block[at + 8]), load_u64be(n->block + at));
		else if (!free)
			n->is_damaged = true;
		at += used ? used : free ? free : STEP;
	}
	n->is_damaged |= at != end && !n->stopped;
}

/* Where its entries end. 0: it is none of names. */
static size_t end_of_entries(const struct names *n)
{
	bool is_v5 = n->x->is_v5;
	uint32_t hashes = load_u32be(n->block + n->size - TAIL);

	if (!memcmp(n->block, is_v5 ? "XDD3" : "XD2D", 4))
		return n->size;
	if (memcmp(n->block, is_v5 ? "XDB3" : "XD2B", 4))
		return 0;
	return hashes <= (n->size - TAIL - HEAD_V5) / 8 ? n->size - TAIL - (size_t)hashes * 8 : n->size;
}

static void take_block(struct names *n)
{
	size_t end = end_of_entries(n);
	bool is_v5 = n->x->is_v5;

	/* One that another folder owns is named there. */
	if (!end || (is_v5 && load_u64be(n->block + BLOCK_OWNER) != n->folder->number)) {
		n->is_damaged = true;
		return;
	}
	if (is_v5 && !xfs_sum_is_right(span_of(n->block, n->size), BLOCK_SUM))
		n->is_damaged = true;
	take_entries(n, is_v5 ? HEAD_V5 : HEAD_V4, end);
}

static void finish_block(struct names *n)
{
	if (n->at != NO_BLOCK && n->filled == n->size)
		take_block(n);
	else
		n->is_damaged |= n->at != NO_BLOCK;
	n->at = NO_BLOCK;
	n->filled = 0;
}

/* A block of the folder may lie in several extents. */
static void take_piece(struct names *n, uint64_t logical, uint64_t at)
{
	uint64_t number = logical >> n->x->folder_bits;
	size_t within = (size_t)(logical & ((1U << n->x->folder_bits) - 1)) * n->x->block;
	struct err ignored;

	if (number != n->at)
		finish_block(n);
	n->at = number;
	n->end = (number + 1) * n->size;
	if (blocks_read_all(n->x->volume, at, n->block + within, n->x->block, &ignored))
		n->filled += n->x->block;
	if (n->filled == n->size)
		finish_block(n);
}

static bool take_extent(void *context, const struct xfs_extent *e)
{
	struct names *n = context;

	for (uint64_t i = 0; i < e->count && !n->stopped; i++) {
		if (e->logical + i >= DATA_END / n->x->block)
			return false;
		if (!n->left || blocks_over(n->x->volume)) {
			n->is_damaged = true;
			return false;
		}
		n->left--;
		take_piece(n, e->logical + i, e->at + i * n->x->block);
	}
	return !n->stopped;
}

static void take_blocks(struct names *n, const struct xfs_fork *fork)
{
	struct err ignored;

	n->size = (size_t)n->x->block << n->x->folder_bits;
	n->block = malloc(n->size);
	n->at = NO_BLOCK;
	/* None is in two places of a folder. */
	n->left = n->x->volume->size / n->x->block;
	if (!n->block || !xfs_each_extent(n->x, n->folder->number, fork, true, take_extent, n, &ignored))
		n->is_damaged = true;
	if (n->block && !n->stopped)
		finish_block(n);
	n->is_damaged |= !n->stopped && n->end != n->folder->size;
	free(n->block);
}

bool xfs_each_name(const struct xfs_volume *x, const struct xfs_inode *folder, xfs_name_fn *take, void *context,
		   struct err *err)
{
	struct names n = { .x = x, .folder = folder, .take = take, .context = context,
			   .is_damaged = folder->is_doubtful };
	struct xfs_fork fork = xfs_fork_of_data(x, folder);

	if (fork.format == XFS_FORMAT_LOCAL)
		take_short(&n, fork.bytes);
	else
		take_blocks(&n, &fork);
	return !n.is_damaged || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "xfs: not all names of a folder can be read");
}
