#include "disk/vhd.h"

#include "base/buf.h"
#include "test.h"

#define BLOCK ((size_t)2 << 20)
#define BITMAP 512
#define SIZE (BLOCK + 5 * 512)
#define TABLE_AT 1536
#define BLOCK_AT 2048

static void put_be(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
}

static void put_sum(uint8_t *at, size_t len, size_t where)
{
	uint32_t sum = 0;

	put_be(at + where, 0, 4);
	for (size_t i = 0; i < len; i++)
		sum += at[i];
	put_be(at + where, ~sum, 4);
}

/* The first block is not there, the second, at the end of the media, holds text. */
static struct buf make(uint32_t kind)
{
	struct buf b = buf_new((size_t)8 << 20);
	size_t len = BLOCK_AT + BITMAP + BLOCK + 512;
	uint8_t *at = buf_reserve(&b, len);

	assert_non_null(at);
	memset(at, 0, len);
	b.len = len;
	memcpy(at, "conectix", 8);
	put_be(at + 16, 512, 8);
	put_be(at + 48, SIZE, 8);
	put_be(at + 60, kind, 4);
	put_sum(at, 512, 64);
	memcpy(at + len - 512, at, 512);
	memcpy(at + 512, "cxsparse", 8);
	put_be(at + 512 + 16, TABLE_AT, 8);
	put_be(at + 512 + 28, 2, 4);
	put_be(at + 512 + 32, BLOCK, 4);
	put_sum(at + 512, 1024, 36);
	memset(at + TABLE_AT, 0xff, 4);
	put_be(at + TABLE_AT + 4, BLOCK_AT / 512, 4);
	memcpy(at + BLOCK_AT + BITMAP + 512, "content", 7);
	return b;
}

static bool reads(struct buf *b, struct vhd_damage *damage)
{
	struct blocks *file = blocks_of_span(buf_span(b), NULL), *media;
	uint8_t piece[16];
	struct err err = { 0 };
	bool ok;

	assert_non_null(file);
	assert_true(vhd_is(file));
	media = vhd_media(file, NULL, damage, &err);
	ok = media && media->size == SIZE && blocks_read_all(media, BLOCK + 510, piece, 16, &err) &&
	     !memcmp(piece, "\0\0content\0\0\0\0\0\0\0", 16) && blocks_data_from(media, 5) == BLOCK;
	blocks_close(media);
	blocks_close(file);
	return ok;
}

TEST(vhd_reads_blocks_and_holes)
{
	struct buf b = make(3);
	struct vhd_damage damage;

	assert_true(reads(&b, &damage));
	assert_false(damage.footer || damage.header);
	buf_free(&b);
}

TEST(vhd_is_read_with_either_footer)
{
	for (int i = 0; i < 2; i++)
		for (size_t at = 0; at < 68; at++) {
			struct buf b = make(3);
			struct vhd_damage damage;

			b.at[(i ? b.len - 512 : 0) + at] ^= 0x41;
			assert_true(reads(&b, &damage));
			assert_true(damage.footer && !damage.header);
			buf_free(&b);
		}
}

TEST(vhd_is_read_without_its_header)
{
	struct buf b = make(3);
	struct vhd_damage damage;

	memset(b.at + 512, 0xaa, 1024);
	assert_true(reads(&b, &damage));
	assert_true(damage.header && !damage.footer);
	buf_free(&b);
}

TEST(vhd_says_which_blocks_are_lost)
{
	struct buf b = make(3), words = buf_new(1000);
	struct blocks *file = blocks_of_span(buf_span(&b), NULL), *media;
	struct vhd_damage damage;
	uint8_t piece[16];
	struct err err = { 0 };

	put_be(b.at + TABLE_AT, 0x7fffffff, 4);
	media = vhd_media(file, NULL, &damage, &err);
	assert_non_null(media);
	assert_false(blocks_read_all(media, 0, piece, sizeof piece, &err));
	assert_true(blocks_read_all(media, BLOCK, piece, sizeof piece, &err));
	vhd_look(media, &words);
	assert_true(span_eq(buf_span(&words), SPAN("1 units have lost their place")));
	blocks_close(media);
	blocks_close(file);
	buf_free(&b);
	buf_free(&words);
}

TEST(vhd_says_that_a_block_belongs_to_nothing)
{
	struct buf b = make(3), words = buf_new(1000);
	struct blocks *file = blocks_of_span(buf_span(&b), NULL), *media;
	struct vhd_damage damage;
	struct err err = { 0 };

	memset(b.at + TABLE_AT + 4, 0xff, 4);
	memset(b.at + BLOCK_AT + BITMAP, 'x', BLOCK);
	media = vhd_media(file, NULL, &damage, &err);
	assert_non_null(media);
	vhd_look(media, &words);
	assert_int_not_equal(span_find(buf_span(&words), 0, SPAN("belong to nothing")), SIZE_MAX);
	blocks_close(media);
	blocks_close(file);
	buf_free(&b);
	buf_free(&words);
}

TEST(vhd_that_rests_on_another_is_refused)
{
	struct buf b = make(4);
	struct blocks *file = blocks_of_span(buf_span(&b), NULL);
	struct vhd_damage damage;
	struct err err = { 0 };

	assert_null(vhd_media(file, NULL, &damage, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	blocks_close(file);
	buf_free(&b);
}
