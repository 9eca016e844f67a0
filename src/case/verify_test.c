#include "case/verify.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "case/seal.h"
#include "case_sample.h"
#include "os/helper.h"
#include "os/private_file.h"
#include "test.h"

static char key_text[512];

/* One key and one sealed case for all tests. */
static const char *sealed_case(void)
{
	static char path[512];
	struct sample s = { .units = 12, .findings = 2 };
	struct seal seal;
	struct case_file *c;
	struct err err = { 0 };
	struct buf text = buf_new(512);

	if (path[0])
		return path;
	/* Thousands of small writes: in memory where there is such a place. */
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	setenv("XDG_CONFIG_HOME", scratch_dir(), 1);
	snprintf(path, sizeof path, "%s/sealed.case", scratch_dir());
	if (!case_create(path, &sample_run, &c, &err) || !sample_examine(c, &s, &err) ||
	    !case_end(c, "completed", SPAN(""), &err) || !case_seal(c, NULL, &seal, &err))
		fail_msg("%s", err.text);
	case_close(c);
	assert_true(seal.made_key);
	note_key_text(&text, &seal.key);
	snprintf(key_text, sizeof key_text, "%s", (char *)text.at);
	buf_free(&text);
	seal_free(&seal);
	return path;
}

static struct verify verified(const char *path)
{
	const char *keys[] = { key_text };
	struct verify_options options = { .keys = keys, .key_count = 1 };
	struct verify v;
	struct err err = { 0 };

	if (!case_verify(path, &options, &v, &err))
		fail_msg("%s", err.text);
	return v;
}

static struct span bytes_of(const char *path)
{
	return read_whole(path);
}

static void write_bytes(const char *path, struct span bytes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.at, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

static const char *copied(void)
{
	static char path[512];
	struct span bytes = bytes_of(sealed_case());

	snprintf(path, sizeof path, "%s/copy.case", scratch_dir());
	write_bytes(path, bytes);
	free((void *)(uintptr_t)bytes.at);
	return path;
}

/* As somebody would who has the file and any SQLite. */
static void tamper(const char *path, const char *sql)
{
	sqlite3 *db;
	int on;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, &on);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void print_checks(const struct verify *v)
{
	for (size_t i = 0; i < v->count; i++)
		print_message("# %s: %s: %s\n", verify_state_name(v->checks[i].state), v->checks[i].what,
			      v->checks[i].text);
}

TEST(verify_finds_nothing_wrong_with_a_sealed_case)
{
	struct verify v = verified(sealed_case());

	if (v.broken)
		print_checks(&v);
	assert_int_equal(v.broken, 0);
	assert_int_equal(v.seals, 1);
	assert_true(v.entries > 12);
}

TEST(verify_notices_each_kind_of_tampering)
{
	static const char *const deeds[] = {
		"DELETE FROM finding WHERE id = 3",
		"UPDATE finding SET time = time + 1 WHERE id = 2",
		"UPDATE finding SET user = 'mallory' WHERE id = 2",
		"UPDATE finding SET user = CAST(user AS BLOB) WHERE id = 2",
		"UPDATE finding SET user = user || char(0) || 'x' WHERE id = 2",
		"UPDATE finding SET id = id + 1000000 WHERE id = 2",
		"UPDATE item SET fate = 'skipped' WHERE id = 1",
		"UPDATE item SET sha256 = zeroblob(32) WHERE id = 1",
		("INSERT INTO finding SELECT id + 1000, unit, item, rule, offset, record, time, last,"
		 " count, host, user, matched, detail FROM finding WHERE id = 1"),
		"UPDATE finding SET rule = 3 - rule WHERE id IN (1, 2)",
		"DELETE FROM custody WHERE id = 4",
		"DELETE FROM custody WHERE id = (SELECT max(id) FROM custody)",
		"UPDATE custody SET body = replace(body, 'alice', 'bob') || ' ' WHERE id = 2",
		"UPDATE custody SET body = (SELECT body FROM custody WHERE id = 5) WHERE id = 4",
		"INSERT INTO custody SELECT max(id) + 1, json_set(body, '$.seq', max(id) + 1) FROM custody",
		"DELETE FROM checkpoint",
		"UPDATE checkpoint SET note = note || 'x'",
		"UPDATE checkpoint SET note = replace(note, 'kanshiki', 'kanshjki')",
		"UPDATE checkpoint SET token = x'3000'",
		"UPDATE checkpoint SET id = 2",
		"INSERT INTO checkpoint SELECT id + 1, note, token FROM checkpoint",
		"UPDATE meta SET value = 'ff' WHERE name = 'case'",
		"UPDATE run SET command = '[\"kanshiki\",\"assess\"]'",
		"CREATE TABLE extra(x)",
		"CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM finding; END",
		"DROP INDEX finding_item",
		"DROP VIEW finding_view; CREATE VIEW finding_view AS SELECT * FROM finding",
		"PRAGMA user_version = 9999",
		"PRAGMA application_id = 2",
		"DROP TABLE event",
	};

	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		const char *path = copied();
		struct verify v;

		tamper(path, deeds[i]);
		v = verified(path);
		if (!v.broken)
			fail_msg("not noticed: %s", deeds[i]);
	}
}

