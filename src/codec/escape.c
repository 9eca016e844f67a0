#include "codec/escape.h"

#include "base/utf8.h"

#include <inttypes.h>

bool escape_is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
	       code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

static void terminal_char(struct buf *to, struct span raw, uint32_t code)
{
	if (code < 0x100)
		buf_printf(to, "\\x%02" PRIx32, code);
	else if (escape_is_unsafe(code))
		buf_printf(to, "\\u{%" PRIx32 "}", code);
	else
		buf_add(to, raw);
}

void escape_terminal(struct buf *to, struct span text)
{
	while (text.len && !to->overflow) {
		uint32_t code;
		size_t len = utf8_next(text, &code);

		if (!len)
			buf_printf(to, "\\x%02x", text.at[0]);
		else if (!escape_is_unsafe(code))
			buf_add(to, span_sub(text, 0, len));
		else
			terminal_char(to, span_sub(text, 0, len), code);
		text = span_from(text, len ? len : 1);
	}
}

/* East Asian wide and full-width blocks take two columns; good enough for cutting. */
static size_t width_of(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
	       (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
	       (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd)
		? 2 : 1;
}

size_t escape_columns(struct span text)
{
	size_t total = 0;
	uint32_t code;

	while (text.len) {
		size_t len = utf8_next(text, &code);

		total += len ? width_of(code) : 1;
		text = span_from(text, len ? len : 1);
	}
	return total;
}

size_t escape_terminal_fit(struct buf *to, struct span text, size_t columns)
{
	struct buf safe = buf_new((size_t)1 << 20);
	size_t width, head = columns > 1 ? (columns - 1) / 3 : 0, tail, used = 0;
	struct span rest;

	escape_terminal(&safe, span_sub(text, 0, 65536));
	rest = buf_span(&safe);
	width = escape_columns(rest);
	if (width <= columns) {
		buf_add(to, rest);
		buf_free(&safe);
		return width;
	}
	tail = columns ? columns - 1 - head : 0;
	while (rest.len && width > tail) {
		uint32_t code;
		size_t len = utf8_next(rest, &code), wide;

		len = len ? len : 1;
		wide = width_of(code);
		if (used + wide <= head) {
			buf_add(to, span_sub(rest, 0, len));
			used += wide;
		} else {
			head = 0;
		}
		width -= wide;
		rest = span_from(rest, len);
	}
	buf_text(to, columns ? "…" : "");
	buf_add(to, rest);
	buf_free(&safe);
	return used + (columns ? 1 : 0) + width;
}

void escape_html(struct buf *to, struct span text)
{
	while (text.len && !to->overflow) {
		uint32_t code;
		size_t len = utf8_next(text, &code);

		if (!len)
			buf_text(to, "\xef\xbf\xbd");
		else if (code == '&')
			buf_text(to, "&amp;");
		else if (code == '<')
			buf_text(to, "&lt;");
		else if (code == '>')
			buf_text(to, "&gt;");
		else if (code == '"')
			buf_text(to, "&quot;");
		else if (code == '\'')
			buf_text(to, "&#39;");
		else if (escape_is_unsafe(code) && code != '\n' && code != '\t')
			terminal_char(to, span_sub(text, 0, len), code);
		else
			buf_add(to, span_sub(text, 0, len));
		text = span_from(text, len ? len : 1);
	}
}

void escape_csv(struct buf *to, struct span text)
{
	buf_add_u8(to, '"');
	if (text.len && strchr("=+-@\t\r", text.at[0]) && text.at[0])
		buf_add_u8(to, '\'');
	while (text.len && !to->overflow) {
		uint32_t code;
		size_t plain = 0, len;

		while (plain < text.len && text.at[plain] >= 0x20 && text.at[plain] < 0x7f &&
		       text.at[plain] != '"' && text.at[plain] != '\\')
			plain++;
		if (plain) {
			buf_add(to, span_sub(text, 0, plain));
			text = span_from(text, plain);
			continue;
		}
		len = utf8_next(text, &code);
		if (!len)
			buf_printf(to, "\\x%02x", text.at[0]);
		else if (code == '"')
			buf_text(to, "\"\"");
		else if (escape_is_unsafe(code))
			terminal_char(to, span_sub(text, 0, len), code);
		else
			buf_add(to, span_sub(text, 0, len));
		text = span_from(text, len ? len : 1);
	}
	buf_add_u8(to, '"');
}
