/* run_support: for tests: a folder of evidence, a run over it, and the case it makes. */
#ifndef KANSHIKI_ASSESS_RUN_SUPPORT_H
#define KANSHIKI_ASSESS_RUN_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "assess/coordinator.h"
#include "case/case.h"
#include "case/query.h"
#include "test.h"

/* A fresh folder for evidence of one test, and the case that its run makes. */
struct run {
	char folder[300], path[300];
	struct case_file *file;
	struct coordinator_totals totals;
};

/* A command in that folder. */
static inline void shell(const char *folder, const char *command)
{
	char line[8192];

	assert_true(snprintf(line, sizeof line, "cd '%s' && ( %s )", folder, command) <
		    (int)sizeof line);
	assert_int_equal(system(line), 0);
}

static inline void set_up(struct run *r, const char *name)
{
	*r = (struct run){ 0 };
	snprintf(r->folder, sizeof r->folder, "%s/%s", scratch_dir(), name);
	snprintf(r->path, sizeof r->path, "%s/%s.case", scratch_dir(), name);
	assert_int_equal(mkdir(r->folder, 0755), 0);
}

static inline void put(const struct run *r, const char *name, struct span bytes)
{
	char path[600];
	FILE *out;

	snprintf(path, sizeof path, "%s/%s", r->folder, name);
	out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes.at, 1, bytes.len, out), bytes.len);
	fclose(out);
}

static inline void run_with(struct run *r, struct coordinator_options options)
{
	const char *sources[] = { r->folder };
	char *argv[] = { "test", NULL };
	struct case_run how = { .argc = 1, .argv = argv };
	struct coordinator *c;
	struct err err = { 0 };

	options.sources = sources;
	options.source_count = 1;
	if (!options.limits.item_seconds)
		options.limits = examine_limits_default();
	c = coordinator_new(&options, &err);
	if (!c)
		fail_msg("%s", err.text);
	if (!case_create(r->path, &how, &r->file, &err) ||
	    !coordinator_run(c, r->file, &r->totals, &err) ||
	    !case_end(r->file, "completed", SPAN(""), &err))
		fail_msg("%s", err.text);
	coordinator_free(c);
}

static inline void tear_down(struct run *r)
{
	case_close(r->file);
}

static inline int64_t number(const struct run *r, const char *sql)
{
	struct err err = { 0 };
	int64_t n;

	if (!query_int(case_db(r->file), sql, -1, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

/* "fate|class|kind|reason" of the item whose path ends so. */
static inline void assert_item(const struct run *r, const char *path, const char *expected)
{
	static const char sql[] = "SELECT fate||'|'||class||'|'||coalesce(kind,'')||'|'||"
				  "coalesce(reason,'') FROM item WHERE substr(path, -length(?1)) = ?1";
	sqlite3_stmt *s;
	struct err err = { 0 };
	bool row;

	assert_true(query_prepare(case_db(r->file), sql, &s, &err));
	sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
	assert_true(query_step(s, &row, &err));
	if (!row)
		fail_msg("no item %s", path);
	assert_string_equal((const char *)sqlite3_column_text(s, 0), expected);
	sqlite3_finalize(s);
}

#endif
