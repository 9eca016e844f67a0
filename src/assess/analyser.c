#include "assess/analyser.h"

#include "assess/allow_list.h"
#include "assess/traffic.h"
#include "case/case.h"
#include "case/query.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BIT(harm) (1u << (harm))
#define KEY_MOST ((size_t)64 << 10)
/* Traces that are fed ahead: more would keep the coordinator from its examiners for too long. */
#define AHEAD_MOST 300000

const struct analyser analysers[] = {
	{ "beacon", BIT(HARM_CONTROL), analyse_beacon, beacon_begin, beacon_transfer, NULL },
	{ "dns tunnel", BIT(HARM_CONTROL) | BIT(HARM_THEFT), analyse_dns_tunnel, dns_tunnel_begin, NULL,
	  dns_tunnel_name },
	{ "volume", BIT(HARM_THEFT), analyse_volume, volume_begin, volume_transfer, NULL },
	{ "remote", BIT(HARM_CONTROL), analyse_remote, remote_begin, remote_transfer, remote_name },
	{ "starts", BIT(HARM_IMPLANT), analyse_starts, NULL, NULL, NULL },
	{ "theft", BIT(HARM_THEFT), analyse_theft, NULL, NULL, NULL },
	{ "sessions", BIT(HARM_CONTROL) | BIT(HARM_IMPLANT), analyse_sessions, NULL, NULL, NULL },
	{ "deeds", BIT(HARM_THEFT) | BIT(HARM_CONTROL) | BIT(HARM_DESTRUCTION) | BIT(HARM_OBSTRUCTION), analyse_deeds,
	  NULL, NULL, NULL },
	{ "destruction", BIT(HARM_DESTRUCTION), analyse_destruction, NULL, NULL, NULL },
	{ "obstruction", BIT(HARM_OBSTRUCTION), analyse_obstruction, NULL, NULL, NULL },
	{ "sending", BIT(HARM_THEFT), analyse_sending, NULL, NULL, NULL },
	{ "web", BIT(HARM_CONTROL) | BIT(HARM_THEFT), analyse_web, NULL, NULL, NULL },
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

/* What was there of the network's traces. */
struct fed {
	uint64_t count, last, items, of_place, restarts;
};

struct analysers {
	struct analysis_shared shared;
	struct analysis common;
	struct work all[COUNT];
	bool is_fed;
	struct fed fed;
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

static void end_all(struct analysers *n)
{
	for (size_t i = 0; i < COUNT; i++)
		end(&n->all[i]);
	memset(n->all, 0, sizeof n->all);
}

static bool begin_and_feed(struct analysers *n, struct err *err)
{
	bool ok = true;

	end_all(n);
	for (size_t i = 0; ok && i < COUNT; i++)
		ok = begin(&n->all[i], &analysers[i], &n->common, err);
	return ok && feed(n->all, &n->common, err);
}

static bool run_all(struct analysers *n, uint64_t *told, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < COUNT; i++) {
		struct work *w = &n->all[i];

		ok = w->is_over || analysers[i].run(&w->analysis, err) || failed_in(w, err);
		ok = ok && tell_shortage(&w->analysis, err);
		*told += w->analysis.told;
		end(w);
	}
	return ok;
}

/* ---- ahead ---- */

static bool look_at_traces(const struct analysers *n, struct fed *out, struct err *err)
{
	static const char sql[] = "SELECT count(*), max(id), sum(item), sum(of_place) FROM trace "
				  "WHERE kind IN ('transfer', 'dns')";
	sqlite3_stmt *q;
	bool row, ok = query_prepare(n->common.db, sql, &q, err) && query_step(q, &row, err) && row;

	*out = (struct fed){ .restarts = case_restarts(n->common.file) };
	if (ok) {
		out->count = query_u64(q, 0, 0);
		out->last = query_u64(q, 1, 0);
		out->items = query_u64(q, 2, 0);
		out->of_place = query_u64(q, 3, 0);
	}
	sqlite3_finalize(q);
	return ok;
}

struct analysers *analysers_new(struct case_file *file, const struct allow_list *allow, const struct period *period)
{
	struct analysers *n = calloc(1, sizeof *n);

	if (!n)
		return NULL;
	n->shared.arena = arena_new(ANALYSER_MEMORY);
	n->common = (struct analysis){ .file = file, .db = case_db(file), .period = period, .shared = &n->shared,
				       .allow = allow ? allow : allow_list_empty() };
	return n;
}

void analysers_feed_ahead(struct analysers *n)
{
	struct err err = { 0 };

	/* Rows that may yet move to another item are told with it. */
	n->is_fed = look_at_traces(n, &n->fed, &err) && n->fed.count && n->fed.count <= AHEAD_MOST &&
		    !n->fed.of_place && begin_and_feed(n, &err);
}

/* False: nothing was, or not all. */
static bool is_all_fed(const struct analysers *n)
{
	struct err err = { 0 };
	struct fed now;

	return n->is_fed && look_at_traces(n, &now, &err) && !memcmp(&now, &n->fed, sizeof now);
}

bool analysers_finish(struct analysers *n, uint64_t *told, struct err *err)
{
	return case_settle(n->common.file, err) && case_clear_conclusions(n->common.file, err) &&
	       case_sync(n->common.file, err) && (is_all_fed(n) || begin_and_feed(n, err)) && run_all(n, told, err) &&
	       case_sync(n->common.file, err);
}

void analysers_free(struct analysers *n)
{
	if (!n)
		return;
	end_all(n);
	arena_free(&n->shared.arena);
	free(n);
}

bool analysers_run(struct case_file *file, const struct allow_list *allow, const struct period *period,
		   uint64_t *told, struct err *err)
{
	struct analysers *n = analysers_new(file, allow, period);
	bool ok = n ? analysers_finish(n, told, err) : err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");

	analysers_free(n);
	return ok;
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
