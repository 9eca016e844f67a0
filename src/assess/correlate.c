#include "assess/correlate.h"

#include <stdio.h>

#include "base/map.h"
#include "case/case.h"
#include "case/query.h"
#include "examine/rule_pack.h"
#include "rules/sigma/sigma.h"

struct correlate {
	struct case_file *file;
	const struct sigma_set *set;
	struct sigma_scanner *scanner;
	struct map rules;		/* id, or title without one -> struct sigma_rule */
	uint64_t told;
	struct err err;			/* of writing */
};

static bool take_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		       const struct event *event)
{
	struct correlate *c = context;
	uint64_t places, item = sigma_match_origin(c->scanner, &places);
	struct finding f = *finding;

	if (!f.rule.len)
		f.rule = rule->title;
	if (!case_add_conclusion(c->file, item, &f, 1, f.time, &c->err))
		return false;
	c->told++;
	return true;
}

static bool index_rules(struct correlate *c, struct err *err)
{
	for (uint32_t i = 0; i < sigma_set_rule_count(c->set); i++) {
		const struct sigma_rule *rule = sigma_set_rule(c->set, i);
		void **slot = rule->is_correlation
			? map_slot(&c->rules, rule->id.len ? rule->id : rule->title) : NULL;

		if (rule->is_correlation && !slot)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for correlations");
		if (slot)
			*slot = (void *)(uintptr_t)rule;
	}
	return true;
}

/* A match of a rule that this run no longer has is passed over. */
static bool add_row(struct correlate *c, sqlite3_stmt *s)
{
	const struct sigma_rule *rule = map_get(&c->rules, query_span(s, 0));
	struct sigma_fact fact = {
		.correlation = rule, .source = (uint32_t)query_u64(s, 1, UINT32_MAX),
		.time = query_time(s, 2), .key = query_span(s, 3), .value = query_span(s, 4),
		.record_id = query_u64(s, 5, UINT64_MAX), .origin = query_u64(s, 6, 0),
	};

	if (rule && fact.origin)
		sigma_fact_add(c->scanner, &fact, take_match, c);
	return !c->err.code;
}

static bool join(struct correlate *c, struct err *err)
{
	static const char sql[] = "SELECT what, count, time, detail, command, bytes_in, item FROM trace "
				  "WHERE kind = 'match' ORDER BY time, id";
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c->file), sql, &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row)
		ok = add_row(c, s);
	sqlite3_finalize(s);
	if (ok)
		ok = sigma_finish(c->scanner, take_match, c) || !c->err.code;
	if (c->err.code)
		*err = c->err;
	return ok && !c->err.code;
}

static bool tell_shed(struct correlate *c, struct err *err)
{
	uint64_t shed = sigma_scanner_stats(c->scanner)->shed;
	char reason[120];
	struct case_problem told = { .engine = ENGINE_SIGMA };

	if (!shed)
		return true;
	snprintf(reason, sizeof reason, "correlations ran out of memory: %llu events were forgotten early",
		 (unsigned long long)shed);
	told.reason = span_text(reason);
	return case_add_problem(c->file, &told, err);
}

bool correlate_case(struct case_file *file, const struct image *sigma, uint64_t *told,
		    struct err *err)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct correlate c = { .file = file, .rules = map_new(&arena) };
	bool ok = true;

	c.set = sigma ? rule_pack_of(sigma)->set : NULL;
	if (c.set && sigma_set_counts(c.set)->correlations) {
		c.scanner = sigma_scanner_new(c.set, CORRELATE_BYTES);
		ok = c.scanner ? index_rules(&c, err) && join(&c, err) && tell_shed(&c, err) &&
				 case_sync(file, err)
			       : err_set(err, ERR_IO, ERR_NO_OFFSET, "no memory for correlations");
		sigma_scanner_free(c.scanner);
	}
	*told += c.told;
	arena_free(&arena);
	return ok;
}
