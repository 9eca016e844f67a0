#include "formats/ese/ese.h"

#include <stdlib.h>

#include "formats/ese/ese_page.h"
#include "test.h"

#define NETWORK "{973F5D5C-1D90-4944-BE8E-24B94231A174}"
#define SRUM "artefacts/artmuseum/Windows/SRUM/Win10/BelkasoftCTF_InsiderThreat/"

struct sums {
	size_t sent, received, id, time;
	uint64_t rows, bytes_sent, bytes_received, blob_bytes;
	timestamp first;
};

static bool add_row(void *context, const struct ese_row *row)
{
	struct sums *s = context;
	uint64_t n;
	timestamp t = ese_time(row, s->time);

	s->rows++;
	s->bytes_sent += ese_number(row, s->sent, &n) ? n : 0;
	s->bytes_received += ese_number(row, s->received, &n) ? n : 0;
	s->blob_bytes += ese_bytes(row, s->id).len;
	if (t != TIME_NONE && t < s->first)
		s->first = t;
	return true;
}

static struct sums sum(const char *path, const char *name)
{
	struct arena arena = arena_new((size_t)32 << 20), scratch = arena_new((size_t)32 << 20);
	struct span file = read_whole(path);
	const struct ese_table *table;
	struct sums s = { .first = INT64_MAX };
	struct ese db;
	struct err err = { 0 };

	assert_true(ese_open(file, NULL, &arena, &db, &err));
	table = ese_table_named(&db, name);
	assert_non_null(table);
	s.sent = ese_column_named(table, "BytesSent");
	s.received = ese_column_named(table, "BytesRecvd");
	s.time = ese_column_named(table, "TimeStamp");
	s.id = ese_column_named(table, "IdBlob");
	assert_true(ese_rows(&db, table, &scratch, add_row, &s));
	assert_int_equal(db.lost, 0);
	free((void *)(uintptr_t)file.at);
	arena_free(&scratch);
	arena_free(&arena);
	return s;
}

/* Rows and sums as esedbexport writes them of the clean copy; the dirty one it refuses to open. */
TEST(clean_and_dirty_databases_say_the_same)
{
	CORPUS_OR_SKIP(clean_path, SRUM "Clean/SRUDB.dat")
	struct sums clean = sum(clean_path, NETWORK), ids = sum(clean_path, "SruDbIdMapTable");
	CORPUS_OR_SKIP(dirty_path, SRUM "Dirty/SRUDB.dat")
	struct sums dirty = sum(dirty_path, NETWORK), dirty_ids = sum(dirty_path, "SruDbIdMapTable");

	assert_int_equal(clean.rows, dirty.rows);
	assert_int_equal(clean.bytes_sent, dirty.bytes_sent);
	assert_int_equal(clean.bytes_received, dirty.bytes_received);
	assert_int_equal(clean.first, dirty.first);
	assert_int_equal(ids.blob_bytes, dirty_ids.blob_bytes);
	assert_int_equal(clean.rows, 465);
	assert_int_equal(clean.bytes_sent, 107883995);
	assert_int_equal(clean.bytes_received, 2509603498);
	assert_int_equal(ids.blob_bytes, 47760);
	assert_true(clean.first == timestamp_of_civil(2020, 8, 1, 22, 12, 0, 0));
}

struct seen {
	uint64_t rows, number[4];
	timestamp when[4];
	char name[4][32], blob[4][32], note[4][32];
};

static void keep(char to[32], struct span s)
{
	memcpy(to, s.at ? s.at : (const uint8_t *)"", s.len < 31 ? s.len : 31);
}

static bool see_row(void *context, const struct ese_row *row)
{
	struct seen *s = context;
	size_t i = s->rows++;

	assert_true(i < 4);
	assert_true(ese_number(row, ese_column_named(row->table, "number"), &s->number[i]));
	s->when[i] = ese_time(row, ese_column_named(row->table, "When"));
	keep(s->name[i], ese_text(row, ese_column_named(row->table, "Name")));
	keep(s->blob[i], ese_bytes(row, ese_column_named(row->table, "Blob")));
	keep(s->note[i], ese_text(row, ese_column_named(row->table, "Note")));
	assert_int_equal(ese_bytes(row, ese_column_named(row->table, "none")).len, 0);
	return true;
}

/* A database of one table: a long value in two segments, packed text, a deleted row, NULLs. */
TEST(values_of_each_kind_are_read)
{
	struct arena arena = arena_new((size_t)1 << 20), scratch = arena_new((size_t)1 << 20);
	struct span file = read_whole("tests/corpus/ese_fuzz/small");
	struct seen s = { 0 };
	struct ese db;
	struct err err = { 0 };

	assert_true(ese_open(file, NULL, &arena, &db, &err));
	assert_true(db.is_dirty);
	assert_int_equal(db.table_count, 1);
	assert_true(ese_rows(&db, ese_table_named(&db, "table"), &scratch, see_row, &s));
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.number[0], 7);
	assert_string_equal(s.name[0], "T\xc3\xa4st");
	assert_string_equal(s.blob[0], "abcdef");
	assert_string_equal(s.note[0], "packed");
	assert_true(s.when[0] == timestamp_of_civil(2020, 6, 18, 12, 0, 0, 0));
	assert_int_equal(s.number[1], 9);
	assert_true(s.when[1] == TIME_NONE);
	assert_string_equal(s.name[1], "B");
	assert_string_equal(s.blob[1], "");
	assert_int_equal(db.lost, 0);
	free((void *)(uintptr_t)file.at);
	arena_free(&scratch);
	arena_free(&arena);
}

TEST(pages_that_are_not_there_are_lost_and_counted)
{
	struct arena arena = arena_new((size_t)1 << 20), scratch = arena_new((size_t)1 << 20);
	struct span file = read_whole("tests/corpus/ese_fuzz/small");
	struct seen s = { 0 };
	struct ese db;
	struct err err = { 0 };

	assert_true(ese_open(span_sub(file, 0, 6 * 2048), NULL, &arena, &db, &err));
	assert_true(ese_rows(&db, &db.tables[0], &scratch, see_row, &s));
	assert_int_equal(s.rows, 0);
	assert_int_equal(db.lost, 1);
	assert_false(ese_open(span_sub(file, 0, 5 * 2048), NULL, &arena, &db, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_false(ese_open(span_sub(file, 0, 100), NULL, &arena, &db, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	free((void *)(uintptr_t)file.at);
	arena_free(&scratch);
	arena_free(&arena);
}

TEST(seven_bit_and_xpress_data_are_unpacked)
{
	struct arena arena = arena_new((size_t)1 << 20);

	assert_span(ese_unpack(SPAN("\x0d" "a"), &arena), "");
	assert_span(ese_unpack(SPAN("\x0e" "a"), &arena), "a");
	assert_true(span_eq(ese_unpack(SPAN("\x16" "a"), &arena), SPAN("a\0")));
	assert_span(ese_unpack(SPAN("\x18\3\0\0\0\0\0abc"), &arena), "abc");
	assert_span(ese_unpack(SPAN("\x18\3\0\0"), &arena), "");
	assert_span(ese_unpack(SPAN("plain"), &arena), "plain");
	arena_free(&arena);
}
