#include "disk/qcow.h"

#include "base/buf.h"
#include "test.h"

#define CLUSTER ((size_t)64 << 10)
#define SNAPSHOTS 1000
#define SNAPSHOT 40
#define SIZE (2 * CLUSTER)

static uint8_t image[SIZE];
static uint64_t reads;

static void put_be(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

static bool read_counted(struct blocks *b, uint64_t at, uint8_t *to, size_t len, struct err *err)
{
	reads++;
	memcpy(to, image + at, len);
	return true;
}

static void leave(struct blocks *b)
{
}

/* Each snapshot claims a first table of four million entries, where the snapshots themselves stand. */
static void make(void)
{
	memset(image, 0, SIZE);
	memcpy(image, "QFI\xfb", 4);
	put_be(image + 4, 2, 4);
	put_be(image + 20, 16, 4);
	put_be(image + 24, CLUSTER, 8);
	put_be(image + 36, 1, 4);
	put_be(image + 40, 512, 8);
	put_be(image + 60, SNAPSHOTS, 4);
	put_be(image + 64, CLUSTER, 8);
	for (size_t i = 0; i < SNAPSHOTS; i++) {
		put_be(image + CLUSTER + i * SNAPSHOT, CLUSTER, 8);
		put_be(image + CLUSTER + i * SNAPSHOT + 8, (uint64_t)4 << 20, 4);
	}
}

TEST(qcow_looks_at_no_more_of_snapshots_than_the_file_has_room_for)
{
	struct blocks file = { .size = SIZE, .read = read_counted, .close = leave }, *media;
	struct buf words = buf_new(4096);
	struct err err = { 0 };

	make();
	media = qcow_media(&file, NULL, &words, &err);
	assert_non_null(media);
	reads = 0;
	qcow_look(media, &words);
	assert_in_range(reads, SNAPSHOTS, SIZE / 8 + 2 * SNAPSHOTS);
	blocks_close(media);
	buf_free(&words);
}
