#include "formats/ese/ese_replay.h"

#include <stdlib.h>

#include "test.h"

#define SRUM "artefacts/artmuseum/Windows/SRUM/Win10/BelkasoftCTF_InsiderThreat/Dirty/"

struct folder {
	struct span last;	/* SRU00051.log */
	unsigned asked;
};

static bool find_last(void *context, struct span name, struct span *bytes)
{
	struct folder *f = context;

	f->asked++;
	*bytes = f->last;
	return f->last.len && span_eq(name, SPAN("SRU00051.log"));
}

static void open_pair(struct span file, struct span log, struct arena *arena, struct ese *db, struct folder *folder)
{
	struct ese_logs logs = { find_last, folder };
	struct err err;

	*folder = (struct folder){ .last = log };
	assert_true(ese_open(file, &logs, arena, db, &err));
	assert_true(db->is_dirty);
	assert_int_equal(db->recovery.first, 0x51);
	assert_int_equal(db->recovery.last, 0x51);
	assert_true(folder->asked > 0);
}

/* The cleaned copy of this database differs in its header only: nothing is to be made. */
TEST(a_log_whose_changes_are_there_makes_a_database_whole)
{
	CORPUS_OR_SKIP(path, SRUM "SRUDB.dat")
	struct span file = read_whole(path);
	CORPUS_OR_SKIP(log_path, SRUM "SRU00051.log")
	struct arena arena = arena_new((size_t)64 << 20);
	struct span log = read_whole(log_path);
	struct folder folder;
	struct ese db;

	open_pair(file, log, &arena, &db, &folder);
	assert_true(db.recovery.is_whole);
	assert_int_equal(db.recovery.made, 0);
	assert_int_equal(db.recovery.missed, 0);
	assert_int_equal(db.recovery.found, 1);
	free((void *)(uintptr_t)file.at);
	free((void *)(uintptr_t)log.at);
	arena_free(&arena);
}

