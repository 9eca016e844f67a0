/* matching: an item's bytes against YARA rules. */
#ifndef KANSHIKI_EXAMINE_MATCHING_H
#define KANSHIKI_EXAMINE_MATCHING_H

#include "examine/examination.h"
#include "os/image.h"

/* `yara` is a rule pack or NULL. NULL: no memory. */
struct matching *matching_new(const struct image *yara, const struct examine_limits *limits);
void matching_free(struct matching *m);	/* NULL-safe */
/* What the rules say may depend on the name of a file, not on its content alone. */
bool matching_needs_names(const struct matching *m);
/* The same, asked of the compiled set (or NULL). */
bool matching_set_needs_names(const struct image *yara);
/* `start`: what of the item is searched; its size is that of the whole item to rules. */
void matching_examine(struct examination *x, struct item *item, struct span start);

#endif
