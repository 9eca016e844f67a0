/*
 * evtx_pen: writes binary XML tokens into a chunk.
 *
 * Keeps the chunk's tables of strings and templates. What does not fit sets
 * `full` and writes nothing more, so a drawing checks nothing: the writer takes
 * it back and draws again in an empty chunk.
 */
#ifndef KANSHIKI_FORMATS_EVTX_PEN_H
#define KANSHIKI_FORMATS_EVTX_PEN_H

#include "formats/evtx/evtx.h"
#include "formats/evtx/evtx_value.h"

#define EVTX_PEN_NAMES 1024

struct evtx_pen {
	uint8_t chunk[EVTX_CHUNK_SIZE];
	size_t at;
	bool full;
	uint32_t names[EVTX_PEN_NAMES];		/* offsets of those in the chunk */
	size_t name_count;
	uint32_t templates[EVTX_PEN_NAMES];
	size_t template_count;
	bool no_dependency;			/* start tags without dependency id */
};

/* An empty chunk. */
void evtx_pen_clear(struct evtx_pen *pen);

void evtx_pen_u8(struct evtx_pen *pen, uint8_t n);
void evtx_pen_u16(struct evtx_pen *pen, uint16_t n);
void evtx_pen_u32(struct evtx_pen *pen, uint32_t n);
void evtx_pen_u64(struct evtx_pen *pen, uint64_t n);
void evtx_pen_bytes(struct evtx_pen *pen, struct span s);
/* UTF-8 to UTF-16LE, without a count; returns the units. */
size_t evtx_pen_utf16(struct evtx_pen *pen, struct span text);
/* What stands at `at` is replaced: sizes are known only at the end. */
void evtx_pen_patch32(struct evtx_pen *pen, size_t at, uint32_t n);

/* "0f 01 01 00" */
void evtx_pen_fragment(struct evtx_pen *pen);
void evtx_pen_end_of_fragment(struct evtx_pen *pen);

/*
 * Start tag, up to its attributes; the answer is what _close and _end need.
 * Attributes follow, each a name and its content; then _close or _close_empty,
 * content, and _end.
 */
struct evtx_tag {
	size_t size_at, attributes_at;
};

struct evtx_tag evtx_pen_open(struct evtx_pen *pen, const char *name, bool has_attributes);
void evtx_pen_attribute(struct evtx_pen *pen, const char *name, bool more);
void evtx_pen_close(struct evtx_pen *pen, const struct evtx_tag *tag);
void evtx_pen_close_empty(struct evtx_pen *pen, const struct evtx_tag *tag);
void evtx_pen_end(struct evtx_pen *pen, const struct evtx_tag *tag);

void evtx_pen_text(struct evtx_pen *pen, struct span text);
void evtx_pen_cdata(struct evtx_pen *pen, struct span text);
void evtx_pen_character(struct evtx_pen *pen, uint16_t unit);
void evtx_pen_entity(struct evtx_pen *pen, const char *name);
void evtx_pen_instruction(struct evtx_pen *pen, const char *target, struct span text);
void evtx_pen_hole(struct evtx_pen *pen, uint16_t index, enum evtx_type type, bool optional);

/*
 * A template instance up to its values: the definition that `draw` writes is
 * put here if the chunk has none of that GUID yet. Then _values, and the bytes
 * of all values in order.
 */
void evtx_pen_instance(struct evtx_pen *pen, const uint8_t guid[16],
		       void (*draw)(void *context, struct evtx_pen *pen), void *context);

struct evtx_pen_value {
	uint8_t type;
	uint16_t len;
};

void evtx_pen_values(struct evtx_pen *pen, const struct evtx_pen_value *values, size_t count);

#endif
