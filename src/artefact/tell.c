#include "artefact/tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/event.h"
#include "base/utf8.h"

#define MAX_DETAIL ((size_t)64 << 10)
#define MAX_SUMMARY 400

static struct span keep(struct arena *arena, struct buf *b)
{
	struct span kept = b->len ? arena_copy(arena, buf_span(b)) : (struct span){ 0 };

	buf_free(b);
	return kept;
}

struct span tell_utf16(struct arena *arena, struct span utf16)
{
	struct buf b = buf_new(utf16.len / 2 * 3 + 4);
	size_t end = 0;

	while (end + 1 < utf16.len && (utf16.at[end] || utf16.at[end + 1]))
		end += 2;
	utf8_add_utf16le(&b, span_sub(utf16, 0, end));
	return keep(arena, &b);
}

/* Big-endian UTF-16 with its bytes swapped. */
static struct span swapped(struct arena *arena, struct span bytes)
{
	uint8_t *to = arena_alloc(arena, bytes.len + 1);
	size_t count = bytes.len / 2;

	if (!to)
		return (struct span){ 0 };
	for (size_t i = 0; i < count; i++) {
		to[2 * i] = bytes.at[2 * i + 1];
		to[2 * i + 1] = bytes.at[2 * i];
	}
	return span_of(to, count * 2);
}

struct span tell_text(struct arena *arena, struct span bytes)
{
	struct buf b;

	if (span_starts(bytes, SPAN("\xef\xbb\xbf")))
		return span_from(bytes, 3);
	if (span_starts(bytes, SPAN("\xfe\xff")))
		bytes = swapped(arena, bytes);
	else if (!span_starts(bytes, SPAN("\xff\xfe")) &&
		 !(bytes.len > 3 && bytes.at[0] && !bytes.at[1] && bytes.at[2] && !bytes.at[3]))
		return bytes;
	if (span_starts(bytes, SPAN("\xff\xfe")))
		bytes = span_from(bytes, 2);
	b = buf_new(bytes.len / 2 * 3 + 4);
	utf8_add_utf16le(&b, bytes);
	return keep(arena, &b);
}

struct span tell_text_of(const struct artefact *a)
{
	struct span text = tell_text(a->arena, a->bytes);

	if (!text.len && a->bytes.len > 3)	/* more than a byte order mark */
		a->short_of(a->context, "%zu bytes of UTF-16 are more than there is room for", a->bytes.len);
	return text;
}

void tell_lost_lines(const struct artefact *a, uint64_t lost)
{
	if (lost)
		a->short_of(a->context, "%" PRIu64 " lines are not understood", lost);
	a->lost(a->context, lost);
}

