/* item: one byte stream from first look to fate, with what is inside it. */
#ifndef KANSHIKI_EXAMINE_ITEM_H
#define KANSHIKI_EXAMINE_ITEM_H

#include "examine/examination.h"

/* What of a BEGIN stands already, before content is at hand. */
struct item_origin {
	struct record_begin begin;
	const char *cut;		/* why `bytes` is not all of it, or NULL */
	bool is_cut_by_limit;
	bool no_rights;			/* the file system has none: bits of the mode say nothing */
	bool is_damaged;		/* cut by damage, not by us */
	/*
	 * Reads the content once BEGIN is told, so that who hangs or crashes over it is
	 * known; fills item->bytes and perhaps .cut. NULL: the bytes are there.
	 */
	void (*fill)(void *context, struct item *item, struct item_origin *origin);
	void *fill_context;
};

/*
 * Examines `item`, of which path, member, bytes and depth are filled, from BEGIN
 * to END. Recursion is bounded by the limit on depth.
 */
void item_examine(struct examination *x, struct item *item, struct item_origin *origin);
/* BEGIN and END of what has no content to examine. */
void item_dismiss(struct examination *x, struct item *item, const struct item_origin *origin,
		  enum fate fate, struct span reason);

/* members.c: everything inside the archive at hand. */
void members_examine(struct examination *x, struct item *archive);

#endif
