#include "codec/sqlite_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_row(void *context, const struct sqlite_row *row)
{
	sqlite_row_text(row, 0);
	return --*(int *)context > 0;
}

/* The first two bytes say where the log begins, in 512 bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = arena_new((size_t)8 << 20);
	struct span all = span_of(data, size);
	size_t cut = size > 2 ? load_u16le(data) * (size_t)512 : 0;
	struct span file = span_sub(span_from(all, 2), 0, cut), wal = span_from(span_from(all, 2), cut);
	struct sqlite_read r;
	struct err err;
	int rows = 1000;

	if (sqlite_read_open(span_starts(all, SPAN("SQLite")) ? all : file, wal, &arena, &r, &err)) {
		r.steps = 2000000;
		sqlite_read_query(&r, "SELECT a FROM t", read_row, &rows, &err);
		sqlite_read_close(&r);
	}
	arena_free(&arena);
	return 0;
}
