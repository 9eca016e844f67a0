#include "cli/commands.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/scan_crew.h"
#include "cli/scan_output.h"
#include "cli/scan_target.h"
#include "examine/yara_load.h"
#include "os/sandbox.h"
#include "rules/yara/modules.h"

#define WORKERS_MAX 64
#define CHUNK_MAX ((size_t)1 << 30)
#define SCAN_FAILED 1			/* yara's own exit code */

static struct {
	struct scan_show show;
	struct scan_walk walk;
	struct option_list defines, module_data;
	bool list, fast, no_warnings, fail_on_warnings, negate, quiet, stats, module_names, version;
	bool compiled, skip_invalid, no_cache, no_sandbox, profile, strict_escape;
	uint64_t limit, threads, timeout, stack_size, max_strings, chunk;
	const char *atoms;
} o;

static const struct option_spec options[] = {
	{ OPTION_TEXT, 0, "atom-quality-table", "FILE", "taken, without effect", &o.atoms },
	{ OPTION_FLAG, 'C', "compiled-rules", NULL,
	  "refused: compiled rules are taken from nobody; name the sources, they are cached",
	  &o.compiled },
	{ OPTION_FLAG, 'c', "count", NULL, "print only the number of matches", &o.show.count },
	{ OPTION_LIST, 'd', "define", "NAME=VALUE", "define an external variable", &o.defines },
	{ OPTION_FLAG, 'q', "disable-console-logs", NULL, "say nothing for module console",
	  &o.quiet },
	{ OPTION_FLAG, 'E', "strict-escape", NULL, "warn of escapes in regexes that nobody knows", &o.strict_escape },
	{ OPTION_FLAG, 0, "fail-on-warnings", NULL, "take warnings for errors",
	  &o.fail_on_warnings },
	{ OPTION_FLAG, 'f', "fast-scan", NULL, "one match a string is enough", &o.fast },
	{ OPTION_LIST, 'i', "identifier", "NAME", "show only rules of that name",
	  &o.show.only_rules },
	{ OPTION_FLAG, 0, "json", NULL, "a line of JSON for each match", &o.show.json },
	{ OPTION_NUMBER, 'l', "max-rules", "NUMBER", "after that many matches, as yara, tell one more of each target [no limit]",
	  &o.limit },
	{ OPTION_SIZE, 0, "max-process-memory-chunk", "SIZE",
	  "read memory of a process in pieces of at most SIZE [64M]", &o.chunk },
	{ OPTION_NUMBER, 0, "max-strings-per-rule", "NUMBER", "strings of a rule at most [10000]",
	  &o.max_strings },
	{ OPTION_LIST, 'x', "module-data", "MODULE=FILE", "give FILE to a module",
	  &o.module_data },
	{ OPTION_FLAG, 'M', "module-names", NULL, "list the modules", &o.module_names },
	{ OPTION_FLAG, 'n', "negate", NULL, "show rules that do not match", &o.negate },
	{ OPTION_FLAG, 0, "no-cache", NULL, "neither read nor write the cache of rules",
	  &o.no_cache },
	{ OPTION_FLAG, 'N', "no-follow-symlinks", NULL, "leave links alone", &o.walk.no_links },
	{ OPTION_FLAG, 0, "no-sandbox", NULL, "parse targets in workers that are not locked in",
	  &o.no_sandbox },
	{ OPTION_FLAG, 'w', "no-warnings", NULL, "say no warnings", &o.no_warnings },
	{ OPTION_FLAG, 'm', "print-meta", NULL, "show meta data", &o.show.meta },
	{ OPTION_FLAG, 'D', "print-module-data", NULL, "show what modules know, as JSON",
	  &o.show.module_data },
	{ OPTION_FLAG, 'e', "print-namespace", NULL, "show namespaces", &o.show.name_space },
	{ OPTION_FLAG, 'S', "print-stats", NULL, "show figures of the rules", &o.stats },
	{ OPTION_FLAG, 's', "print-strings", NULL, "show what matched", &o.show.strings },
	{ OPTION_FLAG, 'L', "print-string-length", NULL, "show lengths of what matched",
	  &o.show.lengths },
	{ OPTION_FLAG, 'X', "print-xor-key", NULL, "show xor keys and plain text of what matched",
	  &o.show.xor_keys },
	{ OPTION_FLAG, 'g', "print-tags", NULL, "show tags", &o.show.tags },
	{ OPTION_FLAG, 0, "profile", NULL, "show at the end what each rule cost (one process)",
	  &o.profile },
	{ OPTION_FLAG, 'r', "recursive", NULL, "go into folders of folders", &o.walk.recursive },
	{ OPTION_FLAG, 0, "scan-list", NULL, "the target is a list of files, one a line", &o.list },
	{ OPTION_FLAG, 0, "skip-invalid", NULL,
	  "leave out rules with errors instead of scanning nothing", &o.skip_invalid },
	{ OPTION_NUMBER, 'z', "skip-larger", "NUMBER", "in folders, skip files of more bytes",
	  &o.walk.largest },
	{ OPTION_NUMBER, 'k', "stack-size", "SLOTS", "taken, without effect", &o.stack_size },
	{ OPTION_LIST, 't', "tag", "TAG", "show only rules with that tag", &o.show.only_tags },
	{ OPTION_NUMBER, 'p', "threads", "NUMBER",
	  "scan folders in that many processes [as many as processors]", &o.threads },
	{ OPTION_NUMBER, 'a', "timeout", "SECONDS", "end after that time [no limit]", &o.timeout },
	{ OPTION_FLAG, 'v', "version", NULL, "show the version", &o.version },
	{ 0 }
};

