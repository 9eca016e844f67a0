#include "rules/yara/yara.h"

#include <stdio.h>

#include "test.h"

struct bench {
	struct arena arena;
	struct yara_set *set;
	struct yara_counts counts;
	char problems[4096];
	char matched[4096];
};

static void keep_problem(void *context, const struct yara_problem *p)
{
	struct bench *b = context;
	size_t len = strlen(b->problems);

	snprintf(b->problems + len, sizeof b->problems - len, "%s%u:%u %s;", p->is_error ? "" : "w",
		 p->line, p->column, p->text);
}

#define HOST \
	"{\"os\":\"linux\",\"cpu\":{\"bits\":64,\"fast\":true},\"load\":[0.5,1]," \
	"\"disks\":[{\"name\":\"sda\",\"size\":10},{\"name\":\"sdb\",\"full\":false}],\"none\":null}"

static const struct yara_external externals[] = {
	{ { (const uint8_t *)"size", 4 }, { .type = YARA_INTEGER, .integer = 7 } },
	{ { (const uint8_t *)"name", 4 }, { .type = YARA_STRING, .string = { (const uint8_t *)"", 0 } } },
	{ { (const uint8_t *)"host", 4 }, { .type = YARA_STRING, .string = {
		(const uint8_t *)HOST, sizeof HOST - 1 } } },
	{ { (const uint8_t *)"list", 4 }, { .type = YARA_STRING, .string = { (const uint8_t *)"[1,2,3]", 7 } } },
};

static bool load(struct bench *b, const char *rules, bool skip_invalid)
{
	struct yara_source source = { .name = "rules.yar", .text = span_text(rules) };
	struct yara_options options = { .problem = keep_problem, .problem_context = b,
					.skip_invalid = skip_invalid, .externals = externals,
					.external_count = sizeof externals / sizeof *externals };
	struct err err = { 0 };

	memset(b, 0, sizeof *b);
	b->arena = arena_new((size_t)1 << 30);
	return yara_compile(&b->arena, &source, 1, &options, &b->set, &b->counts, &err);
}

static bool keep_match(void *context, const struct yara_match *match)
{
	struct bench *b = context;
	struct yara_string_match m;
	size_t len = strlen(b->matched);
	uint64_t at = 0;

	len += (size_t)snprintf(b->matched + len, sizeof b->matched - len, "%s%.*s",
				len ? " " : "", SPAN_ARG(match->info.name));
	while (yara_match_next(match, &at, &m))
		len += (size_t)snprintf(b->matched + len, sizeof b->matched - len, " %.*s@%d+%d",
					SPAN_ARG(m.identifier), (int)m.offset, (int)m.length);
	return true;
}

static const char *scan_with(struct bench *b, struct span data, const struct yara_inputs *inputs,
			     const struct yara_scan_options *options)
{
	struct err err = { 0 };
	struct yara_scanner *scanner = yara_scanner_new(b->set, options, &err);

	assert_non_null(scanner);
	b->matched[0] = 0;
	if (!yara_scan(scanner, data, inputs, keep_match, b, NULL, &err))
		snprintf(b->matched, sizeof b->matched, "%s", err.text);
	yara_scanner_free(scanner);
	return b->matched;
}

/* What one rule says of `data`: its name and string matches, or "". */
static const char *answer(const char *rule, const char *data)
{
	static struct bench b;

	bool loaded = load(&b, rule, false);

	if (loaded)
		scan_with(&b, span_text(data), NULL, NULL);
	arena_free(&b.arena);
	return loaded ? b.matched : b.problems;
}

static const char *problems_of(const char *rule)
{
	static struct bench b;

	load(&b, rule, false);
	arena_free(&b.arena);
	return b.problems;
}

static bool holds(const char *condition, const char *data)
{
	char rule[2048];

	snprintf(rule, sizeof rule, "import \"math\" rule r { condition: %s }", condition);
	return !strcmp(answer(rule, data), "r");
}

