#include "assess/verdict.h"

#include "case/case.h"
#include "case/query.h"
#include "test.h"

#include <stdio.h>

static struct case_file *new_case(const char *name)
{
	char *argv[] = { (char[]){ "test" } };
	const struct case_run run = { .argc = 1, .argv = argv };
	struct case_file *file;
	struct err err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/%s.case", scratch_dir(), name);
	if (!case_create(path, &run, &file, &err))
		fail_msg("%s", err.text);
	return file;
}

struct log {
	const char *channel;
	uint64_t lost;
	enum fate fate;
	const char *days;
	enum evidence_class class;	/* CLASS_OTHER: an event log */
	bool is_untold;			/* no decoder said anything of it */
};

/* One event log as a unit of its own, with findings of these rules. */
static void add_log(struct case_file *file, struct log log, const struct finding *findings,
		    size_t count)
{
	struct case_item item = { .path = span_text(log.channel), .size = 1, .modified = TIME_NONE,
				  .changed = TIME_NONE, .accessed = TIME_NONE, .created = TIME_NONE };
	uint8_t digest[32] = { (uint8_t)strlen(log.channel), (uint8_t)log.channel[0] };
	enum evidence_class class = log.class == CLASS_OTHER ? CLASS_EVENT_LOG : log.class;
	struct case_outcome outcome = { .fate = log.fate, .evidence_class = class,
					.kind = SPAN("evtx"), .size = 1, .sha256 = digest,
					.reason = log.fate == FATE_EXAMINED ? (struct span){ 0 }
									    : SPAN("cut off") };
	struct case_fact fact = { .evidence_class = class, .count = 10, .lost = log.lost,
				  .channel = span_text(log.channel), .host = SPAN("ws01"),
				  .days = span_text(log.days),
				  .first = 1, .last = 2 };
	struct err err = { 0 };
	uint64_t unit, id;
	bool done;

	assert_true(case_add_source(file, SPAN("/e"), SPAN("folder"), &item.source, &err));
	assert_true(case_unit_begin(file, item.source, item.path, &unit, &done, &err));
	assert_true(case_add_item(file, unit, &item, &id, &err));
	for (size_t i = 0; i < count; i++)
		assert_true(case_add_finding(file, unit, id, &findings[i], 1, findings[i].time, &err));
	if (!log.is_untold)
		assert_true(case_add_fact(file, unit, id, &fact, &err));
	if (!case_end_item(file, unit, id, &outcome, &err) || !case_unit_commit(file, unit, &err))
		fail_msg("%s", err.text);
}

static struct finding finding(enum harm harm, enum level level, enum engine engine,
			      const char *rule, const char *techniques)
{
	return (struct finding){ .engine = engine, .harm = harm, .level = level,
		.rule = span_text(rule), .title = span_text(rule), .techniques = span_text(techniques),
		.offset = UINT64_MAX, .record_id = 7, .time = 5 * TIME_SECOND };
}

static struct verdict conclude_of(struct case_file *file, const struct period *period)
{
	struct verdict verdict;
	struct err err = { 0 };

	if (!verdict_write(file, period, &verdict, &err))
		fail_msg("%s", err.text);
	return verdict;
}

static struct verdict conclude(struct case_file *file)
{
	return conclude_of(file, NULL);
}

TEST(verdict_cannot_tell_from_an_empty_case)
{
	struct case_file *file = new_case("empty");
	struct verdict v = conclude(file);

	for (int harm = HARM_NONE + 1; harm < HARM_COUNT; harm++)
		assert_int_equal(v.degrees[harm], DEGREE_CANNOT_TELL);
	case_close(file);
}

TEST(verdict_says_no_sign_only_where_all_essential_logs_are_whole)
{
	struct case_file *file = new_case("whole");
	int64_t rows;
	struct err err = { 0 };

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CANNOT_TELL);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_NO_SIGN);
	assert_int_equal(conclude(file).degrees[HARM_IMPLANT], DEGREE_CANNOT_TELL);
	/* Logs that would have shown more are named, not claimed. */
	assert_true(query_int(case_db(file), "SELECT count(*) FROM answer WHERE summary LIKE "
			      "'%might have shown more%log Windows Defender%'", 0, &rows, &err));
	assert_int_equal(rows, 1);
	assert_true(query_int(case_db(file), "SELECT count(*) FROM answer", 0, &rows, &err));
	assert_int_equal(rows, HARM_COUNT - 1);
	case_close(file);
}

