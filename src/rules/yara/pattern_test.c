#include "rules/yara/pattern.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* One pattern over one piece of data, as "offset:length" words. */
static const char *matches_of(struct pattern_spec spec, struct span data)
{
	static char text[4096];
	struct pattern_options options = { 0 };
	struct arena image = arena_new((size_t)1 << 28);
	struct pattern_builder *builder = pattern_builder_new(&image);
	struct pattern_scratch *scratch;
	const struct pattern_match *m;
	struct pattern_set *set;
	struct err err = { 0 };
	uint32_t id, notes;
	size_t count, at = 0;

	assert_true(pattern_add(builder, &spec, &id, &notes, &err));
	assert_true(pattern_build(builder, &set, &err));
	pattern_builder_free(builder);
	scratch = pattern_scratch_new(set, &err);
	assert_non_null(scratch);
	assert_true(pattern_search(scratch, data, &options, &err));
	m = pattern_matches(scratch, id, &count);
	assert_int_equal(pattern_found(scratch, id), count > 0);
	text[0] = 0;
	for (size_t i = 0; i < count && at < sizeof text - 64; i++) {
		uint32_t length;

		assert_true(pattern_match_at(scratch, id, m[i].offset, &length));
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu:%u", i ? " " : "",
				       (unsigned long long)m[i].offset, m[i].length);
	}
	pattern_scratch_free(scratch);
	arena_free(&image);
	return text;
}

#define TEXT_OF(string, ...) \
	((struct pattern_spec){ .kind = PATTERN_TEXT, .text = SPAN(string), __VA_ARGS__ })
#define HEX_OF(string) ((struct pattern_spec){ .kind = PATTERN_HEX, .text = SPAN(string) })
#define REGEX_OF(string, ...) \
	((struct pattern_spec){ .kind = PATTERN_REGEX, .text = SPAN(string), __VA_ARGS__ })

TEST(texts_are_found_in_every_form_asked_for)
{
	assert_string_equal(matches_of(TEXT_OF("abcd", .flags = 0), SPAN("abcdabcd")), "0:4 4:4");
	assert_string_equal(matches_of(TEXT_OF("aa", .flags = 0), SPAN("aaaa")), "0:2 1:2 2:2");
	assert_string_equal(matches_of(TEXT_OF("aBcD", .flags = PATTERN_NOCASE), SPAN("xAbCd")), "1:4");
	assert_string_equal(matches_of(TEXT_OF("ab", .flags = PATTERN_WIDE), SPAN("ab a\0b\0")), "3:4");
	assert_string_equal(matches_of(TEXT_OF("ab", .flags = PATTERN_WIDE | PATTERN_ASCII),
				       SPAN("ab a\0b\0")), "0:2 3:4");
	assert_string_equal(matches_of(TEXT_OF("x", .flags = 0), SPAN("y")), "");
}

TEST(full_words_stand_between_other_characters)
{
	assert_string_equal(matches_of(TEXT_OF("cat", .flags = PATTERN_FULLWORD),
				       SPAN("cat concat cat1 .cat_ cat")), "0:3 17:3 22:3");
	assert_string_equal(matches_of(TEXT_OF("ab", .flags = PATTERN_FULLWORD | PATTERN_WIDE),
				       SPAN("a\0b\0c\0 a\0b\0 \0")), "7:4");
}

TEST(xor_tries_its_range_of_keys)
{
	struct pattern_spec spec = TEXT_OF("secret", .flags = PATTERN_XOR, .xor_min = 1, .xor_max = 3);

	assert_string_equal(matches_of(spec, SPAN("secret rdbsdu qgapgv waguar")), "7:6 14:6");
}

TEST(base64_is_found_at_all_three_alignments)
{
	struct pattern_spec spec = TEXT_OF("This program cannot", .flags = PATTERN_BASE64);

	assert_string_equal(matches_of(spec, SPAN("VGhpcyBwcm9ncmFtIGNhbm5vd")), "0:25");
	assert_string_equal(matches_of(spec, SPAN("__RoaXMgcHJvZ3JhbSBjYW5ub3")), "2:24");
	assert_string_equal(matches_of(spec, SPAN("_UaGlzIHByb2dyYW0gY2Fubm90")), "1:25");
	assert_string_equal(matches_of(spec, SPAN("This program cannot")), "");
}

