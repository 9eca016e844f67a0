#include "formats/evtx/evtx_pen.h"

#include "base/utf8.h"
#include "formats/evtx/evtx_chunk.h"

#define STRING_TABLE_AT 128
#define TEMPLATE_TABLE_AT 384
#define NO_DEPENDENCY 0xffff

void evtx_pen_clear(struct evtx_pen *pen)
{
	*pen = (struct evtx_pen){ .at = EVTX_CHUNK_HEADER };
}

void evtx_pen_bytes(struct evtx_pen *pen, struct span s)
{
	if (pen->full || s.len > sizeof pen->chunk - pen->at) {
		pen->full = true;
		return;
	}
	if (s.len)
		memcpy(pen->chunk + pen->at, s.at, s.len);
	pen->at += s.len;
}

void evtx_pen_u8(struct evtx_pen *pen, uint8_t n)
{
	evtx_pen_bytes(pen, span_of(&n, 1));
}

void evtx_pen_u16(struct evtx_pen *pen, uint16_t n)
{
	evtx_pen_u8(pen, (uint8_t)n);
	evtx_pen_u8(pen, (uint8_t)(n >> 8));
}

void evtx_pen_u32(struct evtx_pen *pen, uint32_t n)
{
	evtx_pen_u16(pen, (uint16_t)n);
	evtx_pen_u16(pen, (uint16_t)(n >> 16));
}

void evtx_pen_u64(struct evtx_pen *pen, uint64_t n)
{
	evtx_pen_u32(pen, (uint32_t)n);
	evtx_pen_u32(pen, (uint32_t)(n >> 32));
}

void evtx_pen_patch32(struct evtx_pen *pen, size_t at, uint32_t n)
{
	for (size_t i = 0; i < 4 && at + i < sizeof pen->chunk; i++)
		pen->chunk[at + i] = (uint8_t)(n >> 8 * i);
}

size_t evtx_pen_utf16(struct evtx_pen *pen, struct span text)
{
	size_t units = 0;

	while (text.len) {
		uint32_t code = 0xfffd;
		size_t len = utf8_next(text, &code);

		if (code >= 0x10000) {
			evtx_pen_u16(pen, (uint16_t)(0xd800 + ((code - 0x10000) >> 10)));
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
			units++;
		}
		evtx_pen_u16(pen, (uint16_t)code);
		units++;
		text = span_from(text, len ? len : 1);
	}
	return units;
}

/* A count of units and the text. */
static void counted(struct evtx_pen *pen, struct span text)
{
	size_t count_at = pen->at, units;

	evtx_pen_u16(pen, 0);
	units = evtx_pen_utf16(pen, text);
	if (units > UINT16_MAX)
		pen->full = true;
	if (pen->full)
		return;
	pen->chunk[count_at] = (uint8_t)units;
	pen->chunk[count_at + 1] = (uint8_t)(units >> 8);
}

static uint16_t hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++)
		hash = hash * 65599 + (uint8_t)*name;
	return (uint16_t)hash;
}

/* Offset of a name (ASCII) that the chunk has, or 0. */
static uint32_t known_name(const struct evtx_pen *pen, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < pen->name_count; i++) {
		const uint8_t *at = pen->chunk + pen->names[i] + 8;
		size_t same = 0;

		if (load_u16le(at - 2) != len)
			continue;
		while (same < len && load_u16le(at + 2 * same) == (uint8_t)name[same])
			same++;
		if (same == len)
			return pen->names[i];
	}
	return 0;
}

/* Puts what stands at `offset` first in its bucket of a table in the chunk header. */
static void link_in(struct evtx_pen *pen, size_t table_at, uint32_t bucket, uint32_t offset)
{
	size_t head_at = table_at + bucket * 4;

	evtx_pen_patch32(pen, offset, load_u32le(pen->chunk + head_at));
	evtx_pen_patch32(pen, head_at, offset);
}

static void name_reference(struct evtx_pen *pen, const char *name)
{
	uint32_t known = known_name(pen, name), here = (uint32_t)pen->at + 4;
	uint16_t hash = hash_of(name);

	evtx_pen_u32(pen, known ? known : here);
	if (known)
		return;
	evtx_pen_u32(pen, 0);
	evtx_pen_u16(pen, hash);
	counted(pen, span_text(name));
	evtx_pen_u16(pen, 0);
	if (pen->name_count == EVTX_PEN_NAMES)
		pen->full = true;
	if (pen->full)
		return;
	pen->names[pen->name_count++] = here;
	link_in(pen, STRING_TABLE_AT, hash % 64, here);
}

void evtx_pen_fragment(struct evtx_pen *pen)
{
	evtx_pen_bytes(pen, SPAN("\x0f\x01\x01\0"));
}

void evtx_pen_end_of_fragment(struct evtx_pen *pen)
{
	evtx_pen_u8(pen, 0x00);
}

