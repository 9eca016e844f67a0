/*
 * Defender's own log, MPLog-*.log: lines that begin with a time, and blocks of lines
 * "Name:value" without one, which have the time of the line before or tell their own. What
 * a line is, a phrase in it says: one table. No description exists; the forms are those that
 * analysts have published. Times are UTC where they stand before a line.
 */
#include "artefact/windows.h"
#include "base/map.h"

#define MAX_TOLD 50000
#define MAX_COMMAND 4096		/* bytes of a line that are told with what it names */

struct mplog {
	const struct artefact *a;
	timestamp time;			/* of the line, or the last that was told */
	struct span threat;		/* of the block at hand, or empty */
	struct map seen;		/* exclusions, told already */
	bool in_exclusions;		/* lines are names, up to the next heading */
	bool is_over;
	size_t told;
};

static void tell(struct mplog *m, struct trace *t, const char *source)
{
	t->time = m->time;
	t->source = span_text(source);
	if (m->told++ == MAX_TOLD) {
		m->a->short_of(m->a->context, "over %d lines that tell something", MAX_TOLD);
		m->is_over = true;
	} else {
		m->is_over = !m->a->trace(m->a->context, t);
	}
}

/* What stands between the two; empty where the first is not there. To the end without the second. */
static struct span between(struct span line, const char *from, const char *to)
{
	size_t at = span_find(line, 0, span_text(from)), end;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	at += strlen(from);
	end = span_find(line, at, span_text(to));
	return span_trim(span_sub(line, at, end == SIZE_MAX ? SIZE_MAX : end - at));
}

static struct span without_prefix(struct span path)
{
	return span_starts(path, SPAN("\\\\?\\")) ? span_from(path, 4) : path;
}

/* Without "C:" or "\Device\HarddiskVolume3". */
static struct span below_volume(struct span path)
{
	static const char device[] = "\\Device\\";
	size_t len = strlen(device);

	path = without_prefix(path);
	if (span_eq_nocase(span_sub(path, 0, len), span_text(device)))
		return span_from(path, span_find_byte(path, len, '\\'));
	return span_from(path, path.len > 1 && path.at[1] == ':' ? 2 : 0);
}

/* What every machine opens all day. */
static bool is_of_system(struct span path)
{
	static const char *const folders[] = { "\\Windows\\", "\\Program Files\\", "\\Program Files (x86)\\" };

	path = below_volume(path);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (span_eq_nocase(span_sub(path, 0, strlen(folders[i])), span_text(folders[i])))
			return true;
	return false;
}

/* "ProcessImageName: x.exe, Pid: 1, TotalTime: 2, Count: 3, MaxTime: 4, MaxTimeFile: y, EstimatedImpact: 5%" */
static void take_image(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct span file = between(line, "MaxTimeFile: ", ", EstimatedImpact:");
	struct tell_detail d;

	t.program = between(line, "ProcessImageName: ", ", Pid:");
	tell_detail_begin(&d);
	tell_detail_text(&d, "pid", between(line, "Pid: ", ","));
	tell_detail_text(&d, "files_scanned", between(line, ", Count: ", ","));
	tell_detail_text(&d, "longest_scan_of", file);
	tell_detail_text(&d, "impact", between(line, "EstimatedImpact: ", "%"));
	t.detail = tell_detail_end(&d, m->a->arena);
	t.summary = tell_summary(m->a->arena, "%.*s was seen running by Defender", SPAN_ARG(t.program));
	tell(m, &t, "log of Defender, files of a running program were scanned");
	if (m->is_over || !file.len || is_of_system(file))
		return;
	t = trace_new(TRACE_FILE, "opened");
	t.path = file;
	t.program = between(line, "ProcessImageName: ", ", Pid:");
	t.summary = tell_summary(m->a->arena, "%.*s used %.*s", SPAN_ARG(t.program), SPAN_ARG(file));
	tell(m, &t, "log of Defender, scanned for a running program");
}

static void tell_found(struct mplog *m, struct span threat, struct span kind, struct span path, struct span line)
{
	struct trace t = trace_new(TRACE_FILE, "detected");
	bool is_file = !span_is_one_of_nocase(kind, "process|behavior|internalbehavior|amsi|cmdline");
	struct tell_detail d;

	t.path = is_file ? without_prefix(path) : (struct span){ 0 };
	t.name = threat;
	t.command = span_sub(line, 0, MAX_COMMAND);
	t.program = SPAN("Windows Defender");
	tell_detail_begin(&d);
	tell_detail_text(&d, "resource", kind);
	tell_detail_text(&d, "object", is_file ? (struct span){ 0 } : path);
	t.detail = tell_detail_end(&d, m->a->arena);
	t.summary = tell_summary(m->a->arena, "Defender found %.*s in %.*s", SPAN_ARG(threat), SPAN_ARG(path));
	tell(m, &t, "log of Defender");
}

