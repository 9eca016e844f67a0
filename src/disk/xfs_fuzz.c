/* A whole XFS volume: walked, each file and link read, names looked for. */
#include "disk/file_system.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define READ_MOST ((size_t)1 << 16)

struct looking {
	struct file_system *fs;
	struct buf content;
	unsigned left;
};

static bool take(void *context, const struct fs_entry *e)
{
	struct looking *l = context;
	struct fs_place place;
	struct err err;
	bool cut;

	buf_clear(&l->content);
	if (e->kind == FS_FILE)
		fs_read(l->fs, &e->place, READ_MOST, &l->content, &cut, &err);
	else if (e->kind == FS_LINK)
		fs_link(l->fs, &e->place, &l->content);
	fs_find(l->fs, e->folder, span_after_last(e->path, '/'), &place);
	fs_find(l->fs, e->folder, SPAN("../A"), &place);
	return --l->left;
}

static bool count_reads(void *context)
{
	unsigned *left = context;

	return !*left || !--*left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned left = 64;
	struct blocks_budget budget = { .over = count_reads, .context = &left };
	struct blocks *volume = blocks_of_span(span_of(data, size), &budget);
	struct looking l = { .content = buf_new(READ_MOST), .left = 200 };
	struct err err;

	if (volume && size > 4 && !memcmp(data, "XFSB", 4) && (l.fs = fs_open(volume, &err)))
		fs_walk(l.fs, take, &l, &err);
	fs_close(l.fs);
	buf_free(&l.content);
	blocks_close(volume);
	return 0;
}
