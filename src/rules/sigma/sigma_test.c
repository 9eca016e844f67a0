#include "rules/sigma/sigma.h"

#include "test.h"

#include <stdio.h>

/* An event of named texts, and what one rule says to it. */
#define FIELDS_MAX 12
#define ALL_EVENTS "sources: [{logsource: {category: test}, when: {log: '*'}}]"

struct fields {
	struct span names[FIELDS_MAX];
	struct value values[FIELDS_MAX];
	uint32_t count;
	struct span texts;
	const uint32_t *loose;
	uint32_t loose_count;
};

static void add(struct fields *f, const char *name, struct value value)
{
	f->names[f->count] = span_text(name);
	f->values[f->count++] = value;
}

static struct value text(const char *t)
{
	return (struct value){ .kind = VALUE_TEXT, .bytes = span_text(t) };
}

struct outcome {
	int matches;
	char matched[512], detail[512];
	char rule[64];
};

static bool on_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		     const struct event *event)
{
	struct outcome *o = context;

	o->matches++;
	snprintf(o->matched, sizeof o->matched, "%.*s", SPAN_ARG(finding->matched));
	snprintf(o->detail, sizeof o->detail, "%.*s", SPAN_ARG(finding->detail));
	snprintf(o->rule, sizeof o->rule, "%.*s", SPAN_ARG(rule->title));
	return true;
}

static char refusal[256];

static void on_problem(void *context, const struct sigma_problem *problem)
{
	if (problem->kind == SIGMA_REFUSED)
		snprintf(refusal, sizeof refusal, "%u: %s", problem->line, problem->reason);
}

static struct sigma_set *compile_for(struct arena *arena, const char *logsources, const char *rules,
				     const char *placeholders)
{
	struct sigma_source source = { SPAN("test.yml"), span_text(rules) };
	struct sigma_options options = { .logsources = span_text(logsources),
					 .placeholders = span_text(placeholders) };
	struct sigma_set *set;
	struct err err = { 0 };

	refusal[0] = 0;
	assert_true(sigma_compile(arena, &source, 1, &options, on_problem, NULL, &set, &err));
	return set;
}

static struct sigma_set *compile(struct arena *arena, const char *rules, const char *placeholders)
{
	return compile_for(arena, ALL_EVENTS, rules, placeholders);
}

