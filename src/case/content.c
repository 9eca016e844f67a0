/* What is found in items, and what rules say of themselves: the rest of case.h's rows. */
#include "case/recorder.h"

#include "base/map.h"
#include "codec/digest.h"

#define RULE_PARTS 7	/* the columns of table rule after id */

/* One rule row a distinct text; lengths keep "ab" "c" apart from "a" "bc". */
static bool rule_slot(struct case_file *c, const struct span parts[RULE_PARTS], void ***slot,
		      struct err *err)
{
	struct buf *text = &c->rule_key;
	struct span key;

	buf_clear(text);
	for (size_t i = 0; i < RULE_PARTS; i++) {
		buf_add_u64le(text, parts[i].len);
		buf_add(text, parts[i]);
	}
	key = buf_span(text);
	if (text->overflow)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a rule is too long for the case file");
	if (!map_get(c->rules, key))
		key = arena_copy(&c->arena, key);
	*slot = key.at ? map_slot(c->rules, key) : NULL;
	return *slot || err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many distinct rules");
}

bool rules_load(struct case_file *c, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT engine, name, title, level, harm, techniques, "
					    "reference, id FROM rule", &s, err);

	while (ok && (ok = query_step(s, &row, err)) && row) {
		struct span parts[RULE_PARTS];
		void **slot;

		for (int i = 0; i < RULE_PARTS; i++)
			parts[i] = query_span(s, i);
		ok = rule_slot(c, parts, &slot, err);
		if (ok)
			*slot = (void *)(uintptr_t)query_u64(s, RULE_PARTS, 0);
	}
	sqlite3_finalize(s);
	return ok;
}

static bool is_known(const struct finding *f)
{
	return f->engine < ENGINE_COUNT && f->level < LEVEL_COUNT && f->harm < HARM_COUNT;
}

static bool rule_id(struct case_file *c, const struct finding *f, uint64_t *id, struct err *err)
{
	const struct span parts[RULE_PARTS] = { span_text(engine_name(f->engine)), f->rule, f->title,
						span_text(level_name(f->level)),
						span_text(harm_name(f->harm)), f->techniques,
						f->references };
	struct row row;
	void **slot;

	if (!rule_slot(c, parts, &slot, err))
		return false;
	if (*slot) {
		*id = (uintptr_t)*slot;
		return true;
	}
	*id = c->next[TABLE_RULE];
	row = row_begin(c, TABLE_RULE);
	for (size_t i = 0; i < RULE_PARTS; i++)
		row_text(&row, parts[i]);
	if (!row_end(&row, err))
		return false;
	*slot = (void *)(uintptr_t)*id;
	return true;
}

static bool add_finding(struct case_file *c, uint64_t unit, uint64_t item,
			const struct finding *finding, uint64_t count, timestamp last,
			struct err *err)
{
	struct row row;
	uint64_t rule;

