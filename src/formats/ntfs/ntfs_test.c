#include "formats/ntfs/ntfs.h"
#include "base/buf.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#define FILETIME UINT64_C(132444736000000000)	/* 2020-09-13T12:26:40Z */
#define SECONDS INT64_C(1600000000)

static void put_wide(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_add_u16le(b, (uint8_t)*text);
}

static void put_usn(struct buf *b, uint64_t file, uint32_t reasons, const char *name)
{
	size_t from = b->len, len = (60 + strlen(name) * 2 + 7) & ~(size_t)7;

	buf_add_u32le(b, (uint32_t)len);
	buf_add_u32le(b, 2);
	buf_add_u64le(b, file);
	buf_add_u64le(b, 5);
	buf_add_u64le(b, from);
	buf_add_u64le(b, FILETIME);
	buf_add_u32le(b, reasons);
	buf_add_u64le(b, 0);
	buf_add_u32le(b, 0x20);
	buf_add_u16le(b, (uint16_t)(strlen(name) * 2));
	buf_add_u16le(b, 60);
	put_wide(b, name);
	while (b->len < from + len)
		buf_add_u8(b, 0);
}

TEST(records_of_the_journal_are_read_across_holes_and_damage)
{
	struct buf b = buf_new(1 << 20);
	struct usn_reader reader;
	struct usn_record r;

	for (int i = 0; i < 3 * 4096; i++)
		buf_add_u8(&b, 0);
	put_usn(&b, 77, USN_CREATE, "a.txt");
	buf_add_u64le(&b, UINT64_C(0x1122334455667788));
	put_usn(&b, 78, USN_DELETE, "b");
	reader = (struct usn_reader){ .bytes = buf_span(&b) };
	assert_true(usn_next(&reader, &r));
	assert_int_equal(r.offset, 3 * 4096);
	assert_int_equal(r.time, SECONDS * TIME_SECOND);
	assert_int_equal(r.name.len, 10);
	assert_true(usn_next(&reader, &r));
	assert_int_equal(r.file, 78);
	assert_false(usn_next(&reader, &r));
	assert_int_equal(reader.damaged, 1);
	buf_free(&b);
}

static void put_name_content(struct buf *b, uint64_t parent, const char *name)
{
	buf_add_u64le(b, parent);
	for (int i = 0; i < 4; i++)
		buf_add_u64le(b, FILETIME + 5);
	buf_add_u64le(b, 0);
	buf_add_u64le(b, 123);
	buf_add_u64le(b, 0x20);
	buf_add_u8(b, (uint8_t)strlen(name));
	buf_add_u8(b, 1);
	put_wide(b, name);
}

static void put_attribute(struct buf *b, uint32_t type, const char *name, struct span content)
{
	size_t from = b->len, name_len = strlen(name) * 2, at = (24 + name_len + 7) & ~(size_t)7;
	size_t len = (at + content.len + 7) & ~(size_t)7;

	buf_add_u32le(b, type);
	buf_add_u32le(b, (uint32_t)len);
	buf_add_u8(b, 0);
	buf_add_u8(b, (uint8_t)(name_len / 2));
	buf_add_u16le(b, 24);
	buf_add_u32le(b, 0);
	buf_add_u32le(b, (uint32_t)content.len);
	buf_add_u32le(b, (uint32_t)at);
	put_wide(b, name);
	while (b->len < from + at)
		buf_add_u8(b, 0);
	buf_add(b, content);
	while (b->len < from + len)
		buf_add_u8(b, 0);
}

static size_t begin_record(struct buf *b, uint16_t sequence, uint16_t flags, uint64_t base)
{
	size_t from = b->len;

	buf_text(b, "FILE");
	buf_add_u16le(b, 48);
	buf_add_u16le(b, 3);
	buf_add_u64le(b, 0);
	buf_add_u16le(b, sequence);
	buf_add_u16le(b, 1);
	buf_add_u16le(b, 56);
	buf_add_u16le(b, flags);
	buf_add_u32le(b, 0);
	buf_add_u32le(b, 1024);
	buf_add_u64le(b, base);
	buf_add_u64le(b, 0);
	buf_add_u64le(b, 0);
	return from;
}

static void end_record(struct buf *b, size_t from)
{
	buf_add_u32le(b, UINT32_MAX);
	while (b->len < from + 1024)
		buf_add_u8(b, 0);
}

static void put_standard(struct buf *b)
{
	struct buf content = buf_new(4096);

	for (int i = 0; i < 4; i++)
		buf_add_u64le(&content, FILETIME);
	buf_add_u64le(&content, 0x20);
	put_attribute(b, 0x10, "", buf_span(&content));
	buf_free(&content);
}

