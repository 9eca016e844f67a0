#include "formats/evtx/evtx_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "codec/code_page.h"
#include "codec/escape.h"
#include "codec/json_write.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint8_t *put_span(uint8_t *to, struct span s)
{
	if (s.len)
		memcpy(to, s.at, s.len);
	return to + s.len;
}

static unsigned digits_of(uint64_t n)
{
	unsigned digits = 1;

	for (; n >= 10000; n /= 10000)
		digits += 4;
	return digits + (n >= 10) + (n >= 100) + (n >= 1000);
}

static uint8_t *put_decimal(uint8_t *to, uint64_t n)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
		"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
		"8081828384858687888990919293949596979899";
	uint8_t *end, *at;

	if (n < 10) {
		*to = (uint8_t)('0' + n);
		return to + 1;
	}
	at = end = to + digits_of(n);
	for (; n >= 100; n /= 100)
		memcpy(at -= 2, pairs + 2 * (n % 100), 2);
	if (n >= 10)
		memcpy(at - 2, pairs + 2 * n, 2);
	else
		at[-1] = (uint8_t)('0' + n);
	return end;
}

static uint8_t *put_signed(uint8_t *to, int64_t n)
{
	if (n < 0)
		*to++ = '-';
	return put_decimal(to, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

static uint8_t *put_hex(uint8_t *to, uint64_t n)
{
	int digits = n ? (67 - __builtin_clzll(n)) / 4 : 1;

	*to++ = '0';
	*to++ = 'x';
	while (digits--)
		*to++ = (uint8_t)"0123456789abcdef"[n >> 4 * digits & 15];
	return to;
}

static uint8_t *put_hex_bytes(uint8_t *to, struct span s, const char *digits)
{
	for (size_t i = 0; i < s.len; i++) {
		*to++ = (uint8_t)digits[s.at[i] >> 4];
		*to++ = (uint8_t)digits[s.at[i] & 15];
	}
	return to;
}

static uint8_t *put_guid(uint8_t *to, struct span s)
{
	static const uint8_t order[] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

	*to++ = '{';
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to = put_hex_bytes(to, span_sub(s, order[i], 1), "0123456789abcdef");
	}
	*to++ = '}';
	return to;
}

static uint8_t *put_sid(uint8_t *to, struct span s)
{
	to = put_decimal(put_span(to, SPAN("S-")), s.at[0]);
	*to++ = '-';
	to = put_decimal(to, (uint64_t)load_u16be(s.at + 2) << 32 | load_u32be(s.at + 4));
	for (size_t i = 0; i < s.at[1]; i++) {
		*to++ = '-';
		to = put_decimal(to, load_u32le(s.at + 8 + 4 * i));
	}
	return to;
}

/* The same few accounts come again and again. */
static uint8_t *put_sid_again(struct evtx_texter *t, uint8_t *to, struct span s)
{
	struct evtx_sid *kept;

	if (s.len < 8 + 4 * (size_t)s.at[1])
		return put_hex_bytes(to, s, "0123456789ABCDEF");
	if (s.len > sizeof kept->raw)
		return put_sid(to, s);
	kept = &t->sids[(s.at[s.len - 4] ^ s.at[s.len - 3]) % EVTX_SIDS];
	if (kept->len != s.len || memcmp(kept->raw, s.at, s.len)) {
		memcpy(kept->raw, s.at, s.len);
		kept->len = (uint8_t)s.len;
		kept->text_len = (uint8_t)(put_sid(kept->text, s) - kept->text);
	}
	memcpy(to, kept->text, sizeof kept->text);
	return to + kept->text_len;
}

static void put_digits(uint8_t *to, uint64_t n, int width)
{
	while (width--) {
		to[width] = (uint8_t)('0' + n % 10);
		n /= 10;
	}
}

#define SECONDS_TO_1970 INT64_C(11644473600)

/* FILETIME reaches further than our timestamps do. */
static void set_clock(struct evtx_clock *clock, uint64_t second)
{
	int64_t days = (int64_t)(second / 86400) - SECONDS_TO_1970 / 86400 + 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
	int64_t month = m < 10 ? m + 3 : m - 9;
	uint64_t of_day = second % 86400;

	memcpy(clock->text, "0000-00-00T00:00:00.", 20);
	put_digits(clock->text, (uint64_t)(y + era * 400 + (month <= 2)), 4);
	put_digits(clock->text + 5, (uint64_t)month, 2);
	put_digits(clock->text + 8, (uint64_t)(of_year - (153 * m + 2) / 5 + 1), 2);
	put_digits(clock->text + 11, of_day / 3600, 2);
	put_digits(clock->text + 14, of_day / 60 % 60, 2);
	put_digits(clock->text + 17, of_day % 60, 2);
	clock->second = second;
}

static uint8_t *put_time(struct evtx_clock *clock, uint8_t *to, uint64_t ticks)
{
	uint64_t second = ticks / 10000000;

	/* Four digits of year; what lies beyond is no time but a number. */
	if (second / 86400 > UINT64_C(3067670))
		return put_hex(to, ticks);
	if (second != clock->second || !clock->text[0])
		set_clock(clock, second);
	to = put_span(to, span_of(clock->text, sizeof clock->text));
	put_digits(to, ticks % 10000000, 7);
	to[7] = 'Z';
	return to + 8;
}

static uint8_t *put_systemtime(uint8_t *to, struct span s)
{
	static const struct { uint8_t at, width; char after; } parts[] = {
		{ 0, 4, '-' }, { 2, 2, '-' }, { 6, 2, 'T' }, { 8, 2, ':' }, { 10, 2, ':' },
		{ 12, 2, '.' }, { 14, 3, '0' },
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		put_digits(to, load_u16le(s.at + parts[i].at), parts[i].width);
		to += parts[i].width;
		*to++ = (uint8_t)parts[i].after;
	}
	return put_span(to, SPAN("000Z"));
}

/* The shortest decimal that reads back as the same number. */
static uint8_t *put_float(uint8_t *to, struct span s)
{
	char text[40];
	double wide = 0;
	float narrow = 0;
	int len = 0;

	if (s.len == 4) {
		memcpy(&narrow, s.at, 4);
		wide = (double)narrow;
	} else {
		memcpy(&wide, s.at, 8);
	}
	if (!isfinite(wide))
		return put_span(to, isnan(wide) ? SPAN("NaN") : wide < 0 ? SPAN("-inf") : SPAN("inf"));
	for (int digits = 1; digits <= 17; digits++) {
		len = snprintf(text, sizeof text, "%.*g", digits, wide);
		if (s.len == 4 ? strtof(text, NULL) == narrow : strtod(text, NULL) == wide)
			break;
	}
	to = put_span(to, span_of(text, (size_t)len));
	return strpbrk(text, ".e") ? to : put_span(to, SPAN(".0"));
}

static uint8_t *put_code(uint8_t *to, uint32_t code)
{
	uint8_t units[4] = { (uint8_t)code, (uint8_t)(code >> 8) };

	if (code < 0x10000)
		return to + utf8_of_utf16le(to, span_of(units, 2));
	code -= 0x10000;
	units[0] = (uint8_t)(code >> 10);
	units[1] = (uint8_t)(0xd8 | code >> 18);
	units[2] = (uint8_t)code;
	units[3] = (uint8_t)(0xdc | (code >> 8 & 3));
	return to + utf8_of_utf16le(to, span_of(units, 4));
}

static uint8_t *put_u16_escape(uint8_t *to, uint32_t unit)
{
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = (uint8_t)"0123456789abcdef"[unit >> shift & 15];
	return to;
}

/* One character that is not plain ASCII, at most 12 bytes. */
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
		return put_code(to, code);
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
	if (code == '\n' || code == '\t' || !escape_is_unsafe(code))
		return put_code(to, code);
	/* XML 1.0 has no way to write the other C0 controls. */
	if (code < 0x20 && code != '\r')
		return put_code(to, 0xfffd);
	to = put_span(to, SPAN("&#"));
	to = put_decimal(to, code);
	*to++ = ';';
	return to;
}

