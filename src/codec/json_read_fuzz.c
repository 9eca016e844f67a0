#include "codec/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct json *root;
	struct err err;

	json_read(span_of(data, size), &arena, &root, &err);
	arena_free(&arena);
	return 0;
}
