#include "report/load.h"

#include "report/evidence_row.h"

static bool add_fact(struct load *load, size_t *room, struct span name, struct span value)
{
	struct report_fact *fact;

	if (!value.len)
		return true;
	fact = load_push(load, (void **)(uintptr_t)&load->report->custody,
			 &load->report->custody_count, room, sizeof *fact);
	if (fact)
		*fact = (struct report_fact){ name, arena_copy(load->arena, value) };
	return fact != NULL;
}

static bool add_rule_set(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_ruleset *set = load_push(load, (void **)(uintptr_t)&r->rulesets,
					       &r->ruleset_count, context, sizeof *set);

	if (!set)
		return false;
	*set = (struct report_ruleset){ .name = load_text(load, row, 1),
					.digest = load_text(load, row, 2),
					.loaded = query_u64(row, 3, 0), .refused = query_u64(row, 4, 0),
					.not_applicable = query_u64(row, 5, 0) };
	engine_of_name(query_span(row, 0), &set->engine);
	return true;
}

static bool add_refusal(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_refusal *refusal = load_push(load, (void **)(uintptr_t)&r->refusals,
						   &r->refusal_count, context, sizeof *refusal);

	if (!refusal)
		return false;
	*refusal = (struct report_refusal){ .file = load_text(load, row, 1),
					    .line = query_u64(row, 2, 0),
					    .rule = load_text(load, row, 3),
					    .reason = load_text(load, row, 4) };
	engine_of_name(query_span(row, 0), &refusal->engine);
	return true;
}

/* A JSON array or object of the case as one line; words with spaces are quoted. */
static struct span one_line(struct load *load, struct span json)
{
	struct buf line = buf_new((size_t)1 << 20);
	size_t count;
	const struct evidence_row *rows = evidence_rows(load->arena, json, &count);
	struct span kept;

	for (size_t i = 0; i < count; i++) {
		buf_text(&line, i ? rows[i].name.len ? ", " : " " : "");
		buf_add(&line, rows[i].name);
		buf_text(&line, rows[i].name.len ? " " : "");
		if (!rows[i].name.len && span_find_byte(rows[i].value, 0, ' ') != SIZE_MAX) {
			buf_text(&line, "'");
			buf_add(&line, rows[i].value);
			buf_text(&line, "'");
		} else {
			buf_add(&line, rows[i].value);
		}
	}
	kept = arena_copy(load->arena, buf_span(&line));
	buf_free(&line);
	return kept;
}

static struct span time_text(struct load *load, timestamp t)
{
	struct buf text = buf_new(64);
	struct span kept;

	if (t != TIME_NONE)
		timestamp_format(&text, t, 0);
	kept = arena_copy(load->arena, buf_span(&text));
	buf_free(&text);
	return kept;
}

static struct span zone_text(struct load *load, struct span zone, int64_t east)
{
	int64_t minutes = (east < 0 ? -east : east) / 60;

	return arena_printf(load->arena, "%.*s (UTC%c%02d:%02d)", SPAN_ARG(zone), east < 0 ? '-' : '+',
			    (int)(minutes / 60 % 100), (int)(minutes % 60));
}

static struct span outcome_text(struct load *load, sqlite3_stmt *row)
{
	struct span reason = query_span(row, 3);

	return arena_printf(load->arena, "%.*s%s%.*s", SPAN_ARG(query_span(row, 2)),
			    reason.len ? ": " : "", SPAN_ARG(reason));
}

static bool add_run(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	timestamp started = query_time(row, 0), ended = query_time(row, 1);
	struct span user = query_span(row, 7);

	if (r->started == TIME_NONE)
		r->started = started;
	r->ended = ended;
	r->complete = span_eq(query_span(row, 2), SPAN("completed"));
	r->version = load_text(load, row, 4);
	return add_fact(load, context, SPAN("run started"), time_text(load, started)) &&
	       add_fact(load, context, SPAN("run ended"), time_text(load, ended)) &&
	       add_fact(load, context, SPAN("outcome"), outcome_text(load, row)) &&
	       add_fact(load, context, SPAN("command"), one_line(load, query_span(row, 5))) &&
	       add_fact(load, context, SPAN("in folder"), query_span(row, 15)) &&
	       add_fact(load, context, SPAN("run by"),
			arena_printf(load->arena, "%.*s (uid %lld) on %.*s", SPAN_ARG(user),
				     (long long)sqlite3_column_int64(row, 8),
				     SPAN_ARG(query_span(row, 6)))) &&
	       add_fact(load, context, SPAN("system"), query_span(row, 9)) &&
	       add_fact(load, context, SPAN("clock"),
			zone_text(load, query_span(row, 10), sqlite3_column_int64(row, 11))) &&
	       add_fact(load, context, SPAN("program"), r->version) &&
	       add_fact(load, context, SPAN("libraries"), one_line(load, query_span(row, 12))) &&
	       add_fact(load, context, SPAN("sandbox"), query_span(row, 13)) &&
	       add_fact(load, context, SPAN("limits"), one_line(load, query_span(row, 14)));
}

/* Rows of a name and a value. */
static bool add_named(struct load *load, sqlite3_stmt *row, void *context)
{
	return add_fact(load, context, load_text(load, row, 0), query_span(row, 1));
}

static bool rules(struct load *load)
{
	size_t sets = 0, refusals = 0;
	char sql[300];

	snprintf(sql, sizeof sql, "SELECT DISTINCT engine, file, line, rule, reason FROM problem "
		 "WHERE refused = 1 ORDER BY file, line LIMIT %d", REPORT_MOST_REFUSALS);
	return load_rows(load, "SELECT engine, path, sha256, max(loaded), max(refused), "
			       "max(not_applicable) FROM rule_set GROUP BY engine, path, sha256 "
			       "ORDER BY min(id)", add_rule_set, &sets) &&
	       load_rows(load, sql, add_refusal, &refusals) &&
	       load_number(load, "SELECT count(*) FROM (SELECT DISTINCT engine, file, line, rule, "
				 "reason FROM problem WHERE refused = 1)",
			   &load->report->refusal_total);
}

bool load_facts(struct load *load)
{
	size_t room = 0;

	return rules(load) &&
	       load_rows(load, "SELECT CASE name WHEN 'created_by' THEN 'created by' ELSE name END, "
			       "value FROM meta ORDER BY id", add_named, &room) &&
	       load_rows(load, "SELECT 'source', coalesce(path_raw, path) FROM source ORDER BY id",
			 add_named, &room) &&
	       load_rows(load, "SELECT started, ended, outcome, reason, program, command, host, "
			       "user, uid, system, zone, utc_offset, libraries, sandbox, limits, folder "
			       "FROM run ORDER BY id", add_run, &room) &&
	       load_rows(load, "SELECT 'custody log', count(*) || ' entries' FROM custody "
			       "HAVING count(*) > 0", add_named, &room) &&
	       load_rows(load, "SELECT 'checkpoint', note FROM checkpoint ORDER BY id DESC LIMIT 1",
			 add_named, &room) &&
	       load_rows(load, "SELECT 'time stamp', CASE WHEN token IS NULL THEN 'none' ELSE "
			       "'RFC 3161 token of ' || length(token) || ' bytes' END "
			       "FROM checkpoint ORDER BY id DESC LIMIT 1", add_named, &room);
}
