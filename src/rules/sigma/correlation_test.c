#include "rules/sigma/sigma.h"

#include <stdio.h>

#include "test.h"

#define SOURCES "sources: [{logsource: {category: test}, when: {log: '*'}}]"
#define RULE(name, detection) \
	"title: " name "\nname: " name "\nlogsource: {category: test}\ndetection:\n  s: " detection \
	"\n  condition: s\n---\n"
#define BASES RULE("one", "{k: 1}") RULE("two", "{k: 2}") RULE("three", "{k: 3}")

/* Matches as "title@second(host..)" in the order they were told. */
struct told {
	char text[1024];
	size_t len;
};

static bool on_match(void *context, const struct finding *finding, const struct sigma_rule *rule,
		     const struct event *event)
{
	struct told *t = context;

	(void)event;
	t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "%.*s@%lld ",
				   SPAN_ARG(rule->title), (long long)(finding->time / TIME_SECOND));
	return true;
}

static char refusal[256];

static void on_problem(void *context, const struct sigma_problem *problem)
{
	(void)context;
	if (problem->kind == SIGMA_REFUSED)
		snprintf(refusal, sizeof refusal, "%s", problem->reason);
}

/* Events are "second k user number", a line each. */
static void expect_events(const char *rules, const char *events, size_t memory, const char *want)
{
	struct arena arena = arena_new(64 << 20);
	struct sigma_source source = { SPAN("t.yml"), span_text(rules) };
	struct sigma_options options = { .logsources = SPAN(SOURCES) };
	struct span names[] = { SPAN("log"), SPAN("k"), SPAN("user"), SPAN("n") };
	struct event_shape shape = { .names = names, .count = 4, .computer = EVENT_NO_SLOT,
				     .user = EVENT_NO_SLOT };
	struct sigma_set *set;
	struct sigma_scanner *scanner;
	struct told told = { .len = 0 };
	struct span rest = span_text(events);
	struct err err = { 0 };

	refusal[0] = 0;
	assert_true(sigma_compile(&arena, &source, 1, &options, on_problem, NULL, &set, &err));
	scanner = sigma_scanner_new(set, memory);
	while (rest.len) {
		struct span line = span_split(&rest, '\n');
		struct value values[4] = { { .kind = VALUE_TEXT, .bytes = SPAN("x") } };
		struct event event = { .shape = &shape, .values = values };
		uint64_t second;

		assert_true(span_to_u64(span_split(&line, ' '), &second));
		event.time = (timestamp)second * TIME_SECOND;
		event.record_id = second;
		for (int i = 1; i < 4; i++)
			values[i] = (struct value){ .kind = VALUE_TEXT, .bytes = span_split(&line, ' ') };
		sigma_eval(scanner, &event, on_match, &told);
	}
	sigma_finish(scanner, on_match, &told);
	if (memory)
		assert_true(sigma_scanner_stats(scanner)->shed > 0);
	sigma_scanner_free(scanner);
	arena_free(&arena);
	assert_string_equal(told.text, want);
}

static void expect(const char *correlation, const char *events, const char *want)
{
	char rules[4096];

	snprintf(rules, sizeof rules, "%stitle: C\nname: c\n%s", BASES, correlation);
	expect_events(rules, events, 0, want);
}

TEST(events_are_counted_by_group_within_the_timespan)
{
	static const char *const rule = "correlation: {type: event_count, rules: one, group-by: user, "
					"timespan: 10s, condition: {gte: 3}}\n";

	expect(rule, "1 1 a 0\n2 1 a 0\n3 1 b 0\n4 1 a 0\n", "C@4 ");
	expect(rule, "1 1 a 0\n5 1 a 0\n12 1 a 0\n", "");
	expect(rule, "1 1 a 0\n5 1 a 0\n11 1 a 0\n", "C@11 ");
	expect(rule, "4 1 a 0\n1 1 a 0\n2 1 a 0\n", "C@4 ");
	expect(rule, "1 1 a 0\n2 1 a 0\n3 1 a 0\n4 1 a 0\n5 1 a 0\n6 1 a 0\n", "C@3 C@6 ");
}

