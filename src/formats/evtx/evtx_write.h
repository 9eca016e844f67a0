/*
 * evtx_write: makes event logs that Windows' readers and others accept.
 *
 * For examples and tests: the records, templates, string tables and checksums
 * are whole and in the places where Windows puts them. A log is made in memory.
 */
#ifndef KANSHIKI_FORMATS_EVTX_WRITE_H
#define KANSHIKI_FORMATS_EVTX_WRITE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/event.h"
#include "formats/evtx/evtx_pen.h"

#define EVTX_WRITE_FIELDS_MAX 256

struct evtx_field {
	const char *name;	/* NULL: <Data> without a name */
	struct value value;	/* any kind; of lists only those of texts */
};

/* Spans are UTF-8; an empty one, or 0 where that is no value, is left out. */
struct evtx_event {
	struct span provider;
	const uint8_t *provider_guid;	/* 16 bytes or NULL */
	uint16_t event_id;
	uint8_t version, level, opcode;
	uint16_t task;
	uint64_t keywords;
	timestamp time;
	uint64_t record_id;		/* 0: the next one */
	uint32_t process_id, thread_id;
	struct span channel;
	struct span computer;
	struct span user_sid;		/* binary */
	bool bytes_are_ansi;		/* of fields of bytes: texts in a code page */
	const char *user_data;		/* UserData with this element, else EventData */
	const struct evtx_field *fields;
	size_t field_count;
};

struct evtx_writer;

/* A log of at most `cap` bytes. NULL: no memory. */
struct evtx_writer *evtx_writer_new(size_t cap);
void evtx_writer_free(struct evtx_writer *w);		/* NULL-safe */

/* False: too large for a chunk (ERR_LIMIT), or the cap was reached. */
bool evtx_writer_add(struct evtx_writer *w, const struct evtx_event *event, struct err *err);

/* A record whose binary XML, behind the fragment header, `draw` writes; it may be called twice. */
typedef void evtx_draw_fn(void *context, struct evtx_pen *pen);
bool evtx_writer_draw(struct evtx_writer *w, timestamp time, evtx_draw_fn *draw, void *context,
		      struct err *err);

/* Goes on in a new chunk. */
bool evtx_writer_next_chunk(struct evtx_writer *w, struct err *err);
/* Closes the log: the whole file, owned by the writer. Nothing can be added after it. */
bool evtx_writer_finish(struct evtx_writer *w, struct span *out, struct err *err);

#endif