/* `detection` is the inside of a rule's detection. Matches, or -1 where it is refused. */
static int hits(const char *detection, const struct fields *f)
{
	struct arena arena = arena_new(64 << 20);
	struct buf rule = buf_new(1 << 16);
	struct fields all = *f;
	struct event_shape shape = { .provider = EVENT_NO_SLOT, .channel = EVENT_NO_SLOT,
				     .event_id = EVENT_NO_SLOT, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct event event = { .shape = &shape, .time = TIME_NONE, .texts = f->texts,
			       .loose = f->loose, .loose_count = f->loose_count };
	struct outcome outcome = { 0 };
	struct sigma_set *set;
	struct sigma_scanner *scanner;

	buf_printf(&rule, "title: t\nlogsource: {category: test}\ndetection:\n%s\n", detection);
	set = compile(&arena, (const char *)rule.at, "names: [alice, bob]\none: x*y\n");
	buf_free(&rule);
	add(&all, "log", text("test"));
	shape.names = all.names;
	shape.count = all.count;
	event.values = all.values;
	if (sigma_set_counts(set)->refused) {
		arena_free(&arena);
		return -1;
	}
	scanner = sigma_scanner_new(set, 0);
	assert_non_null(scanner);
	sigma_scanner_begin(scanner);
	sigma_eval(scanner, &event, on_match, &outcome);
	sigma_finish(scanner, on_match, &outcome);
	sigma_scanner_free(scanner);
	arena_free(&arena);
	return outcome.matches;
}

/* Detail of a match on a record that lies as number 7 and says `own` of itself. */
static void detail_of(uint64_t own, char detail[512])
{
	struct arena arena = arena_new(64 << 20);
	struct span names[] = { SPAN("log"), SPAN("EventRecordID") };
	struct value values[] = { text("test"), { .kind = VALUE_UINT, .u = own } };
	struct event_shape shape = { .names = names, .count = 2, .provider = EVENT_NO_SLOT,
				     .channel = EVENT_NO_SLOT, .event_id = EVENT_NO_SLOT,
				     .computer = EVENT_NO_SLOT, .user = EVENT_NO_SLOT };
	struct event event = { .shape = &shape, .values = values, .time = TIME_NONE,
			       .record_id = 7 };
	struct outcome outcome = { 0 };
	struct sigma_scanner *scanner = sigma_scanner_new(
		compile(&arena, "title: t\nlogsource: {category: test}\ndetection: {s: {log: test}, "
				"condition: s}\n", ""), 0);

	assert_non_null(scanner);
	sigma_scanner_begin(scanner);
	sigma_eval(scanner, &event, on_match, &outcome);
	sigma_finish(scanner, on_match, &outcome);
	sigma_scanner_free(scanner);
	arena_free(&arena);
	assert_int_equal(outcome.matches, 1);
	memcpy(detail, outcome.detail, 512);
}

TEST(sigma_tells_the_number_that_a_record_says_of_itself)
{
	char detail[512];

	detail_of(UINT64_MAX, detail);
	assert_string_equal(detail, "{\"EventRecordID\":18446744073709551615}");
	detail_of(7, detail);
	assert_string_equal(detail, "{}");
}

static int hits_text(const char *item, const char *value)
{
	struct fields f = { .count = 0 };
	char detection[512];

	if (value)
		add(&f, "f", text(value));
	else
		add(&f, "other", text("x"));
	snprintf(detection, sizeof detection, "  s:\n    %s\n  condition: s", item);
	return hits(detection, &f);
}

TEST(plain_values_ignore_case_and_compare_whole)
{
	assert_int_equal(hits_text("f: Foo", "fOO"), 1);
	assert_int_equal(hits_text("f: Foo", "food"), 0);
	assert_int_equal(hits_text("f: ÄÖ", "äö"), 1);
	assert_int_equal(hits_text("f: [a, Foo]", "foo"), 1);
	assert_int_equal(hits_text("f|cased: Foo", "foo"), 0);
	assert_int_equal(hits_text("f|cased: Foo", "Foo"), 1);
	assert_int_equal(hits_text("f|contains|cased: oO", "FoOx"), 1);
	assert_int_equal(hits_text("f|contains|cased: oO", "Foox"), 0);
}

TEST(wildcards_and_escapes_follow_the_specification)
{
	assert_int_equal(hits_text("f: 'a*c'", "abbbc"), 1);
	assert_int_equal(hits_text("f: 'a?c'", "abc"), 1);
	assert_int_equal(hits_text("f: 'a?c'", "aéc"), 1);
	assert_int_equal(hits_text("f: 'a?c'", "ac"), 0);
	assert_int_equal(hits_text("f: 'a\\*c'", "a*c"), 1);
	assert_int_equal(hits_text("f: 'a\\*c'", "abc"), 0);
	assert_int_equal(hits_text("f: 'a\\\\*'", "a\\bcd"), 1);
	assert_int_equal(hits_text("f: 'a\\\\\\*c'", "a\\*c"), 1);
	assert_int_equal(hits_text("f: 'C:\\Windows'", "c:\\windows"), 1);
	assert_int_equal(hits_text("f: '\\\\\\\\srv'", "\\\\srv"), 1);
	assert_int_equal(hits_text("f: '*'", ""), 1);
	assert_int_equal(hits_text("f: '*'", NULL), 0);
	assert_int_equal(hits_text("f: '*mid*'", "amidst"), 1);
	assert_int_equal(hits_text("f: '*a*b*c*'", "xxaxxbxxcxx"), 1);
	assert_int_equal(hits_text("f: '*a*b*c*'", "xxaxxcxxbxx"), 0);
}

TEST(text_modifiers_place_the_value)
{
	assert_int_equal(hits_text("f|startswith: ab", "ABc"), 1);
	assert_int_equal(hits_text("f|startswith: ab", "cab"), 0);
	assert_int_equal(hits_text("f|endswith: '\\cmd.exe'", "C:\\x\\CMD.exe"), 1);
	assert_int_equal(hits_text("f|contains: [x, y]", "aya"), 1);
	assert_int_equal(hits_text("f|contains|all: [x, y]", "aya"), 0);
	assert_int_equal(hits_text("f|contains|all: [x, y]", "xay"), 1);
	assert_int_equal(hits_text("f|neq: a", "b"), 1);
	assert_int_equal(hits_text("f|neq: [a, b]", "b"), 0);
}

TEST(null_and_empty_differ_and_exists_looks_at_presence)
{
	assert_int_equal(hits_text("f: null", NULL), 1);
	assert_int_equal(hits_text("f: null", ""), 0);
	assert_int_equal(hits_text("f: ''", ""), 1);
	assert_int_equal(hits_text("f: ''", NULL), 0);
	assert_int_equal(hits_text("f: [null, '']", NULL), 1);
	assert_int_equal(hits_text("f|exists: true", ""), 1);
	assert_int_equal(hits_text("f|exists: false", NULL), 1);
	assert_int_equal(hits_text("f|exists: false", "x"), 0);
	assert_int_equal(hits_text("f|exists: maybe", "x"), -1);
}

TEST(regular_expressions_search_with_case_unless_told)
{
	assert_int_equal(hits_text("f|re: 'a.c'", "xxabcxx"), 1);
	assert_int_equal(hits_text("f|re: 'a.c'", "xxABCxx"), 0);
	assert_int_equal(hits_text("f|re|i: 'a.c'", "xxABCxx"), 1);
	assert_int_equal(hits_text("f|re: 'a.c'", "a\nc"), 0);
	assert_int_equal(hits_text("f|re|s: 'a.c'", "a\nc"), 1);
	assert_int_equal(hits_text("f|re: '^b'", "a\nb"), 0);
	assert_int_equal(hits_text("f|re|m: '^b'", "a\nb"), 1);
	assert_int_equal(hits_text("f|re: '(foo|bar)baz?q'", "barbaq"), 1);
	assert_int_equal(hits_text("f|re: '(foo'", "x"), -1);
}

TEST(numbers_compare_and_match_their_hex_form)
{
	assert_int_equal(hits_text("f|gt: 5", "6"), 1);
	assert_int_equal(hits_text("f|gt: 5", "5"), 0);
	assert_int_equal(hits_text("f|gte: 5", "5.0"), 1);
	assert_int_equal(hits_text("f|lt: -1", "-2"), 1);
	assert_int_equal(hits_text("f|lte: 5", "x"), 0);
	assert_int_equal(hits_text("f: 4688", "4688"), 1);
	assert_int_equal(hits_text("f: 16", "0x10"), 1);
	assert_int_equal(hits_text("f: 0x10", "16"), 1);
	assert_int_equal(hits_text("f: '16'", "0x10"), 0);
	assert_int_equal(hits_text("f|gt: x", "1"), -1);
}

TEST(times_are_taken_apart)
{
	assert_int_equal(hits_text("f|hour: 23", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|minute: 5", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|day: 21", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|month: 11", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|year: 2026", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|week: 47", "2026-11-21T23:05:00Z"), 1);
	assert_int_equal(hits_text("f|week: 53", "2021-01-03"), 1);
	assert_int_equal(hits_text("f|week: 1", "2024-12-30"), 1);
	assert_int_equal(hits_text("f|hour: 22", "2026-11-21T23:05:00Z"), 0);
}

TEST(networks_of_both_kinds_hold)
{
	assert_int_equal(hits_text("f|cidr: 10.0.0.0/8", "10.200.3.4"), 1);
	assert_int_equal(hits_text("f|cidr: 10.0.0.0/8", "11.0.0.1"), 0);
	assert_int_equal(hits_text("f|cidr: 192.168.4.0/23", "192.168.5.9"), 1);
	assert_int_equal(hits_text("f|cidr: 'fe80::/10'", "febf::1"), 1);
	assert_int_equal(hits_text("f|cidr: 'fe80::/10'", "fec0::1"), 0);
	assert_int_equal(hits_text("f|cidr: 10.0.0.0/8", "text"), 0);
	assert_int_equal(hits_text("f|cidr: 10.0.0.0/40", "x"), -1);
}

TEST(encodings_are_searched_for)
{
	assert_int_equal(hits_text("f|base64: foobar", "Zm9vYmFy"), 1);
	assert_int_equal(hits_text("f|base64offset|contains: foobar", "xxZm9vYmFyxx"), 1);
	assert_int_equal(hits_text("f|base64offset|contains: foobar", "AGZvb2Jhcg=="), 1);
	assert_int_equal(hits_text("f|base64offset|contains: foobar", "AABmb29iYXI="), 1);
	assert_int_equal(hits_text("f|wide|base64offset|contains: ping", "cABpAG4AZwA="), 1);
	assert_int_equal(hits_text("f|utf16|base64: a", "//5hAA=="), 1);
	assert_int_equal(hits_text("f|utf16be|base64: a", "AGE="), 1);
	assert_int_equal(hits_text("f|base64: 'a*'", "x"), -1);
	assert_int_equal(hits_text("f|windash|contains: ' -enc '", "x /ENC y"), 1);
	assert_int_equal(hits_text("f|windash|contains: ' -enc '", "x \xe2\x80\x93""enc y"), 1);
	assert_int_equal(hits_text("f|windash|contains: ' -a-b '", "x /a/b "), 0);
}

TEST(placeholders_come_from_the_table_or_refuse_the_rule)
{
	assert_int_equal(hits_text("f|expand: '%names%'", "bob"), 1);
	assert_int_equal(hits_text("f|expand: 'x-%names%-y'", "x-alice-y"), 1);
	assert_int_equal(hits_text("f|expand: '%one%'", "xzzy"), 1);
	assert_int_equal(hits_text("f|expand: '%unknown%'", "bob"), -1);
	assert_string_equal(refusal, "5: no values for placeholder %unknown%");
	assert_int_equal(hits_text("f: '%names%'", "bob"), 0);
}

TEST(fields_are_compared_with_fields)
{
	struct fields f = { .count = 0 };

	add(&f, "a", text("One"));
	add(&f, "b", text("one"));
	add(&f, "c", text("someone"));
	assert_int_equal(hits("  s: {a|fieldref: b}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {a|fieldref: c}\n  condition: s", &f), 0);
	assert_int_equal(hits("  s: {c|fieldref|endswith: a}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {c|fieldref|startswith: a}\n  condition: s", &f), 0);
	assert_int_equal(hits("  s: {a|fieldref: missing}\n  condition: s", &f), 0);
}

/* Lengths tell texts of one form apart, not UTF-8 from UTF-16, and not halves of units. */
TEST(fields_of_any_form_are_compared_with_fields)
{
	struct fields f = { .count = 0 };
	static const uint8_t capital[] = { 0xc4, 0, 'X', 0 }, small[] = { 0xe4, 0, 'x', 0, 'y' };

	add(&f, "a", (struct value){ .kind = VALUE_UTF16, .bytes = span_of(capital, 4) });
	add(&f, "b", (struct value){ .kind = VALUE_UTF16, .bytes = span_of(small, 4) });
	add(&f, "half", (struct value){ .kind = VALUE_UTF16, .bytes = span_of(small, 5) });
	add(&f, "short", (struct value){ .kind = VALUE_UTF16, .bytes = span_of(small, 2) });
	add(&f, "utf8", text("\xc3\xa4x"));
	add(&f, "list", (struct value){ .kind = VALUE_LIST, .list = f.values, .count = 1 });
	assert_int_equal(hits("  s: {a|fieldref: b}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {a|fieldref: utf8}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {a|fieldref: list}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {a|fieldref: short}\n  condition: s", &f), 0);
	assert_int_equal(hits("  s: {b|fieldref: half}\n  condition: s", &f),
			 hits("  s: {b|fieldref|startswith: half}\n  condition: s", &f));
	assert_int_equal(hits("  s: {a|fieldref: short}\n  f: {b|fieldref: a}\n  condition: f and not s", &f), 1);
}

TEST(keywords_search_every_value)
{
	struct fields f = { .count = 0 };

	add(&f, "a", text("hello Mimikatz there"));
	add(&f, "b", text("second"));
	assert_int_equal(hits("  k: [mimikatz, x]\n  condition: k", &f), 1);
	assert_int_equal(hits("  k: nothing\n  condition: k", &f), 0);
	assert_int_equal(hits("  k: {'|all': [mimikatz, second]}\n  condition: k", &f), 1);
	assert_int_equal(hits("  k: {'|all': [mimikatz, third]}\n  condition: k", &f), 0);
	assert_int_equal(hits("  k: {'|re': 'M[a-z]+z'}\n  condition: k", &f), 1);
	assert_int_equal(hits("  k: ['hello*there']\n  condition: k", &f), 1);
}

/* The decoder knows where texts stand, but for those of two slots. */
TEST(keywords_are_found_among_texts_and_beside_them)
{
	static const uint32_t loose[] = { 1, 3 };	/* `hits` adds the last slot */
	const struct span texts = SPAN("\7m\0i\0m\0i\0k\0a\0t\0z\0\1\2q\0");
	struct fields f = { .texts = texts, .loose = loose, .loose_count = 2 };

	add(&f, "a", (struct value){ .kind = VALUE_UTF16, .bytes = span_sub(texts, 1, 16) });
	add(&f, "b", text("a lsadump beside"));
	add(&f, "c", (struct value){ .kind = VALUE_UTF16, .bytes = span_sub(texts, 19, 2) });
	assert_int_equal(hits("  k: [mimikatz, sekurlsa]\n  condition: k", &f), 1);
	assert_int_equal(hits("  k: [lsadump, sekurlsa]\n  condition: k", &f), 1);
	assert_int_equal(hits("  k: [sekurlsa, kerberos]\n  condition: k", &f), 0);
	f.values[2] = (struct value){ .kind = VALUE_BOOL, .u = 1 };
	assert_int_equal(hits("  k: ['true', sekurlsa]\n  condition: k", &f), 1);
}

TEST(conditions_bind_as_the_specification_says)
{
	struct fields f = { .count = 0 };
	static const char *const searches = "  a: {f: 1}\n  b: {f: 2}\n  sel_c: {f: 1}\n"
					    "  sel_d: {f: 2}\n  _hid: {f: 1}\n  condition: ";
	static const struct {
		const char *condition;
		int want;
	} cases[] = {
		{ "a", 1 }, { "b", 0 }, { "a and b", 0 }, { "a or b and b", 1 }, { "not b", 1 },
		{ "not a or a", 1 }, { "not (a or b)", 0 }, { "1 of sel_*", 1 },
		{ "all of sel_*", 0 }, { "1 of them", 1 }, { "all of them", 0 },
		{ "not 1 of sel_d*", 1 }, { "a and not b", 1 }, { "any of sel*", 1 },
		{ "(a or b) and not (b and a)", 1 }, { "1 of nothing*", -1 }, { "c", -1 },
		{ "a and", -1 }, { "(a", -1 }, { "a b", -1 }, { "[b, a]", 1 },
		{ "1 of *_d", 0 }, { "all of _h*", 1 },
	};

	add(&f, "f", text("1"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char detection[512];

		snprintf(detection, sizeof detection, "%s%s", searches, cases[i].condition);
		if (hits(detection, &f) != cases[i].want)
			fail_msg("%s", cases[i].condition);
	}
}

TEST(lists_of_maps_and_list_values_are_alternatives)
{
	struct value list[2] = { text("one"), text("two") };
	struct fields f = { .count = 0 };

	add(&f, "l", (struct value){ .kind = VALUE_LIST, .count = 2, .list = list });
	add(&f, "Data", text("x"));
	add(&f, "Data", text("y"));
	assert_int_equal(hits("  s: {l: TWO}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: {Data: y}\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: [{l: three}, {l: one, Data: x}]\n  condition: s", &f), 1);
	assert_int_equal(hits("  s: [{l: three}, {l: one, Data: z}]\n  condition: s", &f), 0);
}

TEST(faulty_rules_are_refused_by_line)
{
	assert_int_equal(hits_text("f|nosuch: x", "x"), -1);
	assert_string_equal(refusal, "5: unknown modifier 'nosuch'");
	assert_int_equal(hits_text("f: {a: b}", "x"), -1);
	assert_int_equal(hits_text("f|contains: null", "x"), -1);
	assert_int_equal(hits_text("f: [[x]]", "x"), -1);
	assert_int_equal(hits_text("f|contains: []", "x"), -1);
}

TEST(a_finding_names_the_fields_that_made_it)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_set *set = compile(&arena, "title: Two\nid: r-2\nlevel: high\ntags: [attack.t1059.001]\n"
					"logsource: {category: test}\ndetection:\n  a: {f|contains: b}\n"
					"  c: {g: null}\n  z: {f: z}\n  condition: a and c and not z\n", "");
	struct span names[] = { SPAN("f"), SPAN("log") };
	struct value values[] = { text("abc"), text("test") };
	struct event_shape shape = { .names = names, .count = 2, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct event event = { .shape = &shape, .values = values };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 0);
	struct outcome outcome = { 0 };

	assert_span(sigma_set_rule(set, 0)->techniques, "T1059.001");
	assert_int_equal(sigma_set_rule(set, 0)->level, LEVEL_HIGH);
	sigma_eval(scanner, &event, on_match, &outcome);
	sigma_scanner_free(scanner);
	arena_free(&arena);
	assert_int_equal(outcome.matches, 1);
	assert_string_equal(outcome.matched, "{\"f\":\"abc\"}");
	assert_string_equal(refusal, "");
}

static int matches_of(struct sigma_scanner *scanner, const struct event_shape *shape,
		      const struct value *values)
{
	struct event event = { .shape = shape, .values = values };
	struct outcome outcome = { 0 };

	sigma_eval(scanner, &event, on_match, &outcome);
	return outcome.matches;
}

TEST(a_rule_is_not_tried_again_for_a_value_that_one_of_several_filters_takes_out)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_set *set = compile(&arena, "title: t\nlogsource: {category: test}\ndetection:\n"
					"  s: {f|contains: needle}\n  filter_a: {g: good}\n"
					"  filter_b: {h: fine}\n  condition: s and not 1 of filter_*\n", "");
	struct span names[] = { SPAN("log"), SPAN("f"), SPAN("g"), SPAN("h") };
	struct event_shape shape = { .names = names, .count = 4, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct value values[] = { text("test"), text("a needle"), text("good"), text("one") };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 0);

	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 1);
	values[3] = text("another");
	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 1);
	values[2] = text("bad");
	assert_int_equal(matches_of(scanner, &shape, values), 1);
	values[3] = text("fine");
	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 3);
	sigma_scanner_free(scanner);
	arena_free(&arena);
}

