#include "rules/sigma/lint.h"

#include <stdio.h>

#include "base/buf.h"
#include "test.h"

#define HEAD "title: A title of a rule\nid: 5af54681-df95-4c26-854f-2565e13cfab0\nstatus: test\n" \
	     "description: Something that is long enough\ndate: 2026-01-02\ntags:\n    - attack.t1059.001\n"
#define SOURCE "logsource:\n    product: windows\n"
#define TAIL "level: low\n"
#define DETECT(search) HEAD SOURCE "detection:\n    sel:\n" search "    condition: sel\n" TAIL

static void note(void *context, const struct lint_finding *f)
{
	struct buf *to = context;

	buf_printf(to, "%s%s:%u", to->len ? " " : "", f->name, f->line);
}

/* All names with their lines, in order. */
static void expect_files(const char *const *files, size_t count, const char *want)
{
	struct arena arena = arena_new((size_t)64 << 20);
	struct buf got = buf_new(1 << 16);
	struct sigma_linter *l = sigma_linter_new(&arena, note, &got);

	buf_text(&got, "");
	for (size_t i = 0; i < count; i++)
		sigma_lint_file(l, "a_rule_of_ours.yml", span_text(files[i]));
	sigma_lint_end(l);
	if (strcmp(got.len ? (const char *)got.at : "", want))
		fail_msg("got '%s', want '%s' of\n%s", got.len ? (const char *)got.at : "", want, files[0]);
	buf_free(&got);
	arena_free(&arena);
}

static void expect(const char *text, const char *want)
{
	expect_files(&text, 1, want);
}

TEST(a_good_rule_has_no_findings)
{
	expect(DETECT("        Image|endswith: '\\a.exe'\n"), "");
}

TEST(a_key_that_stands_twice_is_told)
{
	expect(DETECT("        Image|endswith: '\\a.exe'\n        Image|endswith: '\\b.exe'\n"), "key_twice:13");
}

TEST(metadata_is_checked)
{
	expect("title: ''\nid: x\nstatus: new\nlevel: none\ndescription: short\ndate: 2026-13-01\n"
	       "modified: 2026/01/01\nreferences: x\ntags:\n    - Attack.T1\n    - attack.t9\n"
	       "    - attack.initial_access\n    - cve.1\n    - tlp.blue\n    - mine.x\n    - mine.x\n"
	       "related:\n    - id: 1\n      type: like\nodd: 1\n"
	       SOURCE "detection:\n    sel:\n        A: b\n    condition: sel\n",
	       "title_missing:1 id_form:2 description_short:5 status_unknown:3 level_unknown:4 "
	       "date_form:6 date_old_form:7 not_a_list:8 listed_twice:16 related_id:18 related_type:18 "
	       "tag_form:10 tag_attack_unknown:11 tag_underscore:12 tag_cve_form:13 tag_tlp_unknown:14 "
	       "tag_namespace_unknown:15 tag_namespace_unknown:16 key_unknown:20");
	expect("foo: 1\n", "id_missing:1 title_missing:1 description_missing:1 status_missing:1 "
			   "level_missing:1 date_missing:1 tag_attack_missing:1 key_unknown:1 "
			   "logsource_missing:1 detection_missing:1");
	expect(HEAD "logsource:\n    Product: x\n    service: Sys Mon\n"
	       "detection:\n    s:\n        A: b\n    condition: s\n" TAIL,
	       "logsource_key_unknown:9 logsource_form:10");
	expect("- a\n", "not_a_rule:1");
	expect("---\n---\n", "");
	expect("a: [\n", "yaml:2");
}

TEST(conditions_are_checked)
{
	static const char base[] = HEAD SOURCE "detection:\n    sel_a:\n        A: b\n    sel_b:\n        A: c\n"
				   "    filter_x:\n        A: d\n    condition: %s\n" TAIL;
	static const struct {
		const char *condition, *want;
	} cases[] = {
		{ "1 of sel_* and not filter_x", "" },
		{ "sel_a or (sel_b and not 1 of filter_*)", "condition_of_one:17" },
		{ "sel_a and not filter_x", "search_unused:13" },
		{ "1 of them", "them_takes_filters:17" },
		{ "not (sel_a or sel_b) and not filter_x", "condition_only_not:17" },
		{ "(not sel_a) and sel_b and filter_x", "" },
		{ "sel_a and sel_b and filter_x | count() > 5", "aggregation_old:17" },
		{ "all of selection* and sel_a and sel_b and filter_x and nothing",
		  "condition_fits_nothing:17 condition_unknown_search:17" },
		{ "[sel_a and sel_b, filter_x]", "condition_list:17" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2000];

		snprintf(text, sizeof text, base, cases[i].condition);
		expect(text, cases[i].want);
	}
	expect(HEAD SOURCE "detection:\n    timeframe: 5m\n    s:\n        A: b\n" TAIL,
	       "timeframe_old:11 condition_missing:10");
	expect(HEAD SOURCE "detection:\n    s: []\n    k:\n        - ab\n    condition: s or k\n" TAIL,
	       "search_empty:11 keyword_short:13");
}

