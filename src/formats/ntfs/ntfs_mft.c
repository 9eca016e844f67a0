#include "formats/ntfs/ntfs.h"

#include "base/utf8.h"

#define SECTOR 512
#define MOST_PARENTS 128
#define MOST_PATH ((size_t)32 << 10)
enum { STANDARD_INFORMATION = 0x10, FILE_NAME = 0x30, DATA = 0x80, END = -1 };

/* The last two bytes of each sector were moved to an array, so that torn writes show. */
bool ntfs_fixup(uint8_t *bytes, size_t len)
{
	struct cursor c = cursor_of(span_of(bytes, len));
	struct span mark;
	uint16_t at, count;

	cursor_seek(&c, 4);
	at = cursor_u16le(&c);
	count = cursor_u16le(&c);
	cursor_seek(&c, at);
	mark = cursor_take(&c, 2);
	for (size_t end = SECTOR; count > 1 && end <= len; end += SECTOR, count--) {
		struct span real = cursor_take(&c, 2);

		if (c.short_read || memcmp(bytes + end - 2, mark.at, 2) != 0)
			return false;
		memcpy(bytes + end - 2, real.at, 2);
	}
	return !c.short_read;
}

static struct ntfs_times read_times(struct cursor *c)
{
	struct ntfs_times t;

	t.created = timestamp_of_filetime(cursor_u64le(c));
	t.modified = timestamp_of_filetime(cursor_u64le(c));
	t.changed = timestamp_of_filetime(cursor_u64le(c));
	t.accessed = timestamp_of_filetime(cursor_u64le(c));
	return t;
}

bool ntfs_name_read(struct span content, struct ntfs_name *out)
{
	struct cursor c = cursor_of(content);
	uint8_t len;

	out->parent = cursor_u64le(&c);
	out->times = read_times(&c);
	cursor_skip(&c, 8);
	out->size = cursor_u64le(&c);
	out->attributes = cursor_u32le(&c);
	cursor_skip(&c, 4);
	len = cursor_u8(&c);
	out->space = cursor_u8(&c);
	out->name = cursor_take(&c, (size_t)len * 2);
	return !c.short_read && len && out->space < 4;
}

struct attribute {
	uint32_t type;
	bool is_resident;
	struct span name, content;
	uint64_t size;
};

static bool next_attribute(struct cursor *c, struct attribute *out)
{
	struct cursor a;
	size_t from = c->at;
	uint32_t len;
	uint16_t name_at;
	uint8_t name_len;

	out->type = cursor_u32le(c);
	len = cursor_u32le(c);
	if (c->short_read || out->type == (uint32_t)END || len < 24 || len % 8)
		return false;
	cursor_seek(c, from);
	a = cursor_of(cursor_take(c, len));
	cursor_skip(&a, 8);
	out->is_resident = !cursor_u8(&a);
	name_len = cursor_u8(&a);
	name_at = cursor_u16le(&a);
	out->name = span_sub(a.in, name_at, (size_t)name_len * 2);
	cursor_skip(&a, 4);
	if (out->is_resident) {
		out->size = cursor_u32le(&a);
		out->content = span_sub(a.in, cursor_u16le(&a), (size_t)out->size);
	} else {
		cursor_skip(&a, 32);
		out->size = cursor_u64le(&a);
		out->content = (struct span){ 0 };
	}
	return !c->short_read && !a.short_read;
}

/* Of several names the one that people see: not the 8.3 form where there is another. */
static void take_name(struct ntfs_record *r, struct span content)
{
	struct ntfs_name name;

	if (!ntfs_name_read(content, &name) || (r->has_name && name.space == 2))
		return;
	r->name = name;
	r->has_name = true;
}

