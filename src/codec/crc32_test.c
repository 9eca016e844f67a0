#include "codec/crc32.h"
#include "test.h"

TEST(crc32_answers_the_check_value)
{
	assert_int_equal(crc32_of(SPAN("123456789")), 0xcbf43926);
	assert_int_equal(crc32_of(SPAN("")), 0);
	assert_int_equal(crc32_of(SPAN("The quick brown fox jumps over the lazy dog")), 0x414fa339);
}
