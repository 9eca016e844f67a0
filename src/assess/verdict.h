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

struct case_file;

/* Findings stored with an answer at most; the others are counted. */
#define VERDICT_CARRIERS 200

struct verdict {
	enum degree degrees[HARM_COUNT];	/* [HARM_NONE] unused */
};

bool verdict_write(struct case_file *file, struct verdict *out, struct err *err);

#endif
