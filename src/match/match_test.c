#include "match/match_db.h"
#include "match/rarity.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

struct seen {
	size_t count;
	uint64_t sum;
	uint32_t ids[64];
	size_t starts[64];
};

static bool note(void *context, uint32_t id, size_t start, size_t end)
{
	struct seen *seen = context;

	if (seen->count < 64) {
		seen->ids[seen->count] = id;
		seen->starts[seen->count] = start;
	}
	seen->count++;
	seen->sum += (id + 1) * (start * 31 + end);
	return true;
}

static struct match_db *build(struct arena *arena, const struct match_literal *literals, size_t n)
{
	struct match_db *db = NULL;
	struct err err = { 0 };

	assert_true(match_db_build(arena, literals, n, &db, &err));
	return db;
}

TEST(literals_of_every_length_are_found_up_to_the_last_byte)
{
	struct match_literal literals[] = {
		{ .bytes = SPAN("x"), .id = 1 },	  { .bytes = SPAN("xy"), .id = 2 },
		{ .bytes = SPAN("wxy"), .id = 3 },	  { .bytes = SPAN("vwxy"), .id = 4 },
		{ .bytes = SPAN("0123vwxy"), .id = 5 },	  { .bytes = SPAN("0123456789vwxy"), .id = 6 },
		{ .bytes = SPAN("y"), .id = 7 },
	};
	struct arena arena = arena_new(1 << 24);
	struct match_db *db = build(&arena, literals, 7);
	struct seen seen = { 0 };

	match_scan(db, SPAN("0123456789vwxy"), NULL, note, &seen);
	assert_int_equal(seen.count, 6);
	seen = (struct seen){ 0 };
	match_scan(db, SPAN("0123vwxy"), NULL, note, &seen);
	assert_int_equal(seen.count, 6);
	seen = (struct seen){ 0 };
	match_scan(db, SPAN(""), NULL, note, &seen);
	assert_int_equal(seen.count, 0);
	arena_free(&arena);
}

TEST(case_is_ignored_only_for_letters_and_only_where_asked)
{
	struct match_literal literals[] = {
		{ .bytes = SPAN("Get[1]"), .id = 1, .flags = MATCH_NOCASE },
		{ .bytes = SPAN("Get[1]"), .id = 2 },
	};
	struct arena arena = arena_new(1 << 24);
	struct match_db *db = build(&arena, literals, 2);
	struct seen seen = { 0 };

	match_scan(db, SPAN("..gEt[1] Get[1] get{1} get[1"), NULL, note, &seen);
	assert_int_equal(seen.count, 3);
	arena_free(&arena);
}

TEST(masked_bytes_match_what_the_mask_leaves_open)
{
	struct match_literal literal = { .bytes = SPAN("\x48\x00\x8d\x05\x10\xaa"),
					 .mask = SPAN("\xff\x00\xff\xff\xf0\xff"), .id = 9 };
	struct arena arena = arena_new(1 << 24);
	struct match_db *db = build(&arena, &literal, 1);
	struct seen seen = { 0 };

	match_scan(db, SPAN("..\x48\x77\x8d\x05\x1f\xaa..\x48\x77\x8d\x05\x2f\xaa"), NULL, note, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.starts[0], 2);
	arena_free(&arena);
}

TEST(an_empty_literal_is_refused)
{
	struct match_literal literal = { .id = 1 };
	struct arena arena = arena_new(1 << 24);
	struct match_db *db;
	struct err err = { 0 };

	assert_false(match_db_build(&arena, &literal, 1, &db, &err));
	assert_int_equal(err.code, ERR_USAGE);
	arena_free(&arena);
}

struct limited {
	struct seen seen;
	bool enough[3];
};

static bool note_twice(void *context, uint32_t id, size_t start, size_t end)
{
	struct limited *l = context;

	l->enough[id] = id == 1 && l->seen.count;
	return note(&l->seen, id, start, end);
}

