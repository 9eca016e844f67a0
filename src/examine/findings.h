/*
 * findings: the findings of one item, those alike but for time, record and
 * place kept once with their count, so that a rule that fires on every event
 * does not drown the rest.
 */
#ifndef KANSHIKI_EXAMINE_FINDINGS_H
#define KANSHIKI_EXAMINE_FINDINGS_H

#include "base/map.h"
#include "examine/examination.h"

struct findings {
	struct arena arena;
	struct map seen;
	struct record_finding **list;
	size_t count, room;
	uint64_t most, left_out;
};

void findings_init(struct findings *f, uint64_t most);
void findings_free(struct findings *f);
/* Copies. */
void findings_add(struct findings *f, const struct finding *finding);
/* Tells all in the order in which they were first seen, and forgets them. */
void findings_tell(struct findings *f, struct examination *x);

#endif
