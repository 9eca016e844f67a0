#include "codec/sqlite_read.h"

#include <sqlite3.h>

#define HEADER_SIZE 100
#define WAL_HEADER 32
#define FRAME_HEADER 24
#define WAL_MAGIC UINT32_C(0x377f0682)
#define MAX_STEPS UINT64_C(200000000)	/* of the virtual machine: some ten seconds */
#define STEPS_BETWEEN 10000
#define MAX_VALUE (16 << 20)	/* the largest headers of RPM's packages have some */
#define MAX_HEAP (256 << 20)

struct checksum {
	uint32_t a, b;
	bool is_big;
};

static void sum(struct checksum *s, struct span bytes)
{
	for (size_t i = 0; i + 8 <= bytes.len; i += 8) {
		const uint8_t *p = bytes.at + i;

		s->a += (s->is_big ? load_u32be(p) : load_u32le(p)) + s->b;
		s->b += (s->is_big ? load_u32be(p + 4) : load_u32le(p + 4)) + s->a;
	}
}

struct wal {
	struct span bytes;
	uint32_t page_size, salt[2];
	struct checksum sum;
};

static bool wal_open(struct span bytes, uint32_t page_size, struct wal *out)
{
	struct cursor c = cursor_of(bytes);
	uint32_t magic = cursor_u32be(&c);

	cursor_skip(&c, 4);
	*out = (struct wal){ .bytes = bytes, .page_size = cursor_u32be(&c), .sum = { .is_big = magic & 1 } };
	cursor_skip(&c, 4);
	out->salt[0] = cursor_u32be(&c);
	out->salt[1] = cursor_u32be(&c);
	sum(&out->sum, span_sub(bytes, 0, 24));
	return (magic & ~1u) == WAL_MAGIC && out->page_size == page_size &&
	       cursor_u32be(&c) == out->sum.a && cursor_u32be(&c) == out->sum.b && !c.short_read;
}

struct frame {
	uint32_t page, commit_size;
	struct span bytes;
};

/* The next frame whose salts and running checksum are right. */
static bool wal_frame(struct wal *w, size_t *at, struct frame *out)
{
	struct span head = span_sub(w->bytes, *at, FRAME_HEADER);
	struct cursor c = cursor_of(head);

	out->page = cursor_u32be(&c);
	out->commit_size = cursor_u32be(&c);
	out->bytes = span_sub(w->bytes, *at + FRAME_HEADER, w->page_size);
	if (out->bytes.len < w->page_size || !out->page || cursor_u32be(&c) != w->salt[0] ||
	    cursor_u32be(&c) != w->salt[1])
		return false;
	sum(&w->sum, span_sub(head, 0, 8));
	sum(&w->sum, out->bytes);
	if (cursor_u32be(&c) != w->sum.a || cursor_u32be(&c) != w->sum.b)
		return false;
	*at += FRAME_HEADER + w->page_size;
	return true;
}

/* Where the last commit ends, how many pages the database has then, and how many frames lead to it. */
static size_t last_commit(struct wal w, size_t *pages, size_t *frames)
{
	size_t at = WAL_HEADER, end = WAL_HEADER, count = 0;
	struct frame f;

	*pages = *frames = 0;
	while (wal_frame(&w, &at, &f)) {
		count++;
		if (!f.commit_size)
			continue;
		end = at;
		*pages = f.commit_size;
		*frames = count;
	}
	return end;
}

static bool apply_wal(struct sqlite_read *r, struct span *file, struct span wal_bytes, uint32_t page_size,
		      struct arena *arena, struct err *err)
{
	struct wal w;
	struct frame f;
	size_t pages, end, at = WAL_HEADER, len = file->len;
	uint8_t *copy;

	if (!wal_open(wal_bytes, page_size, &w)) {
		pages = 0;
		end = 0;
	} else {
		end = last_commit(w, &pages, &r->frames);
		r->frames_left = (wal_bytes.len - end) / (FRAME_HEADER + page_size);
	}
	if (pages && pages <= wal_bytes.len / page_size + file->len / page_size)
		len = pages * page_size;
	copy = arena_alloc(arena, len > file->len ? len : file->len);
	if (!copy)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no memory for a copy of %zu bytes", len);
	memcpy(copy, file->at, file->len);
	while (at < end && wal_frame(&w, &at, &f))
		if ((uint64_t)f.page * page_size <= len)
			memcpy(copy + (size_t)(f.page - 1) * page_size, f.bytes.at, page_size);
	copy[18] = copy[19] = 1;	/* no longer one with a WAL */
	*file = span_of(copy, len);
	return true;
}

