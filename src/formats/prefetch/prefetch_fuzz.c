#include "formats/prefetch/prefetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct prefetch p;
	struct err err;

	if (prefetch_parse(span_of(data, size), &arena, &p, &err))
		prefetch_program(&p);
	arena_free(&arena);
	return 0;
}
