/* WebCacheV01.dat: history and downloads of Internet Explorer, old Edge and all that use WinINet. */
#include "artefact/windows_web.h"
#include "artefact/windows.h"
#include "formats/ese/ese.h"

#include <stdio.h>

#define BROWSER "Internet Explorer, Edge or another user of WinINet"

enum container_kind { CONTAINER_OTHER, CONTAINER_HISTORY, CONTAINER_DOWNLOADS };

struct webcache {
	const struct artefact *a;
	struct ese db;
	struct arena rows, inner;
	enum container_kind kind;
	bool stopped;
	size_t url, accessed, count, size, headers;
};

static bool has_ending(struct span text, const char *ending)
{
	struct span want = span_text(ending);

	return text.len >= want.len && span_eq_nocase(span_from(text, text.len - want.len), want);
}

/* The longest text in UTF-16 of the headers that looks like a place to save to. */
static struct span saved_path(struct span headers, struct arena *arena)
{
	struct span best = { 0 };

	for (size_t at = 0; at + 6 < headers.len; at += 2)
		if (headers.at[at + 2] == ':' && !headers.at[at + 3] && headers.at[at + 4] == '\\') {
			best = tell_utf16(arena, span_from(headers, at));
			at += best.len * 2;
		}
	return best;
}

static bool tell_entry(void *context, const struct ese_row *row)
{
	struct webcache *w = context;
	struct span url = ese_text(row, w->url);
	size_t at = span_find(url, 0, SPAN("Visited: ")), sign;
	uint64_t n;

	if (w->kind == CONTAINER_DOWNLOADS) {
		struct web_download d = { .browser = BROWSER, .source = "WebCache, download", .time = ese_time(row, w->accessed),
					  .end = TIME_NONE, .bytes = TRACE_NO_NUMBER, .user = tell_user_of_path(w->a->path) };

		d.path = saved_path(ese_bytes(row, w->headers), row->arena);
		d.url = url;
		if (ese_number(row, w->size, &n) && n)
			d.bytes = n;
		w->stopped = !web_tell_download(w->a, &d, row->arena);
	} else {
		struct web_page p = { .browser = BROWSER, .source = "WebCache, history", .time = ese_time(row, w->accessed),
				      .count = TRACE_NO_NUMBER, .user = tell_user_of_path(w->a->path) };

		if (at == SIZE_MAX)	/* ":2022030720220308: user@https://…" of a day or week */
			at = span_starts(url, SPAN(":")) ? span_find_byte(url, 1, ':') : SIZE_MAX;
		sign = at == SIZE_MAX ? SIZE_MAX : span_find_byte(url, at, '@');
		if (sign != SIZE_MAX) {
			size_t skip = span_starts(url, SPAN("Visited: ")) ? 9 : at + 1;

			if (!p.user.len)
				p.user = span_trim(span_sub(url, skip, sign - skip));
			url = span_from(url, sign + 1);
		}
		p.url = url;
		if (ese_number(row, w->count, &n))
			p.count = n;
		w->stopped = url.len && !web_tell_page(w->a, &p, row->arena);
	}
	return !w->stopped;
}

static bool tell_container(void *context, const struct ese_row *row)
{
	struct webcache *w = context;
	struct span name = ese_text(row, ese_column_named(row->table, "Name"));
	const struct ese_table *t;
	uint64_t id;
	char table[40];

	if (!ese_number(row, ese_column_named(row->table, "ContainerId"), &id))
		return true;
	snprintf(table, sizeof table, "Container_%llu", (unsigned long long)id);
	t = ese_table_named(&w->db, table);
	if (!t)
		return true;
	/* Cached content and cookies say little more than history does. */
	w->kind = has_ending(name, "iedownload") ? CONTAINER_DOWNLOADS
		: tell_find_nocase(name, "history") != SIZE_MAX || tell_find_nocase(name, "mshist") != SIZE_MAX
		? CONTAINER_HISTORY : CONTAINER_OTHER;
	w->url = ese_column_named(t, "Url");
	w->accessed = ese_column_named(t, "AccessedTime");
	w->count = ese_column_named(t, "AccessCount");
	w->size = ese_column_named(t, "FileSize");
	w->headers = ese_column_named(t, "ResponseHeaders");
	return w->kind == CONTAINER_OTHER || ese_rows(&w->db, t, &w->inner, tell_entry, w);
}

bool windows_webcache(const struct artefact *a, struct err *err)
{
	struct webcache w = { .a = a };
	const struct ese_table *containers;

	if (!windows_ese_open(a, &w.db, err))
		return false;
	containers = ese_table_named(&w.db, "Containers");
	if (!containers || ese_column_named(containers, "ContainerId") == ESE_NO_COLUMN)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no WebCache database");
	w.rows = arena_new((size_t)4 << 20);
	w.inner = arena_new((size_t)16 << 20);
	ese_rows(&w.db, containers, &w.rows, tell_container, &w);
	arena_free(&w.inner);
	arena_free(&w.rows);
	windows_ese_end(a, &w.db);
	return true;
}
