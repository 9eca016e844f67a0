/* tally: counting towards `all`, `any`, `none`, `N` or `P%` of something. Private to eval.c. */
#ifndef KANSHIKI_RULES_YARA_TALLY_H
#define KANSHIKI_RULES_YARA_TALLY_H

#include "rules/yara/scan.h"

struct tally {
	enum quantity kind;
	int64_t wanted;
	uint64_t seen, yes;
};

static inline enum truth truth_of(bool yes)
{
	return yes ? YES : NO;
}

/* Counts one more; false where the outcome is settled. */
static inline bool tally_add(struct tally *t, enum truth one)
{
	t->seen++;
	t->yes += one == YES;
	switch (t->kind) {
	case QUANTITY_ALL:
		return one == YES;
	case QUANTITY_ANY:
	case QUANTITY_NONE:
		return one != YES;
	case QUANTITY_NUMBER:
		return t->wanted > 0 && t->yes < (uint64_t)t->wanted;
	default:
		return true;
	}
}

static inline enum truth tally_done(const struct tally *t)
{
	switch (t->kind) {
	case QUANTITY_ALL:
		return truth_of(t->yes == t->seen);
	case QUANTITY_NONE:
		return truth_of(!t->yes);
	case QUANTITY_PERCENT:
		return truth_of(t->seen && (double)t->yes / (double)t->seen * 100 >=
				(double)t->wanted);
	default:
		return truth_of(t->wanted <= 0 || t->yes >= (uint64_t)t->wanted);
	}
}

#endif
