/* The recycle bin: $I files (Vista and later, Windows 10) and INFO2 (before). */
#include "artefact/filesystem.h"
#include "artefact/tell.h"

#define PATH_V1 520
#define INFO2_HEADER 20
#define INFO2_NARROW 280
#define INFO2_WIDE 800

static void tell(const struct artefact *a, struct span original, struct span kept, timestamp deleted, uint64_t size,
		 uint64_t offset)
{
	struct trace t = trace_new(TRACE_FILE, "recycled");
	struct span user = tell_base(tell_folder(a->path));

	t.path = original;
	t.name = kept;
	t.time = deleted;
	t.bytes_in = size;
	t.offset = offset;
	if (span_starts(user, SPAN("S-1-")))
		t.user = user;
	t.source = SPAN("recycle bin, deleted");
	t.summary = tell_summary(a->arena, "%.*s was put into the recycle bin", SPAN_ARG(original));
	a->trace(a->context, &t);
}

bool filesystem_recycled(const struct artefact *a, struct err *err)
{
	struct cursor c = cursor_of(a->bytes);
	uint64_t version = cursor_u64le(&c), size = cursor_u64le(&c);
	timestamp deleted = timestamp_of_filetime(cursor_u64le(&c));
	struct span path, kept;

	if (version == 1)
		path = cursor_take(&c, cursor_left(&c) < PATH_V1 ? cursor_left(&c) : PATH_V1);
	else
		path = cursor_take(&c, (size_t)cursor_u32le(&c) * 2);
	if ((version != 1 && version != 2) || deleted == TIME_NONE || !path.len)
		return err_set(err, ERR_UNSUPPORTED, 0, "no entry of the recycle bin");
	if (c.short_read)
		a->short_of(a->context, "cut off");
	kept = arena_copy(a->arena, a->name);
	if (kept.len > 1)
		((uint8_t *)(uintptr_t)kept.at)[1] = 'R';
	tell(a, tell_utf16(a->arena, path), kept, deleted, size, 0);
	return true;
}

/* In the bin a file is called by its drive and its number, and keeps its extension. */
static void take_entry(const struct artefact *a, struct span entry, uint64_t offset)
{
	struct cursor c = cursor_of(entry);
	struct span narrow = cursor_take(&c, 260), path, extension = { 0 };
	uint32_t index = cursor_u32le(&c), drive = cursor_u32le(&c);
	timestamp deleted = timestamp_of_filetime(cursor_u64le(&c));
	uint32_t size = cursor_u32le(&c);
	size_t end = span_find_byte(narrow, 0, 0);
	bool is_restored = narrow.len && !narrow.at[0];

	path = tell_utf16(a->arena, span_sub(entry, INFO2_NARROW, PATH_V1));
	if (!path.len)
		path = span_sub(narrow, 0, end);
	for (size_t i = tell_base(path).len; i && !extension.len; i--)
		if (tell_base(path).at[i - 1] == '.')
			extension = span_from(tell_base(path), i - 1);
	if (path.len)
		tell(a, path, arena_printf(a->arena, "D%c%u%.*s%s", (int)('a' + drive % 26), index, SPAN_ARG(extension),
					   is_restored ? " (restored or emptied)" : ""),
		     deleted, size, offset);
}

bool filesystem_info2(const struct artefact *a, struct err *err)
{
	struct cursor c = cursor_of(a->bytes);
	uint32_t size;

	cursor_skip(&c, 12);
	size = cursor_u32le(&c);
	if (c.short_read || (size != INFO2_NARROW && size != INFO2_WIDE))
		return err_set(err, ERR_UNSUPPORTED, 0, "no list of the recycle bin");
	for (size_t at = INFO2_HEADER; at + INFO2_NARROW <= a->bytes.len; at += size)
		take_entry(a, span_sub(a->bytes, at, size), at);
	return true;
}