/* A value in which no literal can stand is not told from others of its kind when values are recalled. */
TEST(what_failed_for_one_value_without_literals_may_hold_for_another)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_set *set = compile(&arena, "title: t\nlogsource: {category: test}\ndetection:\n"
					"  a: {f|contains: mimidrvxq}\n  b: {g|contains: zoqtunnel}\n"
					"  c: {f: harmless}\n  condition: (a or b) and not c\n", "");
	struct span names[] = { SPAN("log"), SPAN("f"), SPAN("g") };
	struct event_shape shape = { .names = names, .count = 3, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct value values[] = { text("test"), text("harmless"), text("a zoqtunnel.exe") };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 0);

	assert_int_equal(matches_of(scanner, &shape, values), 0);
	values[1] = text("another");
	assert_int_equal(matches_of(scanner, &shape, values), 1);
	values[1] = text("harmless");
	assert_int_equal(matches_of(scanner, &shape, values), 0);
	values[2] = text("nothing");
	assert_int_equal(matches_of(scanner, &shape, values), 0);
	sigma_scanner_free(scanner);
	arena_free(&arena);
}

/* Events whose values of all fields that wake were met before: their rules are not looked for again. */
TEST(rules_that_fell_by_values_met_before_are_not_tried_again)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_set *set = compile(&arena, "title: t\nlogsource: {category: test}\ndetection:\n"
					"  a: {f|contains: oddly, g|contains: strange}\n  c: {f|re: 'y[0-9]$'}\n"
					"  condition: a and c\n", "");
	struct span names[] = { SPAN("log"), SPAN("f"), SPAN("g"), SPAN("time") };
	struct event_shape shape = { .names = names, .count = 4, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct value values[] = { text("test"), text("oddly"), text("strange"), text("1") };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 0);

	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 1);
	values[3] = text("2");
	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 1);
	values[1] = text("oddly7");
	assert_int_equal(matches_of(scanner, &shape, values), 1);
	assert_int_equal(matches_of(scanner, &shape, values), 1);
	sigma_scanner_free(scanner);
	arena_free(&arena);
}

