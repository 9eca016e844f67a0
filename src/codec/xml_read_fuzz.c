#include "codec/xml_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)16 << 20);
	struct xml *x;
	struct err err;
	bool whole;

	if (xml_read(span_of(data, size), &arena, &x, &whole, &err))
		xml_text(x, "a/b");
	arena_free(&arena);
	return 0;
}