TEST(operators_have_the_precedence_of_yara)
{
	assert_true(holds("2 + 3 * 4 == 14 and 1 | 2 ^ 3 & 1 == 3", ""));
	assert_true(holds("not 1 == 2 and -1 >> 1 == -1 and 1 << 64 == 0", ""));
	assert_true(holds("5 \\ 2 == 2 and 5.0 \\ 2 == 2.5 and -7 % 3 == -1", ""));
	assert_true(holds("1KB == 1024 and 0x10 == 16 and 0o17 == 15 and 1_000 == 1000", ""));
}

TEST(externals_can_be_structures_and_arrays)
{
	assert_true(holds("host.os == \"linux\" and host.cpu.bits == 64 and host.cpu.fast", ""));
	assert_true(holds("host.load[0] == 0.5 and host.load[1] == 1.0 and host.load.len() == 2", ""));
	assert_true(holds("host.disks[1].name == \"sdb\" and host.disks[0].size == 10", ""));
	assert_true(holds("not defined host.disks[1].size and not defined host.disks[2].name", ""));
	assert_true(holds("for any d in host.disks : (d.name == \"sda\" and d.size == 10)", ""));
	assert_true(holds("for all i in list : (i > 0) and list.len() == 3 and list[2] == 3", ""));
	assert_true(holds("list == \"[1,2,3]\" and host contains \"sdb\"", ""));
	assert_true(holds("with d = host.disks[0] : (d.size == 10)", ""));
	assert_string_equal(answer("rule r { condition: host.nothing == 1 }", ""),
			    "1:26 invalid field name \"nothing\";");
	assert_string_equal(answer("rule r { condition: list[0] == \"a\" }", ""),
			    "1:29 type mismatch: \"integer\" and \"string\" for == operator;");
}

static bool compiles_with(const char *json)
{
	struct arena arena = arena_new((size_t)1 << 24);
	struct yara_external external = { SPAN("x"), { .type = YARA_STRING,
						       .string = span_text(json) } };
	struct yara_source source = { .text = SPAN("rule r { condition: true }") };
	struct yara_options options = { .externals = &external, .external_count = 1 };
	struct yara_set *set;
	struct err err = { 0 };
	bool compiled = yara_compile(&arena, &source, 1, &options, &set, NULL, &err);

	assert_true(compiled || err.code == ERR_USAGE);
	arena_free(&arena);
	return compiled;
}

TEST(an_external_list_is_of_one_type_and_what_is_no_json_is_a_text)
{
	assert_true(compiles_with("[1, 2.5, null]"));
	assert_true(compiles_with("[]"));
	assert_true(compiles_with("{}"));
	assert_true(compiles_with("[{\"a\":[]},{\"a\":[\"x\"],\"b\":{}}]"));
	assert_true(compiles_with("{no json}"));
	assert_true(compiles_with("["));
	assert_false(compiles_with("[1, \"a\"]"));
	assert_false(compiles_with("[[1]]"));
	assert_false(compiles_with("[{\"a\":1},{\"a\":\"x\"}]"));
}

TEST(a_comment_silences_the_warning_it_names)
{
	assert_string_equal(answer("rule r { strings: $a = /[a-z]+1/\ncondition: $a }", ""), "");
	assert_string_equal(problems_of("rule r { strings: $a = /[a-z]+1/\ncondition: $a }"),
			    "w1:19 string \"$a\" may slow down scanning;");
	assert_string_equal(problems_of("rule r { strings: $a = /[a-z]+1/ // suppress: slow_pattern\n"
					"condition: $a }"), "");
	assert_string_equal(problems_of("rule r { strings:\n  // suppress: other, slow_pattern\n\n"
					"$a = /[a-z]+1/\ncondition: $a }"), "");
	assert_string_equal(problems_of("// suppress: slow_pattern\nprivate rule r { strings:\n"
					"$a = /[a-z]+1/\n condition: $a }"), "");
	assert_string_equal(problems_of("// suppress: slow\nrule r { strings: $a = /[a-z]+1/\n"
					"condition: $a }"),
			    "w2:19 string \"$a\" may slow down scanning;");
	assert_string_equal(problems_of("// suppress: slow_pattern\nrule q { condition: true }\n"
					"rule r { strings: $a = /[a-z]+1/ condition: $a }"),
			    "w3:19 string \"$a\" may slow down scanning;");
}