static const char *const tables[] = { "meta", "run", "source", "unit", "item", "rule", "finding",
				      "event", "fact", "trace", "rule_set", "problem", "answer",
				      "answer_finding", "answer_coverage", "program", "start", "custody", "checkpoint" };

/* Everything that a seal covers, as text. */
static struct buf everything(const char *path)
{
	struct buf text = buf_new((size_t)64 << 20);
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char sql[96];
		sqlite3_stmt *s;

		snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY id", tables[i]);
		if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
			continue;
		while (sqlite3_step(s) == SQLITE_ROW)
			for (int column = 0; column < sqlite3_column_count(s); column++) {
				buf_add_u8(&text, (uint8_t)sqlite3_column_type(s, column));
				buf_add(&text, query_span(s, column));
				buf_add_u8(&text, '|');
			}
		sqlite3_finalize(s);
	}
	sqlite3_close(db);
	return text;
}

/*
 * Flips one bit of the file. A flip in unused space changes no value; then, and
 * only then, verify may be content.
 */
TEST(verify_notices_flipped_bits_of_the_file)
{
	struct span bytes = bytes_of(sealed_case());
	struct buf sealed = everything(sealed_case());
	size_t noticed = 0, harmless = 0, flips = 400;
	const char *path = copied();

	srandom(20261121);
	for (size_t i = 0; i < flips; i++) {
		size_t bit = (size_t)random() % (bytes.len * 8);
		uint8_t *at = (uint8_t *)(uintptr_t)bytes.at + bit / 8;
		struct verify v;

		*at ^= (uint8_t)(1 << bit % 8);
		write_bytes(path, bytes);
		*at ^= (uint8_t)(1 << bit % 8);
		v = verified(path);
		if (v.broken) {
			noticed++;
		} else {
			struct buf now = everything(path);

			harmless++;
			if (!span_eq(buf_span(&now), buf_span(&sealed)))
				fail_msg("bit %zu of byte %zu changed a value unnoticed", bit % 8, bit / 8);
			buf_free(&now);
		}
	}
	print_message("# %zu flips of the file: %zu noticed, %zu changed no value\n", flips, noticed,
		      harmless);
	assert_true(noticed > flips / 10);
	free((void *)(uintptr_t)bytes.at);
	buf_free(&sealed);
}

struct cell {
	char table[32], column[32];
	int64_t id;
};

/* A random cell that is not NULL. */
static struct cell some_cell(sqlite3 *db)
{
	for (;;) {
		struct cell cell = { 0 };
		const char *table = tables[(size_t)random() % (sizeof tables / sizeof *tables)];
		sqlite3_stmt *s;
		char sql[128];
		bool found = false;

		snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY random() LIMIT 1", table);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
		if (sqlite3_step(s) == SQLITE_ROW) {
			int column = (int)(random() % sqlite3_column_count(s));

			found = sqlite3_column_type(s, column) != SQLITE_NULL;
			snprintf(cell.table, sizeof cell.table, "%s", table);
			snprintf(cell.column, sizeof cell.column, "%s", sqlite3_column_name(s, column));
			cell.id = sqlite3_column_int64(s, 0);
		}
		sqlite3_finalize(s);
		if (found)
			return cell;
	}
}

