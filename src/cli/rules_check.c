#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec/escape.h"
#include "codec/json_write.h"
#include "examine/rule_pack.h"
#include "os/data_path.h"
#include "rules/sigma/lint.h"

static bool warnings, notes;
static const char *format = "text";

static const struct option_spec options[] = {
	{ OPTION_FLAG, 'w', "warnings", NULL, "show warnings too: slow strings, odd conditions, "
	  "what does not do what it seems to", &warnings },
	{ OPTION_FLAG, 'n', "notes", NULL, "show warnings, and what could be better", &notes },
	{ OPTION_TEXT, 'f', "format", "FORM", "text, or jsonl: one object for each finding [text]",
	  &format },
	{ 0 }
};

#define ARENA_BYTES ((size_t)4 << 30)

struct tally {
	uint64_t loaded, refused, not_applicable;
	uint64_t errors, warned, noted;		/* by the linter, warned by the compilers too */
};

/* One finding: `name` is that of the linter's, or what the compiler decided. */
struct shown {
	struct span file, rule, text;
	uint32_t line, column;
	const char *severity, *name;
};

static void show_json(const struct shown *s)
{
	struct buf line = buf_new((size_t)1 << 20);
	struct json_write w = json_write_to(&line);

	json_object(&w);
	json_key(&w, "file");
	json_span(&w, s->file);
	json_key(&w, "line");
	json_u64(&w, s->line);
	json_key(&w, "column");
	json_u64(&w, s->column);
	json_key(&w, "severity");
	json_span(&w, span_text(s->severity));
	json_key(&w, "name");
	json_span(&w, span_text(s->name));
	json_key(&w, "rule");
	json_span(&w, s->rule);
	json_key(&w, "text");
	json_span(&w, s->text);
	json_object_end(&w);
	printf("%.*s\n", SPAN_ARG(buf_span(&line)));
	buf_free(&line);
}

static void show(const struct shown *s)
{
	struct buf line = buf_new((size_t)1 << 20);

	if (!strcmp(format, "jsonl")) {
		show_json(s);
		return;
	}
	escape_terminal(&line, s->file);
	if (s->line)
		buf_printf(&line, ":%u:%u", s->line, s->column);
	buf_printf(&line, ": %s: ", s->severity);
	if (s->rule.len) {
		buf_text(&line, "rule ");
		escape_terminal(&line, s->rule);
		buf_text(&line, ": ");
	}
	escape_terminal(&line, s->text);
	if (strcmp(s->name, s->severity))
		buf_printf(&line, " [%s]", s->name);
	printf("%.*s\n", SPAN_ARG(buf_span(&line)));
	buf_free(&line);
}

static void show_problem(const struct rule_problem *p, struct tally *tally)
{
	static const char *const words[] = { "error", "not for this program", "error", "warning" };
	struct shown shown = { p->file, p->rule, p->reason, p->line, p->column, words[p->verdict],
			       words[p->verdict] };

	tally->warned += p->verdict == RULE_WARNED;
	if (p->verdict == RULE_IN_PART)
		return;		/* as the linter says */
	if (p->verdict != RULE_WARNED || warnings)
		show(&shown);
}

static void take_lint(void *context, const struct lint_finding *f)
{
	static const char *const words[] = { "error", "warning", "note" };
	struct tally *tally = context;
	struct shown shown = { .file = span_text(f->file), .text = span_text(f->text), .line = f->line,
			       .column = f->column, .severity = words[f->severity], .name = f->name };

	tally->errors += f->severity == LINT_ERROR;
	tally->warned += f->severity == LINT_WARNING;
	tally->noted += f->severity == LINT_NOTE;
	if (f->severity == LINT_ERROR || (f->severity == LINT_WARNING ? warnings : notes))
		show(&shown);
}

static bool lint(const struct rule_files *files, struct tally *tally, struct err *err)
{
	struct arena arena = arena_new(ARENA_BYTES);
	struct sigma_linter *linter = sigma_linter_new(&arena, take_lint, tally);

	if (!linter)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory");
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].language == RULE_SIGMA)
			sigma_lint_file(linter, files->files[i].path, files->files[i].text);
	sigma_lint_end(linter);
	arena_free(&arena);
	return true;
}

static void show_pack(const struct image *image, struct tally *tally)
{
	const struct rule_pack *pack = rule_pack_of(image);

	for (size_t i = 0; i < pack->problem_count; i++)
		show_problem(&pack->problems[i], tally);
	if (pack->problems_dropped)
		printf("%" PRIu64 " more problems are not shown\n", pack->problems_dropped);
	tally->loaded += pack->loaded;
	tally->refused += pack->refused;
	tally->not_applicable += pack->not_applicable;
}

static bool has(const struct rule_files *files, enum rule_language language)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].language == language)
			return true;
	return false;
}

static bool check(const struct rule_files *files, enum rule_language language,
		  struct tally *tally, struct err *err)
{
	struct rule_pack_options pack = { .slow_strings = true, .no_cache = true };
	struct arena arena = arena_new(RULE_FILE_BYTES);
	char path[DATA_PATH_MAX];
	struct image image = { 0 };
	bool checked;

	if (!has(files, language))
		return true;
	checked = language == RULE_YARA ||
		  (data_path("rules/logsources.yml", path, err) &&
		   rule_files_text(&arena, path, &pack.logsources, err));
	if (checked)
		checked = language == RULE_YARA
			? rule_pack_yara(files, &pack, &image, NULL, err)
			: rule_pack_sigma(files, &pack, &image, NULL, err);
	if (checked)
		show_pack(&image, tally);
	image_free(&image);
	arena_free(&arena);
	return checked;
}

static int run(int argc, char **argv)
{
	struct rule_files files = rule_files_new();
	struct tally tally = { 0 };
	struct err err = { 0 };
	bool checked = true;

	if (strcmp(format, "text") && strcmp(format, "jsonl")) {
		fprintf(stderr, "kanshiki: '%s' is no format: text or jsonl\n", format);
		return EXIT_COULD_NOT;
	}
	warnings |= notes;
	for (int i = 0; i < argc && checked; i++)
		checked = rule_files_add(&files, argv[i], &err);
	checked = checked && check(&files, RULE_YARA, &tally, &err) &&
		  check(&files, RULE_SIGMA, &tally, &err) && lint(&files, &tally, &err);
	rule_files_free(&files);
	if (!checked) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	fprintf(strcmp(format, "jsonl") ? stdout : stderr, "%" PRIu64 " rule%s good, %" PRIu64
		" refused, %" PRIu64 " not applicable, %" PRIu64 " errors, %" PRIu64 " warnings, %"
		PRIu64 " notes\n", tally.loaded, tally.loaded == 1 ? " is" : "s are", tally.refused,
		tally.not_applicable, tally.errors, tally.warned, tally.noted);
	return tally.refused || tally.errors ? EXIT_FOUND : EXIT_NOTHING_FOUND;
}

const struct command command_rules_check = {
	.name = "rules check",
	.usage = "rules check [OPTION...] RULES...",
	.summary = "tell what is wrong with YARA and Sigma rules",
	.about = "Reads rule files and folders and names, with file, line and column, each rule that "
		 "is refused and why, and where a Sigma rule breaks the specification; with --warnings and "
		 "--notes also what makes rules slow or doubtful. Each finding of the Sigma linter has a "
		 "name, in brackets.",
	.exits = "0 all rules are good, 1 some are refused or break the specification, 2 could not do it",
	.options = options,
	.run = run,
	.least = 1,
};
