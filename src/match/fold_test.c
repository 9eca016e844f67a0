#include "match/fold.h"

#include "test.h"

static struct span fold(uint8_t *to, const char *text)
{
	struct span from = span_text(text);

	fold_utf8(to, from);
	return span_of(to, from.len);
}

TEST(ascii_and_two_byte_letters_fold)
{
	uint8_t to[256];

	assert_span(fold(to, "C:\\Windows\\System32\\CMD.EXE @[`{ 0123"),
		    "c:\\windows\\system32\\cmd.exe @[`{ 0123");
	assert_span(fold(to, "ÄÖÜ× ПРИВЕТ Ё ΑΩ ŁŹ"), "äöü× привет ё αω łź");
}

TEST(ill_formed_bytes_stay)
{
	uint8_t to[16];

	assert_span(fold(to, "A\xc3"), "a\xc3");
	assert_span(fold(to, "\xff\x80Z"), "\xff\x80z");
}

TEST(utf16_gives_the_same_as_utf8)
{
	uint8_t text[80], to[FOLD_ROOM(sizeof text)];
	static const char narrow[] = "PowerShell.EXE -Enc AAAAbbbbCCCC";

	for (size_t i = 0; i < sizeof narrow - 1; i++) {
		text[2 * i] = (uint8_t)narrow[i];
		text[2 * i + 1] = 0;
	}
	assert_span(span_of(to, fold_utf16(to, span_of(text, 2 * (sizeof narrow - 1)))),
		    "powershell.exe -enc aaaabbbbcccc");
	assert_span(span_of(to, utf8_of_utf16(to, SPAN("\xc4\0\x3d\xd8\x00\xde\x00\xd8x"))),
		    "Ä😀\xef\xbf\xbd");
}