struct evtx_tag evtx_pen_open(struct evtx_pen *pen, const char *name, bool has_attributes)
{
	struct evtx_tag tag = { 0 };

	evtx_pen_u8(pen, has_attributes ? 0x41 : 0x01);
	if (!pen->no_dependency)
		evtx_pen_u16(pen, NO_DEPENDENCY);
	tag.size_at = pen->at;
	evtx_pen_u32(pen, 0);
	name_reference(pen, name);
	if (has_attributes) {
		tag.attributes_at = pen->at;
		evtx_pen_u32(pen, 0);
	}
	return tag;
}

void evtx_pen_attribute(struct evtx_pen *pen, const char *name, bool more)
{
	evtx_pen_u8(pen, more ? 0x46 : 0x06);
	name_reference(pen, name);
}

static void patch_size(struct evtx_pen *pen, size_t at)
{
	if (at && !pen->full)
		evtx_pen_patch32(pen, at, (uint32_t)(pen->at - at - 4));
}

void evtx_pen_close(struct evtx_pen *pen, const struct evtx_tag *tag)
{
	patch_size(pen, tag->attributes_at);
	evtx_pen_u8(pen, 0x02);
}

void evtx_pen_close_empty(struct evtx_pen *pen, const struct evtx_tag *tag)
{
	patch_size(pen, tag->attributes_at);
	evtx_pen_u8(pen, 0x03);
	patch_size(pen, tag->size_at);
}

void evtx_pen_end(struct evtx_pen *pen, const struct evtx_tag *tag)
{
	evtx_pen_u8(pen, 0x04);
	patch_size(pen, tag->size_at);
}

void evtx_pen_text(struct evtx_pen *pen, struct span text)
{
	evtx_pen_u8(pen, 0x05);
	evtx_pen_u8(pen, EVTX_STRING);
	counted(pen, text);
}

void evtx_pen_cdata(struct evtx_pen *pen, struct span text)
{
	evtx_pen_u8(pen, 0x07);
	counted(pen, text);
}

void evtx_pen_character(struct evtx_pen *pen, uint16_t unit)
{
	evtx_pen_u8(pen, 0x08);
	evtx_pen_u16(pen, unit);
}

void evtx_pen_entity(struct evtx_pen *pen, const char *name)
{
	evtx_pen_u8(pen, 0x09);
	name_reference(pen, name);
}

void evtx_pen_instruction(struct evtx_pen *pen, const char *target, struct span text)
{
	evtx_pen_u8(pen, 0x0a);
	name_reference(pen, target);
	evtx_pen_u8(pen, 0x0b);
	counted(pen, text);
}

void evtx_pen_hole(struct evtx_pen *pen, uint16_t index, enum evtx_type type, bool optional)
{
	evtx_pen_u8(pen, optional ? 0x0e : 0x0d);
	evtx_pen_u16(pen, index);
	evtx_pen_u8(pen, (uint8_t)type);
}

/* Offset of the definition with that GUID, or 0. */
static uint32_t known_template(const struct evtx_pen *pen, const uint8_t guid[16])
{
	for (size_t i = 0; i < pen->template_count; i++)
		if (!memcmp(pen->chunk + pen->templates[i] + 4, guid, 16))
			return pen->templates[i];
	return 0;
}

static void define(struct evtx_pen *pen, const uint8_t guid[16],
		   void (*draw)(void *context, struct evtx_pen *pen), void *context)
{
	uint32_t here = (uint32_t)pen->at;
	bool no_dependency = pen->no_dependency;

	evtx_pen_u32(pen, 0);
	evtx_pen_bytes(pen, span_of(guid, 16));
	evtx_pen_u32(pen, 0);
	pen->no_dependency = false;
	evtx_pen_fragment(pen);
	draw(context, pen);
	evtx_pen_end_of_fragment(pen);
	pen->no_dependency = no_dependency;
	if (pen->template_count == EVTX_PEN_NAMES)
		pen->full = true;
	if (pen->full)
		return;
	patch_size(pen, here + 20);
	pen->templates[pen->template_count++] = here;
	link_in(pen, TEMPLATE_TABLE_AT, load_u32le(guid) % 32, here);
}

void evtx_pen_instance(struct evtx_pen *pen, const uint8_t guid[16],
		       void (*draw)(void *context, struct evtx_pen *pen), void *context)
{
	uint32_t known = known_template(pen, guid);

	evtx_pen_u8(pen, 0x0c);
	evtx_pen_u8(pen, 1);
	evtx_pen_bytes(pen, span_of(guid, 4));
	evtx_pen_u32(pen, known ? known : (uint32_t)pen->at + 4);
	if (!known)
		define(pen, guid, draw, context);
}

void evtx_pen_values(struct evtx_pen *pen, const struct evtx_pen_value *values, size_t count)
{
	evtx_pen_u32(pen, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		evtx_pen_u16(pen, values[i].len);
		evtx_pen_u8(pen, values[i].type);
		evtx_pen_u8(pen, 0);
	}
}
