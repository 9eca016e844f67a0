/*
 * evtx_instance: templates, and the value tables that records fill them with.
 *
 * A template is compiled once a decoder: the same definition in another chunk,
 * with its names elsewhere, is found again by its content. A template instance
 * is the template and one value for each of its holes; a value of binary XML
 * type may hold further instances, so a record is a small tree of them.
 */
#ifndef KANSHIKI_FORMATS_EVTX_INSTANCE_H
#define KANSHIKI_FORMATS_EVTX_INSTANCE_H

#include "base/map.h"
#include "formats/evtx/binxml.h"
#include "formats/evtx/evtx.h"

struct evtx_template {
	uint32_t id;			/* dense from 0 within the decoder */
	uint8_t guid[16];
	bool sound;			/* stood in a chunk whose checksums are right */
	const struct binxml_node *root;
	struct evtx_template *same_start;	/* older one whose GUID begins alike */
};

/*
 * A definition as it stood in some chunk. Where the names stand differs from
 * chunk to chunk; the rest is the same bytes.
 */
struct evtx_variant {
	struct span raw;		/* the tokens */
	const struct evtx_variant_name *names;
	size_t name_count;
	struct evtx_template *template;
	struct evtx_variant *next;	/* of the same GUID */
	uint32_t number;		/* how many are behind it */
};

struct evtx_variant_name {
	uint32_t at;			/* of its offset, in raw */
	bool here;
	struct span raw;		/* as binxml_name; empty where `here` */
};

#define EVTX_VARIANTS_MAX 64		/* of one GUID; further ones are parsed anew */

/* One value as it stands in the record: nothing is decoded yet. */
struct evtx_value {
	const uint8_t *at;
	uint16_t len;
	uint8_t type;			/* evtx_value.h */
	const struct evtx_instance *nested;	/* of binary XML that is not empty */
};

struct evtx_instance {
	const struct evtx_template *template;	/* NULL: a fragment without one */
	const struct binxml_node *root;
	const struct evtx_value *values;
	uint32_t count;
	uint32_t ordinal;		/* among the instances of the record */
	struct span table;		/* 4 bytes for each value, in the chunk: length, type, 0 */
	size_t bytes;			/* of all values */
};

static inline struct span evtx_value_span(const struct evtx_value *v)
{
	return span_of(v->at, v->len);
}

/* The value for a hole, or NULL where the table has none or a null one. */
static inline const struct evtx_value *evtx_instance_value(const struct evtx_instance *in,
							   uint16_t index)
{
	return index < in->count && in->values[index].type != 0 ? &in->values[index] : NULL;
}

/* Whether the element is left out, because the value it depends on is null. */
static inline bool evtx_is_left_out(const struct binxml_node *e, const struct evtx_instance *in)
{
	return e->dependency != BINXML_NO_DEPENDENCY && e->dependency < in->count &&
	       in->values[e->dependency].type == 0;
}

/* Template definitions of the current chunk, by their offset in it. */
#define EVTX_KNOWN 4096			/* a power of two */
#define EVTX_TEMPLATE_WORK (1u << 20)	/* bytes of definitions parsed in one chunk */

struct evtx_known {
	uint32_t offset;
	uint32_t chunk;			/* number of the chunk it belongs to */
	uint32_t id;			/* for which it was asked */
	bool doubtful;			/* its id, names or texts cannot all be what was written */
	const struct evtx_template *template;	/* NULL: local to the chunk */
	const struct binxml_node *root;
};

struct evtx_templates {
	struct map by_text;		/* canonical text → struct evtx_template */
	struct map by_guid;		/* GUID → struct evtx_variant */
	struct map by_start;		/* first 4 bytes of GUID → the newest such */
	uint32_t count;
	uint32_t chunk;			/* number of the current chunk */
	uint32_t known_count;
	size_t work;
	struct arena local;		/* reset at each chunk */
	struct evtx_known known[EVTX_KNOWN];
	struct binxml_names names;	/* of the definition under way */
};

void evtx_templates_next_chunk(struct evtx_templates *t);

/*
 * Parses the fragment in chunk[start..end) of d->chunk: what a record or a value
 * of binary XML type holds. Values borrow the chunk; the rest is in d->scratch.
 */
bool evtx_fragment_parse(struct evtx_decoder *d, size_t start, size_t end, uint32_t depth,
			 const struct evtx_instance **out, struct err *err);

#endif
