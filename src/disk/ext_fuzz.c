/* Superblocks, inodes, trees of extents and maps that point anywhere. */
#include "disk/ext.h"

#define INODES 64
#define CONTENT_MOST ((size_t)256 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	struct err err;
	struct ext e;

	if (volume && ext_open(&e, volume, &err))
		for (uint64_t i = 1; i < INODES; i++) {
			struct buf content = buf_new(CONTENT_MOST);
			bool cut = false;

			uint8_t capability[CAPABILITY_MAX];

			(void)ext_capability(&e, i, capability);
			ext_read(&e, i, CONTENT_MOST, &content, &cut, &err);
			buf_free(&content);
		}
	blocks_close(volume);
	return 0;
}
