#include "report/json.h"

#include "base/day_counts.h"
#include "report/evidence_row.h"
#include "report/out.h"
#include "report/technique.h"

#define SCRATCH ((size_t)64 << 20)

void json_time(struct json_write *w, timestamp t)
{
	struct buf text = buf_new(64);

	if (t == TIME_NONE) {
		json_null(w);
		return;
	}
	timestamp_format(&text, t, 7);
	json_span(w, buf_span(&text));
	buf_free(&text);
}

void json_micros(struct json_write *w, timestamp t)
{
	if (t == TIME_NONE)
		json_null(w);
	else
		json_i64(w, t / 1000);
}

void json_optional_u64(struct json_write *w, uint64_t n)
{
	if (n == UINT64_MAX)
		json_null(w);
	else
		json_u64(w, n);
}

void json_digest(struct json_write *w, struct span digest)
{
	if (digest.len)
		json_hex(w, digest);
	else
		json_null(w);
}

void json_words(struct json_write *w, struct span words)
{
	json_array(w);
	while (words.len) {
		struct span word = span_split(&words, ' ');

		if (word.len)
			json_span(w, word);
	}
	json_array_end(w);
}

void json_harms(struct json_write *w, uint32_t harms)
{
	json_array(w);
	for (unsigned harm = HARM_IMPLANT; harm < HARM_COUNT; harm++)
		if (harms >> harm & 1)
			json_text(w, harm_name(harm));
	json_array_end(w);
}

void json_copies(struct json_write *w, const struct report_item *item)
{
	json_array(w);
	for (size_t i = 0; item && i < item->copy_count; i++)
		json_span(w, item->copies[i]);
	json_array_end(w);
}

void json_evidence(struct json_write *w, struct arena *scratch, struct span json)
{
	size_t count;
	const struct evidence_row *rows;

	arena_reset(scratch);
	rows = evidence_rows(scratch, json, &count);
	json_array(w);
	for (size_t i = 0; i < count; i++) {
		json_object(w);
		json_key(w, "name");
		json_span(w, rows[i].name);
		json_key(w, "value");
		json_span(w, rows[i].value);
		if (rows[i].hex.len) {
			json_key(w, "hex");
			json_span(w, rows[i].hex);
		}
		if (rows[i].offset != UINT64_MAX) {
			json_key(w, "offset");
			json_u64(w, rows[i].offset);
		}
		json_object_end(w);
	}
	json_array_end(w);
}

static void one_answer(struct json_write *w, const struct report *report,
		       const struct report_answer *answer)
{
	json_object(w);
	json_key(w, "harm");
	json_text(w, harm_name(answer->harm));
	json_key(w, "question");
	json_text(w, harm_question(answer->harm));
	json_key(w, "degree");
	json_text(w, degree_name(answer->degree));
	json_key(w, "why");
	json_span(w, answer->why);
	json_key(w, "first");
	json_time(w, answer->first);
	json_key(w, "last");
	json_time(w, answer->last);
	json_key(w, "findings");
	json_u64(w, answer->finding_count);
	json_key(w, "times");
	json_u64(w, answer->times);
	json_key(w, "carried_by");
	json_array(w);
	for (size_t i = 0; i < answer->carrier_count; i++)
		json_u64(w, report->findings[answer->carriers[i].finding].id);
	json_array_end(w);
	json_key(w, "gaps");
	json_array(w);
	for (size_t i = 0; i < answer->gap_count; i++)
		json_span(w, answer->gaps[i]);
	json_array_end(w);
	json_object_end(w);
}

void json_answers(struct json_write *w, const struct report *report)
{
	json_key(w, "answers");
	json_array(w);
	for (size_t i = 0; i < report->answer_count; i++)
		one_answer(w, report, &report->answers[i]);
	json_array_end(w);
}

static void json_day(struct json_write *w, const char *key, int64_t day)
{
	struct buf text = buf_new(32);

	day_write(&text, day);
	json_key(w, key);
	json_span(w, buf_span(&text));
	buf_free(&text);
}

/* Days that have records, without a hole between. */
static void json_bands(struct json_write *w, struct span days)
{
	struct day_counts d;

	json_array(w);
	if (!day_counts_read(days, &d))
		d.count = 0;
	for (uint32_t i = 0; i < d.count; i++) {
		uint64_t records = d.list[i].records;
		uint32_t first = i;

		while (i + 1 < d.count && d.list[i + 1].day == d.list[i].day + d.width)
			records += d.list[++i].records;
		json_object(w);
		json_day(w, "first", d.list[first].day);
		json_day(w, "last", d.list[i].day + d.width - 1);
		json_key(w, "records");
		json_u64(w, records);
		json_object_end(w);
	}
	json_array_end(w);
}

