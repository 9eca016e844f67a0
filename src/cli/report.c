#include "cli/commands.h"

#include "case/case.h"
#include "cli/output.h"
#include "os/terminal.h"
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *format;
static const char *output;
static uint64_t most;
static bool brief;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'f', "format", "FORM",
	  "html, json, text or csv [by the name after -o, else text]", &format },
	{ OPTION_TEXT, 'o', "output", "FILE", "write here, not to standard output", &output },
	{ OPTION_NUMBER, 'n', "most", "N",
	  "at most N findings, heaviest first [100000 in html, else all]", &most },
	{ OPTION_FLAG, 'b', "brief", NULL, "as text, only the answers and what carries them most",
	  &brief },
	{ 0 },
};

static bool ends_in(const char *name, const char *end)
{
	return name && span_ends(span_text(name), span_text(end));
}

static const char *form_of(const char *name)
{
	return ends_in(name, ".html") ? "html" : ends_in(name, ".json") ? "json"
	       : ends_in(name, ".csv") ? "csv" : "text";
}

static bool write_form(FILE *to, const struct report *report, const char *form, struct err *err)
{
	struct terminal terminal = terminal_of(to);
	struct report_look look = { .colour = terminal.colour,
				    .columns = terminal.columns < 120 ? terminal.columns : 120,
				    .brief = brief };

	if (!strcmp(form, "html"))
		return report_html(to, report, err);
	if (!strcmp(form, "json"))
		return report_json(to, report, err);
	if (!strcmp(form, "csv"))
		return report_csv(to, report, err);
	return report_text(to, report, look, err);
}

static bool write_file(const char *case_name, const struct report *report, const char *form,
		       struct err *err)
{
	FILE *to = output_stream(output, &case_name, 1, err);

	return to && output_close(to, output, write_form(to, report, form, err), err);
}

static bool load(const char *path, struct report *report, bool page, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct case_file *file;
	bool ok;

	if (!case_open(path, &file, err))
		return false;
	ok = report_load(case_db(file), span_text(slash ? slash + 1 : path),
			 most ? most : page ? REPORT_PAGE_FINDINGS : UINT64_MAX, report, err);
	case_close(file);
	return ok;
}

static int run(int argc, char **argv)
{
	const char *form = format ? format : form_of(output);
	struct report report = { 0 };
	struct err err = { 0 };
	bool ok;

	(void)argc;
	if (strcmp(form, "html") && strcmp(form, "json") && strcmp(form, "csv") &&
	    strcmp(form, "text")) {
		fprintf(stderr, "kanshiki: '%s' is no form of a report: html, json, text or csv\n",
			form);
		return EXIT_COULD_NOT;
	}
	ok = load(argv[0], &report, !strcmp(form, "html"), &err) &&
	     (output ? write_file(argv[0], &report, form, &err)
		     : write_form(stdout, &report, form, &err));
	/* What fails on standard output is told at the end of the program. */
	if (!ok && !ferror(stdout))
		fprintf(stderr, "kanshiki: %s\n", err.text);
	report_free(&report);
	return ok ? 0 : EXIT_COULD_NOT;
}

const struct command command_report = {
	.name = "report",
	.usage = "report CASE [OPTION...]",
	.summary = "show a case: answers, coverage, findings, custody",
	.about = "Shows what a case file holds, answers first. As html it is one page that works "
		 "offline and loads nothing; as json and csv it is for other programs.",
	.options = options,
	.run = run,
	.least = 1,
	.most = 1,
};
