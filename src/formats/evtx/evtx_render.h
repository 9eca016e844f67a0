/*
 * evtx_render: where the text of a record goes, and how it is made fast.
 *
 * A renderer (evtx_json.c, evtx_xml.c) walks the trees of a record and tells a
 * sink, in order, the literal text and the values between. What it tells depends
 * only on the templates and on which values are there, of which type: not on the
 * values. So the first record of its kind is walked into a *program*, and the
 * next ones of that kind are copied out by it: literal, value, literal, value.
 * Where the walk does depend on values, the renderer sets `once`.
 */
#ifndef KANSHIKI_FORMATS_EVTX_RENDER_H
#define KANSHIKI_FORMATS_EVTX_RENDER_H

#include "base/buf.h"
#include "formats/evtx/evtx_text.h"

struct evtx_op {
	uint32_t literal;		/* bytes of literal text before the value */
	uint32_t ordinal;		/* of the instance in its record */
	uint16_t index;
	uint8_t mode;			/* enum evtx_mode */
	bool plain;			/* no list, and its quotes are literals, where its length is its type's */
};

struct evtx_program {
	struct span literals;		/* EVTX_LITERAL_STEP bytes more can be read */
	const struct evtx_op *ops;
	size_t op_count;
	uint32_t repeats;		/* how often one value is written at most */
	struct span kind;		/* what records it fits */
	uint64_t hash;
	struct evtx_program *next;	/* same bucket */
};

#define EVTX_LITERAL_STEP 32	/* bytes of literal text that are copied at once */

#define EVTX_PROGRAM_BUCKETS 4096
#define EVTX_KIND_MAX 4096

struct evtx_programs {
	struct arena arena;
	struct buf literals;		/* of the walk under way */
	struct evtx_program *buckets[EVTX_PROGRAM_BUCKETS];
	struct evtx_texter texter;
	uint8_t kind[EVTX_KIND_MAX];
};

struct evtx_sink {
	struct evtx_decoder *d;
	struct buf *to;			/* literals; values too, unless recording */
	struct arena *arena;		/* for ops */
	struct evtx_op *ops;
	size_t op_count, op_room;
	size_t literal_from;		/* where the literal before the next value began */
	bool recording;
	bool once;			/* what is told is true of this record only */
	uint32_t nodes;			/* visited */
	struct err *err;
};

void evtx_sink_raw(struct evtx_sink *s, struct span bytes);
/* UTF-8 of a template, escaped for where it goes. */
void evtx_sink_text(struct evtx_sink *s, struct span utf8, enum evtx_mode mode);
void evtx_sink_value(struct evtx_sink *s, const struct evtx_instance *in, uint16_t index,
		     enum evtx_mode mode);
/* A value that is no hole of a template, as an element of a list is: sets `once`. */
void evtx_sink_element(struct evtx_sink *s, const struct evtx_value *v, enum evtx_mode mode);
/* Counts a step of the walk; false where there are too many. */
bool evtx_sink_step(struct evtx_sink *s, uint32_t depth);

typedef bool evtx_walk_fn(struct evtx_sink *s, const struct evtx_instance *root);

/* `format` tells programs of different renderers apart. */
bool evtx_render(const struct evtx_record *r, uint8_t format, evtx_walk_fn *walk, struct buf *to,
		 struct err *err);

#endif