TEST(a_rule_is_not_woken_by_what_stands_in_most_paths)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_set *set = compile(&arena, "title: t\nlogsource: {category: test}\ndetection:\n"
					"  a: {f|contains|all: ['c:\\windows', 'oddly.exe']}\n"
					"  b: {g: strange, h: x}\n  condition: a or b\n", "");
	struct span names[] = { SPAN("log"), SPAN("f"), SPAN("g"), SPAN("h") };
	struct event_shape shape = { .names = names, .count = 4, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct value values[] = { text("test"), text("C:\\Windows\\notepad.exe"), text("g"), text("x") };
	struct sigma_scanner *scanner = sigma_scanner_new(set, 0);

	assert_int_equal(matches_of(scanner, &shape, values), 0);
	assert_int_equal(sigma_scanner_stats(scanner)->woken, 0);
	values[1] = text("C:\\Windows\\oddly.exe");
	assert_int_equal(matches_of(scanner, &shape, values), 1);
	sigma_scanner_free(scanner);
	arena_free(&arena);
}

/* Of fields that routes want to be there, there may be more than a word has bits. */
TEST(events_go_where_the_fields_say_that_are_there)
{
	enum { MANY = 70 };
	static struct span names[MANY];
	static struct value values[MANY];
	static char name[MANY][8];
	struct arena arena = arena_new(64 << 20);
	struct event_shape shape = { .names = names, .count = MANY, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct buf sources = buf_new(1 << 16), rules = buf_new(1 << 16);
	struct sigma_scanner *s;

	buf_text(&sources, "sources:\n");
	for (int i = 0; i < MANY; i++) {
		snprintf(name[i], sizeof name[i], "k%d", i);
		names[i] = span_text(name[i]);
		values[i] = text("x");
		buf_printf(&sources, "  - {logsource: {category: c%d}, when: {k%d: '*'}}\n", i, i);
		buf_printf(&rules, "---\ntitle: t\nlogsource: {category: c%d}\n"
			   "detection: {s: {k1: x}, condition: s}\n", i);
	}
	buf_add_u8(&sources, 0);
	buf_add_u8(&rules, 0);
	s = sigma_scanner_new(compile_for(&arena, (const char *)sources.at, (const char *)rules.at, ""), 0);
	assert_int_equal(matches_of(s, &shape, values), MANY);
	values[64].kind = VALUE_ABSENT;
	assert_int_equal(matches_of(s, &shape, values), MANY - 1);
	values[0].kind = VALUE_ABSENT;
	assert_int_equal(matches_of(s, &shape, values), MANY - 2);
	sigma_scanner_free(s);
	buf_free(&rules);
	buf_free(&sources);
	arena_free(&arena);
}

/* A scanner that has seen all values before must answer as one that has seen none. */
TEST(what_is_remembered_of_values_changes_no_answer)
{
	static const char *const conditions[] = {
		"f and g", "f and not g", "not f", "(f or g) and h", "f and h and not re",
		"re or g", "not (f and g)", "h", "word and not f", "f and null",
	};
	static const char *const words[] = { "alpha", "beta evil", "x-alpha-y", "", "gamma7" };
	char rules[8192] = "";
	struct arena arena = arena_new(64 << 20);
	struct span names[] = { SPAN("log"), SPAN("f"), SPAN("g"), SPAN("g") };
	struct event_shape shape = { .names = names, .count = 4, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct sigma_scanner *old;
	struct sigma_set *set;

	for (size_t i = 0, len = 0; i < sizeof conditions / sizeof *conditions; i++)
		len += (size_t)snprintf(rules + len, sizeof rules - len,
			"---\ntitle: %zu\nlogsource: {category: test}\ndetection:\n"
			"  f: {f|contains: [alpha, evil]}\n  g: {g|endswith: [evil, '7']}\n"
			"  h: [{f: alpha}, {g|startswith: be}]\n  re: {f|re: 'a.*[0-9]$'}\n"
			"  word: [gamma, beta]\n  \"null\": {g: null}\n  condition: %s\n", i, conditions[i]);
	set = compile(&arena, rules, "");
	old = sigma_scanner_new(set, 0);
	for (int i = 0; i < 750; i++) {
		int n = i * 7 % 750;
		struct value values[] = { text("test"), text(words[n % 5]), text(words[n / 5 % 5]),
					  text(words[n / 25 % 5]) };
		struct sigma_scanner *fresh = sigma_scanner_new(set, 0);

		if (n / 125 % 3 == 1)
			values[2] = values[3] = (struct value){ .kind = VALUE_NULL };
		if (n / 125 % 3 == 2)
			values[3] = (struct value){ .kind = VALUE_LIST, .count = 2,
						    .list = (struct value[]){ text("q"), text(words[n % 5]) } };
		assert_int_equal(matches_of(old, &shape, values), matches_of(fresh, &shape, values));
		sigma_scanner_free(fresh);
	}
	assert_true(sigma_scanner_stats(old)->matches > 500);
	sigma_scanner_free(old);
	arena_free(&arena);
}
