#include "codec/json_write.h"

#include "base/utf8.h"
#include "codec/escape.h"

#include <inttypes.h>
#include <math.h>

static void before_value(struct json_write *w)
{
	if (w->need_comma && !w->after_key)
		buf_add_u8(w->to, ',');
	w->need_comma = true;
	w->after_key = false;
}

static void open_with(struct json_write *w, uint8_t bracket)
{
	before_value(w);
	buf_add_u8(w->to, bracket);
	w->need_comma = false;
}

static void close_with(struct json_write *w, uint8_t bracket)
{
	buf_add_u8(w->to, bracket);
	w->need_comma = true;
}

void json_object(struct json_write *w)
{
	open_with(w, '{');
}

void json_object_end(struct json_write *w)
{
	close_with(w, '}');
}

void json_array(struct json_write *w)
{
	open_with(w, '[');
}

void json_array_end(struct json_write *w)
{
	close_with(w, ']');
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* A byte that is zero in `x` sets its highest bit; where none is, nothing is set. */
static uint64_t zeros(uint64_t x)
{
	return (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
}

static uint64_t each(uint8_t c)
{
	return UINT64_C(0x0101010101010101) * c;
}

/* How much of it needs no escape. */
static size_t plain_run(struct span text)
{
	size_t at = 0;

	while (text.len - at >= 8) {
		uint64_t x;

		memcpy(&x, text.at + at, 8);
		if (((x - each(0x20)) & ~x & each(0x80)) | (x & each(0x80)) | zeros(x ^ each(0x7f)) |
		    zeros(x ^ each('"')) | zeros(x ^ each('\\')))
			break;
		at += 8;
	}
	while (at < text.len && is_plain(text.at[at]))
		at++;
	return at;
}

void json_escape(struct buf *to, struct span text)
{
	static const char shorts[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
				       ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\' };

	while (text.len && !to->overflow) {
		size_t plain = plain_run(text), len;
		uint32_t code = 0xfffd;

		buf_add(to, span_sub(text, 0, plain));
		text = span_from(text, plain);
		if (!text.len)
			break;
		len = utf8_next(text, &code);
		if (!len)
			buf_text(to, "\xef\xbf\xbd");
		else if (code < sizeof shorts && shorts[code])
			buf_printf(to, "\\%c", shorts[code]);
		else if (escape_is_unsafe(code))
			buf_printf(to, "\\u%04" PRIx32, code);
		else
			buf_add(to, span_sub(text, 0, len));
		text = span_from(text, len ? len : 1);
	}
}

void json_span(struct json_write *w, struct span text)
{
	before_value(w);
	buf_add_u8(w->to, '"');
	json_escape(w->to, text);
	buf_add_u8(w->to, '"');
}

void json_text(struct json_write *w, const char *text)
{
	if (text)
		json_span(w, span_text(text));
	else
		json_null(w);
}

void json_key_span(struct json_write *w, struct span key)
{
	json_span(w, key);
	buf_add_u8(w->to, ':');
	w->after_key = true;
}

void json_key(struct json_write *w, const char *key)
{
	json_key_span(w, span_text(key));
}

void json_u64(struct json_write *w, uint64_t n)
{
	before_value(w);
	buf_decimal(w->to, n);
}

void json_i64(struct json_write *w, int64_t n)
{
	before_value(w);
	if (n < 0)
		buf_add_u8(w->to, '-');
	buf_decimal(w->to, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void json_double(struct json_write *w, double n)
{
	if (!isfinite(n)) {
		json_null(w);
		return;
	}
	before_value(w);
	buf_printf(w->to, "%.17g", n);
}

void json_raw(struct json_write *w, struct span json)
{
	before_value(w);
	buf_add(w->to, json);
}

void json_bool(struct json_write *w, bool yes)
{
	json_raw(w, yes ? SPAN("true") : SPAN("false"));
}

void json_null(struct json_write *w)
{
	json_raw(w, SPAN("null"));
}

void json_hex(struct json_write *w, struct span bytes)
{
	before_value(w);
	buf_add_u8(w->to, '"');
	buf_hex(w->to, bytes);
	buf_add_u8(w->to, '"');
}

void json_pair(struct json_write *w, const char *key, struct span text)
{
	if (!text.len)
		return;
	json_key(w, key);
	json_span(w, text);
}

void json_pair_time(struct json_write *w, const char *key, timestamp t)
{
	struct buf text = buf_new(64);

	if (t == TIME_NONE)
		return;
	timestamp_format(&text, t, 9);
	json_pair(w, key, buf_span(&text));
	buf_free(&text);
}