/* As YARA, which looks for both sides by themselves; what it takes as one is another matter. */
TEST(long_lazy_gaps_of_a_regex_count_bytes)
{
	const struct span odd = SPAN("a\0b\0QRSc\0d\0"), wide = SPAN("a\0b\0Q\0R\0S\0c\0d\0");

	assert_string_equal(matches_of(REGEX_OF("ab.{2,300}?cd", .flags = 0), SPAN("ab\n\ncd")), "0:6");
	assert_string_equal(matches_of(REGEX_OF("ab.{2,200}?cd", .flags = 0), SPAN("ab\n\ncd")), "");
	assert_string_equal(matches_of(REGEX_OF("ab.*?cd", .flags = 0), SPAN("ab\n\ncd")), "");
	assert_string_equal(matches_of(REGEX_OF("ab(.{2,300}?)cd", .flags = 0), SPAN("ab\n\ncd")), "");
	assert_string_equal(matches_of(REGEX_OF("ab.{3,}?cd", .flags = PATTERN_WIDE), odd), "0:11");
	assert_string_equal(matches_of(REGEX_OF("ab.{4,}?cd", .flags = PATTERN_WIDE), odd), "");
	assert_string_equal(matches_of(REGEX_OF("ab.{4,}?cd", .flags = PATTERN_WIDE), wide), "0:14");
	assert_string_equal(matches_of(REGEX_OF("ab.{2,200}?cd", .flags = PATTERN_WIDE), odd), "");
	assert_string_equal(matches_of(REGEX_OF("(ab|zz).{3,}?cd", .flags = PATTERN_WIDE), odd), "0:11");
}

TEST(hex_strings_take_the_nearest_way_across_jumps)
{
	assert_string_equal(matches_of(HEX_OF("01 [0-5] 02"), SPAN("\1\2\2\2")), "0:2");
	assert_string_equal(matches_of(HEX_OF("51 [0-300] 52"), SPAN("QRR QQRRR")), "0:2 4:3 5:2");
	assert_string_equal(matches_of(HEX_OF("61 [0-3] 62 [2-3] 63"), SPAN("abbxxc")), "0:6");
	assert_string_equal(matches_of(HEX_OF("61 62 63 [-] 64"), SPAN("abc abc d")), "0:9 4:5");
	assert_string_equal(matches_of(HEX_OF("61 ~62 6? ?4"), SPAN("abct axkd")), "5:4");
	assert_string_equal(matches_of(HEX_OF("61 ( 62 | 63 64 ) 65"), SPAN("abe acde ace")), "0:3 4:4");
	assert_string_equal(matches_of(HEX_OF("62 [1-3] 61 62 63 64"), SPAN("bbxabcd")), "0:7 1:6");
}

