#include "case/contents.h"

#include <stdio.h>

#include "case/query.h"
#include "case/schema.h"
#include "codec/json_write.h"

#define LINE_MAX_BYTES ((size_t)256 << 20)
#define FLUSH_AT ((size_t)64 << 10)

static void quote_text(struct buf *to, struct span text)
{
	bool is_plain = span_find_byte(text, 0, '\'') == SIZE_MAX;
	uint8_t *room = is_plain ? buf_reserve(to, text.len + 2) : NULL;

	if (room) {
		room[0] = room[text.len + 1] = '\'';
		memcpy(room + 1, text.at, text.len);
		to->len += text.len + 2;
	}
	if (is_plain)
		return;
	buf_add_u8(to, '\'');
	while (text.len) {
		size_t at = span_find_byte(text, 0, '\'');

		buf_add(to, span_sub(text, 0, at));
		if (at == SIZE_MAX)
			break;
		buf_text(to, "''");
		text = span_from(text, at + 1);
	}
	buf_add_u8(to, '\'');
}

static void quote_blob(struct buf *to, struct span bytes)
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t *room = buf_reserve(to, 2 * bytes.len + 3);

	if (!room)
		return;
	*room++ = 'X';
	*room++ = '\'';
	for (size_t i = 0; i < bytes.len; i++) {
		*room++ = (uint8_t)digits[bytes.at[i] >> 4];
		*room++ = (uint8_t)digits[bytes.at[i] & 15];
	}
	*room = '\'';
	to->len += 2 * bytes.len + 3;
}

static void quote_int(struct buf *to, int64_t n)
{
	if (n < 0)
		buf_add_u8(to, '-');
	buf_decimal(to, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void contents_quote(struct buf *to, sqlite3_stmt *statement, int column)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		quote_int(to, sqlite3_column_int64(statement, column));
		break;
	case SQLITE_TEXT:
		quote_text(to, query_span(statement, column));
		break;
	case SQLITE_BLOB:
		quote_blob(to, query_span(statement, column));
		break;
	case SQLITE_NULL:
		buf_add(to, SPAN("NULL"));
		break;
	default:
		/* No table has one; whoever put it there shall be noticed. */
		buf_printf(to, "real %a", sqlite3_column_double(statement, column));
	}
}

static void add_line(struct buf *to, sqlite3_stmt *statement)
{
	int columns = sqlite3_column_count(statement);

	for (int i = 0; i < columns; i++) {
		if (i)
			buf_add_u8(to, '|');
		contents_quote(to, statement, i);
	}
	buf_add_u8(to, '\n');
}

static bool digest_rows(sqlite3_stmt *statement, struct digest *d, struct contents *out,
			struct err *err)
{
	struct buf lines = buf_new(LINE_MAX_BYTES);
	bool row, ok;

	while ((ok = query_step(statement, &row, err)) && row) {
		add_line(&lines, statement);
		out->rows++;
		if (lines.overflow) {
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a row is too long");
			break;
		}
		if (lines.len >= FLUSH_AT) {
			digest_add(d, buf_span(&lines));
			buf_clear(&lines);
		}
	}
	digest_add(d, buf_span(&lines));
	buf_free(&lines);
	return ok;
}

bool contents_of(sqlite3 *db, const char *sql, struct contents *out, struct err *err)
{
	struct digest *d = digest_new(DIGEST_SHA256);
	sqlite3_stmt *statement = NULL;
	bool ok;

	*out = (struct contents){ 0 };
	ok = (d || err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory")) &&
	     query_prepare(db, sql, &statement, err) && digest_rows(statement, d, out, err);
	if (ok)
		digest_done(d, out->sha256);
	sqlite3_finalize(statement);
	digest_free(d);
	return ok;
}

bool contents_of_schema(sqlite3 *db, struct contents *out, struct err *err)
{
	return contents_of(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema "
			       "ORDER BY type, name", out, err);
}

bool contents_of_table(sqlite3 *db, const char *table, struct contents *out, struct err *err)
{
	char sql[96];

	snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", table);
	return contents_of(db, sql, out, err);
}

static void add_fact(struct json_write *w, const char *name, const struct contents *contents)
{
	json_key(w, name);
	json_object(w);
	json_key(w, "rows");
	json_u64(w, contents->rows);
	json_key(w, "sha256");
	json_hex(w, span_of(contents->sha256, SHA256_SIZE));
	json_object_end(w);
}

bool contents_facts(sqlite3 *db, const struct contents *known, struct buf *to, struct err *err)
{
	struct json_write w = json_write_to(to);
	struct contents contents;

	if (!contents_of_schema(db, &contents, err))
		return false;
	json_object(&w);
	add_fact(&w, "schema", &contents);
	json_key(&w, "tables");
	json_object(&w);
	for (size_t i = 0; i < schema_count; i++) {
		if (!schema_objects[i].sealed)
			continue;
		if (known && known[i].rows != CONTENTS_UNKNOWN)
			contents = known[i];
		else if (!contents_of_table(db, schema_objects[i].name, &contents, err))
			return false;
		add_fact(&w, schema_objects[i].name, &contents);
	}
	json_object_end(&w);
	json_object_end(&w);
	return true;
}
