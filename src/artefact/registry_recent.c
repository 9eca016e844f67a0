/* What a user opened, typed, packed and connected to: lists of recent things. */
#include "artefact/registry.h"
#include "artefact/tell.h"
#include "artefact/windows_path.h"
#include "formats/shell_item/shell_item.h"

#define CV "Software\\Microsoft\\Windows\\CurrentVersion\\"
#define EXPLORER CV "Explorer\\"
#define TERMINAL "Software\\Microsoft\\Terminal Server Client\\"

static void tell_file(struct registry *r, const char *what, struct span path, timestamp time, const char *source,
		      struct span program)
{
	struct trace t = trace_new(TRACE_FILE, what);

	t.path = path;
	t.time = time;
	t.source = span_text(source);
	t.program = program;
	t.technique = strcmp(what, "archived") ? SPAN("") : SPAN("T1560.001");
	t.summary = REGISTRY_TEXT(r, "%.*s was %s (%s)", SPAN_ARG(path), what, source);
	if (path.len)
		registry_tell(r, &t);
}

/* The name of the newest value: first letter of MRUList, first number of MRUListEx. Empty: not kept. */
static struct span newest(struct registry *r, const struct regf_key *key)
{
	struct span list = registry_data(key, "MRUListEx"), letters = registry_text(r, key, "MRUList");

	if (list.len >= 4)
		return REGISTRY_TEXT(r, "%u", load_u32le(list.at));
	return span_sub(letters, 0, 1);
}

/* Only the newest entry has a time: that of the list. */
static timestamp time_of(const struct regf_key *key, struct span first, struct span name)
{
	return first.len && span_eq(first, name) ? key->written : TIME_NONE;
}

static bool is_list(struct span name)
{
	return span_starts(name, SPAN("MRUList")) || !name.len;
}

enum form { TEXT, RECENT_DOC, ITEMS, PROGRAM_ITEMS, PROGRAM_TEXT };

struct list {
	const char *key;
	enum form form;
	const char *what, *source;
};

static const struct list lists[] = {
	{ EXPLORER "TypedPaths", TEXT, "opened", "TypedPaths" },
	{ EXPLORER "RecentDocs", RECENT_DOC, "opened", "RecentDocs" },
	{ EXPLORER "RecentDocs\\*", RECENT_DOC, "opened", "RecentDocs" },
	{ EXPLORER "ComDlg32\\OpenSavePidlMRU\\*", ITEMS, "opened", "OpenSavePidlMRU" },
	{ EXPLORER "ComDlg32\\OpenSaveMRU\\*", TEXT, "opened", "OpenSaveMRU" },
	{ EXPLORER "ComDlg32\\LastVisitedPidlMRU", PROGRAM_ITEMS, "opened", "LastVisitedPidlMRU" },
	{ EXPLORER "ComDlg32\\LastVisitedPidlMRULegacy", PROGRAM_ITEMS, "opened", "LastVisitedPidlMRU" },
	{ EXPLORER "ComDlg32\\LastVisitedMRU", PROGRAM_TEXT, "opened", "LastVisitedMRU" },
	{ "Software\\WinRAR\\ArcHistory", TEXT, "archived", "WinRAR ArcHistory" },
	{ "Software\\WinRAR\\DialogEditHistory\\ArcName", TEXT, "archived", "WinRAR ArcName" },
	{ "Software\\WinRAR\\DialogEditHistory\\ExtrPath", TEXT, "opened", "WinRAR ExtrPath" },
};

static void take_entry(struct registry *r, const struct list *list, const struct regf_value *v, timestamp time)
{
	struct span text = regf_utf16(v->data, &r->scratch), rest;
	size_t used = 0;

	if (list->form == TEXT) {
		tell_file(r, list->what, regf_text(v, &r->scratch), time, list->source, (struct span){ 0 });
		return;
	}
	if (list->form == ITEMS) {
		tell_file(r, list->what, shell_item_path(v->data, &r->scratch), time, list->source, (struct span){ 0 });
		return;
	}
	if (list->form == RECENT_DOC) {
		tell_file(r, list->what, text, time, list->source, (struct span){ 0 });
		return;
	}
	while (used + 1 < v->data.len && (v->data.at[used] || v->data.at[used + 1]))
		used += 2;
	rest = span_from(v->data, used + 2);
	tell_file(r, list->what, list->form == PROGRAM_ITEMS ? shell_item_path(rest, &r->scratch)
							     : regf_utf16(rest, &r->scratch),
		  time, list->source, text);
}

static void take_list(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span first = newest(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);

		if (!is_list(name) && !span_eq(name, SPAN("ViewStream")))
			take_entry(r, context, &v, time_of(key, first, name));
	}
}

/* "cmd\1": what was typed into the Run window. */
static void take_run(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span first = newest(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_EXECUTION, "ran");
		struct span name = regf_name_text(v.name, &r->scratch);

		t.command = regf_text(&v, &r->scratch);
		if (is_list(name) || !t.command.len)
			continue;
		if (span_ends(t.command, SPAN("\\1")))
			t.command = span_sub(t.command, 0, t.command.len - 2);
		t.program = windows_program_of(t.command, r->user, &r->scratch);
		t.time = time_of(key, first, name);
		t.path = registry_path(r, key);
		t.source = SPAN("RunMRU");
		t.summary = REGISTRY_TEXT(r, "typed into Run: %.*s", SPAN_ARG(t.command));
		registry_tell(r, &t);
	}
}

