#include "codec/xpress.h"

#include "test.h"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz";

/* The first example of [MS-XCA] 3.1: literals only. */
TEST(plain_literals)
{
	struct arena arena = arena_new(1 << 20);
	struct span out;
	struct err err;
	uint8_t packed[4 + 26] = { 0x3f, 0, 0, 0 };

	memcpy(packed + 4, alphabet, 26);
	assert_true(xpress_plain(span_of(packed, sizeof packed), 26, &arena, &out, &err));
	assert_span(out, alphabet);
	assert_false(xpress_plain(span_of(packed, 20), 26, &arena, &out, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
}

/* The second: "abc" a hundred times by one long match. */
TEST(plain_long_match)
{
	static const uint8_t packed[] = { 0xff, 0xff, 0xff, 0x1f, 'a', 'b', 'c', 0x17, 0, 0x0f, 0xff, 0x26, 1 };
	struct arena arena = arena_new(1 << 20);
	struct span out;
	struct err err;

	assert_true(xpress_plain(span_of(packed, sizeof packed), 300, &arena, &out, &err));
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(out.at[i], "abc"[i % 3]);
	arena_free(&arena);
}

TEST(plain_match_before_the_start_is_refused)
{
	static const uint8_t packed[] = { 0xff, 0xff, 0xff, 0xff, 0x17, 0, 0, 0 };
	struct arena arena = arena_new(1 << 20);
	struct span out;
	struct err err;

	assert_false(xpress_plain(span_of(packed, sizeof packed), 300, &arena, &out, &err));
	arena_free(&arena);
}

/* Symbols 'a' (1 bit: 0), 'b' (2 bits: 10) and the match of 15+, one back (2 bits: 11). */
static size_t make_huffman(uint8_t *to)
{
	memset(to, 0, 256 + 8);
	to['a' / 2] |= 1 << 4;
	to['b' / 2] |= 2;
	to[(256 + 15) / 2] |= 2 << 4;
	to[257] = 0x58;		/* 0 10 11 000...: a, b, match */
	to[260] = 10;		/* 10 + 15 + 3 times */
	return 256 + 5;
}

TEST(huffman_literals_and_match)
{
	struct arena arena = arena_new(1 << 20);
	struct span out;
	struct err err;
	uint8_t packed[300];
	size_t len = make_huffman(packed);

	assert_true(xpress_huffman(span_of(packed, len), 30, &arena, &out, &err));
	assert_int_equal(out.len, 30);
	assert_int_equal(out.at[0], 'a');
	for (size_t i = 1; i < 30; i++)
		assert_int_equal(out.at[i], 'b');
	assert_false(xpress_huffman(span_of(packed, 200), 30, &arena, &out, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	packed['a' / 2] = 0;
	assert_false(xpress_huffman(span_of(packed, len), 30, &arena, &out, &err));
	arena_free(&arena);
}
