/*
 * Browsers' databases, on every system: Chromium and its kin, Firefox, Safari;
 * and Windows' own activity history, which is an SQLite database too.
 */
#include "artefact/windows.h"
#include "artefact/windows_database.h"
#include "artefact/windows_web.h"
#include "codec/json_read.h"

#define WEBKIT_MICROSECONDS INT64_C(11644473600000000)	/* 1601 to 1970 */
#define COCOA_SECONDS INT64_C(978307200)		/* 1970 to 2001 */

struct browser {
	const struct artefact *a;
	struct sqlite_read db;
	struct arena scratch;		/* emptied after each row */
	const char *name;
	struct span user;
	bool stopped;
};

static timestamp of_unix(int64_t microseconds)
{
	if (microseconds <= 0)
		return TIME_NONE;
	return timestamp_of_unix(microseconds / 1000000, (uint32_t)(microseconds % 1000000) * 1000);
}

static timestamp of_webkit(int64_t microseconds)
{
	return microseconds > WEBKIT_MICROSECONDS ? of_unix(microseconds - WEBKIT_MICROSECONDS) : TIME_NONE;
}

static bool open_database(struct browser *b, struct err *err)
{
	b->user = tell_user_of_path(b->a->path);
	if (!database_open(b->a, &b->db, err))
		return false;
	b->scratch = arena_new((size_t)16 << 20);
	return true;
}

static void close_database(struct browser *b)
{
	sqlite_read_close(&b->db);
	arena_free(&b->scratch);
}

/* Damage is told; a table or column that this version of the program has not is none. */
static void ask(struct browser *b, const char *what, const char *sql,
		bool (*each)(void *context, const struct sqlite_row *row))
{
	struct err err = { 0 };

	if (!b->stopped && !sqlite_read_query(&b->db, sql, each, b, &err) && err.code != ERR_UNSUPPORTED)
		b->a->short_of(b->a->context, "%s: %s", what, err.text);
}

static bool done(struct browser *b, bool more)
{
	arena_reset(&b->scratch);
	b->stopped = b->stopped || !more;
	return more;
}

