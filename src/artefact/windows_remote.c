/*
 * Logs of remote-control and cloud programs. Only lines that speak of a session or
 * of a file are told; which phrases do is one table a program.
 */
#include "artefact/windows_remote.h"

#define MAX_TOLD 50000

/* Nine a digit; anything else stands for itself. */
static const char *const stamps[] = { "9999-99-99 99:99:99", "9999/99/99 99:99:99", "9999-99-99, 99:99", "9999-99-99T99:99:99",
				      "99-99-9999 99:99:99", "99-99-99,99:99:99" };

static bool fits(struct span s, const char *shape)
{
	for (size_t i = 0; shape[i]; i++)
		if (i >= s.len || (shape[i] == '9' ? s.at[i] < '0' || s.at[i] > '9' : s.at[i] != (uint8_t)shape[i]))
			return false;
	return true;
}

static int digits(struct span s, size_t at, size_t len)
{
	uint64_t n = 0;

	return span_to_u64(span_sub(s, at, len), &n) ? (int)n : -1;
}

/* Behind a second: its fraction, then " -0800", "+01:00" or "Z". False: none is told. */
static bool zone_behind(struct span s, int64_t *seconds)
{
	size_t at = 0;
	int hours, minutes;
	bool has_colon;

	while (at < s.len && at < 10 && (s.at[at] == '.' || s.at[at] == ',' || (s.at[at] >= '0' && s.at[at] <= '9')))
		at++;
	if (at < s.len && s.at[at] == 'Z') {
		*seconds = 0;
		return true;
	}
	at += at < s.len && s.at[at] == ' ';
	s = span_from(s, at);
	has_colon = fits(s, "+99:99") || fits(s, "-99:99");
	if (!has_colon && !fits(s, "+9999") && !fits(s, "-9999"))
		return false;
	hours = digits(s, 1, 2);
	minutes = digits(s, has_colon ? 4 : 3, 2);
	at = has_colon ? 6 : 5;
	if (hours > 14 || minutes > 59 || (at < s.len && s.at[at] >= '0' && s.at[at] <= '9'))
		return false;
	*seconds = (s.at[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

timestamp remote_time(struct span line, bool day_first, bool *zoned)
{
	*zoned = false;
	for (size_t at = 0; at < line.len && at < 120; at++) {
		struct span s = span_from(line, at);
		int second = 0;

		for (size_t i = 0; i < 4; i++)
			if (fits(s, stamps[i])) {
				size_t clock = i == 2 ? 12 : 11;
				int64_t zone = 0;
				timestamp t;

				second = i == 2 ? 0 : digits(s, 17, 2);
				t = timestamp_of_civil(digits(s, 0, 4), digits(s, 5, 2), digits(s, 8, 2), digits(s, clock, 2),
						       digits(s, clock + 3, 2), second, 0);
				*zoned = i != 2 && zone_behind(span_from(s, 19), &zone);
				return timestamp_shift(t, -zone);
			}
		if (fits(s, stamps[4]))
			return timestamp_of_civil(digits(s, 6, 4), digits(s, day_first ? 3 : 0, 2),
						  digits(s, day_first ? 0 : 3, 2), digits(s, 11, 2), digits(s, 14, 2),
						  digits(s, 17, 2), 0);
		if (fits(s, stamps[5]))
			return timestamp_of_civil(2000 + digits(s, 6, 2), digits(s, 0, 2), digits(s, 3, 2), digits(s, 9, 2),
						  digits(s, 12, 2), digits(s, 15, 2), 0);
	}
	return TIME_NONE;
}

struct span remote_address(struct span line)
{
	for (size_t at = 0; at < line.len; at++) {
		size_t end = at, dots = 0;

		if (line.at[at] < '0' || line.at[at] > '9' || (at && (line.at[at - 1] == '.' || line.at[at - 1] == ':')))
			continue;
		for (; end < line.len && ((line.at[end] >= '0' && line.at[end] <= '9') ||
					  (line.at[end] == '.' && dots < 3)); end++)
			dots += line.at[end] == '.';
		if (dots == 3 && end - at >= 7 && line.at[end - 1] != '.') {
			if (end + 1 < line.len && line.at[end] == ':' && line.at[end + 1] >= '0' && line.at[end + 1] <= '9')
				for (end++; end < line.len && line.at[end] >= '0' && line.at[end] <= '9'; end++)
					;
			return span_sub(line, at, end - at);
		}
		at = end > at ? end - 1 : at;
	}
	return (struct span){ 0 };
}

/* "<1>Sep  1 11:40:53" or "Sep01 11:40:53.123": in the year before `newest`, the time of the file. */
static timestamp yearless_time(struct span line, timestamp newest)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	size_t at = span_find_byte(line, 0, '>');
	struct span s = span_from(line, at < 6 ? at + 1 : 0);
	size_t month = span_find(span_text(months), 0, span_sub(s, 0, 3));
	int year = 2000, day, skip = s.len > 3 && s.at[3] == ' ';
	struct span clock = span_from(s, 6 + skip);

	day = digits(span_trim(span_sub(s, 3 + skip, 2)), 0, 2);
	if (s.len < 14 || month == SIZE_MAX || month % 3 || newest == TIME_NONE || !fits(clock, "99:99:99"))
		return TIME_NONE;
	for (timestamp best = TIME_NONE;; year++) {
		timestamp t = timestamp_of_civil(year, (int)month / 3 + 1, day, digits(clock, 0, 2), digits(clock, 3, 2),
						 digits(clock, 6, 2), 0);

		if (year > 2100 || (t != TIME_NONE && timestamp_shift(t, -86400) > newest))
			return best;
		best = t == TIME_NONE ? best : t;
	}
}

static struct span named_value(struct span line, size_t from, const char *key, uint8_t end)
{
	size_t at = span_find(line, from, span_text(key));
	struct span rest = span_from(line, at == SIZE_MAX ? line.len : at + strlen(key));

	rest = span_split(&rest, end);
	while (rest.len && rest.at[rest.len - 1] == ')')
		rest.len--;
	return span_eq(rest, SPAN("None")) ? (struct span){ 0 } : rest;
}

/* Google Drive's own words: a folder by "mapped=C:\x, " or "path=u'C:\x'", a file in it by "name=u'x'". */
static struct span drive_path(struct arena *arena, struct span line, size_t from)
{
	struct span folder = named_value(line, from, "mapped=", ',');
	struct span name = named_value(line, from, "name=u'", '\'');

	if (!folder.len)
		folder = named_value(line, from, " path=u'", '\'');
	if (!folder.len || !name.len || span_ends(folder, name))
		return folder.len ? folder : name;
	return arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(folder), span_find_byte(folder, 0, '\\') != SIZE_MAX ? "\\" : "/",
			    SPAN_ARG(name));
}

/* What stands in quotes behind `from`, else a path with a drive or root, to the end of the line. */
static struct span path_in(struct span line, size_t from)
{
	struct span rest = span_from(line, from);

	for (size_t i = 0; i < rest.len; i++) {
		uint8_t c = rest.at[i];
		size_t end = c == '\'' || c == '"' ? span_find_byte(rest, i + 1, c) : SIZE_MAX;

		if (end != SIZE_MAX && end > i + 1)
			return span_sub(rest, i + 1, end - i - 1);
		if (i + 2 < rest.len && rest.at[i + 1] == ':' && (rest.at[i + 2] == '\\' || rest.at[i + 2] == '/'))
			return span_trim(span_from(rest, i));
	}
	return (struct span){ 0 };
}

/* Who is at the other end: between these words of the programs. */
static struct span party_in(struct span line)
{
	static const struct { const char *before, *behind; } words[] = {
		{ "participant ", " was added" }, { "Incoming session request: ", "\n" }, { "Accepting from ", " (" },
		{ "[Auth-L] ok, client (", ")" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t at = span_find(line, 0, span_text(words[i].before)), end;

		if (at == SIZE_MAX)
			continue;
		at += strlen(words[i].before);
		end = span_find(line, at, span_text(words[i].behind));
		return span_trim(span_sub(line, at, end == SIZE_MAX ? SIZE_MAX : end - at));
	}
	return (struct span){ 0 };
}

/* Splashtop's: in brackets or in JSON. */
static struct span splashtop_path(struct span line, size_t from)
{
	struct span path = named_value(line, from, "filePath[", ']');

	return path.len ? path : named_value(line, from, "\"fileName\":\"", '"');
}

struct phrase {
	const char *text;
	enum trace_kind kind;
	const char *what;
	int direction;			/* 1 out of the machine, -1 into it, 0: not said */
};

static const struct phrase teamviewer[] = {
	{ "was added with the role", TRACE_SESSION, "remote control", 0 },
	{ "CLoginServer::AuthServer", TRACE_SESSION, "remote control", 0 },
	{ "AuthenticationPasswordLogin_Passive", TRACE_SESSION, "remote control", 0 },
	{ "Session to ", TRACE_SESSION, "remote control", 0 },
	{ "Send file ", TRACE_TRANSFER, "copy", 1 },
	{ "Write file ", TRACE_TRANSFER, "copy", -1 },
	{ "Download from ", TRACE_TRANSFER, "copy", -1 },
	{ "Upload to ", TRACE_TRANSFER, "copy", 1 },
};

static const struct phrase anydesk[] = {
	{ "Incoming session request", TRACE_SESSION, "remote control", -1 },
	{ "Logged in from ", TRACE_SESSION, "remote control", -1 },
	{ "Accepting from ", TRACE_SESSION, "remote control", -1 },
	{ "Accept request from ", TRACE_SESSION, "remote control", -1 },
	{ "Authenticated ", TRACE_SESSION, "remote control", -1 },
	{ "app.session - Connecting to ", TRACE_SESSION, "remote control", 1 },
	{ "Session closed", TRACE_SESSION, "remote control", 0 },
	{ "Session stopped", TRACE_SESSION, "remote control", 0 },
	{ "Preparing files in ", TRACE_TRANSFER, "copy", 1 },
	{ "Relaying file offers", TRACE_TRANSFER, "copy", 1 },
	{ "Upload started", TRACE_TRANSFER, "copy", 1 },
	{ "Download started", TRACE_TRANSFER, "copy", -1 },
	{ "Finished file paste operation", TRACE_TRANSFER, "copy", -1 },
};

static const struct phrase rustdesk[] = {
	{ "Connection opened from ", TRACE_SESSION, "remote control", -1 },
	{ "Punch hole to ", TRACE_SESSION, "remote control", -1 },
	{ "Connection closed", TRACE_SESSION, "remote control", 0 },
	{ "new write", TRACE_TRANSFER, "copy", -1 },
	{ "new read", TRACE_TRANSFER, "copy", 1 },
};

/* Of Splashtop, seen from who controls: what is uploaded comes in here. */
static const struct phrase splashtop[] = {
	{ "[Auth-L] ok, client ", TRACE_SESSION, "remote control", -1 },
	{ "public IP ", TRACE_SESSION, "remote control", -1 },
	{ "UploadRequest", TRACE_TRANSFER, "copy", -1 },
	{ "UploadFileCPRequest", TRACE_TRANSFER, "copy", -1 },
	{ "DownloadRequest", TRACE_TRANSFER, "copy", 1 },
	{ "DownloadFileCPRequest", TRACE_TRANSFER, "copy", 1 },
};

static const struct phrase logmein[] = {
	{ "logged in from ", TRACE_SESSION, "remote control", -1 },
	{ "has successfully logged in", TRACE_SESSION, "remote control", -1 },
	{ "Remote control session", TRACE_SESSION, "remote control", 0 },
	{ "File transfer session", TRACE_TRANSFER, "copy", 0 },
};

static const struct phrase google_drive[] = {
	{ "Direction.UPLOAD, Action.CREATE", TRACE_TRANSFER, "cloud", 1 },
	{ "Direction.UPLOAD, Action.MODIFY", TRACE_TRANSFER, "cloud", 1 },
	{ "Direction.DOWNLOAD, Action.CREATE", TRACE_TRANSFER, "cloud", -1 },
	{ "Direction.DOWNLOAD, Action.MODIFY", TRACE_TRANSFER, "cloud", -1 },
	{ "Direction.UPLOAD, Action.DELETE", TRACE_FILE, "deleted", 0 },
	{ "Direction.DOWNLOAD, Action.DELETE", TRACE_FILE, "deleted", 0 },
};

static const struct phrase mega[] = {
	{ "Transfer (UPLOAD) finished", TRACE_TRANSFER, "cloud", 1 },
	{ "Transfer (DOWNLOAD) finished", TRACE_TRANSFER, "cloud", -1 },
	{ "Upload complete", TRACE_TRANSFER, "cloud", 1 },
	{ "Download complete", TRACE_TRANSFER, "cloud", -1 },
};

static const struct phrase one_drive[] = {
	{ "PUT https://", TRACE_TRANSFER, "cloud", 1 },
	{ "POST https://", TRACE_TRANSFER, "cloud", 1 },
	{ "uploading", TRACE_TRANSFER, "cloud", 1 },
	{ "Found deleted file", TRACE_FILE, "deleted", 0 },
};

static const struct program_log {
	const char *paths, *program, *zone, *technique;
	const struct phrase *phrases;
	size_t count;
} logs[] = {
#define PHRASES(table) table, sizeof table / sizeof *table
	{ "TeamViewer*Logfile*.log", "TeamViewer", "local time", "T1219", PHRASES(teamviewer) },
	{ "ad.trace|ad_svc.trace", "AnyDesk", "UTC", "T1219", PHRASES(anydesk) },
	{ "RustDesk/log/*|RustDesk/log/*/*|rustdesk*.log", "RustDesk", "local time", "T1219", PHRASES(rustdesk) },
	{ "SPLog*.txt|SPLog*.txt.*", "Splashtop", "local time, year by the file's", "T1219", PHRASES(splashtop) },
	{ "LogMeIn/LogMeIn*.log|LogMeIn/LMI*.log", "LogMeIn", "local time", "T1219", PHRASES(logmein) },
	{ "sync_log*.log", "Google Drive", "local time", "T1567.002", PHRASES(google_drive) },
	{ "MEGAsync*.log", "MEGAsync", "local time", "T1567.002", PHRASES(mega) },
	{ "skydrive*.log", "OneDrive", "UTC", "T1567.002", PHRASES(one_drive) },
};

const char windows_remote_paths[] =
	"TeamViewer*Logfile*.log|ad.trace|ad_svc.trace|RustDesk/log/*|RustDesk/log/*/*|rustdesk*.log|SPLog*.txt|"
	"SPLog*.txt.*|LogMeIn/LogMeIn*.log|LogMeIn/LMI*.log|sync_log*.log|MEGAsync*.log|skydrive*.log";

static const struct phrase *phrase_of(const struct program_log *log, struct span line, size_t *at)
{
	for (size_t i = 0; i < log->count; i++) {
		*at = span_find(line, 0, span_text(log->phrases[i].text));
		if (*at != SIZE_MAX)
			return &log->phrases[i];
	}
	return NULL;
}

static bool tell_line_of(const struct artefact *a, const struct program_log *log, const struct phrase *p,
			 struct span line, size_t at)
{
	struct trace t = trace_new(p->kind, p->what);
	bool zoned;
	struct span path = log->phrases == google_drive ? drive_path(a->arena, line, at)
			   : log->phrases == splashtop ? splashtop_path(line, at) : path_in(line, at);

	t.time = remote_time(line, false, &zoned);
	if (t.time == TIME_NONE && log->phrases == splashtop)
		t.time = yearless_time(line, a->modified);
	if (t.time == TIME_NONE)	/* a summary, or the middle of a message */
		return true;
	t.source = arena_printf(a->arena, "log of %s, %s%s", log->program,
				zoned ? "UTC by the zone that it tells" : log->zone,
				p->direction ? "; direction by its words" : "");
	t.program = span_text(log->program);
	t.user = tell_user_of_path(a->path);
	/* An address is the partner's only where the words say so; else it may be the program's own server. */
	if (p->kind == TRACE_TRANSFER) {
		t.peer = remote_address(span_from(line, at));
		t.name = tell_url_host(line);
	} else if (p->kind == TRACE_SESSION && p->direction) {
		*(p->direction > 0 ? &t.name : &t.peer) = remote_address(span_from(line, at));
	}
	t.path = path;
	t.technique = span_text(log->technique);
	if (p->kind == TRACE_SESSION) {
		t.protocol = span_text(log->program);
		t.name = t.name.len ? t.name : party_in(line);
	}
	/* Who took part in a session stands before the words as often as behind them. */
	if (p->kind == TRACE_SESSION)
		at = at > 80 ? at - 80 : 0;
	t.command = span_sub(span_trim(span_from(line, at)), 0, 300);
	t.summary = tell_summary(a->arena, "%s: %.*s", log->program, SPAN_ARG(t.command));
	if (p->direction) {
		struct tell_detail d;

		tell_detail_begin(&d);
		tell_detail_text(&d, "direction", p->direction > 0 ? SPAN("out") : SPAN("in"));
		t.detail = tell_detail_end(&d, a->arena);
	}
	return a->trace(a->context, &t);
}

bool windows_remote_log(const struct artefact *a, struct err *err)
{
	const struct program_log *log = NULL;
	struct span rest, line;
	size_t told = 0;

	for (size_t i = 0; i < sizeof logs / sizeof *logs && !log; i++)
		if (artefact_path_matches(logs[i].paths, a->path))
			log = &logs[i];
	if (!log)
		return err_set(err, ERR_UNSUPPORTED, 0, "no log that is known");
	rest = tell_text_of(a);
	while (tell_line(&rest, &line)) {
		size_t at;
		const struct phrase *p;

		line = span_sub(line, 0, 4096);
		p = phrase_of(log, line, &at);
		if (!p)
			continue;
		if (told++ == MAX_TOLD) {
			a->short_of(a->context, "over %d lines that tell something", MAX_TOLD);
			break;
		}
		if (!tell_line_of(a, log, p, line, at))
			break;
	}
	return true;
}
