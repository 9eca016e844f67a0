/*
 * What Windows notes of programs that were used, beside the registry: the compatibility
 * assistant's texts (Windows 11), error reports, the diagnostic data that it keeps to be
 * looked at (EventTranscript.db), and Recall's pictures of windows (ukg.db).
 */
#include "artefact/windows.h"
#include "artefact/windows_database.h"
#include "artefact/windows_path.h"
#include "artefact/windows_web.h"
#include "codec/json_read.h"

#define FILETIME_LEAST INT64_C(10000000000000000)	/* smaller is thousandths of seconds since 1970 */

static bool tell_program(const struct artefact *a, struct trace *t, const char *source)
{
	t->source = span_text(source);
	t->user = t->user.len ? t->user : tell_user_of_path(a->path);
	t->summary = tell_summary(a->arena, "%.*s was used%s%.*s (%s)", SPAN_ARG(tell_base(t->program)),
				  t->name.len ? ": " : "", SPAN_ARG(t->name), source);
	return !t->program.len || a->trace(a->context, t);
}

/* PcaAppLaunchDic.txt: "path|2022-12-01 12:34:56.789", UTC. */
bool windows_pca_launches(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");
		struct span path = span_split(&line, '|');

		if (!span_trim(path).len)
			continue;
		if (!timestamp_parse(span_trim(line), &t.time)) {
			lost++;
			continue;
		}
		t.program = windows_path_expand(path, (struct span){ 0 }, a->arena);
		if (!tell_program(a, &t, "compatibility assistant's list, last run"))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

/* PcaGeneralDb0.txt: time (UTC), status, path, description, maker, version, program's id, what happened. */
bool windows_pca_events(const struct artefact *a, struct err *err)
{
	static const char *const names[] = { "description", "vendor", "version", "id", "message" };
	struct span rest = tell_text_of(a), line;
	uint64_t lost = 0;

	while (tell_line(&rest, &line)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");
		struct span when = span_split(&line, '|'), path;
		struct tell_detail d;

		span_split(&line, '|');
		path = span_split(&line, '|');
		if (!path.len || !timestamp_parse(span_trim(when), &t.time)) {
			lost += span_trim(when).len > 0;
			continue;
		}
		tell_detail_begin(&d);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			tell_detail_text(&d, names[i], span_trim(span_split(&line, '|')));
		t.detail = tell_detail_end(&d, a->arena);
		t.program = windows_path_expand(path, (struct span){ 0 }, a->arena);
		if (!tell_program(a, &t, "compatibility assistant's events"))
			break;
	}
	tell_lost_lines(a, lost);
	return true;
}

static bool is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] < '0' || s.at[i] > '9') && ((s.at[i] | 32) < 'a' || (s.at[i] | 32) > 'f'))
			return false;
	return s.len;
}

/* "W:0006…!0000<SHA-1>!name.exe": the digest in the middle, the name behind. */
static void take_app_id(struct arena *arena, struct span id, struct span *digest, struct span *name)
{
	struct span middle;

	span_split(&id, '!');
	middle = span_split(&id, '!');
	*digest = (struct span){ 0 };
	if (middle.len == 44 && span_starts(middle, SPAN("0000")) && is_hex(middle)) {
		uint8_t *lower = arena_alloc(arena, 41);

		for (size_t i = 0; lower && i < 40; i++)
			lower[i] = middle.at[i + 4] < 'a' && middle.at[i + 4] >= 'A' ? middle.at[i + 4] | 32 : middle.at[i + 4];
		if (lower)
			*digest = arena_printf(arena, "sha1:%.*s", 40, (const char *)lower);
	}
	*name = id;
}

/* Report.wer: "Key=value" in UTF-16; EventTime is a FILETIME in decimal. */
bool windows_error_report(const struct artefact *a, struct err *err)
{
	struct span rest = tell_text_of(a), line, kind = { 0 }, id = { 0 }, name;
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct tell_detail d;
	uint64_t filetime = 0;

	while (tell_line(&rest, &line)) {
		struct span key = span_split(&line, '=');

		if (span_eq(key, SPAN("EventType")))
			kind = line;
		else if (span_eq(key, SPAN("EventTime")) && span_to_u64(span_trim(line), &filetime))
			t.time = timestamp_of_filetime(filetime);
		else if (span_eq(key, SPAN("AppPath")))
			t.program = line;
		else if (span_eq(key, SPAN("TargetAppId")))
			id = line;
		else if (span_eq(key, SPAN("AppName")))
			t.name = line;
	}
	if (!kind.len)
		return err_set(err, ERR_UNSUPPORTED, 0, "no error report of Windows");
	take_app_id(a->arena, id, &t.digest, &name);
	t.program = t.program.len ? t.program : name;
	tell_detail_begin(&d);
	tell_detail_text(&d, "event", kind);
	t.detail = tell_detail_end(&d, a->arena);
	tell_program(a, &t, "error report of Windows");
	return true;
}

static void lose_row(const struct artefact *a)
{
	a->lost(a->context, 1);
	a->short_of(a->context, "a payload is no JSON");
}

