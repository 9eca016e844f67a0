#include "formats/journal/journal.h"

#include "codec/expand.h"

#include <stdlib.h>

enum { FEATURE_XZ = 1, FEATURE_LZ4 = 2, FEATURE_KEYED = 4, FEATURE_ZSTD = 8, FEATURE_COMPACT = 16,
       FEATURES_KNOWN = 31 };
enum { OBJECT_DATA = 1, OBJECT_ENTRY = 3, OBJECT_LAST = 7 };
enum { PACKED_XZ = 1, PACKED_LZ4 = 2, PACKED_ZSTD = 4 };
enum { STATE_ONLINE = 1, STATE_LAST = 2 };

#define HEADER_LEAST 208
#define OBJECT_HEAD 16
#define ENTRY_HEAD 64
#define DATA_HEAD 64
#define DATA_HEAD_COMPACT 72
/* Header sizes that were ever written: 208 to 272. */
#define HEADER_MOST 4096

struct object {
	uint8_t type, flags;
	uint64_t size;
	struct span body;		/* head included */
};

struct reader {
	struct span file;
	bool compact;
	size_t at;
	journal_fn *each;
	void *context;
	struct journal_report *report;
	struct buf text;		/* unpacked fields of the entry at hand */
	struct buf unpacked;
	struct span fields[JOURNAL_FIELDS_MAX];
	uint64_t last_seqnum;
	bool stopped;
};

static bool take_object(const struct reader *r, uint64_t at, struct object *out)
{
	struct cursor c = cursor_of(r->file);

	if (at % 8 || at > r->file.len)
		return false;
	cursor_seek(&c, (size_t)at);
	out->type = cursor_u8(&c);
	out->flags = cursor_u8(&c);
	cursor_skip(&c, 6);
	out->size = cursor_u64le(&c);
	if (c.short_read || !out->type || out->type > OBJECT_LAST || out->size < OBJECT_HEAD ||
	    out->size > r->file.len - at)
		return false;
	out->body = span_sub(r->file, (size_t)at, (size_t)out->size);
	return true;
}

/* ---- fields ---- */

static bool unpack(struct reader *r, const struct object *o, struct span packed)
{
	struct cursor c = cursor_of(packed);
	uint64_t size;

	switch (o->flags & (PACKED_XZ | PACKED_LZ4 | PACKED_ZSTD)) {
	case PACKED_ZSTD:
		return expand_zstd(&r->unpacked, packed, JOURNAL_FIELD_BYTES);
	case PACKED_XZ:
		return expand_xz(&r->unpacked, packed, JOURNAL_FIELD_BYTES);
	case PACKED_LZ4:
		size = cursor_u64le(&c);
		return !c.short_read && size <= JOURNAL_FIELD_BYTES &&
		       expand_lz4(&r->unpacked, span_from(packed, 8), (size_t)size);
	}
	return false;
}

/* The text of a DATA object; unpacked text is copied, since the next field unpacks over it. */
static bool read_field(struct reader *r, uint64_t at, struct span *out)
{
	struct object o;
	struct span payload;
	size_t start = r->text.len;

	if (!take_object(r, at, &o) || o.type != OBJECT_DATA)
		return false;
	payload = span_from(o.body, r->compact ? DATA_HEAD_COMPACT : DATA_HEAD);
	*out = payload;
	if (!(o.flags & (PACKED_XZ | PACKED_LZ4 | PACKED_ZSTD)))
		return payload.len > 0;
	/* Full once is full for the rest of the entry. */
	if (r->text.overflow)
		return false;
	/* `text` never moves: its room is that of a whole entry from the start. */
	if (!unpack(r, &o, payload) || !buf_add(&r->text, buf_span(&r->unpacked)))
		return false;
	*out = span_from(buf_span(&r->text), start);
	return true;
}

static size_t read_fields(struct reader *r, struct span items)
{
	struct cursor c = cursor_of(items);
	size_t count = 0, step = r->compact ? 4 : 16;

	buf_clear(&r->text);
	while (cursor_left(&c) >= step && count < JOURNAL_FIELDS_MAX) {
		uint64_t at = r->compact ? cursor_u32le(&c) : cursor_u64le(&c);

		if (!r->compact)
			cursor_skip(&c, 8);
		/* Room that was kept for more. */
		if (!at)
			continue;
		if (read_field(r, at, &r->fields[count]))
			count++;
		else
			r->report->lost_fields++;
	}
	return count;
}

/* ---- entries ---- */

static void note_sequence(struct reader *r, uint64_t seqnum)
{
	if (r->last_seqnum && seqnum > r->last_seqnum + 1) {
		r->report->gaps++;
		r->report->missing += seqnum - r->last_seqnum - 1;
	}
	r->last_seqnum = seqnum;
}

