#include "examine/matching.h"

#include <stdlib.h>

struct matching {
	const struct image *yara;
};

struct matching *matching_new(const struct image *yara, const struct examine_limits *limits)
{
	struct matching *m = calloc(1, sizeof *m);

	if (m)
		m->yara = yara;
	return m;
}

void matching_free(struct matching *m)
{
	free(m);
}

bool matching_needs_names(const struct matching *m)
{
	return m->yara;
}

void matching_examine(struct examination *x, struct item *item)
{
}
