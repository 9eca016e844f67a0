#include "formats/ntfs/ntfs.h"

#include "base/utf8.h"

#define SECTOR 512
#define MOST_PARENTS 128
#define MOST_AHEAD (UINT64_C(1) << 20)	/* records that a base may stand behind its extension */
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
	uint64_t first;			/* cluster of the value that it begins with */
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
		out->first = 0;
		out->size = cursor_u32le(&a);
		out->content = span_sub(a.in, cursor_u16le(&a), (size_t)out->size);
	} else {
		out->first = cursor_u64le(&a);
		cursor_skip(&a, 24);
		out->size = cursor_u64le(&a);
		out->content = (struct span){ 0 };
	}
	return !c->short_read && !a.short_read;
}

/* Of several names the one that people see: not the 8.3 form where there is another. */
static void take_name(struct ntfs_table *t, struct ntfs_file *f, struct span content)
{
	struct ntfs_name name;

	if (!ntfs_name_read(content, &name) || (f->has_name && (name.space == 2 || f->space != 2)))
		return;
	f->name = arena_copy(t->arena, name.name);
	f->parent = name.parent;
	f->space = name.space;
	f->named_created = name.times.created;
	f->named_modified = name.times.modified;
	f->has_name = f->name.len;
}

static void take_stream(struct ntfs_table *t, struct ntfs_file *f, struct span name)
{
	struct ntfs_stream *s = f->stream_count < NTFS_MOST_STREAMS ? ARENA_NEW(t->arena, struct ntfs_stream) : NULL;

	if (!s)
		return;
	*s = (struct ntfs_stream){ arena_copy(t->arena, name), f->streams };
	f->streams = s;
	f->stream_count++;
}

/* An attribute that goes on in several records says its size where it begins. */
static void take_attribute(struct ntfs_table *t, struct ntfs_file *f, const struct attribute *a)
{
	struct cursor c = cursor_of(a->content);

	if (a->type == STANDARD_INFORMATION && a->is_resident) {
		f->times = read_times(&c);
		f->has_times = !c.short_read;
	} else if (a->type == FILE_NAME && a->is_resident) {
		take_name(t, f, a->content);
	} else if (a->type == DATA && !a->first && !a->name.len) {
		f->size = a->size;
	} else if (a->type == DATA && !a->first) {
		take_stream(t, f, a->name);
	}
}

static void forget(struct ntfs_file *f)
{
	*f = (struct ntfs_file){ .size = UINT64_MAX, .named_created = TIME_NONE, .named_modified = TIME_NONE,
		.times = { TIME_NONE, TIME_NONE, TIME_NONE, TIME_NONE } };
}

/* The file of that number, made where there is none yet; NULL: no memory, or out of all reason. */
static struct ntfs_file *file_slot(struct ntfs_table *t, uint64_t number)
{
	struct ntfs_file *f;

	if (number >= t->count + MOST_AHEAD)
		return NULL;
	while (t->slots <= number)
		if (!arena_push(t->arena, (void **)&t->files, &t->slots, &t->room, sizeof *t->files))
			return NULL;
	f = t->files[number];
	if (!f && (f = ARENA_NEW(t->arena, struct ntfs_file))) {
		forget(f);
		t->files[number] = f;
	}
	return f;
}

struct head {
	uint16_t sequence, first, flags;
	uint64_t base;			/* reference of the record that this one extends, or 0 */
};

static struct head read_head(struct span record)
{
	struct cursor c = cursor_of(record);
	struct head h;

	cursor_seek(&c, 16);
	h.sequence = cursor_u16le(&c);
	cursor_skip(&c, 2);
	h.first = cursor_u16le(&c);
	h.flags = cursor_u16le(&c);
	cursor_skip(&c, 8);
	h.base = cursor_u64le(&c);
	return h;
}

/* What an extension of an earlier file of the same number left there is no part of this one. */
static void take_base(struct ntfs_file *f, const struct head *h)
{
	if (f->sequence && f->sequence != h->sequence)
		forget(f);
	f->has_base = true;
	f->sequence = h->sequence;
	f->is_used = h->flags & 1;
	f->is_folder = h->flags & 2;
}

