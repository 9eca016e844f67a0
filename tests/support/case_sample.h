/*
 * case_sample: a made-up examination that tests write into a case, the same
 * every time it is asked for, and the result of a case as text to compare.
 */
#ifndef KANSHIKI_CASE_SAMPLE_H
#define KANSHIKI_CASE_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "case/case.h"
#include "case/query.h"
#include "codec/digest.h"

struct sample {
	uint64_t units;			/* top-level items */
	uint64_t findings;		/* of each item */
	bool backwards;			/* another order of work; the result is the same */
	void (*before_call)(void *context);	/* before each call that writes, or NULL */
	void *context;
};

static const struct case_run sample_run = {
	.argc = 3,
	.argv = (char *const[]){ (char[]){ "kanshiki" }, (char[]){ "assess" }, (char[]){ "/e" } },
	.sandbox = { (const uint8_t *)"seccomp", 7 },
	.limits = { (const uint8_t *)"{\"depth\":16}", 12 },
};

static inline void sample_pause(const struct sample *s)
{
	if (s->before_call)
		s->before_call(s->context);
}

static inline bool sample_findings(struct case_file *c, const struct sample *s, uint64_t unit,
				   uint64_t item, uint64_t seed, struct err *err)
{
	for (uint64_t i = 0; i < s->findings; i++) {
		struct finding f = { .engine = ENGINE_SIGMA, .harm = HARM_OBSTRUCTION,
				     .level = LEVEL_HIGH, .rule = SPAN("0b5bd9d4-rule"),
				     .title = i % 2 ? SPAN("Log cleared") : SPAN("O'Brien|logged on"),
				     .techniques = SPAN("T1070.001"), .references = SPAN("rules/x.yml"),
				     .offset = i * 512, .record_id = seed * 1000 + i,
				     .time = (int64_t)(seed * 7 + i) * TIME_SECOND,
				     .host = SPAN("host-1"),
				     .user = i % 5 ? SPAN("alice") : SPAN("b\0b"),
				     .matched = SPAN("{\"EventID\":\"1102\"}") };

		sample_pause(s);
		if (!case_add_finding(c, unit, item, &f, 1, TIME_NONE, err))
			return false;
	}
	return true;
}

static inline bool sample_item(struct case_file *c, const struct sample *s, uint64_t unit,
			       uint64_t source, uint64_t parent, struct span path, uint64_t content,
			       uint64_t *id, bool *same, struct err *err)
{
	struct case_item item = { .source = source, .parent = parent, .path = path,
				  .size = 100 + content, .modified = TIME_SECOND * 1700000000,
				  .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE,
				  .mode = 0100644 };
	struct case_outcome outcome = { .fate = FATE_EXAMINED, .evidence_class = CLASS_EVENT_LOG,
					.kind = SPAN("evtx"), .size = 100 + content };
	struct case_fact fact = { .evidence_class = CLASS_EVENT_LOG, .channel = SPAN("Security"),
				  .first = 1, .last = TIME_SECOND, .count = content };
	struct case_event event = { .time = 5 * TIME_SECOND, .what = SPAN("logon"),
				    .summary = SPAN("alice logged on"), .event_id = 4624,
				    .record_id = content, .offset = UINT64_MAX };
	uint8_t sha256[SHA256_SIZE];

	sha256_of(span_of(&content, sizeof content), sha256);
	outcome.sha256 = sha256;
	sample_pause(s);
	if (!case_add_item(c, unit, &item, id, err) ||
	    !case_claim_content(c, unit, *id, sha256, 100 + content, &outcome.same_as, err))
		return false;
	*same = outcome.same_as != 0;
	if (*same)
		outcome.fate = FATE_DUPLICATE;
	else if (!sample_findings(c, s, unit, *id, content, err) ||
		 !case_add_event(c, unit, *id, &event, err) ||
		 !case_add_fact(c, unit, *id, &fact, err))
		return false;
	sample_pause(s);
	return case_end_item(c, unit, *id, &outcome, err);
}

