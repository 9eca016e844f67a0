/*
 * verdict: reads the finished case and writes the five answers into it.
 *
 * For each harm: the signs are counted (distinct rules, techniques, kinds of
 * evidence), the table of inference.c gives the degree, the findings that carry
 * the answer are stored in order of weight, the coverage of coverage.c beside
 * them. Nothing here looks at evidence. Running it again replaces the answers.
 */
#ifndef KANSHIKI_ASSESS_VERDICT_H
#define KANSHIKI_ASSESS_VERDICT_H

#include "assess/inference.h"
#include "base/timestamp.h"

struct case_file;

/* Findings stored with an answer at most; the others are counted. */
#define VERDICT_CARRIERS 200

struct verdict {
	enum degree degrees[HARM_COUNT];	/* [HARM_NONE] unused */
	uint64_t findings;			/* of all harms and none, of the period */
};

/* With a period (else NULL) what lies wholly outside it is no sign: it is counted and kept. */
bool verdict_write(struct case_file *file, const struct period *period, struct verdict *out,
		   struct err *err);

#endif
