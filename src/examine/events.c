#include "examine/events.h"

#include <stdlib.h>

struct events {
	const struct image *sigma;
};

struct events *events_new(const struct image *sigma)
{
	struct events *e = calloc(1, sizeof *e);

	if (e)
		e->sigma = sigma;
	return e;
}

void events_free(struct events *e)
{
	free(e);
}

void events_examine(struct examination *x, struct item *item, enum reader reader)
{
	if (reader == READER_EVTX)
		examination_short(x, FATE_PARTLY, "events are not decoded");
}
