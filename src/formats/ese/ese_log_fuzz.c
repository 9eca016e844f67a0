/* The input is a log; what it holds is replayed into the smallest database and read. */
#include "formats/ese/ese.h"
#include "formats/ese/ese_log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_row(void *context, const struct ese_row *row)
{
	size_t *left = context;

	for (size_t i = 0; i < row->table->column_count && i < 8; i++)
		ese_text(row, i);
	return --*left;
}

static bool find(void *context, struct span name, struct span *bytes)
{
	*bytes = *(struct span *)context;
	return span_eq(name, SPAN("edb.log"));
}

/* Its header says that it needs the log, whatever number that has. */
static void open_with(uint8_t *database, size_t len, struct span log)
{
	struct arena arena = arena_new((size_t)64 << 20), scratch = arena_new((size_t)32 << 20);
	struct ese_logs logs = { find, &log };
	size_t left = 2000;
	struct ese db;
	struct err err;

	memcpy(database + 108, log.at + 44, ESE_SIGNATURE_SIZE);
	memcpy(database + 296, log.at + 4, 4);
	memcpy(database + 300, log.at + 4, 4);
	if (ese_open(span_of(database, len), &logs, &arena, &db, &err))
		for (size_t i = 0; i < db.table_count && i < 50 && left; i++)
			ese_rows(&db, &db.tables[i], &scratch, read_row, &left);
	arena_free(&scratch);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A page size of 2048 and a catalog of one table, as tests/corpus/ese_fuzz/small, in the input's front. */
	size_t len = size >= 2 ? load_u16le(data) : 0;
	uint8_t *copy;

	if (size < 2 || len > size - 2 || len < 512 || size - 2 - len < 700)
		return 0;
	copy = malloc(len);
	if (!copy)
		return 0;
	memcpy(copy, data + 2, len);
	open_with(copy, len, span_of(data + 2 + len, size - 2 - len));
	free(copy);
	return 0;
}
