#include "artefact/linux.h"

#include "artefact/program.h"
#include "codec/digest.h"

/* Editors of Windows put a mark before the first line of the files that both have. */
static struct span without_mark(struct span bytes)
{
	return span_starts(bytes, SPAN("\xef\xbb\xbf")) ? span_from(bytes, 3) : bytes;
}

struct linux_text linux_text_of(const struct artefact *a)
{
	return (struct linux_text){ .a = a, .rest = without_mark(a->bytes), .next_line = 1,
				    .path = buf_new((size_t)64 << 10),
				    .summary = buf_new((size_t)8 << 10),
				    .joined = buf_new(LINUX_LINE_MAX) };
}

void linux_text_free(struct linux_text *t)
{
	buf_free(&t->path);
	buf_free(&t->summary);
	buf_free(&t->joined);
}

void linux_text_rewind(struct linux_text *t)
{
	t->rest = without_mark(t->a->bytes);
	t->line = 0;
	t->next_line = 1;
}

static void tell_cut(struct linux_text *t)
{
	t->a->short_of(t->a->context, "line %zu is over %zu bytes: what stands behind is left out", t->line, LINUX_LINE_MAX);
}

bool linux_next(struct linux_text *t, struct span *line)
{
	if (t->stopped || !t->rest.len)
		return false;
	t->offset = t->a->bytes.len - t->rest.len;
	t->line = t->next_line++;
	*line = span_trim(span_split(&t->rest, '\n'));
	if (line->len > LINUX_LINE_MAX) {
		tell_cut(t);
		*line = span_sub(*line, 0, LINUX_LINE_MAX);
	}
	return true;
}

bool linux_next_entry(struct linux_text *t, struct span *line)
{
	while (linux_next(t, line))
		if (line->len && line->at[0] != '#')
			return true;
	return false;
}

bool linux_next_joined(struct linux_text *t, struct span *line)
{
	uint64_t offset;
	size_t number;
	struct span more;

	if (!linux_next_entry(t, line))
		return false;
	if (line->at[line->len - 1] != '\\')
		return true;
	offset = t->offset;
	number = t->line;
	buf_clear(&t->joined);
	more = *line;
	for (;;) {
		bool goes_on = more.len && more.at[more.len - 1] == '\\';

		buf_add(&t->joined, span_sub(more, 0, more.len - goes_on));
		if (!goes_on || !linux_next(t, &more))
			break;
		buf_add_u8(&t->joined, ' ');
	}
	t->offset = offset;
	t->line = number;
	if (t->joined.overflow)
		tell_cut(t);
	*line = span_trim(buf_span(&t->joined));
	return true;
}

struct span linux_md5(struct linux_text *t)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[DIGEST_MAX];

	if (!t->md5[0]) {
		size_t len = digest_of(DIGEST_MD5, t->a->bytes, digest);

		memcpy(t->md5, "md5:", 4);
		for (size_t i = 0; i < len && i < 16; i++) {
			t->md5[4 + 2 * i] = hex[digest[i] >> 4];
			t->md5[5 + 2 * i] = hex[digest[i] & 15];
		}
		t->md5[36] = 0;
	}
	return span_text(t->md5);
}

bool linux_tell(struct linux_text *t, struct trace *trace)
{
	if (!trace->path.len) {
		buf_clear(&t->path);
		buf_add(&t->path, t->a->path);
		if (t->line)
			buf_printf(&t->path, ":%zu", t->line);
		trace->path = buf_span(&t->path);
	}
	if (trace->kind == TRACE_AUTOSTART && !trace->digest.len)
		trace->digest = linux_md5(t);
	if (trace->time == TIME_NONE && trace->kind != TRACE_EXECUTION) {
		trace->time = t->a->modified;
		trace->source = SPAN("file modified");
	}
	if (t->line && trace->offset == TRACE_NO_NUMBER)
		trace->offset = t->offset;
	if (!t->stopped && !t->a->trace(t->a->context, trace))
		t->stopped = true;
	return !t->stopped;
}

static void summarize(struct linux_text *t, const char *what, struct span name, struct span value)
{
	buf_clear(&t->summary);
	buf_text(&t->summary, what);
	if (name.len) {
		buf_add_u8(&t->summary, ' ');
		buf_add(&t->summary, span_sub(name, 0, 256));
	}
	if (value.len && !span_eq(name, value)) {
		buf_text(&t->summary, ": ");
		buf_add(&t->summary, span_sub(value, 0, 1024));
	}
}

