/*
 * thumbcache_*.db: which pictures were shown small. An entry has a number that Windows
 * makes of the file's path or identity; the path itself stands in Windows.edb only.
 */
#include "artefact/windows.h"

#define HEADER 24
#define MOST_TOLD 20000
enum { VISTA = 0x14, EIGHT = 0x1a, TEN = 0x20 };

struct thumbnail {
	struct span name;
	uint64_t hash;
	uint32_t size, bytes, width, height;
};

/* False: no entry there. */
static bool read_entry(struct span at, uint32_t version, struct arena *arena, struct thumbnail *out)
{
	struct cursor c = cursor_of(at);
	uint32_t name_len;

	*out = (struct thumbnail){ 0 };
	if (!span_starts(at, SPAN("CMMM")))
		return false;
	cursor_skip(&c, 4);
	out->size = cursor_u32le(&c);
	out->hash = cursor_u64le(&c);
	cursor_skip(&c, version == VISTA ? 8 : 0);
	name_len = cursor_u32le(&c);
	cursor_skip(&c, 4);
	out->bytes = cursor_u32le(&c);
	if (version >= EIGHT) {
		out->width = cursor_u32le(&c);
		out->height = cursor_u32le(&c);
	}
	cursor_skip(&c, 20);
	out->name = tell_utf16(arena, cursor_take(&c, name_len < 512 ? name_len : 512));
	return !c.short_read && out->size >= c.at && out->size <= at.len && out->bytes < out->size;
}

static bool tell_entry(const struct artefact *a, const struct thumbnail *e, size_t offset, struct arena *scratch)
{
	struct trace t = trace_new(TRACE_FILE, "thumbnail");
	struct tell_detail d;

	t.path = a->path;
	t.name = e->name.len ? e->name : arena_printf(scratch, "%016llx", (unsigned long long)e->hash);
	t.bytes_in = e->bytes;
	t.user = tell_user_of_path(a->path);
	t.offset = offset;
	t.source = SPAN("thumbnail cache, which says neither file nor time");
	tell_detail_begin(&d);
	tell_detail_text(&d, "hash", arena_printf(scratch, "%016llx", (unsigned long long)e->hash));
	if (e->width)
		tell_detail_number(&d, "width", e->width), tell_detail_number(&d, "height", e->height);
	t.detail = tell_detail_end(&d, scratch);
	t.summary = tell_summary(scratch, "a picture of %u bytes was shown small: %.*s", e->bytes, SPAN_ARG(t.name));
	return a->trace(a->context, &t);
}

bool windows_thumbcache(const struct artefact *a, struct err *err)
{
	struct cursor c = cursor_of(a->bytes);
	struct arena scratch = arena_new((size_t)1 << 20);
	struct thumbnail e;
	uint32_t version;
	size_t at = HEADER, told = 0;
	bool more = true;

	cursor_skip(&c, 4);
	version = cursor_u32le(&c);
	if (!span_starts(a->bytes, SPAN("CMMM")) || a->bytes.len < HEADER || version < VISTA || version > TEN) {
		arena_free(&scratch);
		return err_set(err, ERR_UNSUPPORTED, 4, "no thumbnail cache of a known version");
	}
	/* The header of 8 and later is longer; space that was freed has entries without content. */
	while (at < a->bytes.len && !span_starts(span_from(a->bytes, at), SPAN("CMMM")) && at < HEADER + 16)
		at += 4;
	for (; more && told < MOST_TOLD && read_entry(span_from(a->bytes, at), version, &scratch, &e); at += e.size) {
		if (e.bytes)
			more = tell_entry(a, &e, at, &scratch), told++;
		arena_reset(&scratch);
	}
	if (told == MOST_TOLD)
		a->short_of(a->context, "only the first %d pictures are listed", MOST_TOLD);
	else if (more && at + 4 < a->bytes.len && load_u32le(a->bytes.at + at))
		a->short_of(a->context, "no entry at %zu, where one should begin", at);
	arena_free(&scratch);
	return true;
}
