#include "case/schema.h"

#include <stdio.h>
#include <string.h>

#include "case/case.h"
#include "case/query.h"

#define TABLE(name, sealed, columns) \
	{ "table", #name, #name, "CREATE TABLE " #name "(id INTEGER PRIMARY KEY, " columns ") STRICT", sealed }
#define INDEX(name, of, columns) \
	{ "index", #name, #of, "CREATE INDEX " #name " ON " #of "(" columns ")", false }
#define PARTIAL_INDEX(name, of, columns, where) \
	{ "index", #name, #of, "CREATE INDEX " #name " ON " #of "(" columns ") WHERE " where, false }
#define VIEW(name, select) { "view", #name, #name, "CREATE VIEW " #name " AS " select, false }

const struct schema_object schema_objects[] = {
	TABLE(meta, true, "name TEXT NOT NULL UNIQUE, value TEXT NOT NULL"),
	TABLE(run, true,
	      "started INTEGER NOT NULL, ended INTEGER, outcome TEXT NOT NULL, reason ANY, "
	      "program TEXT NOT NULL, libraries TEXT NOT NULL, command ANY NOT NULL, "
	      "folder ANY, host ANY, user ANY, uid INTEGER NOT NULL, system ANY, zone ANY, "
	      "utc_offset INTEGER NOT NULL, sandbox ANY, limits ANY"),
	TABLE(source, true, "run INTEGER NOT NULL, path TEXT NOT NULL, path_raw BLOB, kind ANY"),
	TABLE(unit, true,
	      "run INTEGER NOT NULL, source INTEGER NOT NULL, path TEXT NOT NULL, path_raw BLOB, "
	      "done INTEGER NOT NULL"),
	TABLE(item, true,
	      "unit INTEGER NOT NULL, source INTEGER NOT NULL, parent INTEGER, "
	      "path TEXT NOT NULL, path_raw BLOB, class TEXT, kind ANY, size INTEGER, "
	      "sha256 BLOB, modified INTEGER, changed INTEGER, accessed INTEGER, "
	      "created INTEGER, mode INTEGER, fate TEXT, reason ANY, same_as INTEGER"),
	TABLE(rule, true,
	      "engine TEXT NOT NULL, name ANY, title ANY, level TEXT NOT NULL, "
	      "harm TEXT NOT NULL, techniques ANY, reference ANY"),
	TABLE(finding, true,
	      "unit INTEGER NOT NULL, item INTEGER NOT NULL, rule INTEGER NOT NULL, "
	      "offset INTEGER, record INTEGER, time INTEGER, last INTEGER, "
	      "count INTEGER NOT NULL, host ANY, user ANY, matched ANY, detail ANY"),
	TABLE(event, true,
	      "unit INTEGER NOT NULL, item INTEGER NOT NULL, time INTEGER, what ANY, "
	      "summary ANY, harm TEXT NOT NULL, host ANY, user ANY, channel ANY, provider ANY, "
	      "event_id INTEGER, record INTEGER, offset INTEGER, detail ANY"),
	TABLE(fact, true,
	      "unit INTEGER NOT NULL, item INTEGER NOT NULL, class TEXT NOT NULL, channel ANY, "
	      "host ANY, first INTEGER, last INTEGER, count INTEGER NOT NULL, "
	      "lost INTEGER NOT NULL, note ANY, days ANY"),
	TABLE(trace, true,
	      "unit INTEGER NOT NULL, item INTEGER NOT NULL, kind TEXT NOT NULL, what ANY, "
	      "time INTEGER, last INTEGER, source ANY, host ANY, user ANY, program ANY, path ANY, "
	      "name ANY, command ANY, local ANY, peer ANY, protocol ANY, digest ANY, "
	      "technique ANY, bytes_out INTEGER, bytes_in INTEGER, count INTEGER, "
	      "offset INTEGER, of_place INTEGER NOT NULL, summary ANY, detail ANY"),
	TABLE(rule_set, true,
	      "run INTEGER NOT NULL, engine TEXT NOT NULL, path ANY, sha256 BLOB, "
	      "loaded INTEGER NOT NULL, refused INTEGER NOT NULL, "
	      "not_applicable INTEGER NOT NULL"),
	TABLE(problem, true,
	      "run INTEGER NOT NULL, engine TEXT NOT NULL, file ANY, line INTEGER, col INTEGER, "
	      "rule ANY, refused INTEGER NOT NULL, reason ANY"),
	TABLE(answer, true,
	      "harm TEXT NOT NULL, degree ANY, summary ANY, detail ANY, first INTEGER, "
	      "last INTEGER"),
	TABLE(answer_finding, true,
	      "answer INTEGER NOT NULL, finding INTEGER NOT NULL, weight INTEGER NOT NULL, "
	      "reason ANY"),
	TABLE(answer_coverage, true,
	      "answer INTEGER NOT NULL, class TEXT NOT NULL, channel ANY, state ANY, "
	      "items INTEGER NOT NULL, first INTEGER, last INTEGER, note ANY, days ANY"),
	TABLE(program, true,
	      "item INTEGER NOT NULL, machine ANY, path ANY, standing TEXT NOT NULL, source ANY, "
	      "rank INTEGER NOT NULL, reasons ANY"),
	TABLE(start, true,
	      "trace INTEGER NOT NULL, machine ANY, target INTEGER, standing TEXT NOT NULL, "
	      "entry TEXT NOT NULL, rank INTEGER NOT NULL, reasons ANY"),
	TABLE(custody, false, "body TEXT NOT NULL"),
	TABLE(checkpoint, false, "note TEXT NOT NULL, token BLOB"),
	INDEX(item_sha256, item, "sha256"),
	INDEX(item_parent, item, "parent"),
	INDEX(unit_path, unit, "source, path"),
	INDEX(finding_item, finding, "item"),
	INDEX(trace_kind, trace, "kind"),
	PARTIAL_INDEX(trace_program, trace, "item", "kind = 'program'"),
	INDEX(program_item, program, "item"),
	VIEW(finding_view,
	     "SELECT finding.id AS id, rule.engine AS engine, rule.name AS rule, "
	     "rule.title AS title, rule.level AS level, rule.harm AS harm, "
	     "rule.techniques AS techniques, rule.reference AS reference, "
	     "item.id AS item, item.path AS path, item.sha256 AS sha256, item.class AS class, "
	     "finding.offset AS offset, finding.record AS record, finding.time AS time, "
	     "finding.last AS last, finding.count AS count, finding.host AS host, "
	     "finding.user AS user, finding.matched AS matched, finding.detail AS detail "
	     "FROM finding JOIN rule ON rule.id = finding.rule "
	     "JOIN item ON item.id = finding.item"),
};

const size_t schema_count = sizeof schema_objects / sizeof *schema_objects;

bool schema_create(sqlite3 *db, struct err *err)
{
	char pragmas[96];

	for (size_t i = 0; i < schema_count; i++)
		if (!query_exec(db, schema_objects[i].sql, err))
			return false;
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 SCHEMA_APPLICATION_ID, CASE_SCHEMA_VERSION);
	return query_exec(db, pragmas, err);
}

bool schema_check_version(sqlite3 *db, struct err *err)
{
	int64_t application, version;

	if (!query_int(db, "PRAGMA application_id", 0, &application, err) ||
	    !query_int(db, "PRAGMA user_version", 0, &version, err))
		return false;
	if (application != SCHEMA_APPLICATION_ID)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET, "this is no kanshiki case file");
	if (version != CASE_SCHEMA_VERSION)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
			       "made by another version of kanshiki: its schema is version %lld, "
			       "this one reads version %d; show it with that version, or assess the "
			       "evidence again", (long long)version, CASE_SCHEMA_VERSION);
	return true;
}