TEST(modifiers_and_values_are_checked)
{
	static const struct {
		const char *item, *want;
	} cases[] = {
		{ "A|contains|startswith: abc", "modifiers_exclude:12" },
		{ "A|odd: abc", "modifier_unknown:12" },
		{ "A|contains|contains: abc", "modifier_twice:12" },
		{ "A|re|contains: a.c", "re_with_place:12" },
		{ "A|re: '.*(a+)+x.*'", "re_leading_any:12 re_trailing_any:12 re_nested_repeats:12" },
		{ "A|re: '(?i)ab[cd]'", "re_inline_flag:12" },
		{ "A|re: abcdef", "re_without_pattern:12" },
		{ "A|re: 'a(?=b)'", "re_lookaround:12" },
		{ "A|i: abc", "re_flag_alone:12" },
		{ "A|re|cidr: 10.0.0.0/8", "modifiers_exclude:12" },
		{ "A|cidr: 10.0.0/33", "cidr_form:12" },
		{ "A|cidr: 'fe80::/10'", "" },
		{ "A|gt: abc", "compare_no_number:12" },
		{ "A|exists: abc", "exists_no_truth:12" },
		{ "A|expand: abc", "expand_nothing:12" },
		{ "A|wide: abc", "utf16_alone:12" },
		{ "A|base64: abc", "base64_whole:12" },
		{ "A|base64|contains: abc", "base64_without_offset:12" },
		{ "A|contains|all: abc", "all_of_one:12" },
		{ "A|all: [abc, abd]", "all_of_whole_values:12" },
		{ "A: [abc, abc]", "value_twice:12" },
		{ "A: [abc]", "list_of_one:12" },
		{ "A: []", "list_empty:12" },
		{ "A: [abc, null]", "null_in_list:12" },
		{ "A: [abc, {b: c}]", "value_nested:12" },
		{ "A: '*abc*'", "wildcard_leading:12" },
		{ "A: 'abc*'", "wildcard_trailing:12" },
		{ "A: '*'", "wildcard_alone:12" },
		{ "A|contains: '*abc'", "wildcard_superfluous:12" },
		{ "A: 'C:\\Temp\\*'", "wildcard_escaped:12" },
		{ "A|contains: ab", "contains_short:12" },
		{ "A|contains: ''", "contains_nothing:12" },
		{ "EventID: '4688'", "number_as_text:12" },
		{ "EventID: 4688", "" },
		{ "A|windash|contains: abc", "windash_nothing:12" },
		{ "'A b': abc", "field_space:12" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[2000];

		snprintf(text, sizeof text,
			 HEAD SOURCE "detection:\n    sel:\n        %s\n    condition: sel\n" TAIL,
			 cases[i].item);
		expect(text, cases[i].want);
	}
}

#define INFO "title: C\nid: 5af54681-df95-4c26-854f-2565e13cfab1\nstatus: test\ndate: 2026-01-02\n" \
	     "description: Something that is long enough\nlevel: low\ntags: [attack.t1059]\n"

TEST(correlations_filters_and_references_are_checked)
{
	static const char rule[] = DETECT("        A: b\n");
	const char *const twice[] = { rule, rule };
	const char *const good[] = {
		rule, INFO "correlation:\n    type: value_count\n    rules: 5af54681-df95-4c26-854f-2565e13cfab0\n"
		      "    group-by: [User]\n    timespan: 5m\n    condition: {gte: 3, field: Host}\n" };
	const char *const gone[] = {
		INFO "correlation:\n    type: temporal\n    rules: [a, b]\n    group-by: [User]\n"
		     "    timespan: 5m\n" };

	expect_files(twice, 2, "id_duplicate:2");
	expect_files(good, 2, "");
	expect_files(gone, 1, "reference_unknown:10 reference_unknown:10");
	expect(INFO "correlation:\n    type: count\n    timespan: 5x\n    condition: {more: 3}\n",
	       "correlation_type_unknown:8 correlation_rules_missing:8 correlation_timespan_form:8 "
	       "correlation_not_grouped:8 correlation_condition_unknown:11 "
	       "correlation_condition_missing:11");
	expect(INFO SOURCE "filter:\n    sel:\n        A: b\n", "filter_rules_missing:10 condition_missing:10");
}
