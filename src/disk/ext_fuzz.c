/* Superblocks, inodes, trees of extents and maps that point anywhere. */
#include "disk/ext_table.h"

#define INODES 64
#define CONTENT_MOST ((size_t)256 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, const struct ext_inode *inode)
{
	(void)inode;
	return ++*(unsigned *)context < INODES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	unsigned in_use = 0;
	struct err err;
	struct ext e;

	if (volume && ext_open(&e, volume, &err) && !ext_each_in_use(&e, take, &in_use, &err) && !err.text[0])
		__builtin_trap();
	if (volume && ext_open(&e, volume, &err))
		for (uint64_t i = 1; i < INODES; i++) {
			struct buf content = buf_new(CONTENT_MOST);
			bool cut = false;

			struct marks_room room;
			struct marks marks;

			ext_marks(&e, i, &room, &marks);
			(void)ext_folder_is_whole(&e, i);
			ext_read(&e, i, CONTENT_MOST, &content, &cut, &err);
			buf_free(&content);
		}
	blocks_close(volume);
	return 0;
}