TEST(regexes_report_the_length_their_greed_gives)
{
	assert_string_equal(matches_of(REGEX_OF("foo[a-z]*", .flags = 0), SPAN("foobar foo9")), "0:6 7:3");
	assert_string_equal(matches_of(REGEX_OF("foo[a-z]*?", .flags = 0), SPAN("foobar foo9")), "0:3 7:3");
	assert_string_equal(matches_of(REGEX_OF("[a-c]{1,3}xyzw", .flags = 0), SPAN("abcxyzw")),
			    "0:7 1:6 2:5");
	assert_string_equal(matches_of(REGEX_OF("ab(cc)?", .flags = PATTERN_WIDE | PATTERN_ASCII),
				       SPAN("abcc a\0b\0")), "0:4 5:4");
	assert_string_equal(matches_of(REGEX_OF("ab+", .flags = PATTERN_FULLWORD), SPAN("abbc abb")), "5:3");
	assert_string_equal(matches_of(REGEX_OF("a1\\S|a|aab\\b", .flags = PATTERN_FULLWORD),
				       SPAN("aab")), "0:3");
	assert_string_equal(matches_of(REGEX_OF("ab+?", .flags = PATTERN_FULLWORD),
				       SPAN("abbb abbc")), "");
	assert_string_equal(matches_of(REGEX_OF("ab[a-z-]*", .flags = PATTERN_FULLWORD),
				       SPAN("ab-cd9")), "");
	assert_string_equal(matches_of(REGEX_OF("ab+?", .flags = PATTERN_FULLWORD | PATTERN_WIDE),
				       SPAN("a\0b\0b\0-")), "");
	assert_string_equal(matches_of(REGEX_OF("b*", .flags = 0), SPAN("abba")),
			    "0:0 1:2 2:1 3:0");
	assert_string_equal(matches_of(REGEX_OF("b*?", .flags = 0), SPAN("ab")), "0:0 1:0");
	assert_string_equal(matches_of(REGEX_OF("b*|a", .flags = 0), SPAN("ab")), "0:0 1:1");
	assert_string_equal(matches_of(REGEX_OF("\\b", .flags = 0), SPAN("ab c")), "0:0 2:0 3:0");
	assert_string_equal(matches_of(REGEX_OF("$", .flags = 0), SPAN("ab")), "");
	assert_string_equal(matches_of(REGEX_OF("b*", .flags = 0), SPAN("")), "");
	assert_string_equal(matches_of(REGEX_OF("^abc|def$", .flags = 0), SPAN("abc abc def def")),
			    "0:3 12:3");
}

static const char *words_of(const char *regex, struct span data)
{
	return matches_of((struct pattern_spec){ .kind = PATTERN_REGEX, .flags = PATTERN_FULLWORD,
						  .text = span_text(regex) }, data);
}

/* As libyara 4.5: what it comes upon once has one length, which is a word or is not. */
TEST(fullword_takes_the_length_that_is_found)
{
	assert_string_equal(words_of("ab.*c", SPAN(" abc dcx ")), "");
	assert_string_equal(words_of("ab.*c", SPAN(" abcx dc ")), "1:7");
	assert_string_equal(words_of("abcd.*?x", SPAN("abcdxx x")), "");
	assert_string_equal(words_of("ab{1,3}?", SPAN("abbb abbc")), "");
	assert_string_equal(words_of("ab[b-]{1,9}", SPAN("abb-b abb-9")), "0:5");
	assert_string_equal(words_of("ab[b-]+?", SPAN("abb-b abb-9")), "0:3 6:3");
	assert_string_equal(words_of("ab[^a]*[A-C]|xx", SPAN(" abC dCx ")), "");
	assert_string_equal(words_of("a(b|bx)", SPAN("abx ab")), "0:3 4:2");
	assert_string_equal(words_of("abc(d|dx)", SPAN("abcdx abcd")), "6:4");
	assert_string_equal(words_of("abc(dx|d)", SPAN("abcdx abcd abcdxy")), "0:5 6:4");
}

static uint32_t notes_of(struct pattern_spec spec)
{
	struct arena image = arena_new((size_t)1 << 28);
	struct pattern_builder *builder = pattern_builder_new(&image);
	struct err err = { 0 };
	uint32_t id, notes = 0, again;

	assert_true(pattern_add(builder, &spec, &id, &notes, &err));
	assert_true(pattern_add(builder, &spec, &id, &again, &err));
	assert_int_equal(notes, again);
	pattern_builder_free(builder);
	arena_free(&image);
	return notes;
}

