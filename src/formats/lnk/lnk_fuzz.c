#include "formats/lnk/lnk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct lnk lnk;
	struct err err;

	lnk_parse(span_of(data, size), &arena, &lnk, &err);
	arena_free(&arena);
	return 0;
}
