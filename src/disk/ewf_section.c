#include "disk/ewf_section.h"

#include <libdeflate.h>

#include "base/buf.h"

#define TYPE 16
#define PIECE ((size_t)1 << 20)

bool ewf_section_read(struct blocks *segment, uint64_t at, struct ewf_section *out, struct err *err)
{
	uint8_t raw[EWF_SECTION_HEADER];
	struct cursor c = cursor_of(span_of(raw, sizeof raw));

	if (!blocks_read_all(segment, at, raw, sizeof raw, err))
		return false;
	*out = (struct ewf_section){ .at = at };
	memcpy(out->type, cursor_take(&c, TYPE).at, TYPE);
	out->next = cursor_u64le(&c);
	out->size = cursor_u64le(&c);
	cursor_skip(&c, 40);
	return cursor_u32le(&c) == libdeflate_adler32(1, raw, EWF_SECTION_HEADER - 4) ||
	       err_set(err, ERR_CORRUPT, at, "section with a wrong checksum");
}

/* A type is a word, and zeros behind it. */
static bool is_type(const uint8_t *at)
{
	static const char *const types[] = { "sectors", "table", "table2", "volume", "disk", "data", "digest",
					     "hash", "next", "done", "error2", "session", "header", "header2" };
	char text[TYPE + 1] = { 0 };

	memcpy(text, at, TYPE);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strncmp(text, types[i], TYPE) && !memcmp(at + strlen(text), (uint8_t[TYPE]){ 0 }, TYPE - strlen(text)))
			return true;
	return false;
}

bool ewf_section_find(struct blocks *segment, uint64_t from, struct ewf_section *out)
{
	struct buf room = buf_new(PIECE);
	uint8_t *piece = buf_reserve(&room, PIECE);
	bool found = false;
	struct err ignored;
	size_t got;

	while (piece && !found && blocks_read(segment, from, piece, PIECE, &got, &ignored) &&
	       got >= EWF_SECTION_HEADER) {
		size_t starts = got - EWF_SECTION_HEADER + 1;

		for (size_t i = 0; i < starts && !found; i++)
			found = piece[i] >= 'd' && piece[i] <= 'v' && is_type(piece + i) &&
				ewf_section_read(segment, from + i, out, &ignored);
		from += starts;
	}
	buf_free(&room);
	return found;
}
