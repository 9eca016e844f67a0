#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/events_pipe.h"
#include "cli/log_files.h"
#include "cli/log_reading.h"
#include "cli/output.h"
#include "codec/escape.h"
#include "os/channel.h"

static const char *format = "jsonl";
static const char *output;
static const char *from, *to;
static bool recover, no_sandbox;
static struct log_reading reading = LOG_READING_DEFAULT;
static uint64_t jobs;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'f', "format", "FORM", "jsonl, xml or csv [jsonl]", &format },
	{ OPTION_TEXT, 'o', "output", "FILE", "write here, not to standard output", &output },
	{ OPTION_FLAG, 'r', "recover", NULL,
	  "also carve records out of slack, damage and raw bytes; they are marked", &recover },
	{ OPTION_TEXT, 0, "from", "TIME", "only events at or after this UTC time (ISO 8601)",
	  &from },
	{ OPTION_TEXT, 0, "to", "TIME", "only events before this UTC time", &to },
	LOG_READING_OPTIONS(reading),
	{ OPTION_FLAG, 0, "no-sandbox", NULL, "go on where the kernel has no seccomp", &no_sandbox },
	{ OPTION_NUMBER, 'j', "jobs", "N", "decode EVTX with N threads [one a processor]", &jobs },
	{ 0 },
};

#define LINES_CAP ((size_t)1 << 32)
#define LINES_FLUSH ((size_t)4 << 20)
#define CRASHES_MAX 1000

/* By a reader to the next one, where it crashes. */
struct left {
	struct events_progress progress;
	struct log_stream stream;
};