/*
 * A deleted file's own record counts one on, its extensions name it as it was. Where the
 * base is still to come, the newest that extensions name is taken for it.
 */
static bool is_extended(struct ntfs_file *f, uint64_t reference)
{
	uint16_t said = (uint16_t)(reference >> 48);

	if (!f->has_base && (!f->sequence || (int16_t)(said - f->sequence) > 0)) {
		forget(f);
		f->sequence = said;
	}
	return f->sequence == said || (f->has_base && !f->is_used && f->sequence == (uint16_t)(said + 1));
}

static void take_record(struct ntfs_table *t, struct span record)
{
	struct head h = read_head(record);
	struct cursor c = cursor_of(record);
	struct ntfs_file *f = file_slot(t, h.base ? h.base & NTFS_REFERENCE : t->count);
	struct attribute a;

	if (!f) {
		t->left_out++;
		return;
	}
	if (!h.base)
		take_base(f, &h);
	else if (!is_extended(f, h.base))
		return;
	cursor_seek(&c, h.first);
	while (next_attribute(&c, &a))
		take_attribute(t, f, &a);
}

/* One whole record, which is changed in place. */
static void add_record(struct ntfs_table *t, uint8_t *bytes)
{
	struct span record = span_of(bytes, t->record_size);

	if (!span_starts(record, SPAN("FILE")))
		t->damaged += load_u32le(bytes) != 0;
	else if (!ntfs_fixup(bytes, record.len))
		t->damaged++;
	else
		take_record(t, record);
	t->count++;
}

void ntfs_table_add(struct ntfs_table *t, struct span piece)
{
	while (piece.len) {
		size_t want = t->record_size - t->part_len;
		struct span taken = span_sub(piece, 0, want < piece.len ? want : piece.len);

		memcpy(t->part + t->part_len, taken.at, taken.len);
		t->part_len += taken.len;
		piece = span_from(piece, taken.len);
		if (t->part_len == t->record_size) {
			t->part_len = 0;
			add_record(t, t->part);
		}
	}
}

bool ntfs_table_open(struct ntfs_table *out, struct span start, struct arena *arena)
{
	struct cursor c = cursor_of(start);
	uint32_t size;

	if (!span_starts(start, SPAN("FILE")))
		return false;
	cursor_seek(&c, 28);
	size = cursor_u32le(&c);
	if (c.short_read || (size != 1024 && size != NTFS_RECORD_MOST))
		return false;
	*out = (struct ntfs_table){ .arena = arena, .record_size = size };
	return true;
}

const struct ntfs_file *ntfs_table_file(const struct ntfs_table *t, uint64_t number)
{
	const struct ntfs_file *f = number < t->slots ? t->files[number] : NULL;

	return f && f->has_base ? f : NULL;
}

static struct span text_of(struct span utf16, struct arena *arena)
{
	uint8_t *to = arena_alloc(arena, utf16.len / 2 * 3 + 1);

	return to ? span_of(to, utf8_of_utf16le(to, utf16)) : (struct span){ 0 };
}

/* A folder that was deleted has a newer sequence number in use, or one more than the reference says. */
static bool is_same(const struct ntfs_file *f, uint64_t reference)
{
	uint16_t said = (uint16_t)(reference >> 48);

	return f->sequence == said || (!f->is_used && f->sequence == (uint16_t)(said + 1));
}

struct span ntfs_table_path(const struct ntfs_table *t, uint64_t parent, struct span name,
			    struct arena *arena)
{
	struct span path = arena_printf(arena, "\\%.*s", SPAN_ARG(name));

	for (int i = 0; i < MOST_PARENTS && (parent & NTFS_REFERENCE) != NTFS_ROOT && path.len < MOST_PATH; i++) {
		const struct ntfs_file *f = ntfs_table_file(t, parent & NTFS_REFERENCE);

		if (!f || !f->has_name || !f->is_folder || !is_same(f, parent))
			return arena_printf(arena, "\\?%.*s", SPAN_ARG(path));
		path = arena_printf(arena, "\\%.*s%.*s", SPAN_ARG(text_of(f->name, arena)), SPAN_ARG(path));
		parent = f->parent;
	}
	return path;
}
