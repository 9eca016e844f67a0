/* find: one literal in a short text; faster there than memmem. */
#ifndef KANSHIKI_MATCH_FIND_H
#define KANSHIKI_MATCH_FIND_H

#include "base/span.h"

/* Whether `needle` occurs in `text`; the empty one always does. */
bool find_literal(struct span text, struct span needle);

#endif
