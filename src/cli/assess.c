#include "cli/commands.h"

#include "assess/analyser.h"
#include "assess/coordinator.h"
#include "assess/correlate.h"
#include "assess/ledger.h"
#include "assess/verdict.h"
#include "case/case.h"
#include "case/seal.h"
#include "cli/assess_live.h"
#include "cli/assess_keys.h"
#include "cli/assess_rules.h"
#include "cli/log_reading.h"
#include "cli/output.h"
#include "cli/timestamp.h"
#include "codec/json_write.h"
#include "formats/log/log.h"
#include "os/terminal.h"
#include "report/progress.h"
#include "report/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char *case_name, *report_name, *format = "text", *stamp_url, *stamp_ca;
static struct assess_keys keys;
static struct option_list key_words, rule_paths, known_good, allow_paths;
static bool live, resume, no_sandbox, one_file_system, no_starter_rules, no_cache, quiet;
static uint64_t jobs;
static struct log_reading reading = LOG_READING_DEFAULT;
static struct examine_limits limits;
static const char *since, *until;
static struct period period = { TIME_NONE, TIME_NONE };

static const struct option_spec options[] = {
	{ OPTION_TEXT, 'c', "case", "FILE", "write the case here [kanshiki-TIME.case]", &case_name },
	{ OPTION_TEXT, 'o', "report", "FILE.html", "also write the report as one page", &report_name },
	{ OPTION_TEXT, 'f', "format", "FORM", "what to print at the end: text or json [text]", &format },
	{ OPTION_LIST, 'r', "rules", "PATH",
	  "more rules: a file or folder of *.yml (Sigma), *.yar (YARA); may be repeated", &rule_paths },
	{ OPTION_LIST, 0, "known-good", "FILE",
	  "digests of harmless programs: NSRL RDSv3, hashdeep, CSV or a list; may be repeated",
	  &known_good },
	{ OPTION_LIST, 'a', "allow", "FILE",
	  "destinations that are everybody's here: domains and addresses, one a line; may be repeated",
	  &allow_paths },
	{ OPTION_FLAG, 0, "no-starter-rules", NULL, "use only the rules given with --rules",
	  &no_starter_rules },
	{ OPTION_FLAG, 0, "no-rule-cache", NULL, "compile all rules anew, keep nothing", &no_cache },
	{ OPTION_FLAG, 0, "live", NULL,
	  "this running machine: processes, sockets, modules, and SOURCE or all its file systems", &live },
	{ OPTION_TEXT, 0, "since", "TIME",
	  "what ended before is kept, but is no sign (RFC 3339; UTC without a zone)", &since },
	{ OPTION_TEXT, 0, "until", "TIME", "what began later is no sign; a date alone: all that day", &until },
	{ OPTION_NUMBER, 'j', "jobs", "N", "examine N items at a time [one a core]", &jobs },
	{ OPTION_FLAG, 0, "resume", NULL, "go on with an interrupted case, given with --case", &resume },
	{ OPTION_LIST, 'k', "key", "KEY",
	  "open encrypted volumes with luks:WORD, bitlocker:WORD (or recovery key), either as :@FILE; "
	  "or FILE: seal with this key [the one of this user; made on first use]; may be repeated",
	  &key_words },
	{ OPTION_TEXT, 0, "timestamp-url", "URL", "have the seal time-stamped by this authority",
	  &stamp_url },
	{ OPTION_TEXT, 0, "timestamp-ca", "FILE",
	  "certificates (PEM) that must vouch for the authority", &stamp_ca },
	{ OPTION_FLAG, 0, "one-file-system", NULL, "do not enter other mounted file systems",
	  &one_file_system },
	{ OPTION_FLAG, 0, "no-sandbox", NULL,
	  "go on where the kernel has no seccomp; the case says so", &no_sandbox },
	LOG_READING_OPTIONS(reading),
	{ OPTION_FLAG, 'q', "quiet", NULL, "no progress line", &quiet },
	{ OPTION_SECONDS, 0, "item-time", "TIME", "for one item [120s]", &limits.item_seconds },
	{ OPTION_SECONDS, 0, "tree-time", "TIME", "for a file with all that is inside it [15m]",
	  &limits.tree_seconds },
	{ OPTION_SIZE, 0, "memory", "SIZE", "of one examiner [640M]", &limits.memory_bytes },
	{ OPTION_SIZE, 0, "file-size", "SIZE", "read of one file [64G]", &limits.file_bytes },
	{ OPTION_SIZE, 0, "member-size", "SIZE", "unpacked of one archive member [256M]",
	  &limits.member_bytes },
	{ OPTION_SIZE, 0, "tree-size", "SIZE", "unpacked of all members inside one file [16G]",
	  &limits.tree_bytes },
	{ OPTION_NUMBER, 0, "tree-entries", "N", "members inside one file [200000]",
	  &limits.tree_entries },
	{ OPTION_NUMBER, 0, "depth", "N", "archives inside archives [8]", &limits.depth },
	{ OPTION_NUMBER, 0, "folder-depth", "N", "folders inside folders [200]", &limits.folder_depth },
	{ OPTION_NUMBER, 0, "findings", "N", "findings kept of one item [50000]", &limits.findings },
	{ 0 },
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static bool show_progress(void *context, const struct coordinator_progress *now)
{
	struct progress_state state = { .items_done = now->files, .items_known = now->files_known,
		.bytes_done = now->bytes, .bytes_known = now->bytes_known,
		.findings = now->findings, .growing = !now->walk_done, .now = now->at };

	progress_show(context, &state);
	return !interrupted;
}

/* What was not set by an option keeps its default. */
static void fill_limits(void)
{
	struct examine_limits given = limits;

	limits = examine_limits_default();
#define GIVEN(member) (limits.member = given.member ? given.member : limits.member)
	GIVEN(item_seconds), GIVEN(tree_seconds), GIVEN(memory_bytes), GIVEN(file_bytes);
	GIVEN(member_bytes), GIVEN(tree_bytes), GIVEN(tree_entries), GIVEN(depth);
	GIVEN(folder_depth), GIVEN(findings);
#undef GIVEN
	limits.year = given.year;
	limits.zone_seconds = given.zone_seconds;
	limits.code_page = given.code_page;
}

static void limits_json(struct buf *to)
{
	struct json_write w = json_write_to(to);
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = { { "item_seconds", limits.item_seconds }, { "tree_seconds", limits.tree_seconds },
		     { "memory_bytes", limits.memory_bytes }, { "file_bytes", limits.file_bytes },
		     { "member_bytes", limits.member_bytes }, { "tree_bytes", limits.tree_bytes },
		     { "tree_entries", limits.tree_entries }, { "depth", limits.depth },
		     { "folder_depth", limits.folder_depth }, { "findings", limits.findings },
		     { "output_bytes", limits.output_bytes } };

	json_object(&w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_key(&w, rows[i].name);
		json_u64(&w, rows[i].n);
	}
	json_pair_time(&w, "since", period.since);
	json_pair_time(&w, "until", period.until);
	json_key(&w, "year");
	json_i64(&w, limits.year);
	json_key(&w, "zone_seconds");
	json_i64(&w, limits.zone_seconds);
	json_key(&w, "code_page");
	json_u64(&w, limits.code_page);
	json_object_end(&w);
}

static const struct period *asked_period(void)
{
	return since || until ? &period : NULL;
}

static bool open_case(const struct coordinator_options *how, struct case_file **file,
		      struct err *err)
{
	struct buf json = buf_new(4096);
	struct case_run run = { .argc = command_line.argc, .argv = keys.argv };
	char sandbox[80];
	bool ok;

	limits_json(&json);
	run.limits = buf_span(&json);
	ok = coordinator_sandbox(how, sandbox, err);
	run.sandbox = span_text(sandbox);
	ok = ok && (resume ? case_resume(case_name, &run, file, err)
			   : case_create(case_name, &run, file, err));
	buf_free(&json);
	return ok;
}

static bool seal(struct case_file *file, struct err *err)
{
	struct seal made = { 0 };
	struct err late = { 0 };

	if (!case_seal(file, keys.seal, &made, err))
		return false;
	/* The case is good without it, and the stamp can be had later. */
	if (stamp_url && !timestamp_from_url(file, stamp_url, stamp_ca, &late))
		fprintf(stderr, "kanshiki: no time stamp: %s; try kanshiki seal %s\n", late.text,
			case_name);
	seal_free(&made);
	return true;
}

/* What is needed at the end, asked for before the work; the helper with the key ends here, too. */
static bool ready_to_end(struct err *err)
{
	struct seal key = { 0 };
	bool ok = seal_key(keys.seal, !keys.seal, &key, err) ||
		  err_prefix(err, "no signing key (--key FILE names one, kanshiki key make makes one)");

	if (ok && key.made_key)
		fprintf(stderr, "kanshiki: made a signing key for you, %s; keep it, and give others "
			"its public half (kanshiki key show)\n", key.key_path);
	seal_free(&key);
	for (size_t i = 0; ok && i < known_good.count; i++)
		ok = ledger_set_check(known_good.values[i], err);
	return ok;
}

/* While the last file is only digested, what can be is read for the analysers. */
static void feed_ahead(void *context)
{
	analysers_feed_ahead(context);
}

/* What is drawn from all items together. */
static bool conclude(const struct assess_rules *rules, struct analysers *joining, struct progress *progress,
		     struct case_file *file, struct coordinator_totals *totals, struct verdict *verdict,
		     struct err *err)
{
	const struct ledger_options vouching = { .known_good = known_good.values,
						 .known_good_count = known_good.count };
	struct ledger_totals ledger;

	progress_phase(progress, "all items examined; accounting for programs");
	if (!case_settle(file, err))
		return false;
	case_digest_ahead(file);
	if (!ledger_write(file, &vouching, &ledger, err))
		return false;
	progress_phase(progress, "joining what was found");
	if (!analysers_finish(joining, &totals->findings, err) ||
	    !correlate_case(file, rules->sigma.root ? &rules->sigma : NULL, &totals->findings, err))
		return false;
	progress_phase(progress, "weighing the answers");
	return verdict_write(file, asked_period(), verdict, err);
}

/* Ended before its end: by a signal, whatever else then went wrong. */
static bool say_stopped(struct case_file *file, struct err *err)
{
	struct err ignored = { 0 };

	case_end(file, "interrupted", SPAN("stopped by the user"), &ignored);
	if (live)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "stopped by a signal: case '%s' is not complete and not "
			       "sealed; --live cannot go on with it, for the machine went on", case_name);
	return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "stopped by a signal; go on with --resume --case %s", case_name);
}

