/*
 * evtx_recover: records that no chunk lists any more.
 *
 * After the log is read, everything between what was delivered is searched for
 * record frames: slack behind the last record of a chunk, chunks without a
 * header, space before and after. Where the chunk of a record is gone, its place
 * follows from a template that stands inside the record, else from the records
 * around it; templates that are gone are taken from other chunks by their id.
 */
#ifndef KANSHIKI_FORMATS_EVTX_RECOVER_H
#define KANSHIKI_FORMATS_EVTX_RECOVER_H

#include "formats/evtx/evtx_decoder.h"

/* Records told apart by id and time; beyond these, a copy may be delivered twice. */
#define EVTX_SEEN_MAX (1u << 24)

struct evtx_recovery;

struct evtx_recovery *evtx_recovery_new(void);		/* NULL: no memory */
void evtx_recovery_free(struct evtx_recovery *v);	/* NULL-safe */

/* Notes log[start..end) as read; in rising order. */
void evtx_recovery_covered(struct evtx_recovery *v, uint64_t start, uint64_t end);
/* False: this record was noted before. */
bool evtx_recovery_note(struct evtx_recovery *v, uint64_t id, timestamp written);

/* Searches what is not covered. */
void evtx_recover(struct evtx_reading *r, struct span log);

#endif