TEST(ranges_and_upper_bounds_are_judged_window_by_window)
{
	expect("correlation: {type: event_count, rules: one, timespan: 10s, condition: {gte: 2, lt: 4}}\n",
	       "1 1 a 0\n2 1 a 0\n3 1 a 0\n100 1 a 0\n200 1 a 0\n201 1 a 0\n202 1 a 0\n203 1 a 0\n", "C@3 ");
	expect("correlation: {type: event_count, rules: one, timespan: 10s, condition: {eq: 1}}\n",
	       "1 1 a 0\n", "C@1 ");
}

TEST(values_are_counted_once_each)
{
	static const char *const rule = "correlation: {type: value_count, rules: [one], timespan: 1m, "
					"condition: {field: user, gte: 3}}\n";

	expect(rule, "1 1 a 0\n2 1 a 0\n3 1 b 0\n4 1 a 0\n", "");
	expect(rule, "1 1 a 0\n2 1 b 0\n3 1 b 0\n4 1 c 0\n", "C@4 ");
	expect(rule, "1 1 a 0\n2 1 b 0\n62 1 c 0\n", "");
}

TEST(rules_in_time_need_all_and_in_order_need_their_order)
{
	static const char *const any = "correlation: {type: temporal, rules: [one, two], group-by: [user], "
				       "timespan: 10s}\n";
	static const char *const ordered = "correlation: {type: temporal_ordered, rules: [one, two, three], "
					   "timespan: 10s}\n";

	expect(any, "1 2 a 0\n5 1 a 0\n", "C@5 ");
	expect(any, "1 2 a 0\n5 1 b 0\n", "");
	expect(any, "1 2 a 0\n50 1 a 0\n", "");
	expect(ordered, "1 1 a 0\n2 2 a 0\n3 3 a 0\n", "C@3 ");
	expect(ordered, "1 2 a 0\n2 1 a 0\n3 3 a 0\n", "");
	expect(ordered, "1 1 a 0\n2 2 a 0\n15 3 a 0\n", "");
	expect(ordered, "1 1 a 0\n8 1 a 0\n9 2 a 0\n15 3 a 0\n", "C@15 ");
}

TEST(an_extended_condition_is_judged_over_a_window)
{
	static const char *const rule = "correlation: {type: temporal, rules: [one, two, three], "
					"timespan: 10s, condition: one and (two or three) and not three}\n";

	expect(rule, "1 1 a 0\n2 2 a 0\n", "C@2 ");
	expect(rule, "1 1 a 0\n2 3 a 0\n", "");
	expect("correlation: {type: temporal, rules: [one], timespan: 1s, condition: one and nosuch}\n",
	       "1 1 a 0\n", "one@1 ");
	assert_non_null(strstr(refusal, "unknown search"));
}

TEST(an_extended_condition_names_its_rules_and_may_slide)
{
	expect("correlation: {type: temporal, timespan: 10s, condition: one and (two or three)}\n",
	       "1 1 a 0\n9 1 a 0\n12 2 a 0\n30 3 a 0\n", "C@12 ");
	expect("correlation: {type: temporal_ordered, timespan: 10s, condition: two and one}\n",
	       "1 1 a 0\n2 2 a 0\n3 1 a 0\n", "C@3 ");
	expect("correlation: {type: temporal_ordered, timespan: 10s, condition: two or one}\n",
	       "1 1 a 0\n", "one@1 ");
	assert_non_null(strstr(refusal, "order"));
	expect("correlation: {type: temporal, timespan: 10s}\n", "1 1 a 0\n", "one@1 ");
	assert_non_null(strstr(refusal, "without rules"));
}

TEST(numbers_are_summed_averaged_and_ranked)
{
	static const char *const events = "1 1 a 1\n2 1 a 2\n3 1 a 3\n4 1 a 10\n";

	expect("correlation: {type: value_sum, rules: one, timespan: 1m, condition: {field: n, eq: 16}}\n",
	       events, "C@4 ");
	expect("correlation: {type: value_avg, rules: one, timespan: 1m, condition: {field: n, eq: 4}}\n",
	       events, "C@4 ");
	expect("correlation: {type: value_median, rules: one, timespan: 1m, "
	       "condition: {field: n, eq: 2.5}}\n", events, "C@4 ");
	expect("correlation: {type: value_percentile, rules: one, timespan: 1m, "
	       "condition: {field: n, percentile: 75, eq: 3}}\n", events, "C@4 ");
	expect("correlation: {type: value_sum, rules: one, timespan: 1m, condition: {gt: 1}}\n", events,
	       "one@1 one@2 one@3 one@4 ");
}

