#include "codec/code_page.h"

#include <iconv.h>
#include <stdio.h>

#include "test.h"

static struct span utf8(uint16_t page, const char *ansi)
{
	static uint8_t room[256];

	return span_of(room, code_page_to_utf8(page, span_text(ansi), room));
}

TEST(japanese_text_is_read_as_shift_jis)
{
	assert_span(utf8(932, "\x83\x86\x81[\x83U\x81[\x82\xaa\x91\x8b\xcc\xdf: C:\\x"),
		    "ユーザーが窓ﾌﾟ: C:\\x");
	/* The second byte of a pair may be a backslash. */
	assert_span(utf8(932, "\x95\x5c\x8e\xa6"), "表示");
}

TEST(other_pages_are_read)
{
	assert_span(utf8(936, "\xd3\xc3\xbb\xa7\x80"), "用户€");
	assert_span(utf8(949, "\xbb\xe7\xbf\xeb\xc0\xda"), "사용자");
	assert_span(utf8(950, "\xa8\xcf\xa5\xce\xaa\xcc"), "使用者");
	assert_span(utf8(1251, "\xcf\xf0\xe8"), "При");
	assert_span(utf8(1252, "na\xefve \x80"), "naïve €");
	assert_span(utf8(0, "\x80"), "€");
	assert_true(code_page_known(932) && code_page_known(1258) && code_page_known(874));
	assert_false(code_page_known(0) || code_page_known(437));
}

TEST(what_is_no_character_costs_itself)
{
	assert_span(utf8(932, "a\x81"), "a\xef\xbf\xbd");
	assert_span(utf8(932, "a\x81 b"), "a\xef\xbf\xbd b");
	assert_span(utf8(949, "\xff\xff"), "\xef\xbf\xbd\xef\xbf\xbd");
}

/* Every pair that glibc's converter knows, but for its private areas, is the same here. */
static size_t compare_with_iconv(uint16_t number, const char *name)
{
	iconv_t convert = iconv_open("UTF-16LE", name);
	size_t compared = 0;

	if (convert == (iconv_t)-1) {
		print_message("# iconv has no %s here\n", name);
		skip();
	}
	for (unsigned pair = 0x8140; pair < 0xff00; pair++) {
		char in[2] = { (char)(pair >> 8), (char)pair }, *from = in;
		uint8_t out[8];
		char *to = (char *)out;
		size_t left = 2, room = sizeof out;
		uint32_t code;

		iconv(convert, NULL, NULL, NULL, NULL);
		if (iconv(convert, &from, &left, &to, &room) == (size_t)-1 || room != sizeof out - 2)
			continue;
		if (load_u16le(out) >= 0xe000 && load_u16le(out) < 0xf900)
			continue;
		assert_int_equal(code_page_next(number, span_of(in, 2), &code), 2);
		if (code != load_u16le(out))
			fail_msg("%s %04x: %04x, iconv %04x", name, pair, code, load_u16le(out));
		compared++;
	}
	iconv_close(convert);
	return compared;
}

TEST(double_byte_pages_agree_with_iconv)
{
	assert_true(compare_with_iconv(932, "CP932") > 7000);
	assert_true(compare_with_iconv(936, "CP936") > 20000);
	assert_true(compare_with_iconv(949, "CP949") > 17000);
	assert_true(compare_with_iconv(950, "CP950") > 13000);
}
