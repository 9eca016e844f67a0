#include "cli/commands.h"

#include "assess/coordinator.h"
#include "assess/names.h"
#include "cli/output.h"
#include "codec/escape.h"
#include "case/case.h"
#include "report/progress.h"
#include "report/timeline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS_MOST 64

static const char *format = "text", *from, *to, *output, *clock_offset;
static struct option_list filters;
static bool no_sandbox, quiet, names_only;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'f', "format", "FORM",
	  "text, jsonl, timesketch, csv or bodyfile [text]", &format },
	{ OPTION_TEXT, 'o', "output", "FILE", "write here, not to standard output", &output },
	{ OPTION_TEXT, 0, "from", "TIME", "entries from this time on (RFC 3339; UTC without a zone)", &from },
	{ OPTION_TEXT, 0, "to", "TIME", "entries up to this time", &to },
	{ OPTION_LIST, 0, "filter", "[FIELD:]WORD",
	  "only entries with WORD, in FIELD (host, user, what, source, path, summary, name, command, "
	  "peer, program) or anywhere; may be repeated, all must hold", &filters },
	{ OPTION_TEXT, 0, "clock-offset", "SECONDS",
	  "add this to every time, where the machine's clock was wrong: +90, -3600", &clock_offset },
	{ OPTION_FLAG, 0, "names-only", NULL,
	  "of sources only the file system: names and times of files and folders; content is not read, "
	  "artefacts are not decoded",
	  &names_only },
	{ OPTION_FLAG, 0, "no-sandbox", NULL, "read sources where the kernel has no seccomp too",
	  &no_sandbox },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress line", &quiet },
	{ 0 },
};

static bool read_options(struct timeline_options *o, struct err *err)
{
	static const char *const forms[] = { "jsonl", "timesketch", "csv", "bodyfile", "text" };
	size_t form = 0;

	*o = (struct timeline_options){ .from = TIME_NONE, .to = TIME_NONE, .filters = filters.values,
					.filter_count = filters.count };
	while (form < 5 && strcmp(format, forms[form]))
		form++;
	if (form == 5)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no form of a time line: text, jsonl, "
			       "timesketch, csv or bodyfile", format);
	o->format = (enum timeline_format)form;
	if ((from && !timestamp_parse(span_text(from), &o->from)) ||
	    (to && !timestamp_parse(span_text(to), &o->to)))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "a time reads 2026-11-21 or "
			       "2026-11-21T21:30:00Z");
	if (clock_offset && !span_to_i64(span_text(clock_offset + (*clock_offset == '+')),
					 &o->clock_seconds))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--clock-offset is a number of seconds");
	return true;
}

static bool show_progress(void *context, const struct coordinator_progress *now)
{
	struct progress_state state = { .items_done = now->files, .items_known = now->files_known,
		.bytes_done = now->bytes, .bytes_known = now->bytes_known,
		.growing = !now->walk_done, .now = now->at };

	progress_show(context, &state);
	return true;
}

/* Sources into a case of its own at `path`: decoded, matched against no rules, not sealed. */
static bool read_sources(const char *const *sources, size_t count, const char *path, struct err *err)
{
	struct progress progress = progress_new(quiet ? NULL : stderr);
	struct coordinator_options how = { .sources = sources, .source_count = count,
		.limits = examine_limits_default(), .no_sandbox = no_sandbox,
		.progress = show_progress, .progress_context = &progress };
	const struct case_run run = { .argc = command_line.argc, .argv = command_line.argv };
	struct coordinator *coordinator;
	struct coordinator_totals totals = { 0 };
	struct case_file *file = NULL;
	bool ok;

	coordinator = coordinator_new(&how, err);
	if (!coordinator)
		return false;
	ok = case_create(path, &run, &file, err) && coordinator_run(coordinator, file, &totals, err) &&
	     case_end(file, "completed", (struct span){ 0 }, err);
	progress_clear(&progress);
	coordinator_free(coordinator);
	case_close(file);
	return ok;
}

/* ---- the working case, which holds what evidence says and must not be left behind ---- */

static struct {
	char folder[200], file[240], beside[3][250];	/* what SQLite lays beside it */
	pid_t owner;			/* processes that it forked have the handler, too */
} working;

static void remove_working(void)
{
	unlink(working.file);
	for (size_t i = 0; i < 3; i++)
		unlink(working.beside[i]);
	rmdir(working.folder);
}

static void on_signal(int number)
{
	if (getpid() == working.owner)
		remove_working();
	raise(number);			/* SA_RESETHAND: now it ends the process */
}

