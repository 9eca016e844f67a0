#include "report/evidence_row.h"
#include "report/technique.h"
#include "report/text.h"

#define SCRATCH ((size_t)64 << 20)

static struct buf line_new(void)
{
	return buf_new((size_t)4 << 20);
}

/* "  name  words", folded behind the name. */
static void pair(struct text *t, const char *name, struct span words)
{
	if (!words.len)
		return;
	buf_printf(&t->out.buf, "  %-10s ", name);
	text_fold(t, words, 13, 0);
}

static void pair_buf(struct text *t, const char *name, struct buf *words)
{
	pair(t, name, buf_span(words));
	buf_free(words);
}

/* The answers of a row that share state and reason, on one line. */
static void coverage_line(struct text *t, const struct report_coverage *c, uint32_t harms,
			  unsigned first)
{
	struct buf line = line_new();
	bool more = false;

	buf_printf(&line, "%s: ", coverage_state_name(c->states[first]));
	buf_add(&line, c->name);
	buf_text(&line, ", for ");
	for (unsigned harm = first; harm < HARM_COUNT; harm++) {
		if (!(harms >> harm & 1))
			continue;
		buf_printf(&line, "%s%s", more ? ", " : "", harm_name((enum harm)harm));
		more = true;
	}
	buf_text(&line, c->why[first].len ? "; " : "");
	buf_add(&line, c->why[first]);
	text_hang(t, &line);
}

static void coverage_row(struct text *t, const struct report_coverage *c, enum coverage_state state)
{
	uint32_t told = 0;

	for (unsigned harm = 0; harm < HARM_COUNT; harm++) {
		uint32_t alike = 0;

		if (!(c->harms >> harm & 1) || told >> harm & 1 || c->states[harm] != state)
			continue;
		for (unsigned other = harm; other < HARM_COUNT; other++)
			if (c->harms >> other & 1 && c->states[other] == state &&
			    span_eq(c->why[other], c->why[harm]))
				alike |= 1u << other;
		coverage_line(t, c, alike, harm);
		told |= alike;
	}
}

static void coverage(struct text *t)
{
	const struct report *r = t->report;

	if (r->coverage_count)
		text_heading(t, "What the answers lean on");
	for (int state = 0; state < COVERAGE_COUNT; state++)
		for (size_t i = 0; i < r->coverage_count; i++) {
			coverage_row(t, &r->coverage[i], (enum coverage_state)state);
			out_pass(&t->out);
		}
}

static void extents(struct text *t)
{
	const struct report *r = t->report;

	if (!r->extent_count)
		return;
	text_heading(t, "What was there");
	for (size_t i = 0; i < r->extent_count; i++) {
		const struct report_extent *e = &r->extents[i];
		struct buf line = line_new();

		buf_printf(&line, "%s", evidence_class_name(e->evidence_class));
		buf_text(&line, e->channel.len ? " " : "");
		buf_add(&line, e->channel);
		buf_text(&line, e->host.len ? " of " : "");
		buf_add(&line, e->host);
		buf_text(&line, ": ");
		words_count(&line, e->events, "record", "records");
		if (e->lost) {
			buf_text(&line, ", ");
			words_number(&line, e->lost);
			buf_text(&line, " lost");
		}
		buf_text(&line, e->first != TIME_NONE ? ", " : "");
		words_span(&line, e->first, e->last);
		text_hang(t, &line);
		out_pass(&t->out);
	}
	if (r->extent_total > r->extent_count) {
		struct buf line = line_new();

		words_number(&line, r->extent_total - r->extent_count);
		buf_text(&line, " more in the case file, table fact");
		text_hang(t, &line);
	}
}

static void techniques(struct buf *to, struct span ids)
{
	bool first = true;

	while (ids.len) {
		struct span id = span_split(&ids, ' ');
		const char *name = technique_name(id);

		if (!id.len)
			continue;
		buf_text(to, first ? "" : ", ");
		buf_add(to, id);
		buf_printf(to, *name ? " %s" : "%s", name);
		first = false;
	}
}

static void copies(struct text *t, const struct report_item *item)
{
	struct buf line = line_new();

	for (size_t i = 0; i < item->copy_count; i++)
		pair(t, i ? "" : "also at", item->copies[i]);
	if (item->copy_total > item->copy_count) {
		buf_text(&line, "and ");
		words_number(&line, item->copy_total - item->copy_count);
		buf_text(&line, " more");
	}
	pair_buf(t, "", &line);
}

static void where(struct text *t, const struct report_finding *f)
{
	const struct report_item *item =
		f->item == REPORT_NO_ITEM ? NULL : &t->report->items[f->item];
	struct buf line = line_new();

	if (f->record_id != UINT64_MAX)
		buf_printf(&line, "record %llu", (unsigned long long)f->record_id);
	if (f->offset != UINT64_MAX)
		buf_printf(&line, "%soffset 0x%llx", line.len ? ", " : "",
			   (unsigned long long)f->offset);
	if (item) {
		pair(t, "item", item->path);
		copies(t, item);
		pair_buf(t, "place", &line);
		line = line_new();
		buf_hex(&line, item->sha256);
		pair_buf(t, "sha-256", &line);
	}
	buf_free(&line);
}