static void bind_flipped(sqlite3_stmt *update, sqlite3_value *value)
{
	size_t len = (size_t)sqlite3_value_bytes(value);
	uint8_t *bytes;

	if (sqlite3_value_type(value) == SQLITE_INTEGER) {
		int64_t flipped = (int64_t)((uint64_t)sqlite3_value_int64(value) ^
					    UINT64_C(1) << random() % 64);

		sqlite3_bind_int64(update, 1, flipped);
		return;
	}
	bytes = malloc(len);
	memcpy(bytes, sqlite3_value_blob(value), len);
	bytes[(size_t)random() % len] ^= (uint8_t)(1 << random() % 8);
	if (sqlite3_value_type(value) == SQLITE_TEXT)
		sqlite3_bind_text64(update, 1, (char *)bytes, len, SQLITE_TRANSIENT, SQLITE_UTF8);
	else
		sqlite3_bind_blob64(update, 1, bytes, len, SQLITE_TRANSIENT);
	free(bytes);
}

/* False where the table's rules (unique, the id is taken) do not let the flip in. */
static bool flip_cell(sqlite3 *db, const struct cell *cell)
{
	sqlite3_stmt *read, *update;
	char sql[160];
	bool done;

	snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = %lld", cell->column, cell->table,
		 (long long)cell->id);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &read, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(read), SQLITE_ROW);
	snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE id = %lld", cell->table, cell->column,
		 (long long)cell->id);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &update, NULL), SQLITE_OK);
	bind_flipped(update, sqlite3_column_value(read, 0));
	sqlite3_finalize(read);
	done = sqlite3_step(update) == SQLITE_DONE;
	sqlite3_finalize(update);
	return done;
}

TEST(verify_notices_a_thousand_flipped_bits_of_values)
{
	struct span bytes = bytes_of(sealed_case());
	const char *path = copied();
	size_t flips = 0;

	srandom(20261122);
	while (flips < 1000) {
		struct cell cell;
		struct verify v;
		sqlite3 *db;
		bool flipped;

		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		cell = some_cell(db);
		flipped = flip_cell(db, &cell);
		sqlite3_close(db);
		if (!flipped)
			continue;
		flips++;
		v = verified(path);
		if (!v.broken)
			fail_msg("%s.%s of row %lld changed unnoticed", cell.table, cell.column,
				 (long long)cell.id);
		write_bytes(path, bytes);
	}
	free((void *)(uintptr_t)bytes.at);
}

TEST(verify_notices_a_file_cut_short)
{
	struct span bytes = bytes_of(sealed_case());
	const char *path = copied();

	for (size_t i = 1; i < 60; i++) {
		struct verify v;

		write_bytes(path, span_of(bytes.at, bytes.len - bytes.len * i / 60));
		v = verified(path);
		assert_true(v.broken > 0);
	}
	free((void *)(uintptr_t)bytes.at);
}

/* Takes the seal away, and one finding, and seals anew: with whose key? */
static const char *forged(const char *key_path)
{
	const char *path = copied();
	struct case_file *c;
	struct seal seal;
	struct err err = { 0 };

	tamper(path, "DELETE FROM finding WHERE id = 1; DELETE FROM checkpoint;"
		     "DELETE FROM custody WHERE id >= (SELECT max(id) - 1 FROM custody)");
	if (!case_amend(path, &c, &err) || !case_seal(c, key_path, &seal, &err))
		fail_msg("%s", err.text);
	case_close(c);
	seal_free(&seal);
	return path;
}

TEST(verify_notices_a_seal_by_another_key)
{
	struct note_secret *secret = note_secret_new();
	struct buf text = buf_new(1024);
	struct err err = { 0 };
	char path[512];

	assert_true(note_secret_make(secret, SPAN("kanshiki/mallory"), &err));
	note_secret_text(&text, secret);
	snprintf(path, sizeof path, "%s/mallory.key", scratch_dir());
	assert_true(private_file_write(path, buf_span(&text), &err));
	assert_true(verified(forged(path)).broken > 0);
	buf_free(&text);
	note_secret_free(secret);
}

