/* evt_event: one record of an old event log as an event. */
#ifndef KANSHIKI_FORMATS_EVT_EVENT_H
#define KANSHIKI_FORMATS_EVT_EVENT_H

#include "formats/evt/evt.h"

#define EVT_RECORD_SIZE 56		/* of the part that all records have */
/* Slots: those of every record, the named strings, then Data and Binary. */
#define EVT_SLOTS_MAX 48

/* What all records of one kind share: shape 0 is of all that have no names of their own. */
struct evt_shapes {
	struct event_shape *shapes;
	struct span *names;
	size_t count;
};

struct evt_event {
	struct event event;
	struct value values[EVT_SLOTS_MAX];
	struct value strings[EVT_STRINGS_MAX];
};

bool evt_shapes_new(struct evt_shapes *shapes);		/* false: no memory */
void evt_shapes_free(struct evt_shapes *shapes);
/* `record` has EVT_RECORD_SIZE bytes and more, and is borrowed. ERR_CORRUPT: it breaks its own form. */
bool evt_event_read(const struct evt_shapes *shapes, struct span record, struct span log_name,
		    struct evt_event *out, struct err *err);

#endif
