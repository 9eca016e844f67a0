#include "formats/dex/dex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)128 << 20);
	struct dex dex;
	struct err err;

	dex_parse(span_of(data, size), &arena, &dex, &err);
	arena_free(&arena);
	return 0;
}