/* What the workers share: counts, for --max-rules and the exit code. */
struct shared {
	_Atomic uint64_t matches;
	_Atomic unsigned failures;
	_Atomic bool timed_out;		/* with targets left */
};

struct run {
	struct yara_rules rules;
	struct yara_scanner *scanner;
	struct yara_module_data *module_data;
	size_t module_data_count;
	struct yara_external *externals;
	size_t external_count;
	struct scan_files files;
	struct scan_process process;
	bool is_process;
	bool many;			/* a folder or list: counts name their file */
	struct scan_bytes bytes;
	struct shared *shared;
	struct scan_voice *voice;	/* in a worker */
	const char *path;
	uint64_t found;			/* in this target */
	uint64_t deadline;		/* CLOCK_MONOTONIC, ns; 0: none */
	unsigned warnings, failures;
};

/* ---- rules ---- */

static void tell_problem(void *context, const struct yara_problem *p)
{
	struct run *run = context;

	if (!p->is_error && o.no_warnings)
		return;
	run->warnings += !p->is_error;
	if (p->rule.len)
		fprintf(stderr, "%s: rule \"%.*s\" in %s(%u): %s\n", p->is_error ? "error" : "warning",
			SPAN_ARG(p->rule), p->file ? p->file : "", p->line, p->text);
	else
		fprintf(stderr, "%s(%u): %s: %s\n", p->file ? p->file : "", p->line,
			p->is_error ? "error" : "warning", p->text);
}

/* A number, a float, a truth value, else a text: as yara reads -d. */
static struct yara_value defined_value(const char *text)
{
	struct yara_value v = { .type = YARA_STRING, .string = span_text(text) };
	struct span digits = v.string, rest;

	if (!strcmp(text, "true") || !strcmp(text, "false"))
		return (struct yara_value){ .type = YARA_BOOL, .integer = *text == 't' };
	if (span_starts(digits, SPAN("-")))
		digits = span_from(digits, 1);
	rest = digits;
	while (rest.len && rest.at[0] >= '0' && rest.at[0] <= '9')
		rest = span_from(rest, 1);
	if (digits.len && !rest.len && span_to_i64(v.string, &v.integer))
		v.type = YARA_INTEGER;
	else if (rest.len > 1 && rest.len < digits.len && rest.at[0] == '.' &&
		 strspn((const char *)rest.at + 1, "0123456789") == rest.len - 1) {
		v.type = YARA_FLOAT;
		v.real = strtod(text, NULL);
	}
	return v;
}

