#include "cli/hunt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/log_reading.h"
#include "cli/output.h"
#include "codec/escape.h"
#include "examine/rule_pack.h"
#include "os/data_path.h"

#define JOBS_MAX 64

static struct option_list rules;
static const char *format_text = "jsonl", *level_text = "informational", *logsources, *placeholders;
static const char *from_text, *to_text, *explain, *summary;
static uint64_t jobs, repeat_limit, correlation_memory = 64 << 20;
static struct log_reading reading = LOG_READING_DEFAULT;
static bool no_cache, no_sandbox, quiet, show_problems, recover;

static const struct option_spec options[] = {
	{ OPTION_LIST, 'r', "rules", "PATH", "Sigma rules: a file, or a folder with all below it "
	  "(may be given many times) [the starter rules]", &rules },
	{ OPTION_TEXT, 'f', "format", "FORMAT", "jsonl, csv, table, timesketch or navigator [jsonl]",
	  &format_text },
	{ OPTION_TEXT, 'l', "level", "LEVEL", "leave out rules below this level [informational]",
	  &level_text },
	{ OPTION_TEXT, 'e', "explain", "RULE", "tell for one rule (id, title or file name) why it holds "
	  "or on which term it fails", &explain },
	{ OPTION_TEXT, 's', "summary", "FILE", "write a JSON summary of the logs here: computers, events, "
	  "logons, tampering, users, addresses, processes (-: standard output)", &summary },
	{ OPTION_NUMBER, 0, "repeats", "N", "tell at most N matches of a rule that are alike in "
	  "computer and values; count the others [all]", &repeat_limit },
	{ OPTION_TEXT, 0, "from", "TIME", "only events at or after this time (UTC)", &from_text },
	{ OPTION_TEXT, 0, "to", "TIME", "only events before this time (UTC)", &to_text },
	{ OPTION_NUMBER, 'j', "jobs", "N", "read with N processes [one a processor]; correlations, "
	  "--summary, --explain and --repeats take one", &jobs },
	{ OPTION_FLAG, 0, "recover", NULL, "carve event logs for deleted records, too", &recover },
	LOG_READING_OPTIONS(reading),
	{ OPTION_TEXT, 0, "placeholders", "FILE", "YAML file with the values of placeholders (%name%)",
	  &placeholders },
	{ OPTION_TEXT, 0, "logsources", "FILE", "YAML file with further log sources", &logsources },
	{ OPTION_SIZE, 0, "correlation-memory", "SIZE", "what correlations may remember [64M]",
	  &correlation_memory },
	{ OPTION_FLAG, 0, "problems", NULL, "name every rule that was refused or is not applicable",
	  &show_problems },
	{ OPTION_FLAG, 0, "no-sandbox", NULL, "go on where the kernel has no seccomp", &no_sandbox },
	{ OPTION_FLAG, 0, "no-cache", NULL, "compile the rules anew", &no_cache },
	{ OPTION_FLAG, 'q', "quiet", NULL, "no summary on standard error", &quiet },
	{ 0 }
};

static void begin_log(void *context, const char *path)
{
	struct hunt *h = context;

	h->log = path;
}

static void renumbered(void *context)
{
	struct hunt *h = context;

	sigma_scanner_begin(h->scanner);
	if (h->summary)
		hunt_summary_renumbered(h->summary);
}

static void on_problem(void *context, const char *path, const char *what)
{
	const struct hunt *h = context;
	struct buf line = buf_new((size_t)1 << 16);

	if (h->repeats_itself)
		return;
	escape_terminal(&line, span_text(path));
	fprintf(stderr, "kanshiki: %.*s: %s\n", SPAN_ARG(buf_span(&line)), what);
	buf_free(&line);
}

static void end_log(void *context, const char *path, const struct evtx_report *evtx,
		    const struct log_report *log, enum log_format format)
{
	struct hunt *h = context;
	char text[160];

	(void)format;
	if (h->summary && evtx)
		hunt_summary_log(h->summary, path, evtx);
	if (!quiet && log && log_files_assumed(log, h->log_options, text))
		on_problem(h, path, text);
}

