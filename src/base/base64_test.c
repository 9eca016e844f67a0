#include "base/base64.h"

#include "test.h"

static void expect(const char *text, const char *want)
{
	uint8_t room[6];

	assert_span(span_of(room, base64_decode(room, sizeof room, span_text(text))), want);
}

/* RFC 4648, 10. */
TEST(base64_reads_what_the_specification_shows)
{
	expect("", "");
	expect("Zg==", "f");
	expect("Zm8=", "fo");
	expect("Zm9v", "foo");
	expect("Zm9vYg", "foob");
	expect("Zm9vYmFy", "foobar");
	/* No more than there is room for, and up to what is none of it. */
	expect("Zm9vYmFyZm9v", "foobar");
	expect("Zm9v Zm9v", "foo");
}