/* Every third top-level item is a copy of an earlier one; each has a member or two inside. */
static inline bool sample_unit(struct case_file *c, const struct sample *s, uint64_t source,
			       uint64_t n, struct err *err)
{
	uint64_t content = n % 3 == 2 ? n - 1 : n, unit, top, member;
	char path[64];
	bool done, same;

	snprintf(path, sizeof path, n % 7 ? "/e/file%03u.zip" : "/e/\xff%03u.zip", (unsigned)n);
	sample_pause(s);
	if (!case_unit_begin(c, source, span_text(path), &unit, &done, err))
		return false;
	if (done)
		return true;
	if (!sample_item(c, s, unit, source, 0, span_text(path), content, &top, &same, err))
		return false;
	for (uint64_t i = 0; i < content % 3 && !same; i++) {
		size_t len = strlen(path);
		bool inner;

		snprintf(path + len, sizeof path - len, "!/m%u.evtx", (unsigned)i);
		if (!sample_item(c, s, unit, source, top, span_text(path), 1000 + content % 5 + i,
				 &member, &inner, err))
			return false;
		path[len] = 0;
	}
	sample_pause(s);
	return case_unit_commit(c, unit, err);
}

static inline bool sample_examine(struct case_file *c, const struct sample *s, struct err *err)
{
	uint64_t source;

	sample_pause(s);
	if (!case_add_source(c, SPAN("/e"), SPAN("folder"), &source, err))
		return false;
	for (uint64_t i = 0; i < s->units; i++)
		if (!sample_unit(c, s, source, s->backwards ? s->units - 1 - i : i, err))
			return false;
	return true;
}

/* Items with their fates, findings, events and facts, by content and in order. */
static inline struct buf sample_result(struct case_file *c)
{
	static const char sql[] =
		"SELECT 'item|'||hex(i.path)||'|'||quote(i.path_raw)||'|'||quote(hex(p.path))||'|'||"
		"quote(i.sha256)||'|'||quote(i.size)||'|'||quote(i.fate)||'|'||quote(i.kind)||'|'||"
		"quote(hex(s.path)) FROM item i JOIN unit u ON u.id = i.unit AND u.done "
		"LEFT JOIN item p ON p.id = i.parent LEFT JOIN item s ON s.id = i.same_as "
		"UNION ALL SELECT 'finding|'||hex(path)||'|'||quote(rule)||'|'||quote(title)||'|'||"
		"quote(offset)||'|'||quote(record)||'|'||quote(time)||'|'||quote(user)||'|'||"
		"quote(matched) FROM finding_view "
		"UNION ALL SELECT 'event|'||hex(path)||'|'||quote(time)||'|'||quote(what)||'|'||"
		"quote(record) FROM event JOIN item ON item.id = event.item "
		"UNION ALL SELECT 'fact|'||hex(path)||'|'||quote(channel)||'|'||quote(count) "
		"FROM fact JOIN item ON item.id = fact.item ORDER BY 1";
	struct buf text = buf_new((size_t)256 << 20);
	struct err err = { 0 };
	sqlite3_stmt *statement;
	bool row, ok = query_prepare(case_db(c), sql, &statement, &err);

	while (ok && (ok = query_step(statement, &row, &err)) && row) {
		buf_add(&text, query_span(statement, 0));
		buf_add_u8(&text, '\n');
	}
	sqlite3_finalize(statement);
	if (!ok)
		buf_printf(&text, "failed: %s\n", err.text);
	return text;
}

static inline struct buf sample_result_of(const char *path)
{
	struct err err = { 0 };
	struct case_file *c;
	struct buf text = buf_new(4096);

	if (!case_open(path, &c, &err)) {
		buf_printf(&text, "failed: %s\n", err.text);
		return text;
	}
	text = sample_result(c);
	case_close(c);
	return text;
}

#endif