	if (!recorder_begin(c, err) || !rule_id(c, finding, &rule, err))
		return false;
	row = row_begin(c, TABLE_FINDING);
	row_u64(&row, unit, 0);
	row_u64(&row, item, 0);
	row_u64(&row, rule, 0);
	row_u64(&row, finding->offset, UINT64_MAX);
	row_u64(&row, finding->record_id, UINT64_MAX);
	row_time(&row, finding->time);
	row_time(&row, last);
	row_int(&row, (int64_t)count);
	row_text(&row, finding->host);
	row_text(&row, finding->user);
	row_text(&row, finding->matched);
	row_text(&row, finding->detail);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_finding(struct case_file *c, uint64_t unit, uint64_t item,
		      const struct finding *finding, uint64_t count, timestamp last,
		      struct err *err)
{
	if (!recorder_unit(c, unit) || !is_known(finding))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open, or no finding");
	return add_finding(c, unit, item, finding, count, last, err);
}

static bool unit_of(struct case_file *c, uint64_t item, uint64_t *unit, struct err *err)
{
	sqlite3_stmt *s;
	bool row, ok = query_prepare(c->db, "SELECT unit FROM item JOIN unit ON unit.id = unit "
				     "WHERE item.id = ? AND done = 1", &s, err);

	if (!ok)
		return false;
	sqlite3_bind_int64(s, 1, (int64_t)item);
	ok = query_step(s, &row, err);
	if (ok && row)
		*unit = query_u64(s, 0, 0);
	else if (ok)
		ok = err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such item is finished");
	sqlite3_finalize(s);
	return ok;
}

bool case_add_conclusion(struct case_file *c, uint64_t item, const struct finding *finding,
			 uint64_t count, timestamp last, struct err *err)
{
	uint64_t unit;

	if ((finding->engine != ENGINE_ANALYSER && finding->engine != ENGINE_SIGMA) ||
	    !is_known(finding))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no conclusion of an analyser");
	return unit_of(c, item, &unit, err) && add_finding(c, unit, item, finding, count, last, err);
}

/* The numbers that they had are given again: a case resumed is a case done at once. */
bool case_clear_conclusions(struct case_file *c, struct err *err)
{
	int64_t last;

	if (!recorder_begin(c, err) ||
	    !recorder_exec(c, "DELETE FROM finding WHERE rule IN "
			      "(SELECT id FROM rule WHERE engine = 'analyser' OR "
			      "(engine = 'sigma' AND name IN "
			      "(SELECT what FROM trace WHERE kind = 'match')))", err) ||
	    !recorder_exec(c, "DELETE FROM problem WHERE engine = 'analyser'", err) ||
	    !query_int(c->db, "SELECT max(id) FROM finding", 0, &last, err))
		return false;
	c->next[TABLE_FINDING] = (uint64_t)last + 1;
	return recorder_done(c, err);
}

bool case_add_event(struct case_file *c, uint64_t unit, uint64_t item,
		    const struct case_event *event, struct err *err)
{
	struct row row;

	if (!recorder_unit(c, unit) || event->harm >= HARM_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open, or no event");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_EVENT);
	row_u64(&row, unit, 0);
	row_u64(&row, item, 0);
	row_time(&row, event->time);
	row_text(&row, event->what);
	row_text(&row, event->summary);
	row_word(&row, harm_name(event->harm));
	row_text(&row, event->host);
	row_text(&row, event->user);
	row_text(&row, event->channel);
	row_text(&row, event->provider);
	row_u64(&row, event->event_id, UINT64_MAX);
	row_u64(&row, event->record_id, UINT64_MAX);
	row_u64(&row, event->offset, UINT64_MAX);
	row_text(&row, event->detail);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_fact(struct case_file *c, uint64_t unit, uint64_t item,
		   const struct case_fact *fact, struct err *err)
{
	struct row row;

	if (!recorder_unit(c, unit) || fact->evidence_class >= CLASS_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open, or no fact");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_FACT);
	row_u64(&row, unit, 0);
	row_u64(&row, item, 0);
	row_word(&row, evidence_class_name(fact->evidence_class));
	row_text(&row, fact->channel);
	row_text(&row, fact->host);
	row_time(&row, fact->first);
	row_time(&row, fact->last);
	row_int(&row, (int64_t)fact->count);
	row_int(&row, (int64_t)fact->lost);
	row_text(&row, fact->note);
	row_text(&row, fact->days);
	return row_end(&row, err) && recorder_done(c, err);
}

/* TRACE_NO_NUMBER, and what SQLite's integers cannot hold, are NULL. */
static void row_number(struct row *row, uint64_t n)
{
	row_u64(row, n > INT64_MAX ? UINT64_MAX : n, UINT64_MAX);
}

bool case_add_trace(struct case_file *c, uint64_t unit, uint64_t item,
		    const struct trace *trace, struct err *err)
{
	const struct span texts[] = { trace->source, trace->host, trace->user, trace->program,
				      trace->path, trace->name, trace->command, trace->local,
				      trace->peer, trace->protocol, trace->digest, trace->technique };
	struct row row;

	if (!recorder_unit(c, unit) || trace->kind >= TRACE_KIND_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such unit is open, or no trace");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_TRACE);
	row_u64(&row, unit, 0);
	row_u64(&row, item, 0);
	row_word(&row, trace_kind_name(trace->kind));
	row_text(&row, trace->what);
	row_time(&row, trace->time);
	row_time(&row, trace->last);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		row_text(&row, texts[i]);
	row_number(&row, trace->bytes_out);
	row_number(&row, trace->bytes_in);
	row_number(&row, trace->count);
	row_number(&row, trace->offset);
	row_int(&row, trace->of_place);
	row_text(&row, trace->summary);
	row_text(&row, trace->detail);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_rule_set(struct case_file *c, const struct case_rule_set *set, struct err *err)
{
	struct row row;

	if (set->engine >= ENGINE_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such engine");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_RULE_SET);
	row_u64(&row, c->run, 0);
	row_word(&row, engine_name(set->engine));
	row_text(&row, set->path);
	row_blob(&row, span_of(set->sha256, set->sha256 ? SHA256_SIZE : 0));
	row_int(&row, (int64_t)set->loaded);
	row_int(&row, (int64_t)set->refused);
	row_int(&row, (int64_t)set->not_applicable);
	return row_end(&row, err) && recorder_done(c, err);
}

bool case_add_problem(struct case_file *c, const struct case_problem *problem, struct err *err)
{
	struct row row;

	if (problem->engine >= ENGINE_COUNT)
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "no such engine");
	if (!recorder_begin(c, err))
		return false;
	row = row_begin(c, TABLE_PROBLEM);
	row_u64(&row, c->run, 0);
	row_word(&row, engine_name(problem->engine));
	row_text(&row, problem->file);
	row_u64(&row, problem->line, 0);
	row_u64(&row, problem->column, 0);
	row_text(&row, problem->rule);
	row_int(&row, problem->refused);
	row_text(&row, problem->reason);
	return row_end(&row, err) && recorder_done(c, err);
}