bool tell_line(struct span *rest, struct span *line)
{
	if (!rest->len)
		return false;
	*line = span_split(rest, '\n');
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static size_t last_slash(struct span path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/' && path.at[at - 1] != '\\')
		at--;
	return at;
}

struct span tell_base(struct span path)
{
	return span_from(path, last_slash(path));
}

struct span tell_folder(struct span path)
{
	size_t at = last_slash(path);

	return span_sub(path, 0, at ? at - 1 : 0);
}

bool tell_has_extension(struct span path, const char *extensions)
{
	struct span rest = span_text(extensions), name = tell_base(path), found = { 0 };

	for (size_t at = name.len; at; at--)
		if (name.at[at - 1] == '.') {
			found = span_from(name, at);
			break;
		}
	while (found.len && rest.len)
		if (span_eq_nocase(span_split(&rest, '|'), found))
			return true;
	return false;
}

static struct span next_part(struct span *rest)
{
	size_t end = 0;
	struct span part;

	while (end < rest->len && rest->at[end] != '/' && rest->at[end] != '\\')
		end++;
	part = span_sub(*rest, 0, end);
	*rest = span_from(*rest, end + 1);
	return part;
}

/* "home" is also where examiners keep their evidence: a Windows folder behind it wins. */
struct span tell_user_of_path(struct span path)
{
	struct span at_home = { 0 };

	while (path.len) {
		struct span part = next_part(&path), name = path;
		bool is_folder = span_find_byte(path, 0, '/') != SIZE_MAX ||
				 span_find_byte(path, 0, '\\') != SIZE_MAX;

		if (is_folder && (span_eq_nocase(part, SPAN("users")) ||
				  span_eq_nocase(part, SPAN("documents and settings"))))
			return next_part(&name);
		if (is_folder && !at_home.len && span_eq_nocase(part, SPAN("home")))
			at_home = next_part(&name);
	}
	return at_home;
}

size_t tell_find_nocase(struct span text, const char *needle)
{
	struct span want = span_text(needle);

	for (size_t at = 0; at + want.len <= text.len; at++)
		if (span_eq_nocase(span_sub(text, at, want.len), want))
			return at;
	return SIZE_MAX;
}

struct span tell_program_of(struct span command)
{
	static const char *const endings[] = { ".exe", ".com", ".bat", ".cmd", ".scr", ".dll", ".sys",
					       ".vbs", ".ps1", ".js", ".msi", ".hta", ".lnk" };
	size_t best = SIZE_MAX;

	command = span_trim(command);
	if (command.len && command.at[0] == '"')
		return span_sub(command, 1, span_find_byte(command, 1, '"') - 1);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t at = tell_find_nocase(span_sub(command, 0, 1024), endings[i]), end = at + strlen(endings[i]);

		if (at != SIZE_MAX && end < best &&
		    (end == command.len || command.at[end] == ' ' || command.at[end] == ','))
			best = end;
	}
	return best != SIZE_MAX ? span_sub(command, 0, best) : span_split(&command, ' ');
}

struct span tell_url_host(struct span url)
{
	size_t at = span_find(url, 0, SPAN("://")), end = 0;
	struct span host;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	host = span_from(url, at + 3);
	while (end < host.len && host.at[end] != '/' && host.at[end] != '?' && host.at[end] != '#')
		end++;
	host = span_sub(host, 0, end);
	at = span_find_byte(host, 0, '@');
	if (at != SIZE_MAX)
		host = span_from(host, at + 1);
	if (host.len && host.at[0] != '[')
		host = span_sub(host, 0, span_find_byte(host, 0, ':'));
	return host;
}

struct span tell_sid(struct arena *arena, struct span sid)
{
	struct buf text = buf_new(256);
	struct value value = { .kind = VALUE_SID, .bytes = sid };

	if (sid.len < 8 || sid.at[0] != 1 || sid.at[1] > 15 || sid.len < 8 + sid.at[1] * (size_t)4)
		return (struct span){ 0 };
	value.bytes.len = 8 + sid.at[1] * (size_t)4;
	value_text(&text, &value);
	return keep(arena, &text);
}

struct span tell_summary(struct arena *arena, const char *format, ...)
{
	char text[MAX_SUMMARY];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len < 0)
		return (struct span){ 0 };
	return arena_copy(arena, span_of(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1));
}

void tell_detail_begin(struct tell_detail *d)
{
	*d = (struct tell_detail){ .text = buf_new(MAX_DETAIL) };
	d->json = json_write_to(&d->text);
	json_object(&d->json);
}

void tell_detail_text(struct tell_detail *d, const char *key, struct span value)
{
	if (!value.len)
		return;
	json_key(&d->json, key);
	json_span(&d->json, span_sub(value, 0, MAX_DETAIL / 16));
	d->any = true;
}

void tell_detail_number(struct tell_detail *d, const char *key, uint64_t value)
{
	if (value == TRACE_NO_NUMBER)
		return;
	json_key(&d->json, key);
	json_u64(&d->json, value);
	d->any = true;
}

void tell_detail_time(struct tell_detail *d, const char *key, timestamp value)
{
	struct buf text = buf_new(64);

	if (value == TIME_NONE)
		return;
	timestamp_format(&text, value, 3);
	tell_detail_text(d, key, buf_span(&text));
	buf_free(&text);
}

struct span tell_detail_end(struct tell_detail *d, struct arena *arena)
{
	json_object_end(&d->json);
	if (!d->any || d->text.overflow)
		buf_clear(&d->text);
	return keep(arena, &d->text);
}
