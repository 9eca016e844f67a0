#include "formats/shell_item/shell_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)64 << 20);

	shell_item_path(span_of(data, size), &arena);
	arena_free(&arena);
	return 0;
}
