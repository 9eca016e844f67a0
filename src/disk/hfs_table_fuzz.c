/* Headers, nodes and records of an HFS+ catalog that say anything; each file is read. */
#include "disk/hfs_table.h"

#define CONTENT_MOST ((size_t)256 << 10)
#define ENTRIES_MOST 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taking {
	const struct hfs *h;
	unsigned count;
};

static bool take(void *context, const struct hfs_entry *entry)
{
	struct taking *t = context;
	struct buf content = buf_new(CONTENT_MOST);
	struct err err;
	bool cut = false;

	if (hfs_table_read(t->h, entry->node, entry->record, CONTENT_MOST, &content, &cut, &err) && !cut &&
	    (entry->is_folder || content.len != entry->size))
		__builtin_trap();
	buf_free(&content);
	return ++t->count < ENTRIES_MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	struct taking t = { 0 };
	struct hfs_count count;
	struct err err;
	struct hfs h;

	if (volume && hfs_table_open(&h, volume, &err)) {
		t.h = &h;
		hfs_table_each(&h, take, &t, &count, &err);
		hfs_table_close(&h);
	}
	blocks_close(volume);
	return 0;
}
