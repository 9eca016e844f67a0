/*
 * What was typed into PowerShell: transcripts and the history of its console.
 *
 * A transcript has blocks between two lines of 22 stars: how it started, how it ended,
 * and, where Start-Transcript was asked for it, when each command began. Their words are
 * translated, their order is not, so a block is known by the time that stands in its first
 * or second line ("20220721023749"). Stars without one are output. Several transcripts may
 * stand in one file, and the last may have no end.
 */
#include "artefact/windows.h"

#define MAX_COMMANDS 20000
#define MAX_COMMAND ((size_t)64 << 10)
#define MAX_VALUES 40			/* lines of a block */

/* "20220721023749": local time. */
static timestamp stamp_of(struct span s)
{
	static const size_t starts[] = { 0, 4, 6, 8, 10, 12, 14 };
	int part[6];

	s = span_trim(s);
	for (size_t i = 0; i < 6; i++) {
		uint64_t n;

		if (s.len != 14 || !span_to_u64(span_sub(s, starts[i], starts[i + 1] - starts[i]), &n))
			return TIME_NONE;
		part[i] = (int)n;
	}
	return timestamp_of_civil(part[0], part[1], part[2], part[3], part[4], part[5], 0);
}

/* Behind the colon, which in Chinese and Japanese may be a wide one. */
static struct span value_of(struct span line)
{
	size_t at = span_find(line, 0, SPAN(":")), wide = span_find(line, 0, SPAN("\xef\xbc\x9a"));

	if (wide < at)
		return span_trim(span_from(line, wide + 3));
	return at == SIZE_MAX ? (struct span){ 0 } : span_trim(span_from(line, at + 1));
}

static bool is_stars(struct span line)
{
	line = span_trim(line);
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] != '*')
			return false;
	return line.len == 22;
}

struct block {
	struct span values[MAX_VALUES];
	size_t count;
	size_t time_at;			/* which of the values is the time */
	timestamp time;
};

/* From behind a line of stars to behind the next; false, and `rest` as it was, where it is none. */
static bool read_block(struct span *rest, struct block *b)
{
	struct span ahead = *rest, line;

	*b = (struct block){ .time = TIME_NONE };
	while (b->count < MAX_VALUES && tell_line(&ahead, &line) && !is_stars(line)) {
		struct span value = value_of(line);

		if (b->count < 2 && b->time == TIME_NONE) {
			b->time = stamp_of(value);
			b->time_at = b->count;
		}
		b->values[b->count++] = value;
	}
	if (b->time == TIME_NONE || b->count == MAX_VALUES)
		return false;
	*rest = ahead;
	return true;
}

struct transcript {
	const struct artefact *a;
	struct span user, machine, program;
	timestamp start, command;	/* of the transcript, and of the command at hand where it is told */
	size_t told;
	bool is_history;
};

static bool tell_command(struct transcript *h, struct span command, struct span on)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	struct tell_detail d;

	if (h->told++ == MAX_COMMANDS) {
		h->a->short_of(h->a->context, "over %d commands", MAX_COMMANDS);
		return false;
	}
	t.command = command;
	t.program = h->program.len ? h->program : SPAN("powershell.exe");
	t.user = h->user.len ? h->user : tell_user_of_path(h->a->path);
	t.host = h->machine;
	t.time = h->command != TIME_NONE ? h->command : h->start;
	t.source = h->is_history ? SPAN("PowerShell history; no time is kept, the order is")
		   : h->command != TIME_NONE ? SPAN("PowerShell transcript, command started (local time)")
					     : SPAN("PowerShell transcript; the time is its start, local");
	t.technique = on.len ? SPAN("T1059.001 T1021.006") : SPAN("T1059.001");
	tell_detail_begin(&d);
	tell_detail_text(&d, "on", on);
	t.detail = tell_detail_end(&d, h->a->arena);
	t.summary = tell_summary(h->a->arena, "PowerShell%s%.*s: %.*s", on.len ? " on " : "", SPAN_ARG(on), SPAN_ARG(command));
	return h->a->trace(h->a->context, &t);
}

/* Time, user, run as, configuration, machine, program; before version 5 time, user, machine. */
static bool tell_start(struct transcript *h, const struct block *b)
{
	struct trace t = trace_new(TRACE_EXECUTION, "ran");
	size_t machine = b->time_at + 2;
	struct tell_detail d;

	*h = (struct transcript){ .a = h->a, .start = b->time, .command = TIME_NONE, .told = h->told,
				  .user = b->values[b->time_at + 1] };
	while (machine < b->count && span_find(b->values[machine], 0, SPAN(" (")) == SIZE_MAX)
		machine++;
	if (machine < b->count)
		h->machine = span_sub(b->values[machine], 0, span_find(b->values[machine], 0, SPAN(" (")));
	if (machine + 1 >= b->count || !b->values[machine + 1].len)
		return true;
	t.command = b->values[machine + 1];
	t.program = h->program = tell_program_of(t.command);
	t.user = h->user;
	t.host = h->machine;
	t.time = h->start;
	t.technique = SPAN("T1059.001");
	t.source = SPAN("PowerShell transcript, start (local time)");
	tell_detail_begin(&d);
	if (machine > b->time_at + 2 && !span_eq(b->values[b->time_at + 2], h->user))
		tell_detail_text(&d, "run_as", b->values[b->time_at + 2]);
	t.detail = tell_detail_end(&d, h->a->arena);
	t.summary = tell_summary(h->a->arena, "PowerShell was started: %.*s", SPAN_ARG(t.command));
	return h->a->trace(h->a->context, &t);
}