static bool define_externals(struct run *run)
{
	const size_t own = sizeof yara_file_externals / sizeof *yara_file_externals;

	run->externals = calloc(o.defines.count + own, sizeof *run->externals);
	if (!run->externals)
		return false;
	for (size_t i = 0; i < o.defines.count; i++) {
		const char *equals = strchr(o.defines.values[i], '=');

		if (!equals || equals == o.defines.values[i]) {
			fprintf(stderr, "error: wrong syntax for `-d` option.\n");
			return false;
		}
		run->externals[run->external_count++] = (struct yara_external){
			.name = span_of(o.defines.values[i], (size_t)(equals - o.defines.values[i])),
			.value = defined_value(equals + 1) };
	}
	for (size_t i = 0; i < own; i++) {
		bool given = false;

		for (size_t j = 0; j < o.defines.count; j++)
			given |= span_eq(run->externals[j].name, yara_file_externals[i].name);
		if (!given)
			run->externals[run->external_count++] = yara_file_externals[i];
	}
	return true;
}

static bool load_rules(struct run *run, char **paths, int count, struct err *err)
{
	struct yara_load_options load = {
		.compile = { .externals = run->externals, .external_count = run->external_count,
			     .problem = tell_problem, .problem_context = run,
			     .skip_invalid = o.skip_invalid, .strict_escape = o.strict_escape,
			     .max_strings_per_rule = (uint32_t)o.max_strings },
		.namespaces = true, .no_cache = o.no_cache };

	if (!yara_rules_load((const char *const *)paths, (size_t)count, &load, &run->rules, err)) {
		if (err->code != ERR_CORRUPT)
			fprintf(stderr, "error: %s\n", err->text);
		return false;
	}
	if (run->rules.counts.skipped)
		fprintf(stderr, "warning: %u rules were left out\n", run->rules.counts.skipped);
	if (o.fail_on_warnings && run->warnings)
		return false;
	return true;
}

static bool load_module_data(struct run *run)
{
	struct err err = { 0 };

	run->module_data = calloc(o.module_data.count + 1, sizeof *run->module_data);
	for (size_t i = 0; run->module_data && i < o.module_data.count; i++) {
		char *copy = strdup(o.module_data.values[i]);
		char *equals = copy ? strchr(copy, '=') : NULL;
		struct scan_bytes bytes = { 0 };

		if (!equals) {
			fprintf(stderr, "error: wrong syntax for `-x` option.\n");
			free(copy);
			return false;
		}
		*equals = 0;
		if (!scan_bytes_open(&bytes, equals + 1, &err)) {
			fprintf(stderr, "error: could not open file \"%s\".\n", equals + 1);
			free(copy);
			return false;
		}
		/* Both stay until the program ends. */
		run->module_data[run->module_data_count++] =
			(struct yara_module_data){ copy, bytes.data };
	}
	return run->module_data;
}

/* ---- one target ---- */

static bool take_match(void *context, const struct yara_match *match)
{
	struct run *run = context;

	if (!o.negate) {
		run->found++;
		run->shared->matches++;
	}
	if (!o.show.count && scan_shows(&o.show, &match->info))
		scan_print_match(&run->voice->out, &o.show, match, run->path);
	if (o.negate) {
		run->found++;
		run->shared->matches++;
	}
	return !o.limit || run->shared->matches < o.limit;
}

static void take_log(void *context, struct span line)
{
	struct run *run = context;

	if (o.quiet)
		return;
	buf_add(&run->voice->out, line);
	buf_text(&run->voice->out, "\n");
}

static void report(struct run *run, bool scanned, const struct err *err,
		   const struct yara_scan_notes *notes)
{
	struct buf *told = &run->voice->told;

	if (o.show.count && run->many)
		buf_printf(&run->voice->out, "%s: ", run->path);
	if (o.show.count)
		buf_printf(&run->voice->out, "%" PRIu64 "\n", run->found);
	if (run->voice->out.overflow)
		buf_printf(told, "warning: %s: too many matches to be shown\n", run->path);
	if (notes->strings_capped && !o.no_warnings) {
		struct yara_rule_info rule = yara_rule_info(run->rules.set, notes->rule);

		buf_printf(told, "warning: rule \"%.*s\": too many matches for %.*s, results for this "
				 "rule may be incorrect\n", SPAN_ARG(rule.name),
			   SPAN_ARG(notes->identifier));
	}
	if (!scanned) {
		buf_printf(told, "error scanning %s: %s\n", run->path, err->text);
		run->shared->failures++;
	}
}

