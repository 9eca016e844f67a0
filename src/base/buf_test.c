#include "base/buf.h"
#include "test.h"

TEST(buf_drops_what_passes_its_cap_whole_and_stays_overflown)
{
	struct buf b = buf_new(10);

	assert_true(buf_text(&b, "12345678"));
	assert_false(buf_text(&b, "abc"));
	assert_false(buf_text(&b, "x"));
	assert_true(b.overflow);
	assert_span(buf_span(&b), "12345678");
	buf_clear(&b);
	assert_true(buf_text(&b, "1234567890"));
	buf_free(&b);
}

TEST(buf_writes_numbers_and_hex)
{
	struct buf b = buf_new(1000);

	buf_decimal(&b, UINT64_MAX);
	buf_add_u8(&b, ' ');
	buf_hex(&b, SPAN("\x00\xff"));
	buf_printf(&b, " %s", "printf");
	assert_span(buf_span(&b), "18446744073709551615 00ff printf");
	buf_clear(&b);
	buf_add_u64le(&b, 0x0807060504030201);
	assert_span(buf_span(&b), "\x01\x02\x03\x04\x05\x06\x07\x08");
	buf_free(&b);
}
