#include "match/find.h"

#include "test.h"

TEST(a_literal_is_found_where_it_stands_and_nowhere_else)
{
	assert_true(find_literal(SPAN("abc"), SPAN("")));
	assert_true(find_literal(SPAN("abc"), SPAN("c")));
	assert_false(find_literal(SPAN("abc"), SPAN("abcd")));
	assert_false(find_literal(SPAN(""), SPAN("a")));
}

TEST(agrees_with_a_naive_search_at_every_length)
{
	uint8_t text[80], needle[20];
	uint32_t seed = 3;

	for (int round = 0; round < 20000; round++) {
		size_t len = (seed = seed * 1103515245 + 12345) >> 16 & 63;
		size_t wanted = 1 + ((seed = seed * 1103515245 + 12345) >> 16 & 7);

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)('a' + ((seed = seed * 1103515245 + 12345) >> 16) % 2);
		for (size_t i = 0; i < wanted; i++)
			needle[i] = (uint8_t)('a' + ((seed = seed * 1103515245 + 12345) >> 16) % 2);
		assert_int_equal(find_literal(span_of(text, len), span_of(needle, wanted)),
				 span_find(span_of(text, len), 0, span_of(needle, wanted)) != SIZE_MAX);
	}
}
