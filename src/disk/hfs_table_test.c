#include "disk/hfs_table.h"

#include "test.h"

#define BLOCK 512
#define BLOCKS 100
#define SIZE ((size_t)BLOCKS * BLOCK)
#define FILE_NUMBER 20
/* Of the content: one block each, with a block of something else between any two. */
#define PIECES 20
#define CONTENT_AT 20

static uint8_t volume[SIZE];

static void put_be(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

static void put_fork(uint8_t *at, uint64_t size, uint32_t start, uint32_t count)
{
	put_be(at, size, 8);
	put_be(at + 16, start, 4);
	put_be(at + 20, count, 4);
}

/* The descriptor of a node whose records have these lengths, one behind the other. Returns the first. */
static uint8_t *put_node(unsigned block, uint8_t kind, const uint16_t *lens, unsigned count)
{
	uint8_t *node = volume + (size_t)block * BLOCK;
	unsigned at = 14;

	node[8] = kind;
	node[9] = kind == 0xff;
	put_be(node + 10, count, 2);
	for (unsigned i = 0; i <= count; i++) {
		put_be(node + BLOCK - 2 * (i + 1), at, 2);
		at += i < count ? lens[i] : 0;
	}
	return node + 14;
}

/* A header, and what nodes are in use. */
static void put_header(unsigned block)
{
	const uint16_t lens[] = { 106, 128, 8 };
	uint8_t *header = put_node(block, 1, lens, 3);

	put_be(header + 18, BLOCK, 2);
	header[106 + 128] = 0xc0;
}

static void put_extents(uint8_t *at, unsigned first)
{
	for (unsigned i = 0; i < HFS_EXTENTS && first + i < PIECES; i++) {
		put_be(at + (size_t)8 * i, CONTENT_AT + 2 * (first + i), 4);
		put_be(at + (size_t)8 * i + 4, 1, 4);
	}
}

/* The later half of the extents stands before the earlier. */
static void put_more(unsigned block)
{
	const uint16_t lens[] = { 12 + 64, 12 + 64 };
	uint8_t *r = put_node(block, 0xff, lens, 2);

	for (unsigned i = 0; i < 2; i++, r += 12 + 64) {
		unsigned first = HFS_EXTENTS * (2 - i);

		put_be(r, 10, 2);
		put_be(r + 4, FILE_NUMBER, 4);
		put_be(r + 8, first, 4);
		put_extents(r + 12, first);
	}
}

static void put_file(unsigned block)
{
	const uint16_t lens[] = { 2 + 8 + 248 };
	uint8_t *r = put_node(block, 0xff, lens, 1);

	put_be(r, 8, 2);
	put_be(r + 2, 2, 4);
	put_be(r + 6, 1, 2);
	put_be(r + 8, 'f', 2);
	put_be(r + 10, 2, 2);
	put_be(r + 10 + 8, FILE_NUMBER, 4);
	put_be(r + 10 + 88, PIECES * BLOCK - 100, 8);
	put_extents(r + 10 + 88 + 16, 0);
}

static void make(void)
{
	memset(volume, 0, SIZE);
	memcpy(volume + 1024, "H+", 2);
	put_be(volume + 1024 + 32, 1, 4);
	put_be(volume + 1024 + 40, BLOCK, 4);
	put_fork(volume + 1024 + 192, (uint64_t)2 * BLOCK, 4, 2);
	put_fork(volume + 1024 + 272, (uint64_t)2 * BLOCK, 6, 2);
	put_header(4);
	put_more(5);
	put_header(6);
	put_file(7);
	for (unsigned i = 0; i < PIECES; i++) {
		memset(volume + (size_t)(CONTENT_AT + 2 * i) * BLOCK, 'a' + (int)i, BLOCK);
		memset(volume + (size_t)(CONTENT_AT + 2 * i + 1) * BLOCK, '!', BLOCK);
	}
}

static bool read_file(void *context, const struct hfs_entry *e)
{
	struct buf content = buf_new((size_t)1 << 20);
	struct err err = { 0 };
	bool cut;

	assert_int_equal(e->number, FILE_NUMBER);
	assert_true(hfs_table_read(context, e->node, e->record, UINT64_MAX, &content, &cut, &err));
	assert_false(cut);
	assert_int_equal(content.len, PIECES * BLOCK - 100);
	for (size_t i = 0; i < content.len; i++)
		assert_int_equal(content.at[i], 'a' + i / BLOCK);
	buf_free(&content);
	return true;
}

TEST(hfs_table_reads_a_file_in_more_pieces_than_its_record_tells)
{
	struct blocks *of;
	struct hfs_count count;
	struct err err = { 0 };
	struct hfs h;

	make();
	of = blocks_of_span(span_of(volume, SIZE), NULL);
	assert_true(hfs_table_open(&h, of, &err));
	assert_int_equal(h.more_count, 2);
	assert_true(hfs_table_each(&h, read_file, &h, &count, &err));
	assert_int_equal(count.files, 1);
	assert_int_equal(count.damaged, 0);
	hfs_table_close(&h);
	blocks_close(of);
}

static bool take_none(void *context, const struct hfs_entry *e)
{
	fail_msg("a file was told");
	return true;
}

/* The places of so many records would begin in front of the node. */
TEST(hfs_table_takes_no_node_that_claims_more_records_than_it_has_room_for)
{
	static const unsigned counts[] = { 65535, BLOCK / 2, (BLOCK - 14) / 2 };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct blocks *of;
		struct hfs_count count;
		struct err err = { 0 };
		struct hfs h;

		make();
		put_be(volume + (size_t)5 * BLOCK + 10, counts[i], 2);
		put_be(volume + (size_t)7 * BLOCK + 10, counts[i], 2);
		of = blocks_of_span(span_of(volume, SIZE), NULL);
		assert_true(hfs_table_open(&h, of, &err));
		assert_int_equal(h.more_count, 0);
		assert_true(hfs_table_each(&h, take_none, NULL, &count, &err));
		assert_int_equal(count.files, 0);
		assert_int_equal(count.damaged, 1);
		hfs_table_close(&h);
		blocks_close(of);
	}
}
