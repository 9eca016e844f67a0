/*
 * sorter: rows in the order of time, more of them than memory holds.
 *
 * Rows gather in memory up to a bound; then they go, sorted, into a temporary
 * file as one run, and in the end all runs are merged. Rows that share a payload
 * are added together, so that it is held once.
 */
#ifndef KANSHIKI_REPORT_SORTER_H
#define KANSHIKI_REPORT_SORTER_H

#include "base/err.h"
#include "base/span.h"
#include "base/timestamp.h"

struct sorter_key {
	timestamp time;
	uint64_t rank;			/* order among equal times; no two rows have both alike */
};

struct sorter;

#define SORTER_KEYS_MOST 4		/* that share a payload */

/* `memory` bounds what is held, in bytes. NULL: no memory. */
struct sorter *sorter_new(size_t memory, struct err *err);
void sorter_free(struct sorter *s);	/* NULL-safe */
bool sorter_add(struct sorter *s, const struct sorter_key *keys, size_t count, struct span payload,
		struct err *err);
/* After the last row was added: the next; the payload is borrowed until the next call. *there false: the end. */
bool sorter_next(struct sorter *s, struct sorter_key *key, struct span *payload, bool *there,
		 struct err *err);

#endif