/* Everything between an open case and a sealed one. */
static bool examine(const struct assess_rules *rules, struct analysers *joining, struct coordinator *coordinator,
		    struct progress *progress, struct case_file *file,
		    struct coordinator_totals *totals, struct verdict *verdict, struct err *err)
{
	struct err ignored = { 0 };
	bool ok = assess_rules_record(rules, file, err) &&
		  coordinator_run(coordinator, file, totals, err);

	progress_clear(progress);
	if (interrupted || totals->stopped)
		return say_stopped(file, err);
	if (!ok) {
		case_end(file, "failed", span_text(err->text), &ignored);
		return false;
	}
	ok = conclude(rules, joining, progress, file, totals, verdict, err);
	progress_clear(progress);
	if (!ok)
		case_end(file, "failed", span_text(err->text), &ignored);
	return ok && case_end(file, "completed", (struct span){ 0 }, err) && seal(file, err);
}

static bool write_page(const struct report *report, struct err *err)
{
	FILE *to = output_stream(report_name, NULL, 0, err);

	return to && output_close(to, report_name, report_html(to, report, err), err);
}

static bool show(struct err *err)
{
	struct terminal terminal = terminal_of(stdout);
	struct report_look look = { .colour = terminal.colour, .brief = true,
				    .columns = terminal.columns < 120 ? terminal.columns : 120 };
	const char *slash = strrchr(case_name, '/');
	struct report report = { 0 };
	bool is_text = strcmp(format, "json") && !report_name, ok;
	struct case_file *file;

	if (!case_open(case_name, &file, err))
		return false;
	ok = (is_text ? report_load_brief : report_load)(case_db(file),
			span_text(slash ? slash + 1 : case_name), REPORT_PAGE_FINDINGS, &report, err);
	case_close(file);
	ok = ok && (!strcmp(format, "json") ? report_json(stdout, &report, err)
					    : report_text(stdout, &report, look, err)) &&
	     (!report_name || write_page(&report, err));
	report_free(&report);
	return ok;
}