static void one_coverage(struct json_write *w, const struct report_coverage *c)
{
	json_object(w);
	json_key(w, "class");
	json_text(w, evidence_class_name(c->evidence_class));
	json_key(w, "name");
	json_span(w, c->name);
	json_key(w, "items");
	json_u64(w, c->items);
	json_key(w, "first");
	json_time(w, c->first);
	json_key(w, "last");
	json_time(w, c->last);
	json_key(w, "bands");
	json_bands(w, c->days);
	json_key(w, "answers");
	json_array(w);
	for (unsigned harm = 0; harm < HARM_COUNT; harm++) {
		if (!(c->harms >> harm & 1))
			continue;
		json_object(w);
		json_key(w, "harm");
		json_text(w, harm_name((enum harm)harm));
		json_key(w, "state");
		json_text(w, coverage_state_name(c->states[harm]));
		json_key(w, "why");
		json_span(w, c->why[harm]);
		json_object_end(w);
	}
	json_array_end(w);
	json_object_end(w);
}

static void one_extent(struct json_write *w, const struct report_extent *e)
{
	json_object(w);
	json_key(w, "class");
	json_text(w, evidence_class_name(e->evidence_class));
	json_key(w, "channel");
	json_span(w, e->channel);
	json_key(w, "host");
	json_span(w, e->host);
	json_key(w, "items");
	json_u64(w, e->items);
	json_key(w, "events");
	json_u64(w, e->events);
	json_key(w, "lost");
	json_u64(w, e->lost);
	json_key(w, "first");
	json_time(w, e->first);
	json_key(w, "last");
	json_time(w, e->last);
	json_object_end(w);
}

void json_coverage(struct json_write *w, const struct report *report)
{
	json_key(w, "coverage");
	json_array(w);
	for (size_t i = 0; i < report->coverage_count; i++)
		one_coverage(w, &report->coverage[i]);
	json_array_end(w);
	json_key(w, "extent_total");
	json_u64(w, report->extent_total);
	json_key(w, "extents");
	json_array(w);
	for (size_t i = 0; i < report->extent_count; i++)
		one_extent(w, &report->extents[i]);
	json_array_end(w);
}

void json_fates(struct json_write *w, const struct report *report)
{
	json_key(w, "fates");
	json_array(w);
	for (size_t i = 0; i < report->fate_count; i++) {
		const struct report_fate *f = &report->fates[i];

		json_object(w);
		json_key(w, "fate");
		json_text(w, fate_name(f->fate));
		json_key(w, "reason");
		json_span(w, f->reason);
		json_key(w, "items");
		json_u64(w, f->items);
		json_key(w, "bytes");
		json_u64(w, f->bytes);
		json_key(w, "example");
		if (f->example == REPORT_NO_ITEM)
			json_null(w);
		else
			json_span(w, report->items[f->example].path);
		json_object_end(w);
	}
	json_array_end(w);
}

void json_rulesets(struct json_write *w, const struct report *report)
{
	json_key(w, "rule_sets");
	json_array(w);
	for (size_t i = 0; i < report->ruleset_count; i++) {
		const struct report_ruleset *set = &report->rulesets[i];

		json_object(w);
		json_key(w, "name");
		json_span(w, set->name);
		json_key(w, "engine");
		json_text(w, engine_name(set->engine));
		json_key(w, "loaded");
		json_u64(w, set->loaded);
		json_key(w, "refused");
		json_u64(w, set->refused);
		json_key(w, "not_applicable");
		json_u64(w, set->not_applicable);
		json_key(w, "sha256");
		json_digest(w, set->digest);
		json_object_end(w);
	}
	json_array_end(w);
	json_key(w, "rules_refused");
	json_array(w);
	for (size_t i = 0; i < report->refusal_count; i++) {
		json_object(w);
		json_key(w, "engine");
		json_text(w, engine_name(report->refusals[i].engine));
		json_key(w, "file");
		json_span(w, report->refusals[i].file);
		json_key(w, "rule");
		json_span(w, report->refusals[i].rule);
		json_key(w, "line");
		json_u64(w, report->refusals[i].line);
		json_key(w, "reason");
		json_span(w, report->refusals[i].reason);
		json_object_end(w);
	}
	json_array_end(w);
}