/* Windows that follow one another would end between the events that count. */
TEST(windows_of_sums_and_ranks_slide)
{
	static const char *const events = "1 1 a 1\n9 1 a 7\n12 1 a 8\n14 1 a 9\n30 1 a 1\n";

	expect("correlation: {type: value_sum, rules: one, timespan: 5s, condition: {field: n, gte: 24}}\n",
	       events, "C@14 ");
	expect("correlation: {type: value_sum, rules: one, timespan: 5s, condition: {field: n, gt: 24}}\n",
	       events, "");
	expect("correlation: {type: value_avg, rules: one, timespan: 5s, condition: {field: n, gt: 7}}\n",
	       events, "C@12 C@14 ");
	expect("correlation: {type: value_avg, rules: one, timespan: 5s, condition: {field: n, lt: 2}}\n",
	       events, "C@1 C@30 ");
	expect("correlation: {type: value_median, rules: one, timespan: 5s, condition: {field: n, gte: 8}}\n",
	       events, "C@14 ");
	expect("correlation: {type: value_percentile, rules: one, timespan: 5s, "
	       "condition: {field: n, percentile: 50, gt: 7}}\n", events, "C@14 ");
}

TEST(correlations_chain_and_generate_lets_sources_speak)
{
	expect("correlation: {type: event_count, rules: one, group-by: user, timespan: 10s, "
	       "condition: {gte: 2}}\n---\ntitle: D\ncorrelation: {type: temporal, rules: [c, two], "
	       "group-by: user, timespan: 1m}\n",
	       "1 1 a 0\n2 1 a 0\n3 2 a 0\n", "D@3 ");
	expect("correlation: {type: event_count, rules: one, timespan: 10s, generate: true, "
	       "condition: {gte: 2}}\n", "1 1 a 0\n2 1 a 0\n", "one@1 one@2 C@2 ");
	expect("correlation: {type: event_count, rules: [c], timespan: 10s, condition: {gte: 2}}\n",
	       "1 2 a 0\n", "two@1 ");
	assert_string_equal(refusal, "correlations that need each other");
}

/* The upper one groups by less, in another order, or under another name. */
TEST(a_chain_takes_from_a_group_what_it_groups_by)
{
	static const char *const form =
		"correlation: {type: event_count, rules: one, group-by: [user, n], timespan: 10s, "
		"condition: {gte: 2}}\n---\ntitle: D\ncorrelation: {type: %s, timespan: 1m}\n";
	char rule[512];

	snprintf(rule, sizeof rule, form, "temporal, rules: [c, two], group-by: user");
	expect(rule, "1 1 a 5\n2 1 a 5\n3 2 a 7\n", "D@3 ");
	expect(rule, "1 1 a 5\n2 1 a 5\n3 2 b 5\n", "");
	snprintf(rule, sizeof rule, form, "temporal, rules: [c, two], group-by: [n, user]");
	expect(rule, "1 1 a 5\n2 1 a 5\n3 2 a 5\n", "D@3 ");
	snprintf(rule, sizeof rule, form, "temporal, rules: [c, two], group-by: [who], "
		 "aliases: {who: {c: n, two: user}}");
	expect(rule, "1 1 a b\n2 1 a b\n3 2 b 7\n", "D@3 ");
	snprintf(rule, sizeof rule, form, "temporal, rules: [c, two]");
	expect(rule, "1 1 a \"\\\n2 1 a \"\\\n3 2 b 7\n", "D@3 ");
}

TEST(aliases_join_fields_of_different_names)
{
	expect("correlation:\n  type: temporal\n  rules: [one, two]\n  aliases:\n    who: {one: user, two: n}\n"
	       "  group-by: [who]\n  timespan: 1m\n", "1 1 bob x\n2 2 z bob\n", "C@2 ");
}

TEST(old_aggregations_are_correlations)
{
	static const char *const form = "title: P\nlogsource: {category: test}\ndetection:\n  s: {k: 1}\n"
					"  timeframe: 10s\n  condition: s | %s\n";
	char rule[512];

	snprintf(rule, sizeof rule, form, "count() by user > 1");
	expect_events(rule, "1 1 a 0\n2 1 b 0\n3 1 a 0\n", 0, "P@3 ");
	snprintf(rule, sizeof rule, form, "count(n) by user >= 2");
	expect_events(rule, "1 1 a 0\n2 1 a 0\n3 1 a 1\n", 0, "P@3 ");
}

