#include "formats/evtx/evtx_value.h"

#include "base/event.h"
#include "codec/code_page.h"
#include "formats/evtx/evtx_digits.h"

const uint8_t evtx_widths[256] = {
	[EVTX_INT8] = 1, [EVTX_UINT8] = 1, [EVTX_INT16] = 2, [EVTX_UINT16] = 2,
	[EVTX_INT32] = 4, [EVTX_UINT32] = 4, [EVTX_INT64] = 8, [EVTX_UINT64] = 8,
	[EVTX_FLOAT] = 4, [EVTX_DOUBLE] = 8, [EVTX_BOOL] = 4, [EVTX_GUID] = 16,
	[EVTX_SIZE] = 8, [EVTX_FILETIME] = 8, [EVTX_SYSTEMTIME] = 16, [EVTX_HEX32] = 4,
	[EVTX_HEX64] = 8,
};

static uint64_t unsigned_of(struct span s)
{
	uint64_t n = 0;

	for (size_t i = s.len < 8 ? s.len : 8; i-- > 0; )
		n = n << 8 | s.at[i];
	return n;
}

static int64_t signed_of(struct span s)
{
	unsigned unused = 64 - 8 * (unsigned)s.len;

	return s.len ? (int64_t)(unsigned_of(s) << unused) >> unused : 0;
}

static double float_of(struct span s)
{
	uint64_t bits = unsigned_of(s);
	uint32_t half = (uint32_t)bits;
	double whole;
	float part;

	if (s.len == 4)
		return memcpy(&part, &half, sizeof part), (double)part;
	return memcpy(&whole, &bits, sizeof whole), whole;
}

static timestamp systemtime_of(struct span s)
{
	const uint8_t *p = s.at;

	return timestamp_of_civil(load_u16le(p), load_u16le(p + 2), load_u16le(p + 6),
				  load_u16le(p + 8), load_u16le(p + 10), load_u16le(p + 12),
				  (uint32_t)load_u16le(p + 14) * 1000000u);
}

/* Strings are counted and, by many writers, ended by NUL as well. */
static struct span without_nul(struct span utf16)
{
	utf16.len &= ~(size_t)1;
	while (utf16.len && !utf16.at[utf16.len - 1] && !utf16.at[utf16.len - 2])
		utf16.len -= 2;
	return utf16;
}

static struct span ansi_text(struct arena *scratch, uint16_t code_page, struct span s)
{
	uint8_t *to;
	size_t ascii = 0;

	while (s.len && !s.at[s.len - 1])
		s.len--;
	while (ascii < s.len && s.at[ascii] < 0x80)
		ascii++;
	if (ascii == s.len)
		return s;
	to = arena_alloc(scratch, s.len * 3);
	return to ? span_of(to, code_page_to_utf8(code_page, s, to)) : (struct span){ 0 };
}

static void read_time(timestamp t, struct span s, struct value *out)
{
	if (t == TIME_NONE)
		*out = (struct value){ .kind = VALUE_HEX, .u = unsigned_of(s) };
	else
		*out = (struct value){ .kind = VALUE_TIME, .i = t };
}

/* What is no time, as zeros are, keeps its digits. */
static void read_systemtime(struct arena *scratch, struct span s, struct value *out)
{
	timestamp t = systemtime_of(s);
	uint8_t *to = t == TIME_NONE ? arena_alloc(scratch, EVTX_SYSTEMTIME_TEXT) : NULL;

	if (to)
		*out = (struct value){ .kind = VALUE_TEXT,
				       .bytes = span_of(to, (size_t)(evtx_put_systemtime(to, s.at) - to)) };
	else
		read_time(t, s, out);
}

static uint64_t bits_of(struct span s)
{
	return s.len == 8 ? load_u64le(s.at) : s.len == 4 ? load_u32le(s.at) : s.len ? unsigned_of(s) : 0;
}

/* One value that is no list and has the width its type wants. */
static void read_one(struct arena *scratch, uint16_t code_page, uint8_t type, struct span s,
			    struct value *out)
{
	switch (type) {
	case EVTX_NULL:
		*out = (struct value){ .kind = VALUE_NULL };
		return;
	case EVTX_STRING:
	case EVTX_XML:
		*out = (struct value){ .kind = VALUE_UTF16, .bytes = without_nul(s) };
		return;
	case EVTX_ANSI:
		*out = (struct value){ .kind = VALUE_TEXT,
				       .bytes = ansi_text(scratch, code_page, s) };
		return;
	case EVTX_INT8:
	case EVTX_INT16:
	case EVTX_INT32:
	case EVTX_INT64:
		*out = (struct value){ .kind = VALUE_INT, .i = signed_of(s) };
		return;
	case EVTX_UINT8:
		*out = (struct value){ .kind = VALUE_UINT, .u = s.len ? s.at[0] : 0 };
		return;
	case EVTX_UINT16:
		*out = (struct value){ .kind = VALUE_UINT, .u = s.len ? load_u16le(s.at) : 0 };
		return;
	case EVTX_UINT32:
	case EVTX_UINT64:
		*out = (struct value){ .kind = VALUE_UINT, .u = bits_of(s) };
		return;
	case EVTX_FLOAT:
	case EVTX_DOUBLE:
		*out = (struct value){ .kind = VALUE_FLOAT, .f = float_of(s) };
		return;
	case EVTX_BOOL:
		*out = (struct value){ .kind = VALUE_BOOL, .u = bits_of(s) != 0 };
		return;
	case EVTX_GUID:
		*out = (struct value){ .kind = VALUE_GUID, .bytes = s };
		return;
	case EVTX_FILETIME:
		read_time(timestamp_of_filetime(bits_of(s)), s, out);
		return;
	case EVTX_SYSTEMTIME:
		read_systemtime(scratch, s, out);
		return;
	case EVTX_SID:
		*out = (struct value){ .kind = VALUE_SID, .bytes = s };
		return;
	case EVTX_SIZE:
	case EVTX_HEX32:
	case EVTX_HEX64:
	case EVTX_HANDLE:
		*out = (struct value){ .kind = VALUE_HEX, .u = bits_of(s) };
		return;
	default:
		*out = (struct value){ .kind = VALUE_BYTES, .bytes = s };
	}
}

