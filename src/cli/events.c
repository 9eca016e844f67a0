#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "cli/events_pipe.h"
#include "codec/escape.h"
#include "formats/evtx/evtx_codepage.h"
#include "formats/log/log.h"
#include "os/walk.h"

static const char *format = "jsonl";
static const char *output;
static const char *from, *to;
static bool recover;
static uint64_t code_page = 1252;
static uint64_t jobs;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'f', "format", "FORM", "jsonl, xml or csv [jsonl]", &format },
	{ OPTION_TEXT, 'o', "output", "FILE", "write here, not to standard output", &output },
	{ OPTION_FLAG, 'r', "recover", NULL,
	  "also carve records out of slack, damage and raw bytes; they are marked", &recover },
	{ OPTION_TEXT, 0, "from", "TIME", "only events at or after this UTC time (ISO 8601)",
	  &from },
	{ OPTION_TEXT, 0, "to", "TIME", "only events before this UTC time", &to },
	{ OPTION_NUMBER, 0, "code-page", "N",
	  "Windows code page of ANSI strings: 874 or 1250 to 1258 [1252]", &code_page },
	{ OPTION_NUMBER, 'j', "jobs", "N", "decode with N threads [one a processor]", &jobs },
	{ 0 },
};

/* One run over all arguments. */
struct run {
	struct events_pipe *pipe;
	struct evtx_report total;
	uint64_t logs, others, failed;
	bool write_failed;
};

static void complain(const char *path, const char *text)
{
	struct buf line = buf_new((size_t)1 << 16);

	escape_terminal(&line, span_text(path));
	buf_text(&line, ": ");
	escape_terminal(&line, span_text(text));
	fprintf(stderr, "kanshiki: %.*s\n", SPAN_ARG(buf_span(&line)));
	buf_free(&line);
}

static void read_log(struct run *run, int fd, const char *path)
{
	struct evtx_report report = { 0 };
	struct err err = { 0 };
	struct evtx_report *total = &run->total;

	run->logs++;
	if (!events_pipe_log(run->pipe, fd, path, &report, &run->write_failed, &err)) {
		complain(run->write_failed && output ? output : path, err.text);
		run->failed++;
	}
	/* Ids of one log do not go on in the next. */
	report.first_id = report.last_id = 0;
	evtx_report_add(total, &report);
}

/* In a folder only what can be nothing but a log is one: not any JSON, CSV or text. */
static bool begins_like_a_log(int fd)
{
	static uint8_t start[LOG_IDENTIFY_BYTES];
	ssize_t got = pread(fd, start, sizeof start, 0);
	struct span begin = span_of(start, got > 0 ? (size_t)got : 0);

	if (evtx_is(begin))
		return true;
	switch (log_identify(begin)) {
	case LOG_SYSLOG:
	case LOG_AUDITD:
	case LOG_JOURNAL:
	case LOG_ZEEK:
	case LOG_W3C:
	case LOG_ACCESS:
		return true;
	default:
		return false;
	}
}

static void read_entry(struct run *run, const struct walk_entry *entry, const char *path)
{
	if (entry->kind == WALK_REFUSED || entry->kind == WALK_BEYOND) {
		complain(path, entry->error ? strerror(entry->error) : entry->reason);
		run->failed++;
	} else if (entry->kind == WALK_FILE && begins_like_a_log(entry->fd)) {
		read_log(run, entry->fd, path);
	} else if (entry->kind == WALK_FILE) {
		run->others++;
	}
	if (entry->fd >= 0)
		close(entry->fd);
}

static void read_folder(struct run *run, const char *root)
{
	const struct walk_options walking = { 0 };
	struct err err = { 0 };
	struct walk *walk = walk_open(root, &walking, &err);
	struct walk_entry entry;

	if (!walk) {
		complain(root, err.text);
		run->failed++;
		return;
	}
	while (!run->write_failed && walk_next(walk, &entry)) {
		struct arena names = arena_new(65536);
		const char *path = arena_text(&names, entry.path);

		read_entry(run, &entry, path ? path : root);
		arena_free(&names);
	}
	walk_free(walk);
}

