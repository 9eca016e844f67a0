#include "formats/ntfs/ntfs.h"

#define PAGE 4096
#define SMALLEST 60
#define LARGEST 4096

/* Whole pages of zeros are compared at once: journals are sparse files of many gigabytes. */
static void skip_zeros(struct usn_reader *r)
{
	static const uint8_t zeros[PAGE];

	while (r->at + PAGE <= r->bytes.len && !memcmp(r->bytes.at + r->at, zeros, PAGE))
		r->at += PAGE;
	while (r->at + 8 <= r->bytes.len && !memcmp(r->bytes.at + r->at, zeros, 8))
		r->at += 8;
}

static bool read_record(struct span at, struct usn_record *out, uint32_t *len)
{
	struct cursor c = cursor_of(at);
	uint16_t major, name_len, name_at;
	bool is_wide;

	*len = cursor_u32le(&c);
	major = cursor_u16le(&c);
	if (cursor_u16le(&c) != 0 || (major != 2 && major != 3) || *len < SMALLEST || *len > LARGEST || *len % 8)
		return false;
	is_wide = major == 3;
	out->file = cursor_u64le(&c);
	cursor_skip(&c, is_wide ? 8 : 0);
	out->parent = cursor_u64le(&c);
	cursor_skip(&c, is_wide ? 8 : 0);
	out->usn = cursor_u64le(&c);
	out->time = timestamp_of_filetime(cursor_u64le(&c));
	out->reasons = cursor_u32le(&c);
	cursor_skip(&c, 8);
	out->attributes = cursor_u32le(&c);
	name_len = cursor_u16le(&c);
	name_at = cursor_u16le(&c);
	cursor_seek(&c, name_at);
	out->name = cursor_take(&c, name_len);
	return !c.short_read && name_len && (size_t)name_at + name_len <= *len;
}

/* Version 4 tells which ranges of a file changed; it has no name and follows a record that has. */
static bool is_range(struct span at)
{
	uint32_t len = load_u32le(at.at);

	return len >= 64 && len <= LARGEST && len % 8 == 0 && load_u32le(at.at + 4) == 4;
}

bool usn_next(struct usn_reader *r, struct usn_record *out)
{
	bool was_damaged = false;
	uint32_t len;

	for (;;) {
		struct span at;

		skip_zeros(r);
		at = span_from(r->bytes, r->at);
		if (at.len < SMALLEST)
			return false;
		if (read_record(at, out, &len))
			break;
		if (is_range(at)) {
			r->at += load_u32le(at.at);
			continue;
		}
		r->damaged += !was_damaged;
		was_damaged = true;
		r->at += 8;
	}
	out->offset = r->at;
	r->at += len;
	return true;
}