static uint8_t *put_character(uint8_t *to, uint32_t code, enum evtx_mode mode)
{
	return mode == EVTX_XML_PART ? put_xml_character(to, code) : put_json_character(to, code);
}

#ifdef __SSE2__
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
#endif

/* One character that is not plain; `used` units of the `left` at `at`. */
static uint8_t *put_unit(uint8_t *to, const uint8_t *at, size_t left, size_t *used,
			 enum evtx_mode mode)
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
	return put_character(to, unit, mode);
}

static uint8_t *put_few(uint8_t *to, const uint8_t *at, size_t left, enum evtx_mode mode)
{
	bool xml = mode == EVTX_XML_PART;
	size_t used = 1;

	for (; left; at += 2 * used, left -= used) {
		uint16_t unit = load_u16le(at);

		used = 1;
		if (unit >= 0x20 && unit < 0x7f && unit != '"' &&
		    (xml ? unit != '&' && unit != '<' && unit != '>' : unit != '\\'))
			*to++ = (uint8_t)unit;
		else
			to = put_unit(to, at, left, &used, mode);
	}
	return to;
}

#ifdef __SSE2__
/*
 * Sixteen units at once. They are stored whole; where some need escaping, what
 * stands behind the first is stored again further on, and so for each.
 */
static inline uint8_t *put_sixteen(uint8_t *to, const uint8_t *at, size_t left, size_t *used,
				   enum evtx_mode mode)
{
	__m128i bytes = _mm_packus_epi16(load_units(at), load_units(at + 16));
	unsigned odd = odd_bytes(bytes, mode == EVTX_XML_PART);
	uint8_t packed[32];
	size_t from = 0;

