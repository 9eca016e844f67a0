#include "base/finding.h"
#include "test.h"

TEST(finding_words_convert_both_ways)
{
	enum level level;
	enum harm harm;

	for (int i = 0; i < LEVEL_COUNT; i++)
		assert_true(level_of_name(span_text(level_name((enum level)i)), &level) &&
			    level == (enum level)i);
	for (int i = 0; i < HARM_COUNT; i++)
		assert_true(harm_of_name(span_text(harm_name((enum harm)i)), &harm) &&
			    harm == (enum harm)i);
	assert_false(level_of_name(SPAN("dire"), &level));
	assert_string_equal(fate_name((enum fate)99), "");
}

TEST(finding_harm_comes_from_attack_tags)
{
	assert_int_equal(harm_of_tag(SPAN("attack.t1070.001")), HARM_OBSTRUCTION);
	assert_int_equal(harm_of_tag(SPAN("T1486")), HARM_DESTRUCTION);
	assert_int_equal(harm_of_tag(SPAN("attack.command-and-control")), HARM_CONTROL);
	assert_int_equal(harm_of_tag(SPAN("attack.s0002")), HARM_NONE);
	assert_int_equal(harm_of_tag(SPAN("cve.2021-44228")), HARM_NONE);
}
