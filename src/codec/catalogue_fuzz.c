#include "codec/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct catalogue_member member;
	struct catalogue list;
	struct err err;

	if (catalogue_open(span_of(data, size), &arena, &list, &err))
		while (catalogue_next(&list, &member))
			;
	arena_free(&arena);
	return 0;
}