	*used = 16;
	_mm_storeu_si128((__m128i *)(void *)to, bytes);
	if (!odd)
		return to + 16;
	_mm_storeu_si128((__m128i *)(void *)packed, bytes);
	for (; odd; odd &= odd - 1) {
		size_t here = (size_t)__builtin_ctz(odd);

		to += here - from;
		from = here + 1;
		if (packed[here] == '\\' || (packed[here] == '"' && mode != EVTX_XML_PART)) {
			*to++ = '\\';
			*to++ = packed[here];
		} else {
			size_t units;

			to = put_unit(to, at + 2 * here, left - here, &units, mode);
			if (units == 2) {
				*used = here + 2;
				return to;
			}
		}
		memcpy(to, packed + from, 16);
	}
	return to + (16 - from);
}
#endif

static uint8_t *put_utf16(uint8_t *to, struct span s, enum evtx_mode mode)
{
	const uint8_t *at = s.at;
	size_t left = s.len / 2;

	while (left && !load_u16le(at + 2 * left - 2))
		left--;
#ifdef __SSE2__
	while (left >= 16) {
		size_t used;

		to = put_sixteen(to, at, left, &used, mode);
		at += 2 * used;
		left -= used;
	}
	if (left >= 8) {
		__m128i eight = load_units(at);
		__m128i bytes = _mm_packus_epi16(eight, eight);

		if (!(odd_bytes(bytes, mode == EVTX_XML_PART) & 0xff)) {
			_mm_storel_epi64((__m128i *)(void *)to, bytes);
			to += 8;
			at += 16;
			left -= 8;
		}
	}
#endif
	return put_few(to, at, left, mode);
}

static uint8_t *put_ansi(uint8_t *to, uint16_t code_page, struct span s, enum evtx_mode mode)
{
	while (s.len && !s.at[s.len - 1])
		s.len--;
	while (s.len) {
		uint32_t code;

		s = span_from(s, code_page_next(code_page, s, &code));
		to = put_character(to, code, mode);
	}
	return to;
}

static bool is_number(uint8_t type)
{
	return (type >= EVTX_INT8 && type <= EVTX_UINT64) || type == EVTX_BOOL;
}

