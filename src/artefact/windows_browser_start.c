/*
 * What starts in browsers, on every system: extensions by their manifests, and by what the
 * browser itself keeps of them: where each came from and whether it is on. A manifest that
 * lies there need not be loaded, and one that is loaded may lie anywhere on the disk.
 */
#include "artefact/windows.h"
#include "codec/json_read.h"

#define WANTS_MOST ((size_t)4000)	/* bytes of a list of permissions */

/* Texts of an array, with ", " between. */
static void add_texts(struct buf *to, const struct json *array)
{
	for (const struct json *p = array ? array->first : NULL; p; p = p->next)
		if (p->kind == JSON_STRING)
			buf_printf(to, "%s%.*s", to->len ? ", " : "", SPAN_ARG(p->text));
}

static bool is_true(const struct json *of, const char *key)
{
	const struct json *member = json_member(of, key);

	return member && member->kind == JSON_BOOL && span_eq(member->text, SPAN("true"));
}

static bool number_of(const struct json *of, const char *key, uint64_t *out)
{
	const struct json *member = json_member(of, key);

	return member && (member->kind == JSON_NUMBER || member->kind == JSON_STRING) && span_to_u64(member->text, out);
}

/* Extensions/IDENTIFIER/VERSION/manifest.json */
bool windows_extension(const struct artefact *a, struct err *err)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "browser extension");
	struct json *json;
	struct tell_detail d;
	struct buf wants = buf_new(WANTS_MOST);

	if (!json_read(tell_text_of(a), a->arena, &json, err))
		return false;
	t.path = a->path;
	t.name = json_member_text(json, "name");
	t.program = tell_base(tell_folder(tell_folder(a->path)));
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("browser extension, manifest last written");
	t.technique = SPAN("T1176.001");
	add_texts(&wants, json_member(json, "permissions"));
	add_texts(&wants, json_member(json, "host_permissions"));
	tell_detail_begin(&d);
	tell_detail_text(&d, "version", json_member_text(json, "version"));
	tell_detail_text(&d, "permissions", buf_span(&wants));
	tell_detail_text(&d, "updates_from", json_member_text(json, "update_url"));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "browser extension %.*s (%.*s)", SPAN_ARG(t.name), SPAN_ARG(t.program));
	buf_free(&wants);
	a->trace(a->context, &t);
	return true;
}

/* ---- Chromium and kin: Preferences and Secure Preferences ---- */

/* Manifest::Location of Chromium's sources; parts of the browser itself are not told. */
static const char *location_name(uint64_t location)
{
	static const char *const names[] = { "unknown", "store", "preferences file", "registry", "unpacked folder", NULL,
					     "preferences file", "policy", "command line", "policy", NULL };

	return location < sizeof names / sizeof *names ? names[location] : "unknown";
}

/* Microseconds since 1601, as a text. */
static timestamp chromium_time(const struct json *of, const char *key)
{
	uint64_t microseconds;

	if (!number_of(of, key, &microseconds) || !microseconds || microseconds > UINT64_MAX / 10)
		return TIME_NONE;
	return timestamp_of_filetime(microseconds * 10);
}

/* `active_permissions` are what it has, those of the manifest what it asks for. */
static void add_rights(struct buf *to, const struct json *extension, const struct json *manifest)
{
	const struct json *rights = json_member(extension, "active_permissions");

	if (!rights)
		rights = json_member(extension, "granted_permissions");
	add_texts(to, json_member(rights, "api"));
	add_texts(to, json_member(rights, "explicit_host"));
	add_texts(to, json_member(rights, "scriptable_host"));
	if (!to->len)
		add_texts(to, json_member(manifest, "permissions"));
}

static const char *chromium_state(const struct json *extension)
{
	const struct json *reasons = json_member(extension, "disable_reasons");
	uint64_t state;

	if (number_of(extension, "state", &state))
		return state == 1 ? "on" : state == 2 ? "removed" : "off";
	return reasons && (reasons->kind == JSON_ARRAY ? reasons->first != NULL : !span_eq(reasons->text, SPAN("0")))
		       ? "off" : "on";
}

