/*
 * correlate: Sigma correlations over all logs of a case.
 *
 * Examiners put what correlations count into the case as traces of kind match;
 * here they are joined in order of time, and what holds becomes a finding of the
 * log that has the last event of the window. Reads the case, never evidence.
 */
#ifndef KANSHIKI_ASSESS_CORRELATE_H
#define KANSHIKI_ASSESS_CORRELATE_H

#include "base/err.h"

struct case_file;
struct image;

/*
 * What is remembered at a time; beyond it the oldest are judged and
 * forgotten, and the case has a problem that says so.
 */
#define CORRELATE_BYTES ((size_t)256 << 20)

/*
 * To be called when all units are committed, after analysers_run, which removes the
 * conclusions of an earlier run. `sigma` is the rule pack, or NULL; findings are
 * added to *told.
 */
bool correlate_case(struct case_file *file, const struct image *sigma, uint64_t *told,
		    struct err *err);

#endif
