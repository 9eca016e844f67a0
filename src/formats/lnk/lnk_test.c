#include "formats/lnk/lnk.h"

#include <stdlib.h>

#include "test.h"

TEST(lnk_parse_reads_the_whole_shortcut)
{
	struct span file = read_whole("tests/corpus/lnk_fuzz/shortcut");
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct lnk l;

	assert_true(lnk_parse(file, &arena, &l, &err));
	assert_true(l.whole);
	assert_span(l.name, "Demo");
	assert_span(l.working_directory, "C:\\");
	assert_span(l.arguments, "/c echo");
	assert_span(l.base_path, "C:\\cmd.exe");
	assert_span(lnk_target(&l, &arena), "C:\\cmd.exe");
	assert_span(l.volume_label, "DISK");
	assert_int_equal(l.drive_serial, 0xdeadbeef);
	assert_int_equal(l.item_count, 3);
	assert_int_equal(l.items[0].type, LNK_ROOT_FOLDER);
	assert_span(lnk_guid_text(l.items[0].id, &arena), "20d04fe0-3aea-1069-a2d8-08002b30309d");
	assert_span(l.items[2].name, "cmd.exe");
	assert_true(l.has_tracker);
	assert_span(l.tracker.machine, "machine");
	assert_int_equal(file.len - l.overlay, strlen("overlay"));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(lnk_parse_keeps_what_it_read_before_a_cut)
{
	struct span file = read_whole("tests/corpus/lnk_fuzz/shortcut");
	struct arena arena = arena_new((size_t)1 << 20);
	struct err err;
	struct lnk l;

	assert_true(lnk_parse(span_sub(file, 0, 0x4c), &arena, &l, &err));
	assert_false(l.whole);
	assert_int_equal(l.file_size, 4096);
	assert_true(l.name.at == NULL);
	assert_false(lnk_parse(span_sub(file, 0, 0x20), &arena, &l, &err));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}
