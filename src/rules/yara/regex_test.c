#include "rules/yara/regex.h"
#include "rules/yara/regex_prog.h"
#include "test.h"

static bool matches(const char *source, uint32_t flags, struct span data)
{
	struct arena arena = arena_new(1 << 24);
	struct regex_scratch *scratch = regex_scratch_new();
	struct regex *regex;
	struct err err = { 0 };
	bool answer;

	assert_true(regex_compile(&arena, span_text(source), flags, &regex, &err));
	answer = regex_search(regex, scratch, data);
	regex_scratch_free(scratch);
	arena_free(&arena);
	return answer;
}

/* Length of the match at the start of `data`, or -1. */
static int length_of(const char *source, const char *data)
{
	struct arena arena = arena_new(1 << 24);
	struct regex_scratch *scratch = regex_scratch_new();
	struct regex *regex;
	struct err err = { 0 };
	size_t end = 0;
	bool matched;

	assert_true(regex_compile(&arena, span_text(source), 0, &regex, &err));
	matched = regex_match(regex, scratch, span_text(data), 0, strlen(data), false, &end);
	regex_scratch_free(scratch);
	arena_free(&arena);
	return matched ? (int)end : -1;
}

static const char *error_of(const char *source)
{
	static struct err err;
	struct arena arena = arena_new(1 << 24);
	struct regex *regex;

	err = (struct err){ 0 };
	assert_false(regex_compile(&arena, span_text(source), 0, &regex, &err));
	assert_int_equal(err.code, ERR_CORRUPT);
	arena_free(&arena);
	return err.text;
}

TEST(greedy_takes_the_longest_and_lazy_the_first)
{
	assert_int_equal(length_of("a.*b", "aXbXb"), 5);
	assert_int_equal(length_of("a.*?b", "aXbXb"), 3);
	assert_int_equal(length_of("(x|xy|xyz)w?", "xyzw"), 4);
	assert_int_equal(length_of("q{2,4}", "qqqqqq"), 4);
	assert_int_equal(length_of("zx.{0,3}?(w|wv)", "zxwv"), 3);
	assert_int_equal(length_of("zx.{0,3}?(wv|w)", "zxwv"), 4);
	assert_int_equal(length_of("a{2}", "aaa"), 2);
	assert_int_equal(length_of("(ab){2,}", "abababx"), 6);
	assert_int_equal(length_of("(a*)*b", "aaab"), 4);
	assert_int_equal(length_of("a{,2}b", "aab"), 3);
	assert_int_equal(length_of("a{x}", "a{x}"), 4);
}

/* The lengths that libyara 4.5 gives. */
TEST(alternatives_take_the_length_that_yara_finds)
{
	assert_int_equal(length_of("ab|a", "ab"), 1);
	assert_int_equal(length_of("abcd|abc|ab", "abcd"), 2);
	assert_int_equal(length_of("(fooo|foo)", "fooo"), 3);
	assert_int_equal(length_of("a(ab|a)", "aab"), 2);
	assert_int_equal(length_of("ab|a(ab)??", "ab"), 1);
	assert_int_equal(length_of("zx(wv|w)", "zxwv"), 4);
	assert_int_equal(length_of("zx(w|wv)", "zxwv"), 3);
	assert_int_equal(length_of("zxw(v|)", "zxwv"), 4);
	assert_int_equal(length_of("(a|ab)*", "abab"), 1);
	assert_int_equal(length_of("(ab|a)*", "abab"), 4);
}

/* Of branches that begin alike: the one whose letters end first, then with more of them, then the first. */
TEST(alternatives_are_found_by_their_own_letters)
{
	assert_int_equal(length_of("c(bd.|dbba|bd)", "cbdbaaccaadbba"), 4);
	assert_int_equal(length_of("d(.da.|bda)", "dbdacdcacbcddb"), 4);
	assert_int_equal(length_of("a(d|a(..|a|.)|cb)", "aaaccaacaadbac"), 4);
	assert_int_equal(length_of("c(ac(.b|..d)|(.d.b|.)c)", "cacbbddddadabb"), 5);
	assert_int_equal(length_of("c(b|ba.(.|a..))(d|.b|d)", "cbdddcdbccddd"), 3);
}