static const char *chromium_name(struct span path)
{
	static const struct { const char *part, *name; } names[] = {
		{ "/edge/", "Edge" }, { "brave", "Brave" }, { "opera", "Opera" }, { "vivaldi", "Vivaldi" },
		{ "yandex", "Yandex Browser" }, { "chromium", "Chromium" }, { "chrome", "Chrome" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (tell_find_nocase(path, names[i].part) != SIZE_MAX)
			return names[i].name;
	return "a browser of Chromium's kind";
}

static bool chromium_visit(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct web_page p = { .url = sqlite_row_text(row, 0), .title = sqlite_row_text(row, 1), .user = b->user,
			      .browser = b->name, .source = "browser history, visit",
			      .time = of_webkit(sqlite_row_number(row, 2)), .count = TRACE_NO_NUMBER };

	return done(b, web_tell_page(b->a, &p, &b->scratch));
}

static bool chromium_download(void *context, const struct sqlite_row *row)
{
	static const char *const states[] = { "in progress", "complete", "cancelled", "interrupted", "interrupted" };
	struct browser *b = context;
	int64_t state = sqlite_row_number(row, 6), danger = sqlite_row_number(row, 7), start = sqlite_row_number(row, 3);
	struct web_download d = { .url = sqlite_row_text(row, 0), .path = sqlite_row_text(row, 1),
				  .referrer = sqlite_row_text(row, 2), .user = b->user, .browser = b->name,
				  .source = "browser downloads", .end = of_webkit(sqlite_row_number(row, 4)),
				  .bytes = (uint64_t)sqlite_row_number(row, 5),
				  .state = state >= 0 && state < 5 ? states[state] : NULL };

	/* Versions before 2013 count in seconds since 1970. */
	d.time = start > WEBKIT_MICROSECONDS ? of_webkit(start) : of_unix(start * 1000000);
	d.is_dangerous = danger > 0 && danger != 4;
	return done(b, web_tell_download(b->a, &d, &b->scratch));
}

bool windows_chromium(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a, .name = chromium_name(a->path) };

	if (!open_database(&b, err))
		return false;
	if (!sqlite_read_has(&b.db, "urls") || !sqlite_read_has(&b.db, "visits")) {
		close_database(&b);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no history of Chromium");
	}
	ask(&b, "visits", "SELECT u.url, u.title, v.visit_time FROM visits v JOIN urls u ON u.id = v.url", chromium_visit);
	if (sqlite_read_has(&b.db, "downloads_url_chains"))
		ask(&b, "downloads", "SELECT (SELECT c.url FROM downloads_url_chains c WHERE c.id = d.id ORDER BY c.chain_index"
		    " DESC LIMIT 1), d.target_path, d.referrer, d.start_time, d.end_time, d.received_bytes, d.state,"
		    " d.danger_type FROM downloads d", chromium_download);
	else
		ask(&b, "downloads", "SELECT url, full_path, '', start_time, 0, received_bytes, state, 0 FROM downloads",
		    chromium_download);
	close_database(&b);
	return true;
}

/* Only who set it and when it was last sent: a trace of visits that outlives history. */
static bool tell_cookies(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct trace t = trace_new(TRACE_TRANSFER, "web");
	int64_t first = sqlite_row_number(row, 1), last = sqlite_row_number(row, 2);
	bool is_webkit = last > WEBKIT_MICROSECONDS;

	t.name = sqlite_row_text(row, 0);
	if (t.name.len && t.name.at[0] == '.')
		t.name = span_from(t.name, 1);
	t.time = is_webkit ? of_webkit(first) : of_unix(first);
	t.last = is_webkit ? of_webkit(last) : of_unix(last);
	t.count = (uint64_t)sqlite_row_number(row, 3);
	t.source = SPAN("cookies of a site, first set and last sent; count is of cookies");
	t.user = b->user;
	t.program = span_text(b->name);
	t.summary = tell_summary(&b->scratch, "%s has cookies of %.*s", b->name, SPAN_ARG(t.name));
	return done(b, b->a->trace(b->a->context, &t));
}

bool windows_cookies(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a };
	bool is_firefox;

	if (!open_database(&b, err))
		return false;
	is_firefox = sqlite_read_has(&b.db, "moz_cookies");
	b.name = is_firefox ? "Firefox" : chromium_name(a->path);
	if (is_firefox)
		ask(&b, "cookies", "SELECT host, min(creationTime), max(lastAccessed), count(*) FROM moz_cookies GROUP BY host",
		    tell_cookies);
	else if (sqlite_read_has(&b.db, "cookies"))
		ask(&b, "cookies", "SELECT host_key, min(creation_utc), max(last_access_utc), count(*) FROM cookies"
		    " GROUP BY host_key", tell_cookies);
	else
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no cookies");
	close_database(&b);
	return err->code != ERR_UNSUPPORTED;
}

static bool saved_login(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct trace t = trace_new(TRACE_ACCOUNT, "saved password");

	t.name = sqlite_row_text(row, 0);
	t.user = sqlite_row_text(row, 1);
	t.time = of_webkit(sqlite_row_number(row, 2));
	t.source = SPAN("browser, password saved");
	t.path = b->a->path;
	t.program = span_text(b->name);
	t.summary = tell_summary(&b->scratch, "%s keeps a password for %.*s", b->name, SPAN_ARG(t.name));
	return done(b, b->a->trace(b->a->context, &t));
}

bool windows_chromium_logins(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a, .name = chromium_name(a->path) };

	if (!open_database(&b, err))
		return false;
	if (!sqlite_read_has(&b.db, "logins")) {
		close_database(&b);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no saved logins");
	}
	/* The password itself is not read. */
	ask(&b, "logins", "SELECT origin_url, username_value, date_created FROM logins", saved_login);
	close_database(&b);
	return true;
}