static void put_file_name(struct buf *b, uint64_t parent, const char *name)
{
	struct buf content = buf_new(4096);

	put_name_content(&content, parent, name);
	put_attribute(b, 0x30, "", buf_span(&content));
	buf_free(&content);
}

/* Data in clusters: only the sizes matter. */
static void put_data_run(struct buf *b, uint64_t first_cluster, uint64_t size)
{
	buf_add_u32le(b, 0x80);
	buf_add_u32le(b, 72);
	buf_add_u8(b, 1);
	buf_add_u8(b, 0);
	buf_add_u16le(b, 64);
	buf_add_u32le(b, 0);
	buf_add_u64le(b, first_cluster);
	buf_add_u64le(b, first_cluster + 9);
	buf_add_u64le(b, 64);
	buf_add_u64le(b, size);
	buf_add_u64le(b, size);
	buf_add_u64le(b, size);
	buf_add_u64le(b, 0);
}

/* One record of 1,024 bytes with $SI, $FN, data "hello" and a stream. */
static void put_record(struct buf *b, uint64_t parent, const char *name, uint16_t flags)
{
	size_t from = begin_record(b, 1, flags, 0);

	put_standard(b);
	put_file_name(b, parent, name);
	put_attribute(b, 0x80, "", SPAN("hello"));
	put_attribute(b, 0x80, "hidden", SPAN("x"));
	end_record(b, from);
}

/* Root as record 5, a folder as 6, a file as 7. */
static struct buf small_table(void)
{
	struct buf b = buf_new(1 << 20);

	for (int i = 0; i < 5; i++)
		put_record(&b, UINT64_C(0x0001000000000005), "$x", 1);
	put_record(&b, UINT64_C(0x0001000000000005), ".", 3);
	put_record(&b, UINT64_C(0x0001000000000005), "dir", 3);
	put_record(&b, UINT64_C(0x0001000000000006), "f.exe", 0);
	return b;
}

static struct ntfs_table table_of(const struct buf *b, struct arena *arena)
{
	struct ntfs_table t;

	assert_true(ntfs_table_open(&t, buf_span(b), arena));
	ntfs_table_add(&t, buf_span(b));
	return t;
}

TEST(records_of_the_table_tell_names_times_and_streams)
{
	struct arena arena = arena_new(1 << 20);
	struct buf b = small_table();
	struct ntfs_table t = table_of(&b, &arena);
	const struct ntfs_file *f = ntfs_table_file(&t, 7);

	assert_int_equal(t.count, 8);
	assert_non_null(f);
	assert_false(f->is_used);
	assert_int_equal(f->times.created, SECONDS * TIME_SECOND);
	assert_int_equal(f->named_created, SECONDS * TIME_SECOND + 500);
	assert_int_equal(f->size, 5);
	assert_int_equal(f->stream_count, 1);
	assert_int_equal(f->streams->name.len, 12);
	assert_span(ntfs_table_path(&t, f->parent, SPAN("f.exe"), &arena), "\\dir\\f.exe");
	assert_span(ntfs_table_path(&t, UINT64_C(0x0009000000000006), SPAN("f"), &arena), "\\?\\f");
	assert_span(ntfs_table_path(&t, 99, SPAN("f"), &arena), "\\?\\f");
	assert_null(ntfs_table_file(&t, 8));
	b.at[7 * 1024 + 510] = 9;
	t = table_of(&b, &arena);
	assert_int_equal(t.damaged, 1);
	assert_null(ntfs_table_file(&t, 7));
	buf_free(&b);
	arena_free(&arena);
}

TEST(a_table_in_pieces_is_the_same_table)
{
	struct arena arena = arena_new(1 << 20);
	struct buf b = small_table();
	struct ntfs_table t;

	assert_true(ntfs_table_open(&t, buf_span(&b), &arena));
	for (size_t at = 0; at < b.len; at += 700)
		ntfs_table_add(&t, span_sub(buf_span(&b), at, 700));
	assert_int_equal(t.count, 8);
	assert_non_null(ntfs_table_file(&t, 7));
	assert_int_equal(ntfs_table_file(&t, 7)->size, 5);
	buf_free(&b);
	arena_free(&arena);
}

/*
 * A file whose name, data and stream stand in records 9 and 10, one before and one
 * behind its own (8): record 7 was an extension of an older file of that number.
 */
