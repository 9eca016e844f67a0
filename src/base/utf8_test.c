#include "base/utf8.h"
#include "test.h"

TEST(utf8_refuses_overlong_surrogates_and_beyond)
{
	assert_true(utf8_valid(SPAN("鑑識 ok \xf0\x9f\x98\x80")));
	assert_false(utf8_valid(SPAN("\xc0\x80")));
	assert_false(utf8_valid(SPAN("\xed\xa0\x80")));
	assert_false(utf8_valid(SPAN("\xf4\x90\x80\x80")));
	assert_false(utf8_valid(SPAN("\xe9\x91")));
}

TEST(utf8_from_utf16_pairs_surrogates_and_marks_lone_ones)
{
	struct buf b = buf_new(100);

	utf8_add_utf16le(&b, SPAN("a\0\x3d\xd8\x00\xde\x3d\xd8" "b\0!"));
	assert_span(buf_span(&b), "a\xf0\x9f\x98\x80\xef\xbf\xbd" "b");
	buf_free(&b);
}