bool evtx_type_fits(uint8_t type, size_t len)
{
	size_t width = evtx_widths[type];

	if (type == EVTX_SIZE || type == EVTX_HANDLE)
		return len == 4 || len == 8;
	if (type == EVTX_BOOL)
		return len == 1 || len == 4;
	if (type == EVTX_SID)
		return len >= 8;
	return !width || len == width;
}

/* Bytes before the first UTF-16 NUL, else all but an odd one; four units at a time. */
static size_t text_len(struct span s)
{
	const uint64_t ones = UINT64_C(0x0001000100010001);
	size_t len = 0;

	for (uint64_t four; s.len - len >= 8; len += 8) {
		four = load_u64le(s.at + len);
		if ((four - ones) & ~four & ones << 15)
			break;
	}
	while (len + 1 < s.len && (s.at[len] || s.at[len + 1]))
		len += 2;
	return len;
}

struct span evtx_type_next(uint8_t type, struct span *rest)
{
	size_t width = evtx_widths[type], len = rest->len;
	struct span got;

	if (type == EVTX_STRING) {
		len = text_len(*rest);
		width = len + 2;
	} else if (type == EVTX_ANSI) {
		len = span_find_byte(*rest, 0, 0);
		len = len == SIZE_MAX ? rest->len : len;
		width = len + 1;
	} else if (type == EVTX_SID) {
		len = width = rest->len >= 8 ? 8 + (size_t)rest->at[1] * 4 : rest->len;
	} else if (width) {
		len = width;
	} else {
		width = rest->len;
	}
	got = span_sub(*rest, 0, len);
	*rest = span_from(*rest, width);
	return got;
}

static void read_list(struct arena *scratch, uint16_t code_page, uint8_t type, struct span s,
		      struct value *out)
{
	struct span rest = s;
	struct value *items;
	uint32_t count = 0;

	while (rest.len) {
		evtx_type_next(type, &rest);
		count++;
	}
	items = count <= EVTX_LIST_MAX ? ARENA_ARRAY(scratch, count, struct value) : NULL;
	if (!items) {
		*out = (struct value){ .kind = VALUE_BYTES, .bytes = s };
		return;
	}
	rest = s;
	for (uint32_t i = 0; i < count; i++) {
		struct span one = evtx_type_next(type, &rest);

		read_one(scratch, code_page, evtx_type_fits(type, one.len) ? type : EVTX_BINARY, one,
			 &items[i]);
	}
	*out = (struct value){ .kind = VALUE_LIST, .count = count, .list = items };
}

static __attribute__((noinline)) void read_other(struct arena *scratch, uint16_t code_page,
						 const struct evtx_value *v, struct value *out)
{
	uint8_t type = v->type;

	if (type & EVTX_ARRAY)
		read_list(scratch, code_page, type & (uint8_t)~EVTX_ARRAY, evtx_value_span(v), out);
	else
		read_one(scratch, code_page, evtx_type_fits(type, v->len) ? type : EVTX_BINARY,
			 evtx_value_span(v), out);
}

/* What most values are, which are read without a look at the rest. */
static const struct plain {
	uint8_t width, kind;
} plain[256] = {
	[EVTX_UINT8] = { 1, VALUE_UINT }, [EVTX_UINT16] = { 2, VALUE_UINT },
	[EVTX_UINT32] = { 4, VALUE_UINT }, [EVTX_UINT64] = { 8, VALUE_UINT },
	[EVTX_HEX32] = { 4, VALUE_HEX }, [EVTX_HEX64] = { 8, VALUE_HEX },
	[EVTX_SIZE] = { 8, VALUE_HEX }, [EVTX_GUID] = { 16, VALUE_GUID },
};

static inline void read_plain(struct plain as, const uint8_t *at, struct value *out)
{
	out->kind = as.kind;
	out->count = 0;
	if (as.width == 4)
		out->u = load_u32le(at);
	else if (as.width == 8)
		out->u = load_u64le(at);
	else if (as.width == 16)
		out->bytes = span_of(at, 16);
	else
		out->u = as.width == 1 ? at[0] : load_u16le(at);
}

void evtx_value_read(struct arena *scratch, uint16_t code_page, const struct evtx_value *v,
		     struct value *out)
{
	struct plain as = plain[v->type];

	if (v->type == EVTX_STRING)
		*out = (struct value){ .kind = VALUE_UTF16,
				       .bytes = without_nul(evtx_value_span(v)) };
	else if (as.width && v->len == as.width)
		read_plain(as, v->at, out);
	else
		read_other(scratch, code_page, v, out);
}
