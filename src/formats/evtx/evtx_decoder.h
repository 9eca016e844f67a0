/* evtx_decoder: what the files of this folder share while they decode. */
#ifndef KANSHIKI_FORMATS_EVTX_DECODER_H
#define KANSHIKI_FORMATS_EVTX_DECODER_H

#include "formats/evtx/evtx_instance.h"
#include "formats/evtx/evtx_render.h"
#include "formats/evtx/evtx_shape.h"

#define EVTX_KEY_MAX (EVTX_INSTANCES_MAX * 3)
#define EVTX_SCRATCH_MAX ((size_t)64 << 20)	/* bytes of one record's working memory */

struct evtx_decoder {
	struct evtx_options options;
	struct arena cache;		/* templates and shapes, for the decoder's life */
	struct arena scratch;		/* of the current record */
	struct evtx_templates templates;
	struct evtx_shapes shapes;
	struct evtx_programs programs;

	struct span chunk;		/* the current one */
	uint64_t chunk_offset;		/* in the log */
	bool unsound;			/* its checksums do not fit, so what stands in it may be wrong */

	/* The current record: its instances in the order of the value tables. */
	uint32_t instance_count;
	const struct evtx_instance *instances[EVTX_INSTANCES_MAX];
	/*
	 * What the record is made of, as far as its shape goes: template id, then
	 * for each nested value its index and in turn what that is made of.
	 */
	uint32_t key[EVTX_KEY_MAX];
	uint32_t key_len;
	const struct evtx_plan *plan;	/* NULL: none could be made */
	struct err limit;		/* why not; told by who needs it */
	bool has_fragment;		/* some part has no template: the key says too little */
	bool makes_texts;		/* among the values are some whose text is not the record's */
	uint64_t record_id;
	struct err replaced;		/* what was wrong with a template of this record, if anything */
	bool strict;			/* carving: what an offset leads to may be something younger */
};

/* A walk over a log on behalf of one caller. */
struct evtx_reading {
	struct evtx_decoder *d;
	evtx_record_fn *each;
	void *context;
	struct evtx_report *report;
	struct evtx_recovery *recovery;	/* NULL: not asked for */
	bool stopped;			/* by `each` */
};

/* Counts and tells what was lost; `err` has an offset inside the current chunk. */
void evtx_problem(struct evtx_reading *r, size_t at, const struct err *err);
/* Makes chunk the current one for what follows. */
void evtx_set_chunk(struct evtx_decoder *d, struct span chunk, uint64_t offset);
/* Decodes and hands on the record in chunk[at..at+size). False: it is a bad one. */
bool evtx_deliver(struct evtx_reading *r, size_t at, uint32_t size, bool recovered,
		  struct err *err);

#define EVTX_KEY_NESTED 0x80000000u
#define EVTX_KEY_END 0xffffffffu

#endif
