/* Opening, resuming and closing of case.h. */
#include "case/recorder.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/map.h"
#include "case/schema.h"
#include "codec/json_write.h"
#include "os/machine.h"
#include "os/private_file.h"

#define RULE_MEMORY ((size_t)256 << 20)

/*
 * One writer: in exclusive mode SQLite takes the file lock with the first
 * access and keeps it. Durable at each commit, also against loss of power.
 */
static const char writer_pragmas[] =
	"PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	"PRAGMA temp_store = FILE; PRAGMA cache_size = -96000; PRAGMA mmap_size = 0;"
	"PRAGMA wal_autocheckpoint = " RECORDER_CHECKPOINT "; PRAGMA cell_size_check = ON";

static const char reader_pragmas[] =
	"PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
	"PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -96000";

static const char *const updates[UPDATE_COUNT] = {
	[UPDATE_CLAIM] = "UPDATE item SET sha256 = ?1, size = ?2, same_as = ?3 "
			 "WHERE id = ?4 AND unit = ?5 AND fate IS NULL",
	[UPDATE_END_ITEM] = "UPDATE item SET class = ?1, kind = ?2, size = coalesce(?3, size), "
			    "sha256 = coalesce(?4, sha256), fate = ?5, reason = ?6, same_as = ?7 "
			    "WHERE id = ?8 AND unit = ?9 AND fate IS NULL",
	[UPDATE_SHORTEN] = "UPDATE item SET fate = 'partly', reason = ?1 WHERE id = ?2 AND fate = 'examined'",
	[UPDATE_UNIT_DONE] = "UPDATE unit SET done = 1 WHERE id = ?1",
	[UPDATE_RUN_END] = "UPDATE run SET ended = ?1, outcome = ?2, reason = ?3 WHERE id = ?4",
	[UPDATE_TOKEN] = "UPDATE checkpoint SET token = ?1 WHERE id = ?2",
	[FIND_UNIT] = "SELECT id, done FROM unit WHERE source = ?1 AND path = ?2 AND path_raw IS ?3",
	[FIND_CONTENT] = "SELECT id FROM item WHERE sha256 = ?1 AND same_as IS NULL AND id <> ?2",
};

static bool prepare_insert(struct case_file *c, size_t table, struct err *err)
{
	const char *name = schema_objects[table].name;
	sqlite3_stmt *all;
	char sql[256];
	int columns, at;

	snprintf(sql, sizeof sql, "SELECT * FROM %s", name);
	if (!query_prepare(c->db, sql, &all, err))
		return false;
	columns = sqlite3_column_count(all);
	sqlite3_finalize(all);
	at = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(?", name);
	for (int i = 1; i < columns; i++)
		at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
	snprintf(sql + at, sizeof sql - (size_t)at, ")");
	return query_prepare(c->db, sql, &c->inserts[table], err);
}

static bool prepare_all(struct case_file *c, struct err *err)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (!prepare_insert(c, i, err))
			return false;
	for (size_t i = 0; i < UPDATE_COUNT; i++)
		if (!query_prepare(c->db, updates[i], &c->updates[i], err))
			return false;
	return true;
}

static bool find_next_ids(struct case_file *c, struct err *err)
{
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		char sql[96];
		int64_t last;

		snprintf(sql, sizeof sql, "SELECT max(id) FROM %s", schema_objects[i].name);
		/* The custody log is a sequence from 0, all else is numbered from 1. */
		if (!query_int(c->db, sql, i == TABLE_CUSTODY ? -1 : 0, &last, err))
			return false;
		c->next[i] = (uint64_t)last + 1;
	}
	return true;
}

static struct case_file *new_case(const char *path)
{
	struct case_file *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->arena = arena_new(RULE_MEMORY);
	c->rules = ARENA_NEW(&c->arena, struct map);
	c->rule_key = buf_new(CASE_TEXT_MAX);
	c->path = strdup(path);
	if (!c->rules || !c->path) {
		case_close(c);
		return NULL;
	}
	*c->rules = map_new(&c->arena);
	return c;
}

/*
 * What is sorted and joined grows with the case: beyond the cache it goes into files beside the
 * case, which have no name and are gone with the process, and never to the disk that is examined
 * live because /var/tmp lies there.
 */
static void spill_beside(struct case_file *c)
{
	const char *slash = strrchr(c->path, '/');
	int len = slash ? (int)(slash - c->path) : 0;
	char *sql = slash ? sqlite3_mprintf("PRAGMA temp_store_directory = '%.*q'", len ? len : 1, c->path)
			  : sqlite3_mprintf("PRAGMA temp_store_directory = '.'");

	/* Where it may not write, SQLite looks for another place itself. */
	if (sql)
		sqlite3_exec(c->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
}

static bool open_database(const char *path, int flags, struct case_file **out, struct err *err)
{
	struct case_file *c = new_case(path);
	int on;

	if (!c)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	/* Counting its memory would cost a lock for each piece; refused, harmlessly, once SQLite is in use. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* A case belongs to one thread. */
	if (sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot open '%s': %s", path,
			c->db ? sqlite3_errmsg(c->db) : "out of memory");
		case_close(c);
		return false;
	}
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, &on);
	sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, 64 << 20);
	if (flags & SQLITE_OPEN_READWRITE)
		spill_beside(c);
	*out = c;
	return true;
}

