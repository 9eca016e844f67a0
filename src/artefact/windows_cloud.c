/* Configuration of programs that copy files elsewhere: rclone, FileZilla, WinSCP; OneDrive's binary logs. */
#include "artefact/windows.h"
#include "artefact/windows_database.h"
#include "codec/pack.h"
#include "codec/xml_read.h"

#include <stddef.h>

#define MAX_SERVERS 5000
#define ODL_HEADER 256
#define ODL_MAX_UNPACKED ((size_t)64 << 20)

static bool tell_server(const struct artefact *a, const char *program, struct span name, struct span peer,
			struct span user, struct span kind)
{
	struct trace t = trace_new(TRACE_SETTING, "file server");
	struct tell_detail d;

	t.path = a->path;
	t.name = name.len ? name : peer;
	t.command = t.peer = peer;
	t.user = user;
	t.program = span_text(program);
	t.time = a->modified;
	t.source = arena_printf(a->arena, "configuration of %s, last written; that something was sent is not said", program);
	tell_detail_begin(&d);
	tell_detail_text(&d, "kind", kind);
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "%s knows %.*s (%.*s)", program, SPAN_ARG(t.name), SPAN_ARG(kind.len ? kind : peer));
	return a->trace(a->context, &t);
}

/* [name] sections with "key = value"; `each` is called at the end of a section. */
struct section {
	struct span name, host, user, kind, port;
};

static void take_key(struct section *s, struct span key, struct span value)
{
	static const struct { const char *key; size_t at; } keys[] = {
		{ "host", offsetof(struct section, host) }, { "hostname", offsetof(struct section, host) },
		{ "endpoint", offsetof(struct section, host) }, { "url", offsetof(struct section, host) },
		{ "user", offsetof(struct section, user) }, { "username", offsetof(struct section, user) },
		{ "account", offsetof(struct section, user) }, { "access_key_id", offsetof(struct section, user) },
		{ "type", offsetof(struct section, kind) }, { "fsprotocol", offsetof(struct section, kind) },
		{ "port", offsetof(struct section, port) }, { "portnumber", offsetof(struct section, port) },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (span_eq_nocase(key, span_text(keys[i].key)))
			memcpy((char *)s + keys[i].at, &value, sizeof value);
}

static bool tell_section(const struct artefact *a, const char *program, const struct section *s)
{
	struct span peer = s->port.len && s->host.len
		? arena_printf(a->arena, "%.*s:%.*s", SPAN_ARG(s->host), SPAN_ARG(s->port)) : s->host;

	return (!s->host.len && !s->kind.len) || tell_server(a, program, s->name, peer, s->user, s->kind);
}

/* Only sections whose name begins with `prefix`. */
static bool tell_ini(const struct artefact *a, const char *program, struct span prefix)
{
	struct span rest = tell_text_of(a), line;
	struct section s = { 0 };
	bool wanted = false;

	while (tell_line(&rest, &line)) {
		size_t equals = span_find_byte(line, 0, '=');

		line = span_trim(line);
		if (line.len > 2 && line.at[0] == '[') {
			if (wanted && !tell_section(a, program, &s))
				return true;
			s = (struct section){ .name = span_sub(line, 1, line.len - 2) };
			wanted = span_starts(s.name, prefix);
			s.name = span_from(s.name, wanted ? prefix.len : 0);
		} else if (equals != SIZE_MAX) {
			equals = span_find_byte(line, 0, '=');
			take_key(&s, span_trim(span_sub(line, 0, equals)), span_trim(span_from(line, equals + 1)));
		}
	}
	if (wanted)
		tell_section(a, program, &s);
	return true;
}

bool windows_rclone(const struct artefact *a, struct err *err)
{
	return tell_ini(a, "rclone", SPAN(""));
}

bool windows_winscp(const struct artefact *a, struct err *err)
{
	return tell_ini(a, "WinSCP", SPAN("Sessions\\"));
}

/* Servers at any depth: folders of sites nest. */
static bool tell_servers(const struct artefact *a, const struct xml *of, unsigned depth, size_t *left)
{
	for (const struct xml *x = of->first; x && *left; x = x->next) {
		struct span host = xml_text(x, "Host"), port = xml_text(x, "Port");

		if (host.len) {
			--*left;
			if (port.len)
				host = arena_printf(a->arena, "%.*s:%.*s", SPAN_ARG(host), SPAN_ARG(port));
			if (!tell_server(a, "FileZilla", xml_text(x, "Name"), host, xml_text(x, "User"),
					 span_eq(xml_text(x, "Protocol"), SPAN("1")) ? SPAN("sftp") : SPAN("ftp")))
				return false;
		} else if (depth < 32 && !tell_servers(a, x, depth + 1, left)) {
			return false;
		}
	}
	return true;
}

bool windows_filezilla(const struct artefact *a, struct err *err)
{
	size_t left = MAX_SERVERS;
	struct xml *x;
	bool whole;

	if (!xml_read(tell_text_of(a), a->arena, &x, &whole, err))
		return false;
	if (!span_starts(x->name, SPAN("FileZilla")))
		return err_set(err, ERR_UNSUPPORTED, 0, "not FileZilla's");
	if (!whole)
		a->short_of(a->context, "document breaks off or is ill-formed");
	tell_servers(a, x, 0, &left);
	return true;
}

static bool tell_queued(void *context, const struct sqlite_row *row)
{
	const struct artefact *a = context;
	bool is_download = sqlite_row_number(row, 4);
	struct trace t = trace_new(TRACE_TRANSFER, "copy");
	int64_t size = sqlite_row_number(row, 3);
	struct tell_detail d;

	t.peer = arena_printf(a->arena, "%.*s:%lld", SPAN_ARG(sqlite_row_text(row, 0)), (long long)sqlite_row_number(row, 1));
	t.user = arena_copy(a->arena, sqlite_row_text(row, 2));
	t.path = sqlite_row_text(row, 5);
	t.program = SPAN("FileZilla");
	t.time = a->modified;
	t.source = SPAN("FileZilla's queue: to be sent or fetched, not done; the time is the file's");
	if (size > 0)
		*(is_download ? &t.bytes_in : &t.bytes_out) = (uint64_t)size;
	tell_detail_begin(&d);
	tell_detail_text(&d, "direction", is_download ? SPAN("in") : SPAN("out"));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "FileZilla was to %s %.*s, %.*s", is_download ? "fetch" : "send",
				 SPAN_ARG(t.path), SPAN_ARG(t.peer));
	return a->trace(a->context, &t);
}