static bool tell_chromium(const struct artefact *a, const struct json *extension)
{
	const struct json *manifest = json_member(extension, "manifest");
	struct trace t = trace_new(TRACE_AUTOSTART, "browser extension");
	struct span folder = json_member_text(extension, "path"), name = json_member_text(manifest, "name");
	struct buf wants = buf_new(WANTS_MOST);
	uint64_t location = 0;
	const char *from;
	struct tell_detail d;

	number_of(extension, "location", &location);
	from = location_name(location);
	if (!from || !(folder.len + name.len))
		return true;
	t.path = a->path;
	t.name = name.len ? name : extension->key;
	t.command = extension->key;
	t.user = tell_user_of_path(a->path);
	t.time = chromium_time(extension, "first_install_time");
	if (t.time == TIME_NONE)
		t.time = chromium_time(extension, "install_time");
	t.last = chromium_time(extension, "last_update_time");
	t.source = SPAN("browser's own list of extensions, installed; last: updated");
	t.technique = SPAN("T1176.001");
	add_rights(&wants, extension, manifest);
	tell_detail_begin(&d);
	tell_detail_text(&d, "version", json_member_text(manifest, "version"));
	tell_detail_text(&d, "folder", folder);
	tell_detail_text(&d, "from", span_text(from));
	tell_detail_text(&d, "state", span_text(chromium_state(extension)));
	tell_detail_text(&d, "of_store", json_member(extension, "from_webstore")
						 ? span_text(is_true(extension, "from_webstore") ? "yes" : "no") : SPAN(""));
	tell_detail_text(&d, "permissions", buf_span(&wants));
	tell_detail_text(&d, "updates_from", json_member_text(manifest, "update_url"));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "browser extension %.*s (%.*s), from %s", SPAN_ARG(t.name),
				 SPAN_ARG(extension->key), from);
	buf_free(&wants);
	return a->trace(a->context, &t);
}

static bool tell_page(const struct artefact *a, const char *name, struct span address)
{
	struct trace t = trace_new(TRACE_SETTING, "browser page");

	t.path = a->path;
	t.name = span_text(name);
	t.command = address;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("browser's preferences; the time is the file's");
	t.summary = tell_summary(a->arena, "browser's %s is %.*s", name, SPAN_ARG(address));
	return !address.len || a->trace(a->context, &t);
}

/* What opens by itself, and where searches go. */
static bool tell_pages(const struct artefact *a, const struct json *top)
{
	const struct json *session = json_member(top, "session"), *urls = json_member(session, "startup_urls");
	const struct json *search = json_member(json_member(top, "default_search_provider_data"), "template_url_data");
	bool more = tell_page(a, "home page", json_member_text(top, "homepage")) &&
		    tell_page(a, "search", json_member_text(search, "url"));

	for (const struct json *u = urls ? urls->first : NULL; u && more; u = u->next)
		more = tell_page(a, "start page", u->kind == JSON_STRING ? u->text : (struct span){ 0 });
	return more;
}

bool windows_chromium_preferences(const struct artefact *a, struct err *err)
{
	const struct json *list;
	struct json *top;

	if (!span_starts(a->bytes, SPAN("{")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no preferences of a browser");
	if (!json_read(a->bytes, a->arena, &top, err))
		return false;
	list = json_member(json_member(top, "extensions"), "settings");
	if (!list && !json_member(top, "session") && !json_member(top, "profile"))
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no preferences of a browser");
	for (const struct json *e = list ? list->first : NULL; e; e = e->next)
		if (e->kind == JSON_OBJECT && !tell_chromium(a, e))
			return true;
	tell_pages(a, top);
	return true;
}

/* ---- Firefox: extensions.json, prefs.js ---- */

static timestamp firefox_time(const struct json *addon, const char *key)
{
	uint64_t milliseconds;

	return number_of(addon, key, &milliseconds) && milliseconds && milliseconds < UINT64_C(1) << 43
		       ? (timestamp)milliseconds * (TIME_SECOND / 1000) : TIME_NONE;
}

/* Mozilla's own word on its signature. */
static const char *signature_name(const struct json *addon)
{
	const struct json *state = json_member(addon, "signedState");
	struct span number = state ? state->text : (struct span){ 0 };

	return span_eq(number, SPAN("2")) ? "signed" : span_eq(number, SPAN("3")) ? "signed by Mozilla"
	       : span_eq(number, SPAN("1")) ? "signed, not reviewed" : span_eq(number, SPAN("0")) ? "unsigned"
	       : span_eq(number, SPAN("-1")) ? "bad signature" : "";
}

static bool tell_firefox(const struct artefact *a, const struct json *addon)
{
	const struct json *origin = json_member(addon, "installTelemetryInfo");
	const struct json *rights = json_member(addon, "userPermissions");
	struct trace t = trace_new(TRACE_AUTOSTART, "browser extension");
	struct span location = json_member_text(addon, "location");
	struct buf wants = buf_new(WANTS_MOST);
	struct tell_detail d;

	if (!span_eq(json_member_text(addon, "type"), SPAN("extension")) || span_eq(location, SPAN("app-builtin")) ||
	    span_eq(location, SPAN("app-system-defaults")))
		return true;
	t.path = a->path;
	t.command = json_member_text(addon, "id");
	t.name = json_member_text(json_member(addon, "defaultLocale"), "name");
	t.name = t.name.len ? t.name : t.command;
	t.user = tell_user_of_path(a->path);
	t.time = firefox_time(addon, "installDate");
	t.last = firefox_time(addon, "updateDate");
	t.source = SPAN("browser's own list of extensions, installed; last: updated");
	t.technique = SPAN("T1176.001");
	add_texts(&wants, json_member(rights, "permissions"));
	add_texts(&wants, json_member(rights, "origins"));
	tell_detail_begin(&d);
	tell_detail_text(&d, "version", json_member_text(addon, "version"));
	tell_detail_text(&d, "file", json_member_text(addon, "path"));
	tell_detail_text(&d, "from", json_member_text(addon, "sourceURI"));
	tell_detail_text(&d, "how", json_member_text(origin, "source"));
	tell_detail_text(&d, "where", location);
	tell_detail_text(&d, "state", is_true(addon, "active") ? SPAN("on") : SPAN("off"));
	tell_detail_text(&d, "signature", span_text(signature_name(addon)));
	tell_detail_text(&d, "permissions", buf_span(&wants));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "browser extension %.*s (%.*s)", SPAN_ARG(t.name), SPAN_ARG(t.command));
	buf_free(&wants);
	return a->trace(a->context, &t);
}

bool windows_firefox_extensions(const struct artefact *a, struct err *err)
{
	const struct json *list;
	struct json *top;

	if (!json_read(a->bytes, a->arena, &top, err))
		return false;
	list = json_member(top, "addons");
	if (!list)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "no list of extensions");
	for (const struct json *e = list->first; e; e = e->next)
		if (e->kind == JSON_OBJECT && !tell_firefox(a, e))
			break;
	return true;
}

