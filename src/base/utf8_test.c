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

TEST(utf8_from_long_utf16_agrees_with_one_character_at_a_time)
{
	uint8_t utf16[2000];
	uint32_t seed = 1;

	for (size_t round = 0; round < 200; round++) {
		struct buf whole = buf_new(10000), single = buf_new(10000);
		size_t units = round * 4 % 900;

		for (size_t i = 0; i < units; i++) {
			uint32_t unit = (seed = seed * 1103515245 + 12345) >> 16;

			unit = unit % 50 ? unit % 127 + 1 : unit;
			utf16[2 * i] = (uint8_t)unit;
			utf16[2 * i + 1] = (uint8_t)(unit >> 8);
		}
		utf8_add_utf16le(&whole, span_of(utf16, units * 2));
		for (size_t i = 0; i < units; i++) {
			bool pair = i + 1 < units && (utf16[2 * i + 1] & 0xfc) == 0xd8 &&
				    (utf16[2 * i + 3] & 0xfc) == 0xdc;

			utf8_add_utf16le(&single, span_of(utf16 + 2 * i, pair ? 4 : 2));
			i += pair;
		}
		assert_int_equal(whole.len, single.len);
		if (whole.len)
			assert_memory_equal(whole.at, single.at, whole.len);
		assert_true(utf8_valid(buf_span(&whole)));
		buf_free(&whole);
		buf_free(&single);
	}
}

TEST(utf8_from_utf16_fills_a_small_cap_to_the_brim)
{
	struct buf b = buf_new(4);

	assert_true(utf8_add_utf16le(&b, SPAN("a\0b\0c\0d\0")));
	assert_span(buf_span(&b), "abcd");
	buf_free(&b);
}
