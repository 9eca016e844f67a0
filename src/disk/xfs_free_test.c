#include "disk/xfs_free.h"

#include <stdio.h>

#include "test.h"

#define BLOCK 512
#define GROUP_BLOCKS 64
#define SIZE ((size_t)2 * GROUP_BLOCKS * BLOCK)

static void put_be(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

struct extent {
	uint32_t at, len;
};

static uint8_t volume[SIZE];

static uint8_t *block_at(unsigned group, unsigned number)
{
	return volume + ((size_t)group * GROUP_BLOCKS + number) * BLOCK;
}

/* Returns where records begin. */
static uint8_t *put_node(uint8_t *at, bool is_v5, unsigned level, unsigned count, uint32_t right)
{
	memset(at, 0, BLOCK);
	memcpy(at, is_v5 ? "AB3B" : "ABTB", 4);
	put_be(at + 4, level, 2);
	put_be(at + 6, count, 2);
	put_be(at + 8, UINT32_MAX, 4);
	put_be(at + 12, right, 4);
	return at + (is_v5 ? 56 : 16);
}

static void put_leaf(uint8_t *at, bool is_v5, const struct extent *extents, unsigned count, uint32_t right)
{
	uint8_t *records = put_node(at, is_v5, 0, count, right);

	for (unsigned i = 0; i < count; i++) {
		put_be(records + (size_t)8 * i, extents[i].at, 4);
		put_be(records + (size_t)8 * i + 4, extents[i].len, 4);
	}
}

/* Group 0: a root at block 2 over leaves 5 and 3. Group 1: a leaf alone. */
static void make(bool is_v5)
{
	const struct extent first[] = { { 6, 2 }, { 10, 1 } }, second[] = { { 20, 30 } }, third[] = { { 5, 59 } };
	uint8_t *keys;
	size_t room = (BLOCK - (is_v5 ? 56u : 16u)) / 12;

	memset(volume, 0, SIZE);
	memcpy(volume, "XFSB", 4);
	put_be(volume + 4, BLOCK, 4);
	put_be(volume + 84, GROUP_BLOCKS, 4);
	put_be(volume + 88, 2, 4);
	put_be(volume + 102, 512, 2);
	for (unsigned group = 0; group < 2; group++) {
		memcpy(block_at(group, 1), "XAGF", 4);
		put_be(block_at(group, 1) + 16, group ? 4 : 2, 4);
	}
	keys = put_node(block_at(0, 2), is_v5, 1, 2, UINT32_MAX);
	put_be(keys, 6, 4);
	put_be(keys + 8, 20, 4);
	put_be(keys + room * 8, 5, 4);
	put_be(keys + room * 8 + 4, 3, 4);
	put_leaf(block_at(0, 5), is_v5, first, 2, 3);
	put_leaf(block_at(0, 3), is_v5, second, 1, UINT32_MAX);
	put_leaf(block_at(1, 4), is_v5, third, 1, UINT32_MAX);
}

static bool note_run(void *context, uint64_t at, uint64_t len)
{
	struct buf *told = context;

	return buf_printf(told, "%u+%u ", (unsigned)(at / BLOCK), (unsigned)(len / BLOCK));
}

/* "6+2 …", and "!" where something could not be read. */
static const char *runs(void)
{
	static char text[256];
	struct blocks *b = blocks_of_span(span_of(volume, SIZE), NULL);
	struct buf told = buf_new(sizeof text - 2);
	struct err err;
	bool ok = xfs_free_runs(b, note_run, &told, &err);

	snprintf(text, sizeof text, "%.*s%s", SPAN_ARG(buf_span(&told)), ok ? "" : "!");
	buf_free(&told);
	blocks_close(b);
	return text;
}

TEST(xfs_free_extents_of_every_group_are_told)
{
	for (int is_v5 = 0; is_v5 < 2; is_v5++) {
		make(is_v5);
		assert_string_equal(runs(), "6+2 10+1 20+30 69+59 ");
	}
}

TEST(xfs_free_damage_costs_its_group)
{
	make(true);
	block_at(0, 1)[0] = 'x';
	assert_string_equal(runs(), "69+59 !");
	make(true);
	block_at(0, 3)[0] = 'x';
	assert_string_equal(runs(), "6+2 10+1 69+59 !");
	make(true);
	put_be(block_at(0, 3) + 12, 5, 4);	/* leaves in a circle */
	assert_string_equal(runs(), "6+2 10+1 20+30 69+59 !");
	make(true);
	put_be(block_at(1, 4) + 56 + 4, 60, 4);	/* beyond its group */
	assert_string_equal(runs(), "6+2 10+1 20+30 !");
	volume[0] = 'x';
	assert_string_equal(runs(), "!");
}