static bool make_working(struct err *err)
{
	static const char *const ends_beside[] = { "-wal", "-shm", "-journal" };
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	const char *folder = getenv("TMPDIR");
	struct sigaction before;

	snprintf(working.folder, sizeof working.folder, "%.150s/kanshiki-XXXXXX", folder && *folder ? folder : "/tmp");
	if (!mkdtemp(working.folder))
		return err_errno(err, errno, "cannot make a folder for the working case, %s", working.folder);
	snprintf(working.file, sizeof working.file, "%s/work.case", working.folder);
	for (size_t i = 0; i < 3; i++)
		snprintf(working.beside[i], sizeof working.beside[i], "%s%s", working.file, ends_beside[i]);
	working.owner = getpid();
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (!sigaction(ends[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(ends[i], &action, NULL);
	return true;
}

static void show_written(void *context, uint64_t written)
{
	struct progress_state state = { .items_done = written, .growing = true };

	progress_show(context, &state);
}

/* ---- names of sources, without a case ---- */

static bool take_name(void *context, const struct names_entry *e, struct err *err)
{
	return timeline_add_file(context, &(struct timeline_file){
		.path = e->path, .size = e->size, .mode = e->mode, .modified = e->modified,
		.accessed = e->accessed, .changed = e->changed, .created = e->created }, err);
}

static void tell_name(void *context, struct span line)
{
	struct buf text = buf_new(line.len * 8 + 16);

	escape_terminal(&text, line);
	fprintf(stderr, "kanshiki: %.*s\n", SPAN_ARG(buf_span(&text)));
	buf_free(&text);
}

static bool read_names(struct timeline *t, const char *const *sources, size_t count, struct err *err)
{
	const struct names_options how = { .sources = sources, .source_count = count,
		.limits = examine_limits_default(), .no_sandbox = no_sandbox,
		.entry = take_name, .told = tell_name, .context = t };

	return names_read(&how, err);
}

/* ---- all ---- */

/* Cases as they are; all other arguments together as one more. */
struct inputs {
	const char *sources[ARGUMENTS_MOST];
	struct case_file *cases[ARGUMENTS_MOST + 1];
	size_t source_count, case_count;
};

static bool write_to(FILE *file, const struct inputs *in, struct timeline_options *o, struct err *err)
{
	struct progress progress = progress_new(quiet || !output ? NULL : stderr);
	struct timeline *t;
	uint64_t written = 0;
	bool ok;

	o->progress = show_written;
	o->progress_context = &progress;
	t = timeline_new(file, o, err);
	ok = t;
	for (size_t i = 0; ok && i < in->case_count; i++)
		ok = timeline_add_case(t, in->cases[i], err);
	if (ok && names_only && in->source_count)
		ok = read_names(t, in->sources, in->source_count, err);
	ok = ok && timeline_end(t, &written, err);
	timeline_free(t);
	progress_clear(&progress);
	if (ok && !quiet && output)
		fprintf(stderr, "%llu entries in %s\n", (unsigned long long)written, output);
	return ok;
}

static bool write_all(const struct inputs *in, struct timeline_options *o, struct err *err)
{
	FILE *file;

	if (!output)
		return write_to(stdout, in, o, err);
	file = output_stream(output, NULL, 0, err);
	return file && output_close(file, output, write_to(file, in, o, err), err);
}

static bool read_into_case(struct inputs *in, const char *path, struct err *err)
{
	if (!read_sources(in->sources, in->source_count, path, err) ||
	    !case_open(path, &in->cases[in->case_count], err))
		return false;
	in->case_count++;
	return true;
}

static bool run_all(char **argv, size_t count, struct timeline_options *o, struct err *err)
{
	struct inputs in = { 0 };
	bool ok = true, needs_case;

	for (size_t i = 0; i < count && ok; i++) {
		if (!case_is_at(argv[i]))
			in.sources[in.source_count++] = argv[i];
		else if ((ok = case_open(argv[i], &in.cases[in.case_count], err)))
			in.case_count++;
	}
	needs_case = ok && in.source_count && !names_only;
	if (needs_case)
		ok = needs_case = make_working(err);
	ok = ok && (!needs_case || read_into_case(&in, working.file, err)) && write_all(&in, o, err);
	while (in.case_count)
		case_close(in.cases[--in.case_count]);
	if (needs_case)
		remove_working();
	return ok;
}

static int run(int argc, char **argv)
{
	struct timeline_options o;
	struct err err = { 0 };

	if (argc > ARGUMENTS_MOST) {
		fprintf(stderr, "kanshiki: at most %d cases and sources at a time\n", ARGUMENTS_MOST);
		return EXIT_COULD_NOT;
	}
	if (read_options(&o, &err) && output_allowed(output, (const char *const *)argv, (size_t)argc, &err) &&
	    run_all(argv, (size_t)argc, &o, &err))
		return 0;
	/* What fails on standard output is told at the end of the program. */
	if (!ferror(stdout))
		fprintf(stderr, "kanshiki: %s\n", err.text);
	return EXIT_COULD_NOT;
}

const struct command command_timeline = {
	.name = "timeline",
	.usage = "timeline CASE|SOURCE... [OPTION...]",
	.summary = "everything that has a time, in order",
	.about = "Writes one time line of cases, or of evidence that is read for it: times of files, "
		 "what artefacts say, notable events and findings. All times are UTC; the zone set on "
		 "the machine and what each time means stand beside it. Memory does not grow with the "
		 "number of entries.",
	.options = options,
	.run = run,
	.unpacks = true,
	.least = 1,
};
