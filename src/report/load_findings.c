#include "report/load.h"

struct finding_rooms {
	size_t rules, findings;
};

static bool add_rule(struct load *load, sqlite3_stmt *row, void *context)
{
	struct finding_rooms *rooms = context;
	uint64_t *id = ARENA_NEW(load->arena, uint64_t);
	void **slot;
	struct report_rule *rule = load_push(load, (void **)(uintptr_t)&load->report->rules,
					     &load->report->rule_count, &rooms->rules, sizeof *rule);

	if (!rule || !id)
		return false;
	*id = query_u64(row, 0, 0);
	*rule = (struct report_rule){
		.id = load_text(load, row, 2), .title = load_text(load, row, 3),
		.techniques = load_text(load, row, 6), .references = load_text(load, row, 7),
		.findings = query_u64(row, 8, 0),
	};
	engine_of_name(query_span(row, 1), &rule->engine);
	level_of_name(query_span(row, 4), &rule->level);
	harm_of_name(query_span(row, 5), &rule->harm);
	slot = map_slot(&load->rules, span_of(id, sizeof *id));
	if (!slot)
		return err_set(load->err, ERR_LIMIT, ERR_NO_OFFSET, "too many rules to report");
	*slot = (void *)(uintptr_t)load->report->rule_count;
	return true;
}

static bool add_finding(struct load *load, sqlite3_stmt *row, void *context)
{
	struct finding_rooms *rooms = context;
	uint64_t rule_id = query_u64(row, 2, 0);
	uintptr_t rule = (uintptr_t)map_get(&load->rules, span_of(&rule_id, sizeof rule_id));
	struct report_finding *f;

	if (!rule)
		return err_set(load->err, ERR_CORRUPT, ERR_NO_OFFSET,
			       "a finding names rule %llu, which is not there",
			       (unsigned long long)rule_id);
	f = load_push(load, &load->report->findings, &load->report->finding_count,
		      &rooms->findings, sizeof *f);
	if (!f)
		return false;
	*f = (struct report_finding){
		.id = query_u64(row, 0, 0), .rule = (uint32_t)rule - 1,
		.offset = query_u64(row, 3, UINT64_MAX), .record_id = query_u64(row, 4, UINT64_MAX),
		.time = query_time(row, 5), .last = query_time(row, 6),
		.count = query_u64(row, 7, 1),
		.host = load_text(load, row, 8), .user = load_text(load, row, 9),
		.matched = load_text(load, row, 10), .detail = load_text(load, row, 11),
	};
	f->harm = load->report->rules[f->rule].harm;
	f->level = load->report->rules[f->rule].level;
	return load_item(load, query_u64(row, 1, 0), &f->item);
}

#define FINDINGS \
	"SELECT finding.id, item, rule, offset, record, time, last, count, host, user, matched, " \
	"detail FROM finding JOIN unit ON unit.id = finding.unit AND unit.done = 1 " \
	"LEFT JOIN rule ON rule.id = finding.rule WHERE finding.id %s " \
	"(SELECT finding FROM answer_finding) ORDER BY CASE level WHEN 'critical' THEN 0 " \
	"WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, time IS NULL, time, " \
	"finding.id LIMIT %llu"

bool load_findings(struct load *load, uint64_t most)
{
	struct finding_rooms rooms = { 0 };
	char sql[800];

	if (!load_rows(load, "SELECT id, engine, name, title, level, harm, techniques, reference, n "
			     "FROM rule LEFT JOIN (SELECT rule AS of, count(*) AS n FROM finding "
			     "GROUP BY rule) ON of = rule.id",
		       add_rule, &rooms))
		return false;
	most = most < INT64_MAX ? most : INT64_MAX;
	snprintf(sql, sizeof sql, FINDINGS, "IN", (unsigned long long)most);
	if (!load_rows(load, sql, add_finding, &rooms))
		return false;
	snprintf(sql, sizeof sql, FINDINGS, "NOT IN",
		 (unsigned long long)(most - load->report->finding_count));
	return load_rows(load, sql, add_finding, &rooms);
}
