#include "formats/http/http2.h"

#include "test.h"

#include <inttypes.h>
#include <stdlib.h>


static void field(void *context, struct span name, struct span value)
{
	buf_printf(context, "%.*s: %.*s\n", SPAN_ARG(name), SPAN_ARG(value));
}

static void head(void *context, uint32_t stream, bool is_last)
{
	buf_printf(context, "head %u%s\n", stream, is_last ? " last" : "");
}

static void body(void *context, uint32_t stream, uint64_t bytes)
{
	buf_printf(context, "data %u %" PRIu64 "\n", stream, bytes);
}

static void end(void *context, uint32_t stream)
{
	buf_printf(context, "end %u\n", stream);
}

/* Blocks of RFC 7541, appendix C, one after another through one decoder; what comes of them. */
static void expect_blocks(const struct span *blocks, size_t count, const char *want)
{
	struct buf text = buf_new(1 << 16), room = buf_new(1 << 16);
	struct hpack h;

	hpack_begin(&h, false);
	for (size_t i = 0; i < count; i++)
		assert_true(hpack_read(&h, blocks[i], &room, field, &text));
	assert_span(buf_span(&text), want);
	buf_free(&text);
	buf_free(&room);
}

#define WANTED \
	":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n" \
	":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\ncache-control: no-cache\n" \
	":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\ncustom-key: custom-value\n"

TEST(hpack_reads_the_requests_of_the_rfc)
{
	/* C.3 and C.4: the same requests, plain and in Huffman's code. */
	const struct span plain[] = {
		SPAN("\x82\x86\x84\x41\x0fwww.example.com"), SPAN("\x82\x86\x84\xbe\x58\x08no-cache"),
		SPAN("\x82\x87\x85\xbf\x40\x0a" "custom-key\x0c" "custom-value"),
	};
	const struct span coded[] = {
		SPAN("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"),
		SPAN("\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf"),
		SPAN("\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf"),
	};

	expect_blocks(plain, 3, WANTED);
	expect_blocks(coded, 3, WANTED);
}

TEST(hpack_forgets_what_the_table_has_no_room_for)
{
	/* A table of 64 bytes: the second entry puts the first out, so that 62 is the second, 63 nothing. */
	const struct span blocks[] = { SPAN("\x3f\x21\x40\x01" "a\x01" "1\x40\x01" "b\x01" "2\xbe") };
	struct buf text = buf_new(1 << 16), room = buf_new(1 << 16);
	struct hpack h;

	expect_blocks(blocks, 1, "a: 1\nb: 2\nb: 2\n");
	hpack_begin(&h, false);
	assert_true(hpack_read(&h, blocks[0], &room, field, &text));
	assert_false(hpack_read(&h, SPAN("\xbf"), &room, field, &text));
	buf_free(&text);
	buf_free(&room);
}

/* Entries of all lengths, thousands of them, each asked for again while it must be there. */
TEST(hpack_keeps_its_entries_while_it_tidies_up)
{
	struct buf text = buf_new(1 << 20), room = buf_new(1 << 20), block = buf_new(4096), want = buf_new(8192);
	struct hpack h;

	hpack_begin(&h, false);
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t len = i * 37 % 121;

		buf_clear(&block);
		buf_clear(&text);
		buf_clear(&want);
		buf_add(&block, SPAN("\x40\x01n"));
		buf_add_u8(&block, (uint8_t)len);
		for (uint32_t k = 0; k < len; k++)
			buf_add_u8(&block, (uint8_t)('a' + (i + k) % 26));
		/* And the one added two before, if it is there. */
		if (i >= 2)
			buf_add_u8(&block, 0x80 | 64);
		assert_true(hpack_read(&h, buf_span(&block), &room, field, &text));
		for (uint32_t back = 0; back <= (i >= 2 ? 2 : 0); back += 2) {
			uint32_t of = i - back, size = of * 37 % 121;

			buf_text(&want, "n: ");
			for (uint32_t k = 0; k < size; k++)
				buf_add_u8(&want, (uint8_t)('a' + (of + k) % 26));
			buf_text(&want, "\n");
		}
		assert_true(span_eq(buf_span(&text), buf_span(&want)));
		assert_true(h.size <= 4096);
	}
	buf_free(&text);
	buf_free(&room);
	buf_free(&block);
	buf_free(&want);
}

