/*
 * cases: scenarios that are told by tables: thefts, implants and wipers that do not look
 * like the plain ones, and honest work that looks like them.
 *
 * tests/example/labelled_test.py holds the right answers.
 */
#ifndef KANSHIKI_EXAMPLES_CASES_H
#define KANSHIKI_EXAMPLES_CASES_H

#include "network.h"
#include "story.h"

#include <stdio.h>

/* A change journal in which `count` files get another name; '#' is their number. */
struct case_renames {
	const char *when, *from, *to;
	unsigned count;
};

struct labelled_case {
	const char *name;
	const struct story_step *steps;
	const struct network_flow *flows;	/* or NULL */
	struct case_renames renames;
	uint64_t first_record;		/* of its logs; 0: they have been used for long */
	bool is_daily;			/* acts of each day: seeds do not move them to another */
};

/* NULL: there is none. */
const struct labelled_case *case_named(const char *name);
void case_names(FILE *to);
void case_put_journal(const char *root, const struct case_renames *renames, int64_t moved_seconds);

#endif