static int count_steps(void *context)
{
	struct sqlite_read *r = context;

	if (r->steps < STEPS_BETWEEN) {
		r->is_over = true;
		return 1;
	}
	r->steps -= STEPS_BETWEEN;
	return 0;
}

static void bound(struct sqlite_read *r)
{
	sqlite3_hard_heap_limit64(MAX_HEAP);
	sqlite3_limit(r->db, SQLITE_LIMIT_LENGTH, MAX_VALUE);
	sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(r->db, SQLITE_LIMIT_EXPR_DEPTH, 50);
	sqlite3_limit(r->db, SQLITE_LIMIT_VDBE_OP, 50000);
	sqlite3_limit(r->db, SQLITE_LIMIT_TRIGGER_DEPTH, 1);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_exec(r->db, "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	sqlite3_progress_handler(r->db, STEPS_BETWEEN, count_steps, r);
}

bool sqlite_read_open(struct span file, struct span wal, struct arena *arena, struct sqlite_read *out,
		      struct err *err)
{
	uint32_t page_size;
	bool has_wal;

	*out = (struct sqlite_read){ .steps = MAX_STEPS };
	if (!span_starts(file, SPAN("SQLite format 3\0")) || file.len < HEADER_SIZE)
		return err_set(err, ERR_UNSUPPORTED, 0, "no SQLite database");
	page_size = load_u16be(file.at + 16) == 1 ? 65536 : load_u16be(file.at + 16);
	if (page_size < 512 || page_size & (page_size - 1))
		return err_set(err, ERR_CORRUPT, 16, "page size %u", page_size);
	has_wal = file.at[18] == 2 || file.at[19] == 2 || wal.len;
	if (has_wal && !apply_wal(out, &file, wal, page_size, arena, err))
		return false;
	if (sqlite3_open_v2(":memory:", &out->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		sqlite_read_close(out);
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "SQLite has no memory");
	}
	bound(out);
	/* Read-only: the library does not write to these bytes, nor free them. */
	if (sqlite3_deserialize(out->db, "main", (unsigned char *)(uintptr_t)file.at, (sqlite3_int64)file.len,
				(sqlite3_int64)file.len, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
		sqlite_read_close(out);
		return err_set(err, ERR_CORRUPT, 0, "SQLite refuses the database");
	}
	return true;
}

void sqlite_read_close(struct sqlite_read *r)
{
	sqlite3_close(r->db);
	r->db = NULL;
}

static bool set_true(void *context, const struct sqlite_row *row)
{
	*(bool *)context = true;
	return false;
}

bool sqlite_read_has(struct sqlite_read *r, const char *table)
{
	struct err ignored;
	char sql[200];
	bool has = false;

	sqlite3_snprintf(sizeof sql, sql, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = %Q", table);
	return sqlite_read_query(r, sql, set_true, &has, &ignored) && has;
}

bool sqlite_read_query(struct sqlite_read *r, const char *sql,
		       bool (*each)(void *context, const struct sqlite_row *row), void *context,
		       struct err *err)
{
	struct sqlite_row row = { 0 };
	int code = sqlite3_prepare_v2(r->db, sql, -1, &row.at, NULL);

	if (code != SQLITE_OK)
		return err_set(err, code == SQLITE_ERROR ? ERR_UNSUPPORTED : ERR_CORRUPT, ERR_NO_OFFSET, "%s",
			       sqlite3_errmsg(r->db));
	while ((code = sqlite3_step(row.at)) == SQLITE_ROW)
		if (!each(context, &row)) {
			code = SQLITE_DONE;
			break;
		}
	if (code != SQLITE_DONE)
		err_set(err, r->is_over ? ERR_LIMIT : ERR_CORRUPT, ERR_NO_OFFSET, "%s",
			r->is_over ? "query takes too long" : sqlite3_errmsg(r->db));
	sqlite3_finalize(row.at);
	return code == SQLITE_DONE;
}

struct span sqlite_row_text(const struct sqlite_row *row, int column)
{
	const void *at = sqlite3_column_blob(row->at, column);
	int len = sqlite3_column_bytes(row->at, column);

	return at && len > 0 ? span_of(at, (size_t)len) : (struct span){ 0 };
}

int64_t sqlite_row_number(const struct sqlite_row *row, int column)
{
	return sqlite3_column_int64(row->at, column);
}

bool sqlite_row_is_null(const struct sqlite_row *row, int column)
{
	return sqlite3_column_type(row->at, column) == SQLITE_NULL;
}
