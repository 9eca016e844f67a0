#include "assess/verdict.h"

#include "assess/coverage.h"
#include "case/case.h"
#include "case/query.h"
#include "codec/json_write.h"

#include <inttypes.h>

#define MEMORY ((size_t)64 << 20)
#define MOST_TECHNIQUES 256

/* One rule of the harm with what it found. */
struct rule_sum {
	int64_t id;
	enum level level;
	enum engine engine;
	struct span title, techniques;
	uint64_t findings;
	timestamp first, last;
	bool is_echo;			/* of records alone that built-in checks tell */
	bool is_of_logs;		/* of logs alone: a pattern there is what somebody wrote down */
};

struct weighing {
	struct case_file *file;
	const struct coverage *coverage;
	sqlite3 *db;
	struct arena *arena;
	enum harm harm;
	struct rule_sum *rules;		/* heaviest first */
	size_t rule_count, rule_room;
	struct signs signs;
	timestamp first, last;
	const struct period *period;	/* or NULL */
	uint64_t outside;		/* findings outside it */
};

static bool count_outside(struct weighing *w, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok = query_prepare(w->db, "SELECT count(*) FROM rule JOIN finding ON finding.rule = rule.id "
				     "WHERE harm = ?3 AND NOT " QUERY_OF_PERIOD, &q, err);

	if (!ok)
		return false;
	query_bind_period(q, w->period);
	sqlite3_bind_text(q, 3, harm_name(w->harm), -1, SQLITE_STATIC);
	ok = query_step(q, &row, err);
	w->outside = ok && row ? query_u64(q, 0, 0) : 0;
	sqlite3_finalize(q);
	return ok;
}

static bool load_rules(struct weighing *w, struct err *err)
{
	static const char sql[] =
		"SELECT rule.id, level, engine, title, techniques, " QUERY_SUM("finding.count") ", min(time),"
		" max(coalesce(finding.last, time)), engine <> 'builtin' AND count(direct.item) = count(*),"
		" count(*) FILTER (WHERE item.class IN ('event log', 'text log', 'network log')) = count(*)"
		" FROM rule JOIN finding ON finding.rule = rule.id LEFT JOIN item ON item.id = finding.item"
		" LEFT JOIN temp.direct ON direct.item = finding.item AND direct.record = finding.record AND"
		" direct.harm = rule.harm"
		" WHERE rule.harm = ?3 AND " QUERY_OF_PERIOD " GROUP BY rule.id ORDER BY CASE level WHEN 'critical' THEN 0"
		" WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END,"
		/* What was joined to an episode says more than the file or record that is part of it. */
		" rule.engine = 'analyser' AND rule.name LIKE '%-episode%' DESC, count(*), rule.id";
	sqlite3_stmt *q;
	bool row, ok;

	if (!query_prepare(w->db, sql, &q, err))
		return false;
	query_bind_period(q, w->period);
	sqlite3_bind_text(q, 3, harm_name(w->harm), -1, SQLITE_STATIC);
	while ((ok = query_step(q, &row, err)) && row) {
		struct rule_sum *r = arena_push(w->arena, (void **)&w->rules, &w->rule_count,
						&w->rule_room, sizeof *r);

		if (!r) {
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for the verdict");
			break;
		}
		*r = (struct rule_sum){ .id = sqlite3_column_int64(q, 0),
			.engine = ENGINE_COUNT,
			.title = arena_copy(w->arena, query_span(q, 3)),
			.techniques = arena_copy(w->arena, query_span(q, 4)),
			.findings = query_u64(q, 5, 1), .first = query_time(q, 6),
			.last = query_time(q, 7), .is_echo = query_u64(q, 8, 0),
			.is_of_logs = query_u64(q, 9, 0) };
		if (!level_of_name(query_span(q, 1), &r->level))
			r->level = LEVEL_INFORMATIONAL;
		engine_of_name(query_span(q, 2), &r->engine);
	}
	sqlite3_finalize(q);
	return ok && (!w->period || count_outside(w, err));
}