TEST(hpack_refuses_what_is_damaged)
{
	static const struct span bad[] = {
		{ (const uint8_t *)"\x80", 1 },			/* number 0 */
		{ (const uint8_t *)"\xbe", 1 },			/* not there */
		{ (const uint8_t *)"\x40\x05" "ab", 4 },	/* cut off */
		{ (const uint8_t *)"\x40\x01" "a\x81\x00", 5 },	/* a fill that is not ones */
		{ (const uint8_t *)"\x40\x01" "a\x84\xff\xff\xff\xff", 8 },	/* the code for the end */
		{ (const uint8_t *)"\x3f\xe1\x7f", 3 },		/* a table larger than is followed */
		{ (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\x7f", 8 },
	};
	struct buf text = buf_new(1 << 16), room = buf_new(1 << 16);
	struct hpack h;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		hpack_begin(&h, false);
		assert_false(hpack_read(&h, bad[i], &room, field, &text));
	}
	buf_free(&text);
	buf_free(&room);
}

/* Settings, a head over two frames with padding and a priority, a padded body, an empty frame that ends. */
#define FRAMES \
	"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64" \
	"\0\0\x0a\1\x28\0\0\0\1" "\2" "\0\0\0\0\x0f" "\x83\x86" "zz" \
	"\0\0\x12\x9\4\0\0\0\1" "\x84\x41\x0fwww.example.com" \
	"\0\0\xa\0\x8\0\0\0\1" "\3" "abcdef" "zzz" \
	"\0\0\0\0\1\0\0\0\1"

TEST(http2_is_read_in_pieces_of_any_size)
{
	struct span all = SPAN(FRAMES);

	for (size_t step = 1; step <= all.len; step++) {
		struct buf text = buf_new(1 << 16), room = buf_new(1 << 16);
		struct http2_events events = { field, head, body, end, &text };
		struct http2 *h = calloc(1, sizeof *h);

		assert_non_null(h);
		http2_begin(h, false);
		for (struct span rest = all; rest.len; rest = span_from(rest, step))
			assert_true(http2_feed(h, span_sub(rest, 0, step), &room, &events));
		if (step == all.len)
			assert_span(buf_span(&text), ":method: POST\n:scheme: http\n:path: /\n"
				    ":authority: www.example.com\nhead 1\ndata 1 6\nend 1\n");
		assert_true(span_find(buf_span(&text), 0, SPAN("head 1\ndata 1 ")) != SIZE_MAX);
		assert_true(span_ends(buf_span(&text), SPAN("end 1\n")));
		free(h);
		buf_free(&text);
		buf_free(&room);
	}
}

TEST(http2_goes_on_where_a_body_has_gaps_and_nowhere_else)
{
	struct buf text = buf_new(1 << 16), room = buf_new(1 << 16);
	struct http2_events events = { field, head, body, end, &text };
	struct http2 *h = calloc(1, sizeof *h);

	assert_non_null(h);
	http2_begin(h, false);
	assert_true(http2_feed(h, SPAN("\0\1\0\0\1\0\0\0\3" "abc"), &room, &events));
	assert_true(http2_skip(h, 200, &events));
	assert_false(http2_skip(h, 54, &events));
	assert_true(http2_skip(h, 53, &events));
	assert_span(buf_span(&text), "data 3 3\ndata 3 200\ndata 3 53\nend 3\n");
	assert_false(http2_skip(h, 1, &events));
	assert_true(http2_begins(SPAN("\0\0\6\4\0\0\0\0\0")));
	assert_false(http2_begins(SPAN("\0\0\6\4\1\0\0\0\0")));
	free(h);
	buf_free(&text);
	buf_free(&room);
}