TEST(what_stands_in_extension_records_is_joined)
{
	struct arena arena = arena_new(1 << 20);
	struct buf b = small_table();
	struct ntfs_table t;
	const struct ntfs_file *f;
	size_t from;

	b.len = 7 * 1024;
	from = begin_record(&b, 1, 1, UINT64_C(0x0001000000000009));	/* 7: of 9 as it was before */
	put_file_name(&b, NTFS_ROOT, "older");
	end_record(&b, from);
	from = begin_record(&b, 1, 1, UINT64_C(0x0002000000000009));	/* 8: of 9 */
	put_attribute(&b, 0x80, "secret", SPAN("x"));
	end_record(&b, from);
	from = begin_record(&b, 2, 1, 0);				/* 9 */
	put_standard(&b);
	put_attribute(&b, 0x20, "", SPAN("the list itself is not needed"));
	end_record(&b, from);
	from = begin_record(&b, 1, 1, UINT64_C(0x0002000000000009));	/* 10: of 9 */
	put_file_name(&b, UINT64_C(0x0001000000000006), "big.7z");
	put_data_run(&b, 0, 5000000000);
	end_record(&b, from);
	from = begin_record(&b, 1, 1, UINT64_C(0x0002000000000009));	/* 11: its data go on */
	put_data_run(&b, 1000, 77);
	end_record(&b, from);
	from = begin_record(&b, 1, 1, UINT64_C(0x0001ffffffffffff));	/* 12: of nothing */
	end_record(&b, from);
	t = table_of(&b, &arena);
	f = ntfs_table_file(&t, 9);
	assert_non_null(f);
	assert_true(f->has_times && f->has_name && f->is_used);
	assert_int_equal(f->size, 5000000000);
	assert_int_equal(f->name.len, 12);
	assert_int_equal(f->name.at[0], 'b');
	assert_int_equal(f->stream_count, 1);
	assert_int_equal(f->parent & NTFS_REFERENCE, 6);
	assert_int_equal(t.left_out, 1);
	assert_null(ntfs_table_file(&t, 10));
	assert_int_equal(t.slots, 10);
	buf_free(&b);
	arena_free(&arena);
}

TEST(a_folder_inside_itself_has_an_end)
{
	struct arena arena = arena_new(1 << 20);
	struct buf b = small_table();
	struct ntfs_table t;
	uint64_t self = UINT64_C(0x0001000000000006);

	memcpy(b.at + 6 * 1024 + 56 + 64 + 24, &self, 8);
	t = table_of(&b, &arena);
	assert_true(ntfs_table_path(&t, self, SPAN("f"), &arena).len > 128 * 4);
	buf_free(&b);
	arena_free(&arena);
}

static void put_entry(struct buf *b, const char *name)
{
	size_t from = b->len, len = (16 + 66 + strlen(name) * 2 + 7) & ~(size_t)7;

	buf_add_u64le(b, UINT64_C(0x0001000000000040));
	buf_add_u16le(b, (uint16_t)len);
	buf_add_u16le(b, (uint16_t)(66 + strlen(name) * 2));
	buf_add_u32le(b, 0);
	put_name_content(b, UINT64_C(0x0001000000000005), name);
	while (b->len < from + len)
		buf_add_u8(b, 0);
}

TEST(an_index_tells_what_is_in_its_slack)
{
	struct buf b = buf_new(8192);
	struct ntfs_index index;
	struct ntfs_name name;
	uint64_t reference;
	uint32_t used;
	bool is_slack;

	buf_text(&b, "INDX");
	buf_add_u16le(&b, 40);
	buf_add_u16le(&b, 9);
	buf_add_u64le(&b, 0);
	buf_add_u64le(&b, 0);
	buf_add_u32le(&b, 40);
	buf_add_u32le(&b, 0);
	buf_add_u64le(&b, 0);
	while (b.len < 64)
		buf_add_u8(&b, 0);
	put_entry(&b, "here.txt");
	used = (uint32_t)b.len - 24;
	put_entry(&b, "gone.txt");
	while (b.len < 4096)
		buf_add_u8(&b, 0);
	memcpy(b.at + 28, &used, 4);
	assert_true(ntfs_index_open(&index, buf_span(&b)));
	assert_true(ntfs_index_next(&index, &name, &reference, &is_slack));
	assert_int_equal(reference & NTFS_REFERENCE, 0x40);
	assert_int_equal(name.name.at[0], 'h');
	assert_false(is_slack);
	assert_true(ntfs_index_next(&index, &name, &reference, &is_slack));
	assert_int_equal(name.name.at[0], 'g');
	assert_true(is_slack);
	assert_false(ntfs_index_next(&index, &name, &reference, &is_slack));
	buf_free(&b);
}

TEST(a_real_journal_is_read_to_its_end)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data");
	char name[4200];
	struct span journal;
	struct usn_reader reader;
	struct usn_record r;
	int count = 0;

	snprintf(name, sizeof name, "%s/UsnJrnl.raw", path);
	journal = read_whole(name);
	for (reader = (struct usn_reader){ .bytes = journal }; usn_next(&reader, &r); count++)
		assert_int_equal(r.usn, r.offset);
	assert_int_equal(count, 19);
	assert_int_equal(reader.damaged, 0);
	free((void *)(uintptr_t)journal.at);
}
