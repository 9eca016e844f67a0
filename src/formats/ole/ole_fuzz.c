#include "formats/ole/ole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)32 << 20);
	struct ole ole;
	struct span stream;
	struct err err;

	if (ole_open(span_of(data, size), &arena, &ole, &err))
		for (size_t i = 0; i < ole.entry_count && i < 100; i++)
			ole_read(&ole, &ole.entries[i], &stream);
	arena_free(&arena);
	return 0;
}