/* A branch without letters: each place is tried, so it goes by preference. */
TEST(alternatives_without_letters_go_by_preference)
{
	assert_int_equal(length_of("ab..a|[a-c]", "abyya"), 5);
	assert_int_equal(length_of("[a-c]|ab..a", "abyya"), 1);
	assert_int_equal(length_of("([ab]|[ab]b)[by]", "aby"), 2);
	assert_int_equal(length_of("([ab]b|[ab])[by]", "aby"), 3);
}

/* Letters behind the alternatives: the first place of those, and so the shortest way to it. */
TEST(alternatives_before_the_letters_are_short)
{
	assert_int_equal(length_of("d(bc|bcab|.)abcd", "dbcabcdabcd"), 7);
	assert_int_equal(length_of("c(dbb|b)d(cd|.)", "cbdcddcccccbad"), 5);
}

TEST(sets_and_escapes_stand_for_what_they_say)
{
	assert_true(matches("[]a]b", 0, SPAN("]b")));
	assert_true(matches("[^]a]b", 0, SPAN("xb")));
	assert_false(matches("[^]a]b", 0, SPAN("ab")));
	assert_true(matches("[a-]x", 0, SPAN("-x")));
	assert_true(matches("[\\w-]x", 0, SPAN("_x")));
	assert_true(matches("\\x41\\x{42}\\u0043", 0, SPAN("ABC")));
	assert_true(matches("\\x{2603}", 0, SPAN("\xe2\x98\x83")));
	assert_true(matches("a.c", REGEX_DOTALL, SPAN("a\nc")));
	assert_false(matches("a.c", 0, SPAN("a\nc")));
	assert_true(matches("[^a]", 0, SPAN("\0")));
	assert_true(matches("\\d\\D\\s\\S\\W", 0, SPAN("1a b-")));
	assert_true(matches("\\/\\q", 0, SPAN("/q")));
}

TEST(case_is_ignored_by_flag_and_inside_groups)
{
	assert_true(matches("abc", REGEX_NOCASE, SPAN("xABc")));
	assert_true(matches("a(?i)bc", 0, SPAN("aBC")));
	assert_false(matches("a(?i)bc", 0, SPAN("ABC")));
	assert_true(matches("a(?i:b)c", 0, SPAN("aBc")));
	assert_false(matches("a(?i:b)c", 0, SPAN("aBC")));
	assert_true(matches("(?:ab|cd)e", 0, SPAN("cde")));
	assert_false(matches("[^a]", REGEX_NOCASE, SPAN("A")));
	assert_true(matches("(?s)a.b", 0, SPAN("a\nb")));
}

TEST(anchors_and_words_look_at_both_sides)
{
	assert_true(matches("^abc$", 0, SPAN("abc")));
	assert_false(matches("^bc", 0, SPAN("abc")));
	assert_false(matches("ab$", 0, SPAN("abc")));
	assert_true(matches("\\bcat\\b", 0, SPAN("a cat.")));
	assert_false(matches("\\bcat\\b", 0, SPAN("concat")));
	assert_true(matches("\\Bcat", 0, SPAN("concat")));
	assert_true(matches("\\Aab\\z", 0, SPAN("ab")));
	assert_true(matches("", 0, SPAN("")));
	assert_true(matches("x*$", 0, SPAN("abx")));
	assert_true(matches("x*$", 0, SPAN("")));
	assert_false(matches("x*$", 0, SPAN("ab")));	/* nothing begins behind the data */
}

