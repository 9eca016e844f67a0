#include "formats/evtx/evtx_utf16.h"

#include "base/utf8.h"
#include "codec/escape.h"
#include "formats/evtx/evtx_digits.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint8_t *put_span(uint8_t *to, struct span s)
{
	memcpy(to, s.at, s.len);
	return to + s.len;
}

static uint8_t *put_u16_escape(uint8_t *to, uint32_t unit)
{
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = (uint8_t)"0123456789abcdef"[unit >> shift & 15];
	return to;
}

static uint8_t *put_json_character(uint8_t *to, uint32_t code)
{
	static const char shorts[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
				       ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };

	if (code < sizeof shorts && shorts[code]) {
		*to++ = '\\';
		*to++ = (uint8_t)shorts[code];
		return to;
	}
	if (!escape_is_unsafe(code))
		return to + utf8_put(to, code);
	if (code < 0x10000)
		return put_u16_escape(to, code);
	to = put_u16_escape(to, 0xd800 + ((code - 0x10000) >> 10));
	return put_u16_escape(to, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static uint8_t *put_xml_character(uint8_t *to, uint32_t code)
{
	if (code == '&')
		return put_span(to, SPAN("&amp;"));
	if (code == '<')
		return put_span(to, SPAN("&lt;"));
	if (code == '>')
		return put_span(to, SPAN("&gt;"));
	if (code == '"')
		return put_span(to, SPAN("&quot;"));
	if (code == '\n' || code == '\t' || (!escape_is_unsafe(code) && code != 0xfffe && code != 0xffff))
		return to + utf8_put(to, code);
	/* XML 1.0 has no way to write the other C0 controls, nor these two. */
	if ((code < 0x20 && code != '\r') || code == 0xfffe || code == 0xffff)
		return to + utf8_put(to, 0xfffd);
	to = evtx_put_decimal(put_span(to, SPAN("&#")), code);
	*to++ = ';';
	return to;
}

uint8_t *evtx_put_character(uint8_t *to, uint32_t code, bool xml)
{
	return xml ? put_xml_character(to, code) : put_json_character(to, code);
}

/* One character that is not plain; `used` units of the `left` at `at`. */
static uint8_t *put_unit(uint8_t *to, const uint8_t *at, size_t left, size_t *used, bool xml)
{
	uint32_t unit = load_u16le(at), low;

	*used = 1;
	if (unit >= 0xd800 && unit < 0xe000) {
		low = left > 1 ? load_u16le(at + 2) : 0;
		if (unit >= 0xdc00 || low < 0xdc00 || low >= 0xe000) {
			unit = 0xfffd;
		} else {
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
			*used = 2;
		}
	}
	return evtx_put_character(to, unit, xml);
}

static uint8_t *put_each(uint8_t *to, const uint8_t *at, size_t left, bool xml)
{
	for (size_t used; left; at += 2 * used, left -= used) {
		uint16_t unit = load_u16le(at);

		used = 1;
		if (unit >= 0x20 && unit < 0x7f && unit != '"' &&
		    (xml ? unit != '&' && unit != '<' && unit != '>' : unit != '\\'))
			*to++ = (uint8_t)unit;
		else
			to = put_unit(to, at, left, &used, xml);
	}
	return to;
}

#ifdef __SSE2__
#define BLOCK 16	/* units at once */

/* Which of 16 packed bytes need a closer look. What is no ASCII was packed to 0 or 255. */
static inline unsigned odd_bytes(__m128i bytes, bool xml)
{
	__m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));	/* signed: 128.. too */
	__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
				   _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));

	odd = _mm_or_si128(odd, low);
	if (!xml)
		return (unsigned)_mm_movemask_epi8(
			_mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&')));
	odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('<')));
	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('>'))));
}

static inline __m128i load_units(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/*
 * The bytes of a block, of which some need escaping: what stands behind the first
 * is stored again further on, and so for each.
 */
static inline uint8_t *put_odd(uint8_t *to, __m128i bytes, unsigned odd, const uint8_t *at, size_t left,
			       size_t *used, bool xml)
{
	uint8_t packed[2 * BLOCK];
	size_t from = 0;

	_mm_storeu_si128((__m128i *)(void *)packed, bytes);
	for (; odd; odd &= odd - 1) {
		size_t here = (size_t)__builtin_ctz(odd), units;

		to += here - from;
		from = here + 1;
		if (packed[here] == '\\' || (packed[here] == '"' && !xml)) {
			*to++ = '\\';
			*to++ = packed[here];
		} else {
			to = put_unit(to, at + 2 * here, left - here, &units, xml);
			if (units == 2) {
				*used = here + 2;
				return to;
			}
		}
		memcpy(to, packed + from, BLOCK);
	}
	return to + (*used - from);
}

/* Up to 16 units of `left`; 16 can be read. All are stored, what is needed counts. */
static inline uint8_t *put_block(uint8_t *to, const uint8_t *at, size_t left, size_t *used, bool xml)
{
	__m128i bytes = _mm_packus_epi16(load_units(at), load_units(at + BLOCK));
	unsigned odd = odd_bytes(bytes, xml);

	*used = left < BLOCK ? left : BLOCK;
	_mm_storeu_si128((__m128i *)(void *)to, bytes);
	odd &= (1u << *used) - 1;
	return odd ? put_odd(to, bytes, odd, at, left, used, xml) : to + *used;
}
#endif

static inline uint8_t *put_units(uint8_t *to, const uint8_t *at, size_t left, const uint8_t *readable,
				 bool xml)
{
#ifdef __SSE2__
	while (left && (left >= BLOCK || readable - at >= 2 * BLOCK)) {
		size_t used;

		to = put_block(to, at, left, &used, xml);
		at += 2 * used;
		left -= used;
	}
#else
	(void)readable;
#endif
	return put_each(to, at, left, xml);
}

uint8_t *evtx_put_utf16(uint8_t *to, struct span s, const uint8_t *readable, bool xml)
{
	size_t left = s.len / 2;

	while (left && !load_u16le(s.at + 2 * left - 2))
		left--;
	return xml ? put_units(to, s.at, left, readable, true) : put_units(to, s.at, left, readable, false);
}
