/*
 * evtx_guess: what can be said of a carved record whose template is gone.
 *
 * Its values are there, their names are not. Windows numbers the values of System
 * alike in all templates, which the record's own id confirms; everything else is
 * shown as Data without a name. Nothing is named that is not known.
 */
#ifndef KANSHIKI_FORMATS_EVTX_GUESS_H
#define KANSHIKI_FORMATS_EVTX_GUESS_H

#include "formats/evtx/evtx_instance.h"

/*
 * A tree for the values of `in`, in `arena`: <Event> for the outermost instance
 * of a record (`depth` 0), else <EventData>. NULL: no memory.
 */
const struct binxml_node *evtx_guess(struct arena *arena, const struct evtx_instance *in,
				     uint32_t depth, uint64_t record_id);

#endif