TEST(verdict_lost_records_forbid_no_sign)
{
	struct case_file *file = new_case("lost");

	add_log(file, (struct log){ "Security", 3, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CANNOT_TELL);
	case_close(file);
}

static void assert_prefetch_is(struct case_file *file, const char *wanted)
{
	char sql[400];
	struct err err = { 0 };
	int64_t n;

	conclude(file);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM answer_coverage WHERE channel = 'prefetch' AND "
		 "state || ': ' || coalesce(CAST(note AS TEXT), '') = '%s'", wanted);
	assert_true(query_int(case_db(file), sql, 0, &n, &err));
	assert_int_equal(n, 1);
}

/* What another decoder of the same class could not read says nothing of this one. */
TEST(verdict_counts_damage_of_the_evidence_that_is_asked_for)
{
	struct case_file *file = new_case("damage");

	add_log(file, (struct log){ "prefetch", 0, FATE_EXAMINED, NULL, CLASS_FILE_SYSTEM, false }, NULL, 0);
	add_log(file, (struct log){ "jump lists", 0, FATE_PARTLY, NULL, CLASS_FILE_SYSTEM, false }, NULL, 0);
	assert_prefetch_is(file, "examined: ");
	add_log(file, (struct log){ "Prefetch", 0, FATE_PARTLY, NULL, CLASS_FILE_SYSTEM, false }, NULL, 0);
	assert_prefetch_is(file, "damaged: 1 of 2 was read in part only");
	add_log(file, (struct log){ "a.pf", 2, FATE_FAILED, NULL, CLASS_FILE_SYSTEM, true }, NULL, 0);
	assert_prefetch_is(file, "damaged: 2 of 3 were read in part only");
	case_close(file);
}

TEST(verdict_one_item_left_unexamined_forbids_no_sign)
{
	struct case_file *file = new_case("partly");

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "Application", 0, FATE_PARTLY, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CANNOT_TELL);
	case_close(file);
}

TEST(verdict_what_an_analyser_could_not_weigh_forbids_no_sign_of_its_harms)
{
	struct case_file *file = new_case("unweighed");
	struct case_problem problem = { .engine = ENGINE_ANALYSER, .rule = SPAN("sessions"), .reason = SPAN("too many") };
	struct err err = { 0 };
	int64_t rows;

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_true(case_add_problem(file, &problem, &err));
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_NO_SIGN);
	assert_true(query_int(case_db(file), "SELECT count(*) FROM answer_coverage JOIN answer ON answer.id = answer "
			      "WHERE harm IN ('control', 'implant') AND state = 'partly' AND note = "
			      "'analyser sessions: too many'", 0, &rows, &err));
	assert_int_equal(rows, 2);
	problem.rule = SPAN("obstruction");
	assert_true(case_add_problem(file, &problem, &err));
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CANNOT_TELL);
	case_close(file);
}

