#include "case/verify_steps.h"

#include <sodium.h>
#include <stdio.h>

#include "case/contents.h"
#include "case/query.h"
#include "case/schema.h"

/* The last entry must be "sealed" and the one before it "contents": what its facts are. */
static bool last_contents(struct verify *v, struct case_file *c, struct buf *facts)
{
	struct err err = { 0 };
	sqlite3_stmt *s;
	bool row, ok = query_prepare(case_db(c),
				     "SELECT json_extract(c.body, '$.facts') FROM custody c JOIN custody s "
				     "ON s.id = c.id + 1 AND s.id = (SELECT max(id) FROM custody) "
				     "WHERE json_extract(c.body, '$.kind') = 'contents' "
				     "AND json_extract(s.body, '$.kind') = 'sealed'", &s, &err) &&
		       query_step(s, &row, &err);

	if (ok && row)
		buf_add(facts, query_span(s, 0));
	sqlite3_finalize(s);
	if (ok && facts->len == 0)
		err_set(&err, ERR_CORRUPT, ERR_NO_OFFSET, "the custody log does not end in a seal");
	return facts->len || verify_failed(v, "contents", &err);
}

/* What the facts say of one table; false where they say nothing. */
static bool stated(struct case_file *c, struct span facts, const char *at, struct contents *out)
{
	char sql[200];
	struct err err = { 0 };
	struct span hex;
	sqlite3_stmt *s;
	bool row, ok;

	snprintf(sql, sizeof sql, "SELECT json_extract(?1, '$.%s.rows'), json_extract(?1, '$.%s.sha256')",
		 at, at);
	ok = query_prepare(case_db(c), sql, &s, &err) &&
	     sqlite3_bind_text64(s, 1, (const char *)facts.at, facts.len, SQLITE_STATIC,
				 SQLITE_UTF8) == SQLITE_OK &&
	     query_step(s, &row, &err) && row && sqlite3_column_type(s, 0) == SQLITE_INTEGER;
	if (ok) {
		out->rows = query_u64(s, 0, 0);
		hex = query_span(s, 1);
		ok = hex.len == 2 * SHA256_SIZE &&
		     sodium_hex2bin(out->sha256, SHA256_SIZE, (const char *)hex.at, hex.len, NULL, NULL,
				    NULL) == 0;
	}
	sqlite3_finalize(s);
	return ok;
}

static void compare(struct verify *v, const char *name, bool known, const struct contents *expected,
		    const struct contents *found)
{
	char what[64];

	snprintf(what, sizeof what, "table %s", name);
	if (!known)
		verify_say(v, VERIFY_BROKEN, what, "the seal says nothing of this table");
	else if (expected->rows != found->rows)
		verify_say(v, VERIFY_BROKEN, what, "%llu rows were sealed, %llu are there",
			   (unsigned long long)expected->rows, (unsigned long long)found->rows);
	else if (memcmp(expected->sha256, found->sha256, SHA256_SIZE) != 0)
		verify_say(v, VERIFY_BROKEN, what, "a row was changed since the seal");
	else
		verify_say(v, VERIFY_HOLDS, what, "%llu rows are as sealed",
			   (unsigned long long)found->rows);
}

static void check_table(struct verify *v, struct case_file *c, struct span facts, const char *name)
{
	struct contents expected = { 0 }, found;
	struct err err = { 0 };
	char at[64];

	snprintf(at, sizeof at, "tables.%s", name);
	if (contents_of_table(case_db(c), name, &found, &err))
		compare(v, name, stated(c, facts, at, &expected), &expected, &found);
	else
		verify_failed(v, name, &err);
}

void verify_tables(struct verify *v, struct case_file *c)
{
	struct buf facts = buf_new(CASE_TEXT_MAX);
	struct contents expected = { 0 }, found;
	struct err err = { 0 };

	if (last_contents(v, c, &facts)) {
		if (!contents_of_schema(case_db(c), &found, &err))
			verify_failed(v, "schema", &err);
		else if (!stated(c, buf_span(&facts), "schema", &expected) ||
			 memcmp(expected.sha256, found.sha256, SHA256_SIZE) != 0)
			verify_say(v, VERIFY_BROKEN, "schema", "it is not the one that was sealed");
		for (size_t i = 0; i < schema_count; i++)
			if (schema_objects[i].sealed)
				check_table(v, c, buf_span(&facts), schema_objects[i].name);
	}
	buf_free(&facts);
}
