/*
 * item: one detection item (field, modifiers, values) to a node.
 *
 * Modifiers and values as in the Sigma appendix "modifiers" 2.1.0; aliases of
 * pySigma (ignorecase, multiline, dotall) are known too.
 */
#ifndef KANSHIKI_RULES_SIGMA_ITEM_H
#define KANSHIKI_RULES_SIGMA_ITEM_H

#include "rules/sigma/build.h"

/*
 * `key` is "Field|modifier|..." of a map, or empty for keywords. Values are a
 * scalar or a list of scalars. NULL: refused, the document says why.
 */
const struct node *sigma_item(struct sigma_doc *doc, struct span key, const struct yaml_node *values);

/* A whole search identifier: map, list of maps, keywords. */
const struct node *sigma_search(struct sigma_doc *doc, const struct yaml_node *search);

#endif