/* A mapped file that somebody cuts short meanwhile must cost this file only. */
static sigjmp_buf cut_short;
static volatile sig_atomic_t may_be_cut;

static void on_bus_error(int signal_number)
{
	if (may_be_cut)
		siglongjmp(cut_short, 1);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

/* The externals of this file; a name given with -d keeps its value. */
static size_t file_externals(struct run *run, struct yara_external *to, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	const struct yara_external own[] = {
		{ SPAN("filename"), { .type = YARA_STRING, .string = span_text(name) } },
		{ SPAN("filepath"), { .type = YARA_STRING, .string = span_text(path) } },
		{ SPAN("extension"), { .type = YARA_STRING, .string = span_text(dot ? dot : "") } },
	};
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		bool given = false;

		for (size_t j = 0; j < o.defines.count; j++)
			given |= span_eq(run->externals[j].name, own[i].name);
		if (!given)
			to[count++] = own[i];
	}
	return count;
}

static bool scan_data(struct run *run, struct yara_inputs *inputs, struct yara_scan_notes *notes,
		      struct err *err)
{
	bool scanned;

	if (sigsetjmp(cut_short, 0)) {
		may_be_cut = 0;
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "the file changed while it was read");
	}
	may_be_cut = run->bytes.mapped != NULL;
	scanned = yara_scan(run->scanner, run->bytes.data, inputs, take_match, run, notes, err);
	if (scanned && o.show.module_data)
		scan_print_modules(&run->voice->out, run->rules.set, yara_last_scan(run->scanner),
				   run->path);
	may_be_cut = 0;
	return scanned;
}

static void scan_file(struct run *run, const struct scan_item *item)
{
	struct yara_external externals[3];
	struct yara_inputs inputs = { .externals = externals, .module_data = run->module_data,
				      .module_data_count = run->module_data_count };
	struct yara_scan_notes notes = { 0 };
	struct err err = { 0 };
	bool scanned;

	inputs.external_count = file_externals(run, externals, run->path);
	run->bytes.data = item->bytes;
	scanned = (item->fd < 0 || scan_bytes_read(&run->bytes, item->fd, item->size, &err)) &&
		  scan_data(run, &inputs, &notes, &err);
	report(run, scanned, &err, &notes);
	scan_bytes_close(&run->bytes);
}

static void scan_process(struct run *run, int memory)
{
	struct yara_inputs inputs = { .module_data = run->module_data,
				      .module_data_count = run->module_data_count };
	const struct yara_blocks blocks = { scan_process_next, scan_process_read, &run->process };
	struct yara_scan_notes notes = { 0 };
	struct err err = { 0 };
	bool scanned;

	run->process.memory_fd = memory;
	scanned = yara_scan_blocks(run->scanner, &blocks, &inputs, take_match, run, &notes, &err);
	report(run, scanned, &err, &notes);
}

/* ---- many targets: what the workers and their parent do ---- */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool enough(void *context)
{
	struct run *run = context;

	if (!run->deadline || now() < run->deadline)
		return false;
	run->shared->timed_out = true;
	return true;
}

static bool prepare(void *context, struct scan_voice *voice)
{
	struct run *run = context;
	struct yara_scan_options scan = {
		.flags = (o.fast ? YARA_FAST : 0) | (o.negate ? YARA_TELL_MISSES : 0),
		.timeout_ns = o.timeout * 1000000000, .log = take_log, .log_context = run,
		.profile = o.profile };
	/* Not held back while it is handled: its handler does not return. */
	const struct sigaction bus_error = { .sa_handler = on_bus_error, .sa_flags = SA_NODEFER };
	struct err err = { 0 };

	sigaction(SIGBUS, &bus_error, NULL);
	yara_modules_prepare(run->rules.set);
	run->scanner = yara_scanner_new(run->rules.set, &scan, &err);
	if (!run->scanner)
		buf_printf(&voice->told, "error: %s\n", err.text);
	return run->scanner;
}

