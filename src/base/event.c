#include "base/event.h"

#include "base/real.h"
#include "base/utf8.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

static void guid_text(struct buf *to, struct span s)
{
	if (s.len != 16) {
		buf_hex(to, s);
		return;
	}
	buf_printf(to, "{%08" PRIx32 "-%04x-%04x-%02x%02x-", load_u32le(s.at), load_u16le(s.at + 4),
		   load_u16le(s.at + 6), s.at[8], s.at[9]);
	buf_hex(to, span_sub(s, 10, 6));
	buf_add_u8(to, '}');
}

static void sid_text(struct buf *to, struct span s)
{
	uint64_t authority;

	if (s.len < 8 || s.len < 8 + (size_t)s.at[1] * 4) {
		buf_hex(to, s);
		return;
	}
	authority = (uint64_t)load_u16be(s.at + 2) << 32 | load_u32be(s.at + 4);
	buf_printf(to, "S-%u-%" PRIu64, s.at[0], authority);
	for (size_t i = 0; i < s.at[1]; i++)
		buf_printf(to, "-%" PRIu32, load_u32le(s.at + 8 + 4 * i));
}

static void bytes_text(struct buf *to, struct span s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.len && !to->overflow; i++) {
		buf_add_u8(to, (uint8_t)digits[s.at[i] >> 4]);
		buf_add_u8(to, (uint8_t)digits[s.at[i] & 15]);
	}
}

/* Whole numbers as such, for rules compare numbers by their text. What a float can hold was one. */
static void float_text(struct buf *to, double n)
{
	char text[REAL_TEXT_MAX];
	size_t len = real_text(text, n, !(fabs(n) > (double)FLT_MAX) && (double)(float)n == n);
	struct span s = span_of(text, len);

	buf_add(to, span_ends(s, SPAN(".0")) ? span_sub(s, 0, len - 2) : s);
}

static void list_text(struct buf *to, const struct value *value)
{
	for (uint32_t i = 0; i < value->count && !to->overflow; i++) {
		if (i)
			buf_text(to, ", ");
		if (value->list[i].kind != VALUE_LIST)
			value_text(to, &value->list[i]);
	}
}

void value_text(struct buf *to, const struct value *value)
{
	switch (value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		break;
	case VALUE_BOOL:
		buf_text(to, value->u ? "true" : "false");
		break;
	case VALUE_INT:
		if (value->i < 0)
			buf_add_u8(to, '-');
		buf_decimal(to, value->i < 0 ? 0 - (uint64_t)value->i : (uint64_t)value->i);
		break;
	case VALUE_UINT:
		buf_decimal(to, value->u);
		break;
	case VALUE_HEX:
		buf_printf(to, "0x%" PRIx64, value->u);
		break;
	case VALUE_FLOAT:
		float_text(to, value->f);
		break;
	case VALUE_TEXT:
		buf_add(to, value->bytes);
		break;
	case VALUE_UTF16:
		utf8_add_utf16le(to, value->bytes);
		break;
	case VALUE_BYTES:
		bytes_text(to, value->bytes);
		break;
	case VALUE_GUID:
		guid_text(to, value->bytes);
		break;
	case VALUE_SID:
		sid_text(to, value->bytes);
		break;
	case VALUE_TIME:
		timestamp_format(to, value->i, 7);
		break;
	case VALUE_LIST:
		list_text(to, value);
		break;
	}
}

uint32_t event_shape_find(const struct event_shape *shape, struct span name)
{
	for (uint32_t i = 0; i < shape->count; i++)
		if (span_eq(shape->names[i], name))
			return i;
	return EVENT_NO_SLOT;
}