static bool take_block(struct transcript *h, const struct block *b)
{
	if (b->count == 1)
		h->command = b->time;
	return b->count <= b->time_at + 1 || tell_start(h, b);
}

/* Behind "PS C:\x> " or "PS>", perhaps after "[machine]: "; empty: no command is there. */
static struct span typed(struct span line, struct span *on)
{
	size_t end;

	*on = (struct span){ 0 };
	if (span_starts(line, SPAN("["))) {
		end = span_find(line, 0, SPAN("]: PS "));
		if (end == SIZE_MAX)
			return (struct span){ 0 };
		*on = span_sub(line, 1, end - 1);
		line = span_from(line, end + 3);
	}
	if (!span_starts(line, SPAN("PS ")) && !span_starts(line, SPAN("PS>")))
		return (struct span){ 0 };
	end = span_find_byte(line, 0, '>');
	return end == SIZE_MAX ? (struct span){ 0 } : span_trim(span_from(line, end + 1));
}

/* What PowerShell itself says behind a prompt. */
static bool is_remark(struct span text)
{
	return span_starts(text, SPAN("TerminatingError(")) || span_starts(text, SPAN("CommandInvocation(Out-Default)")) ||
	       span_starts(text, SPAN("ParameterBinding(Out-Default)"));
}

/* The lines that go on, ">> x", joined to it; a history's end in a backtick. False: cut. */
static bool join(struct span *command, struct span *rest, struct arena *arena)
{
	struct buf b = buf_new(MAX_COMMAND);
	struct span ahead = *rest, line;
	bool is_whole;

	buf_add(&b, *command);
	while (tell_line(&ahead, &line) && span_starts(line, SPAN(">>"))) {
		line = span_from(line, 2 + span_starts(line, SPAN(">> ")));
		if (!is_remark(line)) {
			buf_text(&b, "\n");
			buf_add(&b, line);
		}
		*rest = ahead;
	}
	is_whole = !b.overflow;
	if (b.len > command->len)
		*command = arena_copy(arena, buf_span(&b));
	buf_free(&b);
	return is_whole;
}

bool windows_transcript(const struct artefact *a, struct err *err)
{
	struct transcript h = { .a = a, .start = TIME_NONE, .command = TIME_NONE };
	struct span rest = tell_text_of(a), line, on, command;
	struct block block;

	if (!is_stars(span_sub(rest, 0, span_find_byte(rest, 0, '\n'))))
		return err_set(err, ERR_UNSUPPORTED, 0, "no transcript");
	while (tell_line(&rest, &line)) {
		if (is_stars(line) && read_block(&rest, &block)) {
			if (!take_block(&h, &block))
				break;
			continue;
		}
		command = typed(line, &on);
		if (!command.len || is_remark(command))
			continue;
		if (!join(&command, &rest, a->arena))
			a->short_of(a->context, "a command of over %zu bytes is cut", MAX_COMMAND);
		if (!tell_command(&h, command, on))
			break;
		h.command = TIME_NONE;
	}
	return true;
}

/* What came up to a line without a backtick at its end, or up to the end of the file. */
static struct span history_command(struct span *rest, struct buf *joined, bool *is_cut)
{
	struct span line = { 0 }, whole;

	buf_clear(joined);
	while (tell_line(rest, &line)) {
		bool goes_on = line.len && line.at[line.len - 1] == '`' && rest->len;

		if (!goes_on && !joined->len && !joined->overflow)
			return line;
		buf_add(joined, span_sub(line, 0, line.len - goes_on));
		if (!goes_on)
			break;
		buf_text(joined, "\n");
	}
	whole = buf_span(joined);
	*is_cut |= joined->overflow;
	return whole;
}

/* ConsoleHost_history.txt: a command a line, a backtick goes on; no times. */
bool windows_console_history(const struct artefact *a, struct err *err)
{
	struct transcript h = { .a = a, .start = TIME_NONE, .command = TIME_NONE, .is_history = true };
	struct span rest = tell_text_of(a);
	struct buf joined = buf_new(MAX_COMMAND);
	bool is_cut = false;

	while (rest.len) {
		struct span command = history_command(&rest, &joined, &is_cut);

		if (command.at == joined.at)
			command = arena_copy(a->arena, command);
		if (span_trim(command).len && !tell_command(&h, command, (struct span){ 0 }))
			break;
	}
	if (is_cut)
		a->short_of(a->context, "a command of over %zu bytes is cut", MAX_COMMAND);
	buf_free(&joined);
	return true;
}