/* "T1070.001 T1059" adds T1070 and T1059: sub-techniques are one technique here. */
static void add_techniques(struct span seen[MOST_TECHNIQUES], uint32_t *count, struct span ids)
{
	while (ids.len) {
		struct span id = span_split(&ids, ' ');
		bool known = false;

		id = span_split(&id, '.');
		for (uint32_t i = 0; i < *count && !known; i++)
			known = span_eq(seen[i], id);
		if (id.len && !known && *count < MOST_TECHNIQUES)
			seen[(*count)++] = id;
	}
}

static void count_signs(struct weighing *w)
{
	struct span seen[MOST_TECHNIQUES];
	uint32_t kinds = 0;

	w->first = w->last = TIME_NONE;
	for (size_t i = 0; i < w->rule_count; i++) {
		const struct rule_sum *r = &w->rules[i];
		/* What analysers say of implants, they read off files and what starts them. */
		bool content = ((r->engine == ENGINE_YARA || r->engine == ENGINE_INDICATOR) && !r->is_of_logs) ||
			       (r->engine == ENGINE_ANALYSER && w->harm == HARM_IMPLANT);

		w->signs.rules[r->level] += !r->is_echo;
		w->signs.findings += r->findings;
		if (r->level < LEVEL_MEDIUM)
			continue;
		if (r->first != TIME_NONE && (w->first == TIME_NONE || r->first < w->first))
			w->first = r->first;
		if (r->last != TIME_NONE && (w->last == TIME_NONE || r->last > w->last))
			w->last = r->last;
		if (r->level < LEVEL_HIGH || r->is_echo)
			continue;
		kinds |= content ? 1 : 2;
		w->signs.direct += r->engine == ENGINE_BUILTIN;
		add_techniques(seen, &w->signs.techniques, r->techniques);
	}
	w->signs.kinds = (kinds & 1) + (kinds >> 1);
}

/* Heaviest: level first, then the rule that speaks more rarely. */
static int64_t weight_of(const struct rule_sum *r, bool first_of_rule)
{
	static const int64_t by_level[LEVEL_COUNT] = { 0, 1, 10, 100, 1000 };

	return by_level[r->level] * (first_of_rule ? 10 : 1);
}

static bool add_carriers_of(struct weighing *w, uint64_t answer, const struct rule_sum *r,
			    bool first, size_t most, size_t *added, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok;

	if (!query_prepare(w->db, "SELECT id FROM finding WHERE rule = ?3 AND " QUERY_OF_PERIOD
			   " ORDER BY time, id LIMIT ?4 OFFSET ?5", &q, err))
		return false;
	query_bind_period(q, w->period);
	sqlite3_bind_int64(q, 3, r->id);
	sqlite3_bind_int64(q, 4, first ? 1 : (int64_t)most);
	sqlite3_bind_int64(q, 5, first ? 0 : 1);
	while ((ok = query_step(q, &row, err)) && row) {
		struct span reason = arena_printf(w->arena, first ? "level %s" : "level %s, again",
						  level_name(r->level));

		if (!case_add_answer_finding(w->file, answer, query_u64(q, 0, 0),
					     weight_of(r, first), reason, err)) {
			ok = false;
			break;
		}
		++*added;
	}
	sqlite3_finalize(q);
	return ok;
}

/* First one finding of every rule, then more of the heaviest. */
static bool add_carriers(struct weighing *w, uint64_t answer, struct err *err)
{
	size_t added = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < w->rule_count && added < VERDICT_CARRIERS; i++)
			if (!add_carriers_of(w, answer, &w->rules[i], pass == 0,
					     VERDICT_CARRIERS - added, &added, err))
				return false;
	return true;
}

static bool add_coverage(struct weighing *w, uint64_t answer, const struct need_result *results,
			 size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct need_result *r = &results[i];
		const struct need *need = r->need;
		struct case_answer_coverage row = {
			.evidence_class = need ? (enum evidence_class)__builtin_ctz(need->classes)
					       : CLASS_OTHER,
			.channel = span_text(need ? need->name : "items left unexamined"),
			.state = span_text(need_state_name(r->state)),
			.items = r->items, .first = r->first, .last = r->last, .note = r->note,
			.days = r->days,
		};

		if (!case_add_answer_coverage(w->file, answer, &row, err))
			return false;
	}
	return true;
}

static bool is_gap(const struct need_result *r, enum need_state state)
{
	return r->state == state && (!r->need || r->need->essential);
}

