#include "formats/evtx/evtx_text.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "codec/json_write.h"

/* The value's text; its bytes end where memory does, so that a read behind them is seen. */
static struct span text_of(uint8_t type, struct span raw, enum evtx_mode mode, uint8_t *to)
{
	static struct evtx_texter texter;
	uint8_t *own = malloc(raw.len ? raw.len : 1);
	struct evtx_value v = { .at = own, .len = (uint16_t)raw.len, .type = type };
	struct span got;

	memcpy(own, raw.at, raw.len);
	texter.readable = own + raw.len;
	got = span_of(to, (size_t)(evtx_text(&texter, to, &v, mode) - to));
	free(own);
	return got;
}

/* What stands behind the value must not show. */
static struct span text_inside(struct span raw, enum evtx_mode mode, uint8_t *to)
{
	static struct evtx_texter texter;
	uint8_t own[256];
	struct evtx_value v = { .at = own, .len = (uint16_t)raw.len, .type = EVTX_STRING };

	memset(own, '"', sizeof own);
	memcpy(own, raw.at, raw.len);
	texter.readable = own + sizeof own;
	return span_of(to, (size_t)(evtx_text(&texter, to, &v, mode) - to));
}

static void check_string(struct span raw)
{
	static const struct { char of; const char *is; } entities[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
	};
	struct buf plain = buf_new(4096), json = buf_new(4096), xml = buf_new(4096);
	uint8_t got[4096];

	utf8_add_utf16le(&plain, raw);
	json_escape(&json, buf_span(&plain));
	for (size_t i = 0; i < plain.len; i++) {
		const char *entity = NULL;

		for (size_t e = 0; e < sizeof entities / sizeof *entities; e++)
			entity = plain.at[i] == (uint8_t)entities[e].of ? entities[e].is : entity;
		if (entity)
			buf_text(&xml, entity);
		else
			buf_add_u8(&xml, plain.at[i]);
	}
	assert_span(text_of(EVTX_STRING, raw, EVTX_JSON_PART, got), (const char *)json.at);
	assert_span(text_inside(raw, EVTX_JSON_PART, got), (const char *)json.at);
	if (span_find_byte(raw, 0, 0x1b) == SIZE_MAX) {
		assert_span(text_of(EVTX_STRING, raw, EVTX_XML_PART, got), (const char *)xml.at);
		assert_span(text_inside(raw, EVTX_XML_PART, got), (const char *)xml.at);
	}
	buf_free(&plain);
	buf_free(&json);
	buf_free(&xml);
}

TEST(a_string_is_escaped_wherever_and_however_long_it_is)
{
	static const uint16_t odd[] = { '"', '\\', '&', '<', '\n', 0x1b, 0xe9, 0x20ac, 0x9451, 0xd83d };

	for (size_t len = 1; len < 70; len++) {
		uint8_t raw[160];

		for (size_t i = 0; i < len; i++) {
			raw[2 * i] = (uint8_t)('a' + i % 26);
			raw[2 * i + 1] = 0;
		}
		check_string(span_of(raw, 2 * len));
		for (size_t at = 0; at < len; at++) {
			uint8_t kept[4];
			uint16_t unit = odd[(at + len) % (sizeof odd / sizeof *odd)];

			memcpy(kept, raw + 2 * at, 4);
			raw[2 * at] = (uint8_t)unit;
			raw[2 * at + 1] = (uint8_t)(unit >> 8);
			if (unit == 0xd83d) {
				raw[2 * at + 2] = 0x00;
				raw[2 * at + 3] = 0xde;
			}
			check_string(span_of(raw, 2 * len));
			memcpy(raw + 2 * at, kept, 4);
		}
	}
}

static void check_number(uint8_t type, uint64_t n, size_t len, const char *expected)
{
	uint8_t raw[8], got[128];

	for (size_t i = 0; i < len; i++)
		raw[i] = (uint8_t)(n >> 8 * i);
	assert_span(text_of(type, span_of(raw, len), EVTX_JSON_PART, got), expected);
}

static void check_unsigned(uint8_t type, uint8_t hex_type, uint64_t n, size_t len)
{
	char text[40];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	check_number(type, n, len, text);
	snprintf(text, sizeof text, "0x%llx", (unsigned long long)n);
	check_number(hex_type, n, len, text);
}

static void check_signed(uint8_t type, int64_t n, size_t len)
{
	char text[40];

	snprintf(text, sizeof text, "%lld", (long long)n);
	check_number(type, (uint64_t)n, len, text);
}

TEST(numbers_of_every_length_are_written)
{
	for (uint64_t n = 1, before = 0; n > before; before = n, n = n * 3 + 1) {
		check_unsigned(EVTX_UINT64, EVTX_HEX64, n, 8);
		check_unsigned(EVTX_UINT32, EVTX_HEX32, (uint32_t)n, 4);
		check_signed(EVTX_INT64, (int64_t)(0 - n), 8);
		check_signed(EVTX_INT32, (int32_t)n, 4);
		check_signed(EVTX_INT16, (int16_t)n, 2);
		check_signed(EVTX_INT8, (int8_t)n, 1);
	}
	check_unsigned(EVTX_UINT64, EVTX_HEX64, 0, 8);
	check_unsigned(EVTX_UINT64, EVTX_HEX64, UINT64_MAX, 8);
	check_signed(EVTX_INT64, INT64_MIN, 8);
}

TEST(identifiers_and_times_are_written)
{
	static const uint8_t guid[16] = { 0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b,
					  0x03, 0x28, 0xc3, 0x0d };
	/* 2019-03-19T00:02:17.1173427Z */
	uint64_t ticks = UINT64_C(131974273371173427);
	uint8_t got[256];

	assert_span(text_of(EVTX_GUID, span_of(guid, 16), EVTX_JSON_VALUE, got),
		    "\"{54849625-5478-4994-a5ba-3e3b0328c30d}\"");
	check_number(EVTX_FILETIME, ticks, 8, "2019-03-19T00:02:17.1173427Z");
	check_number(EVTX_FILETIME, ticks - 1173427, 8, "2019-03-19T00:02:17.0000000Z");
}

TEST(a_list_of_strings_is_cut_at_its_nuls)
{
	uint8_t raw[400], got[8192], expected[400];
	static const uint16_t units[] = { 0x178, 'x' };

	for (size_t first = 0; first < 20; first++) {
		size_t len = 0, out = 0;

		for (size_t item = 0; item < 3; item++) {
			expected[out++] = item ? ',' : '[';
			expected[out++] = '"';
			for (size_t i = 0; i < first + item; i++) {
				raw[len++] = (uint8_t)units[i % 2];
				raw[len++] = (uint8_t)(units[i % 2] >> 8);
				out += utf8_put(expected + out, units[i % 2]);
			}
			expected[out++] = '"';
			raw[len++] = 0;
			raw[len++] = 0;
		}
		expected[out++] = ']';
		expected[out] = 0;
		assert_span(text_of(EVTX_ARRAY | EVTX_STRING, span_of(raw, len), EVTX_JSON_VALUE, got),
			    (const char *)expected);
	}
}
