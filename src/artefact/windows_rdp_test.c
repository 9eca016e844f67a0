/* Tiles of remote desktop, made byte by byte after what ANSSI's bmc-tools knows, and .rdp files. */
#include "artefact/windows.h"

#include "artefact/decode_support.h"
#include "test.h"

static struct told t;

static void run_cache(struct span bytes, const char *name)
{
	told_run(&t, windows_rdp_cache, bytes, name, "", NULL);
}

/* A tile in its place: what is not filled is of an older one. */
static void put_bmc(struct buf *b, unsigned width, unsigned height, uint32_t len, uint32_t flags, size_t depth)
{
	buf_add_u64le(b, UINT64_C(0x1122334455667788));
	buf_add_u16le(b, (uint16_t)width);
	buf_add_u16le(b, (uint16_t)height);
	buf_add_u32le(b, len);
	buf_add_u32le(b, flags);
	for (size_t i = 0; i < 64 * 64 * depth; i++)
		buf_add_u8(b, (uint8_t)(i < len ? 0x55 : 0xee));
}

static void put_bin(struct buf *b, unsigned width, unsigned height)
{
	buf_add_u64le(b, 7);
	buf_add_u16le(b, (uint16_t)width);
	buf_add_u16le(b, (uint16_t)height);
	for (unsigned i = 0; i < width * height * 4; i++)
		buf_add_u8(b, 1);
}

TEST(tiles_of_every_depth_small_and_packed_are_counted)
{
	for (size_t depth = 1; depth <= 4; depth++) {
		struct buf b = buf_new(1 << 20);

		put_bmc(&b, 64, 64, (uint32_t)(64 * 64 * depth), 0, depth);
		put_bmc(&b, 64, 16, (uint32_t)(64 * 16 * depth), 0, depth);
		put_bmc(&b, 64, 64, 777, 8, depth);
		put_bmc(&b, 32, 64, (uint32_t)(32 * 64 * depth), 0, depth);
		run_cache(buf_span(&b), "Users/ann/AppData/Local/Microsoft/Terminal Server Client/Cache/bcache24.bmc");
		assert_true(t.ok);
		assert_int_equal(t.traces[0].count, 4);
		assert_span(t.traces[0].user, "ann");
		assert_string_equal(t.short_of, "");
		told_free(&t);
		buf_free(&b);
	}
}

TEST(packed_tiles_alone_are_counted)
{
	struct buf b = buf_new(1 << 20);

	for (int i = 0; i < 5; i++)
		put_bmc(&b, 64, 64, 900 + 17 * (uint32_t)i, 8, 2);
	run_cache(buf_span(&b), "bcache22.bmc");
	assert_int_equal(t.traces[0].count, 5);
	told_free(&t);
	buf_free(&b);
}

TEST(places_that_are_not_used_are_not_damaged)
{
	struct buf b = buf_new(1 << 20);

	put_bmc(&b, 64, 64, 64 * 64 * 2, 0, 2);
	for (int i = 0; i < 3 * (20 + 64 * 64 * 2); i++)
		buf_add_u8(&b, 0);
	run_cache(buf_span(&b), "bcache22.bmc");
	assert_int_equal(t.traces[0].count, 1);
	assert_string_equal(t.short_of, "");
	told_free(&t);
	buf_free(&b);
}

TEST(a_damaged_tile_costs_itself)
{
	struct buf b = buf_new(1 << 20);

	for (int i = 0; i < 6; i++)
		put_bmc(&b, 64, 64, 64 * 64 * 4, 0, 4);
	memset(b.at + 2 * (20 + 64 * 64 * 4) + 8, 0xff, 12);
	run_cache(buf_span(&b), "bcache24.bmc");
	assert_int_equal(t.traces[0].count, 5);
	assert_int_equal(t.lost, 1);
	assert_true(t.short_of[0]);
	told_free(&t);
	run_cache(span_sub(buf_span(&b), 0, b.len - 100), "bcache24.bmc");
	assert_int_equal(t.traces[0].count, 4);
	assert_int_equal(t.lost, 2);
	told_free(&t);
	buf_free(&b);
}

TEST(tiles_of_the_newer_container)
{
	struct buf b = buf_new(1 << 20);

	buf_add(&b, SPAN("RDP8bmp\0\6\0\0\0"));
	run_cache(buf_span(&b), "Cache0000.bin");
	assert_true(t.ok && !t.count);
	told_free(&t);
	put_bin(&b, 64, 64);
	put_bin(&b, 64, 12);
	put_bin(&b, 3, 64);
	run_cache(buf_span(&b), "Cache0000.bin");
	assert_int_equal(t.traces[0].count, 3);
	assert_string_equal(t.short_of, "");
	told_free(&t);
	run_cache(span_sub(buf_span(&b), 0, b.len - 1), "Cache0000.bin");
	assert_int_equal(t.traces[0].count, 2);
	assert_int_equal(t.lost, 1);
	told_free(&t);
	put_bin(&b, 64, 64);
	b.at[b.len - 64 * 64 * 4 - 1] = 0xff;	/* its height */
	run_cache(buf_span(&b), "Cache0000.bin");
	assert_int_equal(t.traces[0].count, 3);
	assert_int_equal(t.lost, 1);
	told_free(&t);
	buf_free(&b);
}

TEST(what_is_no_cache_is_left_alone)
{
	static const uint8_t noise[100] = { 1, 2, 3 };
	uint8_t ones[70000];

	memset(ones, 0xff, sizeof ones);
	run_cache(span_of(noise, sizeof noise), "Cache.bin");
	assert_false(t.ok);
	assert_int_equal(t.err.code, ERR_UNSUPPORTED);
	told_free(&t);
	run_cache(span_of(ones, sizeof ones), "bcache2.bmc");
	assert_false(t.ok);
	told_free(&t);
	run_cache((struct span){ 0 }, "bcache2.bmc");
	assert_true(t.ok && !t.count);
	told_free(&t);
}

TEST(files_of_the_client_tell_to_where_and_what_was_shared)
{
	static const char text[] = "screen mode id:i:2\r\nfull address:s:srv.example:3390\r\nusername:s:X\\ann\r\n"
				   "drivestoredirect:s:*\r\ngatewayhostname:s:gw.example\r\n";
	struct buf wide = buf_new(4096);

	told_run(&t, windows_rdp_file, span_text(text), "Users/ann/Documents/Default.rdp", "", NULL);
	assert_span(t.traces[0].name, "srv.example:3390");
	assert_span(t.traces[0].user, "X\\ann");
	assert_span(t.traces[0].detail, "{\"drives\":\"*\",\"gateway\":\"gw.example\"}");
	told_free(&t);
	buf_add(&wide, SPAN("\xff\xfe"));
	for (size_t i = 0; text[i]; i++)
		buf_add_u16le(&wide, (uint8_t)text[i]);
	told_run(&t, windows_rdp_file, buf_span(&wide), "Default.rdp", "", NULL);
	assert_span(t.traces[0].name, "srv.example:3390");
	told_free(&t);
	buf_free(&wide);
}
