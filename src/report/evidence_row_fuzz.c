#include "report/evidence_row.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)16 << 20);
	size_t count, bytes = 0;
	const struct evidence_row *rows = evidence_rows(&arena, span_of(data, size), &count);

	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at < rows[i].value.len; at++)
			bytes += rows[i].value.at[at];
	if (bytes == SIZE_MAX)
		abort();
	arena_free(&arena);
	return 0;
}