TEST(verdict_weighs_rules_and_stores_what_carries_it)
{
	const struct finding findings[] = {
		finding(HARM_THEFT, LEVEL_MEDIUM, ENGINE_SIGMA, "m", "T1560"),
		finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_SIGMA, "c", "T1003.001"),
		finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_SIGMA, "c", "T1003.001"),
		finding(HARM_CONTROL, LEVEL_HIGH, ENGINE_SIGMA, "h1", "T1021.001"),
		finding(HARM_CONTROL, LEVEL_HIGH, ENGINE_SIGMA, "h2", "T1021.002"),
		finding(HARM_OBSTRUCTION, LEVEL_HIGH, ENGINE_BUILTIN, "b", "T1070.001"),
		finding(HARM_OBSTRUCTION, LEVEL_HIGH, ENGINE_SIGMA, "s", "T1070.001"),
		finding(HARM_NONE, LEVEL_CRITICAL, ENGINE_SIGMA, "none", ""),
	};
	struct finding other = finding(HARM_OBSTRUCTION, LEVEL_HIGH, ENGINE_SIGMA, "s", "T1070.001");
	struct case_file *file = new_case("weigh");
	struct err err = { 0 };
	struct verdict v;
	int64_t n;

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, findings,
		sizeof findings / sizeof *findings);
	v = conclude(file);
	assert_int_equal(v.degrees[HARM_THEFT], DEGREE_LIKELY);
	assert_int_equal(v.degrees[HARM_CONTROL], DEGREE_POSSIBLE);
	/* Both rules speak of the same record, which is one witness. */
	assert_int_equal(v.degrees[HARM_OBSTRUCTION], DEGREE_LIKELY);
	assert_int_equal(v.degrees[HARM_DESTRUCTION], DEGREE_CANNOT_TELL);
	assert_true(query_int(case_db(file), "SELECT count(*) FROM answer_finding JOIN answer ON"
			      " answer = answer.id WHERE harm = 'theft'", 0, &n, &err));
	assert_int_equal(n, 3);
	assert_true(query_int(case_db(file), "SELECT first FROM answer WHERE harm = 'theft'", 0, &n,
			      &err));
	assert_int_equal(n, 5 * TIME_SECOND);
	other.record_id = 8;
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, &other, 1);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CONFIRMED);
	case_close(file);
}

/* The dump is rarer, the episode joins it with what was sent. */
TEST(verdict_heads_with_the_episode)
{
	struct case_file *file = new_case("episode");
	struct err err = { 0 };
	int64_t n;
	const struct finding f[] = {
		finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_YARA, "lsass_memory_dump", "T1003.001"),
		finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_ANALYSER, "kanshiki.theft-episode-strong", "T1560"),
		finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_ANALYSER, "kanshiki.theft-episode-strong", "T1560"),
	};

	add_log(file, (struct log){ .channel = "Security", .fate = FATE_EXAMINED }, f, 3);
	conclude(file);
	assert_true(query_int(case_db(file), "SELECT summary LIKE '\"kanshiki.theft-episode-strong\" and 1 more%' "
			      "FROM answer WHERE harm = 'theft'", 0, &n, &err));
	assert_int_equal(n, 1);
	case_close(file);
}

TEST(verdict_counts_only_what_reaches_into_the_period)
{
	const struct finding one = finding(HARM_THEFT, LEVEL_CRITICAL, ENGINE_SIGMA, "c", "T1003");
	const struct period before = { TIME_NONE, 4 * TIME_SECOND }, around = { 4 * TIME_SECOND, TIME_NONE };
	struct case_file *file = new_case("period");
	struct err err = { 0 };
	struct verdict v;
	int64_t n;

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, NULL, CLASS_OTHER, false }, &one, 1);
	v = conclude_of(file, &around);
	assert_int_equal(v.degrees[HARM_THEFT], DEGREE_LIKELY);
	assert_int_equal(v.findings, 1);
	v = conclude_of(file, &before);
	assert_int_equal(v.degrees[HARM_THEFT], DEGREE_CANNOT_TELL);
	assert_int_equal(v.findings, 0);
	assert_true(query_int(case_db(file), "SELECT json_extract(detail, '$.findings_outside') FROM answer "
			      "WHERE harm = 'theft'", 0, &n, &err));
	assert_int_equal(n, 1);
	case_close(file);
}

/* The database is whole until the second of January; the logs end with the period. */
static enum degree obstruction_until(struct case_file *file, int64_t day)
{
	const struct period period = { TIME_NONE, day * 86400 * TIME_SECOND };

	return conclude_of(file, day ? &period : NULL).degrees[HARM_OBSTRUCTION];
}

