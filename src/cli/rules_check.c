#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>

#include "examine/rule_pack.h"
#include "os/data_path.h"

static bool warnings;

static const struct option_spec options[] = {
	{ OPTION_FLAG, 0, "warnings", NULL, "show warnings too: slow strings, odd conditions",
	  &warnings },
	{ 0 }
};

struct tally {
	uint64_t loaded, refused, not_applicable;
	unsigned warned;
};

static void show_problem(const struct rule_problem *p, struct tally *tally)
{
	static const char *const words[] = { "error", "not for this program", "warning" };

	tally->warned += p->verdict == RULE_WARNED;
	if (p->verdict == RULE_WARNED && !warnings)
		return;
	printf("%.*s", SPAN_ARG(p->file));
	if (p->line)
		printf(":%u:%u", p->line, p->column);
	printf(": %s: ", words[p->verdict]);
	if (p->rule.len)
		printf("rule %.*s: ", SPAN_ARG(p->rule));
	printf("%.*s\n", SPAN_ARG(p->reason));
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

	for (int i = 0; i < argc && checked; i++)
		checked = rule_files_add(&files, argv[i], &err);
	checked = checked && check(&files, RULE_YARA, &tally, &err) &&
		  check(&files, RULE_SIGMA, &tally, &err);
	rule_files_free(&files);
	if (!checked) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	printf("%" PRIu64 " rules are good, %" PRIu64 " refused, %" PRIu64
	       " not applicable, %u warnings\n", tally.loaded, tally.refused, tally.not_applicable,
	       tally.warned);
	return tally.refused ? EXIT_FOUND : EXIT_NOTHING_FOUND;
}

const struct command command_rules_check = {
	.name = "rules check",
	.usage = "rules check [OPTION...] RULES...",
	.summary = "tell what is wrong with YARA and Sigma rules",
	.about = "Reads rule files and folders and names, with file, line and column, each rule that "
		 "is refused and why; with --warnings also what makes rules slow or doubtful.",
	.exits = "0 all rules are good, 1 some are refused, 2 could not do it",
	.options = options,
	.run = run,
	.least = 1,
};