/* Each seen in yara-python 4.5.4. */
TEST(warnings_are_those_of_yara)
{
	const uint32_t slow = PATTERN_NOTE_SLOW, unbounded = PATTERN_NOTE_UNBOUNDED;

	assert_int_equal(notes_of(TEXT_OF("ab", .flags = PATTERN_NOCASE)), 0);
	assert_int_equal(notes_of(TEXT_OF("a", .flags = 0)), slow);
	assert_int_equal(notes_of(TEXT_OF("a", .flags = PATTERN_WIDE)), slow);
	assert_int_equal(notes_of(TEXT_OF("    ", .flags = 0)), slow);
	assert_int_equal(notes_of(TEXT_OF("ab", .flags = PATTERN_XOR, .xor_max = 255)), slow);
	assert_int_equal(notes_of(TEXT_OF("abc", .flags = PATTERN_XOR, .xor_max = 255)), 0);
	assert_int_equal(notes_of(HEX_OF("00 00 01 00")), 0);
	assert_int_equal(notes_of(HEX_OF("00 00 00 00")), slow);
	assert_int_equal(notes_of(HEX_OF("6? 6? 6? 6?")), slow);
	assert_int_equal(notes_of(HEX_OF("61 6? 63")), 0);
	assert_int_equal(notes_of(HEX_OF("61 62 [-] 63")), slow);
	assert_int_equal(notes_of(HEX_OF("61 62 [-] 63 64")), 0);
	assert_int_equal(notes_of(HEX_OF("62 [1-300] CC C9 4D")), slow);
	assert_int_equal(notes_of(HEX_OF("62 [1-200] CC C9 4D")), 0);
	assert_int_equal(notes_of(HEX_OF("41 00 ~61 41")), slow);
	assert_int_equal(notes_of(HEX_OF("( 62 63 ) [1-300] ?? [3] FF")), slow);
	assert_int_equal(notes_of(HEX_OF("CC ?D ( 4? 00 ) ( 62 ) 00")), 0);
	assert_int_equal(notes_of(HEX_OF("?? ?3 ?? 62 4D")), slow);
	assert_int_equal(notes_of(TEXT_OF("\xff\xff", .flags = PATTERN_WIDE)), slow);
	assert_int_equal(notes_of(TEXT_OF("ab", .flags = PATTERN_WIDE)), 0);
	assert_int_equal(notes_of(TEXT_OF("aA", .flags = PATTERN_NOCASE)), 0);
	assert_int_equal(notes_of(TEXT_OF("a ", .flags = PATTERN_XOR, .xor_min = 1, .xor_max = 3)), slow);
	assert_int_equal(notes_of(TEXT_OF("a", .flags = PATTERN_BASE64)), slow);
	assert_int_equal(notes_of(TEXT_OF("abcdef", .flags = PATTERN_BASE64)), 0);
	assert_int_equal(notes_of(REGEX_OF("a.c", .flags = 0)), slow);
	assert_int_equal(notes_of(REGEX_OF("\\.\\x00.", .flags = PATTERN_WIDE)), slow);
	assert_int_equal(notes_of(REGEX_OF("(b){2}\\x00[^a]{0,4}.{4,9}", .flags = 0)), 0);
	assert_int_equal(notes_of(REGEX_OF("(ab|c.*d)efgh", .flags = 0)), 0);
	assert_int_equal(notes_of(REGEX_OF("(ab(c.*d))efgh", .flags = 0)), unbounded);
	assert_int_equal(notes_of(REGEX_OF("((((a{4}){4}){4}){4}){4}", .flags = 0)), 0);
	assert_int_equal(notes_of(REGEX_OF("a[bc]d", .flags = 0)), slow);
	assert_int_equal(notes_of(REGEX_OF("ab|cd", .flags = PATTERN_NOCASE)), 0);
	assert_int_equal(notes_of(REGEX_OF("ab|c", .flags = 0)), slow);
	assert_int_equal(notes_of(REGEX_OF("x{9}", .flags = 0)), 0);
	assert_int_equal(notes_of(REGEX_OF("abc.*", .flags = 0)), unbounded);
	assert_int_equal(notes_of(REGEX_OF("abc[^\\n]*", .flags = 0)), 0);
}

