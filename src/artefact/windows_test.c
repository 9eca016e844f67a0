#include "artefact/windows.h"

#include <stdlib.h>

#include "artefact/decode_support.h"
#include "test.h"

static void run(struct told *t, artefact_fn *decode, const char *path)
{
	struct span file = read_whole(path);

	told_run(t, decode, file, path, "", NULL);
	free((void *)(uintptr_t)file.at);
}

TEST(prefetch_tells_each_run_and_its_program)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/winprefetch/TASKHOST.EXE-3AE259FC.pf")
	struct told t = { 0 };
	const struct trace *ran;

	run(&t, windows_prefetch, path);
	assert_true(t.ok);
	ran = told_find(&t, 0, TRACE_EXECUTION, "ran");
	assert_non_null(ran);
	assert_span(ran->program, "\\WINDOWS\\SYSTEM32\\TASKHOST.EXE");
	assert_int_equal(ran->count, 4);
	assert_int_equal(ran[3].kind, TRACE_EXECUTION);
	assert_true(ran[3].time < ran->time);
	told_free(&t);
}

TEST(a_task_tells_each_action)
{
	static const char task[] = "<?xml version=\"1.0\"?><Task><RegistrationInfo><Date>2022-03-10T03:29:18</Date>"
		"<Author>LAB\\ann</Author><URI>\\Evil</URI></RegistrationInfo><Triggers><LogonTrigger/><CalendarTrigger>"
		"<StartBoundary>2022-03-10T04:00:00</StartBoundary></CalendarTrigger></Triggers><Settings><Hidden>true</Hidden>"
		"<Enabled>false</Enabled></Settings><Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
		"<Actions><Exec><Command>c:\\x.exe</Command><Arguments>-a &amp; b</Arguments></Exec><ComHandler>"
		"<ClassId>{CA767AA8}</ClassId></ComHandler></Actions></Task>";
	struct told t = { 0 };

	told_run(&t, windows_task, span_text(task), "C/Windows/System32/Tasks/Evil", "xml", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].what, "task");
	assert_span(t.traces[0].name, "\\Evil");
	assert_span(t.traces[0].program, "c:\\x.exe");
	assert_span(t.traces[0].command, "c:\\x.exe -a & b");
	assert_span(t.traces[0].user, "S-1-5-18");
	assert_true(t.traces[0].time == timestamp_of_civil(2022, 3, 10, 3, 29, 18, 0));
	assert_span(t.traces[0].detail, "{\"author\":\"LAB\\\\ann\",\"registered\":\"2022-03-10T03:29:18\",\"triggers\":"
		    "\"LogonTrigger; CalendarTrigger from 2022-03-10T04:00:00\",\"hidden\":\"yes\",\"enabled\":\"no\"}");
	assert_span(t.traces[1].command, "COM class {CA767AA8}");
	told_free(&t);
	told_run(&t, windows_task, SPAN("<a/>"), "a", "xml", NULL);
	assert_false(t.ok);
	assert_int_equal(t.err.code, ERR_UNSUPPORTED);
	told_free(&t);
}

TEST(a_task_of_utf16)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/ScheduledTasks/Win10/APTSimulatorVM/GameOver")
	struct told t = { 0 };

	run(&t, windows_task, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].name, "\\GameOver");
	told_free(&t);
}

TEST(a_task_of_windows_xp)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/wintask.job")
	struct told t = { 0 };

	run(&t, windows_job, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].what, "ran");
	told_free(&t);
}