TEST(longer_numbers_are_read_and_their_names_stay_free)
{
	assert_true(holds("uint64(0) == 0x6867666564636261 and int64be(1) == 0x6263646566676869",
			  "abcdefghi"));
	assert_true(holds("not defined uint64(2) and not defined float64be(2)", "abcdefghi"));
	assert_true(holds("float32(0) > 2.99 and float32(0) < 3.01 and float32be(4) < 2.1",
			  "\x01\x01\x40\x40\x40\x01\x01\x01"));
	assert_string_equal(answer("rule float32 { condition: true } rule r { condition: float32 }", ""),
			    "float32 r");
}

TEST(what_is_undefined_is_false_and_not_undefined_is_no_better)
{
	assert_false(holds("uint8(10) == 0", "abc"));
	assert_false(holds("not (uint8(10) == 0)", "abc"));
	assert_true(holds("not (uint8(10) == 0 and true)", "abc"));
	assert_true(holds("not defined uint8(10) or false", "abc"));
	assert_true(holds("(uint8(10) == 0) or true", "abc"));
	assert_false(holds("filesize \\ (filesize - 3) == 1 or filesize % (filesize - 3) == 1", "abc"));
	assert_false(holds("not (filesize << (0 - filesize) == 1)", "abc"));
}

TEST(integers_are_read_from_the_data)
{
	assert_true(holds("uint16(0) == 0x6261 and uint16be(0) == 0x6162", "abcd"));
	assert_true(holds("int8(0) == -1 and uint8(0) == 255 and int16(0) == -1", "\xff\xff"));
	assert_true(holds("uint32be(1) == 0x62636465", "abcde"));
	assert_false(holds("defined uint32(2)", "abcde"));
}

TEST(loops_count_what_they_ask_for)
{
	assert_true(holds("for any i in (0..filesize - 1) : (uint8(i) == 0x63)", "abc"));
	assert_false(holds("for all i in (0..2) : (uint8(i) > 0x61)", "abc"));
	assert_true(holds("for 2 i in (0..2) : (uint8(i) > 0x61)", "abc"));
	assert_true(holds("for none i in (0..2) : (uint8(i) > 0x64)", "abc"));
	assert_false(holds("for all i in (filesize..1) : (true)", "abc"));
	assert_true(holds("for any s in (\"x\", \"abc\") : (s contains \"bc\")", ""));
	assert_true(holds("for any i in (1..2) : (for any j in (3..4) : (i + j == 6))", ""));
}

TEST(texts_compare_with_and_without_case)
{
	assert_true(holds("\"ABC\" icontains \"b\" and \"abc\" endswith \"bc\"", ""));
	assert_true(holds("\"ABC\" istartswith \"ab\" and \"ABC\" iequals \"abc\"", ""));
	assert_true(holds("\"a\" < \"b\" and \"a\" <= \"a\" and \"ab\" > \"a\"", ""));
	assert_true(holds("\"foobar\" matches /o{2}b/ and not \"x\" matches /y/", ""));
	assert_true(holds("\"abc\".len() == 3", ""));
}

TEST(additions_of_yara_x_are_understood)
{
	assert_true(holds("with a = filesize, b = a + 1 : (b == 4)", "abc"));
	assert_true(holds("any of (false, filesize == 3)", "abc"));
	assert_false(holds("all of (true, filesize == 4)", "abc"));
	assert_true(holds("2 of (true, filesize == 3, false)", "abc"));
	assert_true(holds("2 of (0, 1, \"a\", \"\")", ""));
	assert_true(holds("not defined any of (uint8(9) == 1, true)", "abc"));
	assert_true(holds("any of (true, uint8(9) == 1)", "abc"));
}