/* Numbers of cards and the like are nobody's business here; that they were typed is. */
static bool is_secret(struct span field)
{
	static const char *const words[] = { "pass", "card", "cvv", "cvc", "pin", "iban", "secret", "token" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (tell_find_nocase(field, words[i]) != SIZE_MAX)
			return true;
	return false;
}

static bool tell_form(struct browser *b, const struct sqlite_row *row, timestamp first, timestamp last)
{
	struct trace t = trace_new(TRACE_SETTING, "form entry");

	t.name = sqlite_row_text(row, 0);
	t.command = is_secret(t.name) ? SPAN("(not shown)") : sqlite_row_text(row, 1);
	t.time = first;
	t.last = last;
	t.count = (uint64_t)sqlite_row_number(row, 4);
	t.source = SPAN("browser, form filled in; last: again");
	t.path = b->a->path;
	t.program = span_text(b->name);
	t.user = b->user;
	t.summary = tell_summary(&b->scratch, "in %s was typed %.*s: %.*s", b->name, SPAN_ARG(t.name), SPAN_ARG(t.command));
	return done(b, b->a->trace(b->a->context, &t));
}

static bool chromium_form(void *context, const struct sqlite_row *row)
{
	int64_t first = sqlite_row_number(row, 2), last = sqlite_row_number(row, 3);

	return tell_form(context, row, first > 0 ? timestamp_of_unix(first, 0) : TIME_NONE,
			 last > 0 ? timestamp_of_unix(last, 0) : TIME_NONE);
}

static bool firefox_form(void *context, const struct sqlite_row *row)
{
	return tell_form(context, row, of_unix(sqlite_row_number(row, 2)), of_unix(sqlite_row_number(row, 3)));
}

bool windows_forms(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a, .name = chromium_name(a->path) };

	if (!open_database(&b, err))
		return false;
	if (sqlite_read_has(&b.db, "autofill")) {
		ask(&b, "forms", "SELECT name, value, date_created, date_last_used, count FROM autofill", chromium_form);
	} else if (sqlite_read_has(&b.db, "moz_formhistory")) {
		b.name = "Firefox";
		ask(&b, "forms", "SELECT fieldname, value, firstUsed, lastUsed, timesUsed FROM moz_formhistory", firefox_form);
	} else {
		err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no forms");
	}
	close_database(&b);
	return err->code != ERR_UNSUPPORTED;
}

static bool firefox_visit(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct web_page p = { .url = sqlite_row_text(row, 0), .title = sqlite_row_text(row, 1), .user = b->user,
			      .browser = b->name, .source = "browser history, visit",
			      .time = of_unix(sqlite_row_number(row, 2)), .count = TRACE_NO_NUMBER };

	return done(b, web_tell_page(b->a, &p, &b->scratch));
}

/* {"state":1,"endTime":1383539999333,"fileSize":123} of downloads/metaData. */
static void firefox_state(struct span text, struct arena *arena, struct web_download *d)
{
	struct json *json;
	struct err err;
	const struct json *end, *size;
	uint64_t n;

	if (!text.len || !json_read(text, arena, &json, &err))
		return;
	end = json_member(json, "endTime");
	size = json_member(json, "fileSize");
	if (end && span_to_u64(end->text, &n) && n < UINT64_C(1) << 53)
		d->end = of_unix((int64_t)n * 1000);
	if (size && span_to_u64(size->text, &n))
		d->bytes = n;
}

static bool firefox_download(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct web_download d = { .url = sqlite_row_text(row, 0), .user = b->user, .browser = b->name,
				  .source = "browser downloads", .time = of_unix(sqlite_row_number(row, 2)),
				  .end = TIME_NONE, .bytes = TRACE_NO_NUMBER, .referrer = sqlite_row_text(row, 4) };

	d.path = web_file_path(sqlite_row_text(row, 1), &b->scratch);
	firefox_state(sqlite_row_text(row, 3), &b->scratch, &d);
	if (!sqlite_row_is_null(row, 5))
		d.bytes = (uint64_t)sqlite_row_number(row, 5);
	return done(b, web_tell_download(b->a, &d, &b->scratch));
}

