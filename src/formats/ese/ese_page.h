/* ese_page: pages of the database as trees of keyed nodes; used inside this folder only. */
#ifndef KANSHIKI_FORMATS_ESE_ESE_PAGE_H
#define KANSHIKI_FORMATS_ESE_ESE_PAGE_H

#include "formats/ese/ese.h"

#define ESE_MAX_KEY 2048

enum { ESE_PAGE_ROOT = 1, ESE_PAGE_LEAF = 2 };	/* of a page's flags */

struct ese_node {
	struct span key;		/* whole: prefix of the page and its own part */
	struct span data;
	bool is_deleted;
};

/* What a page holds. */
struct ese_nodes {
	struct ese_node *at;
	size_t count, room;
	uint32_t id, flags;
};

/* Bytes of page `number`, or none; and when it was last changed, in the database's own time. */
struct span ese_page_bytes(const struct ese *db, uint32_t number);
uint64_t ese_page_time(struct span page);
/*
 * All nodes of a page, deleted ones too; keys in the arena, data borrowed. `page` may be
 * shorter than a page, without the room between nodes and tags. False: damaged.
 */
bool ese_nodes_read(const struct ese *db, struct span page, struct arena *arena, struct ese_nodes *out);

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
