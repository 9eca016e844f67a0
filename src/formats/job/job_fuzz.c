#include "formats/job/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)4 << 20);
	struct job job;
	struct err err;

	job_parse(span_of(data, size), &arena, &job, &err);
	arena_free(&arena);
	return 0;
}