TEST(strings_are_found_counted_and_placed)
{
	assert_string_equal(answer("rule r { strings: $a = \"ab\" condition: #a == 2 and @a[2] == 3 and "
				   "!a == 2 and $a at 0 and $a in (1..3) and #a in (1..9) == 1 }",
				   "abcab"), "r $a@0+2 $a@3+2");
	assert_string_equal(answer("rule r { strings: $a = \"ab\" $b = \"zz\" condition: 1 of them }",
				   "abcab"), "r $a@0+2 $a@3+2");
	assert_string_equal(answer("rule r { strings: $a = \"ab\" $b = \"zz\" condition: all of them }",
				   "abcab"), "");
	assert_string_equal(answer("rule r { strings: $a = \"ab\" $b = \"ca\" condition: "
				   "for all of ($*) : ($ in (0..2)) }", "abcab"),
			    "r $a@0+2 $a@3+2 $b@2+2");
	assert_string_equal(answer("rule r { strings: $a = { 61 ?? 63 } condition: $a }", "abc"),
			    "r $a@0+3");
	assert_string_equal(answer("rule r { strings: $ = \"ab\" condition: any of them }", "ab"),
			    "r $@0+2");
}

TEST(a_string_asked_at_one_place_only_is_looked_at_there)
{
	const char *rule = "rule r { strings: $a = \"MZ\" condition: $a at 0 }";

	assert_string_equal(answer(rule, "MZxxMZ"), "r $a@0+2");
	assert_string_equal(answer(rule, "xxMZ"), "");
	assert_string_equal(answer(rule, ""), "");
	/* As in YARA, of what is not plain bytes all places are told. */
	assert_string_equal(answer("rule r { strings: $a = /M[Z]/ condition: $a at 0 }", "MZxxMZ"),
			    "r $a@0+2 $a@4+2");
	assert_string_equal(answer("rule r { strings: $a = { 4D ?A } condition: not $a at 1 }", "MZxxMZ"),
			    "r $a@0+2 $a@4+2");
	assert_string_equal(answer("rule r { strings: $a = /M\\x5a/ condition: $a at 4 }", "MZxxMZ"),
			    "r $a@4+2");
}

TEST(a_guard_never_hides_a_rule_that_holds)
{
	const char *rule = "rule r { strings: $a = \"ab\" condition: "
			   "(filesize < 4 or uint16(0) == 0x6261 or uint32be(0) == 0x7a7a7a7a) and $a }";

	assert_string_equal(answer(rule, "xab"), "r $a@1+2");
	assert_string_equal(answer(rule, "abxxxxx"), "r $a@0+2");
	assert_string_equal(answer(rule, "zzzzab"), "r $a@4+2");
	assert_string_equal(answer(rule, "zzzyab"), "");
	assert_true(holds("not (filesize == 5) and not uint16(0) == 0x5a4d", "abc"));
}

static void count_line(void *context, struct span line)
{
	++*(unsigned *)context;
}

/* Lines that console.log tells. */
static unsigned lines_told(const char *condition, const char *data)
{
	static struct bench b;
	unsigned lines = 0;
	struct yara_scan_options options = { .log = count_line, .log_context = &lines };
	char rule[256];

	snprintf(rule, sizeof rule, "import \"console\" rule r { strings: $_a = \"abc\" condition: %s }",
		 condition);
	assert_true(load(&b, rule, false));
	scan_with(&b, span_text(data), NULL, &options);
	arena_free(&b.arena);
	return lines;
}