TEST(seal_leaves_the_case_as_it_was_where_the_key_will_not_do)
{
	const char *path = copied();
	char key[600];
	struct case_file *c;
	struct seal seal;
	struct err err = { 0 };

	snprintf(key, sizeof key, "%s/open.key", scratch_dir());
	write_bytes(key, SPAN("PRIVATE+KEY+x+00000000+AA"));
	chmod(key, 0644);
	assert_true(case_amend(path, &c, &err));
	assert_false(case_seal(c, "/nowhere/key", &seal, &err));
	seal_free(&seal);
	assert_false(case_seal(c, key, &seal, &err));
	assert_int_equal(err.code, ERR_DENIED);
	seal_free(&seal);
	chmod(key, 0600);
	assert_false(case_seal(c, key, &seal, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	seal_free(&seal);
	case_close(c);
	assert_int_equal(verified(path).broken, 0);
}

#define NEEDLE 24

/* In a process of its own: a part of the key file's text, turned over so as not to be found. */
static bool turn_over(void *context, struct buf *answer, struct err *err)
{
	struct buf text = buf_new(4096);

	if (!private_file_read_secret(context, &text, err))
		return false;
	for (size_t i = 0; i < NEEDLE; i++)
		buf_add_u8(answer, text.at[text.len - 30 + i] ^ 0xff);
	return true;
}

static bool holds(struct span memory, const uint8_t turned[NEEDLE])
{
	for (size_t i = 0; i + NEEDLE <= memory.len; i++) {
		size_t same = 0;

		while (same < NEEDLE && (memory.at[i + same] ^ turned[same]) == 0xff)
			same++;
		if (same == NEEDLE)
			return true;
	}
	return false;
}

/* Whether any writable memory of this process holds it. */
static bool in_memory(const uint8_t turned[NEEDLE])
{
	FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "rb");
	char line[512], rights[8];
	bool found = false;

	assert_true(maps && memory);
	setvbuf(memory, NULL, _IONBF, 0);
	while (!found && fgets(line, sizeof line, maps)) {
		unsigned long from, to;
		uint8_t *bytes;

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w' ||
		    to - from > (64ul << 20))
			continue;
		bytes = malloc(to - from);
		if (!fseek(memory, (long)from, SEEK_SET))
			found = holds(span_of(bytes, fread(bytes, 1, to - from, memory)), turned);
		free(bytes);
	}
	fclose(maps);
	fclose(memory);
	return found;
}

TEST(seal_keeps_the_key_out_of_this_process)
{
	static uint8_t planted[NEEDLE];
	char key[600];
	struct buf turned = buf_new(NEEDLE);
	struct err err = { 0 };

	(void)sealed_case();
	snprintf(key, sizeof key, "%s/kanshiki/key", scratch_dir());
	assert_true(helper_ask(turn_over, key, 10, &turned, &err));
	assert_int_equal(turned.len, NEEDLE);
	assert_false(in_memory(turned.at));
	for (size_t i = 0; i < NEEDLE; i++)
		planted[i] = turned.at[i] ^ 0xff;
	assert_true(in_memory(turned.at));
	explicit_bzero(planted, sizeof planted);
	buf_free(&turned);
}

TEST(verify_checks_a_seal_after_a_resume_extends_the_first)
{
	const char *path = copied();
	struct sample s = { .units = 20, .findings = 2 };
	struct case_file *c;
	struct seal seal;
	struct err err = { 0 };
	struct verify v;

	assert_true(case_resume(path, &sample_run, &c, &err));
	assert_true(sample_examine(c, &s, &err));
	assert_true(case_end(c, "completed", SPAN(""), &err));
	case_close(c);
	v = verified(path);
	assert_true(v.broken > 0);
	assert_true(case_amend(path, &c, &err));
	assert_true(case_seal(c, NULL, &seal, &err));
	assert_false(seal.made_key);
	seal_free(&seal);
	case_close(c);
	v = verified(path);
	if (v.broken)
		print_checks(&v);
	assert_int_equal(v.broken, 0);
	assert_int_equal(v.seals, 2);
}

TEST(verify_says_what_it_did_not_prove)
{
	struct verify_options options = { 0 };
	struct verify v;
	struct err err = { 0 };

	assert_true(case_verify(sealed_case(), &options, &v, &err));
	assert_int_equal(v.broken, 0);
	assert_int_equal(v.not_proven, 3);
	options.own_key = true;
	assert_true(case_verify(sealed_case(), &options, &v, &err));
	assert_int_equal(v.not_proven, 2);
}

