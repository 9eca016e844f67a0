/* Boot sectors, tables and folders of FAT and exFAT that say anything; what is lost is read. */
#include "disk/fat_table.h"

#include <stdlib.h>

#define CONTENT_MOST ((size_t)256 << 10)
#define LOST_MOST 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taking {
	struct fat *f;
	unsigned count;
};

static bool take(void *context, const struct fat_lost *lost)
{
	struct taking *t = context;
	struct buf content = buf_new(CONTENT_MOST);
	struct err err;
	bool cut = false;

	if (fat_read(t->f, &lost->run, CONTENT_MOST, &content, &cut, &err) && !cut && !lost->is_folder &&
	    content.len != lost->size)
		__builtin_trap();
	buf_free(&content);
	return ++t->count < LOST_MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	uint32_t lost, differing;
	struct blocks *healed = volume ? fat_heal(volume, &differing) : NULL;
	struct taking t = { 0 };
	uint8_t *reached;
	struct err err;
	struct fat f;

	blocks_close(healed);
	if (volume && fat_open(&f, volume, &err)) {
		t.f = &f;
		reached = calloc(f.last / 8 + 1, 1);
		(void)fat_folder_is_whole(&f, 0, true, 0);
		if (reached)
			fat_each_lost(&f, reached, take, &t, &lost, &err);
		free(reached);
		fat_close(&f);
	}
	blocks_close(volume);
	return 0;
}
