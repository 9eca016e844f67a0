/*
 * span: borrowed bytes, and the cursor that parses them.
 *
 * A span never owns. A cursor fails once and stays failed: after a read past
 * the end every further read answers zeros and `short_read` is set, so a parser
 * reads a whole header and checks once. All offset arithmetic on input lives
 * here; other code seeks and takes.
 */
#ifndef KANSHIKI_BASE_SPAN_H
#define KANSHIKI_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *at;	/* may be NULL where len is 0 */
	size_t len;
};

/* A span over a string literal, without its NUL. */
#define SPAN(literal) ((struct span){ (const uint8_t *)("" literal), sizeof(literal) - 1 })
/* For printf("%.*s"); text only, at most INT_MAX bytes. */
#define SPAN_ARG(s) ((int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len)), ((const char *)((s).at ? (s).at : (const uint8_t *)""))

static inline struct span span_of(const void *at, size_t len)
{
	return (struct span){ at, len };
}

static inline struct span span_text(const char *text)
{
	return (struct span){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

/* The part [start, start+len), cut to what is there. Never fails. */
static inline struct span span_sub(struct span s, size_t start, size_t len)
{
	if (start >= s.len)
		return (struct span){ s.len ? s.at + s.len : s.at, 0 };
	return (struct span){ s.at + start, len < s.len - start ? len : s.len - start };
}

static inline struct span span_from(struct span s, size_t start)
{
	return span_sub(s, start, SIZE_MAX);
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool span_starts(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_eq(span_sub(s, 0, prefix.len), prefix);
}

/* What comes after the last `byte`; all where there is none: of a path and '/', its last part. */
static inline struct span span_after_last(struct span s, uint8_t byte)
{
	size_t at = s.len;

	while (at && s.at[at - 1] != byte)
		at--;
	return at ? span_sub(s, at, s.len - at) : s;
}

static inline bool span_ends(struct span s, struct span suffix)
{
	return s.len >= suffix.len && span_eq(span_from(s, s.len - suffix.len), suffix);
}

/* Byte-wise order, shorter first on a tie: <0, 0, >0. */
int span_cmp(struct span a, struct span b);
/* ASCII case folded equality. */
bool span_eq_nocase(struct span a, struct span b);
/* Offset of the first `needle` at or after `start`, or SIZE_MAX. */
size_t span_find(struct span s, size_t start, struct span needle);
size_t span_find_byte(struct span s, size_t start, uint8_t byte);
/* The lowest number of those `words` (none empty) that stand in `s`, or SIZE_MAX: in one pass. */
size_t span_find_word(struct span s, const struct span *words, size_t count);
/* Whether any of the words, separated by '|', stands in the text, ASCII case folded. */
bool span_has_any(struct span text, const char *words);
/* Whether the word is one of the words, separated by '|', none of them empty. */
bool span_is_one_of(struct span word, const char *words);
bool span_is_one_of_nocase(struct span word, const char *words);
/* Cuts off and returns what stands before `separator`; the rest stays in `s`. */
struct span span_split(struct span *s, uint8_t separator);
/* Without ASCII white space at both ends. */
struct span span_trim(struct span s);
/* Whole span as a decimal or 0x number; false where it is not one or overflows. */
bool span_to_u64(struct span s, uint64_t *out);
bool span_to_i64(struct span s, int64_t *out);

struct cursor {
	struct span in;
	size_t at;
	bool short_read;
};

static inline struct cursor cursor_of(struct span in)
{
	return (struct cursor){ .in = in };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->short_read ? 0 : c->in.len - c->at;
}

/* To an absolute position; beyond the end is a short read. */
static inline void cursor_seek(struct cursor *c, size_t at)
{
	if (at > c->in.len)
		c->short_read = true;
	else
		c->at = at;
}

/* The next `len` bytes, or an empty span and a short read. */
static inline struct span cursor_take(struct cursor *c, size_t len)
{
	struct span got;

	if (c->short_read || len > c->in.len - c->at) {
		c->short_read = true;
		return (struct span){ c->in.at, 0 };
	}
	got = (struct span){ c->in.len ? c->in.at + c->at : c->in.at, len };
	c->at += len;
	return got;
}

static inline void cursor_skip(struct cursor *c, size_t len)
{
	(void)cursor_take(c, len);
}

/* Unaligned little- and big-endian loads from a place known to be there. */
static inline uint16_t load_u16le(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64le(const uint8_t *p)
{
	return (uint64_t)load_u32le(p) | (uint64_t)load_u32le(p + 4) << 32;
}

static inline uint16_t load_u16be(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline uint64_t load_u64be(const uint8_t *p)
{
	return (uint64_t)load_u32be(p) << 32 | load_u32be(p + 4);
}

#define CURSOR_READER(name, type, bytes, load) \
	static inline type cursor_##name(struct cursor *c) \
	{ \
		struct span s = cursor_take(c, bytes); \
		return s.len ? load(s.at) : 0; \
	}

static inline uint8_t cursor_u8(struct cursor *c)
{
	struct span s = cursor_take(c, 1);
	return s.len ? s.at[0] : 0;
}

CURSOR_READER(u16le, uint16_t, 2, load_u16le)
CURSOR_READER(u32le, uint32_t, 4, load_u32le)
CURSOR_READER(u64le, uint64_t, 8, load_u64le)
CURSOR_READER(u16be, uint16_t, 2, load_u16be)
CURSOR_READER(u32be, uint32_t, 4, load_u32be)
CURSOR_READER(u64be, uint64_t, 8, load_u64be)

/* LEB128; more than ten bytes is a short read. */
uint64_t cursor_uleb128(struct cursor *c);

#endif
