#include "formats/pyc/pyc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *context, struct span name)
{
	size_t *left = context;

	return !pyc_is_compilers(name) || (*left)--;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)4 << 20);
	size_t left = 1000;
	const struct pyc_sink sink = { take, &left };
	struct err err;

	pyc_names(span_of(data, size), &arena, &sink, &err);
	arena_free(&arena);
	return 0;
}
