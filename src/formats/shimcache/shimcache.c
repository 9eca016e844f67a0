#include "formats/shimcache/shimcache.h"

#define XP_HEADER 400
#define XP_PATH 528
#define MAGIC_XP UINT32_C(0xdeadbeef)
#define MAGIC_2003 UINT32_C(0xbadc0ffe)
#define MAGIC_7 UINT32_C(0xbadc0fee)
#define UNKNOWN_COUNT UINT32_MAX	/* Windows 8 and later promise nothing */
#define STARTED 2

/* In the wide form of an entry four bytes of padding stand where the narrow one has its offset. */
static bool is_wide(struct span value, size_t header)
{
	struct cursor c = cursor_of(span_from(value, header));
	uint32_t second;

	cursor_skip(&c, 4);
	second = cursor_u32le(&c);
	return !second;
}

static void begin(struct shimcache *s, enum shimcache_form form, size_t header, uint32_t count)
{
	s->form = form;
	s->left = count;
	cursor_seek(&s->at, header);
}

static bool is_entry(struct span at)
{
	return span_starts(at, SPAN("00ts")) || span_starts(at, SPAN("10ts"));
}

/* The header of Windows 8 has 128 bytes and does not always say so. */
static bool open_modern(struct shimcache *s, struct span value)
{
	uint32_t header = load_u32le(value.at);

	if (is_entry(span_from(value, 128)))
		begin(s, SHIMCACHE_8, 128, UNKNOWN_COUNT);
	else if (header >= 8 && header < 128 && is_entry(span_from(value, header)))
		begin(s, SHIMCACHE_10, header, UNKNOWN_COUNT);
	else
		return false;
	return true;
}

bool shimcache_open(struct shimcache *out, struct span value, struct err *err)
{
	struct cursor c = cursor_of(value);
	uint32_t magic = cursor_u32le(&c), count = cursor_u32le(&c);

	*out = (struct shimcache){ .bytes = value, .at = cursor_of(value) };
	if (c.short_read)
		return err_set(err, ERR_UNSUPPORTED, 0, "shorter than any header");
	if (magic == MAGIC_XP)
		begin(out, SHIMCACHE_XP, XP_HEADER, count);
	else if (magic == MAGIC_2003)
		begin(out, is_wide(value, 8) ? SHIMCACHE_2003_64 : SHIMCACHE_2003_32, 8, count);
	else if (magic == MAGIC_7)
		begin(out, is_wide(value, 128) ? SHIMCACHE_7_64 : SHIMCACHE_7_32, 128, count);
	else if (!open_modern(out, value))
		return err_set(err, ERR_UNSUPPORTED, 0, "form %08x is not known", magic);
	return true;
}

static void next_xp(struct cursor *c, struct shimcache_entry *out)
{
	out->path = cursor_take(c, XP_PATH);
	out->modified = timestamp_of_filetime(cursor_u64le(c));
	out->size = cursor_u64le(c);
	out->updated = timestamp_of_filetime(cursor_u64le(c));
}

/* Server 2003 keeps the size of the file where Vista and 2008 keep flags: small numbers. */
static void next_by_offset(struct shimcache *s, struct shimcache_entry *out)
{
	bool wide = s->form == SHIMCACHE_2003_64 || s->form == SHIMCACHE_7_64;
	bool is_7 = s->form == SHIMCACHE_7_32 || s->form == SHIMCACHE_7_64;
	struct cursor *c = &s->at;
	uint16_t len = cursor_u16le(c);
	uint64_t offset;
	uint32_t flags, high;

	cursor_skip(c, wide ? 6 : 2);
	offset = wide ? cursor_u64le(c) : cursor_u32le(c);
	out->modified = timestamp_of_filetime(cursor_u64le(c));
	flags = cursor_u32le(c);
	high = cursor_u32le(c);
	if (is_7)
		cursor_skip(c, wide ? 16 : 8);
	out->path = offset <= s->bytes.len ? span_sub(s->bytes, (size_t)offset, len) : (struct span){ 0 };
	out->is_flagged = (is_7 || flags < 256) && flags & STARTED;
	if (!is_7 && flags >= 256)
		out->size = (uint64_t)high << 32 | flags;
}

static bool next_modern(struct shimcache *s, struct shimcache_entry *out)
{
	struct cursor *c = &s->at, entry;
	uint32_t size;

	cursor_skip(c, 8);
	size = cursor_u32le(c);
	entry = cursor_of(cursor_take(c, size));
	out->path = cursor_take(&entry, cursor_u16le(&entry));
	if (s->form == SHIMCACHE_8) {
		cursor_skip(&entry, cursor_u16le(&entry));
		out->is_flagged = cursor_u32le(&entry) & STARTED;
		cursor_skip(&entry, 4);
	}
	out->modified = timestamp_of_filetime(cursor_u64le(&entry));
	return !c->short_read && !entry.short_read;
}

bool shimcache_next(struct shimcache *s, struct shimcache_entry *out)
{
	*out = (struct shimcache_entry){ .modified = TIME_NONE, .updated = TIME_NONE, .size = UINT64_MAX };
	if (!s->left || s->at.short_read)
		return false;
	if (s->form >= SHIMCACHE_8) {
		bool more = is_entry(span_from(s->bytes, s->at.at));
		bool whole = more && next_modern(s, out);

		s->left = whole ? UNKNOWN_COUNT : more;
		s->at.short_read = !whole;
		return whole;
	}
	if (s->form == SHIMCACHE_XP)
		next_xp(&s->at, out);
	else
		next_by_offset(s, out);
	s->left -= !s->at.short_read;
	return !s->at.short_read;
}
