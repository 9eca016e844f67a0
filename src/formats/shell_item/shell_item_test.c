#include "formats/shell_item/shell_item.h"
#include "test.h"

/* My Computer, C:\, a folder with a long name (extension of version 3), the end. */
static const uint8_t list[] = {
	20, 0, 0x1f, 0x50, 0xe0, 0x4f, 0xd0, 0x20, 0xea, 0x3a, 0x69, 0x10, 0xa2, 0xd8, 0x08, 0x00, 0x2b, 0x30, 0x30, 0x9d,
	25, 0, 0x2f, 'C', ':', '\\', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	56, 0, 0x31, 0, 0, 0, 0, 0, 0x2d, 0x51, 0x4f, 0x63, 0x10, 0, 'L', 'O', 'N', 'G', '~', '1', 0, 0,
	34, 0, 3, 0, 4, 0, 0xef, 0xbe, 0x2d, 0x51, 0x4f, 0x63, 0x2d, 0x51, 0x4f, 0x63, 0x14, 0, 0, 0,
	'l', 0, 'o', 0, 'n', 0, 'g', 0, 'e', 0, 'r', 0, 0, 0,
	0, 0,
};

TEST(items_make_a_path_with_long_names)
{
	struct arena arena = arena_new(1 << 20);
	struct span rest = span_of(list, sizeof list);
	struct shell_item item;

	assert_span(shell_item_path(rest, &arena), "C:\\longer");
	assert_true(shell_item_next(&rest, &arena, &item));
	assert_true(item.is_folder_of_shell);
	assert_span(item.name, "My Computer");
	assert_true(shell_item_next(&rest, &arena, &item));
	assert_true(shell_item_next(&rest, &arena, &item));
	assert_int_equal(item.created, timestamp_of_civil(2020, 9, 13, 12, 26, 30, 0));
	assert_int_equal(item.modified, item.created);
	assert_false(shell_item_next(&rest, &arena, &item));
	arena_free(&arena);
}

TEST(an_item_that_is_cut_off_ends_the_list)
{
	struct arena arena = arena_new(1 << 20);
	struct span rest = span_of(list, 30);

	assert_span(shell_item_path(rest, &arena), "");
	rest = SPAN("\x10\x00\x42\x00\x00\\\\srv\\share");
	assert_span(shell_item_path(rest, &arena), "\\\\srv\\share");
	arena_free(&arena);
}
