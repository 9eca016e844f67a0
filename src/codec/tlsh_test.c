#include "codec/tlsh.h"

#include "base/buf.h"
#include "test.h"

/* Expected values are those of py-tlsh 5.0.0. */
TEST(tlsh_answers_as_the_reference)
{
	struct buf text = buf_new(4096);
	char hash[TLSH_LENGTH];

	for (int i = 0; i < 60; i++)
		buf_printf(&text, "%d,", i * i * 7919);
	assert_int_equal(tlsh_of(buf_span(&text), hash), TLSH_LENGTH);
	assert_memory_equal(hash, "T1A3F00E6833564AA077E20E80A700292C1A8AF4722760BAF5B1C0AAEF54238D00414617", TLSH_LENGTH);
	buf_free(&text);
}

TEST(tlsh_has_no_answer_for_short_or_plain_input)
{
	char hash[TLSH_LENGTH];
	uint8_t same[100];

	memset(same, 'a', sizeof same);
	assert_int_equal(tlsh_of(SPAN("short"), hash), 0);
	assert_int_equal(tlsh_of(span_of(same, sizeof same), hash), 0);
}
