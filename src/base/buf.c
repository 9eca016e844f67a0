#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
	if (!b)
		return;
	free(b->at);
	*b = buf_new(b->cap);
}

static bool grow(struct buf *b, size_t need)
{
	size_t room = b->room ? b->room : 256;
	uint8_t *at;

	while (room < need)
		room = room > b->cap / 2 ? b->cap : room * 2;
	at = realloc(b->at, room + 1);
	if (!at)
		return false;
	b->at = at;
	b->room = room;
	return true;
}

uint8_t *buf_reserve(struct buf *b, size_t more)
{
	if (b->overflow || more > b->cap - b->len ||
	    ((b->len + more > b->room || !b->at) && !grow(b, b->len + more))) {
		b->overflow = true;
		return NULL;
	}
	return b->at + b->len;
}

bool buf_add(struct buf *b, struct span s)
{
	uint8_t *to = buf_reserve(b, s.len);

	if (!to)
		return false;
	if (s.len)
		memcpy(to, s.at, s.len);
	b->len += s.len;
	b->at[b->len] = 0;
	return true;
}

static bool add_le(struct buf *b, uint64_t n, size_t bytes)
{
	uint8_t raw[8];

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)(n >> 8 * i);
	return buf_add(b, span_of(raw, bytes));
}

bool buf_add_u16le(struct buf *b, uint16_t n)
{
	return add_le(b, n, sizeof n);
}

bool buf_add_u32le(struct buf *b, uint32_t n)
{
	return add_le(b, n, sizeof n);
}

bool buf_add_u64le(struct buf *b, uint64_t n)
{
	return add_le(b, n, sizeof n);
}

bool buf_text(struct buf *b, const char *text)
{
	return buf_add(b, span_text(text));
}

bool buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	uint8_t *to;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	to = len < 0 ? NULL : buf_reserve(b, (size_t)len);
	if (to) {
		vsnprintf((char *)to, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
	return to != NULL;
}

bool buf_decimal(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	return buf_add(b, span_of(digits + at, sizeof digits - at));
}

bool buf_hex(struct buf *b, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *to = s.len > SIZE_MAX / 2 ? NULL : buf_reserve(b, s.len * 2);

	if (!to)
		return b->overflow = true, false;
	for (size_t i = 0; i < s.len; i++) {
		to[2 * i] = (uint8_t)digits[s.at[i] >> 4];
		to[2 * i + 1] = (uint8_t)digits[s.at[i] & 15];
	}
	b->len += s.len * 2;
	b->at[b->len] = 0;
	return true;
}