/* Preferences of Firefox that lead elsewhere, or let in what is not signed. */
static const struct preference {
	const char *key, *what, *technique;
} preferences[] = {
	{ "browser.startup.homepage", "browser page", "" },
	{ "network.proxy.type", "proxy", "T1090" },
	{ "network.proxy.http", "proxy", "T1090" },
	{ "network.proxy.ssl", "proxy", "T1090" },
	{ "network.proxy.socks", "proxy", "T1090" },
	{ "network.proxy.autoconfig_url", "proxy", "T1090" },
	{ "network.trr.uri", "dns server", "" },
	{ "network.trr.custom_uri", "dns server", "" },
	{ "xpinstall.signatures.required", "extension signature", "T1176.001" },
	{ "security.enterprise_roots.enabled", "root certificate", "" },
	{ "general.config.filename", "browser start", "T1176" },
	{ "devtools.debugger.remote-enabled", "remote debugging", "" },
};

/* user_pref("key", value); */
static bool split_preference(struct span line, struct span *key, struct span *value)
{
	size_t start = span_find(line, 0, SPAN("pref(\"")), end;

	if (start == SIZE_MAX || start > 5)
		return false;
	line = span_from(line, start + 6);
	end = span_find_byte(line, 0, '"');
	*key = span_sub(line, 0, end);
	line = span_trim(span_from(line, end == SIZE_MAX ? line.len : end + 1));
	if (!span_starts(line, SPAN(",")) || !span_ends(line, SPAN(");")))
		return false;
	*value = span_trim(span_sub(line, 1, line.len - 3));
	if (value->len > 1 && value->at[0] == '"')
		*value = span_sub(*value, 1, value->len - 2);
	return true;
}

static bool tell_preference(const struct artefact *a, const struct preference *p, struct span value)
{
	struct trace t = trace_new(TRACE_SETTING, p->what);

	t.path = a->path;
	t.name = span_text(p->key);
	t.command = value;
	t.user = tell_user_of_path(a->path);
	t.time = a->modified;
	t.source = SPAN("browser's preferences; the time is the file's");
	t.technique = span_text(p->technique);
	t.summary = tell_summary(a->arena, "Firefox: %s is %.*s", p->key, SPAN_ARG(value));
	return a->trace(a->context, &t);
}

bool windows_firefox_preferences(const struct artefact *a, struct err *err)
{
	struct span rest = a->bytes, line, key, value;

	while (tell_line(&rest, &line)) {
		if (!split_preference(line, &key, &value))
			continue;
		for (size_t i = 0; i < sizeof preferences / sizeof *preferences; i++)
			if (span_eq(key, span_text(preferences[i].key)) && !tell_preference(a, &preferences[i], value))
				return true;
	}
	return true;
}