/* Whether a match like this was told often enough. */
static bool is_repeat(struct hunt *h, const struct finding *f, const struct sigma_rule *rule)
{
	void **slot;

	if (!h->repeat_limit || h->memory.used > ((size_t)128 << 20))
		return false;
	slot = map_slot(&h->alike, arena_printf(&h->memory, "%u\x1f%.*s\x1f%.*s", rule->number,
						SPAN_ARG(f->host), SPAN_ARG(f->matched)));
	if (!slot)
		return false;
	*slot = (void *)((uintptr_t)*slot + 1);
	return (uintptr_t)*slot > h->repeat_limit;
}

static bool on_match(void *context, const struct finding *f, const struct sigma_rule *rule,
		     const struct event *event)
{
	struct hunt *h = context;
	struct hunt_rule *counts = &h->rules[rule->number];

	if (f->level < h->least_level)
		return true;
	if (counts->matches++ == 0 || f->time < counts->first)
		counts->first = f->time;
	if (f->time > counts->last)
		counts->last = f->time;
	if (is_repeat(h, f, rule)) {
		counts->repeats++;
		h->repeats++;
		return true;
	}
	h->told++;
	return hunt_tell(h, f, rule, event);
}

static bool on_event(void *context, const struct event *event)
{
	struct hunt *h = context;

	if (h->summary)
		hunt_summary_event(h->summary, h->log, event);
	if (!h->explain)
		return sigma_eval(h->scanner, event, on_match, h);
	hunt_explain_event(h, event);
	return true;
}

/* What looks at more than one event wants all of them, in order, and a pipe is read once. */
static uint32_t jobs_for(struct hunt *h, const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		h->streams |= fence_is_stream(paths[i]);
	if (h->remembers || h->streams)
		return 1;
	if (!jobs) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);

		return processors > 0 && processors < JOBS_MAX ? (uint32_t)processors : 1;
	}
	return jobs < JOBS_MAX ? (uint32_t)jobs : JOBS_MAX;
}

/* All that one run needs, as it goes into the process that decodes. */
struct session {
	struct hunt *h;
	struct log_files_options files;
	struct fence_options fence;
	const struct rule_pack *pack;
	double load;			/* seconds */
	const char *const *paths;
	size_t count;
	uint32_t processes;
};

bool hunt_finish(struct hunt *h, struct err *err)
{
	h->log = "";
	if (h->explain)
		h->told += hunt_explain_end(h);
	else
		sigma_finish(h->scanner, on_match, h);
	return !h->summary || hunt_summary_write(h, err);
}

static bool read_logs(const struct session *s, struct err *err)
{
	struct hunt *h = s->h;
	struct log_files_sink sink = { .context = h, .begin = begin_log, .renumbered = renumbered,
				       .each = on_event, .end = end_log, .problem = on_problem,
				       .passed = hunt_passed, .take_unit = hunt_take_unit, .begin_unit = hunt_begin_unit,
				       .end_unit = hunt_end_unit };

	return hunt_read_shared(h, &s->files, &sink, &s->fence, s->processes, s->paths, s->count, err);
}

static int fail(const struct err *err)
{
	fprintf(stderr, "kanshiki: %s\n", err->text);
	return EXIT_COULD_NOT;
}

static bool parse_options(struct hunt *h, struct log_files_options *files, struct err *err)
{
	static const char *const formats[] = { "jsonl", "csv", "table", "timesketch", "navigator" };
	size_t i = 0;

	while (i < 5 && strcmp(format_text, formats[i]))
		i++;
	if (i == 5)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown format '%s': it is jsonl, csv, table, timesketch "
			       "or navigator", format_text);
	h->format = (enum hunt_format)i;
	h->repeat_limit = repeat_limit;
	if (!level_of_name(span_text(level_text), &h->least_level))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "unknown level '%s'", level_text);
	files->from = files->to = files->log.now = TIME_NONE;
	files->recover = recover;
	if (!log_reading_check(&reading, err))
		return false;
	files->log.year = (int)reading.year;
	files->log.zone_seconds = reading.zone_seconds;
	files->code_page = (uint16_t)reading.code_page;
	if (from_text && !timestamp_parse(span_text(from_text), &files->from))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no time", from_text);
	if (to_text && !timestamp_parse(span_text(to_text), &files->to))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no time", to_text);
	return true;
}