/* "file:", and not the "C:" of a path. */
static bool is_schema(struct span s)
{
	size_t len = 0;

	while (len < s.len && (s.at[len] | 32) >= 'a' && (s.at[len] | 32) <= 'z')
		len++;
	return len > 1 && len < s.len && s.at[len] == ':';
}

/* "DETECTIONEVENT MPSOURCE_REALTIME HackTool:Win32/X file:C:\a;process:pid:1,ProcessStart:2;", one trace a resource. */
static void take_detection(struct mplog *m, struct span line)
{
	struct span text = between(line, "DETECTION", " PropBag ["), threat = { 0 };
	bool any = false;

	while (text.len && !threat.len) {
		struct span word = span_split(&text, ' ');

		if (span_find_byte(word, 0, ':') != SIZE_MAX)
			threat = word;
	}
	while (text.len && !m->is_over) {
		struct span resource = span_split(&text, ';'), kind;

		/* A name with a semicolon: what follows is no resource. */
		while (text.len && !is_schema(text)) {
			size_t end = span_find_byte(text, 0, ';');

			resource.len = (size_t)(text.at - resource.at) + (end == SIZE_MAX ? text.len : end);
			text = span_from(text, end == SIZE_MAX ? text.len : end + 1);
		}
		resource = span_trim(resource);
		if (!is_schema(resource))
			continue;
		kind = span_split(&resource, ':');
		tell_found(m, threat, kind, resource, line);
		any = true;
	}
	if (!any && threat.len && !m->is_over)
		tell_found(m, threat, (struct span){ 0 }, (struct span){ 0 }, line);
}

/* "SDN:Issuing SDN query for A (\\?\C:\x) (sha1=.., sha2=..)" */
static void take_digest(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "present");
	struct span sha1 = between(line, "(sha1=", ","), sha2 = between(line, ", sha2=", ")");

	t.program = between(line, "SDN query for ", " (");
	if (span_find(line, 0, SPAN(") (sha1=")) != SIZE_MAX)
		t.program = between(line, " (", ") (sha1=");
	t.program = without_prefix(t.program);
	if (sha2.len == 64)
		t.digest = arena_printf(m->a->arena, "sha256:%.*s", SPAN_ARG(sha2));
	else if (sha1.len == 40)
		t.digest = arena_printf(m->a->arena, "sha1:%.*s", SPAN_ARG(sha1));
	t.summary = tell_summary(m->a->arena, "Defender asked about %.*s", SPAN_ARG(t.program));
	if (t.program.len)
		tell(m, &t, "log of Defender, asked its cloud about the file");
}

/* "command line reported as lowfi: C:\x.exe(x.exe /a)" */
static void take_command(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	bool is_threat = span_find(line, 0, SPAN("reported as threat: ")) != SIZE_MAX;
	struct span rest = between(line, is_threat ? "reported as threat: " : "reported as lowfi: ", "\n");

	t.program = span_split(&rest, '(');
	t.command = rest.len && rest.at[rest.len - 1] == ')' ? span_sub(rest, 0, rest.len - 1) : rest;
	t.summary = tell_summary(m->a->arena, "Defender found the command line suspicious: %.*s", SPAN_ARG(t.command));
	tell(m, &t, is_threat ? "log of Defender, command line reported as a threat"
			      : "log of Defender, command line reported as perhaps a threat");
}

/* "[Mini-filter] Blocked file(#4): \Device\x. Process: \Device\y, Status: …" */
static void take_blocked(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_FILE, "blocked");
	struct span path = between(line, "Blocked file", ". Process: ");

	t.path = between(path, ": ", "\n");
	t.program = between(line, ". Process: ", ", Status:");
	t.summary = tell_summary(m->a->arena, "Defender blocked %.*s for %.*s", SPAN_ARG(t.path), SPAN_ARG(t.program));
	tell(m, &t, "log of Defender, blocked");
}

/* `original file name "a.exe" for "C:\b.exe", hr=0`: a tool under another name. */
static void take_original(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "present");

	t.name = between(line, "original file name \"", "\"");
	t.program = without_prefix(between(line, "\" for \"", "\""));
	t.technique = span_eq_nocase(t.name, tell_base(t.program)) ? SPAN("") : SPAN("T1036.003");
	t.summary = tell_summary(m->a->arena, "%.*s is called %.*s inside", SPAN_ARG(t.program), SPAN_ARG(t.name));
	tell(m, &t, "log of Defender, name in the program's own description");
}

