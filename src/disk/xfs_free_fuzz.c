/* Groups and trees of free extents that point anywhere. */
#include "disk/xfs_free.h"

static bool take(void *context, uint64_t at, uint64_t len)
{
	uint64_t *end = context;
	bool ascends = at >= *end && len;

	*end = at + len;
	if (!ascends)
		__builtin_trap();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blocks *volume = blocks_of_span(span_of(data, size), NULL);
	uint64_t end = 0;
	struct err err;

	if (volume)
		xfs_free_runs(volume, take, &end, &err);
	blocks_close(volume);
	return 0;
}