static void scan_one(void *context, const struct scan_item *item, struct scan_voice *voice)
{
	struct run *run = context;

	if (enough(run))
		return;
	run->path = item->path;
	run->voice = voice;
	run->found = 0;
	if (run->is_process)
		scan_process(run, item->fd);
	else
		scan_file(run, item);
}

static void show_profile(void *context, struct scan_voice *voice)
{
	struct run *run = context;
	struct arena arena = arena_new((size_t)1 << 30);
	struct yara_rule_cost *costs = NULL;
	size_t count = 0;

	if (o.profile) {
		costs = yara_profile(run->scanner, &arena, &count);
		buf_printf(&voice->out, "\n%12s %12s  rule\n", "milliseconds", "evaluations");
	}
	for (size_t i = 0; costs && i < count; i++) {
		struct yara_rule_info rule = yara_rule_info(run->rules.set, costs[i].rule);

		buf_printf(&voice->out, "%12.3f %12" PRIu64 "  %.*s:%.*s\n",
			   (double)costs[i].ns / 1e6, costs[i].evaluations,
			   SPAN_ARG(rule.name_space), SPAN_ARG(rule.name));
	}
	arena_free(&arena);
}

static void not_opened(struct run *run, const char *path, const struct err *err)
{
	fprintf(stderr, "error scanning %s: %s\n", path, err->text);
	run->shared->failures++;
}

static int open_target(void *context, size_t number, const char **path, uint64_t *size)
{
	struct run *run = context;
	struct err err = { 0 };
	int fd;

	*path = run->files.paths[number];
	*size = SCAN_STREAM;
	if (run->is_process)
		return dup(run->process.memory_fd);
	fd = scan_open(*path, size, &err);
	if (fd >= 0)
		return fd;
	if (*size != SCAN_FOLDER || !o.list)
		not_opened(run, *path, &err);
	else if (!scan_files_folder(&run->files, *path, &o.walk, &run->failures, &err))
		not_opened(run, *path, &err);
	return -1;
}

static uint64_t size_of_target(void *context, size_t number)
{
	const struct run *run = context;
	struct stat st;

	return !stat(run->files.paths[number], &st) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static void worker_died(void *context, size_t number, int status)
{
	struct run *run = context;

	if (WIFSIGNALED(status))
		fprintf(stderr, "error scanning %s: its worker was ended by signal %d\n",
			run->files.paths[number], WTERMSIG(status));
	else
		fprintf(stderr, "error scanning %s: its worker ended before its time\n",
			run->files.paths[number]);
	run->shared->failures++;
}

static unsigned worker_count(size_t files)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t wanted = o.threads ? o.threads : processors > 0 ? (uint64_t)processors : 1;

	if (o.profile || wanted > WORKERS_MAX)
		wanted = o.profile ? 1 : WORKERS_MAX;
	return (unsigned)(wanted > files ? files : wanted);
}