void json_custody(struct json_write *w, const struct report *report)
{
	json_key(w, "custody");
	json_array(w);
	for (size_t i = 0; i < report->custody_count; i++) {
		json_object(w);
		json_key(w, "name");
		json_span(w, report->custody[i].name);
		json_key(w, "value");
		json_span(w, report->custody[i].value);
		json_object_end(w);
	}
	json_array_end(w);
}

static void summary(struct json_write *w, const struct report *report)
{
	json_key(w, "format");
	json_text(w, "kanshiki-report/1");
	json_key(w, "case");
	json_span(w, report->case_name);
	json_key(w, "version");
	json_span(w, report->version);
	json_key(w, "started");
	json_time(w, report->started);
	json_key(w, "ended");
	json_time(w, report->ended);
	json_key(w, "complete");
	json_bool(w, report->complete);
	json_key(w, "items");
	json_u64(w, report->item_total);
	json_key(w, "bytes");
	json_u64(w, report->byte_total);
	json_key(w, "events");
	json_u64(w, report->event_total);
	json_key(w, "finding_total");
	json_u64(w, report->finding_total);
}

static void json_techniques(struct json_write *w, struct span ids)
{
	json_array(w);
	while (ids.len) {
		struct span id = span_split(&ids, ' ');

		if (!id.len)
			continue;
		json_object(w);
		json_key(w, "id");
		json_span(w, id);
		json_key(w, "name");
		json_text(w, technique_name(id));
		json_object_end(w);
	}
	json_array_end(w);
}

static void finding_rule(struct json_write *w, const struct report_rule *rule)
{
	json_key(w, "engine");
	json_text(w, engine_name(rule->engine));
	json_key(w, "rule");
	json_span(w, rule->id);
	json_key(w, "title");
	json_span(w, rule->title);
	json_key(w, "rule_file");
	json_span(w, rule->references);
	json_key(w, "techniques");
	json_techniques(w, rule->techniques);
}

static void finding_item(struct json_write *w, const struct report *report, uint32_t index)
{
	const struct report_item *item = index == REPORT_NO_ITEM ? NULL : &report->items[index];

	json_key(w, "item");
	if (item)
		json_span(w, item->path);
	else
		json_null(w);
	json_key(w, "sha256");
	json_digest(w, item ? item->sha256 : SPAN(""));
	json_key(w, "copies");
	json_copies(w, item);
	json_key(w, "copy_total");
	json_u64(w, item ? item->copy_total : 0);
}

static void one_finding(struct json_write *w, const struct report *report,
			const struct report_finding *f, struct arena *scratch)
{
	json_object(w);
	json_key(w, "id");
	json_u64(w, f->id);
	json_key(w, "level");
	json_text(w, level_name(f->level));
	json_key(w, "harm");
	json_text(w, harm_name(f->harm));
	finding_rule(w, &report->rules[f->rule]);
	finding_item(w, report, f->item);
	json_key(w, "offset");
	json_optional_u64(w, f->offset);
	json_key(w, "record_id");
	json_optional_u64(w, f->record_id);
	json_key(w, "time");
	json_time(w, f->time);
	json_key(w, "last");
	json_time(w, f->last);
	json_key(w, "count");
	json_u64(w, f->count);
	json_key(w, "host");
	json_span(w, f->host);
	json_key(w, "user");
	json_span(w, f->user);
	json_key(w, "matched");
	json_evidence(w, scratch, f->matched);
	json_key(w, "detail");
	json_evidence(w, scratch, f->detail);
	json_object_end(w);
}

bool report_json(FILE *to, const struct report *report, struct err *err)
{
	struct out out = out_new(to);
	struct json_write w = json_write_to(&out.buf);
	struct arena scratch = arena_new(SCRATCH);

	json_object(&w);
	summary(&w, report);
	json_answers(&w, report);
	json_coverage(&w, report);
	json_key(&w, "findings");
	json_array(&w);
	for (size_t i = 0; i < report->finding_count; i++) {
		buf_text(&out.buf, i ? "" : "\n");
		one_finding(&w, report, &report->findings[i], &scratch);
		out_pass(&out);
	}
	json_array_end(&w);
	json_machine(&w, report, &scratch);
	json_fates(&w, report);
	json_rulesets(&w, report);
	json_custody(&w, report);
	json_key(&w, "notice");
	json_text(&w, TECHNIQUE_NOTICE);
	json_object_end(&w);
	buf_text(&out.buf, "\n");
	arena_free(&scratch);
	return out_end(&out, err);
}
