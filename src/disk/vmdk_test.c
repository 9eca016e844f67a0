#include "disk/vmdk.h"

#include "test.h"

#define SECTOR ((size_t)512)
#define EXTENTS_MOST 4096
#define MEDIA_SECTORS 8

static struct blocks *find_extent(void *context, struct span name)
{
	return span_eq(name, SPAN("gone")) ? NULL : context;
}

static void put_u32(uint8_t *at, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

/* A sparse extent of one grain of eight sectors, which stands in the fourth, behind its two tables. */
static void make_extent(uint8_t at[12 * SECTOR])
{
	memset(at, 0, 12 * SECTOR);
	memcpy(at, "KDMV", 4);
	put_u32(at + 4, 1);
	put_u32(at + 8, 1);
	put_u32(at + 12, MEDIA_SECTORS);
	put_u32(at + 20, 8);
	put_u32(at + 44, 512);
	put_u32(at + 56, 1);
	put_u32(at + 64, 3);
	put_u32(at + SECTOR, 2);
	put_u32(at + 2 * SECTOR, 4);
	memcpy(at + 4 * SECTOR, "content", 7);
}

struct opened {
	uint8_t extent[12 * SECTOR];
	struct buf text, words;
	struct blocks *of, *file, *media;
	bool missing;
	struct err err;
};

static void open_text(struct opened *o)
{
	struct image_files files = { find_extent, NULL };

	make_extent(o->extent);
	o->words = buf_new(4096);
	o->of = blocks_of_span(buf_span(&o->text), NULL);
	o->file = blocks_of_span(span_of(o->extent, sizeof o->extent), NULL);
	assert_non_null(o->of);
	assert_non_null(o->file);
	files.context = o->file;
	o->media = vmdk_media(o->of, NULL, &files, &o->words, &o->missing, &o->err);
}

static void close_text(struct opened *o)
{
	blocks_close(o->media);
	blocks_close(o->file);
	blocks_close(o->of);
	buf_free(&o->words);
	buf_free(&o->text);
}

static void add_lines(struct opened *o, size_t count)
{
	o->text = buf_new((size_t)1 << 20);
	buf_add(&o->text, SPAN("# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n"));
	for (size_t i = 0; i < count; i++)
		buf_printf(&o->text, "RW %d SPARSE \"a.vmdk\"\n", MEDIA_SECTORS);
}

TEST(vmdk_reads_all_extents_that_its_text_names)
{
	struct opened o = { 0 };
	uint8_t piece[7];

	add_lines(&o, 3);
	open_text(&o);
	assert_non_null(o.media);
	assert_int_equal(o.media->size, 3 * MEDIA_SECTORS * SECTOR);
	assert_true(blocks_read_all(o.media, 2 * MEDIA_SECTORS * SECTOR, piece, sizeof piece, &o.err));
	assert_memory_equal(piece, "content", sizeof piece);
	close_text(&o);
}

TEST(vmdk_has_room_for_its_last_extent_and_refuses_the_next)
{
	struct opened o = { 0 };

	add_lines(&o, EXTENTS_MOST);
	open_text(&o);
	assert_non_null(o.media);
	vmdk_look(o.media, &o.words);
	close_text(&o);
	o = (struct opened){ 0 };
	add_lines(&o, EXTENTS_MOST + 1);
	open_text(&o);
	assert_null(o.media);
	assert_int_equal(o.err.code, ERR_LIMIT);
	close_text(&o);
}

TEST(vmdk_goes_on_behind_an_extent_that_is_missing)
{
	struct opened o = { 0 };
	uint8_t piece[7];

	add_lines(&o, 1);
	buf_printf(&o.text, "RW %d SPARSE \"gone\"\nRW %d SPARSE \"a.vmdk\"\n", MEDIA_SECTORS, MEDIA_SECTORS);
	open_text(&o);
	assert_non_null(o.media);
	assert_true(o.missing);
	assert_false(blocks_read_all(o.media, MEDIA_SECTORS * SECTOR, piece, sizeof piece, &o.err));
	assert_true(blocks_read_all(o.media, 2 * MEDIA_SECTORS * SECTOR, piece, sizeof piece, &o.err));
	assert_memory_equal(piece, "content", sizeof piece);
	close_text(&o);
}