/* One run over all arguments, in the process that decodes. */
struct run {
	struct events_options options;
	struct log_files_options files;
	struct log_files *reader;
	struct events_pipe *pipe;
	struct events_progress *progress;	/* shared with the process that opens files */
	struct buf lines;		/* of what the pipe does not write */
	struct evtx_report total;
	struct log_files_report seen;	/* that the progress counts already */
	uint64_t failed;
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

static void on_problem(void *context, const char *path, const char *what)
{
	struct run *run = context;

	run->failed++;
	complain(path, what);
}

static void on_damage(void *context, const char *path, const struct err *what)
{
	char text[sizeof what->text + 40];

	(void)context;
	snprintf(text, sizeof text, "offset %llu: %s", (unsigned long long)what->offset, what->text);
	complain(path, text);
}

static const char *output_name(void)
{
	return output ? output : "standard output";
}

static bool flush(struct run *run)
{
	struct err err = { 0 };

	if (run->write_failed)
		return false;
	run->write_failed = !channel_write_all(run->options.out, buf_span(&run->lines), &err);
	buf_clear(&run->lines);
	if (run->write_failed)
		on_problem(run, output_name(), err.text);
	return !run->write_failed;
}

static bool on_record(void *context, const struct evtx_record *record)
{
	struct run *run = context;
	struct err err = { 0 };

	if (!events_line(run->options.format, record, &run->lines, &err)) {
		run->total.bad_records++;
		run->total.records--;
	}
	return run->lines.len < LINES_FLUSH || flush(run);
}

static bool on_event(void *context, const struct event *event)
{
	struct run *run = context;

	events_flat_line(run->options.format, event, &run->lines);
	return run->lines.len < LINES_FLUSH || flush(run);
}

/* A large log by several threads. */
static bool on_evtx(void *context, int fd, struct span start, const char *path)
{
	struct run *run = context;
	struct evtx_report report = run->progress->log;
	struct err err = { 0 };

	if (!flush(run))
		return false;
	if (!events_pipe_log(run->pipe, fd, start, path, &report, &run->write_failed, &err))
		on_problem(run, run->write_failed ? output_name() : path, err.text);
	/* Ids of one log do not go on in the next. */
	report.ids.first = report.ids.last = 0;
	evtx_report_add(&run->total, &report);
	return !run->write_failed;
}

static void tell_lines(const char *path, enum log_format log_format, const struct log_report *lines,
		       const struct log_options *given)
{
	char text[200];

	if (lines->bad_lines) {
		snprintf(text, sizeof text, "%llu lines do not fit the %s format, first line %llu",
			 (unsigned long long)lines->bad_lines, log_format_name(log_format),
			 (unsigned long long)lines->first_bad);
		complain(path, text);
	}
	if (log_files_assumed(lines, given, text))
		complain(path, text);
}

static void on_begin(void *context, const char *path)
{
	(void)context;
	(void)path;
}

/* All before is told: where this crashes, another begins here. */
static void on_place(void *context, uint64_t number, const char *path)
{
	struct run *run = context;
	struct events_progress *p = run->progress;
	const struct log_files_report *files = log_files_report(run->reader);

	flush(run);
	snprintf(p->path, sizeof p->path, "%s", path);
	if (number == p->place && p->reads)
		return;
	p->total = run->total;
	p->failed = run->failed;
	p->logs += files->logs - run->seen.logs;
	p->not_logs += files->not_logs - run->seen.not_logs;
	p->outside += files->outside - run->seen.outside;
	p->links += files->links - run->seen.links;
	run->seen = *files;
	p->pieces = p->bytes = 0;
	p->log = (struct evtx_report){ 0 };
	p->place = number;
	p->reads = true;
}

static void on_passed(void *context)
{
	flush(context);
}

static void on_renumbered(void *context)
{
	(void)context;
}

static void on_end(void *context, const char *path, const struct evtx_report *evtx,
		   const struct log_report *log, enum log_format log_format)
{
	struct run *run = context;
	struct evtx_report report = { 0 };

	if (log) {
		report.records = log->events;
		report.bad_records = log->bad_lines + log->long_lines;
		tell_lines(path, log_format, log, &run->files.log);
	} else {
		report = *evtx;
		report.ids.first = report.ids.last = 0;
	}
	evtx_report_add(&run->total, &report);
}

static bool parse_options(struct run *run, const char *const *inputs, size_t count, struct err *err)
{
	struct events_options *o = &run->options;
	struct log_files_options *f = &run->files;

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
	if (!log_reading_check(&reading, err))
		return false;
	o->bounded = from || to;
	f->from = from ? o->from : TIME_NONE;
	f->to = to ? o->to : TIME_NONE;
	f->log = (struct log_options){ .year = (int)reading.year, .zone_seconds = reading.zone_seconds,
				       .now = TIME_NONE };
	f->recover = recover;
	f->code_page = (uint16_t)reading.code_page;
	o->code_page = (uint16_t)reading.code_page;
	o->jobs = jobs ? jobs : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	o->problems = stderr;
	o->out = STDOUT_FILENO;
	if (output)
		o->out = output_open(output, inputs, count, err);
	return o->out >= 0;
}

static void summarise(const struct run *run, const struct log_files_report *files)
{
	const struct evtx_report *r = &run->total;
	const struct events_progress *before = run->progress;
	uint64_t logs = before->logs + files->logs - run->seen.logs;
	uint64_t not_logs = before->not_logs + files->not_logs - run->seen.not_logs;
	uint64_t lines_outside = before->outside + files->outside - run->seen.outside;
	uint64_t outside = r->outside + lines_outside;

	fprintf(stderr, "kanshiki: %llu events from %llu logs",
		(unsigned long long)(r->records - lines_outside), (unsigned long long)logs);
	if (r->recovered)
		fprintf(stderr, ", %llu of them recovered", (unsigned long long)r->recovered);
	if (outside)
		fprintf(stderr, ", %llu outside the time asked for", (unsigned long long)outside);
	if (r->doubled)
		fprintf(stderr, ", %llu carved copies left out", (unsigned long long)r->doubled);
	fprintf(stderr, "; %llu bad records, %llu bad chunks, %llu wrong checksums, "
			"%llu record ids missing%s%s",
		(unsigned long long)r->bad_records, (unsigned long long)r->bad_chunks,
		(unsigned long long)r->bad_checksums, (unsigned long long)r->ids.missing,
		r->dirty ? "; not every log was closed" : "",
		r->replaced_templates ? "; damaged templates were replaced" : "");
	if (not_logs)
		fprintf(stderr, "; %llu other files", (unsigned long long)not_logs);
	fprintf(stderr, "\n");
	log_files_tell_links(&(struct log_files_report){
		.links = before->links + files->links - run->seen.links });
}

static bool enter(const void *context, struct err *err)
{
	return fence_enter(context, err);
}

/* All that looks at evidence: in a process that can do nothing else. */
static bool read_logs(struct run *run, struct fence *fence, struct log_files *files, struct err *err)
{
	run->pipe = events_pipe_new(&run->options, err);
	if (!run->pipe)
		return false;
	if (!events_pipe_enter(run->pipe, enter, fence, err))
		return false;
	if (!run->progress->reads)
		buf_add(&run->lines, events_prologue(run->options.format));
	if (!log_files_read(files, fence, err))
		on_problem(run, "reading", err->text);
	buf_add(&run->lines, events_epilogue(run->options.format));
	flush(run);
	events_pipe_free(run->pipe);
	return true;
}

static int decode(void *context, struct fence *fence)
{
	struct run *run = context;
	struct log_files_sink sink = { .context = run, .begin = on_begin, .renumbered = on_renumbered,
				       .each = on_event, .record = on_record,
				       .evtx = recover ? NULL : on_evtx, .damage = on_damage,
				       .end = on_end, .problem = on_problem, .place = on_place,
				       .passed = on_passed };
	struct log_files *files = run->reader = log_files_new(&run->files, &sink);
	const struct log_files_report *report;
	struct err err = { 0 };

	run->total = run->progress->total;
	run->failed = run->progress->failed;
	run->lines = buf_new(LINES_CAP);
	if (!files || !read_logs(run, fence, files, &err)) {
		fprintf(stderr, "kanshiki: %s\n", files ? err.text : "no memory");
		return EXIT_COULD_NOT;
	}
	report = log_files_report(files);
	summarise(run, report);
	return run->failed || run->write_failed ? EXIT_COULD_NOT : 0;
}

static void tell_lost(const struct events_progress *p, int signal_number)
{
	char text[160];

	if (p->decodes)
		snprintf(text, sizeof text, "offset %llu: its reader was ended by signal %d: this piece is lost",
			 (unsigned long long)p->offset, signal_number);
	else
		snprintf(text, sizeof text, "its reader was ended by signal %d: the rest of it is lost",
			 signal_number);
	complain(p->path, text);
}

static void lose(struct events_progress *p, int signal_number)
{
	tell_lost(p, signal_number);
	p->failed++;
	if (p->decodes) {
		p->pieces++;
		return;
	}
	p->place++;
	p->pieces = p->bytes = 0;
	evtx_report_add(&p->total, &p->log);
	p->log = (struct evtx_report){ 0 };
}

/* A piece that was being written is lost whole, in a file without a trace. */
static void cut_output(const struct run *run)
{
	const struct events_progress *p = run->progress;

	if (!p->writes || !p->bytes)
		return;
	if (p->start < 0)
		(void)!write(run->options.out, "\n", 1);
	else if (!ftruncate(run->options.out, p->start))
		lseek(run->options.out, p->start, SEEK_SET);
}

/* Whether the reader crashed in a pipe, in which the next one goes on. */
static bool leave_pipe(struct run *run, int signal_number)
{
	struct events_progress *p = run->progress;
	char text[160];

	if (!log_stream_leave(run->files.stream))
		return false;
	cut_output(run);
	snprintf(text, sizeof text, "offset %llu to %llu: its reader was ended by signal %d: what it was reading is lost",
		 (unsigned long long)run->files.stream->from, (unsigned long long)run->files.stream->to,
		 signal_number);
	complain(p->path, text);
	p->pieces = p->bytes = 0;
	p->failed++;
	return true;
}

/* What a reader that crashed leaves to the next one; false where none is to follow. */
static bool go_on(struct run *run, int signal_number, uint64_t *crashes)
{
	struct events_progress *p = run->progress;

	p->path[sizeof p->path - 1] = 0;
	if (signal_number == SIGPIPE || !p->reads || *crashes == CRASHES_MAX)
		return false;
	++*crashes;
	run->files.first_place = p->place;
	run->options.jobs = 1;
	if (leave_pipe(run, signal_number)) {
		p->decodes = p->writes = p->cuts = false;
		return true;
	}
	if (p->writes && p->start >= 0)
		p->bytes = (uint64_t)(lseek(run->options.out, 0, SEEK_CUR) - p->start);
	/* Which of several pieces it was, one thread finds out. */
	if (p->decodes || !p->cuts)
		lose(p, signal_number);
	run->files.first_place = p->place;
	p->decodes = p->writes = p->cuts = false;
	return true;
}

/* Reads in one process after the other, as long as they crash. */
static int read_places(struct run *run, const char *const *paths, size_t count)
{
	struct fence_options fence = { .output = run->options.out, .no_sandbox = no_sandbox };
	uint64_t crashes = 0;

	for (;;) {
		struct err err = { 0 };
		int code = EXIT_COULD_NOT;

		if (fence_run(&fence, paths, count, decode, run, &code, &err))
			return run->progress->failed ? EXIT_COULD_NOT : code;
		if (code >= 0 || !go_on(run, -code, &crashes)) {
			fprintf(stderr, "kanshiki: %s\n", err.text);
			return EXIT_COULD_NOT;
		}
	}
}

static int run_events(int argc, char **argv)
{
	static struct run run;
	struct err err = { 0 };
	struct left *left;
	int code;

	left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (left == MAP_FAILED || !parse_options(&run, (const char *const *)argv, (size_t)argc, &err)) {
		fprintf(stderr, "kanshiki: %s\n", left == MAP_FAILED ? "no memory" : err.text);
		return EXIT_COULD_NOT;
	}
	run.progress = run.options.progress = &left->progress;
	run.files.stream = run.options.stream = &left->stream;
	code = read_places(&run, (const char *const *)argv, (size_t)argc);
	if (output && close(run.options.out) && code != EXIT_COULD_NOT) {
		complain(output, err_number_text(errno));
		code = EXIT_COULD_NOT;
	}
	munmap(left, sizeof *left);
	return code;
}

const struct command command_events = {
	.name = "events",
	.usage = "events LOG... [OPTION...]",
	.summary = "turn event logs into JSON lines, XML or CSV",
	.about = "Reads Windows event logs (EVTX, EVT, XML) and other logs (syslog, auditd, journal, Zeek, W3C, "
		 "access logs, squid, JSON, CSV), plain, compressed or in archives, folders of them (by content, "
		 "not by name) and standard input (-). "
		 "Decoding happens in a process that can only read them and write the output. "
		 "A damaged record costs that record and is told on standard error with its offset; "
		 "the last line there sums up. Of EVTX, JSON lines have the shape of evtx_dump -o jsonl; of other logs "
		 "they are flat.",
	.exits = "0 done, 2 a log could not be read, or the output not be written",
	.options = options,
	.run = run_events,
	.unpacks = true,
	.least = 1,
};