/* SID, FILETIME, payload. */
static bool tell_interactivity(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct arena scratch = arena_new((size_t)4 << 20);
	struct json *payload;
	struct tell_detail d;
	struct err err;
	bool more = true;

	if (json_read(sqlite_row_text(row, 2), &scratch, &payload, &err)) {
		const struct json *data = json_member(payload, "data"), *focus = json_member(data, "InFocusDurationMS");

		take_app_id(&scratch, json_member_text(data, "AppId"), &t.digest, &t.program);
		t.user = sqlite_row_text(row, 0);
		t.time = timestamp_of_filetime((uint64_t)sqlite_row_number(row, 1));
		tell_detail_begin(&d);
		tell_detail_text(&d, "milliseconds_in_focus", focus ? focus->text : (struct span){ 0 });
		t.detail = tell_detail_end(&d, &scratch);
		more = tell_program(a, &t, "diagnostic data, a program's windows were used");
	} else {
		lose_row(a);
	}
	arena_free(&scratch);
	return more;
}

static bool tell_navigation(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct web_page page = { .browser = "Edge", .source = "diagnostic data, page visited", .count = 1,
				 .time = timestamp_of_filetime((uint64_t)sqlite_row_number(row, 1)),
				 .user = sqlite_row_text(row, 0) };
	struct arena scratch = arena_new((size_t)4 << 20);
	struct json *payload;
	struct err err;
	bool more = true;

	if (json_read(sqlite_row_text(row, 2), &scratch, &payload, &err)) {
		const struct json *data = json_member(payload, "data");

		page.url = json_member_text(data, "navigationUrl");
		page.title = json_member_text(data, "PageTitle");
		more = !page.url.len || web_tell_page(a, &page, &scratch);
	} else {
		lose_row(a);
	}
	arena_free(&scratch);
	return more;
}

bool windows_event_transcript(const struct artefact *a, struct err *err)
{
	static const struct database_query queries[] = {
		{ "SELECT sid, timestamp, payload FROM events_persisted WHERE full_event_name = "
		  "'Win32kTraceLogging.AppInteractivitySummary'", tell_interactivity },
		{ "SELECT sid, timestamp, payload FROM events_persisted WHERE full_event_name LIKE '%.HJ_HistoryAddUrl%'",
		  tell_navigation },
	};

	return database_ask(a, "events_persisted", queries, sizeof queries / sizeof *queries, (void *)(uintptr_t)a, err);
}

static timestamp capture_time(int64_t n)
{
	if (n >= FILETIME_LEAST)
		return timestamp_of_filetime((uint64_t)n);
	return n <= 0 ? TIME_NONE : timestamp_of_unix(n / 1000, (uint32_t)(n % 1000) * 1000000);
}

/* Time, title, program. */
static bool tell_window(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct trace t = trace_new(TRACE_EXECUTION, "ran");

	t.time = capture_time(sqlite_row_number(row, 0));
	t.name = sqlite_row_text(row, 1);
	t.program = sqlite_row_text(row, 2);
	return tell_program(a, &t, "Recall, a picture of its window was taken");
}

static bool tell_shown_file(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct trace t = trace_new(TRACE_FILE, "opened");

	t.time = capture_time(sqlite_row_number(row, 0));
	t.path = sqlite_row_text(row, 2);
	t.user = tell_user_of_path(a->path);
	t.source = SPAN("Recall, a picture of its window was taken");
	t.summary = tell_summary(a->arena, "%.*s was on the screen", SPAN_ARG(t.path));
	return !t.path.len || a->trace(a->context, &t);
}

static bool tell_shown_page(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	struct web_page page = { .browser = "browser", .source = "Recall, a picture of its window was taken", .count = 1,
				 .time = capture_time(sqlite_row_number(row, 0)), .title = sqlite_row_text(row, 1),
				 .url = sqlite_row_text(row, 2), .user = tell_user_of_path(a->path) };
	struct arena scratch = arena_new((size_t)1 << 20);
	bool more = !page.url.len || web_tell_page(a, &page, &scratch);

	arena_free(&scratch);
	return more;
}

#define CAPTURES " FROM WindowCapture w JOIN WindowCapture"

bool windows_recall(const struct artefact *a, struct err *err)
{
	static const struct database_query queries[] = {
		{ "SELECT w.TimeStamp, w.WindowTitle, coalesce(nullif(p.Path, ''), p.Name, w.Name) FROM WindowCapture w "
		  "LEFT JOIN WindowCaptureAppRelation r ON r.WindowCaptureId = w.Id LEFT JOIN App p ON p.Id = r.AppId",
		  tell_window },
		{ "SELECT w.TimeStamp, w.WindowTitle, f.Path" CAPTURES "FileRelation r ON r.WindowCaptureId = w.Id "
		  "JOIN File f ON f.Id = r.FileId", tell_shown_file },
		{ "SELECT w.TimeStamp, w.WindowTitle, b.Uri" CAPTURES "WebRelation r ON r.WindowCaptureId = w.Id "
		  "JOIN Web b ON b.Id = r.WebId", tell_shown_page },
	};

	return database_ask(a, "WindowCapture", queries, sizeof queries / sizeof *queries, (void *)(uintptr_t)a, err);
}