TEST(equal_strings_share_an_id_and_bad_ones_leave_the_builder_usable)
{
	struct arena image = arena_new((size_t)1 << 28);
	struct pattern_builder *builder = pattern_builder_new(&image);
	struct pattern_spec a = TEXT_OF("same", .flags = 0), b = HEX_OF("61 zz");
	struct pattern_set *set;
	struct err err = { 0 };
	uint32_t first, second, notes;

	assert_true(pattern_add(builder, &a, &first, &notes, &err));
	assert_false(pattern_add(builder, &b, &second, &notes, &err));
	assert_int_equal(err.offset, 3);
	assert_true(pattern_add(builder, &a, &second, &notes, &err));
	assert_int_equal(first, second);
	a.flags = PATTERN_XOR | PATTERN_NOCASE;
	assert_false(pattern_add(builder, &a, &second, &notes, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_true(pattern_build(builder, &set, &err));
	assert_int_equal(pattern_count(set), 1);
	pattern_builder_free(builder);
	arena_free(&image);
}

static void search_flood(struct pattern_spec spec, struct span data, size_t most, uint64_t first)
{
	struct pattern_options options = { .max_matches = (uint32_t)most };
	struct arena image = arena_new((size_t)1 << 28);
	struct pattern_builder *builder = pattern_builder_new(&image);
	struct pattern_scratch *scratch;
	const struct pattern_match *m;
	struct pattern_set *set;
	struct err err = { 0 };
	uint32_t id, notes;
	size_t count;

	assert_true(pattern_add(builder, &spec, &id, &notes, &err));
	assert_true(pattern_build(builder, &set, &err));
	pattern_builder_free(builder);
	scratch = pattern_scratch_new(set, &err);
	assert_true(pattern_search(scratch, data, &options, &err));
	m = pattern_matches(scratch, id, &count);
	assert_int_equal(count, most);
	assert_int_equal(m[0].offset, first);
	assert_true(pattern_flooded(scratch, id));
	pattern_scratch_free(scratch);
	arena_free(&image);
}

/* No atom is rare enough for these, but F3 A4 is rare enough to look only around it. */
TEST(patterns_without_atoms_are_found_near_their_rare_bytes)
{
	const struct pattern_spec sequence = HEX_OF("02 [1-16] F3 A4 [1-4] FF");
	const struct pattern_spec choice = HEX_OF("02 [1-16] F3 A4 [1-4] ( D? | 5? )");
	uint8_t data[4096] = { 0 };

	memcpy(data, "\x02\x00\xf3\xa4\x00\xff\xd0", 7);			/* at the very start */
	memcpy(data + 1000, "\x02\x02\x00\xf3\xa4\xf3\xa4\x00\xff\xd1", 10);	/* overlapping */
	memcpy(data + 1040, "\x02\xf3\xa4\x00\x00\x00\x00\xff\xd1", 9);	/* next to it; none */
	memcpy(data + 2000, "\x02\x00\xf3\xa4\xff", 5);			/* too short a gap */
	memcpy(data + 4091, "\x02\xf3\xa4\x00\x50", 5);			/* too short a gap */
	assert_string_equal(matches_of(sequence, span_of(data, sizeof data)), "0:6 1000:9 1001:8");
	assert_string_equal(matches_of(choice, span_of(data, sizeof data)), "0:7 1000:10 1001:9");
	memcpy(data + 4090, "\x02\x00\xf3\xa4\x00\xff", 6);			/* at the very end */
	assert_string_equal(matches_of(sequence, span_of(data, sizeof data)),
			    "0:6 1000:9 1001:8 4090:6");
	assert_string_equal(matches_of(sequence, SPAN("\x02\x02\xf3\xa4\x02\xff\xf3\xa4\xf3")), "0:6");
}

TEST(a_flood_keeps_the_first_matches_and_says_so)
{
	size_t len = 1 << 20;
	uint8_t *data = calloc(len, 1);

	memset(data, 'a', 10);
	search_flood(HEX_OF("00 00 00 00 00"), span_of(data, len), 1000, 10);
	search_flood(HEX_OF("00 00 [0-4] 00"), span_of(data, len), 1000, 10);
	search_flood(REGEX_OF("\\x00+", .flags = 0), span_of(data, len), 100, 10);
	free(data);
}

TEST(jumps_over_hot_bytes_take_linear_time)
{
	size_t len = 4 << 20;
	uint8_t *data = calloc(len, 1);
	clock_t start = clock();

	for (size_t i = 0; i < len; i += 7)
		data[i] = data[i / 2] = 0xff;
	assert_string_equal(matches_of(HEX_OF("00 00 [0-400] FF FF [0-400] 4D 5A"), span_of(data, len)), "");
	assert_string_equal(matches_of(REGEX_OF("[A-Za-z0-9+\\/]{64,512}\\x00", .flags = 0),
				       span_of(data, len)), "");
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);
	free(data);
}