TEST(near_asks_for_what_lies_around_an_event)
{
	static const char *const form = "title: P\nlogsource: {category: test}\ndetection:\n  s: {k: 1}\n  a: {k: 2}\n"
					"  b: {k: 3}\n  timeframe: 10s\n  condition: s | near %s\n";
	char rule[512];

	snprintf(rule, sizeof rule, form, "a");
	expect_events(rule, "1 1 u 0\n5 2 u 0\n", 0, "P@1 ");		/* behind it */
	expect_events(rule, "1 2 u 0\n11 1 u 0\n", 0, "P@11 ");		/* before it, as far as may be */
	expect_events(rule, "1 2 u 0\n12 1 u 0\n", 0, "");
	expect_events(rule, "1 2 u 0\n2 2 u 0\n", 0, "");			/* never without the event itself */
	expect_events(rule, "1 1 u 0\n2 2 u 0\n3 1 u 0\n9 1 u 0\n", 0, "P@1 ");
	expect_events(rule, "1 1 u 0\n2 2 u 0\n20 1 u 0\n25 1 u 0\n26 2 u 0\n", 0, "P@1 P@20 ");
	snprintf(rule, sizeof rule, form, "a and b");
	expect_events(rule, "1 2 u 0\n10 1 u 0\n19 3 u 0\n", 0, "P@10 ");	/* each to the event, not to each other */
	expect_events(rule, "1 2 u 0\n10 1 u 0\n21 3 u 0\n", 0, "");
	snprintf(rule, sizeof rule, form, "a and not b");
	expect_events(rule, "1 2 u 0\n10 1 u 0\n", 0, "P@10 ");
	expect_events(rule, "1 2 u 0\n10 1 u 0\n20 3 u 0\n", 0, "");
	expect_events(rule, "1 2 u 0\n10 1 u 0\n21 3 u 0\n", 0, "P@10 ");
	snprintf(rule, sizeof rule, form, "a or b");
	expect_events(rule, "1 1 u 0\n", 0, "");
	assert_non_null(strstr(refusal, "near"));
	snprintf(rule, sizeof rule, form, "c");
	expect_events(rule, "1 1 u 0\n", 0, "");
	assert_non_null(strstr(refusal, "unknown search"));
	snprintf(rule, sizeof rule, form, "");
	expect_events(rule, "1 1 u 0\n", 0, "");
	assert_non_null(strstr(refusal, "ends too early"));
}

TEST(filters_narrow_the_rules_they_name)
{
	static const char *const filter = "title: F\nlogsource: {category: test}\nfilter:\n  rules: [one]\n"
					  "  x: {user|startswith: adm}\n  condition: not x\n";
	char rules[2048];

	snprintf(rules, sizeof rules, "%s%s", BASES, filter);
	expect_events(rules, "1 1 bob 0\n2 1 admin 0\n3 2 admin 0\n", 0, "one@1 two@3 ");
	snprintf(rules, sizeof rules, "%stitle: F\nlogsource: {category: test}\nfilter:\n  rules: []\n"
		 "  x: {user: admin}\n  condition: not x\n", BASES);
	expect_events(rules, "1 1 bob 0\n2 1 admin 0\n3 2 admin 0\n", 0, "one@1 ");
	snprintf(rules, sizeof rules, "%stitle: F\nlogsource: {category: other}\nfilter:\n  rules: any\n"
		 "  x: {user: admin}\n  condition: not x\n", BASES);
	expect_events(rules, "1 1 bob 0\n2 1 admin 0\n3 2 admin 0\n", 0, "one@1 one@2 two@3 ");
}

TEST(memory_is_bounded_and_shedding_is_told)
{
	static char events[1 << 17];
	size_t len = 0;

	for (int i = 1; i < 6000; i++)
		len += (size_t)snprintf(events + len, sizeof events - len, "%d 1 u%d 0\n", i, i);
	expect_events(BASES "title: C\ncorrelation: {type: event_count, rules: one, group-by: user, "
			    "timespan: 10s, condition: {gte: 2}}\n", events, 65536, "");
}

TEST(global_documents_lend_what_others_lack)
{
	expect_events("action: global\ntitle: G\nlogsource: {category: test}\ndetection:\n  condition: s\n"
		      "---\ndetection:\n  s: {k: 1}\n---\ndetection:\n  s: {k: 2}\n",
		      "1 1 a 0\n2 2 a 0\n", 0, "G@1 G@2 ");
}