static void tell_exclusion(struct mplog *m, struct span name)
{
	struct trace t = trace_new(TRACE_SETTING, "defence exclusion");
	void **slot = name.len ? map_slot(&m->seen, arena_copy(m->a->arena, name)) : NULL;

	if (!slot || *slot)
		return;
	*slot = m;
	t.path = m->a->path;
	t.name = name;
	t.technique = SPAN("T1562.001");
	t.summary = tell_summary(m->a->arena, "Defender leaves %.*s alone", SPAN_ARG(name));
	tell(m, &t, "log of Defender, first seen excluded");
}

/* "[Exclusion] C:\x -> \Device\y" */
static void take_exclusion(struct mplog *m, struct span line)
{
	tell_exclusion(m, between(line, "[Exclusion] ", " -> "));
}

/* "EMS scan for process: x pid: 1, sigseq: …" */
static void take_memory_scan(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");

	t.program = between(line, "process: ", " pid: ");
	t.summary = tell_summary(m->a->arena, "Defender scanned the memory of %.*s", SPAN_ARG(t.program));
	if (t.program.len)
		tell(m, &t, "log of Defender, memory scanned");
}

static void take_path(struct mplog *m, struct span line)
{
	struct span value = line;

	span_split(&value, ':');
	if (m->threat.len && span_trim(value).len)
		tell_found(m, m->threat, (struct span){ 0 }, span_trim(value), line);
}

static void take_program(struct mplog *m, struct span line)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");

	t.program = without_prefix(between(line, "ImagePath:", "\n"));
	t.summary = tell_summary(m->a->arena, "Defender watched %.*s", SPAN_ARG(t.program));
	if (t.program.len)
		tell(m, &t, "log of Defender, behaviour reported");
}

static void take_threat(struct mplog *m, struct span line)
{
	m->threat = between(line, "Threat Name:", "\n");
}

static void end_block(struct mplog *m, struct span line)
{
	m->threat = (struct span){ 0 };
}

/* Of lines with a time a phrase may stand anywhere behind it, of those in blocks at the beginning. */
static const struct form {
	const char *phrase;
	void (*take)(struct mplog *m, struct span line);
	bool in_block;
} forms[] = {
	{ "ProcessImageName: ", take_image, false },
	{ "DETECTION", take_detection, false },
	{ "SDN:Issuing SDN query for ", take_digest, false },
	{ "command line reported as ", take_command, false },
	{ "[Mini-filter] Blocked file", take_blocked, false },
	{ "original file name \"", take_original, false },
	{ "[Exclusion] ", take_exclusion, false },
	{ ", sigseq: ", take_memory_scan, false },
	{ "Threat Name:", take_threat, true },
	{ "Resource Path:", take_path, true },
	{ "Path:", take_path, true },
	{ "ImagePath:", take_program, true },
	{ "Begin Resource Scan", end_block, true },
	{ "End Scan", end_block, true },
	{ "Finished threat actions", end_block, true },
};

/* The time before a line, or of a block; what follows it. */
static bool take_time(struct mplog *m, struct span line, struct span *rest)
{
	static const char *const own[] = { "Start Time:", "Start time:", "CreationTime:" };
	timestamp time;

	*rest = line;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (span_starts(line, span_text(own[i]))) {
			if (timestamp_parse(span_trim(span_from(line, strlen(own[i]))), &time))
				m->time = time;
			return false;
		}
	if (line.len < 20 || line.at[4] != '-' || !timestamp_parse(span_split(rest, ' '), &time)) {
		*rest = line;
		return false;
	}
	m->time = time;
	return true;
}

/* "Path Exclusions:" and the lines behind it. */
static bool take_list(struct mplog *m, struct span line, bool is_timed)
{
	if (!is_timed && span_ends(line, SPAN(" Exclusions:"))) {
		m->in_exclusions = true;
		return true;
	}
	if (!m->in_exclusions || is_timed || !line.len ||
	    (span_find(line, 0, SPAN(":")) != SIZE_MAX && span_find(line, 0, SPAN(":\\")) == SIZE_MAX) ||
	    span_starts(line, SPAN("Worker Threads")) || span_starts(line, SPAN("*"))) {
		m->in_exclusions = false;
		return false;
	}
	tell_exclusion(m, line);
	return true;
}

bool windows_defender_log(const struct artefact *a, struct err *err)
{
	struct mplog m = { .a = a, .time = TIME_NONE, .seen = map_new(a->arena) };
	struct span rest = tell_text_of(a), line, text;

	while (!m.is_over && tell_line(&rest, &line)) {
		bool is_timed;

		line = span_trim(line);
		is_timed = take_time(&m, line, &text);
		if (take_list(&m, line, is_timed))
			continue;
		for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
			struct span phrase = span_text(forms[i].phrase);

			if (forms[i].in_block ? !is_timed && span_starts(text, phrase)
					      : is_timed && span_find(text, 0, phrase) != SIZE_MAX) {
				forms[i].take(&m, text);
				break;
			}
		}
	}
	return true;
}
