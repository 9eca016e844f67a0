#include "cli/commands.h"

#include <stdio.h>

#include "examine/rule_pack.h"
#include "formats/log/log.h"
#include "os/data_path.h"
#include "rules/sigma/sigma.h"

/* NAME.fires.jsonl and NAME.silent.jsonl beside NAME.yml: each line fires, or does not. */

static bool verbose;

static const struct option_spec options[] = {
	{ OPTION_FLAG, 'v', "verbose", NULL, "also name the rules that pass, and those without samples",
	  &verbose },
	{ 0 }
};

struct trial {
	struct sigma_scanner *scanner;
	const char *rule;		/* file at hand */
	const char *samples;
	bool must_fire, fired;
	uint64_t lines, wrong;
};

static bool on_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		     const struct event *event)
{
	struct trial *t = context;

	(void)finding;
	(void)event;
	t->fired |= span_eq(rule->file, span_text(t->rule));
	return true;
}

static bool on_event(void *context, const struct event *event)
{
	struct trial *t = context;

	t->lines++;
	t->fired = false;
	sigma_eval(t->scanner, event, on_match, t);
	sigma_finish(t->scanner, on_match, t);
	if (t->fired == t->must_fire)
		return true;
	t->wrong++;
	printf("%s:%llu: %s, and should %s\n", t->samples, (unsigned long long)event->record_id,
	       t->fired ? "fires" : "is silent", t->fired ? "be silent" : "fire");
	return true;
}

/* False where there is no such sample file. */
static bool try_samples(struct trial *t, const char *suffix, bool must_fire, struct arena *arena)
{
	size_t stem = (size_t)(strrchr(t->rule, '.') - t->rule);
	struct span path = arena_printf(arena, "%.*s.%s.jsonl", (int)stem, t->rule, suffix), text;
	struct log_reader *reader;
	struct err err = { 0 };

	if (!path.at || !rule_files_text(arena, (const char *)path.at, &text, &err))
		return false;
	reader = log_reader_new(LOG_JSON, NULL);
	if (!reader)
		return false;
	t->samples = (const char *)path.at;
	t->must_fire = must_fire;
	sigma_scanner_begin(t->scanner);
	log_reader_feed(reader, text, true, on_event, t);
	t->wrong += log_reader_report(reader)->bad_lines;
	if (log_reader_report(reader)->bad_lines)
		printf("%s: %llu lines are no JSON objects\n", t->samples,
		       (unsigned long long)log_reader_report(reader)->bad_lines);
	log_reader_free(reader);
	return true;
}

static int try_rules(struct trial *t, const struct rule_files *files)
{
	uint64_t passed = 0, failed = 0, without = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct arena arena = arena_new(RULE_FILE_BYTES * 2);
		bool fires, silent;

		t->rule = files->files[i].path;
		t->wrong = 0;
		if (files->files[i].language != RULE_SIGMA || !strrchr(t->rule, '.'))
			continue;
		fires = try_samples(t, "fires", true, &arena);
		silent = try_samples(t, "silent", false, &arena);
		arena_free(&arena);
		without += !fires && !silent;
		passed += (fires || silent) && !t->wrong;
		failed += t->wrong != 0;
		if (verbose)
			printf("%s: %s\n", t->rule, !fires && !silent ? "no samples"
						    : t->wrong	      ? "FAILED" : "passed");
	}
	printf("%llu rule files passed, %llu failed, %llu without samples; %llu sample events\n",
	       (unsigned long long)passed, (unsigned long long)failed, (unsigned long long)without,
	       (unsigned long long)t->lines);
	if (passed + failed == 0)
		return EXIT_COULD_NOT;
	return failed ? EXIT_FOUND : EXIT_NOTHING_FOUND;
}

static int run(int argc, char **argv)
{
	struct rule_files files = rule_files_new();
	struct rule_pack_options pack = { .no_cache = true };
	struct image image = { 0 };
	struct trial trial = { 0 };
	struct err err = { 0 };
	char path[DATA_PATH_MAX];
	int code = EXIT_COULD_NOT;
	bool ok = data_path("rules/logsources.yml", path, &err) &&
		  rule_files_text(&files.arena, path, &pack.logsources, &err);

	for (int i = 0; ok && i < argc; i++)
		ok = rule_files_add(&files, argv[i], &err);
	ok = ok && rule_pack_sigma(&files, &pack, &image, NULL, &err);
	if (ok)
		trial.scanner = sigma_scanner_new(rule_pack_of(&image)->set, 0);
	if (trial.scanner)
		code = try_rules(&trial, &files);
	else
		fprintf(stderr, "kanshiki: %s\n", ok ? "out of memory" : err.text);
	sigma_scanner_free(trial.scanner);
	image_free(&image);
	rule_files_free(&files);
	return code;
}

const struct command command_rules_test = {
	.name = "rules test",
	.usage = "rules test [OPTION...] RULES...",
	.summary = "try Sigma rules on the samples that stand beside them",
	.about = "For every rule file NAME.yml, each line of NAME.fires.jsonl must make a rule of the file "
		 "fire, and no line of NAME.silent.jsonl may. Samples are flat JSON in Sigma's field names.",
	.exits = "0 all pass, 1 some fail, 2 could not do it or no samples",
	.options = options,
	.run = run,
	.least = 1,
};
