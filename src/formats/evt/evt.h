/*
 * evt: event logs of Windows NT to 2003 (.evt) into events.
 *
 * The format is described in docs/formats/evt.md. A log is a 48-byte header and
 * a ring of records; an end record tells where the oldest and the newest are,
 * and the header tells the same as of the last flush. Records are delivered in
 * the order of the ring, also one that goes on at the start of it. Damage costs
 * the records that it touches: reading goes on at the next record signature.
 * With `recover`, what the ring no longer lists is carved and marked.
 *
 * Events have the names of newer Windows events. EventID is the number as
 * written; of the Security log, ModernEventID is that of the event's successor
 * (528 is 4624), and strings of the events that matter have its field names.
 * Other strings are "Data". A log does not say its channel: see evt_channel.
 */
#ifndef KANSHIKI_FORMATS_EVT_EVT_H
#define KANSHIKI_FORMATS_EVT_EVT_H

#include "formats/evtx/evtx.h"

#define EVT_HEADER_SIZE 48
#define EVT_RECORD_MAX ((size_t)1 << 20)	/* a longer record is a bad one */
#define EVT_STRINGS_MAX 256			/* of one record; beyond it is a bad one */

struct evt_options {
	bool recover;
	struct span name;	/* of the log's file, for evt_channel; may be empty */
	evtx_problem_fn *problem;	/* may be NULL; offsets are those of the log */
	void *problem_context;
};

struct evt_reader;

/* Has the header of a log. */
bool evt_is(struct span start);

/* NULL: no memory. `options` may be NULL; what it points to is borrowed. */
struct evt_reader *evt_reader_new(const struct evt_options *options);
void evt_reader_free(struct evt_reader *r);	/* NULL-safe */
/*
 * Decodes a whole log; counts go into the same report as those of newer logs
 * (chunks and checksums stay 0). False when the log has no record although it
 * should (ERR_CORRUPT) or there is no memory. Shapes are numbered from 0 anew.
 */
bool evt_decode(struct evt_reader *r, struct span log, event_fn *each, void *context,
		struct evtx_report *report, struct err *err);
/* Carves any bytes for records; all are marked as recovered. */
void evt_carve(struct evt_reader *r, struct span bytes, event_fn *each, void *context,
	       struct evtx_report *report);

/*
 * "Security", "System", "Application" or empty: after the file's usual name
 * (SecEvent.Evt), else after a source that writes to one log only.
 */
struct span evt_channel(struct span name, struct span source_utf16);

#endif
