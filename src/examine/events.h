/*
 * events: an item that is a log, into events; events against Sigma rules and
 * built-in checks; and what the log covers, channel by channel.
 */
#ifndef KANSHIKI_EXAMINE_EVENTS_H
#define KANSHIKI_EXAMINE_EVENTS_H

#include "evidence/identify.h"
#include "examine/examination.h"
#include "os/image.h"

/* `sigma` is a rule pack or NULL. NULL: no memory. */
struct events *events_new(const struct image *sigma);
void events_free(struct events *e);	/* NULL-safe */
void events_examine(struct examination *x, struct item *item, enum reader reader);

#endif