TEST(what_a_rule_tells_is_told_though_it_cannot_hold)
{
	assert_int_equal(lines_told("console.log(\"x\") and false", "z"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and filesize > 1KB", "z"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and uint16(0) == 0x5a4d", "z"), 1);
	assert_int_equal(lines_told("false and console.log(\"x\")", "z"), 0);
	assert_int_equal(lines_told("console.log(\"x\") and $_a", "z"), 0);
	assert_int_equal(lines_told("console.log(\"x\") and $_a and filesize > 1KB", "abc"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and $_a at 0", "z"), 0);
	assert_int_equal(lines_told("console.log(\"x\") and $_a at 0", "zabc"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and any of them", "z"), 0);
	assert_int_equal(lines_told("console.log(\"x\") and none of them", "z"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and #_a > 0", "z"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and for any i in (1, 2) : ($_a)", "z"), 1);
	assert_int_equal(lines_told("console.log(\"x\") and ($_a or filesize > 9)", "z"), 1);
	assert_int_equal(lines_told("@_a == 0 and console.log(\"x\")", "z"), 1);
}

/* Whether the rule is evaluated for data in which none of its strings is: what it costs there. */
static bool is_woken(const char *rule, const char *data)
{
	static struct bench b;
	struct yara_scan_options options = { .profile = true };
	struct yara_scanner *scanner;
	struct err err = { 0 };
	size_t count = 0;

	assert_true(load(&b, rule, false));
	scanner = yara_scanner_new(b.set, &options, &err);
	assert_non_null(scanner);
	assert_true(yara_scan(scanner, span_text(data), NULL, keep_match, &b, NULL, &err));
	yara_profile(scanner, &b.arena, &count);
	yara_scanner_free(scanner);
	arena_free(&b.arena);
	return count;
}

TEST(a_rule_is_not_woken_by_what_it_cannot_hold_for)
{
	static const char *const sleep[] = {
		"rule r { strings: $a = \"abcd\" condition: uint32(@a + 8) == 1 and uint8(@a) ^ 2 == 3 }",
		"rule r { strings: $a = \"abcd\" $b = \"efgh\" condition: #a + #b > 0 or #a > #b }",
		"rule r { strings: $a = \"abcd\" $b = \"efgh\" $c = \"ijkl\" condition: #a + #b > #c }",
		"rule r { strings: $a = \"abcd\" $b = \"efgh\" condition: @b - @a < 700 }",
		"rule r { strings: $a = \"abcd\" condition: uint16(0) == 0x5a4d or 1 of them }",
		"rule r { strings: $a = \"abcd\" condition: $a at 0 or (filesize < 2 and not $a) }",
		"import \"pe\" rule r { condition: pe.exports(\"a\") or pe.imphash() == \"b\" }",
		"import \"pe\" rule r { strings: $a = \"abcd\" condition: pe.is_pe or all of them }",
		"import \"pe\" rule r { condition: for any i in (0..pe.number_of_signatures) : (i == 0) }",
		"import \"pe\" rule r { condition: for any s in pe.sections : (s.name != \"x\") }",
		"import \"elf\" rule r { condition: elf.type + 1 > 0 and filesize > 1 }",
	};
	static const char *const awake[] = {
		"rule r { strings: $a = \"abcd\" condition: #a >= 0 }",
		"rule r { strings: $a = \"abcd\" $b = \"efgh\" condition: #a >= #b }",
		"rule r { strings: $a = \"abcd\" condition: #a - 1 < 0 }",
		"import \"pe\" rule r { condition: pe.is_pe == 0 }",
		"import \"pe\" rule r { condition: not defined pe.machine }",
		"import \"pe\" rule r { condition: not pe.is_dll() }",
	};

	for (size_t i = 0; i < sizeof sleep / sizeof *sleep; i++)
		if (is_woken(sleep[i], "nothing of that kind"))
			fail_msg("woken: %s", sleep[i]);
	for (size_t i = 0; i < sizeof awake / sizeof *awake; i++)
		if (!is_woken(awake[i], "nothing of that kind"))
			fail_msg("not woken: %s", awake[i]);
}

TEST(rules_refer_to_rules_and_globals_rule_their_namespace)
{
	assert_string_equal(answer("private rule p { condition: filesize == 3 } "
				   "rule a { condition: p } rule b { condition: not p } "
				   "rule c { condition: any of (a, b*) }", "abc"), "a c");
	assert_string_equal(answer("rule a { condition: true } "
				   "global rule g { condition: filesize == 4 }", "abc"), "");
	assert_string_equal(answer("rule a { condition: true } "
				   "global private rule g { condition: filesize == 3 }", "abc"), "a");
}

TEST(errors_say_where_and_what)
{
	static const struct {
		const char *rule, *problem;
	} cases[] = {
		{ "rule r {\n condition: foo }", "2:13 undefined identifier \"foo\";" },
		{ "rule r { condition: 1.5 % 2 == 1 }", "1:25 wrong type \"float\" for % operator;" },
		{ "rule r { strings: $a = \"x\" condition: true }", "1:19 unreferenced string \"$a\";" },
		{ "rule r { condition: $a }", "1:21 undefined string \"$a\";" },
		{ "rule r { condition: 1 \\ 0 == 1 }", "1:23 division by zero;" },
		{ "rule r { condition: 9223372036854775808 == 1 }",
		  "1:21 integer overflow in \"9223372036854775808\";" },
		{ "rule r { condition: 0x1KB == 1 }", "1:21 syntax error: malformed number;" },
		{ "import \"math\" rule r { condition: math.in_range(1.0, 0, 2.0) }",
		  "1:40 wrong arguments for function \"in_range\";" },
		{ "rule r { strings: $a = { 61 [0] 62 } condition: $a }",
		  "1:19 invalid hex string \"$a\": invalid jump length;" },
		{ "rule r { condition: \"\\y\" == \"y\" }", "1:21 illegal escape sequence;" },
		{ "rule r : a a { condition: true }", "1:12 duplicated tag identifier \"a\";" },
		{ "rule r { condition: true } rule r { condition: true }",
		  "1:33 duplicated identifier \"r\";" },
		{ "import \"nope\"", "1:8 unknown module \"nope\";" },
		{ "rule r { condition: for any i in (1..2) : (for any i in (1..2) : (true)) }",
		  "1:52 duplicated loop identifier \"i\";" },
		{ "rule r { condition: $ }", "1:21 wrong use of anonymous string;" },
		{ "rule r { condition: true", "1:25 syntax error, unexpected end of file;" },
		{ "include \"x\"", "1:9 includes are not allowed;" },
		{ "rule r { condition: 101% of them }", "1:21 percentage must be between 1 and 100 "
		  "(inclusive);" },
		{ "rule a1 { condition: true } rule b { condition: any of (a*) } "
		  "rule a2 { condition: true }", "1:68 rule identifier \"a2\" matches previously used "
		  "wildcard rule set;" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(answer(cases[i].rule, ""), cases[i].problem);
}

TEST(one_bad_rule_does_not_lose_its_file)
{
	struct bench b;

	assert_true(load(&b, "rule a { condition: true } rule bad { condition: 1 + } "
			     "rule uses { condition: bad } rule b { strings: $x = \"x condition: $x } "
			     "\nrule c { condition: true }", true));
	assert_string_equal(scan_with(&b, SPAN(""), NULL, NULL), "a c");
	assert_int_equal(b.counts.skipped, 3);
	arena_free(&b.arena);
}

TEST(externals_take_the_value_of_the_scan)
{
	struct yara_external now[] = {
		{ SPAN("size"), { .type = YARA_INTEGER, .integer = 9 } },
		{ SPAN("name"), { .type = YARA_STRING, .string = SPAN("lsass.exe") } },
	};
	struct yara_inputs inputs = { .externals = now, .external_count = 2 };
	struct bench b;

	assert_true(load(&b, "rule a { condition: size == 7 } rule b { condition: size == 9 } "
			     "rule c { condition: name matches /^LSASS/i }", false));
	assert_string_equal(scan_with(&b, SPAN(""), NULL, NULL), "a");
	assert_string_equal(scan_with(&b, SPAN(""), &inputs, NULL), "b c");
	arena_free(&b.arena);
}

/* Of a disk image only the start is matched: it is no small file for that. */
TEST(filesize_is_that_of_the_file_whose_start_is_scanned)
{
	struct yara_inputs inputs = { .file_size = 5000 };
	struct bench b;

	assert_true(load(&b, "rule a { condition: filesize < 100 } rule b { condition: filesize == 5000 } "
			     "rule c { strings: $a = \"xy\" condition: $a and filesize < 100 } "
			     "rule d { strings: $a = \"xy\" condition: $a and filesize > 100 }", false));
	assert_string_equal(scan_with(&b, SPAN("xy"), &inputs, NULL), "b d $a@0+2");
	assert_string_equal(scan_with(&b, SPAN("xy"), NULL, NULL), "a c $a@0+2");
	arena_free(&b.arena);
}

TEST(hostile_conditions_end_in_an_error_or_within_the_time)
{
	struct yara_scan_options options = { .timeout_ns = 50000000 };
	struct bench b;
	char deep[16384] = "rule r { condition: ";

	for (int i = 0; i < 3000; i++)
		strcat(deep, "(");
	assert_false(load(&b, deep, false));
	assert_non_null(strstr(b.problems, "nested too deeply"));
	arena_free(&b.arena);
	assert_true(load(&b, "rule r { condition: for all i in (0..9223372036854775807) : (i >= 0) }",
			 false));
	assert_string_equal(scan_with(&b, SPAN(""), NULL, &options), "scanning timed out");
	arena_free(&b.arena);
	assert_true(load(&b, "rule r { condition: for all i in (0..99999999) : (for any j in "
			     "(0..99999999) : (for all k in (0..99999999) : (k < 0 or j >= 0))) }",
			 false));
	assert_string_equal(scan_with(&b, SPAN(""), NULL, &options), "scanning timed out");
	arena_free(&b.arena);
}

struct blocks {
	size_t next;
};

static const struct yara_block memory[] = {
	{ 0x1000, { (const uint8_t *)"xxab", 4 } }, { 0x8000, { (const uint8_t *)"abcd", 4 } } };

static bool read_block(void *context, uint64_t at, uint8_t *to, size_t len)
{
	(void)context;
	for (size_t i = 0; i < 2; i++) {
		struct span bytes = at < memory[i].base ? (struct span){ 0 }
			: span_sub(memory[i].data, (size_t)(at - memory[i].base), len);

		if (bytes.len == len) {
			memcpy(to, bytes.at, len);
			return true;
		}
	}
	return false;
}

static bool give_block(void *context, struct yara_block *out)
{
	struct blocks *b = context;

	if (b->next == 2)
		return false;
	*out = memory[b->next++];
	return true;
}

TEST(memory_is_scanned_block_by_block_at_its_addresses)
{
	struct err err = { 0 };
	struct blocks place = { 0 };
	const struct yara_blocks blocks = { give_block, read_block, &place };
	struct yara_scanner *scanner;
	struct bench b;

	assert_true(load(&b, "rule r { strings: $a = \"ab\" $c = \"cd\" condition: #a == 2 and $c and "
			     "not defined filesize and uint16(0x8001) == 0x6362 and "
			     "not defined uint32(0x8001) }", false));
	scanner = yara_scanner_new(b.set, NULL, &err);
	assert_true(yara_scan_blocks(scanner, &blocks, NULL, keep_match, &b, NULL, &err));
	assert_string_equal(b.matched, "r $a@4098+2 $a@32768+2 $c@32770+2");
	yara_scanner_free(scanner);
	arena_free(&b.arena);
}

static bool keep_finding(void *context, const struct yara_match *match)
{
	struct arena *arena = context;
	struct finding f;

	yara_finding(match, arena, &f);
	assert_int_equal(f.level, LEVEL_HIGH);
	assert_int_equal(f.harm, HARM_THEFT);
	assert_span(f.title, "steals things");
	assert_span(f.techniques, "T1059.001 T1003");
	assert_int_equal(f.offset, 2);
	assert_true(span_starts(f.matched, SPAN("[{\"string\":\"$a\",\"offset\":2,\"length\":2,"
						"\"hex\":\"6162\",\"text\":\"ab\"}")));
	return true;
}

TEST(a_match_becomes_a_finding_by_its_meta_data)
{
	struct err err = { 0 };
	struct yara_scanner *scanner;
	struct bench b;

	assert_true(load(&b, "rule r : T1059_001 { meta: description = \"steals things\" score = 75 "
			     "mitre = \"attack.t1003\" harm = \"theft\" strings: $a = \"ab\" "
			     "condition: $a }", false));
	scanner = yara_scanner_new(b.set, NULL, &err);
	assert_true(yara_scan(scanner, SPAN("xxab"), NULL, keep_finding, &b.arena, NULL, &err));
	yara_scanner_free(scanner);
	arena_free(&b.arena);
}

/* Each seen in yara-python 4.5.4. */
TEST(a_rule_that_names_itself_is_not_true_yet)
{
	assert_string_equal(answer("rule a { condition: a }", ""), "");
	assert_string_equal(answer("rule a { condition: not a } rule b { condition: a }", ""), "a b");
	assert_string_equal(answer("rule ab { condition: true } rule a { condition: all of (a*) }", ""), "ab");
	assert_string_equal(answer("rule a { condition: none of (a, a*) }", ""), "a");
	assert_string_equal(answer("import \"pe\" rule pe { condition: pe.is_pe == 0 } rule b { condition: any of (pe) }", ""),
			    "pe b");
	assert_string_equal(answer("rule a { condition: /x/ and not (/x/ and a) } /* without end", ""), "a");
}

TEST(escapes_that_nobody_knows_are_warned_of)
{
	static struct bench b;
	struct yara_source source = { .name = "rules.yar", .text = SPAN(
		"rule r { strings: $a = /abc\\qd\\j/ $b = /abc\\.\\d\\&[\\w]\\A/ $c = /[\\b]bcde/ condition: any of them\n"
		"and \"q\" matches /\\q/ }") };
	struct yara_options options = { .problem = keep_problem, .problem_context = &b, .strict_escape = true };
	struct err err;

	memset(&b, 0, sizeof b);
	b.arena = arena_new((size_t)1 << 30);
	assert_true(yara_compile(&b.arena, &source, 1, &options, &b.set, NULL, &err));
	assert_string_equal(b.problems, "w2:17 unknown escape sequence;w1:19 unknown escape sequence;"
					"w1:58 unknown escape sequence;");
	arena_free(&b.arena);
}

/* "x" includes "xx", that includes "xxx", and so on; "ring" includes itself. */
static bool include_more(void *context, const char *path, const char *from, struct yara_source *out,
			 struct err *err)
{
	static char names[64][128], texts[64][128];
	unsigned *count = context;

	if (!strcmp(path, "none") || *count == 64)
		return err_set(err, ERR_IO, 0, "no such file");
	snprintf(names[*count], sizeof *names, "%s", path);
	snprintf(texts[*count], sizeof *texts, "include \"%s%s\"", path, strcmp(path, "ring") ? "x" : "");
	*out = (struct yara_source){ .name = names[*count], .text = span_text(texts[*count]) };
	++*count;
	return true;
}

static const char *problems_of_include(const char *rules, unsigned *count)
{
	static struct bench b;
	struct yara_source source = { .name = "rules.yar", .text = span_text(rules) };
	struct yara_options options = { .problem = keep_problem, .problem_context = &b,
					.include = include_more, .include_context = count };
	struct err err;

	memset(&b, 0, sizeof b);
	*count = 0;
	b.arena = arena_new((size_t)1 << 30);
	assert_false(yara_compile(&b.arena, &source, 1, &options, &b.set, NULL, &err));
	arena_free(&b.arena);
	return b.problems;
}

TEST(includes_end_where_they_go_in_circles_or_too_deep)
{
	unsigned count;

	assert_string_equal(problems_of_include("include \"ring\"", &count), "1:9 includes circular reference;");
	assert_int_equal(count, 2);
	assert_string_equal(problems_of_include("include \"rules.yar\"", &count), "1:9 includes circular reference;");
	assert_string_equal(problems_of_include("include \"x\"", &count), "1:9 includes depth exceeded;");
	assert_int_equal(count, 15);
	assert_string_equal(problems_of_include("\n include \"none\"", &count),
			    "2:10 can't open include file: none: no such file;");
}

/* Each seen in YARA-X 1.20. */
TEST(what_yara_x_added_to_loops_and_lengths)
{
	assert_true(holds("for any x in (1.5, 2.5) : (x > 2)", ""));
	assert_true(holds("for 50% x in (1, 2, 3, 4) : (x > 2) and not for 51% x in (1, 2, 3, 4) : (x > 2)", ""));
	assert_true(holds("with x = 1, x = x + 1 : (x == 2 and with x = 3 : (x == 3) and x == 2)", ""));
	assert_true(holds("with a = 1 : (for any a in (1..2) : (a == 2) and a == 1)", ""));
	assert_string_equal(answer("import \"pe\" rule a { condition: pe.sections.len() == 0 and pe.version_info.len() == 0 } "
				   "rule b { condition: with s = pe.sections : (s.len() == 0) } "
				   "rule c { condition: defined pe.sections[0].name.len() }", "no PE"), "a b");
}