static void say_where(const struct coordinator_totals *totals)
{
	if (!strcmp(format, "json"))
		return;
	printf("\ncase    %s\n", case_name);
	if (report_name)
		printf("report  %s\n", report_name);
	printf("check   kanshiki verify %s\n", case_name);
	if (totals->atime_may_move)
		printf("note    access times of some evidence may have moved: it belongs to another user\n");
}

static const char *default_name(void)
{
	static char name[64];
	struct buf now = buf_new(64);

	timestamp_format(&now, timestamp_now(), 0);
	snprintf(name, sizeof name, "kanshiki-%.4s%.2s%.2sT%.2s%.2s%.2sZ.case", (char *)now.at,
		 (char *)now.at + 5, (char *)now.at + 8, (char *)now.at + 11, (char *)now.at + 14,
		 (char *)now.at + 17);
	buf_free(&now);
	return name;
}

static bool take_period(struct err *err)
{
	static const timestamp day = INT64_C(86400) * TIME_SECOND;

	if ((since && !timestamp_parse(span_text(since), &period.since)) ||
	    (until && !timestamp_parse(span_text(until), &period.until)))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no time: 2026-11-21T22:00:00Z, or a "
			       "date", since && period.since == TIME_NONE ? since : until);
	if (until && strlen(until) == strlen("2026-11-21") && period.until <= INT64_MAX - day)
		period.until += day - 1;
	if (since && until && period.since > period.until)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--since %s is after --until %s", since, until);
	return true;
}

