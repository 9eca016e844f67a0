/*
 * evtx: Windows event logs (.evtx) into events, JSON and XML.
 *
 * The format is described in docs/formats/evtx.md. A log is a 4096-byte file
 * header and chunks of 64 KiB; each chunk stands alone: its records name strings
 * and templates by offsets inside it. So a log may be read whole from a span
 * (evtx_read, evtx_decode), or chunk by chunk in bounded memory by a caller who
 * reads the file himself (evtx_read_piece). No I/O, no threads, no globals.
 *
 * Damage costs as little as it can: a bad record costs that record, and reading
 * goes on at the next record signature; wrong checksums, counts and flags are
 * counted and cost nothing. What was lost is told to `problem` and counted.
 *
 * A decoder keeps compiled templates and event shapes from one chunk, and from
 * one log, to the next. It is not shared between threads.
 */
#ifndef KANSHIKI_FORMATS_EVTX_EVTX_H
#define KANSHIKI_FORMATS_EVTX_EVTX_H

#include "base/err.h"
#include "base/event.h"
#include "formats/evtx/evtx_ids.h"

#define EVTX_HEADER_SIZE 4096
#define EVTX_CHUNK_SIZE 65536

/*
 * Limits. What passes one costs the record (ERR_LIMIT), except the last: there the
 * programs are forgotten and made anew.
 */
#define EVTX_DEPTH_MAX 64		/* elements inside elements, templates included */
#define EVTX_NODES_MAX 16384		/* elements, attributes and texts of a record or template */
#define EVTX_VALUES_MAX 4096		/* substitution values of one template instance */
#define EVTX_INSTANCES_MAX 256		/* template instances within one record */
#define EVTX_LIST_MAX 32768		/* elements of all array values of a record */
#define EVTX_SLOTS_MAX 8192		/* fields of one event */
#define EVTX_TEXT_MAX (16u << 20)	/* bytes of one rendered record */
#define EVTX_TEMPLATES_MAX 16384	/* different templates seen by one decoder */
#define EVTX_SHAPES_MAX 16384		/* different event shapes of one decoder */
#define EVTX_CACHE_MAX ((size_t)96 << 20)	/* bytes for templates and shapes */
#define EVTX_PROGRAMS_MAX ((size_t)16 << 20)	/* bytes for rendering programs */

struct evtx_decoder;

/* What was wrong and where; offsets count from the start of the log. */
typedef void evtx_problem_fn(void *context, const struct err *problem);

struct evtx_options {
	bool recover;		/* also carve slack, damage and space between chunks */
	bool bounded;		/* deliver only events of from <= time < to */
	timestamp from, to;
	uint16_t code_page;	/* of ANSI strings: codec/code_page.h; 0: 1252 */
	evtx_problem_fn *problem;	/* may be NULL */
	void *problem_context;
};

/* Counts add up over calls; zero it before the first. */
struct evtx_report {
	uint64_t records;	/* delivered, recovered ones included */
	uint64_t recovered;	/* carved */
	uint64_t outside;	/* left out: time before `from` or not before `to` */
	uint64_t bad_records;	/* seen and not delivered */
	uint64_t doubled;	/* carved copies of a record that was delivered: left out */
	uint64_t chunks;	/* with a signature */
	uint64_t empty_chunks;	/* all zero */
	uint64_t bad_chunks;	/* neither zero nor with a signature, where one should be */
	uint64_t replaced_templates;	/* damaged; the same one of another chunk was taken */
	uint64_t bad_checksums;	/* chunk header, chunk records, file header */
	uint64_t cut_chunks;	/* whose header tells of records behind the last one there */
	struct evtx_ids ids;	/* gaps between record ids, and what is missing */
	bool bad_header;	/* file header missing or damaged */
	bool dirty;		/* the log was not closed */
	bool full;
};

/*
 * Adds what one decoder found in the next part of a log to what is known of the parts before;
 * where part->ids.first is 0, in another log.
 */
void evtx_report_add(struct evtx_report *total, const struct evtx_report *part);

/* NULL: no memory. `options` may be NULL, and is copied. */
struct evtx_decoder *evtx_decoder_new(const struct evtx_options *options);
void evtx_decoder_free(struct evtx_decoder *d);		/* NULL-safe */

/* Starts with the signature of a log, or of a chunk (a cut or carved log). */
bool evtx_is(struct span start);

/*
 * Decodes a whole log and calls `each` for every event, in the order of the
 * file; recovered ones come after the others. False only where nothing could be
 * read: no chunk in it (ERR_CORRUPT, unless the log is empty) or no memory.
 */
bool evtx_decode(struct evtx_decoder *d, struct span log, event_fn *each, void *context,
		 struct evtx_report *report, struct err *err);

/*
 * One record as it lies in its chunk. Everything in it, and what is made of it,
 * lives until the reader's callback returns.
 */
struct evtx_record {
	uint64_t id;
	uint64_t offset;	/* in the log */
	timestamp written;	/* of the record header */
	timestamp time;		/* System/TimeCreated, else `written` */
	bool recovered;
	struct evtx_decoder *decoder;
	const struct evtx_instance *root;	/* evtx_instance.h */
};

/* False stops reading without error. */
typedef bool evtx_record_fn(void *context, const struct evtx_record *record);

bool evtx_read(struct evtx_decoder *d, struct span log, evtx_record_fn *each, void *context,
	       struct evtx_report *report, struct err *err);

/*
 * A large log in pieces, for several decoders at once: the first begins behind
 * the header (evtx_header_size). Of a piece that goes on behind its end, unless
 * it is the `last`, the blocks are read that begin before evtx_piece_end; the
 * rest is the start of the next piece. A piece of two chunks or more always has
 * some. Nothing is recovered here. False when `each` was.
 */
size_t evtx_header_size(struct span start);
size_t evtx_piece_end(struct span piece, bool last);
bool evtx_read_piece(struct evtx_decoder *d, struct span piece, size_t end, uint64_t offset,
		     evtx_record_fn *each, void *context, struct evtx_report *report);
bool evtx_decode_piece(struct evtx_decoder *d, struct span piece, size_t end, uint64_t offset,
		       event_fn *each, void *context, struct evtx_report *report);
/* Where the first chunk of sound header begins in a piece taken from anywhere; SIZE_MAX: it has none. */
size_t evtx_piece_start(struct span piece);

/* The 4096 bytes before the first chunk: flags and checks into `report`. */
void evtx_read_header(struct evtx_decoder *d, struct span header, struct evtx_report *report);

/* What a record says. False: a limit (`err` tells); the record costs nothing else. */
bool evtx_record_event(const struct evtx_record *r, struct event *out, struct err *err);
/* One JSON object without a line end, in the shape of `evtx_dump -o jsonl`. */
bool evtx_record_json(const struct evtx_record *r, struct buf *to, struct err *err);
/* One <Event> element as Windows shows it, indented by two, without a line end. */
bool evtx_record_xml(const struct evtx_record *r, struct buf *to, struct err *err);

#endif