TEST(what_was_seen_often_enough_is_not_told_of_any_more)
{
	struct match_literal literals[] = { { .bytes = SPAN("abcd"), .id = 1 },
					    { .bytes = SPAN("0123456789abcdef"), .id = 2 } };
	struct arena arena = arena_new(1 << 24);
	struct match_db *db = build(&arena, literals, 2);
	struct limited l = { 0 };

	match_scan(db, SPAN("abcd abcd abcd 0123456789abcdef abcd"), l.enough, note_twice, &l);
	assert_int_equal(l.seen.count, 3);
	assert_int_equal(l.seen.ids[0] + l.seen.ids[1] + l.seen.ids[2], 4);
	arena_free(&arena);
}

/* At every width that this processor has; whether they agree, and with what is expected. */
static void assert_scans_to(const struct match_db *db, struct span data, const struct seen *expected)
{
	for (unsigned width = MATCH_ONE; width <= match_width_here(); width++) {
		struct seen got = { 0 };

		match_scan_by(width, db, data, NULL, note, &got);
		assert_int_equal(got.count, expected->count);
		assert_int_equal(got.sum, expected->sum);
	}
}

static uint8_t folded(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool occurs(const struct match_literal *l, struct span data, size_t at)
{
	if (data.len - at < l->bytes.len)
		return false;
	for (size_t i = 0; i < l->bytes.len; i++) {
		uint8_t a = data.at[at + i], b = l->bytes.at[i];

		if (l->flags & MATCH_NOCASE ? folded(a) != folded(b) : a != b)
			return false;
	}
	return true;
}

TEST(random_literals_agree_with_a_plain_search)
{
	static uint8_t text[4096], bytes[200][12];
	struct match_literal literals[200];
	struct arena arena = arena_new(1 << 28);
	struct span data = span_of(text, sizeof text);

	srandom(7);
	for (int round = 0; round < 20; round++) {
		struct seen expected = { 0 };
		struct match_db *db;

		for (size_t i = 0; i < sizeof text; i++)
			text[i] = (uint8_t)"abAB\0[{z"[random() % (2 + round % 7)];
		for (uint32_t i = 0; i < 200; i++) {
			for (size_t n = 0; n < 12; n++)
				bytes[i][n] = (uint8_t)"abAB\0[{z"[random() % (2 + round % 7)];
			literals[i] = (struct match_literal){
				.bytes = span_of(bytes[i], 1 + (size_t)random() % 12), .id = i,
				.flags = random() % 2 ? MATCH_NOCASE : 0 };
		}
		db = build(&arena, literals, 200);
		for (uint32_t i = 0; i < 200; i++) {
			for (size_t at = 0; at < data.len; at++) {
				if (occurs(&literals[i], data, at))
					note(&expected, i, at, at + literals[i].bytes.len);
			}
		}
		assert_scans_to(db, data, &expected);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* Words of two to 24 bytes: the many long ones stand in a table of their own. */
TEST(many_long_literals_agree_with_a_plain_search)
{
	static uint8_t text[40000], bytes[800][24];
	struct match_literal literals[800];
	struct arena arena = arena_new(1 << 28);

	srandom(5);
	for (int round = 0; round < 6; round++) {
		struct seen expected = { 0 };
		struct span data = span_of(text, sizeof text - (size_t)random() % 40);
		struct match_db *db;

		for (size_t i = 0; i < sizeof text; i++)
			text[i] = (uint8_t)(random() % 3 ? random() : " a"[random() % 2]);
		for (uint32_t i = 0; i < 800; i++) {
			size_t len = 2 + (size_t)random() % 23;

			for (size_t n = 0; n < len; n++)
				bytes[i][n] = (uint8_t)(random() % 8 ? random() : 'a');
			literals[i] = (struct match_literal){ .bytes = span_of(bytes[i], len), .id = i,
				.flags = random() % 2 ? MATCH_NOCASE : 0 };
			for (int planted = 0; planted < 4; planted++)
				memcpy(text + (size_t)random() % (sizeof text - len + 1), bytes[i],
				       len);
			memcpy(text + data.len - len, bytes[i], len);
		}
		db = build(&arena, literals, 800);
		assert_non_null(db->long_ones.filter);
		assert_non_null(db->wide.filter);
		for (uint32_t i = 0; i < 800; i++)
			for (size_t at = 0; at < data.len; at++)
				if (occurs(&literals[i], data, at))
					note(&expected, i, at, at + literals[i].bytes.len);
		assert_true(expected.count > 800);
		assert_scans_to(db, data, &expected);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

TEST(long_literals_under_a_mask_and_in_runs_of_one_byte)
{
	struct match_literal literals[600];
	static char names[600][16];
	static uint8_t text[200];
	struct arena arena = arena_new(1 << 24);
	struct seen seen = { 0 };

	for (uint32_t i = 0; i < 598; i++)
		literals[i] = (struct match_literal){ .id = i, .bytes = span_of(names[i],
			(size_t)snprintf(names[i], sizeof names[i], "name %u of", 1000 + i)) };
	literals[598] = (struct match_literal){ .bytes = SPAN("                "), .id = 598 };
	literals[599] = (struct match_literal){ .bytes = SPAN("\x01" "abcdefghijk\x02\x30"),
		.mask = SPAN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x0f\xf0"), .id = 599 };
	memset(text, ' ', 100);
	memcpy(text + 100, "\x01" "abcdefghijk\xf2\x3f" "name 1234 of", 26);
	match_scan(build(&arena, literals, 600), span_of(text, sizeof text), NULL, note, &seen);
	assert_int_equal(seen.count, 85 + 2);
	arena_free(&arena);
}

TEST(few_literals_are_found_by_halves_of_bytes)
{
	static uint8_t text[4096], bytes[24][12];
	struct match_literal literals[24];
	struct arena arena = arena_new(1 << 28);
	struct span data = span_of(text, sizeof text);

	srandom(11);
	for (int round = 0; round < 60; round++) {
		struct seen expected = { 0 };
		uint32_t count = 1 + (uint32_t)random() % 24;
		struct match_db *db;

		for (size_t i = 0; i < sizeof text; i++)
			text[i] = (uint8_t)(random() % 4 ? random() : 0);
		for (uint32_t i = 0; i < count; i++) {
			size_t len = 4 + (size_t)random() % 9;

			for (size_t n = 0; n < len; n++)
				bytes[i][n] = (uint8_t)(random() % 8 ? random() : 'a');
			literals[i] = (struct match_literal){ .bytes = span_of(bytes[i], len), .id = i,
				.flags = random() % 4 ? 0 : MATCH_NOCASE };
			for (int planted = 0; planted < 3; planted++)
				memcpy(text + (size_t)random() % (sizeof text - len + 1), bytes[i],
				       len);
		}
		db = build(&arena, literals, count);
		assert_non_null(db->wide.nibbles);
		for (uint32_t i = 0; i < count; i++)
			for (size_t at = 0; at < data.len; at++)
				if (occurs(&literals[i], data, at))
					note(&expected, i, at, at + literals[i].bytes.len);
		assert_true(expected.count > 0);
		assert_scans_to(db, data, &expected);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

TEST(zeros_are_hot_and_words_are_not)
{
	size_t window;

	assert_true(match_cost(SPAN("\0\0\0\0"), SPAN(""), &window) > 0.01);
	assert_true(match_cost(SPAN("\0\0\0\0Mimikatz"), SPAN(""), &window) < 1e-7);
	assert_true(window >= 3);
	assert_true(match_cost(SPAN("ab"), SPAN(""), &window) == MATCH_SECOND_PASS);
	assert_true(rarity_of((const uint8_t *)"ab", NULL, 2) <
		    rarity_of((const uint8_t *)"a", NULL, 1));
}