/* Words that were looked for in Explorer, newest first in the list of their order. */
static void take_search(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct span first = newest(r, key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_FILE, "searched");
		struct span name = regf_name_text(v.name, &r->scratch);

		t.name = regf_utf16(v.data, &r->scratch);
		if (is_list(name) || !t.name.len)
			continue;
		t.path = registry_path(r, key);
		t.time = time_of(key, first, name);
		t.source = SPAN("search in Explorer");
		t.summary = REGISTRY_TEXT(r, "looked for %.*s", SPAN_ARG(t.name));
		registry_tell(r, &t);
	}
}

/* Linux below Windows: its files lie in a disk of their own, where Windows' tools do not look. */
static void take_linux(struct registry *r, const struct regf_key *key, struct span id, const void *context)
{
	struct trace t = trace_new(TRACE_SETTING, "linux distribution");
	struct tell_detail d;
	uint64_t user;

	t.name = registry_text(r, key, "DistributionName");
	t.command = registry_text(r, key, "BasePath");
	t.path = registry_path(r, key);
	t.time = key->written;
	t.source = SPAN("registry, key last written");
	tell_detail_begin(&d);
	tell_detail_text(&d, "package", registry_text(r, key, "PackageFamilyName"));
	if (registry_number(key, "DefaultUid", &user))
		tell_detail_number(&d, "default_user", user);
	t.detail = tell_detail_end(&d, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "Linux (WSL) %.*s in %.*s", SPAN_ARG(t.name), SPAN_ARG(t.command));
	if (t.name.len)
		registry_tell(r, &t);
}

/* Archives and folders that 7-Zip remembers: texts one after the other, newest first. */
static void take_seven_zip(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct span rest = registry_data(key, "ArcHistory"), text;
	bool is_first = true;

	for (int i = 0; i < 1000 && regf_next_text(&rest, &r->scratch, &text); i++, is_first = false)
		tell_file(r, "archived", text, is_first ? key->written : TIME_NONE, "7-Zip ArcHistory", SPAN("7z.exe"));
	rest = registry_data(key, "CopyHistory");
	for (int i = 0; i < 1000 && regf_next_text(&rest, &r->scratch, &text); i++)
		tell_file(r, "opened", text, TIME_NONE, "7-Zip CopyHistory", SPAN("7zFM.exe"));
}

/* "[F00000000][T01D…][O00000000]*C:\x.docx" */
static void take_office(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span text = regf_text(&v, &r->scratch), time;
		size_t star = span_find_byte(text, 0, '*'), at = span_find(text, 0, SPAN("[T"));
		uint64_t filetime = 0;

		if (star == SIZE_MAX || at == SIZE_MAX)
			continue;
		time = REGISTRY_TEXT(r, "0x%.*s", 16, (const char *)text.at + (at + 18 <= text.len ? at + 2 : 0));
		span_to_u64(time, &filetime);
		tell_file(r, "opened", span_from(text, star + 1), timestamp_of_filetime(filetime), "Office MRU",
			  (struct span){ 0 });
	}
}

/* Documents whose content a user has allowed: eight bytes when, the last four whether macros too. */
static void take_trusted(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		bool macros = v.data.len >= 24 && load_u32le(v.data.at + v.data.len - 4) == 0x7fffffff;

		tell_file(r, "opened", regf_name_text(v.name, &r->scratch), registry_filetime(v.data, 0),
			  macros ? "trust record, macros allowed" : "trust record", (struct span){ 0 });
	}
}

/* From here to `to`: nobody's visit, so it has no peer. */
static void tell_session(struct registry *r, const struct regf_key *key, const char *what, struct span to,
			 struct span user, const char *program, timestamp time)
{
	struct trace t = trace_new(TRACE_SESSION, what);
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "as", user);
	t.name = to;
	t.program = span_text(program);
	t.time = time;
	t.path = registry_path(r, key);
	t.source = SPAN("registry, connection from here, key last written");
	t.summary = REGISTRY_TEXT(r, "%s: connection from here to %.*s%s%.*s", program, SPAN_ARG(to),
				  user.len ? " as " : "", SPAN_ARG(user));
	t.detail = tell_detail_end(&d, &r->scratch);
	if (to.len)
		registry_tell(r, &t);
}

static void take_server(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	tell_session(r, key, "remote desktop", name, registry_text(r, key, "UsernameHint"), "mstsc.exe", key->written);
}

static void take_default(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);

		if (span_starts(name, SPAN("MRU")))
			tell_session(r, key, "remote desktop", regf_text(&v, &r->scratch), (struct span){ 0 }, "mstsc.exe",
				     span_eq(name, SPAN("MRU0")) ? key->written : TIME_NONE);
	}
}