TEST(verify_holds_a_case_against_a_kept_checkpoint)
{
	const char *keys[] = { key_text };
	struct verify_options options = { .keys = keys, .key_count = 1 };
	struct buf note = buf_new(NOTE_MAX), token = buf_new(NOTE_MAX);
	struct case_file *c;
	struct verify v;
	struct err err = { 0 };
	uint64_t number;

	assert_true(case_open(sealed_case(), &c, &err));
	assert_true(case_checkpoint(c, 0, &number, &note, &token, &err));
	case_close(c);
	options.kept = buf_span(&note);
	assert_true(case_verify(sealed_case(), &options, &v, &err));
	assert_int_equal(v.broken, 0);
	/* Somebody who has the key takes a finding away and seals again. */
	assert_int_equal(verified(forged(NULL)).broken, 0);
	assert_true(case_verify(forged(NULL), &options, &v, &err));
	assert_true(v.broken > 0);
	buf_free(&note);
	buf_free(&token);
}

/* "holds, not proven": of the checks of that name, in order. */
static const char *states_of(const struct verify *v, const char *what)
{
	static char text[200];

	text[0] = 0;
	for (size_t i = 0; i < v->count; i++)
		if (!strcmp(v->checks[i].what, what))
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] ? ", " : "",
				 verify_state_name(v->checks[i].state));
	return text;
}

TEST(verify_hashes_the_evidence_again)
{
	char folder[512], other[600], path[600], file[600];
	const char *given[2] = { folder };
	struct verify_options options = { .evidence = given, .evidence_count = 1 };
	struct case_item item = { .size = 5, .modified = 1, .path = SPAN("/gone/in/x") };
	struct case_outcome outcome = { .fate = FATE_EXAMINED, .size = 5 };
	uint8_t sha256[SHA256_SIZE];
	struct case_file *c;
	struct seal seal;
	struct verify v;
	struct err err = { 0 };
	uint64_t unit, id;
	bool done;

	(void)sealed_case();
	snprintf(folder, sizeof folder, "%s/evidence", scratch_dir());
	snprintf(path, sizeof path, "%s/hash.case", scratch_dir());
	snprintf(file, sizeof file, "%s/in/x", folder);
	mkdir(folder, 0700);
	snprintf(file, sizeof file, "%s/in", folder);
	mkdir(file, 0700);
	snprintf(file, sizeof file, "%s/in/x", folder);
	write_bytes(file, SPAN("hello"));
	sha256_of(SPAN("hello"), sha256);
	outcome.sha256 = sha256;
	assert_true(case_create(path, &sample_run, &c, &err));
	assert_true(case_add_source(c, SPAN("/gone"), SPAN("folder"), &item.source, &err));
	assert_true(case_unit_begin(c, item.source, item.path, &unit, &done, &err));
	assert_true(case_add_item(c, unit, &item, &id, &err));
	assert_true(case_end_item(c, unit, id, &outcome, &err));
	assert_true(case_unit_commit(c, unit, &err));
	assert_true(case_end(c, "completed", SPAN(""), &err));
	assert_true(case_seal(c, NULL, &seal, &err));
	case_close(c);
	seal_free(&seal);
	assert_true(case_verify(path, &options, &v, &err));
	assert_int_equal(v.broken, 0);
	write_bytes(file, SPAN("hallo"));
	assert_true(case_verify(path, &options, &v, &err));
	assert_int_equal(v.broken, 1);
	assert_string_equal(states_of(&v, "evidence"), "broken");
	/* Two for one source: neither is taken for it, unless one has its name. */
	given[1] = "/nowhere";
	options.evidence_count = 2;
	assert_true(case_verify(path, &options, &v, &err));
	assert_int_equal(v.broken, 0);
	assert_string_equal(states_of(&v, "evidence"), "not proven, not proven, not proven");
	snprintf(other, sizeof other, "%s/gone", scratch_dir());
	assert_int_equal(rename(folder, other), 0);
	given[1] = other;
	write_bytes(strcat(other, "/in/x"), SPAN("hello"));
	snprintf(other, sizeof other, "%s/gone/", scratch_dir());
	assert_true(case_verify(path, &options, &v, &err));
	assert_string_equal(states_of(&v, "evidence"), "holds, not proven");
}
