#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

size_t utf8_next(struct span s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = s.at[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3
		   : lead < 0xf5 ? 4 : 0;
	uint32_t got;

	if (len <= 1)
		return *code = lead, len;
	if (len > s.len)
		return 0;
	got = lead & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s.at[i] & 0xc0) != 0x80)
			return 0;
		got = got << 6 | (s.at[i] & 0x3fu);
	}
	if (got < least[len] || got > 0x10ffff || (got >= 0xd800 && got < 0xe000))
		return 0;
	*code = got;
	return len;
}

/* Without the leading ASCII, as far as words tell it. */
static struct span after_ascii(struct span s)
{
	while (s.len >= 8 && !(load_u64le(s.at) & UINT64_C(0x8080808080808080)))
		s = span_of(s.at + 8, s.len - 8);
	while (s.len && s.len < 8 && s.at[0] < 0x80)
		s = span_of(s.at + 1, s.len - 1);
	return s;
}

bool utf8_valid(struct span s)
{
	uint32_t code;

	while ((s = after_ascii(s)).len) {
		size_t len = utf8_next(s, &code);

		if (!len)
			return false;
		s = span_from(s, len);
	}
	return true;
}

size_t utf8_put(uint8_t raw[4], uint32_t code)
{
	size_t len;

	if (code < 0x80) {
		raw[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		raw[0] = (uint8_t)(0xc0 | code >> 6);
		len = 2;
	} else if (code < 0x10000) {
		raw[0] = (uint8_t)(0xe0 | code >> 12);
		len = 3;
	} else {
		raw[0] = (uint8_t)(0xf0 | code >> 18);
		len = 4;
	}
	for (size_t i = 1; i < len; i++)
		raw[i] = (uint8_t)(0x80 | (code >> (6 * (len - 1 - i)) & 0x3f));
	return len;
}

bool utf8_add(struct buf *to, uint32_t code)
{
	uint8_t raw[4];

	return buf_add(to, span_of(raw, utf8_put(raw, code)));
}

/* How many of the leading units are ASCII, whole vectors only; they are written. */
static size_t ascii_run(uint8_t *to, struct span utf16)
{
	size_t done = 0;
#ifdef __SSE2__
	const __m128i high = _mm_set1_epi16((short)0xff80);

	for (; utf16.len - done >= 16; done += 16) {
		__m128i units = _mm_loadu_si128((const __m128i *)(const void *)(utf16.at + done));
		__m128i over = _mm_and_si128(units, high);

		if (_mm_movemask_epi8(_mm_cmpeq_epi16(over, _mm_setzero_si128())) != 0xffff)
			break;
		_mm_storel_epi64((__m128i *)(void *)(to + done / 2), _mm_packus_epi16(units, units));
	}
#endif
	return done / 2;
}

size_t utf8_of_utf16le(uint8_t *to, struct span utf16)
{
	size_t len = 0, i = 0;

	while (i + 1 < utf16.len) {
		size_t run = ascii_run(to + len, span_from(utf16, i));
		uint32_t unit, low;

		len += run;
		i += run * 2;
		/* What stopped the vectors is one to eight units away; then they try again. */
		for (int few = 0; few < 8 && i + 1 < utf16.len; few++, i += 2) {
			unit = load_u16le(utf16.at + i);
			if (unit >= 0xd800 && unit < 0xe000) {
				low = i + 3 < utf16.len ? load_u16le(utf16.at + i + 2) : 0;
				if (unit < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
					unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
					i += 2;
				} else {
					unit = 0xfffd;
				}
			}
			len += utf8_put(to + len, unit);
		}
	}
	return len;
}

bool utf8_add_utf16le(struct buf *to, struct span utf16)
{
	bool fits = true;
	uint8_t piece[3 * 64 + 1];

	/* In pieces, so that a small cap is measured by what is really written. */
	for (size_t i = 0, len; i < utf16.len && fits; i += len) {
		struct span part = span_sub(utf16, i, 128);

		len = part.len;
		if (len == 128 && (part.at[127] & 0xfc) == 0xd8)
			len -= 2;
		fits = buf_add(to, span_of(piece, utf8_of_utf16le(piece, span_sub(part, 0, len))));
	}
	return fits;
}

bool utf8_is_text(struct span s)
{
	return (s.len == 0 || !memchr(s.at, 0, s.len)) && utf8_valid(s);
}

void utf8_add_text(struct buf *to, struct span bytes)
{
	while (bytes.len) {
		uint32_t code;
		size_t len = utf8_next(bytes, &code);

		if (len == 0 || code == 0) {
			buf_printf(to, "\\x%02x", bytes.at[0]);
			len = 1;
		} else {
			buf_add(to, span_sub(bytes, 0, len));
		}
		bytes = span_from(bytes, len);
	}
}
