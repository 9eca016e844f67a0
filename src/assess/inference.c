#include "assess/inference.h"

const struct inference inferences[] = {
	{ DEGREE_CONFIRMED, .direct = 1, .high = 2,
	  .when = "the system itself recorded it, and another rule of level high agrees",
	  .text = "the system recorded it itself; another rule agrees" },
	{ DEGREE_CONFIRMED, .critical = 2, .techniques = 2, .kinds = 2,
	  .when = "two critical rules of different techniques hold, and files and logs agree",
	  .text = "two critical rules; files and logs agree" },
	{ DEGREE_CONFIRMED, .critical = 1, .high = 4, .techniques = 3, .kinds = 2,
	  .when = "one critical and three high rules of three techniques hold, and files and logs agree",
	  .text = "a critical rule and high ones; files and logs agree" },
	{ DEGREE_LIKELY, .direct = 1,
	  .when = "the system itself recorded it",
	  .text = "the system recorded it itself" },
	{ DEGREE_LIKELY, .critical = 1,
	  .when = "a critical rule holds",
	  .text = "a critical rule" },
	{ DEGREE_LIKELY, .high = 2, .techniques = 2,
	  .when = "two rules of level high and of different techniques agree",
	  .text = "two high rules agree" },
	{ DEGREE_LIKELY, .high = 3, .kinds = 2,
	  .when = "three rules of level high hold, and files and logs agree",
	  .text = "three high rules; files and logs agree" },
	{ DEGREE_POSSIBLE, .medium = 1,
	  .when = "a rule of level medium or above holds, without support from others",
	  .text = "without support from others" },
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