static bool check_table(sqlite3 *db, const struct schema_object *table, struct err *err)
{
	sqlite3_stmt *row;
	bool there, ok = query_prepare(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND "
					   "name = ?1 AND sql = ?2", &row, err);

	if (!ok)
		return false;
	sqlite3_bind_text(row, 1, table->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, table->sql, -1, SQLITE_STATIC);
	ok = query_step(row, &there, err);
	sqlite3_finalize(row);
	if (ok && !there)
		return err_set(err, ERR_UNSUPPORTED, ERR_NO_OFFSET,
			       "made by another version of kanshiki, or changed: table '%s' is not "
			       "as this version makes it", table->name);
	return ok;
}

bool schema_check_tables(sqlite3 *db, struct err *err)
{
	for (size_t i = 0; i < schema_count; i++)
		if (!strcmp(schema_objects[i].type, "table") &&
		    !check_table(db, &schema_objects[i], err))
			return false;
	return true;
}

static const struct schema_object *object_named(struct span name)
{
	for (size_t i = 0; i < schema_count; i++)
		if (span_eq(span_text(schema_objects[i].name), name))
			return &schema_objects[i];
	return NULL;
}

/* The index that UNIQUE on meta.name makes has no SQL and a name of SQLite's. */
static bool is_automatic(struct span type, struct span name, struct span sql)
{
	return span_eq(type, SPAN("index")) && span_eq(name, SPAN("sqlite_autoindex_meta_1")) &&
	       sql.len == 0;
}

static bool check_row(sqlite3_stmt *statement, size_t *seen, struct err *err)
{
	struct span type = query_span(statement, 0), name = query_span(statement, 1);
	struct span table = query_span(statement, 2), sql = query_span(statement, 3);
	const struct schema_object *object = object_named(name);

	if (is_automatic(type, name, sql))
		return true;
	if (!object || !span_eq(type, span_text(object->type)) ||
	    !span_eq(table, span_text(object->table)) || !span_eq(sql, span_text(object->sql)))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the schema was changed: '%.*s'",
			       SPAN_ARG(span_sub(name, 0, 60)));
	++*seen;
	return true;
}

bool schema_check_exact(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *statement;
	size_t seen = 0;
	bool row, ok = query_prepare(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema",
				     &statement, err);

	while (ok && (ok = query_step(statement, &row, err)) && row)
		ok = check_row(statement, &seen, err);
	sqlite3_finalize(statement);
	if (ok && seen != schema_count)
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET,
			       "the schema was changed: %zu of %zu objects are there", seen,
			       schema_count);
	return ok;
}
