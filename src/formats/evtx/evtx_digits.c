#include "formats/evtx/evtx_digits.h"

#include <endian.h>

#include "base/real.h"

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static uint8_t *put_span(uint8_t *to, struct span s)
{
	memcpy(to, s.at, s.len);
	return to + s.len;
}

static void put_pair(uint8_t *to, unsigned n)
{
	memcpy(to, pairs + 2 * n, 2);
}

static unsigned digits_of(uint64_t n)
{
	unsigned digits = 1;

	for (; n >= 10000; n /= 10000)
		digits += 4;
	return digits + (n >= 10) + (n >= 100) + (n >= 1000);
}

uint8_t *evtx_put_decimal(uint8_t *to, uint64_t n)
{
	uint8_t *end, *at;

	if (n < 10) {
		*to = (uint8_t)('0' + n);
		return to + 1;
	}
	at = end = to + digits_of(n);
	for (; n >= 100; n /= 100)
		put_pair(at -= 2, (unsigned)(n % 100));
	if (n >= 10)
		put_pair(at - 2, (unsigned)n);
	else
		at[-1] = (uint8_t)('0' + n);
	return end;
}

uint8_t *evtx_put_signed(uint8_t *to, int64_t n)
{
	if (n < 0)
		*to++ = '-';
	return evtx_put_decimal(to, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

/*
 * Eight digits: the nibbles are spread over the bytes of a word, the first to the
 * lowest, and turned into digits together.
 */
static void put_hex_word(uint8_t *to, uint32_t n)
{
	uint64_t x = __builtin_bswap32(n), tens;

	x = (x << 16 | x) & UINT64_C(0x0000ffff0000ffff);
	x = (x << 8 | x) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x >> 4 | x << 8) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	tens = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
	x = htole64(x + UINT64_C(0x3030303030303030) + tens * ('a' - '0' - 10));
	memcpy(to, &x, sizeof x);
}

uint8_t *evtx_put_hex(uint8_t *to, uint64_t n)
{
	int digits = n ? (67 - __builtin_clzll(n)) / 4 : 1;

	*to++ = '0';
	*to++ = 'x';
	n <<= 64 - 4 * digits;
	put_hex_word(to, (uint32_t)(n >> 32));
	if (digits > 8)
		put_hex_word(to + 8, (uint32_t)n);
	return to + digits;
}

uint8_t *evtx_put_bytes(uint8_t *to, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		*to++ = (uint8_t)"0123456789ABCDEF"[s.at[i] >> 4];
		*to++ = (uint8_t)"0123456789ABCDEF"[s.at[i] & 15];
	}
	return to;
}

uint8_t *evtx_put_guid(uint8_t *to, const uint8_t raw[16])
{
	uint8_t middle[16];

	put_hex_word(middle, (uint32_t)load_u16le(raw + 4) << 16 | load_u16le(raw + 6));
	put_hex_word(middle + 8, load_u32be(raw + 8));
	to[0] = '{';
	put_hex_word(to + 1, load_u32le(raw));
	to[9] = to[14] = to[19] = to[24] = '-';
	memcpy(to + 10, middle, 4);
	memcpy(to + 15, middle + 4, 4);
	memcpy(to + 20, middle + 8, 4);
	memcpy(to + 25, middle + 12, 4);
	put_hex_word(to + 29, load_u32be(raw + 12));
	to[37] = '}';
	return to + 38;
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

uint8_t *evtx_put_time(struct evtx_clock *clock, uint8_t *to, uint64_t ticks)
{
	uint64_t second = ticks / 10000000;
	uint32_t part = (uint32_t)(ticks - second * 10000000);

	/* Four digits of year; what lies beyond is no time but a number. */
	if (second / 86400 > UINT64_C(3067670))
		return evtx_put_hex(to, ticks);
	if (second != clock->second || !clock->text[0])
		set_clock(clock, second);
	memcpy(to, clock->text, sizeof clock->text);
	to += sizeof clock->text;
	to[0] = (uint8_t)('0' + part / 1000000);
	put_pair(to + 1, part / 10000 % 100);
	put_pair(to + 3, part / 100 % 100);
	put_pair(to + 5, part % 100);
	to[7] = 'Z';
	return to + 8;
}

uint8_t *evtx_put_systemtime(uint8_t *to, const uint8_t raw[16])
{
	static const struct { uint8_t at, width; char after; } parts[] = {
		{ 0, 4, '-' }, { 2, 2, '-' }, { 6, 2, 'T' }, { 8, 2, ':' }, { 10, 2, ':' },
		{ 12, 2, '.' }, { 14, 3, '0' },
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		put_digits(to, load_u16le(raw + parts[i].at), parts[i].width);
		to += parts[i].width;
		*to++ = (uint8_t)parts[i].after;
	}
	return put_span(to, SPAN("000Z"));
}

uint8_t *evtx_put_float(uint8_t *to, struct span s)
{
	char text[REAL_TEXT_MAX];
	double wide = 0;
	float narrow = 0;

	if (s.len == 4) {
		memcpy(&narrow, s.at, 4);
		wide = (double)narrow;
	} else {
		memcpy(&wide, s.at, 8);
	}
	return put_span(to, span_of(text, real_text(text, wide, s.len == 4)));
}

static uint8_t *put_sid(uint8_t *to, struct span s)
{
	to = evtx_put_decimal(put_span(to, SPAN("S-")), s.at[0]);
	*to++ = '-';
	to = evtx_put_decimal(to, (uint64_t)load_u16be(s.at + 2) << 32 | load_u32be(s.at + 4));
	for (size_t i = 0; i < s.at[1]; i++) {
		*to++ = '-';
		to = evtx_put_decimal(to, load_u32le(s.at + 8 + 4 * i));
	}
	return to;
}

/* Of two SIDs that differ in bytes behind the eighth, most differ in the last four. */
uint8_t *evtx_put_sid(struct evtx_sid kept[EVTX_SIDS], uint8_t *to, struct span s)
{
	struct evtx_sid *here;

	if (s.len < 8 + 4 * (size_t)s.at[1])
		return evtx_put_bytes(to, s);
	if (s.len > sizeof here->raw)
		return put_sid(to, s);
	here = &kept[(s.at[s.len - 4] ^ s.at[s.len - 3]) % EVTX_SIDS];
	if (here->len != s.len || memcmp(here->raw, s.at, s.len)) {
		memcpy(here->raw, s.at, s.len);
		here->len = (uint8_t)s.len;
		here->text_len = (uint8_t)(put_sid(here->text, s) - here->text);
	}
	memcpy(to, here->text, sizeof here->text);
	return to + here->text_len;
}
