#include "base/span.h"
#include "test.h"

TEST(cursor_fails_once_and_stays_failed)
{
	struct cursor c = cursor_of(SPAN("\x01\x02\x03\x04\x05"));

	assert_int_equal(cursor_u32le(&c), 0x04030201);
	assert_int_equal(cursor_u16be(&c), 0);
	assert_true(c.short_read);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_left(&c), 0);
}

TEST(cursor_seek_beyond_the_end_is_a_short_read)
{
	struct cursor c = cursor_of(SPAN("abc"));

	cursor_seek(&c, 3);
	assert_false(c.short_read);
	cursor_seek(&c, 4);
	assert_true(c.short_read);
}

TEST(cursor_uleb128_is_bounded)
{
	struct cursor c = cursor_of(SPAN("\xe5\x8e\x26"));

	assert_int_equal(cursor_uleb128(&c), 624485);
	c = cursor_of(SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
	cursor_uleb128(&c);
	assert_true(c.short_read);
}

TEST(span_parts_are_cut_to_what_is_there)
{
	assert_span(span_sub(SPAN("hello"), 3, 100), "lo");
	assert_span(span_sub(SPAN("hello"), 9, 1), "");
	assert_span(span_trim(SPAN(" \t a b \r\n")), "a b");
}

TEST(span_split_walks_fields)
{
	struct span line = SPAN("a,,b");

	assert_span(span_split(&line, ','), "a");
	assert_span(span_split(&line, ','), "");
	assert_span(span_split(&line, ','), "b");
	assert_int_equal(line.len, 0);
}

TEST(span_numbers_refuse_overflow_and_rubbish)
{
	uint64_t u;
	int64_t i;

	assert_true(span_to_u64(SPAN("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(span_to_u64(SPAN("18446744073709551616"), &u));
	assert_true(span_to_u64(SPAN("0xfF"), &u) && u == 255);
	assert_false(span_to_u64(SPAN(""), &u));
	assert_false(span_to_u64(SPAN("12a"), &u));
	assert_true(span_to_i64(SPAN("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_false(span_to_i64(SPAN("9223372036854775808"), &i));
}

TEST(span_find_finds_first_at_or_after_start)
{
	assert_int_equal(span_find(SPAN("abcabc"), 1, SPAN("abc")), 3);
	assert_int_equal(span_find(SPAN("abcabc"), 4, SPAN("abc")), SIZE_MAX);
	assert_int_equal(span_find_byte(SPAN("abc"), 0, 'c'), 2);
}

TEST(span_eq_nocase_looks_behind_a_nul)
{
	assert_true(span_eq_nocase(SPAN("Run\0Key"), SPAN("rUN\0kEY")));
	assert_false(span_eq_nocase(SPAN("run\0key"), SPAN("run\0kex")));
	assert_false(span_eq_nocase(SPAN("run\0key\0a"), SPAN("run\0key\0b")));
	assert_false(span_eq_nocase(SPAN("run\0"), SPAN("run")));
	assert_true(span_eq_nocase(SPAN("\0\0"), SPAN("\0\0")));
	assert_true(span_eq_nocase(SPAN(""), SPAN("")));
}

TEST(span_has_any_finds_words_in_any_case)
{
	assert_true(span_has_any(SPAN("C:\\Tools\\RAR.exe a -hp"), "zip|rar"));
	assert_true(span_has_any(SPAN("x"), "X"));
	assert_true(span_has_any(SPAN("ends in .7z"), ".rar|.7z"));
	assert_false(span_has_any(SPAN("ra"), "rar"));
	assert_false(span_has_any(SPAN("no word"), "|"));
	assert_false(span_has_any(SPAN(""), "a"));
	assert_false(span_has_any(SPAN("a"), ""));
	/* "|" and 32 fold letters only where the whole word does. */
	assert_false(span_has_any(SPAN("{"), "["));
}

/* Against a search for each, with words of all lengths at all places. */
TEST(span_is_one_of_asks_for_whole_words)
{
	assert_true(span_is_one_of(SPAN("su"), "sudo|su|ssh"));
	assert_true(span_is_one_of(SPAN("ssh"), "sudo|su|ssh"));
	assert_false(span_is_one_of(SPAN("s"), "sudo|su|ssh"));
	assert_false(span_is_one_of(SPAN("su|ssh"), "sudo|su|ssh"));
	assert_false(span_is_one_of(SPAN("SU"), "sudo|su|ssh"));
	assert_true(span_is_one_of_nocase(SPAN("SU"), "sudo|su|ssh"));
	assert_false(span_is_one_of(SPAN(""), "sudo|su"));
	assert_false(span_is_one_of(SPAN("su"), ""));
}

TEST(span_after_last_is_the_last_part)
{
	assert_true(span_eq(span_after_last(SPAN("/usr/bin/su"), '/'), SPAN("su")));
	assert_true(span_eq(span_after_last(SPAN("su"), '/'), SPAN("su")));
	assert_int_equal(span_after_last(SPAN("/usr/"), '/').len, 0);
	assert_int_equal(span_after_last(SPAN(""), '/').len, 0);
}

TEST(span_find_word_misses_none)
{
	static const char *const lists[] = { "abcde|cdeab|eabcdabcd", "abc|bcd|cda|dab", "abcdabcdabcdabcd|bcdbcdbcdbcdbcd",
					     "aaaa|aab|ba", "dddddddddddd" };
	uint8_t text[40];
	uint64_t seed = 7;

	for (size_t round = 0; round < 20000; round++) {
		struct span rest = span_text(lists[round % 5]), words[4], s = span_of(text, round % 41);
		size_t count = 0, first = SIZE_MAX;

		while (rest.len)
			words[count++] = span_split(&rest, '|');
		for (size_t i = 0; i < s.len; i++)
			text[i] = (uint8_t)("abcd"[(seed = seed * 6364136223846793005 + 1) >> 62]);
		if (round % 3 == 0 && s.len >= words[round % count].len)
			memcpy(text + (seed >> 40) % (s.len - words[round % count].len + 1), words[round % count].at,
			       words[round % count].len);
		for (size_t w = count; w-- > 0;)
			first = span_find(s, 0, words[w]) != SIZE_MAX ? w : first;
		assert_int_equal(span_find_word(s, words, count), first);
	}
}

TEST(span_find_word_answers_the_lowest_number)
{
	const struct span words[] = { SPAN("late"), SPAN("ab"), SPAN("a"), SPAN("lt") };

	assert_int_equal(span_find_word(SPAN("xx ab late"), words, 4), 0);
	assert_int_equal(span_find_word(SPAN("xx ab lt"), words, 4), 1);
	assert_int_equal(span_find_word(SPAN("xx a"), words, 4), 2);
	assert_int_equal(span_find_word(SPAN("lt"), words, 4), 3);
	assert_int_equal(span_find_word(SPAN("la"), words, 1), SIZE_MAX);
	assert_int_equal(span_find_word(SPAN(""), words, 4), SIZE_MAX);
}