/* LocalDevices: machines that were allowed to use devices of this one; which ones its bits say. */
static void take_shared(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;
	uint64_t devices;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_SESSION, "remote desktop");
		struct tell_detail d;

		t.name = regf_name_text(v.name, &r->scratch);
		if (!regf_number(&v, &devices) || !t.name.len)
			continue;
		tell_detail_begin(&d);
		tell_detail_number(&d, "devices", devices);
		t.detail = tell_detail_end(&d, &r->scratch);
		t.program = SPAN("mstsc.exe");
		t.path = registry_path(r, key);
		t.source = SPAN("registry, devices of this machine that the other may use; no time of its own");
		t.summary = REGISTRY_TEXT(r, "remote desktop: %.*s may use devices of this machine", SPAN_ARG(t.name));
		registry_tell(r, &t);
	}
}

static void take_saved(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct span host = registry_text(r, key, "HostName");
	uint64_t port;

	if (host.len && registry_number(key, "PortNumber", &port))
		host = REGISTRY_TEXT(r, "%.*s:%llu", SPAN_ARG(host), (unsigned long long)port);
	tell_session(r, key, "saved session", host, registry_text(r, key, "UserName"), context, key->written);
}

/* "rsa2@22:host": machines whose keys a user has accepted. */
static void take_host_keys(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch), port;

		span_split(&name, '@');
		port = span_split(&name, ':');
		if (name.len)
			tell_session(r, key, "saved session", REGISTRY_TEXT(r, "%.*s:%.*s", SPAN_ARG(name), SPAN_ARG(port)),
				     (struct span){ 0 }, context, TIME_NONE);
	}
}

/* Tools of Sysinternals leave a key when their licence is accepted: at their first run. */
static void take_tool(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	uint64_t accepted = 0;

	t.name = t.program = name;
	t.time = key->written;
	t.path = registry_path(r, key);
	t.source = SPAN("licence accepted, key last written");
	t.summary = REGISTRY_TEXT(r, "Sysinternals %.*s was run", SPAN_ARG(name));
	if (registry_number(key, "EulaAccepted", &accepted) && accepted)
		registry_tell(r, &t);
}

static void take_typed_url(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_key times;
	struct regf_value v;
	bool has_times = regf_find(&r->top, SPAN("Software\\Microsoft\\Internet Explorer\\TypedURLsTime"), &times);

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct trace t = trace_new(TRACE_TRANSFER, "web");
		char *name = arena_text(&r->scratch, regf_name_text(v.name, &r->scratch));

		t.path = regf_text(&v, &r->scratch);
		t.source = SPAN("TypedURLs");
		if (has_times && name)
			t.time = registry_filetime(registry_data(&times, name), 0);
		t.summary = REGISTRY_TEXT(r, "typed: %.*s", SPAN_ARG(t.path));
		if (t.path.len)
			registry_tell(r, &t);
	}
}

bool registry_recent(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_USER, err))
		return false;
	for (size_t i = 0; i < sizeof lists / sizeof *lists && !r.is_over; i++)
		registry_each(&r, lists[i].key, take_list, &lists[i]);
	registry_each(&r, EXPLORER "RunMRU", take_run, NULL);
	registry_each(&r, EXPLORER "WordWheelQuery", take_search, NULL);
	registry_each(&r, "Software\\Microsoft\\Search Assistant\\ACMru\\*", take_search, NULL);
	registry_each(&r, CV "Lxss\\*", take_linux, NULL);
	registry_each(&r, "Software\\7-Zip\\Compression", take_seven_zip, NULL);
	registry_each(&r, "Software\\7-Zip\\FM", take_seven_zip, NULL);
	registry_each(&r, "Software\\Microsoft\\Office\\*\\*\\File MRU", take_office, NULL);
	registry_each(&r, "Software\\Microsoft\\Office\\*\\*\\User MRU\\*\\File MRU", take_office, NULL);
	registry_each(&r, "Software\\Microsoft\\Office\\*\\*\\Security\\Trusted Documents\\TrustRecords", take_trusted, NULL);
	registry_each(&r, TERMINAL "Servers\\*", take_server, NULL);
	registry_each(&r, TERMINAL "Default", take_default, NULL);
	registry_each(&r, TERMINAL "LocalDevices", take_shared, NULL);
	registry_each(&r, "Software\\Martin Prikryl\\WinSCP 2\\Sessions\\*", take_saved, "WinSCP.exe");
	registry_each(&r, "Software\\SimonTatham\\PuTTY\\Sessions\\*", take_saved, "putty.exe");
	registry_each(&r, "Software\\SimonTatham\\PuTTY\\SshHostKeys", take_host_keys, "putty.exe");
	registry_each(&r, "Software\\Martin Prikryl\\WinSCP 2\\SshHostKeys", take_host_keys, "WinSCP.exe");
	registry_each(&r, "Software\\Sysinternals\\*", take_tool, NULL);
	registry_each(&r, "Software\\Microsoft\\Internet Explorer\\TypedURLs", take_typed_url, NULL);
	registry_close(&r);
	return true;
}
