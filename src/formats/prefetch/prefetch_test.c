#include "formats/prefetch/prefetch.h"

#include <stdlib.h>

#include "test.h"

struct expected {
	const char *file, *name;
	uint32_t version, hash, runs;
	size_t files, volumes;
	const char *first;	/* last run as sccainfo prints it, in our form */
};

/* As sccainfo 20200717 says; the last, version 31, it refuses: from plaso's test of that file. */
static const struct expected known[] = {
	{ "CMD.EXE-087B4001.pf", "CMD.EXE", 17, 0x087b4001, 2, 33, 1, "2013-03-10T10:11:49.281250000Z" },
	{ "PING.EXE-B29F6629.pf", "PING.EXE", 23, 0xb29f6629, 14, 27, 1, "2012-04-06T19:00:55.932955600Z" },
	{ "WUAUCLT.EXE-830BCC14.pf", "WUAUCLT.EXE", 23, 0x830bcc14, 25, 103, 5, "2012-03-15T21:17:39.807996300Z" },
	{ "TASKHOST.EXE-3AE259FC.pf", "TASKHOST.EXE", 26, 0x3ae259fc, 4, 51, 1, "2013-10-04T15:40:09.037833300Z" },
	{ "BYTECODEGENERATOR.EXE-C1E9BCE6.pf", "BYTECODEGENERATOR.EXE", 30, 0xc1e9bce6, 7, 1085, 1,
	  "2015-05-14T22:11:58.091134100Z" },
	{ "NOTEPAD.EXE-D8414F97.pf", "NOTEPAD.EXE", 30, 0xd8414f97, 2, 56, 1, "2019-06-05T19:55:04.877778700Z" },
	{ "ONEDRIVE.EXE-7E152375.pf", "ONEDRIVE.EXE", 30, 0x7e152375, 2, 134, 1, "2015-05-14T22:11:05.485277100Z" },
};

static void check(const char *folder, const struct expected *e)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct buf path = buf_new(4096), time = buf_new(64);
	struct prefetch p;
	struct span file;
	struct err err = { 0 };

	buf_printf(&path, "%s/%s", folder, e->file);
	file = read_whole((char *)path.at);
	assert_true(prefetch_parse(file, &arena, &p, &err));
	assert_true(p.whole);
	assert_int_equal(p.version, e->version);
	assert_span(p.name, e->name);
	assert_int_equal(p.hash, e->hash);
	assert_int_equal(p.run_count, e->runs);
	assert_int_equal(p.file_count, e->files);
	assert_int_equal(p.volume_count, e->volumes);
	timestamp_format(&time, p.runs[0], 9);
	assert_span(buf_span(&time), e->first);
	free((void *)(uintptr_t)file.at);
	buf_free(&path);
	buf_free(&time);
	arena_free(&arena);
}

TEST(prefetch_of_each_version_reads_as_sccainfo_says)
{
	CORPUS_OR_SKIP(folder, "artefacts/plaso/test_data/winprefetch")

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		check(folder, &known[i]);
}

TEST(prefetch_of_windows_11_is_read)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/winprefetch/AM_DELTA_PATCH_1.443.990.0.EX-7037CF86.pf")
	struct arena arena = arena_new((size_t)64 << 20);
	struct span file = read_whole(path);
	struct prefetch p;
	struct err err = { 0 };

	assert_true(prefetch_parse(file, &arena, &p, &err));
	assert_true(p.whole);
	assert_int_equal(p.version, 31);
	assert_int_equal(p.hash, 0x7037cf86);
	assert_int_equal(p.run_count, 1);
	assert_true(prefetch_program(&p).len > p.name.len);
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

static void put32(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static size_t make(uint8_t file[400])
{
	memset(file, 0, 400);
	put32(file, 23);
	memcpy(file + 4, "SCCA", 4);
	memcpy(file + 16, "A\0.\0E\0X\0E\0", 10);
	put32(file + 76, 0x12345678);
	put32(file + 100, 240);		/* names: offset, size */
	put32(file + 104, 16);
	put32(file + 108, 270);		/* volumes: offset, count, size */
	put32(file + 112, 1);
	put32(file + 116, 130);
	put32(file + 152, 3);
	memcpy(file + 240, "\\\0A\0.\0E\0X\0E\0\0\0", 14);
	put32(file + 270, 104);
	put32(file + 274, 2);
	put32(file + 286, 0xcafe);
	memcpy(file + 374, "\\\0V\0", 4);
	return 400;
}

TEST(prefetch_parts_lie_where_the_head_says)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct prefetch p;
	struct err err = { 0 };
	uint8_t file[400];

	make(file);
	assert_true(prefetch_parse(span_of(file, 400), &arena, &p, &err));
	assert_true(p.whole);
	assert_int_equal(p.run_count, 3);
	assert_int_equal(p.file_count, 1);
	assert_span(prefetch_program(&p), "\\A.EXE");
	assert_span(p.volumes[0].device, "\\V");
	assert_int_equal(p.volumes[0].serial, 0xcafe);
	assert_true(p.runs[0] == TIME_NONE);
	put32(file, 99);
	assert_false(prefetch_parse(span_of(file, 400), &arena, &p, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
}

TEST(prefetch_cut_short_is_not_whole)
{
	struct arena arena = arena_new((size_t)1 << 20);
	struct prefetch p;
	struct err err = { 0 };
	uint8_t file[400];

	make(file);
	assert_true(prefetch_parse(span_of(file, 245), &arena, &p, &err));
	assert_false(p.whole);
	assert_false(prefetch_parse(span_of(file, 60), &arena, &p, &err));
	assert_false(prefetch_parse(SPAN("MAM\x04\xff\xff\xff\xff"), &arena, &p, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	arena_free(&arena);
}
