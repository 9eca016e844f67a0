#include "match/fold.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint32_t fold_code(uint32_t c)
{
	if (c < 0x80)
		return c - 'A' < 26 ? c + 32 : c;
	if (c >= 0xc0 && c <= 0xde)
		return c == 0xd7 ? c : c + 32;
	if ((c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	if (c >= 0x391 && c <= 0x3a9)
		return c == 0x3a2 ? c : c + 32;
	if (c >= 0x410 && c <= 0x42f)
		return c + 32;
	return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

/* Sixteen ASCII bytes at once; the caller looks at the sign bits first. */
#ifdef __SSE2__
static __m128i fold16(__m128i bytes)
{
	__m128i above = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1));
	__m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1));

	return _mm_add_epi8(bytes, _mm_and_si128(_mm_and_si128(above, below), _mm_set1_epi8(32)));
}
#endif

/* A two-byte character at `at` of text, folded in place in `to`; the bytes used. */
static size_t fold_two(uint8_t *to, struct span text, size_t at)
{
	uint8_t lead = text.at[at], tail = at + 1 < text.len ? text.at[at + 1] : 0;
	uint32_t c;

	to[at] = lead;
	if (lead < 0xc2 || lead > 0xdf || (tail & 0xc0) != 0x80)
		return 1;
	c = fold_code((uint32_t)(lead & 0x1f) << 6 | (tail & 0x3f));
	to[at] = (uint8_t)(0xc0 | c >> 6);
	to[at + 1] = (uint8_t)(0x80 | (c & 0x3f));
	return 2;
}

void fold_utf8(uint8_t *to, struct span from)
{
	size_t i = 0;

	while (i < from.len) {
#ifdef __SSE2__
		if (i + 16 <= from.len) {
			__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from.at + i));

			if (_mm_movemask_epi8(bytes) == 0) {
				_mm_storeu_si128((__m128i *)(void *)(to + i), fold16(bytes));
				i += 16;
				continue;
			}
		}
#endif
		if (from.at[i] < 0x80) {
			to[i] = (uint8_t)fold_code(from.at[i]);
			i++;
		} else {
			i += fold_two(to, from, i);
		}
	}
}

static size_t put(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		to[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	to[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* The character at unit `at`; a pair advances by two units. */
static uint32_t take(struct span utf16, size_t *at)
{
	uint32_t c = load_u16le(utf16.at + *at), low;

	*at += 2;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || *at + 2 > utf16.len)
		return 0xfffd;
	low = load_u16le(utf16.at + *at);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*at += 2;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

#ifdef __SSE2__
/* Eight units of ASCII to eight bytes; false where one is not ASCII. */
static bool narrow8(uint8_t *to, const uint8_t *units, bool fold)
{
	__m128i wide = _mm_loadu_si128((const __m128i *)(const void *)units);
	__m128i high = _mm_and_si128(wide, _mm_set1_epi16((short)0xff80));
	__m128i narrow;

	if (_mm_movemask_epi8(_mm_cmpeq_epi16(high, _mm_setzero_si128())) != 0xffff)
		return false;
	narrow = _mm_packus_epi16(wide, wide);
	_mm_storel_epi64((__m128i *)(void *)to, fold ? fold16(narrow) : narrow);
	return true;
}
#endif

static inline size_t convert(uint8_t *to, struct span utf16, bool fold)
{
	size_t at = 0, len = 0;

	while (at + 2 <= utf16.len) {
		uint32_t c;

#ifdef __SSE2__
		if (at + 16 <= utf16.len && narrow8(to + len, utf16.at + at, fold)) {
			at += 16;
			len += 8;
			continue;
		}
#endif
		c = take(utf16, &at);
		len += put(to + len, fold ? fold_code(c) : c);
	}
	return len;
}

size_t fold_utf16(uint8_t *to, struct span utf16)
{
	return convert(to, utf16, true);
}

size_t utf8_of_utf16(uint8_t *to, struct span utf16)
{
	return convert(to, utf16, false);
}
