#include "formats/log/log_json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

bool json_fail(struct json_text *t)
{
	if (t->at >= t->end)
		t->cut = true;
	else
		t->bad = true;
	return false;
}

#ifdef __SSE2__
/* Of sixteen bytes, a bit for each quote, backslash and line end; no string goes over lines. */
static unsigned special16(__m128i bytes)
{
	__m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
				       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
}
#endif

/* To the next special byte, or the end. */
static const uint8_t *find_special(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		unsigned mask = special16(_mm_loadu_si128((const __m128i *)(const void *)at));

		if (mask)
			return at + __builtin_ctz(mask);
	}
#endif
	while (at < end && *at != '"' && *at != '\\' && *at != '\n')
		at++;
	return at;
}

/* The same, copying what it passes; writes up to fifteen bytes more. */
static const uint8_t *copy_to_special(const uint8_t *at, const uint8_t *end, uint8_t **to)
{
#ifdef __SSE2__
	for (; end - at >= 16; at += 16, *to += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		unsigned mask = special16(bytes);

		_mm_storeu_si128((__m128i *)(void *)*to, bytes);
		if (mask) {
			*to += __builtin_ctz(mask);
			return at + __builtin_ctz(mask);
		}
	}
#endif
	while (at < end && *at != '"' && *at != '\\' && *at != '\n')
		*(*to)++ = *at++;
	return at;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool four_hex(const uint8_t *at, const uint8_t *end, uint32_t *out)
{
	*out = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
	if (c < 0x80)
		return to[0] = (uint8_t)c, 1;
	if (c < 0x800)
		return to[0] = (uint8_t)(0xc0 | c >> 6), to[1] = (uint8_t)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return to[0] = (uint8_t)(0xe0 | c >> 12), to[1] = (uint8_t)(0x80 | (c >> 6 & 63)),
		       to[2] = (uint8_t)(0x80 | (c & 63)), 3;
	return to[0] = (uint8_t)(0xf0 | c >> 18), to[1] = (uint8_t)(0x80 | (c >> 12 & 63)),
	       to[2] = (uint8_t)(0x80 | (c >> 6 & 63)), to[3] = (uint8_t)(0x80 | (c & 63)), 4;
}

/* Behind a \u: the character, of a pair both halves; the bytes used, 0 where it is none. */
static size_t unicode(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
	uint32_t low;

	if (!four_hex(at, end, code))
		return 0;
	if (*code < 0xd800 || *code > 0xdfff)
		return 4;
	if (*code < 0xdc00 && end - at >= 10 && at[4] == '\\' && at[5] == 'u' &&
	    four_hex(at + 6, end, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
		return 10;
	}
	*code = 0xfffd;
	return 4;
}

/* At a backslash with a byte behind it; returns where to go on. */
static const uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t **to)
{
	static const char from[] = "bfnrt", what[] = "\b\f\n\r\t";
	const char *simple;
	uint32_t code;
	size_t used;

	if (at[1] == '\\' || at[1] == '"') {
		*(*to)++ = at[1];
		return at + 2;
	}
	simple = memchr(from, at[1], sizeof from - 1);
	if (simple) {
		*(*to)++ = (uint8_t)what[simple - from];
	} else if (at[1] == 'u' && (used = unicode(at + 2, end, &code))) {
		*to += put_utf8(*to, code);
		return at + 2 + used;
	} else {
		*(*to)++ = at[1];
	}
	return at + 2;
}

/* The rest of a string from its first escape on, found at `at`. */
static bool escaped_string(struct json_text *t, const uint8_t *start, const uint8_t *at,
			   struct span *out)
{
	uint8_t *to = t->room;

	memcpy(to, start, (size_t)(at - start));
	to += at - start;
	while (at < t->end && *at == '\\') {
		if (at + 1 >= t->end)
			break;
		at = unescape(at, t->end, &to);
		at = copy_to_special(at, t->end, &to);
	}
	if (at >= t->end || *at == '\\') {
		t->cut = true;
		return false;
	}
	if (*at == '\n') {
		t->bad = true;
		return false;
	}
	*out = span_of(t->room, (size_t)(to - t->room));
	t->room = to;
	t->at = at + 1;
	return true;
}

bool json_string(struct json_text *t, struct span *out)
{
	const uint8_t *start = t->at + 1, *at = find_special(start, t->end);

	if (at < t->end && *at == '"') {
		*out = span_of(start, (size_t)(at - start));
		t->at = at + 1;
		return true;
	}
	if (at < t->end && *at == '\\')
		return escaped_string(t, start, at, out);
	if (at < t->end)
		t->bad = true;
	else
		t->cut = true;
	return false;
}

bool json_raw_string(struct json_text *t, struct span *out)
{
	const uint8_t *start = t->at, *at = start + 1;

	for (;;) {
		at = find_special(at, t->end);
		if (at >= t->end || (*at == '\\' && at + 1 >= t->end)) {
			t->cut = true;
			return false;
		}
		if (*at == '"')
			break;
		if (*at == '\n') {
			t->bad = true;
			return false;
		}
		at += 2;
	}
	t->at = at + 1;
	*out = span_of(start, (size_t)(t->at - start));
	return true;
}

bool json_scalar(struct json_text *t, struct value *out)
{
	const uint8_t *start = t->at;

	if (t->at < t->end && *t->at == '"') {
		out->kind = VALUE_TEXT;
		return json_string(t, &out->bytes);
	}
	while (t->at < t->end && *t->at > ' ' && *t->at != ',' && *t->at != '}' && *t->at != ']' &&
	       *t->at != ':' && *t->at != '"' && *t->at != '{' && *t->at != '[')
		t->at++;
	if (t->at == t->end || t->at == start)
		return json_fail(t);
	out->kind = VALUE_TEXT;
	out->bytes = span_of(start, (size_t)(t->at - start));
	if (*start == '-' || (*start >= '0' && *start <= '9'))
		return true;
	if (span_eq(out->bytes, SPAN("null")))
		out->kind = VALUE_NULL;
	else if (span_eq(out->bytes, SPAN("true")) || span_eq(out->bytes, SPAN("false")))
		*out = (struct value){ .kind = VALUE_BOOL, .u = *start == 't' };
	else
		return json_fail(t);
	return true;
}
