#include "cli/commands.h"

#include "assess/coordinator.h"
#include "case/case.h"
#include "report/progress.h"
#include "report/timeline.h"

#include <errno.h>
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
	  "of sources only names and times of files: content is not read, artefacts are not decoded",
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

static bool is_case(const char *path)
{
	FILE *file = fopen(path, "rb");
	char head[72] = { 0 };
	bool is = file && fread(head, 1, sizeof head, file) == sizeof head &&
		  !memcmp(head, "SQLite format 3", 16) && !memcmp(head + 68, "knsk", 4);

	if (file)
		fclose(file);
	return is;
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

	how.limits.names_only = names_only;
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

static void remove_case(const char *folder, const char *path)
{
	char beside[300];

	unlink(path);
	for (int i = 0; i < 2; i++) {
		snprintf(beside, sizeof beside, "%s%s", path, i ? "-shm" : "-wal");
		unlink(beside);
	}
	rmdir(folder);
}

static void show_written(void *context, uint64_t written)
{
	struct progress_state state = { .items_done = written, .growing = true };

	progress_show(context, &state);
}

static bool write_all(struct case_file *const *cases, size_t count, struct timeline_options *o,
		      struct err *err)
{
	struct progress progress = progress_new(quiet || !output ? NULL : stderr);
	FILE *file = output ? fopen(output, "wb") : stdout;
	uint64_t written;
	bool ok;

	if (!file)
		return err_errno(err, errno, "cannot write '%s'", output);
	o->progress = show_written;
	o->progress_context = &progress;
	ok = timeline_write(file, cases, count, o, &written, err);
	progress_clear(&progress);
	if (output && fclose(file) && ok)
		ok = err_errno(err, errno, "cannot write '%s'", output);
	if (output && !ok)
		unlink(output);
	if (ok && !quiet && output)
		fprintf(stderr, "%llu entries in %s\n", (unsigned long long)written, output);
	return ok;
}

/* Cases as they are; all other arguments together as one more. */
static bool run_all(char **argv, size_t count, struct timeline_options *o, struct err *err)
{
	const char *sources[ARGUMENTS_MOST], *folder = getenv("TMPDIR");
	struct case_file *cases[ARGUMENTS_MOST + 1];
	char made[200], path[240];
	size_t source_count = 0, open = 0;
	bool ok = true;

	snprintf(made, sizeof made, "%.150s/kanshiki-XXXXXX", folder && *folder ? folder : "/tmp");
	for (size_t i = 0; i < count && ok; i++) {
		if (!is_case(argv[i]))
			sources[source_count++] = argv[i];
		else if ((ok = case_open(argv[i], &cases[open], err)))
			open++;
	}
	if (ok && source_count && !mkdtemp(made))
		ok = err_errno(err, errno, "cannot make a folder for the working case, %s", made);
	snprintf(path, sizeof path, "%s/work.case", made);
	if (ok && source_count) {
		ok = read_sources(sources, source_count, path, err) &&
		     case_open(path, &cases[open], err);
		open += ok;
	}
	ok = ok && write_all(cases, open, o, err);
	while (open)
		case_close(cases[--open]);
	if (source_count)
		remove_case(made, path);
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
	if (read_options(&o, &err) && run_all(argv, (size_t)argc, &o, &err))
		return 0;
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
	.least = 1,
};
