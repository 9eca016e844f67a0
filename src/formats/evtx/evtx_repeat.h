/*
 * evtx_repeat: an element as it stands in a record, and the lists that repeat it.
 *
 * As in Windows, a list in an element's attributes or in its own content makes the
 * element once for each item, with all the rest of it. Of several lists every
 * combination comes: those in the content change slowest, first hole first.
 */
#ifndef KANSHIKI_FORMATS_EVTX_REPEAT_H
#define KANSHIKI_FORMATS_EVTX_REPEAT_H

#include "formats/evtx/evtx_render.h"

#define EVTX_REPEATS_MAX 8	/* lists in one element */

struct evtx_repeat {
	const struct binxml_node *hole;
	const struct evtx_value *items;
	uint32_t count;
	uint32_t stays;		/* turns for which an item does */
};

struct evtx_repeats {
	struct evtx_repeat lists[EVTX_REPEATS_MAX];
	uint32_t count;
	uint32_t turns;		/* how often the element comes */
};

struct evtx_element {
	const struct binxml_node *e;		/* NULL: what stands outside all elements */
	const struct evtx_instance *in;
	const struct evtx_repeats *repeats;	/* NULL: it comes once, lists whole */
	uint32_t turn;
};

/*
 * The lists of an element into `out`, in scratch memory; NULL where it has none.
 * False: more than EVTX_REPEATS_MAX lists or EVTX_LIST_MAX turns, or no memory.
 */
bool evtx_repeats_find(struct evtx_sink *s, const struct binxml_node *e, const struct evtx_instance *in,
		       const struct evtx_repeats **out);

/* What a hole in the element holds this turn; NULL: nothing. Of a null or empty item too. */
const struct evtx_value *evtx_element_value(const struct evtx_element *x, const struct binxml_node *hole);
/* Writes what it holds; only where evtx_element_value answers one. */
void evtx_element_write(struct evtx_sink *s, const struct evtx_element *x, const struct binxml_node *hole,
			enum evtx_mode mode);

#endif
