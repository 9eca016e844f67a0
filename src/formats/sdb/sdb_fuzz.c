#include "formats/sdb/sdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool count(void *context, const struct sdb_fix *fix)
{
	*(size_t *)context += fix->program.len + fix->fix.len + fix->command.len + fix->application.len;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)4 << 20);
	size_t total = 0;
	struct err err;
	bool whole;

	sdb_fixes(span_of(data, size), &arena, count, &total, &whole, &err);
	arena_free(&arena);
	return 0;
}
