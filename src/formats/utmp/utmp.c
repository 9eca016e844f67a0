#include "formats/utmp/utmp.h"

#define RECORD_32 384u
#define RECORD_64 400u
#define TRIED 64			/* records by which a layout is judged */
#define FAILLOG_WIDE 32
#define FAILLOG_NARROW 24
#define LASTLOG_RECORD ((size_t)292)

static uint16_t read_u16(struct cursor *c, bool big)
{
	return big ? cursor_u16be(c) : cursor_u16le(c);
}

static uint32_t read_u32(struct cursor *c, bool big)
{
	return big ? cursor_u32be(c) : cursor_u32le(c);
}

static uint64_t read_u64(struct cursor *c, bool big)
{
	return big ? cursor_u64be(c) : cursor_u64le(c);
}

static struct span take_text(struct cursor *c, size_t len)
{
	struct span s = cursor_take(c, len);

	return span_sub(s, 0, span_find_byte(s, 0, 0));
}

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < 32 || s.at[i] == 127)
			return false;
	return true;
}

static bool is_zero(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i])
			return false;
	return true;
}

static void read_address(struct cursor *c, struct utmp_record *r)
{
	struct span bytes = cursor_take(c, 16);

	if (bytes.len == 16)
		memcpy(r->address, bytes.at, 16);
	r->has_address = bytes.len && !is_zero(bytes);
	r->is_ipv6 = bytes.len && !is_zero(span_from(bytes, 4));
}

static void read_record(struct span bytes, const struct utmp_layout *layout,
			struct utmp_record *r)
{
	struct cursor c = cursor_of(bytes);
	bool big = layout->big_endian, wide = layout->size == RECORD_64;
	uint64_t seconds, micros;
	uint32_t type;

	type = read_u16(&c, big);
	cursor_skip(&c, 2);
	r->pid = (int32_t)read_u32(&c, big);
	r->line = take_text(&c, 32);
	r->id = take_text(&c, 4);
	r->user = take_text(&c, 32);
	r->host = take_text(&c, 256);
	cursor_skip(&c, 4);
	r->session = (int32_t)(wide ? read_u64(&c, big) : read_u32(&c, big));
	seconds = wide ? read_u64(&c, big) : read_u32(&c, big);
	micros = wide ? read_u64(&c, big) : read_u32(&c, big);
	read_address(&c, r);
	r->type = type <= UTMP_ACCOUNTING ? (enum utmp_type)type : UTMP_EMPTY;
	r->time = seconds && seconds < UINT32_MAX * UINT64_C(2) && micros < 1000000
			  ? timestamp_of_unix((int64_t)seconds, (uint32_t)micros * 1000) : TIME_NONE;
	r->state = is_zero(bytes) ? UTMP_ERASED
		 : type > UTMP_ACCOUNTING || micros >= 1000000 || !is_plain(r->user) ||
		   !is_plain(r->line) || !is_plain(r->host) ||
		   (type && r->time == TIME_NONE && r->type != UTMP_DEAD) ? UTMP_BAD : UTMP_GOOD;
}

bool utmp_next(struct span file, const struct utmp_layout *layout, size_t *at,
	       struct utmp_record *out)
{
	struct span bytes = span_sub(file, *at, layout->size);

	*out = (struct utmp_record){ .offset = *at, .time = TIME_NONE };
	if (bytes.len < layout->size)
		return false;
	read_record(bytes, layout, out);
	*at += layout->size;
	return true;
}

static size_t count_good(struct span file, const struct utmp_layout *layout)
{
	struct utmp_record r;
	size_t at = 0, good = 0, typed = 0;

	for (size_t i = 0; i < TRIED && utmp_next(file, layout, &at, &r); i++) {
		good += r.state == UTMP_GOOD;
		typed += r.state == UTMP_GOOD && r.type && (r.user.len || r.line.len);
	}
	return good + typed * 2;
}

bool utmp_find_layout(struct span file, struct utmp_layout *out, struct err *err)
{
	static const struct utmp_layout layouts[] = {
		{ RECORD_32, false }, { RECORD_64, false }, { RECORD_32, true }, { RECORD_64, true },
	};
	size_t best = 0;

	*out = layouts[0];
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		size_t good = count_good(file, &layouts[i]);

		if (good > best) {
			best = good;
			*out = layouts[i];
		}
	}
	return best || is_zero(file) ||
	       err_set(err, ERR_UNSUPPORTED, 0, "no records of utmp, of no layout that we know");
}

bool lastlog_next(struct span file, uint32_t *uid, struct lastlog_record *out)
{
	for (; (size_t)*uid < file.len / LASTLOG_RECORD; ++*uid) {
		struct cursor c = cursor_of(span_sub(file, (size_t)*uid * LASTLOG_RECORD,
						     LASTLOG_RECORD));
		uint32_t seconds = cursor_u32le(&c);

		if (!seconds)
			continue;
		out->uid = (*uid)++;
		out->time = timestamp_of_unix(seconds, 0);
		out->line = take_text(&c, 32);
		out->host = take_text(&c, 256);
		return true;
	}
	return false;
}

bool faillog_next(struct span file, bool is_wide, uint32_t *uid, struct faillog_record *out)
{
	size_t size = is_wide ? FAILLOG_WIDE : FAILLOG_NARROW;

	for (; (size_t)*uid < file.len / size; ++*uid) {
		struct cursor c = cursor_of(span_sub(file, (size_t)*uid * size, size));
		uint64_t seconds;

		out->count = cursor_u16le(&c);
		cursor_skip(&c, 2);
		out->line = take_text(&c, 12);
		seconds = is_wide ? cursor_u64le(&c) : cursor_u32le(&c);
		if (!seconds || seconds > UINT32_MAX)
			continue;
		out->uid = (*uid)++;
		out->time = timestamp_of_unix((int64_t)seconds, 0);
		return true;
	}
	return false;
}

/* Read as narrow, half of the times would be texts or counts. */
bool faillog_is_wide(struct span file)
{
	if (file.len % FAILLOG_WIDE)
		return false;
	for (size_t at = 0; at + FAILLOG_WIDE <= file.len; at += FAILLOG_WIDE)
		if (load_u32le(file.at + at + 20))
			return false;
	return true;
}
