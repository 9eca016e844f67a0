#include "assess/analyser.h"

#include "assess/allow_list.h"
#include "case/case.h"

#define BIT(harm) (1u << (harm))

const struct analyser analysers[] = {
	{ "beacon", BIT(HARM_CONTROL), analyse_beacon },
	{ "dns tunnel", BIT(HARM_CONTROL) | BIT(HARM_THEFT), analyse_dns_tunnel },
	{ "volume", BIT(HARM_THEFT), analyse_volume },
	{ "remote", BIT(HARM_CONTROL), analyse_remote },
	{ "starts", BIT(HARM_IMPLANT), analyse_starts },
	{ "theft", BIT(HARM_THEFT), analyse_theft },
	{ "sessions", BIT(HARM_CONTROL) | BIT(HARM_IMPLANT), analyse_sessions },
	{ "destruction", BIT(HARM_DESTRUCTION), analyse_destruction },
	{ "obstruction", BIT(HARM_OBSTRUCTION), analyse_obstruction },
	{ "sending", BIT(HARM_THEFT), analyse_sending },
	{ "links", BIT(HARM_OBSTRUCTION) | BIT(HARM_IMPLANT), analyse_links },
};
const size_t analyser_count = sizeof analysers / sizeof *analysers;

static bool run_one(struct analysis *a, const struct analyser *analyser, struct err *err)
{
	struct arena arena = arena_new(ANALYSER_MEMORY);
	bool ok;

	a->arena = &arena;
	a->analyser = analyser;
	a->told = a->dropped = 0;
	ok = analyser->run(a, err) || err_prefix(err, "analyser %s", analyser->name);
	arena_free(&arena);
	return ok;
}

bool analysers_run(struct case_file *file, const struct allow_list *allow, const struct period *period,
		   uint64_t *told, struct err *err)
{
	struct analysis a = { .file = file, .db = case_db(file), .period = period,
			      .allow = allow ? allow : allow_list_empty() };

	if (!case_settle(file, err) || !case_clear_conclusions(file, err) || !case_sync(file, err))
		return false;
	for (size_t i = 0; i < analyser_count; i++) {
		if (!run_one(&a, &analysers[i], err))
			return false;
		*told += a.told;
	}
	return case_sync(file, err);
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
