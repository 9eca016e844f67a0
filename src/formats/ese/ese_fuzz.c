#include "formats/ese/ese.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_row(void *context, const struct ese_row *row)
{
	size_t *left = context;

	for (size_t i = 0; i < row->table->column_count && i < 64; i++) {
		uint64_t n;

		ese_text(row, i);
		ese_number(row, i, &n);
		ese_time(row, i);
	}
	return --*left;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)32 << 20), scratch = arena_new((size_t)32 << 20);
	size_t left = 2000;
	struct ese db;
	struct err err;

	if (ese_open(span_of(data, size), NULL, &arena, &db, &err))
		for (size_t i = 0; i < db.table_count && i < 50 && left; i++)
			ese_rows(&db, &db.tables[i], &scratch, read_row, &left);
	arena_free(&scratch);
	arena_free(&arena);
	return 0;
}
