#include "formats/macho/macho.h"

#include <stdlib.h>

#include "test.h"

/* The seeds of the fuzzers, made by tests/differential/modules/make_seeds.py. */
#define SEEDS "tests/corpus/macho_fuzz/"

TEST(macho_parse_reads_segments_and_entry_points)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct span wide = read_whole(SEEDS "macho64"), narrow = read_whole(SEEDS "macho32");
	struct err err;
	struct macho m;
	uint64_t place;

	assert_true(macho_parse(wide, &arena, &m, &err));
	assert_true(m.wide);
	assert_int_equal(m.segment_count, 1);
	assert_span(m.segments[0].name, "__TEXT");
	assert_span(m.segments[0].sections[0].name, "__text");
	assert_int_equal(m.entry_kind, MACHO_ENTRY_OFFSET);
	assert_int_equal(m.entry, 0x104);
	assert_int_equal(m.stack_size, 0x8000);
	assert_true(macho_address(&m, m.entry, &place));
	assert_int_equal(place, 0x1104);

	assert_true(macho_parse(narrow, &arena, &m, &err));
	assert_false(m.wide);
	assert_int_equal(m.entry_kind, MACHO_ENTRY_ADDRESS);
	assert_true(macho_offset(&m, m.entry, &place));
	assert_int_equal(place, 0x10);
	free((void *)(uintptr_t)wide.at);
	free((void *)(uintptr_t)narrow.at);
	arena_free(&arena);
}

TEST(macho_fat_parse_lists_architectures)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct span file = read_whole(SEEDS "fat");
	struct macho_fat fat;
	struct err err;

	assert_true(macho_fat_parse(file, &arena, &fat, &err));
	assert_int_equal(fat.count, 2);
	assert_int_equal(fat.list[1].cpu_type, 7);
	assert_true(macho_is_single(span_sub(file, fat.list[1].offset, fat.list[1].size)));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(macho_fat_parse_takes_no_more_than_there_is)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct macho_fat fat;
	struct err err;

	/* A Java class begins with the same four bytes. */
	assert_true(macho_fat_parse(SPAN("\xca\xfe\xba\xbe\0\0\0\x37\0\x10"), &arena, &fat, &err));
	assert_int_equal(fat.declared, 0x37);
	assert_int_equal(fat.count, 0);
	assert_false(macho_fat_parse(SPAN("\xca\xfe"), &arena, &fat, &err));
	arena_free(&arena);
}