/* One that would have shown more, without being essential. */
static bool is_wanting(const struct need_result *r, enum need_state state)
{
	return r->state != NEED_EXAMINED && r->need && !r->need->essential;
}

typedef bool need_test(const struct need_result *r, enum need_state state);

/* "registry, file system and some items"; how many there are. */
static size_t list_needs(struct buf *to, const char *before, const struct need_result *results, size_t count,
			 need_test *is_one, enum need_state state)
{
	size_t all = 0, told = 0;

	for (size_t i = 0; i < count; i++)
		all += is_one(&results[i], state);
	for (size_t i = 0; i < count; i++) {
		if (!is_one(&results[i], state))
			continue;
		buf_printf(to, "%s%s", told == 0 ? before : told + 1 == all ? " and " : ", ",
			   results[i].need ? results[i].need->name : "some items");
		told++;
	}
	return all;
}

/* "; registry and file system missing": essential needs in that state. */
static void list_gaps(struct buf *to, const struct need_result *results, size_t count,
		      enum need_state state, const char *verb)
{
	const char *before = to->len && to->at[to->len - 1] == ':' ? " " : "; ";

	if (list_needs(to, before, results, count, is_gap, state))
		buf_text(to, verb);
}

/* No sign: what that rests on, and what would have shown more. */
static void say_covered(struct buf *to, const struct need_result *results, size_t count)
{
	static const char all[] = ", and all evidence that would show it was examined.";
	static const char some[] = ", and the evidence that this needs was examined wholly. What might have shown "
				   "more was not, or not all of it: ";
	size_t wanting = list_needs(to, some, results, count, is_wanting, NEED_MISSING);

	buf_text(to, wanting ? "." : all);
}

/* " Asked for 2017-03-01T00:00:00Z to …: 3 findings outside are not counted." */
static void say_period(const struct weighing *w, struct buf *to)
{
	const struct period *p = w->period;

	buf_text(to, " Asked for the time ");
	if (p->since != TIME_NONE) {
		buf_text(to, "since ");
		timestamp_format(to, p->since, 0);
	}
	if (p->until != TIME_NONE) {
		buf_text(to, p->since == TIME_NONE ? "until " : " until ");
		timestamp_format(to, p->until, 0);
	}
	if (w->outside)
		buf_printf(to, "; %" PRIu64 " finding%s outside it %s not counted", w->outside,
			   w->outside == 1 ? "" : "s", w->outside == 1 ? "is" : "are");
	buf_text(to, ".");
}