TEST(what_yara_x_added_to_regexes_is_there)
{
	assert_true(matches("\\b{start}foo", 0, SPAN("a foo")));
	assert_false(matches("\\b{start}foo", 0, SPAN("xfoo")));
	assert_false(matches("foo\\b{start}-", 0, SPAN("foo-")));
	assert_true(matches("foo\\b{end}", 0, SPAN("foo.")));
	assert_false(matches("foo\\b{end}", 0, SPAN("foox")));
	assert_true(matches("\\b{start-half}-", 0, SPAN("--")));
	assert_false(matches("\\b{start-half}-", 0, SPAN("a-")));
	assert_true(matches("-\\b{end-half}", 0, SPAN("--")));
	assert_false(matches("-\\b{end-half}", 0, SPAN("-a")));
	assert_true(matches("\\u{7F}\\U{41}\\U00000042", 0, SPAN("\x7f""AB")));
	assert_true(matches("\\u{e9}\\x{e9}\\u00e9", 0, SPAN("\xc3\xa9\xc3\xa9\xc3\xa9")));
	assert_true(matches("\\U0001F697", 0, SPAN("\xf0\x9f\x9a\x97")));
	assert_true(matches("\\xe9", 0, SPAN("\xe9")));
	assert_true(matches("C:\\Users\\unknown", 0, SPAN("C:Usersunknown")));
	assert_true(matches("(?m)^abc$", 0, SPAN("x\nabc\ny")));
	assert_false(matches("^abc$", 0, SPAN("x\nabc\ny")));
	assert_true(matches("(?x) a b # comment\n c", 0, SPAN("abc")));
	assert_int_equal(length_of("(?U)ab+", "abbb"), 2);
	assert_int_equal(length_of("(?U)ab+?", "abbb"), 4);
	assert_true(matches("(?-u)a.c", 0, SPAN("a\xff""c")));
	assert_true(matches("(?<n>ab)(?P<m>c)", 0, SPAN("abc")));
	assert_non_null(strstr(error_of("\\p{Greek}"), "Unicode"));
	assert_string_equal(error_of("(?u)a."), "Unicode classes are not supported");
	assert_string_equal(error_of("(?u:\\w)"), "Unicode classes are not supported");
	assert_string_equal(error_of("(?u)[^a]"), "Unicode classes are not supported");
	assert_string_equal(error_of("(?q)a"), "unknown group flag");
	assert_true(matches("(?iu)a[b-c](?-u:.)", 0, SPAN("aBx")));
	assert_string_equal(error_of("(?=a)b"), "unknown group flag");
}

TEST(classes_and_intervals_are_read_as_yara_reads_them)
{
	assert_true(matches("^[\\w-z]$", 0, SPAN("x")));		/* from the letter w */
	assert_false(matches("[\\w-z]", 0, SPAN("a-_")));
	assert_true(matches("^[a-\\w]+$", 0, SPAN("aw")));
	assert_false(matches("[a-\\w]", 0, SPAN("x-")));
	assert_true(matches("^[\\w-]+$", 0, SPAN("a-")));
	assert_true(matches("^ba{0}c$", 0, SPAN("bc")));
	assert_true(matches("^(a{,0}|b)c$", 0, SPAN("c")));
	assert_true(matches("^a{,}$", 0, SPAN("aaa")));
	assert_true(matches("^a{}{$", 0, SPAN("a{}{")));
}

TEST(what_yara_refuses_is_refused_with_its_words)
{
	assert_string_equal(error_of("[z-a]"), "bad character range");
	assert_string_equal(error_of("a{3,2}"), "bad repeat interval");
	assert_string_equal(error_of("a{32768}"), "repeat interval too large");
	assert_string_equal(error_of("()"), "syntax error: nothing to look for");
	assert_string_equal(error_of("(|foo)"), "syntax error: nothing to look for");
	assert_string_equal(error_of("|"), "syntax error: nothing to look for");
	assert_string_equal(error_of("\\xa"), "illegal escape sequence");
	assert_string_equal(error_of("[a"), "missing terminating ] for character class");
	assert_string_equal(error_of("[]"), "missing terminating ] for character class");
	assert_non_null(strstr(error_of("ab)"), "syntax error"));
	assert_non_null(strstr(error_of("(ab"), "syntax error"));
	assert_non_null(strstr(error_of("+ab"), "syntax error"));
	assert_non_null(strstr(error_of("a**"), "syntax error"));
	assert_non_null(strstr(error_of("^*a"), "syntax error"));
	assert_non_null(strstr(error_of("{1}a"), "syntax error"));
	assert_non_null(strstr(error_of("a{1}{2}"), "syntax error"));
	assert_string_equal(error_of("(a)\\1"), "backreferences are not allowed");
	assert_string_equal(error_of("[\xc3\xa9]"), "non-ascii character");
	assert_non_null(strstr(error_of("ab\\"), "escape"));
}

