#include "assess/inference.h"

const struct inference inferences[] = {
	{ DEGREE_CONFIRMED, .direct = 1, .high = 2,
	  .text = "the system itself recorded the act, and another rule of level high or "
		  "above agrees" },
	{ DEGREE_CONFIRMED, .critical = 2, .techniques = 2, .kinds = 2,
	  .text = "two rules of level critical, of different techniques, and both the content "
		  "of files and the records of logs agree" },
	{ DEGREE_CONFIRMED, .critical = 1, .high = 4, .techniques = 3, .kinds = 2,
	  .text = "a rule of level critical and three more of level high, of three techniques, "
		  "and both the content of files and the records of logs agree" },
	{ DEGREE_LIKELY, .direct = 1,
	  .text = "the system itself recorded the act" },
	{ DEGREE_LIKELY, .critical = 1,
	  .text = "a rule of level critical holds" },
	{ DEGREE_LIKELY, .high = 2, .techniques = 2,
	  .text = "two rules of level high, of different techniques, agree" },
	{ DEGREE_POSSIBLE, .medium = 1,
	  .text = "a rule of level medium or above holds, without support from others" },
};

const size_t inference_count = sizeof inferences / sizeof *inferences;

static bool holds(const struct inference *row, const struct signs *signs)
{
	uint32_t critical = signs->rules[LEVEL_CRITICAL];
	uint32_t high = critical + signs->rules[LEVEL_HIGH];
	uint32_t medium = high + signs->rules[LEVEL_MEDIUM];

	return signs->direct >= row->direct && critical >= row->critical && high >= row->high &&
	       medium >= row->medium && signs->techniques >= row->techniques &&
	       signs->kinds >= row->kinds;
}

const struct inference *inference_find(const struct signs *signs)
{
	for (size_t i = 0; i < inference_count; i++)
		if (holds(&inferences[i], signs))
			return &inferences[i];
	return NULL;
}
