#include "report/load.h"

/* Findings of the case by number → index + 1, for the carriers. */
struct carriers {
	struct report_answer *answer;
	struct map findings;
	size_t room;
};

static enum degree degree_of(struct span word)
{
	for (int degree = 0; degree < DEGREE_COUNT; degree++)
		if (span_eq(word, span_text(degree_name((enum degree)degree))))
			return (enum degree)degree;
	return DEGREE_CANNOT_TELL;
}

static bool index_findings(struct load *load, struct map *findings)
{
	for (size_t i = 0; i < load->report->finding_count; i++) {
		const uint64_t *id = &load->report->findings[i].id;
		void **slot = map_slot(findings, span_of(id, sizeof *id));

		if (!slot)
			return err_set(load->err, ERR_LIMIT, ERR_NO_OFFSET, "too many findings");
		*slot = (void *)(uintptr_t)(i + 1);
	}
	return true;
}

/* A carrier that --most left out is not shown; its answer still counts it. */
static bool add_carrier(struct load *load, sqlite3_stmt *row, void *context)
{
	struct carriers *c = context;
	uint64_t id = query_u64(row, 0, 0);
	uintptr_t found = (uintptr_t)map_get(&c->findings, span_of(&id, sizeof id));
	struct report_carrier *carrier;

	if (!found)
		return true;
	carrier = load_push(load, (void **)&c->answer->carriers, &c->answer->carrier_count, &c->room,
			    sizeof *carrier);
	if (!carrier)
		return false;
	*carrier = (struct report_carrier){ (uint32_t)found - 1, load_text(load, row, 1) };
	return true;
}

static bool add_gap(struct load *load, sqlite3_stmt *row, void *context)
{
	struct carriers *c = context;
	struct span *gap = load_push(load, (void **)(uintptr_t)&c->answer->gaps,
				     &c->answer->gap_count, &c->room, sizeof *gap);

	if (!gap)
		return false;
	*gap = load_text(load, row, 0);
	return true;
}

static bool add_answer(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	struct report_answer answer = { .why = load_text(load, row, 2),
					.first = query_time(row, 3), .last = query_time(row, 4) };
	uint64_t *ids = context;

	if (!harm_of_name(query_span(row, 0), &answer.harm) || answer.harm == HARM_NONE ||
	    r->answer_count == HARM_COUNT - 1)
		return err_set(load->err, ERR_CORRUPT, ERR_NO_OFFSET,
			       "the case holds an answer to no known question");
	answer.degree = degree_of(query_span(row, 1));
	ids[r->answer_count] = query_u64(row, 5, 0);
	r->answers[r->answer_count++] = answer;
	return true;
}

static bool add_counts(struct load *load, sqlite3_stmt *row, void *context)
{
	struct report *r = load->report;
	enum harm harm;

	(void)context;
	if (!harm_of_name(query_span(row, 0), &harm))
		return true;
	for (size_t i = 0; i < r->answer_count; i++) {
		if (r->answers[i].harm != harm)
			continue;
		r->answers[i].finding_count = query_u64(row, 1, 0);
		r->answers[i].times = query_u64(row, 2, 0);
	}
	return true;
}

static bool parts(struct load *load, struct carriers *c, uint64_t id)
{
	char sql[640];

	c->room = 0;
	snprintf(sql, sizeof sql, "SELECT finding, reason FROM answer_finding WHERE answer = %lld "
		 "ORDER BY weight DESC, id", (long long)id);
	if (!load_rows(load, sql, add_carrier, c))
		return false;
	c->room = 0;
	snprintf(sql, sizeof sql, "SELECT coalesce(channel, class) || ' (' || state || ')' || "
		 "coalesce(': ' || note, '') FROM answer_coverage WHERE answer = %lld AND "
		 "(state <> 'examined' OR note IS NOT NULL) GROUP BY 1 ORDER BY min(CASE state WHEN 'missing' "
		 "THEN 0 WHEN 'damaged' THEN 1 WHEN 'examined' THEN 3 ELSE 2 END), min(id)", (long long)id);
	return load_rows(load, sql, add_gap, c);
}

bool load_answers(struct load *load)
{
	struct carriers c = { .findings = map_new(load->arena) };
	uint64_t ids[HARM_COUNT];

	if (!index_findings(load, &c.findings) ||
	    !load_rows(load, "SELECT harm, degree, summary, first, last, id FROM answer ORDER BY id",
		       add_answer, ids) ||
	    !load_rows(load, "SELECT harm, count(*), " QUERY_SUM("finding.count") " FROM finding "
			     "JOIN rule ON rule.id = finding.rule JOIN unit ON "
			     "unit.id = finding.unit AND unit.done = 1 GROUP BY harm",
		       add_counts, NULL))
		return false;
	for (size_t i = 0; i < load->report->answer_count; i++) {
		c.answer = &load->report->answers[i];
		if (!parts(load, &c, ids[i]))
			return false;
	}
	return true;
}