TEST(hostile_expressions_end_in_an_error_or_in_time)
{
	char deep[1024], text[4096];
	struct arena arena = arena_new(1 << 26);
	struct regex *regex;
	struct err err = { 0 };

	memset(deep, '(', sizeof deep);
	assert_false(regex_compile(&arena, span_of(deep, sizeof deep), 0, &regex, &err));
	assert_false(regex_compile(&arena, SPAN("((a{1,1000}){1,1000}){1,1000}"), 0, &regex, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	memset(text, 'a', sizeof text);
	assert_false(matches("(a*)*(a*)*(a|aa)*(a?){50}b", 0, span_of(text, sizeof text)));
	arena_free(&arena);
}

struct starts {
	size_t count, at[16];
};

static bool note(void *context, size_t at)
{
	struct starts *s = context;

	if (s->count < 16)
		s->at[s->count] = at;
	s->count++;
	return true;
}

TEST(a_backward_program_finds_every_start)
{
	struct arena arena = arena_new(1 << 24);
	struct regex_scratch *scratch = regex_scratch_new();
	struct regex_tree tree;
	struct regex *regex;
	struct starts starts = { 0 };
	struct err err = { 0 };

	assert_true(regex_parse(&arena, SPAN("[a-c]{2,3}x"), 0, &tree, &err));
	assert_true(regex_emit(&arena, tree.root->first, NULL,
			       (struct regex_emit_options){ .backward = true }, &regex, &err));
	regex_starts(regex, scratch, SPAN("..abcax.."), 7, 0, note, &starts);
	assert_int_equal(starts.count, 2);
	assert_int_equal(starts.at[0], 4);
	assert_int_equal(starts.at[1], 3);
	starts.count = 0;
	regex_all_starts(regex, scratch, SPAN("ccx.abx"), note, &starts);
	assert_int_equal(starts.count, 2);
	assert_int_equal(starts.at[0], 4);
	assert_int_equal(starts.at[1], 0);
	regex_scratch_free(scratch);
	arena_free(&arena);
}

TEST(hex_strings_parse_into_the_same_tree)
{
	struct arena arena = arena_new(1 << 24);
	struct regex_tree tree;
	struct err err = { 0 };
	uint32_t min, max;

	assert_true(hex_parse(&arena, SPAN(" 4D 5a?? ~00 [2-4] ( 01 | 02 03 ) /*x*/ F? // y\n ?1 "),
			      &tree, &err));
	regex_ast_width(tree.root, &min, &max);
	assert_int_equal(min, 9);
	assert_int_equal(max, 12);
	assert_false(hex_parse(&arena, SPAN("4D 5"), &tree, &err));
	assert_string_equal(err.text, "uneven number of digits in hex string");
	assert_false(hex_parse(&arena, SPAN("[2] 4D"), &tree, &err));
	assert_false(hex_parse(&arena, SPAN("4D [4-2] 4D"), &tree, &err));
	assert_string_equal(err.text, "invalid jump range");
	assert_false(hex_parse(&arena, SPAN("4D ( 01 [2-] 02 | 03 )"), &tree, &err));
	assert_false(hex_parse(&arena, SPAN("4D ( 01"), &tree, &err));
	assert_false(hex_parse(&arena, SPAN(""), &tree, &err));
	assert_false(hex_parse(&arena, SPAN("4D xx"), &tree, &err));
	arena_free(&arena);
}
