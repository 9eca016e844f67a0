/*
 * buf: bytes to write, with a cap.
 *
 * Grows by doubling up to `cap`. An append that would pass the cap, or for
 * which there is no memory, is dropped whole and sets `overflow`, which stays
 * set: a writer appends freely and checks once at the end. The content is
 * always followed by a NUL that `len` does not count.
 */
#ifndef KANSHIKI_BASE_BUF_H
#define KANSHIKI_BASE_BUF_H

#include "base/span.h"

struct buf {
	uint8_t *at;
	size_t len;
	size_t room;
	size_t cap;
	bool overflow;
};

static inline struct buf buf_new(size_t cap)
{
	return (struct buf){ .cap = cap };
}

void buf_free(struct buf *b);		/* NULL-safe; leaves an empty buf */

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
}

static inline struct span buf_span(const struct buf *b)
{
	return (struct span){ b->at, b->len };
}

/* Makes room for `more` bytes and returns where they go, or NULL. */
uint8_t *buf_reserve(struct buf *b, size_t more);
bool buf_add(struct buf *b, struct span s);

static inline bool buf_add_u8(struct buf *b, uint8_t byte)
{
	if (b->overflow || b->len == b->room)
		return buf_add(b, (struct span){ &byte, 1 });
	b->at[b->len++] = byte;
	b->at[b->len] = 0;
	return true;
}

bool buf_add_u16le(struct buf *b, uint16_t n);
bool buf_add_u32le(struct buf *b, uint32_t n);
bool buf_add_u64le(struct buf *b, uint64_t n);
bool buf_text(struct buf *b, const char *text);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Decimal and lower-case hex, faster than printf. */
bool buf_decimal(struct buf *b, uint64_t n);
bool buf_hex(struct buf *b, struct span s);

#endif
