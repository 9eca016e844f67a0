#include "formats/rpm/rpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool look_at(void *context, struct span blob)
{
	struct arena arena = arena_new((size_t)4 << 20);
	struct rpm_header h;
	struct rpm_files files;
	struct rpm_file file;
	struct err err;

	if (rpm_header_open(blob, &h, &err) && rpm_files_open(&h, &arena, &files)) {
		rpm_header_seal(&h);
		rpm_header_text(&h, RPM_NAME);
		while (rpm_files_next(&files, &file))
			;
	}
	arena_free(&arena);
	return true;
}

/* A header as it is, and a store of headers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t damaged;
	struct err err;

	look_at(NULL, span_of(data, size));
	rpm_store_each(span_of(data, size), look_at, NULL, &damaged, &err);
	return 0;
}
