/* ese_page: pages of the database as trees of keyed nodes; used by ese.c only. */
#ifndef KANSHIKI_FORMATS_ESE_ESE_PAGE_H
#define KANSHIKI_FORMATS_ESE_ESE_PAGE_H

#include "formats/ese/ese.h"

#define ESE_MAX_KEY 2048

struct ese_node {
	struct span key;		/* whole: prefix of the page and its own part */
	struct span data;
};

/*
 * Walks the leaves below page `root`, whose pages must belong to the object `id`
 * (0: not asked). False from `each` stops. Each page is visited once, so a loop ends.
 */
bool ese_walk(struct ese *db, uint32_t root, uint32_t id,
	      bool (*each)(void *context, const struct ese_node *node), void *context);

/*
 * The nodes whose keys begin with `key`, by descending to them. As ese_walk.
 */
bool ese_seek(struct ese *db, uint32_t root, struct span key,
	      bool (*each)(void *context, const struct ese_node *node), void *context);

/* Unpacks 7-bit and Xpress data; what is not packed comes back as it is. */
struct span ese_unpack(struct span data, struct arena *arena);

#endif
