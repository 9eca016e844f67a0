/* Cases for tests of what reads them: items with content and traces, and questions to the result. */
#ifndef KANSHIKI_ASSESS_BUILD_SUPPORT_H
#define KANSHIKI_ASSESS_BUILD_SUPPORT_H

#include "case/case.h"
#include "case/query.h"
#include "codec/digest.h"
#include "test.h"

#include <stdio.h>

struct building {
	struct case_file *file;
	uint64_t source, unit, item;
	timestamp modified, changed;	/* of the items to come, or 0: not known */
};

static inline struct building new_case(const char *name)
{
	char *argv[] = { (char[]){ "test" } };
	const struct case_run run = { .argc = 1, .argv = argv };
	struct building b = { 0 };
	struct err err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/%s.case", scratch_dir(), name);
	if (!case_create(path, &run, &b.file, &err) ||
	    !case_add_source(b.file, SPAN("/mnt/disk"), SPAN("folder"), &b.source, &err))
		fail_msg("%s", err.text);
	return b;
}

/* An item, still open, whose content is its path. */
static inline void open_item(struct building *b, const char *path, uint32_t mode)
{
	struct case_item item = { .source = b->source, .path = span_text(path), .size = 1, .mode = mode,
				  .modified = b->modified ? b->modified : TIME_NONE,
				  .changed = b->changed ? b->changed : TIME_NONE, .accessed = TIME_NONE,
				  .created = TIME_NONE };
	struct err err = { 0 };
	bool done;

	if (!case_unit_begin(b->file, b->source, item.path, &b->unit, &done, &err) ||
	    !case_add_item(b->file, b->unit, &item, &b->item, &err))
		fail_msg("%s", err.text);
}

static inline void close_item(struct building *b, const char *content, enum evidence_class class)
{
	struct case_outcome outcome = { .fate = FATE_EXAMINED, .evidence_class = class,
					.kind = SPAN("elf"), .size = 1 };
	uint8_t digest[SHA256_SIZE];
	struct err err = { 0 };

	sha256_of(span_text(content), digest);
	outcome.sha256 = digest;
	if (!case_end_item(b->file, b->unit, b->item, &outcome, &err) ||
	    !case_unit_commit(b->file, b->unit, &err))
		fail_msg("%s", err.text);
}

static inline void add_trace(struct building *b, struct trace t)
{
	struct err err = { 0 };

	if (!case_add_trace(b->file, b->unit, b->item, &t, &err))
		fail_msg("%s", err.text);
}

static inline void add_program(struct building *b, const char *path, const char *md5)
{
	struct trace t = trace_new(TRACE_PROGRAM, "elf");

	open_item(b, path, 0100755);
	t.digest = span_text(md5);
	add_trace(b, t);
	close_item(b, path, CLASS_EXECUTABLE);
}

/* First column of the first row, as text. */
static inline const char *ask(struct building *b, const char *sql)
{
	static char text[512];
	sqlite3_stmt *q;

	assert_int_equal(sqlite3_prepare_v2(case_db(b->file), sql, -1, &q, NULL), SQLITE_OK);
	text[0] = 0;
	if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0))
		snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return text;
}

#endif
