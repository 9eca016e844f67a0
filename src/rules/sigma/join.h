/*
 * join: fields that events have in parts: of 4657 a registry value is its key and its name.
 *
 * The log-source data names them. An event with all parts of a field, and not the
 * field itself, is seen by the rules as if it had it: the parts with a backslash
 * between.
 */
#ifndef KANSHIKI_RULES_SIGMA_JOIN_H
#define KANSHIKI_RULES_SIGMA_JOIN_H

#include "rules/sigma/scan.h"

/* The shape with the joined fields at its end, in plan->joins; false: no memory. */
bool join_plan(struct sigma_scanner *s, struct plan *plan, const struct event_shape *shape);
/* The event with their values, for as long as it is at hand. NULL: no memory. */
const struct event *join_values(struct sigma_scanner *s, const struct plan *plan,
				const struct event *event);

#endif
