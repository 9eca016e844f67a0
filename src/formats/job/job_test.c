#include "formats/job/job.h"

#include <stdlib.h>

#include "test.h"

TEST(job_reads_a_task_of_google)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/wintask.job")
	struct arena arena = arena_new(1 << 20);
	struct span file = read_whole(path);
	struct job job;
	struct err err = { 0 };

	assert_true(job_parse(file, &arena, &job, &err));
	assert_true(job.whole);
	assert_span(job.program, "C:\\Program Files (x86)\\Google\\Update\\GoogleUpdate.exe");
	assert_span(job.arguments, "/ua /installsource scheduler");
	assert_span(job.author, "Brian");
	assert_true(job.last_run == timestamp_of_civil(2013, 8, 24, 12, 42, 0, 112000000));
	assert_int_equal(job.trigger_count, 1);
	assert_string_equal(job.triggers[0].type, "daily");
	assert_true(job_parse(span_sub(file, 0, file.len - 40), &arena, &job, &err));
	assert_false(job.whole);
	assert_false(job_parse(span_sub(file, 0, 100), &arena, &job, &err));
	free((void *)(uintptr_t)file.at);
	arena_free(&arena);
}

TEST(job_of_another_version_is_none)
{
	struct arena arena = arena_new(1 << 20);
	struct job job;
	struct err err = { 0 };

	assert_false(job_parse(SPAN("\1\6\2\0"), &arena, &job, &err));
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_false(job_parse(SPAN(""), &arena, &job, &err));
	arena_free(&arena);
}