TEST(without_its_log_a_database_is_whole_until_the_log_was_begun)
{
	CORPUS_OR_SKIP(path, SRUM "SRUDB.dat")
	struct arena arena = arena_new((size_t)64 << 20);
	struct span file = read_whole(path);
	struct folder folder;
	struct ese db;

	open_pair(file, (struct span){ 0 }, &arena, &db, &folder);
	assert_false(db.recovery.is_whole);
	assert_true(db.recovery.whole_until == timestamp_of_civil(2021, 2, 14, 2, 32, 43, 0));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(the_log_of_another_row_is_not_taken)
{
	CORPUS_OR_SKIP(path, SRUM "SRUDB.dat")
	struct span file = read_whole(path);
	CORPUS_OR_SKIP(log_path, SRUM "SRU00051.log")
	struct arena arena = arena_new((size_t)64 << 20);
	struct span log = read_whole(log_path);
	struct folder folder;
	struct ese db;

	((uint8_t *)(uintptr_t)log.at)[44] ^= 1;
	open_pair(file, log, &arena, &db, &folder);
	assert_int_equal(db.recovery.found, 0);
	assert_false(db.recovery.is_whole);
	free((void *)(uintptr_t)file.at);
	free((void *)(uintptr_t)log.at);
	arena_free(&arena);
}

static bool count_types(void *context, const struct ese_change *change)
{
	unsigned *types = context;

	types[change->type]++;
	return true;
}

/* Counted by a script of its own that knows the lengths of records. */
TEST(every_record_of_a_log_is_cut_out)
{
	CORPUS_OR_SKIP(path, SRUM "SRU0004F.log")
	struct arena arena = arena_new((size_t)16 << 20);
	struct span file = read_whole(path);
	unsigned types[128] = { 0 };
	struct ese_log log;
	struct err err;

	assert_true(ese_log_open(file, &log, &err));
	assert_int_equal(log.generation, 0x4f);
	assert_true(ese_log_changes(&log, &arena, count_types, types));
	assert_false(log.is_damaged);
	assert_int_equal(types[ESE_INSERT], 329);
	assert_int_equal(types[ESE_SPLIT_IMAGE], 23);
	assert_int_equal(types[ESE_MACRO_BEGIN], 12);
	assert_int_equal(types[ESE_REPLACE], 12);
	assert_int_equal(types[ESE_CONVERT_2], 1);
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

/* ---- logs made here, for the small database of the fuzzer: page 5 holds the only table, object 10 ---- */

#define SEGMENT 4096
#define OBJECT 10

static void zeros(struct buf *b, size_t count)
{
	while (count--)
		buf_add_u8(b, 0);
}

static struct buf new_log(void)
{
	struct buf log = buf_new(2 * SEGMENT);

	zeros(&log, 4);
	buf_add_u32le(&log, 1);			/* generation */
	buf_add_u16le(&log, SEGMENT);
	buf_add_u16le(&log, 1);
	zeros(&log, 32 - log.len);
	buf_add_u32le(&log, 8);
	buf_add_u32le(&log, 4000);
	zeros(&log, 667 - log.len);
	buf_add_u32le(&log, 3);
	zeros(&log, SEGMENT + 10 - log.len);
	buf_add_u16le(&log, 1);
	buf_add_u32le(&log, 1);
	zeros(&log, SEGMENT + 40 - log.len);
	return log;
}

static void page_head(struct buf *log, uint8_t type, uint32_t page, uint64_t time, uint64_t before, uint16_t line)
{
	buf_add_u8(log, type);
	buf_add_u16le(log, 1);
	buf_add_u8(log, 1);
	buf_add_u32le(log, page);
	buf_add_u64le(log, time);
	buf_add_u64le(log, before);
	zeros(log, 5);
	buf_add_u16le(log, line);
	buf_add_u8(log, 0);
}

static void node_head(struct buf *log, uint8_t type, uint32_t page, uint64_t time, uint64_t before, uint16_t line)
{
	page_head(log, type, page, time, before, line);
	zeros(log, 8);
	buf_add_u32le(log, OBJECT);
}

/* A row of the table: its number, no time, no name. */
static void add_row(struct buf *log, uint32_t page, uint64_t time, uint64_t before, uint16_t line, const char *key,
		    uint32_t number)
{
	node_head(log, ESE_INSERT, page, time, before, line);
	buf_add_u16le(log, (uint16_t)strlen(key));
	buf_add_u16le(log, 0);
	buf_add_u16le(log, 17);
	buf_text(log, key);
	buf_add(log, SPAN("\2\x7f\x11\0"));
	buf_add_u32le(log, number);
	zeros(log, 8);
	buf_add_u8(log, 2);
}

static void macro(struct buf *log, uint8_t type, uint64_t time)
{
	buf_add_u8(log, type);
	buf_add_u16le(log, 1);
	buf_add_u64le(log, time);
}

struct split_of {
	uint32_t page, fresh, flags_new, flags_old;
	uint64_t time, before;
	uint8_t type, with;
	uint16_t line_with, line_split;
	const char *key;
};

static void add_split(struct buf *log, struct split_of s)
{
	page_head(log, ESE_SPLIT, s.page, s.time, s.before, 0);
	buf_add_u32le(log, s.fresh);
	zeros(log, 28);
	buf_add_u32le(log, OBJECT);
	buf_add_u8(log, s.type);
	buf_add_u8(log, s.with);
	buf_add_u16le(log, s.line_with);
	buf_add_u16le(log, s.line_split);
	buf_add_u16le(log, 0);
	buf_add_u32le(log, s.flags_new);
	buf_add_u32le(log, s.flags_old);
	zeros(log, 16);
	buf_add_u16le(log, (uint16_t)strlen(s.key));
	buf_text(log, s.key);
}

static void add_merge(struct buf *log, uint32_t page, uint64_t time, uint64_t before, uint8_t flags, uint8_t type)
{
	page_head(log, ESE_MERGE, page, time, before, 0);
	zeros(log, 84 - 32);
	buf_add_u8(log, flags);
	buf_add_u8(log, type);
	buf_add_u16le(log, 0);
}

struct read_back {
	struct span log;
	uint64_t numbers[8];
	size_t count;
	struct ese_recovery recovery;
	uint64_t lost;
};

static bool find_made(void *context, struct span name, struct span *bytes)
{
	*bytes = ((struct read_back *)context)->log;
	return span_eq(name, SPAN("edb00001.jtx"));
}

static bool take_number(void *context, const struct ese_row *row)
{
	struct read_back *to = context;

	assert_true(to->count < 8);
	return ese_number(row, ese_column_named(row->table, "number"), &to->numbers[to->count++]);
}

static struct read_back replay(struct buf *log)
{
	struct arena arena = arena_new((size_t)4 << 20), scratch = arena_new((size_t)1 << 20);
	struct span file = read_whole("tests/corpus/ese_fuzz/small");
	struct read_back to = { 0 };
	struct ese_logs logs = { find_made, &to };
	struct ese db;
	struct err err;

	zeros(log, 2 * SEGMENT - log->len);
	to.log = buf_span(log);
	((uint8_t *)(uintptr_t)file.at)[296] = ((uint8_t *)(uintptr_t)file.at)[300] = 1;
	assert_true(ese_open(file, &logs, &arena, &db, &err));
	assert_true(ese_rows(&db, ese_table_named(&db, "table"), &scratch, take_number, &to));
	to.recovery = db.recovery;
	to.lost = db.lost;
	free((void *)(uintptr_t)file.at);
	buf_free(log);
	arena_free(&scratch);
	arena_free(&arena);
	return to;
}

TEST(rows_are_inserted_changed_and_deleted)
{
	struct buf log = new_log();
	struct read_back to;

	add_row(&log, 5, 1, 0, 3, "\3", 11);
	node_head(&log, ESE_FLAG_DELETE, 5, 2, 1, 0);
	node_head(&log, ESE_FLAG_INSERT, 5, 3, 2, 1);
	zeros(&log, 4);				/* key and data are what they were */
	node_head(&log, ESE_REPLACE_PARTS, 5, 4, 3, 2);
	buf_add_u16le(&log, 7);
	buf_add_u16le(&log, 21);
	buf_add_u16le(&log, 21);
	buf_add_u16le(&log, 0x2000 | 4);	/* four bytes at 4, as many as before */
	buf_add(&log, SPAN("\4\x0d\0\0\0"));
	node_head(&log, ESE_DELTA, 5, 5, 4, 3);
	zeros(&log, 4);
	buf_add_u32le(&log, 100);
	buf_add_u16le(&log, 4);
	to = replay(&log);
	assert_true(to.recovery.is_whole);
	assert_int_equal(to.recovery.made, 5);
	assert_int_equal(to.count, 3);
	assert_int_equal(to.numbers[0], 8);
	assert_int_equal(to.numbers[1], 13);
	assert_int_equal(to.numbers[2], 111);
}

/* The root's rows move down to a new page, which then is split; a third page is appended and emptied again. */
TEST(pages_are_split_and_emptied)
{
	struct buf log = new_log();
	struct read_back to;

	macro(&log, ESE_MACRO_BEGIN, 1);
	add_split(&log, (struct split_of){ .page = 5, .fresh = 7, .flags_new = 2, .flags_old = 1, .time = 1, .before = 0,
					   .type = 0, .with = 1, .line_with = 3, .key = "" });
	add_row(&log, 5, 1, ESE_NO_TIME, 3, "\3", 11);
	macro(&log, ESE_MACRO_COMMIT, 1);
	macro(&log, ESE_MACRO_BEGIN, 2);
	add_split(&log, (struct split_of){ .page = 5, .time = 2, .before = 1, .key = "" });
	add_split(&log, (struct split_of){ .page = 7, .fresh = 8, .flags_new = 2, .flags_old = 2, .time = 2, .before = 1,
					   .type = 1, .line_split = 3, .key = "\2\5" });
	macro(&log, ESE_MACRO_COMMIT, 2);
	macro(&log, ESE_MACRO_BEGIN, 3);
	add_split(&log, (struct split_of){ .page = 5, .time = 3, .before = 2, .key = "" });
	add_split(&log, (struct split_of){ .page = 8, .fresh = 9, .flags_new = 2, .flags_old = 2, .time = 3, .before = 2,
					   .type = 2, .with = 1, .line_with = 1, .line_split = 1, .key = "\4" });
	add_row(&log, 8, 3, ESE_NO_TIME, 0, "\5", 15);
	macro(&log, ESE_MACRO_COMMIT, 3);
	node_head(&log, ESE_FLAG_DELETE, 8, 4, 3, 0);
	macro(&log, ESE_MACRO_BEGIN, 5);
	add_merge(&log, 5, 5, 3, 2, 0);
	add_merge(&log, 8, 5, 4, 4, 1);
	macro(&log, ESE_MACRO_COMMIT, 5);
	to = replay(&log);
	assert_true(to.recovery.is_whole);
	assert_int_equal(to.recovery.missed, 0);
	assert_int_equal(to.lost, 0);
	assert_int_equal(to.count, 3);
	assert_int_equal(to.numbers[0], 7);
	assert_int_equal(to.numbers[1], 9);
	assert_int_equal(to.numbers[2], 15);
}

/* A log before is missing: the page is not what the change was made for. Its rows are told, not its deletions. */
TEST(what_does_not_fit_is_missed_and_rows_are_told_all_the_same)
{
	struct buf log = new_log();
	struct read_back to;

	add_row(&log, 5, 9, 8, 3, "\3", 11);
	node_head(&log, ESE_FLAG_DELETE, 5, 10, 9, 0);
	to = replay(&log);
	assert_false(to.recovery.is_whole);
	assert_int_equal(to.recovery.loose, 1);
	assert_int_equal(to.recovery.missed, 1);
	assert_int_equal(to.count, 3);
	assert_int_equal(to.numbers[2], 11);
}

/* Where two pages with rows are joined the log does not say which rows moved. */
TEST(merges_of_rows_are_missed)
{
	struct buf log = new_log();
	struct read_back to;

	macro(&log, ESE_MACRO_BEGIN, 1);
	add_merge(&log, 5, 1, 0, 0, 2);
	macro(&log, ESE_MACRO_COMMIT, 1);
	to = replay(&log);
	assert_false(to.recovery.is_whole);
	assert_int_equal(to.recovery.missed, 1);
	assert_int_equal(to.count, 2);
}

TEST(a_log_is_read_up_to_a_record_that_nobody_knows)
{
	struct buf log = new_log();
	struct read_back to;

	add_row(&log, 5, 1, 0, 3, "\3", 11);
	buf_add_u8(&log, 127);
	to = replay(&log);
	assert_false(to.recovery.is_whole);
	assert_int_equal(to.count, 3);
}
