#include "base/event.h"
#include "test.h"

static void check(struct value value, const char *expected)
{
	struct buf b = buf_new(1000);

	value_text(&b, &value);
	assert_span(buf_span(&b), expected);
	buf_free(&b);
}

TEST(value_text_renders_each_kind)
{
	const struct value list[] = { { .kind = VALUE_UINT, .u = 1 },
				      { .kind = VALUE_TEXT, .bytes = SPAN("b") } };

	check((struct value){ .kind = VALUE_NULL }, "");
	check((struct value){ .kind = VALUE_INT, .i = INT64_MIN }, "-9223372036854775808");
	check((struct value){ .kind = VALUE_HEX, .u = 0x3e7 }, "0x3e7");
	check((struct value){ .kind = VALUE_BOOL, .u = 1 }, "true");
	check((struct value){ .kind = VALUE_BYTES, .bytes = SPAN("\xde\xad") }, "DEAD");
	check((struct value){ .kind = VALUE_UTF16, .bytes = SPAN("h\0i\0") }, "hi");
	check((struct value){ .kind = VALUE_SID, .bytes = SPAN("\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0") },
	      "S-1-5-32-544");
	check((struct value){ .kind = VALUE_GUID, .bytes = SPAN(
		"\x25\x96\x84\x54\x78\x54\x94\x49\xa5\xba\x3e\x3b\x03\x28\xc3\x0d") },
	      "{54849625-5478-4994-a5ba-3e3b0328c30d}");
	check((struct value){ .kind = VALUE_LIST, .count = 2, .list = list }, "1, b");
}
