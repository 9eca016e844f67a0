#include "codec/sqlite_read.h"

#include <stdlib.h>

#include "base/buf.h"
#include "test.h"

static bool add_text(void *context, const struct sqlite_row *row)
{
	buf_add(context, sqlite_row_text(row, 0));
	return buf_add_u8(context, ',');
}

static struct span texts(struct span file, struct span wal, const char *sql, struct buf *to)
{
	struct arena arena = arena_new((size_t)4 << 20);
	struct sqlite_read r;
	struct err err = { 0 };

	buf_clear(to);
	assert_true(sqlite_read_open(file, wal, &arena, &r, &err));
	assert_true(sqlite_read_query(&r, sql, add_text, to, &err));
	sqlite_read_close(&r);
	arena_free(&arena);
	return buf_span(to);
}

/* tests/corpus/sqlite_read_fuzz/wal-db and -wal: one row in the database, two commits in the log. */
TEST(the_log_is_put_into_the_database)
{
	struct span file = read_whole("tests/corpus/sqlite_read_fuzz/wal-db");
	struct span wal = read_whole("tests/corpus/sqlite_read_fuzz/wal-db-wal");
	struct buf to = buf_new(4096);
	uint8_t *damaged = malloc(wal.len);

	assert_span(texts(file, (struct span){ 0 }, "SELECT a FROM t", &to), "one,");
	assert_span(texts(file, wal, "SELECT a FROM t", &to), "one,two,three,");
	memcpy(damaged, wal.at, wal.len);
	damaged[32 + 4096 + 24 + 3000] ^= 1;	/* in the second frame's page */
	assert_span(texts(file, span_of(damaged, wal.len), "SELECT a FROM t", &to), "one,two,");
	damaged[20] ^= 1;			/* the header's own checksum */
	assert_span(texts(file, span_of(damaged, wal.len), "SELECT a FROM t", &to), "one,");
	free(damaged);
	free((void *)(uintptr_t)file.at);
	free((void *)(uintptr_t)wal.at);
	buf_free(&to);
}

TEST(what_does_not_fit_is_refused)
{
	struct span file = read_whole("tests/corpus/sqlite_read_fuzz/wal-db");
	struct arena arena = arena_new((size_t)4 << 20);
	struct buf to = buf_new(64);
	struct sqlite_read r;
	struct err err = { 0 };

	assert_false(sqlite_read_open(SPAN("no database"), (struct span){ 0 }, &arena, &r, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_true(sqlite_read_open(file, (struct span){ 0 }, &arena, &r, &err));
	assert_true(sqlite_read_has(&r, "t"));
	assert_false(sqlite_read_has(&r, "u"));
	assert_false(sqlite_read_query(&r, "SELECT b FROM t", add_text, &to, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_false(sqlite_read_query(&r, "INSERT INTO t VALUES ('x')", add_text, &to, &err));
	sqlite_read_close(&r);
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
	buf_free(&to);
}