bool windows_firefox(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a, .name = "Firefox" };
	bool has_places, has_downloads;

	if (!open_database(&b, err))
		return false;
	has_places = sqlite_read_has(&b.db, "moz_places");
	has_downloads = sqlite_read_has(&b.db, "moz_downloads");
	if (!has_places && !has_downloads) {
		close_database(&b);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no history of Firefox");
	}
	if (has_places) {
		ask(&b, "visits", "SELECT p.url, p.title, v.visit_date FROM moz_historyvisits v"
		    " JOIN moz_places p ON p.id = v.place_id", firefox_visit);
		ask(&b, "downloads", "SELECT p.url, a.content, a.dateAdded, (SELECT m.content FROM moz_annos m JOIN"
		    " moz_anno_attributes n ON n.id = m.anno_attribute_id WHERE m.place_id = a.place_id AND n.name ="
		    " 'downloads/metaData'), '', NULL FROM moz_annos a JOIN moz_anno_attributes t ON t.id = a.anno_attribute_id"
		    " JOIN moz_places p ON p.id = a.place_id WHERE t.name = 'downloads/destinationFileURI'", firefox_download);
	}
	if (has_downloads)
		ask(&b, "downloads", "SELECT source, target, startTime, '', referrer, currBytes FROM moz_downloads",
		    firefox_download);
	close_database(&b);
	return true;
}

static bool safari_visit(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct web_page p = { .url = sqlite_row_text(row, 0), .title = sqlite_row_text(row, 1), .user = b->user,
			      .browser = b->name, .source = "browser history, visit", .count = TRACE_NO_NUMBER };

	p.time = of_unix((sqlite_row_number(row, 2) + COCOA_SECONDS) * 1000000);
	return done(b, web_tell_page(b->a, &p, &b->scratch));
}

bool windows_safari(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a, .name = "Safari" };

	if (!open_database(&b, err))
		return false;
	if (!sqlite_read_has(&b.db, "history_items") || !sqlite_read_has(&b.db, "history_visits")) {
		close_database(&b);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no history of Safari");
	}
	ask(&b, "visits", "SELECT i.url, v.title, CAST(v.visit_time AS INTEGER) FROM history_visits v JOIN history_items i"
	    " ON i.id = v.history_item", safari_visit);
	close_database(&b);
	return true;
}

/* [{"application":"{…}\\x.exe","platform":"windows_win32"}, …]: the first that is a program. */
static struct span activity_program(struct span text, struct arena *arena)
{
	struct json *json;
	struct err err;
	struct span first = { 0 };

	if (!text.len || !json_read(text, arena, &json, &err) || json->kind != JSON_ARRAY)
		return first;
	for (const struct json *j = json->first; j; j = j->next) {
		struct span application = json_member_text(j, "application");
		struct span platform = json_member_text(j, "platform");

		if (!application.len)
			continue;
		if (span_eq(platform, SPAN("x_exe_path")) || span_eq(platform, SPAN("windows_win32")))
			return application;
		if (!first.len)
			first = application;
	}
	return first;
}

static bool tell_activity(void *context, const struct sqlite_row *row)
{
	struct browser *b = context;
	struct json *payload = NULL;
	struct err err;
	struct span content = { 0 }, shown = { 0 };
	struct trace t;

	if (json_read(sqlite_row_text(row, 3), &b->scratch, &payload, &err)) {
		content = json_member_text(payload, "contentUri");
		shown = json_member_text(payload, "displayText");
	}
	t = trace_new(content.len ? TRACE_FILE : TRACE_EXECUTION, content.len ? "opened" : "ran");
	t.program = activity_program(sqlite_row_text(row, 0), &b->scratch);
	t.path = content.len ? web_file_path(content, &b->scratch) : content;
	t.name = shown;
	t.user = b->user;
	t.time = of_unix(sqlite_row_number(row, 1) * 1000000);
	t.last = of_unix(sqlite_row_number(row, 2) * 1000000);
	t.source = SPAN("activity history (time line), start of use");
	t.summary = tell_summary(&b->scratch, "%.*s was used%s%.*s", SPAN_ARG(tell_base(t.program)), shown.len ? " on " : "",
				 SPAN_ARG(shown));
	return done(b, !t.program.len || b->a->trace(b->a->context, &t));
}

bool windows_activities(const struct artefact *a, struct err *err)
{
	struct browser b = { .a = a };

	if (!open_database(&b, err))
		return false;
	if (!sqlite_read_has(&b.db, "Activity") || !sqlite_read_has(&b.db, "Activity_PackageId")) {
		close_database(&b);
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no activity history");
	}
	ask(&b, "activities", "SELECT AppId, StartTime, EndTime, Payload FROM Activity", tell_activity);
	close_database(&b);
	return true;
}
