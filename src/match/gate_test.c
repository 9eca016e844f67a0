#include "match/gate.h"

#include <stdlib.h>

#include "test.h"

static const char *const texts[] = { "sekurlsa", "\\pipe\\evil", "invoke-x" };

#define LITERALS (sizeof texts / sizeof *texts)

static const struct gate *new_gate(struct arena *arena)
{
	struct gram_literal literals[LITERALS];

	for (size_t i = 0; i < LITERALS; i++)
		literals[i] = (struct gram_literal){ span_text(texts[i]), (enum gram_anchor)i, (uint32_t)i };
	return gate_build(arena, literals, LITERALS);
}

/* Each text alone in its allocation, so that a sanitizer sees what is read beside it. */
static bool lets(const struct gate *gate, const char *text, size_t len, bool utf16)
{
	uint8_t *copy = malloc(utf16 ? 2 * len + !len : len + !len);
	bool answer;

	for (size_t i = 0; i < len; i++) {
		copy[utf16 ? 2 * i : i] = (uint8_t)text[i];
		if (utf16)
			copy[2 * i + 1] = 0;
	}
	answer = utf16 ? gate_lets_utf16(gate, span_of(copy, 2 * len))
		       : gate_lets_utf8(gate, span_of(copy, len));
	free(copy);
	return answer;
}

TEST(every_place_of_a_literal_passes)
{
	struct arena arena = arena_new(1 << 16);
	const struct gate *gate = new_gate(&arena);
	char text[700];

	assert_true(gate != NULL);
	for (size_t k = 0; k < LITERALS; k++)
		for (size_t size = strlen(texts[k]), len = size; len < sizeof text; len += 1 + len / 9)
			for (size_t at = 0; at + size <= len; at++) {
				memset(text, 'q', len);
				memcpy(text + at, texts[k], size);
				text[at] = text[at] >= 'a' ? (char)(text[at] - 32) : text[at];
				assert_true(lets(gate, text, len, false));
				assert_true(lets(gate, text, len, true));
			}
	arena_free(&arena);
}

TEST(other_texts_are_held_back)
{
	struct arena arena = arena_new(1 << 16);
	const struct gate *gate = new_gate(&arena);
	char text[700];

	/* Where the processor cannot, everything passes. */
	if (lets(gate, "qqqq", 4, false))
		skip();
	memset(text, 'q', sizeof text);
	for (size_t len = 0; len < sizeof text; len++) {
		assert_true(!lets(gate, text, len, false));
		assert_true(!lets(gate, text, len, true));
	}
	/* No other character is a letter of a literal, nor hides one that follows. */
	assert_true(!lets(gate, "\xc3\xa9tait", 6, false));
	assert_true(!gate_lets_utf16(gate, span_of("q\0q\0q\0\x30\x30", 8)));
	assert_true(lets(gate, "\xc3\xa9 SEKURLSA", 11, false));
	assert_true(gate_lets_utf16(gate, span_of("\x30\x30\x51\x94i\0n\0V\0o\0k\0e\0-\0x\0", 20)));
	arena_free(&arena);
}

/* Alone in its allocation; UTF-16 from `at` on, among bytes that are no text. */
static bool lets_bytes(const struct gate *gate, const char *text, size_t at, size_t len)
{
	uint8_t *bytes = malloc(len + !len);
	bool answer;

	memset(bytes, 'q', len);
	for (size_t i = 0; text[i]; i++) {
		bytes[at + 2 * i] = (uint8_t)text[i];
		bytes[at + 2 * i + 1] = 0;
	}
	answer = gate_lets_bytes(gate, span_of(bytes, len));
	free(bytes);
	return answer;
}

TEST(texts_among_bytes_pass_at_every_place)
{
	struct arena arena = arena_new(1 << 16);
	const struct gate *gate = new_gate(&arena);

	assert_true(lets_bytes(gate, "mimikatz # SeKurLsa::", 3, 64));
	for (size_t k = 0; k < LITERALS; k++)
		for (size_t size = 2 * strlen(texts[k]), len = size; len < 400; len += 1 + len / 9)
			for (size_t at = 0; at + size <= len; at++)
				assert_true(lets_bytes(gate, texts[k], at, len));
	arena_free(&arena);
}

TEST(bytes_without_a_text_are_held_back)
{
	struct arena arena = arena_new(1 << 16);
	const struct gate *gate = new_gate(&arena);

	if (lets(gate, "qqqq", 4, false))
		skip();
	for (size_t len = 42; len < 400; len++)
		assert_true(!lets_bytes(gate, "a usual line of log", len % 5, len));
	/* UTF-8 is none of it, nor are other characters with such low bytes. */
	assert_true(!gate_lets_bytes(gate, SPAN("sekurlsa invoke-x \\pipe\\evil")));
	assert_true(!gate_lets_bytes(gate, span_of("s\1e\1k\1u\1r\1l\1s\1a\1", 16)));
	arena_free(&arena);
}

TEST(short_or_many_literals_have_no_gate)
{
	const struct gram_literal brief[] = { { SPAN("abc"), GRAM_FREE, 0 } };
	struct gram_literal many[65];
	struct arena arena = arena_new(1 << 16);

	for (size_t i = 0; i < 65; i++)
		many[i] = (struct gram_literal){ span_text(texts[0]), GRAM_FREE, 0 };
	assert_true(!gate_build(&arena, brief, 1));
	assert_true(!gate_build(&arena, many, 65));
	assert_true(!gate_build(&arena, many, 0));
	arena_free(&arena);
}

TEST(of_many_values_those_that_pass_are_picked)
{
	const struct value items[] = { { .kind = VALUE_TEXT, .bytes = SPAN("quiet") },
				       { .kind = VALUE_TEXT, .bytes = SPAN("an Invoke-X") } };
	const struct value values[] = {
		{ .kind = VALUE_TEXT, .bytes = SPAN("SEKURLSA") },
		{ .kind = VALUE_TEXT, .bytes = SPAN("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq") },
		{ .kind = VALUE_LIST, .list = items, .count = 2 },
		{ .kind = VALUE_LIST, .list = items, .count = 1 },
		{ .kind = VALUE_UINT, .u = 1 },
		{ .kind = VALUE_UTF16, .bytes = SPAN("q\0q\0q\0q\0q\0q\0q\0q\0q\0q\0") },
	};
	uint32_t slots[] = { 5, 4, 3, 2, 1, 0 };
	struct arena arena = arena_new(1 << 16);
	const struct gate *gate = new_gate(&arena);
	size_t count = gate_pick(gate, values, slots, 6);

	if (lets(gate, "qqqq", 4, false))
		skip();
	assert_int_equal(count, 3);
	assert_int_equal(slots[0], 4);
	assert_int_equal(slots[1], 2);
	assert_int_equal(slots[2], 0);
	arena_free(&arena);
}