static uint64_t bits_of(struct span s)
{
	uint64_t n = 0;

	for (size_t i = s.len < 8 ? s.len : 8; i-- > 0; )
		n = n << 8 | s.at[i];
	return n;
}

/* One element, without quotes. */
static uint8_t *put_one(struct evtx_texter *t, uint8_t *to, uint8_t type, struct span s,
			enum evtx_mode mode)
{
	unsigned unused = 64 - 8 * (unsigned)(s.len < 8 ? s.len : 8);

	switch (type) {
	case EVTX_STRING:
	case EVTX_XML:
		return put_utf16(to, s, mode);
	case EVTX_ANSI:
		return put_ansi(to, t->code_page, s, mode);
	case EVTX_INT8:
	case EVTX_INT16:
	case EVTX_INT32:
	case EVTX_INT64:
		return put_signed(to, (int64_t)(bits_of(s) << unused) >> unused);
	case EVTX_UINT8:
	case EVTX_UINT16:
	case EVTX_UINT32:
	case EVTX_UINT64:
		return put_decimal(to, bits_of(s));
	case EVTX_FLOAT:
	case EVTX_DOUBLE:
		return put_float(to, s);
	case EVTX_BOOL:
		return put_span(to, bits_of(s) ? SPAN("true") : SPAN("false"));
	case EVTX_GUID:
		return put_guid(to, s);
	case EVTX_SIZE:
	case EVTX_HEX32:
	case EVTX_HEX64:
	case EVTX_HANDLE:
		return put_hex(to, bits_of(s));
	case EVTX_FILETIME:
		return put_time(&t->clock, to, bits_of(s));
	case EVTX_SYSTEMTIME:
		return put_systemtime(to, s);
	case EVTX_SID:
		return put_sid_again(t, to, s);
	default:
		return put_hex_bytes(to, s, "0123456789ABCDEF");
	}
}

static uint8_t *put_quoted(struct evtx_texter *t, uint8_t *to, uint8_t type, struct span s,
			   enum evtx_mode mode)
{
	if (type != EVTX_STRING && !evtx_type_fits(type, s.len))
		type = EVTX_BINARY;
	if (mode != EVTX_JSON_VALUE || is_number(type))
		return put_one(t, to, type, s, mode);
	*to++ = '"';
	to = put_one(t, to, type, s, mode);
	*to++ = '"';
	return to;
}

static uint8_t *put_list(struct evtx_texter *t, uint8_t *to, uint8_t type, struct span s,
			 enum evtx_mode mode)
{
	struct span rest = s, first = evtx_type_next(type, &rest);
	bool json = mode == EVTX_JSON_VALUE, many = rest.len > 0;

	if (json && many)
		*to++ = '[';
	to = put_quoted(t, to, type, first, mode);
	while (rest.len) {
		to = put_span(to, json ? SPAN(",") : SPAN(", "));
		to = put_quoted(t, to, type, evtx_type_next(type, &rest), mode);
	}
	if (json && many)
		*to++ = ']';
	return to;
}

uint8_t *evtx_text(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v,
		   enum evtx_mode mode)
{
	if ((v->type & EVTX_ARRAY) && v->len)
		return put_list(t, to, v->type & (uint8_t)~EVTX_ARRAY, evtx_value_span(v), mode);
	if (!v->len)
		return mode == EVTX_JSON_VALUE ? put_span(to, SPAN("\"\"")) : to;
	return put_quoted(t, to, v->type, evtx_value_span(v), mode);
}

void evtx_text_literal(struct buf *to, struct span utf8, enum evtx_mode mode)
{
	if (mode != EVTX_XML_PART) {
		json_escape(to, utf8);
		return;
	}
	while (utf8.len && !to->overflow) {
		uint32_t code = 0xfffd;
		size_t len = utf8_next(utf8, &code);
		uint8_t raw[16];

		if (!len)
			code = 0xfffd;
		buf_add(to, span_of(raw, (size_t)(put_xml_character(raw, code) - raw)));
		utf8 = span_from(utf8, len ? len : 1);
	}
}