static void add_command(struct buf *to, const struct case_run *run)
{
	struct json_write w = json_write_to(to);

	json_array(&w);
	for (int i = 0; i < run->argc; i++)
		json_text(&w, run->argv[i]);
	json_array_end(&w);
}

static struct span libraries_of(const struct case_run *run, struct buf *room)
{
	struct json_write w = json_write_to(room);

	if (run->libraries.len)
		return run->libraries;
	json_object(&w);
	json_key(&w, "SQLite");
	json_text(&w, sqlite3_libversion());
	json_key(&w, "OpenSSL");
	json_text(&w, OpenSSL_version(OPENSSL_VERSION_STRING));
	json_key(&w, "libsodium");
	json_text(&w, sodium_version_string());
	json_object_end(&w);
	return buf_span(room);
}

static bool add_run(struct case_file *c, const struct case_run *run, struct err *err)
{
	struct machine here = machine_here();
	struct buf command = buf_new(CASE_TEXT_MAX), libraries = buf_new(CASE_TEXT_MAX);
	struct row row = row_begin(c, TABLE_RUN);
	bool ok;

	add_command(&command, run);
	c->run = c->next[TABLE_RUN];
	row_time(&row, timestamp_now());
	row_time(&row, TIME_NONE);
	row_word(&row, "running");
	row_text(&row, span_of(NULL, 0));
	row_word(&row, KANSHIKI_VERSION);
	row_text(&row, libraries_of(run, &libraries));
	row_text(&row, buf_span(&command));
	row_text(&row, span_text(here.folder));
	row_text(&row, span_text(here.host));
	row_text(&row, span_text(here.user));
	row_int(&row, (int64_t)here.uid);
	row_text(&row, span_text(here.system));
	row_text(&row, span_text(here.zone));
	row_int(&row, here.utc_offset);
	row_text(&row, run->sandbox);
	row_text(&row, run->limits);
	ok = row_end(&row, err);
	buf_free(&command);
	buf_free(&libraries);
	return ok;
}

static bool add_meta(struct case_file *c, const char *name, struct span value, struct err *err)
{
	struct row row = row_begin(c, TABLE_META);

	row_word(&row, name);
	row_text(&row, value);
	return row_end(&row, err);
}

static bool add_identity(struct case_file *c, struct err *err)
{
	uint8_t random[16];
	struct buf text = buf_new(256);
	bool ok;

	randombytes_buf(random, sizeof random);
	buf_hex(&text, span_of(random, sizeof random));
	ok = add_meta(c, "case", buf_span(&text), err);
	buf_clear(&text);
	timestamp_format(&text, timestamp_now(), 9);
	ok = ok && add_meta(c, "created", buf_span(&text), err) &&
	     add_meta(c, "created_by", SPAN("kanshiki " KANSHIKI_VERSION), err);
	buf_free(&text);
	return ok;
}

/* What a run says of itself in the custody log: the row of table run, shortly. */
static bool add_started(struct case_file *c, const struct case_run *run, const char *kind,
			uint64_t redone, struct err *err)
{
	struct machine here = machine_here();
	struct buf facts = buf_new(CASE_TEXT_MAX);
	struct json_write w = json_write_to(&facts);
	bool ok;

	json_object(&w);
	json_key(&w, "program");
	json_text(&w, "kanshiki " KANSHIKI_VERSION);
	json_key(&w, "host");
	json_text(&w, here.host);
	json_key(&w, "user");
	json_text(&w, here.user);
	json_key(&w, "sandbox");
	json_span(&w, run->sandbox);
	if (!strcmp(kind, "resumed")) {
		json_key(&w, "units_to_redo");
		json_u64(&w, redone);
	}
	json_object_end(&w);
	ok = custody_add(c, kind, buf_span(&facts), err);
	buf_free(&facts);
	return ok;
}

/* A batch that opening begins: schema, identity, run, custody; durable before it returns. */
static bool begin_batch(struct case_file *c, struct err *err)
{
	c->run = UINT64_MAX;		/* a writer; add_run gives the number */
	return recorder_begin(c, err);
}

static bool start_new(struct case_file *c, const struct case_run *run, struct err *err)
{
	return query_exec(c->db, writer_pragmas, err) && begin_batch(c, err) &&
	       schema_create(c->db, err) && prepare_all(c, err) && find_next_ids(c, err) &&
	       add_run(c, run, err) && add_identity(c, err) &&
	       add_started(c, run, "started", 0, err) && recorder_commit(c, err);
}

bool case_create(const char *path, const struct case_run *run, struct case_file **out,
		 struct err *err)
{
	struct case_file *c = NULL;

