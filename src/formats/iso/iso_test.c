#include "formats/iso/iso.h"

#include <stdlib.h>

#include "test.h"

#define SECTOR 2048
#define IS_FOLDER 2

/* An image of `sectors` with one volume, whose root is at sector 20 and whose table of paths is empty. */
struct image {
	uint8_t *at;
	size_t len;
};

static void put_u32(uint8_t *at, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] = (uint8_t)(n >> 8 * i);
		at[7 - i] = (uint8_t)(n >> 8 * i);
	}
}

/* A record of a folder or file; returns where the next one goes. */
static uint8_t *put_record(uint8_t *at, uint32_t sector, uint32_t size, uint8_t flags, struct span name)
{
	size_t len = (33 + name.len + 1) & ~(size_t)1;

	memset(at, 0, len);
	at[0] = (uint8_t)len;
	put_u32(at + 2, sector);
	put_u32(at + 10, size);
	at[25] = flags;
	at[32] = (uint8_t)name.len;
	memcpy(at + 33, name.at, name.len);
	return at + len;
}

static struct image image_of(uint32_t sectors)
{
	struct image i = { calloc(sectors, SECTOR), (size_t)sectors * SECTOR };
	uint8_t *d = i.at + 16 * SECTOR;

	assert_non_null(i.at);
	d[0] = 1;
	memcpy(d + 1, "CD001", 5);
	d[128] = SECTOR & 0xff;
	d[129] = SECTOR >> 8;
	put_record(d + 156, 20, SECTOR, IS_FOLDER, SPAN("\0"));
	d[SECTOR] = 255;
	memcpy(d + SECTOR + 1, "CD001", 5);
	return i;
}

static bool count_bytes(void *context, const struct iso_file *file)
{
	*(uint64_t *)context += file->content.len;
	return true;
}

static struct iso_state state_of(struct image i, uint64_t *bytes)
{
	struct iso_state state;

	*bytes = 0;
	iso_each(span_of(i.at, i.len), count_bytes, bytes, &state);
	free(i.at);
	return state;
}

TEST(iso_tells_files_that_are_whole_and_those_cut_off)
{
	struct image i = image_of(30);
	uint64_t bytes;
	uint8_t *at = put_record(i.at + 20 * SECTOR, 20, SECTOR, IS_FOLDER, SPAN("\0"));
	struct iso_state found;

	put_record(at, 25, 100, 0, SPAN("A.;1"));
	found = state_of(i, &bytes);
	assert_int_equal(bytes, 100);
	assert_int_equal(found.damaged, 0);
	i = image_of(30);
	at = put_record(i.at + 20 * SECTOR, 20, SECTOR, IS_FOLDER, SPAN("\0"));
	put_record(at, 28, 1000000, 0, SPAN("B.;1"));
	found = state_of(i, &bytes);
	assert_int_equal(bytes, 2 * SECTOR);
	assert_int_equal(found.damaged, 1);
}

/* What was a record is zeros; others stand behind it. */
TEST(iso_takes_zeros_in_the_middle_of_a_folder_for_damage)
{
	for (unsigned gone = 0; gone < 2; gone++) {
		struct image i = image_of(30);
		uint8_t *at = put_record(i.at + 20 * SECTOR, 20, SECTOR, IS_FOLDER, SPAN("\0")), *next;
		uint64_t bytes;

		next = put_record(at, 25, 100, 0, SPAN("A.;1"));
		put_record(next, 26, 10, 0, SPAN("B.;1"));
		memset(at, 0, gone ? (size_t)(next - at) : 0);
		assert_int_equal(state_of(i, &bytes).damaged, gone);
		assert_int_equal(bytes, gone ? 0 : 110);
	}
}

/* The last record of a folder is zeros, as behind it all is; the other tree has the file. */
TEST(iso_sees_that_one_of_its_trees_lacks_a_file)
{
	for (unsigned gone = 0; gone < 2; gone++) {
		struct image i = image_of(30);
		uint8_t *d = i.at + 17 * SECTOR, *at = put_record(i.at + 20 * SECTOR, 20, SECTOR, IS_FOLDER, SPAN("\0"));
		struct iso_state found;
		uint64_t bytes;

		memmove(d + SECTOR, d, SECTOR);
		memmove(d, d - SECTOR, SECTOR);
		d[0] = 2;
		memcpy(d + 88, "%/E", 3);
		put_record(d + 156, 21, SECTOR, IS_FOLDER, SPAN("\0"));
		if (!gone)
			put_record(at, 25, 100, 0, SPAN("A.;1"));
		else
			put_record(at, 26, 10, 0, SPAN("B.;1"));
		at = put_record(i.at + 21 * SECTOR, 21, SECTOR, IS_FOLDER, SPAN("\0"));
		at = put_record(at, 25, 100, 0, SPAN("\0A"));
		if (gone)
			put_record(at, 26, 10, 0, SPAN("\0B"));
		found = state_of(i, &bytes);
		assert_int_equal(found.damaged, 0);
		assert_int_equal(found.differs, gone);
		assert_int_equal(bytes, gone ? 110 : 100);
	}
}

/* Each claims all that is behind it: to read them all would take the square of the image. */
TEST(iso_folders_that_lie_in_each_other_are_damage)
{
	enum { SECTORS = 4000 };
	struct image i = image_of(SECTORS);
	uint64_t bytes;
	struct iso_state found;

	for (uint32_t n = 20; n < SECTORS; n++) {
		uint8_t *at = put_record(i.at + n * SECTOR, n, (SECTORS - n) * SECTOR, IS_FOLDER, SPAN("\0"));

		if (n + 1 < SECTORS)
			put_record(at, n + 1, SECTOR, IS_FOLDER, SPAN("D"));
	}
	found = state_of(i, &bytes);
	assert_true(found.folders > 3000);
	assert_true(found.damaged > 3000);
	assert_false(found.is_cut);
}

/* In blocks of 512 bytes: a folder at each of more places than are remembered. */
TEST(iso_says_where_it_remembers_no_more)
{
	enum { BLOCK = 512, FOLDERS = 100100, ROOT = 80, ROOT_BYTES = 36 * FOLDERS + 100 };
	struct image i = image_of((FOLDERS + 200) * BLOCK / SECTOR);
	uint8_t *d = i.at + 16 * SECTOR, *at;
	uint64_t bytes;

	d[128] = BLOCK & 0xff;
	d[129] = BLOCK >> 8;
	put_record(d + 156, ROOT, ROOT_BYTES, IS_FOLDER, SPAN("\0"));
	at = put_record(i.at + ROOT * BLOCK, ROOT, ROOT_BYTES, IS_FOLDER, SPAN("\0"));
	for (uint32_t n = 0; n < FOLDERS; n++)
		at = put_record(at, n, SECTOR, IS_FOLDER, SPAN("DD"));
	assert_true(state_of(i, &bytes).is_cut);
}