static bool scan_files(struct run *run, struct err *err)
{
	struct scan_crew crew = {
		.workers = worker_count(run->files.count), .count = &run->files.count,
		.no_sandbox = o.no_sandbox, .context = run, .prepare = prepare, .scan = scan_one,
		.finish = show_profile, .open = open_target, .size = size_of_target,
		.enough = enough, .died = worker_died };
	struct err reason = { 0 };

	if (!crew.workers)
		return true;
	if (!o.no_sandbox && !sandbox_available(&reason)) {
		fprintf(stderr, "warning: targets are parsed in workers that are not locked in: %s\n",
			reason.text);
		crew.no_sandbox = true;
	}
	return scan_crew_run(&crew, err);
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool add_process(struct run *run, uint64_t pid, struct err *err)
{
	run->is_process = true;
	return scan_process_open(&run->process, pid, o.chunk && o.chunk < CHUNK_MAX
				 ? (size_t)o.chunk : (size_t)64 << 20, err);
}

/* A process, a file, a folder or a list, told apart as yara does. */
static bool scan_target(struct run *run, const char *target, struct err *err)
{
	struct stat st;
	uint64_t pid;
	bool many = o.list || (!stat(target, &st) && S_ISDIR(st.st_mode)), listed;

	run->many = many;
	if (o.list)
		listed = scan_files_list(&run->files, target, err);
	else if (many)
		listed = scan_files_folder(&run->files, target, &o.walk, &run->failures, err);
	else
		listed = scan_files_add(&run->files, target, err);
	if (listed && is_number(target) && !many && stat(target, &st) &&
	    span_to_u64(span_text(target), &pid) && !add_process(run, pid, err)) {
		fprintf(stderr, "error scanning %s: %s\n", target, err->text);
		err->text[0] = 0;
		return false;
	}
	if (!listed || !scan_files(run, err))
		return false;
	if (run->shared->timed_out)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "scanning timed out, targets are left");
	/* As in yara, a file that could not be scanned counts only where it was the target. */
	return many || !run->shared->failures;
}

/* ---- the command ---- */

static void show_stats(const struct run *run)
{
	const struct yara_counts *n = &run->rules.counts;

	printf("number of files                    : %u\nnumber of rules                    : %u\n"
	       "number of strings                  : %u\nnumber of distinct strings         : %u\n"
	       "rules that need no string          : %u\nrules left out                     : %u\n",
	       run->rules.files, n->rules, n->strings, n->patterns, n->always, n->skipped);
}

static bool share(struct run *run)
{
	struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);

	if (s == MAP_FAILED)
		return false;
	run->shared = s;
	return true;
}

static bool scan(struct run *run, int argc, char **argv)
{
	struct err err = { 0 };
	bool scanned;

	run->deadline = o.timeout ? now() + o.timeout * 1000000000 : 0;
	if (!share(run) || !define_externals(run) || !load_module_data(run) ||
	    !load_rules(run, argv, argc - 1, &err))
		return false;
	if (o.stats)
		show_stats(run);
	scanned = scan_target(run, argv[argc - 1], &err);
	if (!scanned && err.text[0])
		fprintf(stderr, "error: %s\n", err.text);
	return scanned;
}

static void run_free(struct run *run)
{
	scan_process_close(&run->process);
	yara_rules_free(&run->rules);
	scan_bytes_free(&run->bytes);
	arena_free(&run->files.arena);
	free(run->externals);
	free(run->module_data);
}

static int run(int argc, char **argv)
{
	struct run r = { .process = { .memory_fd = -1 }, .files = { .arena = arena_new((size_t)4 << 30) } };
	bool scanned;

	if (o.version)
		return printf("kanshiki %s\n", KANSHIKI_VERSION), 0;
	if (o.module_names) {
		for (size_t i = 0; yara_modules[i]; i++)
			printf("%s\n", yara_modules[i]->name);
		return 0;
	}
	if (o.compiled) {
		fprintf(stderr, "error: compiled rules are code from somebody else and are not read; "
				"name the sources, kanshiki keeps its own cache\n");
		return SCAN_FAILED;
	}
	if (argc < 2) {
		fprintf(stderr, "kanshiki scan: wrong number of arguments\n"
				"usage: kanshiki %s\n", command_scan.usage);
		return SCAN_FAILED;
	}
	scanned = scan(&r, argc, argv);
	run_free(&r);
	return scanned ? 0 : SCAN_FAILED;
}

const struct command command_scan = {
	.name = "scan",
	.usage = "scan [OPTION...] [NAMESPACE:]RULES... TARGET",
	.summary = "match YARA rules against files, folders or a process",
	.about = "Takes the place of yara: same options, same output, same exit codes. RULES are "
		 "files or folders of rules; TARGET is a file, a folder, a list (--scan-list), a "
		 "process id, or - for standard input.",
	.exits = "0 scanned (whether or not a rule matched), 1 could not do it",
	.options = options,
	.run = run,
	.failed = SCAN_FAILED,
};
