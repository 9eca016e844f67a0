/*
 * html_names: texts of a packed block, each written once.
 *
 * Rows of a block name hosts, users, paths and reasons over and over. They hold
 * the place of a text in one list, which is written after them.
 */
#ifndef KANSHIKI_REPORT_HTML_NAMES_H
#define KANSHIKI_REPORT_HTML_NAMES_H

#include "base/map.h"
#include "codec/json_write.h"
#include "report/html.h"

struct names {
	struct map index;		/* text → place + 1 */
	struct json_write w;
	struct buf list;
	uintptr_t count;
};

/* The texts are not copied: they outlive `names`. */
struct names names_new(struct arena *arena);
/* Writes the place of `text`, which joins the list when it is new; -1 for none. */
void names_index(struct json_write *w, struct names *names, struct span text);
/* Writes the list under `key` and frees it. */
void names_list(struct json_write *w, const char *key, struct names *names);

#endif
