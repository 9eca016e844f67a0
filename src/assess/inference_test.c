#include "assess/coverage.h"
#include "assess/inference.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static enum degree degree(struct signs signs)
{
	const struct inference *row = inference_find(&signs);

	return row ? row->degree : DEGREE_NO_SIGN;
}

TEST(inference_needs_weight_and_agreement)
{
	assert_int_equal(degree((struct signs){ 0 }), DEGREE_NO_SIGN);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_LOW] = 50 } }), DEGREE_NO_SIGN);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_MEDIUM] = 9 } }), DEGREE_POSSIBLE);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_HIGH] = 1 }, .techniques = 1 }),
			 DEGREE_POSSIBLE);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_HIGH] = 2 }, .techniques = 1 }),
			 DEGREE_POSSIBLE);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_HIGH] = 2 }, .techniques = 2 }),
			 DEGREE_LIKELY);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_CRITICAL] = 1 } }), DEGREE_LIKELY);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_CRITICAL] = 5 }, .techniques = 5,
						.kinds = 1 }), DEGREE_LIKELY);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_CRITICAL] = 2 }, .techniques = 2,
						.kinds = 2 }), DEGREE_CONFIRMED);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_HIGH] = 1 }, .direct = 1 }),
			 DEGREE_LIKELY);
	assert_int_equal(degree((struct signs){ .rules = { [LEVEL_HIGH] = 2 }, .direct = 1 }),
			 DEGREE_CONFIRMED);
}

TEST(inference_table_runs_from_strong_to_weak)
{
	for (size_t i = 1; i < inference_count; i++)
		assert_true(inferences[i - 1].degree >= inferences[i].degree);
}

TEST(inference_and_coverage_stand_in_docs_verdict_md)
{
	struct span page = read_whole("docs/verdict.md");

	for (size_t i = 0; i < inference_count; i++)
		assert_true(span_find(page, 0, span_text(inferences[i].when)) != SIZE_MAX);
	static const char *const of[] = { "any", "Windows", "Linux" };

	for (size_t i = 0; i < need_count; i++) {
		char row[512];

		snprintf(row, sizeof row, "| %s | %s | %s | %s | %s |", harm_name(needs[i].harm),
			 of[needs[i].of], needs[i].name, needs[i].shows, needs[i].essential ? "yes" : "");
		if (span_find(page, 0, span_text(row)) == SIZE_MAX)
			fail_msg("docs/verdict.md lacks: %s", row);
	}
	free((void *)(uintptr_t)page.at);
}
