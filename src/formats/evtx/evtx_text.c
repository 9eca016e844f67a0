#include "formats/evtx/evtx_text.h"

#include "base/utf8.h"
#include "codec/code_page.h"
#include "codec/json_write.h"

static uint8_t *put_span(uint8_t *to, struct span s)
{
	memcpy(to, s.at, s.len);
	return to + s.len;
}

static __attribute__((noinline)) uint8_t *put_ansi(uint8_t *to, uint16_t code_page, struct span s, bool xml)
{
	while (s.len && !s.at[s.len - 1])
		s.len--;
	while (s.len) {
		uint32_t code;

		s = span_from(s, code_page_next(code_page, s, &code));
		to = evtx_put_character(to, code, xml);
	}
	return to;
}

bool evtx_text_is_quoted(uint8_t type)
{
	return !((type >= EVTX_INT8 && type <= EVTX_UINT64) || type == EVTX_BOOL);
}

/* Of what comes in two widths. */
static uint64_t bits_of(struct span s)
{
	return s.len == 8 ? load_u64le(s.at) : s.len == 4 ? load_u32le(s.at) : s.at[0];
}

/* A value of a length that fits its type, without quotes. */
static inline uint8_t *put_one(struct evtx_texter *t, uint8_t *to, uint8_t type, struct span s, bool xml)
{
	switch (type) {
	case EVTX_STRING:
	case EVTX_XML:
		return evtx_put_utf16(to, s, t->readable, xml);
	case EVTX_ANSI:
		return put_ansi(to, t->code_page, s, xml);
	case EVTX_INT8:
		return evtx_put_signed(to, (int8_t)s.at[0]);
	case EVTX_INT16:
		return evtx_put_signed(to, (int16_t)load_u16le(s.at));
	case EVTX_INT32:
		return evtx_put_signed(to, (int32_t)load_u32le(s.at));
	case EVTX_INT64:
		return evtx_put_signed(to, (int64_t)load_u64le(s.at));
	case EVTX_UINT8:
		return evtx_put_decimal(to, s.at[0]);
	case EVTX_UINT16:
		return evtx_put_decimal(to, load_u16le(s.at));
	case EVTX_UINT32:
		return evtx_put_decimal(to, load_u32le(s.at));
	case EVTX_UINT64:
		return evtx_put_decimal(to, load_u64le(s.at));
	case EVTX_FLOAT:
	case EVTX_DOUBLE:
		return evtx_put_float(to, s);
	case EVTX_BOOL:
		return put_span(to, bits_of(s) ? SPAN("true") : SPAN("false"));
	case EVTX_GUID:
		return evtx_put_guid(to, s.at);
	case EVTX_SIZE:
	case EVTX_HEX32:
	case EVTX_HEX64:
	case EVTX_HANDLE:
		return evtx_put_hex(to, bits_of(s));
	case EVTX_FILETIME:
		return evtx_put_time(&t->clock, to, load_u64le(s.at));
	case EVTX_SYSTEMTIME:
		return evtx_put_systemtime(to, s.at);
	case EVTX_SID:
		return evtx_put_sid(t->sids, to, s);
	default:
		return evtx_put_bytes(to, s);
	}
}

uint8_t *evtx_text_plain(struct evtx_texter *t, uint8_t *to, const struct evtx_value *v, bool xml)
{
	return put_one(t, to, v->type, evtx_value_span(v), xml);
}

static uint8_t *put_quoted(struct evtx_texter *t, uint8_t *to, uint8_t type, struct span s,
			   enum evtx_mode mode)
{
	if (type != EVTX_STRING && !evtx_type_fits(type, s.len))
		type = EVTX_BINARY;
	if (mode != EVTX_JSON_VALUE || !evtx_text_is_quoted(type))
		return put_one(t, to, type, s, mode == EVTX_XML_PART);
	*to++ = '"';
	to = put_one(t, to, type, s, false);
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
		buf_add(to, span_of(raw, (size_t)(evtx_put_character(raw, code, true) - raw)));
		utf8 = span_from(utf8, len ? len : 1);
	}
}
