#include "formats/dex/dex.h"

#include <stdlib.h>

#include "test.h"

TEST(dex_parse_reads_classes_fields_and_methods)
{
	struct span file = read_whole("tests/corpus/dex_fuzz/dex");
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct dex d;

	assert_true(dex_parse(file, &arena, &d, &err));
	assert_true(d.whole);
	assert_int_equal(d.string_count, 6);
	assert_span(d.strings[2].value, "Ljava/lang/Object;");
	assert_int_equal(d.class_count, 1);
	assert_int_equal(d.field_count, 1);
	assert_span(d.fields[0].name, "count");
	assert_span(d.fields[0].proto, "I");
	assert_int_equal(d.method_count, 1);
	assert_span(d.methods[0].class_name, "LDemo;");
	assert_span(d.methods[0].name, "<init>");
	assert_true(d.methods[0].is_direct);
	assert_int_equal(d.methods[0].code->bytes.len, 8);
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(dex_parse_stops_at_a_table_that_does_not_fit)
{
	struct span file = read_whole("tests/corpus/dex_fuzz/dex");
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct dex d;

	((uint8_t *)(uintptr_t)file.at)[0x38 + 3] = 0x7f;	/* number of strings */
	assert_true(dex_parse(file, &arena, &d, &err));
	assert_false(d.whole);
	assert_int_equal(d.string_count, 0);
	assert_false(dex_parse(SPAN("dex\n034"), &arena, &d, &err));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(dex_parse_keeps_the_numbers_of_a_member_that_breaks_its_list)
{
	struct span file = read_whole("tests/corpus/dex_fuzz/dex");
	uint8_t *bytes = (uint8_t *)(uintptr_t)file.at;
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct dex d;

	assert_true(dex_parse(file, &arena, &d, &err));
	assert_false(d.has_broken_field || d.has_broken_method);
	bytes[0x121] = 5;		/* the field's id, of which there is one */
	assert_true(dex_parse(file, &arena, &d, &err));
	assert_int_equal(d.field_count, 0);
	assert_true(d.has_broken_field);
	assert_int_equal(d.broken_field.index_difference, 5);
	assert_int_equal(d.broken_field.access_flags, 8);
	bytes[0x121] = 0;
	bytes[0x123] = 7;		/* the method's */
	assert_true(dex_parse(file, &arena, &d, &err));
	assert_int_equal(d.method_count, 0);
	assert_true(d.has_broken_method && d.broken_method.is_direct);
	assert_int_equal(d.broken_method.index_difference, 7);
	free(bytes);
	arena_free(&arena);
}
