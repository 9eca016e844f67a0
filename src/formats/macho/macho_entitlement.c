#include "codec/xml_read.h"
#include "formats/macho/macho_link.h"

#define MAX_BLOBS 64
#define MAX_DEPTH 64		/* of dictionaries and lists in each other */
#define EMBEDDED_SIGNATURE UINT32_C(0xfade0cc0)
#define EMBEDDED_ENTITLEMENTS UINT32_C(0xfade7171)
#define EMBEDDED_ENTITLEMENTS_DER UINT32_C(0xfade7172)
#define SIGNATURE_WRAPPER UINT32_C(0xfade0b01)
#define BLOB_HEAD 8

/* DER: [APPLICATION 16] { INTEGER 1, dictionary }, or a SET of pairs, as it was written first. */
enum { DER_INTEGER = 0x02, DER_TEXT = 0x0c, DER_SEQUENCE = 0x30, DER_SET = 0x31,
       DER_DOCUMENT = 0x70, DER_DICTIONARY = 0xb0 };

/* The first blob of a signature that has that magic, without its head. */
static struct span signature_blob(struct span signature, uint32_t magic)
{
	struct cursor c = cursor_of(signature);
	uint32_t count;

	if (cursor_u32be(&c) != EMBEDDED_SIGNATURE)
		return (struct span){ 0 };
	cursor_skip(&c, 4);
	count = cursor_u32be(&c);
	for (uint32_t i = 0; i < count && i < MAX_BLOBS; i++) {
		struct cursor blob = cursor_of(signature);
		uint32_t size;

		cursor_skip(&c, 4);
		cursor_seek(&blob, cursor_u32be(&c));
		if (c.short_read || cursor_u32be(&blob) != magic)
			continue;
		size = cursor_u32be(&blob);
		if (size >= BLOB_HEAD)
			return span_sub(signature, blob.at, size - BLOB_HEAD);
	}
	return (struct span){ 0 };
}

/* All keys of a property list, in the order of the text. */
static void add_keys(struct macho_names *names, struct arena *arena, const struct xml *first)
{
	const struct xml *path[64] = { first };
	size_t depth = 1;

	while (depth) {
		const struct xml *x = path[depth - 1];

		if (!x) {
			depth--;
			continue;
		}
		path[depth - 1] = x->next;
		if (span_eq(x->name, SPAN("key")))
			macho_names_add(names, arena, x->text);
		if (depth < sizeof path / sizeof *path)
			path[depth++] = x->first;
	}
}

struct span macho_signature(const struct macho *m, const struct macho_link *l)
{
	struct span signature = span_sub(m->file, l->signature.offset, l->signature.size);

	return l->signature.is_there ? signature_blob(signature, SIGNATURE_WRAPPER)
				     : (struct span){ 0 };
}

/* The next element; false at the end, or where it is none. */
static bool der_next(struct cursor *c, uint8_t *tag, struct span *content)
{
	uint64_t len;
	uint8_t first;

	*tag = cursor_u8(c);
	first = cursor_u8(c);
	len = first;
	if (first & 0x80) {
		len = 0;
		for (int i = 0; i < (first & 0x7f) && i < 5; i++)
			len = len << 8 | cursor_u8(c);
		if (first == 0x80 || first > 0x84)
			return false;
	}
	*content = cursor_take(c, len);
	return !c->short_read;
}

struct level {
	struct cursor rest;
	enum { LEVEL_DICTIONARY, LEVEL_PAIR, LEVEL_LIST } kind;
	bool has_key;		/* of a pair: what comes is its value */
};

/* Goes down into what holds more; false: it is too deep, or nothing of the kind. */
static bool enter(struct level *levels, size_t *depth, uint8_t tag, struct span content)
{
	struct level *above = &levels[*depth - 1];
	struct level below = { .rest = cursor_of(content) };

	if (above->kind == LEVEL_DICTIONARY && tag == DER_SEQUENCE)
		below.kind = LEVEL_PAIR;
	else if (above->kind != LEVEL_DICTIONARY && (tag == DER_DICTIONARY || tag == DER_SET))
		below.kind = LEVEL_DICTIONARY;
	else if (above->kind != LEVEL_DICTIONARY && tag == DER_SEQUENCE)
		below.kind = LEVEL_LIST;
	else
		return false;
	if (*depth == MAX_DEPTH)
		return false;
	levels[(*depth)++] = below;
	return true;
}

/* All keys, those of dictionaries within too, as of the XML. */
static void add_der_keys(struct macho_names *names, struct arena *arena, struct span blob)
{
	struct cursor c = cursor_of(blob);
	struct level levels[MAX_DEPTH];
	struct span content;
	size_t depth = 1;
	uint8_t tag;

	if (!der_next(&c, &tag, &content))
		return;
	if (tag == DER_DOCUMENT) {
		c = cursor_of(content);
		if (!der_next(&c, &tag, &content) || tag != DER_INTEGER ||
		    !der_next(&c, &tag, &content) || tag != DER_DICTIONARY)
			return;
	} else if (tag != DER_SET) {
		return;
	}
	levels[0] = (struct level){ .rest = cursor_of(content), .kind = LEVEL_DICTIONARY };
	while (depth) {
		struct level *level = &levels[depth - 1];

		if (!der_next(&level->rest, &tag, &content)) {
			depth--;
		} else if (level->kind == LEVEL_PAIR && !level->has_key) {
			if (tag != DER_TEXT || !macho_names_add(names, arena, content))
				depth--;
			level->has_key = true;
		} else {
			enter(levels, &depth, tag, content);
		}
	}
}

struct macho_names macho_entitlements(const struct macho *m, const struct macho_link *l,
				      struct arena *arena)
{
	struct span signature = span_sub(m->file, l->signature.offset, l->signature.size);
	struct macho_names names = { 0 };
	struct xml *document;
	struct span text;
	struct err err;
	bool whole;

	if (!l->signature.is_there)
		return names;
	text = signature_blob(signature, EMBEDDED_ENTITLEMENTS);
	if (text.len && xml_read(text, arena, &document, &whole, &err))
		add_keys(&names, arena, document);
	else
		add_der_keys(&names, arena, signature_blob(signature, EMBEDDED_ENTITLEMENTS_DER));
	return names;
}