bool windows_filezilla_queue(const struct artefact *a, struct err *err)
{
	static const struct database_query query = {
		"SELECT s.host, s.port, s.user, f.size, f.download, f.source_file FROM files f JOIN servers s ON s.id = f.server",
		tell_queued };

	return database_ask(a, "files", &query, 1, (void *)(uintptr_t)a, err);
}

/* OneDrive's .odl and .odlgz: how many records, from when to when. Their texts are obscured. */
bool windows_odl(const struct artefact *a, struct err *err)
{
	struct span body = span_from(a->bytes, ODL_HEADER);
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct tell_detail d;
	uint64_t count = 0;

	if (!span_starts(a->bytes, SPAN("EBFGONED")))
		return err_set(err, ERR_UNSUPPORTED, 0, "no log of OneDrive");
	if (span_starts(body, SPAN("\x1f\x8b")) && !pack_gunzip(a->arena, body, ODL_MAX_UNPACKED, &body))
		a->short_of(a->context, "compressed log breaks off or is larger than 64 MiB");
	for (size_t at = span_find(body, 0, SPAN("\xcc\xdd\xee\xff")); at != SIZE_MAX;
	     at = span_find(body, at + 4, SPAN("\xcc\xdd\xee\xff"))) {
		struct cursor c = cursor_of(span_from(body, at + 8));
		uint64_t milliseconds = cursor_u64le(&c);
		bool is_time = milliseconds < UINT64_C(1) << 43 && !c.short_read;
		timestamp time = !is_time ? TIME_NONE : timestamp_of_unix((int64_t)(milliseconds / 1000),
									  (uint32_t)(milliseconds % 1000) * 1000000);

		count++;
		if (time == TIME_NONE)
			continue;
		t.time = t.time == TIME_NONE || time < t.time ? time : t.time;
		t.last = t.last == TIME_NONE || time > t.last ? time : t.last;
	}
	t.count = count;
	t.program = SPAN("OneDrive.exe");
	t.user = tell_user_of_path(a->path);
	t.source = SPAN("OneDrive's own log, first and last record; count is of records, whose texts are obscured");
	tell_detail_begin(&d);
	tell_detail_text(&d, "version", span_trim(span_sub(a->bytes, 28, span_find_byte(span_sub(a->bytes, 28, 64), 0, 0))));
	t.detail = tell_detail_end(&d, a->arena);
	t.summary = tell_summary(a->arena, "OneDrive wrote %llu records of its log", (unsigned long long)count);
	a->trace(a->context, &t);
	return true;
}
