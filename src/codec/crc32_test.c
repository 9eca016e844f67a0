#include "codec/crc32.h"
#include "test.h"

TEST(crc32_answers_the_check_value)
{
	assert_int_equal(crc32_of(SPAN("123456789")), 0xcbf43926);
	assert_int_equal(crc32_of(SPAN("")), 0);
	assert_int_equal(crc32_of(SPAN("The quick brown fox jumps over the lazy dog")), 0x414fa339);
}

static uint32_t one_bit_at_a_time(struct span s)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

TEST(crc32_of_every_length_agrees_with_the_definition)
{
	uint8_t bytes[1100];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * i * 31 + i);
	for (size_t len = 0; len < sizeof bytes; len++)
		assert_int_equal(crc32_add(0, span_of(bytes, len)),
				 one_bit_at_a_time(span_of(bytes, len)));
	assert_int_equal(crc32_add(crc32_add(0, span_of(bytes, 300)), span_of(bytes + 300, 700)),
			 one_bit_at_a_time(span_of(bytes, 1000)));
}

TEST(crc32c_answers_the_check_value)
{
	assert_int_equal(~crc32c_add(UINT32_MAX, SPAN("123456789")), 0xe3069283);
	assert_int_equal(~crc32c_add(crc32c_add(UINT32_MAX, SPAN("1234")), SPAN("56789")), 0xe3069283);
}
