#include "codec/authenticode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct signatures signatures;

	authenticode_parse(span_of(data, size), &arena, &signatures);
	arena_free(&arena);
	return 0;
}
