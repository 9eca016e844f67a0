#include "formats/pe/pe_rich.h"

#define DANS 0x536e6144
#define RICH 0x68636952
#define FIRST_OFFSET 64
#define HEAD_SIZE 16		/* DanS and three times the key */

/* Steps back by four from `from` to the word whose value is `value`; 0: none. */
static size_t find_back(struct span file, size_t from, uint32_t value)
{
	for (size_t at = from; at >= FIRST_OFFSET && at + 4 <= file.len; at -= 4) {
		if (load_u32le(file.at + at) == value)
			return at;
	}
	return 0;
}

static bool clear_with_key(struct pe_rich *rich, struct arena *arena)
{
	size_t entries = span_from(rich->raw, HEAD_SIZE).len / 8;
	uint8_t *clear = arena_alloc(arena, rich->raw.len);
	uint8_t *versions = arena_alloc(arena, entries * 4);

	if (!clear || !versions)
		return false;
	for (size_t i = 0; i < rich->raw.len; i++)
		clear[i] = rich->raw.at[i] ^ (uint8_t)(rich->key >> (i % 4 * 8));
	for (size_t i = 0; i < entries; i++)
		memcpy(versions + i * 4, clear + HEAD_SIZE + i * 8, 4);
	rich->clear = span_of(clear, rich->raw.len);
	rich->versions = span_of(versions, entries * 4);
	return true;
}

bool pe_rich_parse(const struct pe *pe, struct arena *arena, struct pe_rich *out)
{
	struct pe_rich rich = { 0 };
	struct cursor c = cursor_of(pe->file);
	uint32_t mark;
	size_t end;

	if (pe->nt_offset < FIRST_OFFSET)
		return false;
	end = find_back(pe->file, pe->nt_offset - 4, RICH);
	if (end == 0)
		return false;
	cursor_seek(&c, end + 4);
	mark = cursor_u32le(&c);
	if (mark == 0)
		return false;
	/* The key stands behind DanS three times more, which YARA does not look at. */
	rich.offset = find_back(pe->file, end - 4, DANS ^ mark);
	if (rich.offset == 0)
		return false;
	rich.key = mark;
	rich.raw = span_sub(pe->file, rich.offset, end - rich.offset);
	if (!clear_with_key(&rich, arena))
		return false;
	*out = rich;
	return true;
}

struct cursor pe_rich_entries(const struct pe_rich *rich)
{
	return cursor_of(span_from(rich->clear, HEAD_SIZE));
}

bool pe_rich_next(struct cursor *c, struct pe_rich_tool *out)
{
	if (cursor_left(c) < 8)
		return false;
	out->version = cursor_u16le(c);
	out->id = cursor_u16le(c);
	out->times = cursor_u32le(c);
	return true;
}

uint64_t pe_rich_count(const struct pe_rich *rich, int64_t version, int64_t tool)
{
	struct cursor c = pe_rich_entries(rich);
	struct pe_rich_tool one;
	uint64_t total = 0;

	while (pe_rich_next(&c, &one)) {
		if ((version == -1 || version == one.version) && (tool == -1 || tool == one.id))
			total += one.times;
	}
	return total;
}
