#include "disk/xfs_folder.h"

#include <stdio.h>

#include "test.h"

#define BLOCK 512
#define BLOCKS 64
#define SIZE ((size_t)BLOCKS * BLOCK)
#define INODE 256			/* bytes */
#define FOLDER 16			/* number: the first inode of block 8 */
#define FORK (FOLDER * INODE + 100)
#define DATA 20				/* blocks of names */
#define TREE 30
#define TAIL (BLOCK - 8)

static uint8_t volume[SIZE];

static void put_be(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

/* Version 4, one group, without types in names. */
static void make(uint8_t format, uint64_t size, uint32_t extents)
{
	uint8_t *inode = volume + (size_t)FOLDER * INODE;

	memset(volume, 0, SIZE);
	memcpy(volume, "XFSB", 4);
	put_be(volume + 4, BLOCK, 4);
	put_be(volume + 84, BLOCKS, 4);
	put_be(volume + 88, 1, 4);
	put_be(volume + 100, 4, 2);
	put_be(volume + 102, 512, 2);
	put_be(volume + 104, INODE, 2);
	volume[123] = 1;
	volume[124] = 6;
	memcpy(inode, "IN", 2);
	put_be(inode + 2, 040755, 2);
	inode[4] = 2;
	inode[5] = format;
	put_be(inode + 56, size, 8);
	put_be(inode + 76, extents, 4);
}

static size_t put_name(uint8_t *at, size_t place, const char *name, uint64_t inode)
{
	size_t len = strlen(name), all = (9 + len + 2 + 7) / 8 * 8;

	put_be(at + place, inode, 8);
	at[place + 8] = (uint8_t)len;
	memcpy(at + place + 9, name, len);
	put_be(at + place + all - 2, place, 2);
	return place + all;
}

static void put_free(uint8_t *at, size_t place, size_t end)
{
	put_be(at + place, 0xffff, 2);
	put_be(at + place + 2, end - place, 2);
	put_be(at + end - 2, place, 2);
}

/* "a" and "b" in the block of that number, as one without hashes. Returns where "a" begins. */
static size_t put_block(unsigned number, const char *magic)
{
	uint8_t *at = volume + (size_t)number * BLOCK;
	size_t end = magic[3] == 'B' ? TAIL : BLOCK, a, b;

	memcpy(at, magic, 4);
	a = put_name(at, put_name(at, 16, ".", FOLDER), "..", 5);
	b = put_name(at, a, "a", 6);
	put_free(at, put_name(at, b, "b\xff", 7), end);
	return a;
}

static void put_extent(uint8_t *at, uint64_t logical, uint64_t block, uint64_t count)
{
	put_be(at, logical << 9, 8);
	put_be(at + 8, block << 21 | count, 8);
}

static bool note_name(void *context, struct span name, uint64_t inode)
{
	return buf_printf(context, "%.*s=%u ", SPAN_ARG(name), (unsigned)inode);
}

/* "..=5 a=6 …", and "!" where not all could be read. */
static const char *names(void)
{
	static char text[4096];
	struct blocks *b = blocks_of_span(span_of(volume, SIZE), NULL);
	struct buf told = buf_new(sizeof text - 2);
	struct xfs_inode folder;
	struct xfs_volume x;
	struct err err;
	bool ok;

	assert_true(xfs_open(&x, b, &err));
	assert_true(xfs_read_inode(&x, FOLDER, &folder, &err));
	ok = xfs_each_name(&x, &folder, note_name, &told, &err);
	snprintf(text, sizeof text, "%.*s%s", SPAN_ARG(buf_span(&told)), ok ? "" : "!");
	buf_free(&told);
	blocks_close(b);
	return text;
}

TEST(xfs_folder_in_the_inode_is_told)
{
	static const uint8_t bytes[] = "\2\0\0\0\0\5" "\1\0\0x\0\0\0\6" "\2\0\0y\xff\0\0\0\7";
	uint8_t *fork = volume + FORK;

	make(XFS_FORMAT_LOCAL, sizeof bytes - 1, 0);
	memcpy(fork, bytes, sizeof bytes);
	assert_string_equal(names(), "..=5 x=6 y\xff=7 ");
	fork[0] = 3;				/* one more than there are */
	assert_string_equal(names(), "..=5 x=6 y\xff=7 !");
	fork[0] = 1;				/* one less */
	assert_string_equal(names(), "..=5 x=6 !");
	fork[0] = 2;
	fork[6] = 0;				/* a name of no bytes: the next number is told too, out of step */
	assert_int_equal(names()[strlen(names()) - 1], '!');
	fork[6] = 200;
	assert_string_equal(names(), "..=5 !");
	make(XFS_FORMAT_LOCAL, 4000, 0);
	assert_string_equal(names(), "..=0 !");
}

TEST(xfs_folder_of_one_block_is_told)
{
	make(XFS_FORMAT_EXTENTS, BLOCK, 1);
	put_extent(volume + FORK, 0, DATA, 1);
	put_block(DATA, "XD2B");
	assert_string_equal(names(), "..=5 a=6 b\xff=7 ");
}

TEST(xfs_folder_names_behind_damage_are_found)
{
	uint8_t *block = volume + (size_t)DATA * BLOCK;
	size_t a;

	make(XFS_FORMAT_EXTENTS, BLOCK, 1);
	put_extent(volume + FORK, 0, DATA, 1);
	a = put_block(DATA, "XD2D");
	block[a + 8] = 0;
	assert_string_equal(names(), "..=5 b\xff=7 !");
	block[a + 8] = 250;
	assert_string_equal(names(), "..=5 b\xff=7 !");
	memset(block + 16, 0xff, a - 16);	/* free, of a length that cannot be */
	block[a + 8] = 1;
	assert_string_equal(names(), "a=6 b\xff=7 !");
	put_block(DATA, "XD2D");
	block[a + 9] = '/';
	assert_string_equal(names(), "..=5 b\xff=7 !");
	put_block(DATA, "XD2B");
	put_be(block + TAIL, UINT32_MAX, 4);	/* more hashes than there is room for */
	assert_string_equal(names(), "..=5 a=6 b\xff=7 !");
	block[0] = 'x';
	assert_string_equal(names(), "!");
}

TEST(xfs_folder_lost_blocks_are_told)
{
	make(XFS_FORMAT_EXTENTS, 3 * BLOCK, 2);
	put_extent(volume + FORK, 0, DATA, 1);
	put_extent(volume + FORK + 16, 2, DATA + 2, 1);
	put_block(DATA, "XD2D");
	put_block(DATA + 2, "XD2D");
	assert_string_equal(names(), "..=5 a=6 b\xff=7 ..=5 a=6 b\xff=7 ");
	put_extent(volume + FORK + 16, 2, BLOCKS, 1);	/* beyond the group */
	assert_string_equal(names(), "..=5 a=6 b\xff=7 !");
	put_extent(volume + FORK + 16, 0, DATA + 2, 1);	/* not in order */
	assert_string_equal(names(), "..=5 a=6 b\xff=7 !");
	make(XFS_FORMAT_EXTENTS, BLOCK, 0);
	assert_string_equal(names(), "!");
	make(XFS_FORMAT_EXTENTS, BLOCK, UINT32_MAX);
	assert_string_equal(names(), "!");
}

static uint8_t *put_node(unsigned block, unsigned level, unsigned count)
{
	uint8_t *at = volume + (size_t)block * BLOCK;

	memcpy(at, "BMAP", 4);
	put_be(at + 4, level, 2);
	put_be(at + 6, count, 2);
	return at + 24;
}

TEST(xfs_folder_by_a_tree_is_told)
{
	size_t in_root = (INODE - 100 - 4) / 16, in_node = (BLOCK - 24) / 16;
	uint8_t *node;

	make(XFS_FORMAT_TREE, 2 * BLOCK, 2);
	put_be(volume + FORK, 2, 2);
	put_be(volume + FORK + 2, 1, 2);
	put_be(volume + FORK + 4 + in_root * 8, TREE, 8);
	node = put_node(TREE, 1, 2);
	put_be(node + in_node * 8, TREE + 1, 8);
	put_be(node + in_node * 8 + 8, TREE + 2, 8);
	put_extent(put_node(TREE + 1, 0, 1), 0, DATA, 1);
	put_extent(put_node(TREE + 2, 0, 1), 1, DATA + 1, 1);
	put_block(DATA, "XD2D");
	put_block(DATA + 1, "XD2D");
	assert_string_equal(names(), "..=5 a=6 b\xff=7 ..=5 a=6 b\xff=7 ");
	/* A destroyed leaf costs what it told, no more. */
	put_be(node + in_node * 8, BLOCKS, 8);
	assert_string_equal(names(), "..=5 a=6 b\xff=7 !");
	/* A circle: no level is below itself. */
	put_be(node + in_node * 8, TREE, 8);
	put_be(node + in_node * 8 + 8, TREE, 8);
	assert_string_equal(names(), "!");
	put_be(volume + FORK, 200, 2);
	assert_string_equal(names(), "!");
}
