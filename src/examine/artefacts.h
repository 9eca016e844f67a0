/*
 * artefacts: an item through the decoders that fit it, into trace records, and
 * one fact a decoder: what it covers, from when to when.
 */
#ifndef KANSHIKI_EXAMINE_ARTEFACTS_H
#define KANSHIKI_EXAMINE_ARTEFACTS_H

#include "examine/examination.h"

/*
 * By the decoders that item->fitting names; `kind` as identify() says. Where the content is not
 * new, only what the place tells is decoded.
 */
void artefacts_examine(struct examination *x, struct item *item, const char *kind,
		       bool is_new_content);
/* Whether one of those decoders is of programs, which are known by three digests. */
bool artefacts_is_program(const struct item *item);

#endif