void linux_vouch(struct linux_text *t)
{
	struct trace trace = trace_new(TRACE_PROGRAM, "configuration");

	if (t->is_vouchable)
		return;
	t->is_vouchable = true;
	if (program_is_kind(t->a->kind))
		return;
	trace.path = t->a->path;
	trace.digest = linux_md5(t);
	trace.bytes_in = t->a->bytes.len;
	linux_tell(t, &trace);
}

bool linux_autostart(struct linux_text *t, const struct linux_entry *entry)
{
	struct trace trace = trace_new(TRACE_AUTOSTART, entry->what);

	linux_vouch(t);
	trace.name = entry->name;
	trace.command = entry->command;
	trace.program = entry->program.len ? entry->program : linux_program(entry->command);
	trace.user = entry->user;
	trace.detail = entry->detail;
	trace.technique = span_text(entry->technique);
	summarize(t, entry->what, entry->name, entry->command);
	trace.summary = buf_span(&t->summary);
	return linux_tell(t, &trace);
}

bool linux_setting(struct linux_text *t, const char *what, struct span name, struct span value,
		   const char *technique)
{
	struct trace trace = trace_new(TRACE_SETTING, what);

	trace.name = name;
	trace.command = value;
	trace.technique = span_text(technique);
	summarize(t, what, name, value);
	trace.summary = buf_span(&t->summary);
	return linux_tell(t, &trace);
}

/* ---- words and paths ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct span linux_word(struct span *rest)
{
	struct span word;
	size_t end = 0;
	uint8_t quote = 0;

	*rest = span_trim(*rest);
	for (; end < rest->len && (quote || !is_space(rest->at[end])); end++) {
		uint8_t c = rest->at[end];

		if (quote && c == quote)
			quote = 0;
		else if (!quote && (c == '"' || c == '\''))
			quote = c;
	}
	word = span_sub(*rest, 0, end);
	*rest = span_trim(span_from(*rest, end));
	return word;
}

struct span linux_unquote(struct span s)
{
	if (s.len >= 2 && (s.at[0] == '"' || s.at[0] == '\'') && s.at[s.len - 1] == s.at[0])
		return span_sub(s, 1, s.len - 2);
	return s;
}

static bool is_interpreter(struct span path)
{
	static const char *const names[] = { "sh", "bash", "dash", "ash", "zsh", "ksh", "env", "python",
		"python2", "python3", "perl", "ruby", "php", "node", "nohup", "nice", "ionice", "sudo",
		"su", "setsid", "timeout", "flock", "chroot", "test", "[", "true", "false", "exec" };
	struct span name = span_after_last(path, '/');

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_text(names[i])))
			return true;
	return false;
}

/* From the first '/' of a word to where a shell would end it; a path that follows '=' or ':' is none. */
static struct span path_in(struct span word)
{
	size_t start = 0, end;

	while (start < word.len && strchr("\"'`(@-+!:|", word.at[start]))
		start++;
	if (start >= word.len || word.at[start] != '/')
		return (struct span){ 0 };
	end = start;
	while (end < word.len && word.at[end] && !strchr("\"'`;|&()<>,", word.at[end]))
		end++;
	return span_sub(word, start, end - start);
}

/* /dev/shm is memory for files like any other. */
static bool is_device(struct span path)
{
	return span_starts(path, SPAN("/dev/")) && !span_starts(path, SPAN("/dev/shm/"));
}

struct span linux_program(struct span command)
{
	struct span rest = command, first = { 0 }, interpreter = { 0 };

	for (int words = 0; rest.len && words < 64; words++) {
		struct span word = linux_word(&rest), path = path_in(word);

		/* What follows a bare redirection is a place for output. */
		if (word.len && (word.at[word.len - 1] == '>' || word.at[word.len - 1] == '<')) {
			linux_word(&rest);
			continue;
		}
		if (!first.len && span_find_byte(word, 0, '=') == SIZE_MAX)
			first = word;
		if (!path.len || is_device(path) || span_eq(path, SPAN("/")) ||
		    span_eq(path, SPAN("/proc")))
			continue;
		if (!is_interpreter(path))
			return path;
		if (!interpreter.len)
			interpreter = path;
	}
	return interpreter.len ? interpreter : linux_unquote(first);
}

struct span linux_part(struct span path, size_t back)
{
	for (;;) {
		struct span part = span_after_last(path, '/');

		if (!back--)
			return part;
		if (part.len == path.len)
			return (struct span){ 0 };
		path = span_sub(path, 0, path.len - part.len - 1);
	}
}

bool linux_pair(struct span line, struct span *key, struct span *value)
{
	size_t equals = span_find_byte(line, 0, '=');

	if (equals == SIZE_MAX)
		return false;
	*key = span_trim(span_sub(line, 0, equals));
	*value = span_trim(span_from(line, equals + 1));
	return true;
}