/* Ours and then the user's as a further document. */
static bool read_logsources(struct arena *arena, struct span *out, struct err *err)
{
	char path[DATA_PATH_MAX];
	struct span own, users;

	if (!data_path("rules/logsources.yml", path, err) ||
	    !rule_files_text(arena, path, &own, err))
		return false;
	*out = own;
	if (!logsources)
		return true;
	if (!rule_files_text(arena, logsources, &users, err))
		return false;
	*out = arena_printf(arena, "%.*s\n---\n%.*s", SPAN_ARG(own), SPAN_ARG(users));
	return out->at || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "log-source data too large");
}

static bool add_rules(struct rule_files *files, struct err *err)
{
	char path[DATA_PATH_MAX];

	if (rules.count == 0)
		return data_path("rules/sigma", path, err) && rule_files_add(files, path, err);
	for (size_t i = 0; i < rules.count; i++)
		if (!rule_files_add(files, rules.values[i], err))
			return false;
	return true;
}

static bool load_rules(struct hunt *h, struct image *image, bool *cached, struct err *err)
{
	struct rule_files files = rule_files_new();
	struct rule_pack_options pack = { .least_level = h->least_level, .no_cache = no_cache };
	bool ok = add_rules(&files, err) && read_logsources(&files.arena, &pack.logsources, err) &&
		  (!placeholders || rule_files_text(&files.arena, placeholders, &pack.placeholders, err)) &&
		  rule_pack_sigma(&files, &pack, image, cached, err);

	rule_files_free(&files);
	return ok;
}

static void tell_problems(const struct rule_pack *pack)
{
	static const char *const verdicts[] = { "refused", "not applicable", "loaded in part", "warning" };

	for (size_t i = 0; i < pack->problem_count; i++) {
		const struct rule_problem *p = &pack->problems[i];

		if (show_problems || (p->verdict == RULE_IN_PART && !quiet))
			fprintf(stderr, "%.*s:%u:%u: %s: %.*s\n", SPAN_ARG(p->file), p->line, p->column,
				verdicts[p->verdict], SPAN_ARG(p->reason));
	}
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void tell_summary(const struct hunt *h, const struct rule_pack *pack,
			 double load, double scan)
{
	const struct log_files_report *r = &h->files;
	const struct sigma_stats *stats = &h->stats;

	if (quiet)
		return;
	fprintf(stderr, "rules: %llu loaded, %llu refused, %llu not applicable (%.0f ms)%s\n",
		(unsigned long long)pack->loaded, (unsigned long long)pack->refused,
		(unsigned long long)pack->not_applicable, load * 1000,
		pack->in_part ? "; keys that stand twice do not count, see above" : "");
	fprintf(stderr, "logs: %llu of %llu files, %llu events in %.2f s (%.0f a second), "
		"%llu unreadable records, %llu problems\n", (unsigned long long)r->logs,
		(unsigned long long)r->files, (unsigned long long)r->events, scan,
		scan > 0 ? (double)r->events / scan : 0, (unsigned long long)r->bad,
		(unsigned long long)r->failed);
	if (!h->explain)
		fprintf(stderr, "matches: %llu told, %llu repeats held back; rules tried a thousand events: %.1f\n",
			(unsigned long long)h->told, (unsigned long long)h->repeats,
			stats->events ? 1000.0 * (double)stats->woken / (double)stats->events : 0);
	log_files_tell_links(r);
	if (stats->regex_limits)
		fprintf(stderr, "notice: %llu regular expressions were given up at their limit\n",
			(unsigned long long)stats->regex_limits);
	if (stats->shed)
		fprintf(stderr, "notice: correlation memory ran out, %llu events were forgotten early\n",
			(unsigned long long)stats->shed);
}

static int hunt_all(const struct session *s)
{
	struct hunt *h = s->h;
	struct err err = { 0 };
	double start = seconds_now();
	bool ok;

	if (!h->explain)
		hunt_begin_output(h);
	ok = read_logs(s, &err);
	if (!h->explain)
		hunt_end_output(h);
	if (!h->failed_to_write)
		tell_summary(h, s->pack, s->load, seconds_now() - start);
	ok = ok && !h->failed_to_write && h->files.logs;
	/* What fails on standard output is told at the end of the program. */
	if (!ok && !h->failed_to_write)
		fprintf(stderr, "kanshiki: %s\n", err.code ? err.text : "no log could be read");
	if (!ok || h->lost)
		return EXIT_COULD_NOT;
	return h->told || h->repeats ? EXIT_FOUND : EXIT_NOTHING_FOUND;
}

static int hunt_session(struct session *s)
{
	struct hunt *h = s->h;
	struct err err = { 0 };

	h->log_options = &s->files.log;
	s->fence = (struct fence_options){ .output = STDOUT_FILENO, .no_sandbox = no_sandbox };
	h->remembers = h->explain || h->summary || repeat_limit || sigma_set_counts(h->set)->correlations;
	s->processes = jobs_for(h, s->paths, s->count);
	if (summary && strcmp(summary, "-")) {
		h->summary_to = output_open(summary, s->paths, s->count, &err);
		if (h->summary_to < 0)
			return fail(&err);
		s->fence.also = h->summary_to;
	}
	return hunt_all(s);
}

/* A rule that is not there may be one that could not be loaded. */
static struct hunt_explain *new_explain(const struct hunt *h, const struct rule_pack *pack, struct err *err)
{
	struct hunt_explain *e = hunt_explain_new(h->set, explain, err);
	struct span name = span_text(explain);

	for (size_t i = 0; !e && i < pack->problem_count; i++) {
		const struct rule_problem *p = &pack->problems[i];

		if (p->verdict > RULE_NOT_APPLICABLE || (!span_eq_nocase(p->rule, name) && !span_ends(p->file, name)))
			continue;
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "the rule '%s' is %s: %.*s (%.*s, line %u)", explain,
			p->verdict == RULE_REFUSED ? "refused" : "not applicable", SPAN_ARG(p->reason),
			SPAN_ARG(p->file), p->line);
		return NULL;
	}
	if (!e && pack->refused && err->code == ERR_USAGE)
		err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no rule that is loaded has the id, title or file '%s'; %llu refused, "
			"which --problems names", explain, (unsigned long long)pack->refused);
	return e;
}

