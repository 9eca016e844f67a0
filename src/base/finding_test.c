#include "base/finding.h"
#include "test.h"

TEST(finding_words_convert_both_ways)
{
	enum level level;
	enum harm harm;
	enum fate fate;
	enum evidence_class class_of;
	enum engine engine;

	for (int i = 0; i < LEVEL_COUNT; i++)
		assert_true(level_of_name(span_text(level_name((enum level)i)), &level) &&
			    level == (enum level)i);
	for (int i = 0; i < HARM_COUNT; i++)
		assert_true(harm_of_name(span_text(harm_name((enum harm)i)), &harm) &&
			    harm == (enum harm)i);
	for (int i = 0; i < FATE_COUNT; i++)
		assert_true(fate_of_name(span_text(fate_name((enum fate)i)), &fate) &&
			    fate == (enum fate)i);
	for (int i = 0; i < CLASS_COUNT; i++)
		assert_true(evidence_class_of_name(span_text(evidence_class_name(i)), &class_of) &&
			    class_of == (enum evidence_class)i);
	for (int i = 0; i < ENGINE_COUNT; i++)
		assert_true(engine_of_name(span_text(engine_name((enum engine)i)), &engine) &&
			    engine == (enum engine)i);
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