static void evidence(struct text *t, const char *name, struct span json, struct arena *scratch)
{
	size_t count;
	const struct evidence_row *rows;

	arena_reset(scratch);
	rows = evidence_rows(scratch, json, &count);
	for (size_t i = 0; i < count; i++) {
		struct buf line = line_new();

		buf_add(&line, rows[i].name);
		if (rows[i].offset != UINT64_MAX)
			buf_printf(&line, " at 0x%llx", (unsigned long long)rows[i].offset);
		buf_text(&line, ": ");
		buf_add(&line, rows[i].value);
		if (rows[i].hex.len) {
			buf_text(&line, rows[i].value.len ? "  (hex " : "(hex ");
			buf_add(&line, rows[i].hex);
			buf_text(&line, ")");
		}
		pair_buf(t, i ? "" : name, &line);
	}
}

static void finding(struct text *t, const struct report_finding *f, struct arena *scratch)
{
	const struct report_rule *rule = &t->report->rules[f->rule];
	struct buf line = line_new();

	buf_printf(&line, "[%s] finding %llu, %s: ", level_name(f->level), (unsigned long long)f->id,
		   harm_name(f->harm));
	buf_add(&line, rule->title.len ? rule->title : rule->id);
	buf_text(&t->out.buf, "\n");
	text_ink(t, f->level >= LEVEL_HIGH ? INK_RED : INK_BOLD);
	text_fold_buf(t, &line, 2, 0);
	text_ink(t, INK_PLAIN);
	line = line_new();
	words_span(&line, f->time, f->last);
	if (f->count > 1)
		buf_printf(&line, ", %llu times", (unsigned long long)f->count);
	pair_buf(t, "time", &line);
	pair(t, "host", f->host);
	pair(t, "user", f->user);
	line = line_new();
	buf_printf(&line, "%s ", engine_name(rule->engine));
	buf_add(&line, rule->id);
	buf_text(&line, rule->references.len ? " in " : "");
	buf_add(&line, rule->references);
	pair_buf(t, "rule", &line);
	line = line_new();
	techniques(&line, rule->techniques);
	pair_buf(t, "ATT&CK", &line);
	where(t, f);
	evidence(t, "seen", f->matched, scratch);
	evidence(t, "with", f->detail, scratch);
	out_pass(&t->out);
}

static void findings(struct text *t)
{
	const struct report *r = t->report;
	struct arena scratch = arena_new(SCRATCH);

	if (r->finding_total)
		text_heading(t, "Findings, heaviest first");
	for (size_t i = 0; i < r->finding_count; i++)
		finding(t, &r->findings[i], &scratch);
	arena_free(&scratch);
	if (r->finding_total > r->finding_count) {
		struct buf line = line_new();

		buf_text(&line, "not listed here: ");
		words_count(&line, r->finding_total - r->finding_count, "lighter finding",
			    "lighter findings");
		buf_text(&line, "; --most lists more");
		buf_text(&t->out.buf, "\n");
		text_fold_buf(t, &line, 2, 0);
	}
}

static void fates(struct text *t)
{
	const struct report *r = t->report;

	if (r->fate_count)
		text_heading(t, "What became of the items");
	for (size_t i = 0; i < r->fate_count; i++) {
		const struct report_fate *f = &r->fates[i];
		struct buf line = line_new();

		words_number(&line, f->items);
		buf_printf(&line, " %s", fate_name(f->fate));
		buf_text(&line, f->reason.len ? ": " : "");
		buf_add(&line, f->reason);
		if (f->reason.len && f->example != REPORT_NO_ITEM) {
			buf_text(&line, f->items > 1 ? ", as " : ", ");
			buf_add(&line, r->items[f->example].path);
		}
		text_hang(t, &line);
	}
}

static void rulesets(struct text *t)
{
	const struct report *r = t->report;

	if (r->ruleset_count)
		text_heading(t, "Rules");
	for (size_t i = 0; i < r->ruleset_count; i++) {
		const struct report_ruleset *set = &r->rulesets[i];
		struct buf line = line_new();

		buf_printf(&line, "%s: ", engine_name(set->engine));
		words_number(&line, set->loaded);
		buf_text(&line, " loaded, ");
		words_number(&line, set->refused);
		buf_text(&line, " refused, ");
		words_number(&line, set->not_applicable);
		buf_text(&line, " for other systems; ");
		buf_add(&line, set->name);
		buf_text(&line, set->digest.len ? ", sha-256 " : "");
		buf_hex(&line, set->digest);
		text_hang(t, &line);
	}
	for (size_t i = 0; i < r->refusal_count; i++) {
		const struct report_refusal *refusal = &r->refusals[i];
		struct buf line = line_new();

		buf_text(&line, "refused: ");
		buf_add(&line, refusal->file);
		buf_printf(&line, ":%llu: ", (unsigned long long)refusal->line);
		buf_add(&line, refusal->reason);
		text_hang(t, &line);
		out_pass(&t->out);
	}
}

static void custody(struct text *t)
{
	const struct report *r = t->report;

	if (r->custody_count)
		text_heading(t, "Custody");
	for (size_t i = 0; i < r->custody_count; i++) {
		struct span value = r->custody[i].value;
		struct buf line = line_new();

		buf_add(&line, r->custody[i].name);
		buf_text(&line, ": ");
		buf_add(&line, span_split(&value, '\n'));
		text_hang(t, &line);
		/* A checkpoint has lines, and is checked by them. */
		while (value.len) {
			buf_text(&t->out.buf, "    ");
			text_fold(t, span_split(&value, '\n'), 4, 0);
		}
	}
	buf_text(&t->out.buf, "\n");
	text_fold(t, SPAN("kanshiki verify CASE checks the log and its signature."), 0, 0);
	text_fold(t, SPAN(TECHNIQUE_NOTICE), 0, 0);
}

void text_rest(struct text *t)
{
	coverage(t);
	extents(t);
	findings(t);
	text_machine(t);
	fates(t);
	rulesets(t);
	custody(t);
}