static bool check_options(struct err *err)
{
	if (strcmp(format, "text") && strcmp(format, "json"))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no format: text or json", format);
	if (resume && !case_name)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--resume needs --case FILE");
	if (case_name && report_name && !strcmp(case_name, report_name))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the case and the report cannot both be '%s'", case_name);
	if (jobs > 256)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--jobs is at most 256");
	return take_period(err);
}

/* How logs are read that leave out what their times and texts mean. */
static bool take_reading(struct err *err)
{
	if (!log_reading_check(&reading, err))
		return false;
	limits.year = (int)reading.year;
	limits.zone_seconds = reading.zone_seconds;
	limits.code_page = (uint16_t)reading.code_page;
	return true;
}

/* As where somebody works in the folder of the evidence; of a running machine it is always so. */
static void tell_place(const struct coordinator_options *how)
{
	if (!live && output_lies_in(case_name, how->sources, how->source_count))
		fprintf(stderr, "notice: the case is written into a folder of the evidence; --case names another place\n");
}

static bool assess(int argc, char **argv, bool *found, struct err *err)
{
	struct progress progress = progress_new(quiet ? NULL : stderr);
	struct coordinator_options how = { .sources = (const char *const *)argv,
		.source_count = (size_t)argc, .limits = limits, .jobs = (unsigned)jobs,
		.keys = keys.keys, .key_count = keys.count, .no_sandbox = no_sandbox, .one_file_system = one_file_system,
		.progress = show_progress, .progress_context = &progress };
	struct coordinator_totals totals = { 0 };
	struct coordinator *coordinator = NULL;
	struct analysers *joining = NULL;
	struct case_file *file = NULL;
	struct assess_rules rules;
	struct verdict verdict;
	bool ok;

	if (!output_allowed(report_name, how.sources, how.source_count, err) || !ready_to_end(err) ||
	    !assess_rules_load(&rules, &rule_paths, no_starter_rules, no_cache, err))
		return false;
	if (!assess_rules_allow(&rules, &allow_paths, err)) {
		assess_rules_free(&rules);
		return false;
	}
	how.yara = &rules.yara;
	how.sigma = &rules.sigma;
	coordinator = coordinator_new(&how, err);
	ok = coordinator && open_case(&how, &file, err);
	if (ok)
		tell_place(&how);
	joining = ok ? analysers_new(file, rules.allow, asked_period()) : NULL;
	ok = ok && (joining || err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory"));
	how.idle = feed_ahead;
	how.idle_context = joining;
	ok = ok && examine(&rules, joining, coordinator, &progress, file, &totals, &verdict, err);
	coordinator_free(coordinator);
	analysers_free(joining);
	case_close(file);
	assess_rules_free(&rules);
	ok = ok && show(err);
	if (ok)
		say_where(&totals);
	*found = ok && verdict.findings > 0;
	return ok;
}

static bool check_sources(int argc, struct err *err)
{
	if (!argc && !live)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "name a SOURCE, or say --live");
	if (live && resume)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--live cannot --resume: the machine went on");
	return true;
}

static bool assess_this_machine(int argc, char **argv, bool *found, struct err *err)
{
	struct live_sources sources = { 0 };
	/* Nothing is taken of the machine for a run that cannot begin. */
	bool ok = assess_rules_there(no_starter_rules, err) && assess_live_sources(case_name, argc, argv, &sources, err);

	one_file_system = one_file_system || !argc;
	ok = ok && assess((int)sources.count, (char **)(uintptr_t)sources.paths, found, err);
	assess_live_free(&sources);
	return ok;
}

static int run(int argc, char **argv)
{
	struct err err = { 0 };
	bool found = false, ok;

	if (!assess_keys_take(&keys, &key_words, command_line.argc, command_line.argv, &err) ||
	    !check_options(&err) || !take_reading(&err) || !check_sources(argc, &err)) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	fill_limits();
	if (!case_name)
		case_name = default_name();
	catch_signals();
	ok = live ? assess_this_machine(argc, argv, &found, &err) : assess(argc, argv, &found, &err);
	assess_keys_free(&keys);
	if (!ok) {
		fprintf(stderr, "kanshiki: %s\n", err.text);
		return EXIT_COULD_NOT;
	}
	return found ? EXIT_FOUND : EXIT_NOTHING_FOUND;
}

const struct command command_assess = {
	.name = "assess",
	.usage = "assess SOURCE...|--live [OPTION...]",
	.summary = "examine evidence and answer the five questions",
	.about = "Examines files, folders, archives and standard input (-), matches them against rules, "
		 "and answers five questions: is malicious software installed, was information taken, "
		 "was the machine controlled, was something destroyed, was the truth obstructed. "
		 "Evidence is only read. The case file keeps everything, sealed; "
		 "limits on hostile input are options, and reaching one is told with the item.",
	.exits = "0 nothing found, 1 something found, 2 could not do it",
	.options = options,
	.run = run,
	.unpacks = true,
};
