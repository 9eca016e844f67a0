/*
 * inference: from what was found for one harm to the degree of the answer.
 *
 * All rules of inference stand in one table in inference.c, strongest first;
 * the first row that holds decides. docs/verdict.md explains them to a court;
 * a test keeps the two in step. Where no row holds, it is "no sign" if the
 * evidence that would show a sign was there and examined, else "cannot tell".
 */
#ifndef KANSHIKI_ASSESS_INFERENCE_H
#define KANSHIKI_ASSESS_INFERENCE_H

#include "report/report.h"

/* What was found for one harm, counted in rules and not in matches. */
struct signs {
	uint32_t rules[LEVEL_COUNT];	/* distinct rules of each level */
	uint32_t techniques;		/* distinct ATT&CK techniques of rules from high up */
	uint32_t kinds;			/* 1 or 2: content of files, records of logs */
	uint32_t direct;		/* rules whose record is the act itself, by the system */
	uint64_t findings;
};

/* Every number is a "at least"; 0 asks nothing. */
struct inference {
	enum degree degree;
	uint32_t direct, critical, high, medium;	/* rules of that level or above */
	uint32_t techniques, kinds;
	const char *when;		/* the row in words, as in docs/verdict.md */
	const char *text;		/* the same in few, as shown with the answer */
};

extern const struct inference inferences[];
extern const size_t inference_count;

/* The row that holds, or NULL. */
const struct inference *inference_find(const struct signs *signs);

#endif
