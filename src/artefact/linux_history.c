/* What was typed: histories of shells and other programs. */
#include "artefact/linux.h"

struct history {
	struct linux_text text;
	const char *program, *source;
	struct span user;
};

static struct span owner_of(const struct artefact *a)
{
	struct span part;

	/* ".../home/ann/.bash_history", ".../home/ann/.local/share/fish/fish_history" */
	for (size_t back = 1; back < 6 && (part = linux_part(a->path, back)).len; back++)
		if (part.at[0] != '.' && !span_eq(part, SPAN("share")) && !span_eq(part, SPAN("fish")))
			return part;
	return (struct span){ 0 };
}

static struct history begin(const struct artefact *a, const char *program, const char *source)
{
	return (struct history){ .text = linux_text_of(a), .program = program, .source = source,
				 .user = owner_of(a) };
}

static void tell(struct history *h, struct span command, timestamp time)
{
	struct trace trace = trace_new(TRACE_EXECUTION, "ran");

	if (!command.len)
		return;
	trace.time = time;
	trace.source = span_text(h->source);
	trace.user = h->user;
	trace.command = command;
	trace.program = h->program ? span_text(h->program) : linux_program(command);
	trace.summary = command;
	linux_tell(&h->text, &trace);
}

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.len > 0;
}

/* Linked to /dev/null, or emptied, it says that nobody wants one. */
static bool tell_if_empty(struct history *h)
{
	struct trace trace = trace_new(TRACE_FILE, "empty history");

	if (h->text.a->bytes.len)
		return false;
	trace.path = h->text.a->path;
	trace.user = h->user;
	trace.technique = SPAN("T1070.003");
	trace.summary = SPAN("the history of a shell is empty");
	linux_tell(&h->text, &trace);
	return true;
}

/* "#1380630977" above a command tells when, where HISTTIMEFORMAT is set. */
bool history_bash(const struct artefact *a, struct err *err)
{
	struct history h = begin(a, NULL, "shell history");
	timestamp time = TIME_NONE;
	struct span line;

	tell_if_empty(&h);
	while (linux_next(&h.text, &line)) {
		uint64_t seconds;

		if (line.len > 8 && line.at[0] == '#' && all_digits(span_from(line, 1)) &&
		    span_to_u64(span_from(line, 1), &seconds) && seconds < UINT32_MAX) {
			time = timestamp_of_unix((int64_t)seconds, 0);
			continue;
		}
		tell(&h, line, time);
		/* A command of several lines has one time. */
	}
	linux_text_free(&h.text);
	return true;
}

/* ": 1457771210:0;cd x", and plain lines without EXTENDED_HISTORY; a backslash joins lines. */
bool history_zsh(const struct artefact *a, struct err *err)
{
	struct history h = begin(a, NULL, "shell history");
	struct span line;

	tell_if_empty(&h);
	while (linux_next_joined(&h.text, &line)) {
		struct span rest = line, stamp;
		timestamp time = TIME_NONE;
		uint64_t seconds;

		if (span_starts(line, SPAN(": "))) {
			stamp = span_split(&rest, ';');
			stamp = span_from(stamp, 2);
			if (span_to_u64(span_trim(span_split(&stamp, ':')), &seconds) &&
			    seconds < UINT32_MAX) {
				time = timestamp_of_unix((int64_t)seconds, 0);
				line = rest;
			}
		}
		tell(&h, line, time);
	}
	linux_text_free(&h.text);
	return true;
}

/* "- cmd: x" followed by "when: seconds". */
bool history_fish(const struct artefact *a, struct err *err)
{
	struct history h = begin(a, NULL, "shell history");
	struct span line, command = { 0 };

	tell_if_empty(&h);
	while (linux_next_entry(&h.text, &line)) {
		uint64_t seconds;

		if (span_starts(line, SPAN("- cmd: "))) {
			tell(&h, command, TIME_NONE);
			command = span_from(line, 7);
		} else if (span_starts(line, SPAN("when: ")) && command.len &&
			   span_to_u64(span_from(line, 6), &seconds) && seconds < UINT32_MAX) {
			tell(&h, command, timestamp_of_unix((int64_t)seconds, 0));
			command = (struct span){ 0 };
		}
	}
	tell(&h, command, TIME_NONE);
	linux_text_free(&h.text);
	return true;
}

/* One line a command: python, mysql, psql, sqlite, node, irb; \040 is a space in libedit's. */
bool history_plain(const struct artefact *a, struct err *err)
{
	static const struct {
		const char *name, *program;
	} programs[] = { { ".python_history", "python" }, { ".mysql_history", "mysql" },
			 { ".psql_history", "psql" }, { ".sqlite_history", "sqlite3" },
			 { ".node_repl_history", "node" }, { ".rediscli_history", "redis-cli" },
			 { ".dbshell", "mongo" } };
	struct history h = begin(a, "", "history of a program");
	struct span line;

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (span_eq(a->name, span_text(programs[i].name)))
			h.program = programs[i].program;
	while (linux_next(&h.text, &line))
		if (!span_starts(line, SPAN("_HiStOrY_V2_")))
			tell(&h, line, TIME_NONE);
	linux_text_free(&h.text);
	return true;
}

/* Sections ".search" and ".shell" of less; ":" and "?" lines of viminfo; files that vi opened. */
bool history_viewer(const struct artefact *a, struct err *err)
{
	bool is_vi = span_eq(a->name, SPAN(".viminfo"));
	struct history h = begin(a, is_vi ? "vim" : "less", "history of a program");
	struct span line, section = { 0 };

	while (linux_next(&h.text, &line)) {
		struct trace trace = trace_new(TRACE_FILE, "opened");

		if (!is_vi && line.len && line.at[0] == '.') {
			section = line;
		} else if (!is_vi && line.len > 1 && line.at[0] == '"') {
			if (span_eq(section, SPAN(".shell")))
				tell(&h, span_from(line, 1), TIME_NONE);
		} else if (is_vi && line.len > 1 && line.at[0] == ':') {
			tell(&h, line, TIME_NONE);
		} else if (is_vi && span_starts(line, SPAN("> "))) {
			trace.path = span_from(line, 2);
			trace.program = SPAN("vim");
			trace.user = h.user;
			trace.summary = line;
			linux_tell(&h.text, &trace);
		}
	}
	linux_text_free(&h.text);
	return true;
}

/* "host port include-subdomains created max-age": hosts that wget spoke TLS with. */
bool history_wget(const struct artefact *a, struct err *err)
{
	struct history h = begin(a, "wget", "wget-hsts, first contact");
	struct span line;

	while (linux_next_entry(&h.text, &line)) {
		struct trace trace = trace_new(TRACE_TRANSFER, "download");
		struct span created;
		uint64_t seconds;

		trace.name = linux_word(&line);
		linux_word(&line);
		linux_word(&line);
		created = linux_word(&line);
		if (!span_to_u64(created, &seconds) || seconds >= UINT32_MAX)
			continue;
		trace.time = timestamp_of_unix((int64_t)seconds, 0);
		trace.source = span_text(h.source);
		trace.program = SPAN("wget");
		trace.user = h.user;
		trace.summary = trace.name;
		linux_tell(&h.text, &trace);
	}
	linux_text_free(&h.text);
	return true;
}