static void take_attribute(struct ntfs_record *r, const struct attribute *a)
{
	struct cursor c = cursor_of(a->content);

	if (a->type == STANDARD_INFORMATION && a->is_resident) {
		r->times = read_times(&c);
		r->attributes = cursor_u32le(&c);
		r->has_times = !c.short_read;
	} else if (a->type == FILE_NAME && a->is_resident) {
		take_name(r, a->content);
	} else if (a->type == DATA && !a->name.len) {
		r->size = a->size;
		r->resident = a->content;
	} else if (a->type == DATA && r->stream_count < NTFS_MOST_STREAMS) {
		r->streams[r->stream_count++] = a->name;
	}
}

static struct span bytes_of(const struct ntfs_mft *m, uint64_t number)
{
	return number < m->count ? span_sub(m->bytes, (size_t)number * m->record_size, m->record_size)
				 : (struct span){ 0 };
}

enum ntfs_read ntfs_mft_read(const struct ntfs_mft *m, uint64_t number, struct ntfs_record *out)
{
	struct span raw = bytes_of(m, number);
	struct cursor c;
	struct attribute a;
	uint16_t flags, first;

	if (raw.len < m->record_size || !span_starts(raw, SPAN("FILE")))
		return raw.len && load_u32le(raw.at) ? NTFS_DAMAGED : NTFS_FREE;
	memset(out, 0, offsetof(struct ntfs_record, bytes));
	memcpy(out->bytes, raw.at, raw.len);
	if (!ntfs_fixup(out->bytes, raw.len))
		return NTFS_DAMAGED;
	c = cursor_of(span_of(out->bytes, raw.len));
	cursor_seek(&c, 16);
	out->sequence = cursor_u16le(&c);
	cursor_skip(&c, 2);
	first = cursor_u16le(&c);
	flags = cursor_u16le(&c);
	cursor_skip(&c, 8);
	out->number = number;
	out->is_used = flags & 1;
	out->is_folder = flags & 2;
	out->is_extension = cursor_u64le(&c) != 0;
	out->size = UINT64_MAX;
	cursor_seek(&c, first);
	while (next_attribute(&c, &a))
		take_attribute(out, &a);
	return NTFS_READ;
}

bool ntfs_mft_open(struct ntfs_mft *out, struct span bytes)
{
	struct cursor c = cursor_of(bytes);
	uint32_t size;

	if (!span_starts(bytes, SPAN("FILE")))
		return false;
	cursor_seek(&c, 28);
	size = cursor_u32le(&c);
	if (c.short_read || (size != 1024 && size != 4096))
		return false;
	*out = (struct ntfs_mft){ .bytes = bytes, .record_size = size, .count = bytes.len / size };
	return true;
}

static struct span text_of(struct span utf16, struct arena *arena)
{
	uint8_t *to = arena_alloc(arena, utf16.len / 2 * 3 + 1);

	return to ? span_of(to, utf8_of_utf16le(to, utf16)) : (struct span){ 0 };
}

/* A folder that was deleted has a newer sequence number in use, or one more than the reference says. */
static bool is_same(const struct ntfs_record *r, uint64_t reference)
{
	uint16_t said = (uint16_t)(reference >> 48);

	return r->sequence == said || (!r->is_used && r->sequence == (uint16_t)(said + 1));
}

struct span ntfs_mft_path(const struct ntfs_mft *m, uint64_t parent, struct span name, struct arena *arena)
{
	struct span path = arena_printf(arena, "\\%.*s", SPAN_ARG(name));
	struct ntfs_record r;

	for (int i = 0; i < MOST_PARENTS && (parent & NTFS_REFERENCE) != NTFS_ROOT && path.len < MOST_PATH; i++) {
		struct span folder;

		if (ntfs_mft_read(m, parent & NTFS_REFERENCE, &r) != NTFS_READ || !r.has_name || !r.is_folder ||
		    !is_same(&r, parent))
			return arena_printf(arena, "\\?%.*s", SPAN_ARG(path));
		folder = text_of(r.name.name, arena);
		path = arena_printf(arena, "\\%.*s%.*s", SPAN_ARG(folder), SPAN_ARG(path));
		parent = r.name.parent;
	}
	return path;
}
