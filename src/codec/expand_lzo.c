#include "codec/expand.h"

/*
 * An instruction copies from what was unpacked before, then up to three bytes as they are;
 * what its lowest values mean hangs on how many the one before copied so (LITERALS: a run).
 * After Documentation/staging/lzo.rst of Linux.
 */
enum { LITERALS = 4 };

struct unpacking {
	struct cursor in;
	struct buf *out;
	size_t most;
	unsigned state;
};

static bool copy_literals(struct unpacking *u, size_t len)
{
	struct span bytes = cursor_take(&u->in, len);

	return !u->in.short_read && len <= u->most - u->out->len && buf_add(u->out, bytes);
}

/* The bytes may overlap with those that they make. */
static bool copy_match(struct unpacking *u, size_t distance, size_t len)
{
	size_t at = u->out->len;

	if (distance > at || len > u->most - at || !buf_reserve(u->out, len))
		return false;
	for (size_t i = 0; i < len; i++)
		u->out->at[at + i] = u->out->at[at + i - distance];
	u->out->len += len;
	return copy_literals(u, u->state);
}

/* A length that does not fit its bits: zeros stand for 255 each. */
static size_t long_length(struct unpacking *u, size_t least)
{
	uint8_t byte;

	while (!(byte = cursor_u8(&u->in)) && !u->in.short_read)
		least += 255;
	return least + byte;
}

static bool low_instruction(struct unpacking *u, unsigned code)
{
	unsigned before = u->state;

	if (!before) {
		u->state = LITERALS;
		return copy_literals(u, (code ? code : long_length(u, 15)) + 3);
	}
	u->state = code & 3;
	if (before == LITERALS)
		return copy_match(u, (cursor_u8(&u->in) << 2u) + (code >> 2) + 2049, 3);
	return copy_match(u, (cursor_u8(&u->in) << 2u) + (code >> 2) + 1, 2);
}

/* False at the end too: *is_end tells. */
static bool instruction(struct unpacking *u, bool *is_end)
{
	unsigned code = cursor_u8(&u->in), word;
	size_t len, distance;

	if (code < 16)
		return low_instruction(u, code);
	if (code >= 64) {
		u->state = code & 3;
		return copy_match(u, (cursor_u8(&u->in) << 3u) + (code >> 2 & 7) + 1, (code >> 5) + 1);
	}
	len = code >= 32 ? code & 31 : code & 7;
	len = (len ? len : long_length(u, code >= 32 ? 31 : 7)) + 2;
	word = cursor_u16le(&u->in);
	u->state = word & 3;
	if (code >= 32)
		return copy_match(u, (word >> 2) + 1, len);
	distance = ((code & 8u) << 11) + (word >> 2);
	*is_end = !distance && len == 3 && !u->in.short_read;
	return distance && copy_match(u, distance + 16384, len);
}

bool expand_lzo(struct buf *to, struct span packed, size_t most)
{
	struct unpacking u = { .in = cursor_of(packed), .out = to, .most = most };
	bool is_end = false, ok = true;
	uint8_t first;

	buf_clear(to);
	first = cursor_u8(&u.in);
	if (first > 17) {
		/* A run in front. */
		u.state = first - 17u < LITERALS ? first - 17u : LITERALS;
		ok = copy_literals(&u, first - 17u);
	} else {
		u.in = cursor_of(packed);
	}
	while (ok && !u.in.short_read)
		ok = instruction(&u, &is_end);
	if (!is_end)
		buf_clear(to);
	return is_end;
}