	*out = NULL;
	if (sodium_init() < 0)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no random numbers");
	if (!private_file_create(path, err))
		return false;
	if (!open_database(path, SQLITE_OPEN_READWRITE, &c, err) || !start_new(c, run, err)) {
		case_close(c);
		private_file_remove(path);
		return err_prefix(err, "case '%s'", path);
	}
	*out = c;
	return true;
}

static bool is_empty(struct case_file *c, bool *empty, struct err *err)
{
	int64_t objects;

	if (!query_int(c->db, "SELECT count(*) FROM sqlite_schema", 0, &objects, err))
		return false;
	*empty = objects == 0;
	return true;
}

static bool start_again(struct case_file *c, const struct case_run *run, struct err *err)
{
	uint64_t redone;

	return schema_check_version(c->db, err) && schema_check_exact(c->db, err) &&
	       query_exec(c->db, writer_pragmas, err) && begin_batch(c, err) &&
	       prepare_all(c, err) && resume_remove_unfinished(c, &redone, err) &&
	       find_next_ids(c, err) && rules_load(c, err) && add_run(c, run, err) &&
	       add_started(c, run, "resumed", redone, err) && recorder_commit(c, err);
}

bool case_resume(const char *path, const struct case_run *run, struct case_file **out,
		 struct err *err)
{
	struct case_file *c;
	bool empty, ok;

	*out = NULL;
	if (sodium_init() < 0)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no random numbers");
	if (!open_database(path, SQLITE_OPEN_READWRITE, &c, err))
		return false;
	/* A run that was killed before its first batch leaves an empty file. */
	ok = query_exec(c->db, "PRAGMA locking_mode = EXCLUSIVE", err) && is_empty(c, &empty, err) &&
	     (empty ? start_new(c, run, err) : start_again(c, run, err));
	if (!ok) {
		case_close(c);
		return err_prefix(err, "case '%s'", path);
	}
	*out = c;
	return true;
}

static bool start_amending(struct case_file *c, struct err *err)
{
	if (!query_exec(c->db, "PRAGMA locking_mode = EXCLUSIVE", err) ||
	    !schema_check_version(c->db, err) || !schema_check_exact(c->db, err) ||
	    !query_exec(c->db, writer_pragmas, err) || !prepare_all(c, err) ||
	    !find_next_ids(c, err))
		return false;
	c->run = c->next[TABLE_RUN] - 1;
	return c->run || err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "the case has no run");
}

bool case_amend(const char *path, struct case_file **out, struct err *err)
{
	struct case_file *c;

	*out = NULL;
	if (!open_database(path, SQLITE_OPEN_READWRITE, &c, err))
		return false;
	if (!start_amending(c, err)) {
		case_close(c);
		return err_prefix(err, "case '%s'", path);
	}
	*out = c;
	return true;
}

bool case_is_at(const char *path)
{
	struct stat st;
	/* To open a pipe would wait for its other end. */
	FILE *file = !stat(path, &st) && S_ISREG(st.st_mode) ? fopen(path, "rbe") : NULL;
	uint8_t head[72];
	struct span bytes = span_of(head, file ? fread(head, 1, sizeof head, file) : 0);

	if (file)
		fclose(file);
	return bytes.len == sizeof head && span_starts(bytes, SPAN("SQLite format 3\0")) &&
	       load_u32be(head + 68) == SCHEMA_APPLICATION_ID;
}

bool case_open(const char *path, struct case_file **out, struct err *err)
{
	struct case_file *c;
	struct stat st;

	*out = NULL;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "'%s' is no case: it is no file", path);
	if (!stat(path, &st) && !case_is_at(path))
		return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "'%s' is no case, or its beginning is destroyed", path);
	if (!open_database(path, SQLITE_OPEN_READONLY, &c, err))
		return false;
	if (!query_exec(c->db, reader_pragmas, err) || !schema_check_version(c->db, err)) {
		case_close(c);
		return err_prefix(err, "case '%s'", path);
	}
	*out = c;
	return true;
}

static void finalize_all(struct case_file *c)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		sqlite3_finalize(c->inserts[i]);
	for (size_t i = 0; i < UPDATE_COUNT; i++)
		sqlite3_finalize(c->updates[i]);
}

void case_close(struct case_file *c)
{
	struct err ignored = { 0 };

	if (!c)
		return;
	ahead_drop(c);
	/* The last batch is kept if it can be; a resume sorts out what it means. */
	if (c->run && recorder_commit(c, &ignored)) {
		finalize_all(c);
		/* So that the case is one file, which reads without writing beside it. */
		sqlite3_exec(c->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	} else {
		finalize_all(c);
	}
	sqlite3_close(c->db);
	for (size_t i = 0; i < c->unit_count; i++)
		buf_free(&c->units[i].acquired);
	free(c->units);
	buf_free(&c->rule_key);
	buf_free(&c->waiting.path);
	free(c->path);
	arena_free(&c->arena);
	free(c);
}

struct sqlite3 *case_db(struct case_file *c)
{
	return c->db;
}

const char *case_path(const struct case_file *c)
{
	return c->path;
}