static void read_source(struct run *run, const char *path)
{
	struct stat st;
	int fd;

	if (!strcmp(path, "-")) {
		read_log(run, STDIN_FILENO, "standard input");
		return;
	}
	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		read_folder(run, path);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain(path, strerror(errno));
		run->failed++;
		return;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	read_log(run, fd, path);
	close(fd);
}

static bool parse_options(struct events_options *o, struct err *err)
{
	if (!strcmp(format, "xml"))
		o->format = EVENTS_XML;
	else if (!strcmp(format, "csv"))
		o->format = EVENTS_CSV;
	else if (strcmp(format, "jsonl"))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no format of events", format);
	o->from = INT64_MIN;
	o->to = INT64_MAX;
	if (from && !timestamp_parse(span_text(from), &o->from))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no time", from);
	if (to && !timestamp_parse(span_text(to), &o->to))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no time", to);
	if (!evtx_codepage_known(code_page))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "code page %llu is not known",
			       (unsigned long long)code_page);
	o->bounded = from || to;
	o->code_page = (uint16_t)code_page;
	o->recover = recover;
	o->jobs = jobs ? jobs : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	o->problems = stderr;
	o->out = STDOUT_FILENO;
	if (output)
		o->out = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return o->out >= 0 ? true : err_errno(err, errno, "cannot write %s", output);
}

static void summarise(const struct run *run)
{
	const struct evtx_report *r = &run->total;

	fprintf(stderr, "kanshiki: %llu events from %llu logs",
		(unsigned long long)r->records, (unsigned long long)run->logs);
	if (r->recovered)
		fprintf(stderr, ", %llu of them recovered", (unsigned long long)r->recovered);
	if (r->outside)
		fprintf(stderr, ", %llu outside the time asked for",
			(unsigned long long)r->outside);
	if (r->doubled)
		fprintf(stderr, ", %llu carved copies left out", (unsigned long long)r->doubled);
	fprintf(stderr, "; %llu bad records, %llu bad chunks, %llu wrong checksums, "
			"%llu record ids missing%s",
		(unsigned long long)r->bad_records, (unsigned long long)r->bad_chunks,
		(unsigned long long)r->bad_checksums, (unsigned long long)r->missing,
		r->dirty ? "; not every log was closed" : "");
	if (run->others)
		fprintf(stderr, "; %llu other files", (unsigned long long)run->others);
	fprintf(stderr, "\n");
}

static bool write_mark(const struct events_options *o, struct span text)
{
	return !text.len || write(o->out, text.at, text.len) == (ssize_t)text.len;
}

static int run_events(int argc, char **argv)
{
	struct events_options o = { 0 };
	struct run run = { 0 };
	struct err err = { 0 };

	if (!parse_options(&o, &err) || !(run.pipe = events_pipe_new(&o, &err))) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	run.write_failed = !write_mark(&o, events_prologue(o.format));
	for (int i = 0; i < argc && !run.write_failed; i++)
		read_source(&run, argv[i]);
	if (!run.write_failed)
		run.write_failed = !write_mark(&o, events_epilogue(o.format));
	events_pipe_free(run.pipe);
	if (output && close(o.out) && !run.write_failed) {
		complain(output, strerror(errno));
		run.write_failed = true;
	}
	summarise(&run);
	return run.failed || run.write_failed ? EXIT_COULD_NOT : 0;
}

const struct command command_events = {
	.name = "events",
	.usage = "events LOG... [OPTION...]",
	.summary = "turn event logs into JSON lines, XML or CSV",
	.about = "Reads Windows event logs (EVTX) and other logs (syslog, auditd, journal, Zeek, W3C, "
		 "access logs, JSON, CSV), folders of them (by content, not by name) and standard input (-). "
		 "A damaged record costs that record and is told on standard error with its offset; "
		 "the last line there sums up. Of EVTX, JSON lines have the shape of evtx_dump -o jsonl; of other logs "
		 "they are flat.",
	.exits = "0 done, 2 a log could not be read, or the output not be written",
	.options = options,
	.run = run_events,
	.least = 1,
};
