#include "assess/analyser.h"

#include "assess/allow_list.h"
#include "assess/traffic.h"
#include "case/case.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define BIT(harm) (1u << (harm))
#define KEY_MOST ((size_t)64 << 10)

const struct analyser analysers[] = {
	{ "beacon", BIT(HARM_CONTROL), analyse_beacon, beacon_begin, beacon_transfer, NULL },
	{ "dns tunnel", BIT(HARM_CONTROL) | BIT(HARM_THEFT), analyse_dns_tunnel, dns_tunnel_begin, NULL,
	  dns_tunnel_name },
	{ "volume", BIT(HARM_THEFT), analyse_volume, volume_begin, volume_transfer, NULL },
	{ "remote", BIT(HARM_CONTROL), analyse_remote, remote_begin, remote_transfer, remote_name },
	{ "starts", BIT(HARM_IMPLANT), analyse_starts, NULL, NULL, NULL },
	{ "theft", BIT(HARM_THEFT), analyse_theft, NULL, NULL, NULL },
	{ "sessions", BIT(HARM_CONTROL) | BIT(HARM_IMPLANT), analyse_sessions, NULL, NULL, NULL },
	{ "destruction", BIT(HARM_DESTRUCTION), analyse_destruction, NULL, NULL, NULL },
	{ "obstruction", BIT(HARM_OBSTRUCTION), analyse_obstruction, NULL, NULL, NULL },
	{ "sending", BIT(HARM_THEFT), analyse_sending, NULL, NULL, NULL },
	{ "links", BIT(HARM_OBSTRUCTION) | BIT(HARM_IMPLANT), analyse_links, NULL, NULL, NULL },
	{ "packages", BIT(HARM_IMPLANT), analyse_packages, NULL, NULL, NULL },
	{ "accounts", BIT(HARM_IMPLANT), analyse_accounts, NULL, NULL, NULL },
};
#define COUNT (sizeof analysers / sizeof *analysers)
const size_t analyser_count = COUNT;

/* An analyser at work, with the memory that is its own. */
struct work {
	struct analysis analysis;
	struct arena arena;
	bool is_over;			/* came to a limit: neither fed nor run any more */
};

void analysis_short(struct analysis *a, const char *format, ...)
{
	va_list args;

	if (a->shortage[0])
		return;
	va_start(args, format);
	vsnprintf(a->shortage, sizeof a->shortage, format, args);
	va_end(args);
}

uint32_t analyser_harms(struct span name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (span_eq(name, span_text(analysers[i].name)))
			return analysers[i].harms;
	return 0;
}

static void end(struct work *w)
{
	buf_free(&w->analysis.key);
	arena_free(&w->arena);
}

/* A limit is the end of this analyser, anything else of the run. */
static bool failed_in(struct work *w, struct err *err)
{
	if (err->code != ERR_LIMIT)
		return err_prefix(err, "analyser %s", w->analysis.analyser->name);
	analysis_short(&w->analysis, "%s", err->text);
	w->is_over = true;
	*err = (struct err){ 0 };
	return true;
}

static bool begin(struct work *w, const struct analyser *analyser, const struct analysis *common,
		  struct err *err)
{
	w->analysis = *common;
	w->arena = arena_new(ANALYSER_MEMORY);
	w->analysis.arena = &w->arena;
	w->analysis.analyser = analyser;
	w->analysis.key = buf_new(KEY_MOST);
	return !analyser->begin || analyser->begin(&w->analysis, err) || failed_in(w, err);
}

static bool feed_transfer(void *context, const struct traffic_row *row, struct err *err)
{
	struct work *all = context;

	for (size_t i = 0; i < COUNT; i++)
		if (analysers[i].transfer && !all[i].is_over &&
		    !analysers[i].transfer(&all[i].analysis, row, err) && !failed_in(&all[i], err))
			return false;
	return true;
}

static bool feed_name(void *context, const struct traffic_name *name, struct err *err)
{
	struct work *all = context;

	for (size_t i = 0; i < COUNT; i++)
		if (analysers[i].name_asked && !all[i].is_over &&
		    !analysers[i].name_asked(&all[i].analysis, name, err) && !failed_in(&all[i], err))
			return false;
	return true;
}

/* The network's traces, read once for all who want them. */
static bool feed(struct work all[COUNT], const struct analysis *common, struct err *err)
{
	const struct traffic_readers readers = { .transfer = feed_transfer, .name = feed_name,
						 .context = all };
	struct arena arena = arena_new(ANALYSER_MEMORY);
	struct analysis a = *common;
	bool ok;

	a.arena = &arena;
	ok = traffic_read(&a, &readers, err);
	for (size_t i = 0; !ok && err->code == ERR_LIMIT && i < COUNT; i++)
		if (analysers[i].begin)
			analysis_short(&all[i].analysis, "%s", err->text);
	ok = ok || err->code == ERR_LIMIT;
	arena_free(&arena);
	return ok;
}

static bool tell_shortage(struct analysis *a, struct err *err)
{
	struct case_problem told = { .engine = ENGINE_ANALYSER, .rule = span_text(a->analyser->name) };

	if (a->dropped)
		analysis_short(a, "%" PRIu64 " findings beyond %d were left out", a->dropped, ANALYSER_FINDINGS);
	told.reason = span_text(a->shortage);
	return !told.reason.len || case_add_problem(a->file, &told, err);
}

static bool run_all(struct work all[COUNT], const struct analysis *common, uint64_t *told,
		    struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < COUNT; i++)
		ok = begin(&all[i], &analysers[i], common, err);
	ok = ok && feed(all, common, err);
	for (size_t i = 0; ok && i < COUNT; i++) {
		ok = all[i].is_over || analysers[i].run(&all[i].analysis, err) || failed_in(&all[i], err);
		ok = ok && tell_shortage(&all[i].analysis, err);
		*told += all[i].analysis.told;
		end(&all[i]);
	}
	return ok;
}

bool analysers_run(struct case_file *file, const struct allow_list *allow, const struct period *period,
		   uint64_t *told, struct err *err)
{
	struct analysis_shared shared = { .arena = arena_new(ANALYSER_MEMORY) };
	const struct analysis common = { .file = file, .db = case_db(file), .period = period,
					 .shared = &shared,
					 .allow = allow ? allow : allow_list_empty() };
	struct work all[COUNT] = { 0 };
	bool ok = case_settle(file, err) && case_clear_conclusions(file, err) &&
		  case_sync(file, err) && run_all(all, &common, told, err);

	for (size_t i = 0; i < COUNT; i++)
		end(&all[i]);
	arena_free(&shared.arena);
	return ok && case_sync(file, err);
}

bool analysis_tell(struct analysis *a, const struct conclusion *c, struct err *err)
{
	const struct finding finding = { .engine = ENGINE_ANALYSER, .harm = c->harm,
		.level = c->level, .rule = c->rule, .title = c->title, .techniques = c->techniques,
		.offset = UINT64_MAX, .record_id = UINT64_MAX, .time = c->first, .host = c->host,
		.user = c->user, .matched = c->matched };

	if (!period_meets(a->period, c->first, c->last))
		return true;
	if (a->told >= ANALYSER_FINDINGS) {
		a->dropped++;
		return true;
	}
	a->told++;
	return case_add_conclusion(a->file, c->item, &finding, c->count ? c->count : 1, c->last, err);
}
