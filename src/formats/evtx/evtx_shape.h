/*
 * evtx_shape: from a record's instances to a flat event.
 *
 * A plan says for each slot of a shape where its value stands. It is worked out
 * once for each combination of templates, by walking their trees; after that a
 * record costs one look-up and a walk over the slots.
 */
#ifndef KANSHIKI_FORMATS_EVTX_SHAPE_H
#define KANSHIKI_FORMATS_EVTX_SHAPE_H

#include "base/map.h"
#include "formats/evtx/evtx.h"

enum evtx_source {
	EVTX_SOURCE_TEXT,	/* the template says it */
	EVTX_SOURCE_VALUE,	/* one value of one instance */
	EVTX_SOURCE_MIXED,	/* texts and values side by side: made into text */
};

struct evtx_slot {
	enum evtx_source source;
	bool optional;
	uint16_t index;
	uint16_t dependency;		/* absent where this value of the instance is null */
	uint32_t ordinal;		/* of the instance in its record */
	const struct evtx_instance *in;	/* of a plan for one record only, else NULL */
	struct span text;
	const struct binxml_node *content;
};

struct evtx_plan {
	const struct event_shape *shape;
	const struct evtx_slot *slots;
	uint32_t time_slot;
	const uint32_t *loose;		/* slots whose text is not in the record as it is */
	uint32_t loose_count;
	const uint32_t *key;
	uint32_t key_len;
	uint64_t hash;
	struct evtx_plan *next;		/* same bucket */
};

#define EVTX_PLAN_BUCKETS 1024

struct evtx_shapes {
	struct map by_names;		/* names → struct event_shape */
	uint32_t count;
	uint32_t plan_count;
	struct evtx_plan *plans[EVTX_PLAN_BUCKETS];
	const struct evtx_plan *last;
	struct value *values;		/* [EVTX_SLOTS_MAX], of the event last made */
};

/* The plan of the decoder's current record, whose outermost instance is `root`. */
const struct evtx_plan *evtx_plan_find(struct evtx_decoder *d, const struct evtx_instance *root,
				       struct err *err);
/* System/TimeCreated of the current record, or TIME_NONE. */
timestamp evtx_plan_time(struct evtx_decoder *d, const struct evtx_plan *plan);

#endif
