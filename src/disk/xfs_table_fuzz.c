/* Superblocks, trees of inodes, inodes and their extents of an XFS volume. */
#include "disk/xfs_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct looking {
	const struct xfs_volume *x;
	struct buf content;
	unsigned left;
};

static bool take(void *context, const struct xfs_inode *inode)
{
	struct looking *l = context;
	struct err err;
	bool cut;

	buf_clear(&l->content);
	xfs_read(l->x, inode->number, (size_t)1 << 16, &l->content, &cut, &err);
	return --l->left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	struct xfs_volume x;
	struct looking l = { .x = &x, .content = buf_new((size_t)1 << 16), .left = 100 };
	struct xfs_count count;
	struct err err;

	if (volume && xfs_open(&x, volume, &err) && x.groups < 64)
		xfs_each_inode(&x, take, &l, &count);
	buf_free(&l.content);
	blocks_close(volume);
	return 0;
}
