#include <stdlib.h>

#include "formats/dotnet/dotnet_class.h"
#include "test.h"

TEST(dotnet_classes_are_read_with_methods_and_types)
{
	struct span file = read_whole("tests/corpus/dotnet_fuzz/assembly");
	struct arena arena = arena_new((size_t)16 << 20);
	struct dotnet *d = ARENA_NEW(&arena, struct dotnet);
	struct dotnet_classes classes;
	struct err err;
	struct pe pe;

	assert_true(pe_parse(file, &pe, &err));
	assert_true(dotnet_parse(&pe, d, &err));
	assert_span(d->version, "v4.0.30319");
	assert_int_equal(d->stream_count, 5);
	assert_span(dotnet_cell_string(d, DOTNET_MODULE, 1, 1), "tiny.exe");
	assert_false(dotnet_has_row(d, DOTNET_MODULE, 2));
	assert_false(dotnet_has_row(d, DOTNET_MODULE, 0));
	dotnet_classes_read(d, &arena, &classes);
	assert_int_equal(classes.count, 2);
	assert_span(classes.list[0].full_name, "Demo.Outer");
	assert_span(classes.list[0].methods[0].return_type, "string");
	assert_span(classes.list[1].full_name, "Demo.Outer.Inner");
	assert_span(classes.list[1].generics.list[0], "T");
	assert_span(classes.list[1].methods[0].parameters[0].type, "Demo.Outer<T>");
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(dotnet_parse_refuses_a_plain_pe)
{
	struct span file = read_whole("tests/corpus/pe_fuzz/pe32");
	struct arena arena = arena_new((size_t)16 << 20);
	struct dotnet *d = ARENA_NEW(&arena, struct dotnet);
	struct err err;
	struct pe pe;

	assert_true(pe_parse(file, &pe, &err));
	assert_false(dotnet_parse(&pe, d, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(dotnet_sized_reads_all_three_lengths)
{
	struct span blob;
	size_t at = 0;

	assert_true(dotnet_sized(SPAN("\x02" "ab"), &at, &blob));
	assert_span(blob, "ab");
	at = 0;
	assert_true(dotnet_sized(SPAN("\x80\x02" "ab"), &at, &blob));
	assert_span(blob, "ab");
	at = 0;
	assert_true(dotnet_sized(SPAN("\xc0\0\0\x01" "a"), &at, &blob));
	assert_span(blob, "a");
	at = 0;
	assert_false(dotnet_sized(SPAN("\x05" "ab"), &at, &blob));
	at = 0;
	assert_false(dotnet_sized(SPAN("\xff\0\0\0\0"), &at, &blob));
}