TEST(verdict_of_a_period_before_which_a_database_is_whole)
{
	struct case_file *file = new_case("until");
	struct err err = { 0 };

	add_log(file, (struct log){ .channel = "Security", .fate = FATE_EXAMINED }, NULL, 0);
	add_log(file, (struct log){ .channel = "System", .fate = FATE_EXAMINED }, NULL, 0);
	assert_int_equal(obstruction_until(file, 7), DEGREE_NO_SIGN);
	add_log(file, (struct log){ .channel = "srum", .fate = FATE_PARTLY, .class = CLASS_DATABASE }, NULL, 0);
	assert_int_equal(obstruction_until(file, 7), DEGREE_CANNOT_TELL);
	assert_true(query_exec(case_db(file), "UPDATE item SET reason = 'not shut down; it is whole until "
			       "1970-01-09T00:00:00Z' WHERE fate = 'partly'", &err));
	assert_int_equal(obstruction_until(file, 0), DEGREE_CANNOT_TELL);
	assert_int_equal(obstruction_until(file, 7), DEGREE_NO_SIGN);
	/* Databases are written late: a day is asked for. */
	assert_int_equal(obstruction_until(file, 8), DEGREE_CANNOT_TELL);
	assert_true(query_exec(case_db(file), "UPDATE item SET reason = reason || '; and more' WHERE reason LIKE '%whole%'",
			       &err));
	assert_int_equal(obstruction_until(file, 7), DEGREE_CANNOT_TELL);
	case_close(file);
}

/* Days 0 to 11, without 5 to 8. */
#define HOLED "1:0=9 1=9 2=9 3=9 4=9 9=9 10=9 11=9"

static void assert_security_is(struct case_file *file, const char *state, const char *part)
{
	char sql[400];
	struct err err = { 0 };
	int64_t n;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM answer_coverage WHERE channel = 'log Security' AND "
		 "state = '%s' AND instr(coalesce(CAST(note AS TEXT), '') || '.', '%s') AND answer IN (SELECT id FROM answer "
		 "WHERE harm = 'obstruction')", state, part);
	assert_true(query_int(case_db(file), sql, 0, &n, &err));
	assert_int_equal(n, 1);
}

TEST(verdict_tells_holes_of_logs)
{
	struct case_file *file = new_case("hole");

	add_log(file, (struct log){ "Security", 0, FATE_EXAMINED, HOLED, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, HOLED, CLASS_OTHER, false }, NULL, 0);
	/* A machine that was off all the time has lost nothing. */
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_NO_SIGN);
	assert_security_is(file, "examined", "none from 1970-01-06 to 1970-01-09 on ws01 (nor in any other log)");
	add_log(file, (struct log){ "Application", 0, FATE_EXAMINED, "1:0=1 4=1 6=2 9=1 11=1", CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_CANNOT_TELL);
	assert_security_is(file, "partly", "(other logs go on)");
	case_close(file);
}

TEST(verdict_a_quiet_log_has_no_holes)
{
	struct case_file *file = new_case("quiet");

	add_log(file,
		(struct log){ "Security", 0, FATE_EXAMINED, "1:0=1 9=1 30=1 41=1 60=1 61=1 75=1 90=1 108=1",
			CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", 0, FATE_EXAMINED, "1:0=9 1=9 2=9 3=9 4=9 5=9 6=9", CLASS_OTHER, false }, NULL, 0);
	assert_int_equal(conclude(file).degrees[HARM_OBSTRUCTION], DEGREE_NO_SIGN);
	assert_security_is(file, "examined", ".");
	case_close(file);
}

TEST(verdict_survives_numbers_that_no_sum_holds)
{
	struct case_file *file = new_case("overflow");
	struct verdict verdict;
	struct err err = { 0 };

	add_log(file, (struct log){ "Security", INT64_MAX, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	add_log(file, (struct log){ "System", INT64_MAX, FATE_EXAMINED, NULL, CLASS_OTHER, false }, NULL, 0);
	assert_true(query_exec(case_db(file), "UPDATE fact SET channel = 'Security'", &err));
	if (!verdict_write(file, NULL, &verdict, &err))
		fail_msg("%s", err.text);
	case_close(file);
}
