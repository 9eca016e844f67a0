/* Windows Defender: detection history, and what lies in quarantine. */
#include "artefact/windows.h"

#define MAX_VALUES 5000

enum { VALUE_NUMBER = 6, VALUE_FILETIME = 0xa, VALUE_TEXT = 0x15, VALUE_BINARY = 0x28 };

/* Behind the counted UTF-16 name of a pair in a resource's own block: type, length, value. */
static struct span pair(struct span block, const char *wide_name, size_t name_len)
{
	size_t at = span_find(block, 0, span_of(wide_name, name_len));
	struct cursor c = cursor_of(block);

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	cursor_seek(&c, at + name_len);
	cursor_skip(&c, 2 + 4);
	return cursor_take(&c, cursor_u32le(&c));
}

#define PAIR(block, name) pair(block, name, sizeof(name) - 1)
#define SHA256_NAME "T\0r\0a\0c\0k\0i\0n\0g\0S\0h\0a\0002\0005\0006\0"

struct detection {
	const struct artefact *a;
	struct span threat, user, process, kind, resource;
	timestamp time, last;		/* the earliest and the latest that the file tells */
	struct span digests[16], kinds[16], resources[16];
	size_t count, left_out;
	size_t sets, texts;		/* sets so far, each behind a magic; texts in this one */
};

static void end_resource(struct detection *d, struct span block)
{
	struct span sha = tell_utf16(d->a->arena, PAIR(block, SHA256_NAME));

	if (d->resource.len && d->count < 16) {
		d->digests[d->count] = (struct span){ 0 };
		if (sha.len == 64)
			d->digests[d->count] = arena_printf(d->a->arena, "sha256:%.*s", SPAN_ARG(sha));
		d->kinds[d->count] = d->kind;
		d->resources[d->count++] = d->resource;
	} else if (d->resource.len) {
		d->left_out++;
	}
	d->kind = d->resource = (struct span){ 0 };
}

/* In order: threat; for each resource a kind and a place, and behind the last one user and process. */
static void take_text(struct detection *d, struct span text)
{
	size_t which;

	if (span_starts(text, SPAN("Magic.Version"))) {
		end_resource(d, (struct span){ 0 });
		d->sets++;
		d->texts = 0;
		return;
	}
	which = d->texts++;
	if (d->sets < 2 && !which)
		d->threat = d->sets ? text : d->threat;
	else if (d->sets > 1 && which == 0)
		d->kind = text;
	else if (d->sets > 1 && which == 1)
		d->resource = text;
	else if (!d->user.len && span_find_byte(text, 0, '\\') != SIZE_MAX && span_find_byte(text, 0, ':') == SIZE_MAX)
		d->user = text;
	else if (!d->process.len && span_find_byte(text, 0, ':') != SIZE_MAX)
		d->process = text;
}

static void take_time(struct detection *d, struct span value)
{
	timestamp t = value.len == 8 ? timestamp_of_filetime(load_u64le(value.at)) : TIME_NONE;

	if (t == TIME_NONE)
		return;
	d->time = d->time == TIME_NONE || t < d->time ? t : d->time;
	d->last = d->last == TIME_NONE || t > d->last ? t : d->last;
}

static bool tell_resources(const struct detection *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct trace t = trace_new(TRACE_FILE, "detected");
		struct span path = d->resources[i];
		struct tell_detail detail;

		tell_detail_begin(&detail);
		tell_detail_text(&detail, "resource", d->kinds[i]);
		tell_detail_text(&detail, "process", d->process);
		if (span_find_byte(path, 0, '|') != SIZE_MAX) {
			tell_detail_text(&detail, "from", span_from(path, span_find_byte(path, 0, '|') + 1));
			path = span_sub(path, 0, span_find_byte(path, 0, '|'));
		}
		t.detail = tell_detail_end(&detail, d->a->arena);
		t.path = path;
		t.name = d->threat;
		t.user = d->user;
		t.time = d->time;
		t.last = d->last;
		t.digest = d->digests[i];
		t.program = SPAN("Windows Defender");
		t.source = SPAN("detection history of Defender: detected; last: status changed");
		t.summary = tell_summary(d->a->arena, "Defender found %.*s in %.*s", SPAN_ARG(d->threat), SPAN_ARG(path));
		if (!d->a->trace(d->a->context, &t))
			return false;
	}
	return true;
}

bool windows_defender_detection(const struct artefact *a, struct err *err)
{
	struct detection d = { .a = a, .time = TIME_NONE, .last = TIME_NONE };
	struct cursor c = cursor_of(a->bytes);
	size_t values = 0;

	if (!span_starts(a->bytes, SPAN("\x8\0\0\0\x8\0\0\0")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no detection of Defender");
	while (cursor_left(&c) >= 8 && values++ < MAX_VALUES) {
		uint32_t size = cursor_u32le(&c), type = cursor_u32le(&c);
		struct span value = cursor_take(&c, size);

		if (c.short_read)
			break;
		cursor_seek(&c, (c.at + 7) & ~(size_t)7);
		if (type == VALUE_TEXT)
			take_text(&d, tell_utf16(a->arena, value));
		else if (type == VALUE_BINARY)
			end_resource(&d, value);
		else if (type == VALUE_FILETIME)
			take_time(&d, value);
	}
	if (!d.threat.len)
		return err_set(err, ERR_UNSUPPORTED, 0, "no threat in a detection of Defender");
	end_resource(&d, (struct span){ 0 });
	if (c.short_read)
		a->short_of(a->context, "detection breaks off");
	else if (d.left_out)
		a->short_of(a->context, "%zu resources of the detection beyond %d", d.left_out, 16);
	tell_resources(&d);
	return true;
}

/* Content stays enciphered: that something is there, and since when, is told. */
bool windows_quarantine(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_FILE, "quarantined");

	t.path = a->path;
	t.name = a->name;
	t.time = a->modified;
	t.program = SPAN("Windows Defender");
	t.source = SPAN("entry of Defender's quarantine, last written; not deciphered");
	t.summary = tell_summary(a->arena, "Defender put something into quarantine (%.*s)", SPAN_ARG(a->name));
	a->trace(a->context, &t);
	return true;
}