static void take_entry(struct reader *r, const struct object *o, uint64_t at)
{
	struct cursor c = cursor_of(o->body);
	struct journal_entry entry = { .offset = at, .fields = r->fields };
	uint64_t micros;
	struct span boot;

	cursor_seek(&c, OBJECT_HEAD);
	entry.seqnum = cursor_u64le(&c);
	micros = cursor_u64le(&c);
	entry.monotonic = cursor_u64le(&c);
	boot = cursor_take(&c, 16);
	cursor_skip(&c, 8);
	if (c.short_read || !entry.seqnum) {
		r->report->bad_objects++;
		return;
	}
	memcpy(entry.boot_id, boot.at, 16);
	entry.time = micros < (uint64_t)INT64_MAX / 1000 ? (timestamp)micros * 1000 : TIME_NONE;
	note_sequence(r, entry.seqnum);
	entry.count = read_fields(r, span_from(o->body, ENTRY_HEAD));
	r->report->entries++;
	if (r->report->first == TIME_NONE)
		r->report->first = entry.time;
	r->report->last = entry.time;
	r->stopped = !r->each(r->context, &entry);
}

static bool is_zero_from(struct span file, size_t at)
{
	while (at < file.len && !file.at[at])
		at++;
	return at == file.len;
}

/* To the next place that begins like an object. */
static void pass_over(struct reader *r)
{
	size_t start = r->at;
	struct object o;

	do {
		/* What was never written is zero; it is gone through fast. */
		while (r->at + 8 <= r->file.len && !load_u64le(r->file.at + r->at))
			r->at += 8;
		if (take_object(r, r->at, &o))
			break;
		r->at += 8;
	} while (r->at < r->file.len);
	if (r->at >= r->file.len && is_zero_from(r->file, start))
		return;
	r->report->bad_objects++;
	r->report->bad_bytes += (r->at < r->file.len ? r->at : r->file.len) - start;
}

static void read_objects(struct reader *r)
{
	while (!r->stopped && r->at < r->file.len) {
		struct object o;

		if (!take_object(r, r->at, &o)) {
			pass_over(r);
			continue;
		}
		if (o.type == OBJECT_ENTRY)
			take_entry(r, &o, r->at);
		/* At most 7 more: the size of a file is far from the end of numbers. */
		r->at += ((size_t)o.size + 7) & ~(size_t)7;
	}
}

static bool read_header(struct reader *r, struct err *err)
{
	struct cursor c = cursor_of(r->file);
	uint64_t header, arena, stated;
	uint32_t features;
	uint8_t state;

	cursor_skip(&c, 12);
	features = cursor_u32le(&c);
	state = cursor_u8(&c);
	cursor_seek(&c, 88);
	header = cursor_u64le(&c);
	arena = cursor_u64le(&c);
	cursor_seek(&c, 152);
	stated = cursor_u64le(&c);
	if (!span_starts(r->file, SPAN("LPKSHHRH")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no journal of systemd");
	if (c.short_read || header < HEADER_LEAST || header > HEADER_MOST || header % 8)
		return err_set(err, ERR_CORRUPT, 88, "no whole header of a journal");
	if (features & ~(uint32_t)FEATURES_KNOWN)
		return err_set(err, ERR_UNSUPPORTED, 12, "a journal with features 0x%x", features);
	r->compact = features & FEATURE_COMPACT;
	r->at = (size_t)header;
	r->report->stated = stated;
	r->report->unclean = state == STATE_ONLINE || state > STATE_LAST;
	r->report->cut = arena > r->file.len || header > r->file.len - arena;
	return true;
}

bool journal_read(struct span file, journal_fn *each, void *context, struct journal_report *report,
		  struct err *err)
{
	struct reader *r = calloc(1, sizeof *r);
	bool ok;

	*report = (struct journal_report){ .first = TIME_NONE, .last = TIME_NONE };
	if (!r)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory to read a journal");
	r->file = file;
	r->each = each;
	r->context = context;
	r->report = report;
	r->unpacked = buf_new(JOURNAL_FIELD_BYTES + ((size_t)128 << 10));
	r->text = buf_new(JOURNAL_ENTRY_BYTES);
	ok = buf_reserve(&r->text, JOURNAL_ENTRY_BYTES - 1) ||
	     err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory to read a journal");
	ok = ok && read_header(r, err);
	if (ok)
		read_objects(r);
	buf_free(&r->text);
	buf_free(&r->unpacked);
	free(r);
	return ok;
}
