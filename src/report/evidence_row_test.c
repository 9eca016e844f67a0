#include "report/evidence_row.h"
#include "test.h"

static const struct evidence_row *rows_of(struct arena *arena, const char *json, size_t *count)
{
	return evidence_rows(arena, span_text(json), count);
}

TEST(evidence_row_reads_fields)
{
	struct arena arena = arena_new(1 << 20);
	size_t count;
	const struct evidence_row *rows =
		rows_of(&arena, "{\"Image\":\"C:\\\\a\\u00e9\\ud83d\\ude00\",\"EventID\": 4688, "
				"\"Data\":[\"x\",\"y\"]}", &count);

	assert_int_equal(count, 3);
	assert_span(rows[0].name, "Image");
	assert_span(rows[0].value, "C:\\aé😀");
	assert_span(rows[1].value, "4688");
	assert_span(rows[2].name, "Data");
	assert_span(rows[2].value, "x, y");
	arena_free(&arena);
}

TEST(evidence_row_reads_matched_strings)
{
	struct arena arena = arena_new(1 << 20);
	size_t count;
	const struct evidence_row *rows =
		rows_of(&arena, "[{\"string\":\"$a\",\"offset\":18446744073709551614,\"hex\":\"4d5a\","
				"\"text\":\"MZ\"},{\"string\":\"$b\",\"offset\":3}]", &count);

	assert_int_equal(count, 2);
	assert_span(rows[0].name, "$a");
	assert_span(rows[0].hex, "4d5a");
	assert_span(rows[0].value, "MZ");
	assert_true(rows[0].offset == UINT64_MAX - 1);
	assert_int_equal(rows[1].offset, 3);
	arena_free(&arena);
}

TEST(evidence_row_shows_what_it_cannot_read)
{
	static const char *const bad[] = { "{", "[", "{\"a\"}", "{\"a\":\"\\x\"}", "\"a", "{}x", "[1,]",
					   "{\"a\":\"\\ud8\"}", "[[[[[[[[[[[[[[[[[[[[", "<b>" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct arena arena = arena_new(1 << 20);
		size_t count;
		const struct evidence_row *rows = rows_of(&arena, bad[i], &count);

		assert_int_equal(count, 1);
		assert_span(rows[0].name, "(not readable)");
		assert_span(rows[0].value, bad[i]);
		arena_free(&arena);
	}
}

TEST(evidence_row_of_nothing_is_nothing)
{
	struct arena arena = arena_new(1 << 20);
	size_t count;

	rows_of(&arena, "", &count);
	assert_int_equal(count, 0);
	rows_of(&arena, "{}", &count);
	assert_int_equal(count, 0);
	arena_free(&arena);
}

TEST(evidence_gist_is_the_command_else_the_file_else_where_to)
{
	struct arena arena = arena_new(1 << 20);

	assert_span(evidence_gist(&arena, SPAN("{\"path\":\"/x\",\"command\":\"rm /x\"}")), "rm /x");
	assert_span(evidence_gist(&arena, SPAN("{\"to\":\"198.51.100.1\",\"path\":\"/x\"}")), "/x");
	assert_span(evidence_gist(&arena, SPAN("{\"score\":1,\"peer\":\"198.51.100.1\"}")), "198.51.100.1");
	assert_span(evidence_gist(&arena, SPAN("{\"score\":1}")), "");
	assert_span(evidence_gist(&arena, SPAN("")), "");
	arena_free(&arena);
}