static struct span summarise(struct weighing *w, const struct inference *why, bool covered,
			     const struct need_result *results, size_t count)
{
	struct buf text = buf_new(4096);
	struct span kept;

	if (why) {
		buf_printf(&text, "\"%.*s\"", SPAN_ARG(w->rules[0].title));
		if (w->rule_count > 1)
			buf_printf(&text, " and %zu more rule%s", w->rule_count - 1,
				   w->rule_count == 2 ? "" : "s");
		if (w->signs.findings == 1)
			buf_printf(&text, " held once: %s.", why->text);
		else
			buf_printf(&text, " held %" PRIu64 " times: %s.", w->signs.findings, why->text);
	} else {
		buf_text(&text, w->rule_count ? "Only weak signs below level medium" :
						"No rule of this harm held");
		if (covered) {
			say_covered(&text, results, count);
		} else {
			buf_text(&text, ". That proves little:");
			list_gaps(&text, results, count, NEED_MISSING, " missing");
			list_gaps(&text, results, count, NEED_DAMAGED, " damaged");
			list_gaps(&text, results, count, NEED_PARTLY, " examined only in part");
			buf_text(&text, ".");
		}
	}
	if (w->period)
		say_period(w, &text);
	kept = arena_copy(w->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

static void put_time(struct json_write *json, const char *key, timestamp t)
{
	struct buf text = buf_new(64);

	json_key(json, key);
	if (t == TIME_NONE)
		json_null(json);
	else
		timestamp_format(&text, t, 0), json_span(json, buf_span(&text));
	buf_free(&text);
}

static struct span detail_of(struct weighing *w, const struct inference *why, bool covered)
{
	struct buf text = buf_new(8192);
	struct json_write json = json_write_to(&text);
	struct span kept;

	json_object(&json);
	json_key(&json, "inference");
	json_text(&json, why ? why->when : NULL);
	json_key(&json, "covered");
	json_bool(&json, covered);
	json_key(&json, "findings");
	json_u64(&json, w->signs.findings);
	json_key(&json, "rules");
	json_object(&json);
	for (int i = LEVEL_COUNT; i-- > 0;) {
		json_key(&json, level_name((enum level)i));
		json_u64(&json, w->signs.rules[i]);
	}
	json_object_end(&json);
	json_key(&json, "techniques");
	json_u64(&json, w->signs.techniques);
	json_key(&json, "kinds_of_evidence");
	json_u64(&json, w->signs.kinds);
	json_key(&json, "direct");
	json_u64(&json, w->signs.direct);
	if (w->period) {
		put_time(&json, "since", w->period->since);
		put_time(&json, "until", w->period->until);
		json_key(&json, "findings_outside");
		json_u64(&json, w->outside);
	}
	json_object_end(&json);
	kept = arena_copy(w->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

static bool answer_one(struct weighing *w, enum degree *degree, struct err *err)
{
	const struct need_result *results;
	const struct inference *why;
	struct case_answer answer;
	size_t count;
	uint64_t id;
	bool covered;

	if (!load_rules(w, err) ||
	    !coverage_of(w->coverage, w->harm, w->period, w->arena, &results, &count, &covered, err))
		return false;
	count_signs(w);
	why = inference_find(&w->signs);
	*degree = why ? why->degree : covered ? DEGREE_NO_SIGN : DEGREE_CANNOT_TELL;
	answer = (struct case_answer){ .harm = w->harm, .degree = span_text(degree_name(*degree)),
		.summary = summarise(w, why, covered, results, count),
		.detail = detail_of(w, why, covered), .first = w->first, .last = w->last };
	if (w->arena->exhausted)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "out of memory for the verdict");
	return case_add_answer(w->file, &answer, &id, err) && add_carriers(w, id, err) &&
	       add_coverage(w, id, results, count, err);
}

static bool count_findings(sqlite3 *db, const struct period *period, uint64_t *out, struct err *err)
{
	sqlite3_stmt *q;
	bool row, ok = query_prepare(db, "SELECT count(*) FROM finding WHERE " QUERY_OF_PERIOD, &q, err);

	if (!ok)
		return false;
	query_bind_period(q, period);
	ok = query_step(q, &row, err);
	*out = ok && row ? query_u64(q, 0, 0) : 0;
	sqlite3_finalize(q);
	return ok;
}

/* Records that say of themselves what was done: two rules about one of them are one witness. */
static bool list_direct(sqlite3 *db, struct err *err)
{
	return query_exec(db, "DROP TABLE IF EXISTS temp.direct; CREATE TEMP TABLE direct (item, record, harm, "
			      "PRIMARY KEY (item, record, harm)) WITHOUT ROWID; INSERT OR IGNORE INTO temp.direct "
			      "SELECT item, record, harm FROM main.finding JOIN main.rule ON rule.id = finding.rule "
			      "WHERE engine = 'builtin' AND level IN ('high', 'critical') AND record IS NOT NULL", err);
}

bool verdict_write(struct case_file *file, const struct period *period, struct verdict *out,
		   struct err *err)
{
	struct arena counted = arena_new(MEMORY);
	struct coverage coverage;
	bool ok;

	*out = (struct verdict){ 0 };
	/* What was added last may still wait in a batch; SQL must see it all. */
	ok = case_sync(file, err) && case_clear_answers(file, err) && list_direct(case_db(file), err) &&
	     coverage_count(file, &counted, &coverage, err);
	for (int harm = HARM_NONE + 1; ok && harm < HARM_COUNT; harm++) {
		struct arena arena = arena_new(MEMORY);
		struct weighing w = { .file = file, .coverage = &coverage, .db = case_db(file), .arena = &arena,
				      .harm = (enum harm)harm, .period = period };

		ok = answer_one(&w, &out->degrees[harm], err);
		arena_free(&arena);
	}
	arena_free(&counted);
	return ok && count_findings(case_db(file), period, &out->findings, err) && case_sync(file, err);
}
