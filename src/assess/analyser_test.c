#include "assess/analyser.h"

#include "assess/acts.h"
#include "assess/allow_list.h"
#include "assess/thresholds.h"
#include "case/case.h"
#include "case/query.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

/* A case of one examined item. */
static struct case_file *new_case(const char *name, uint64_t *id)
{
	char *argv[] = { (char[]){ "test" } };
	const struct case_run run = { .argc = 1, .argv = argv };
	struct case_item item = { .path = SPAN("conn.log"), .size = 1, .modified = TIME_NONE,
				  .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	const struct case_outcome outcome = { .fate = FATE_EXAMINED, .kind = SPAN("zeek log"),
					      .evidence_class = CLASS_NETWORK_LOG, .size = 1 };
	struct case_file *file = NULL;
	struct err err = { 0 };
	uint64_t unit;
	bool done;
	char path[512];

	snprintf(path, sizeof path, "%s/%s.case", scratch_dir(), name);
	if (!case_create(path, &run, &file, &err) ||
	    !case_add_source(file, SPAN("/e"), SPAN("folder"), &item.source, &err) ||
	    !case_unit_begin(file, item.source, item.path, &unit, &done, &err) ||
	    !case_add_item(file, unit, &item, id, &err) ||
	    !case_end_item(file, unit, *id, &outcome, &err) || !case_unit_commit(file, unit, &err))
		fail_msg("%s", err.text);
	return file;
}

static int64_t count(struct case_file *file, const char *sql)
{
	struct err err = { 0 };
	int64_t n = -1;

	if (!case_sync(file, &err) || !query_int(case_db(file), sql, 0, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

TEST(analyser_tells_findings_on_a_finished_item_and_they_are_replaced)
{
	struct err err = { 0 };
	uint64_t item, told = 0;
	struct case_file *file = new_case("tell", &item);
	struct analysis a = { .file = file, .db = case_db(file) };
	struct conclusion c = { .item = item, .harm = HARM_CONTROL, .level = LEVEL_HIGH,
				.rule = SPAN("kanshiki.test"), .first = 1, .last = 2,
				.matched = SPAN("{\"score\":1}") };

	assert_true(analysis_tell(&a, &c, &err));
	assert_int_equal(count(file, "SELECT count(*) FROM finding_view WHERE engine = 'analyser' "
				     "AND rule = 'kanshiki.test' AND time = 1 AND last = 2"), 1);
	c.item = item + 1;
	assert_false(analysis_tell(&a, &c, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_true(analysers_run(file, NULL, NULL, &told, &err));
	assert_int_equal(count(file, "SELECT count(*) FROM finding"), 0);
	case_close(file);
}

TEST(analyser_findings_are_bounded)
{
	struct err err = { 0 };
	uint64_t item;
	struct case_file *file = new_case("bounded", &item);
	struct analysis a = { .file = file, .db = case_db(file) };
	struct conclusion c = { .item = item, .harm = HARM_CONTROL, .rule = SPAN("kanshiki.test") };

	for (int i = 0; i < ANALYSER_FINDINGS + 7; i++)
		assert_true(analysis_tell(&a, &c, &err));
	assert_int_equal(count(file, "SELECT count(*) FROM finding"), ANALYSER_FINDINGS);
	assert_int_equal(a.dropped, 7);
	case_close(file);
}

/* That many sessions of one item, each with a place of its own. */
static void add_sessions(struct case_file *file, int count)
{
	struct case_item item = { .path = SPAN("btmp"), .size = 1, .source = 1, .modified = TIME_NONE,
				  .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	struct case_outcome outcome = { .fate = FATE_EXAMINED, .kind = SPAN("utmp"), .size = 1 };
	struct trace t = trace_new(TRACE_SESSION, "failed logon");
	struct err err = { 0 };
	uint64_t unit, id;
	char peer[40];
	bool done, ok = case_unit_begin(file, item.source, item.path, &unit, &done, &err) &&
			case_add_item(file, unit, &item, &id, &err);

	for (int i = 0; ok && i < count; i++) {
		snprintf(peer, sizeof peer, "198.51.%d.%d", i >> 8, i & 255);
		t.peer = span_text(peer);
		t.time = i * TIME_SECOND;
		ok = case_add_trace(file, unit, id, &t, &err);
	}
	if (!ok || !case_end_item(file, unit, id, &outcome, &err) || !case_unit_commit(file, unit, &err))
		fail_msg("%s", err.text);
}

TEST(acts_beyond_what_is_remembered_are_left_out_and_told)
{
	struct err err = { 0 };
	uint64_t item;
	struct case_file *file = new_case("acts", &item);
	struct analysis_shared shared = { .arena = arena_new(1 << 20) };
	struct arena arena = arena_new(1 << 20);
	struct analysis a = { .file = file, .db = case_db(file), .arena = &arena, .shared = &shared };
	struct acts acts;

	add_sessions(file, 3000);
	assert_int_equal(count(file, "SELECT count(*) FROM trace"), 3000);
	assert_true(acts_load(&a, "kind = 'session' AND time < 1000000000000", &acts, &err));
	assert_int_equal(acts.count, 1000);
	assert_string_equal(a.shortage, "");
	assert_true(acts_load(&a, "kind = 'session'", &acts, &err));
	assert_in_range(acts.count, 100, 2000);
	assert_non_null(strstr(a.shortage, " of 3000 traces that it joins were left out"));
	/* There is memory left for what is made of them. */
	assert_non_null(arena_alloc(&arena, 10000));
	arena_free(&arena);
	arena_free(&shared.arena);
	case_close(file);
}

TEST(analysers_do_not_end_the_run_where_one_has_too_much_to_join)
{
	struct err err = { 0 };
	uint64_t item, told = 0;
	struct case_file *file = new_case("flood", &item);

	add_sessions(file, 420000);
	assert_true(analysers_run(file, NULL, NULL, &told, &err));
	assert_int_equal(count(file, "SELECT count(*) FROM problem WHERE engine = 'analyser' AND rule = 'sessions'"), 1);
	assert_true(analysers_run(file, NULL, NULL, &told, &err));
	assert_int_equal(count(file, "SELECT count(*) FROM problem"), 1);
	case_close(file);
}

TEST(analyser_thresholds_stand_in_docs_analysers_md)
{
	struct span page = read_whole("docs/analysers.md");

	for (size_t i = 0; i < THRESHOLD_COUNT; i++) {
		const struct threshold_row *t = &thresholds[i];
		char row[300];

		snprintf(row, sizeof row, "| %s | %s | %.10g | %s |", t->name, t->analyser, t->value,
			 t->what);
		if (span_find(page, 0, span_text(row)) == SIZE_MAX)
			fail_msg("docs/analysers.md lacks: %s", row);
	}
	free((void *)(uintptr_t)page.at);
}

static const struct allow_list *parse(struct arena *arena, const char *text,
				      const struct allow_list *before)
{
	const struct allow_list *list = NULL;
	struct err err = { 0 };

	if (!allow_list_parse(span_text(text), before, arena, &list, &err))
		fail_msg("%s", err.text);
	return list;
}

TEST(allow_list_knows_domains_with_what_is_below_and_networks)
{
	struct arena arena = arena_new(1 << 20);
	const struct allow_list *list = parse(&arena, "# ours\n*.Example.com  updates  # x\n"
					      "10.1.2.0/23 lan\n2001:db8::/33\n\n", NULL);

	assert_span(allow_list_why(list, SPAN("a.b.EXAMPLE.com.")), "updates");
	assert_span(allow_list_why(list, SPAN("example.com")), "updates");
	assert_span(allow_list_why(list, SPAN("badexample.com")), "");
	assert_span(allow_list_why(list, SPAN("com")), "");
	assert_span(allow_list_why(list, SPAN("10.1.3.255")), "lan");
	assert_span(allow_list_why(list, SPAN("10.1.4.0")), "");
	assert_span(allow_list_why(list, SPAN("2001:db8:7fff::1")), "allow list");
	assert_span(allow_list_why(list, SPAN("2001:db8:8000::1")), "");
	assert_span(allow_list_why(allow_list_empty(), SPAN("example.com")), "");
	list = parse(&arena, "example.org mine", list);
	assert_span(allow_list_why(list, SPAN("x.example.org")), "mine");
	assert_span(allow_list_why(list, SPAN("x.example.com")), "updates");
	arena_free(&arena);
}

TEST(allow_list_of_ours_is_well_formed)
{
	struct arena arena = arena_new(1 << 20);
	struct span text = read_whole("rules/allow.txt");
	const struct allow_list *list = NULL;
	struct err err = { 0 };

	if (!allow_list_parse(text, NULL, &arena, &list, &err))
		fail_msg("%s", err.text);
	assert_span(allow_list_why(list, SPAN("2.pool.ntp.org")), "clock");
	assert_span(allow_list_why(list, SPAN("239.255.255.250")), "multicast");
	assert_span(allow_list_why(list, SPAN("evil.cloudfront.net")), "");
	arena_free(&arena);
	free((void *)(uintptr_t)text.at);
}
