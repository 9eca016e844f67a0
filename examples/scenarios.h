/*
 * scenarios: small bodies of evidence whose right answers are known.
 *
 * Each is an office's or a server's ordinary days with at most one harm in it,
 * the same bytes each time for a seed: 0 is the plain form, others vary times, sizes,
 * rhythms and noise, so that no threshold fits one example only. tests/example/labelled_test.py assesses all of them.
 */
#ifndef KANSHIKI_EXAMPLES_SCENARIOS_H
#define KANSHIKI_EXAMPLES_SCENARIOS_H

#include "story.h"

#include <stdbool.h>
#include <stdio.h>

/* False: no scenario of that name. */
bool scenario_write(const char *root, const char *name, uint32_t seed);
void scenario_names(FILE *to);

/* All logs of a story below `machine`, as Windows keeps them; in make_example.c. */
void put_logs(const char *root, const char *machine, const struct story *s);

#endif