static int run(int argc, char **argv)
{
	struct hunt h = { .line = buf_new((size_t)1 << 20), .memory = arena_new((size_t)256 << 20),
			  .pipe = -1, .summary_to = -1 };
	struct session session = { .h = &h, .paths = (const char *const *)argv, .count = (size_t)argc };
	struct image image = { 0 };
	struct err err = { 0 };
	double start = seconds_now();
	int code = EXIT_COULD_NOT;

	if (!parse_options(&h, &session.files, &err) || !load_rules(&h, &image, NULL, &err))
		return fail(&err);
	session.pack = rule_pack_of(&image);
	tell_problems(session.pack);
	h.set = session.pack->set;
	h.alike = map_new(&h.memory);
	h.rules = calloc((size_t)sigma_set_rule_count(h.set) + 1, sizeof *h.rules);
	h.scanner = sigma_scanner_new(h.set, correlation_memory);
	if (h.scanner && h.format == HUNT_NAVIGATOR && !repeat_limit)
		sigma_scanner_be_terse(h.scanner);
	h.summary = summary ? hunt_summary_new() : NULL;
	h.explain = explain ? new_explain(&h, session.pack, &err) : NULL;
	session.load = seconds_now() - start;
	if (err.code)
		fail(&err);
	else if (h.rules && h.scanner && (h.summary || !summary))
		code = hunt_session(&session);
	hunt_summary_free(h.summary);
	hunt_explain_free(h.explain);
	sigma_scanner_free(h.scanner);
	free(h.rules);
	arena_free(&h.memory);
	buf_free(&h.line);
	image_free(&image);
	return code;
}

const struct command command_hunt = {
	.name = "hunt",
	.usage = "hunt [--rules PATH]... LOG... [OPTION...]",
	.summary = "search event logs with Sigma rules",
	.about = "Evaluates Sigma rules over Windows event logs, JSON of any nesting, syslog, auditd, "
		 "journal exports, events as XML, Zeek, W3C, access and squid logs, CSV and plain text, "
		 "recognised by content, plain, compressed or in archives. One JSON line a match on standard output.",
	.exits = "0 nothing found, 1 something found, 2 could not do it",
	.options = options,
	.run = run,
	.unpacks = true,
	.least = 1,
};
