#include "artefact/linux.h"

#include "artefact/decode_support.h"
#include "test.h"

#include <stdio.h>

#define STATUS "status 22\nName:\tx\nPid:\t7\nUid:\t0\n\n"

static void expect_process(struct told *t, const char *text, const char *technique)
{
	told_run(t, live_process, span_text(text), "/proc/7/kanshiki.process", "text", NULL);
	assert_true(t->ok);
	assert_int_equal(t->count, 1);
	assert_span(t->traces[0].technique, technique);
	told_free(t);
}

TEST(processes_tell_where_their_program_is)
{
	struct told t = { 0 };

	expect_process(&t, "exe 6\n/bin/x\n" STATUS, "");
	expect_process(&t, "exe 16\n/bin/x (deleted)\n" STATUS, "T1070.004");
	/* After an update all that runs is so. */
	expect_process(&t, "exe 16\n/bin/x (deleted)\nexe_at_path 8\nreplaced\n" STATUS, "");
	expect_process(&t, "exe 6\n/bin/x\nexe_at_path 5\nother\n" STATUS, "T1564");
	expect_process(&t, "exe 18\n/memfd:x (deleted)\n" STATUS, "T1620");
	expect_process(&t, "exe 16\n/bin/x (deleted)\nexe_at_path 8\nreplaced\nenviron 16\nLD_PRELOAD=/x.so\n" STATUS,
		       "T1070.004");
}

TEST(processes_that_are_not_listed_are_told)
{
	struct told t = { 0 };

	told_run(&t, live_unlisted, SPAN("unlisted 0\n\n"), "/proc/kanshiki.processes", "text", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 0);
	told_free(&t);
	told_run(&t, live_unlisted, SPAN("unlisted 8\n666\n777\n\n"), "/proc/kanshiki.processes", "text", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].name, "666");
	assert_span(t.traces[0].technique, "T1014");
	told_free(&t);
}

TEST(packet_sockets_are_told_with_their_process)
{
	static const char table[] = "sk RefCnt Type Proto  Iface R Rmem   User   Inode\n"
				    "0000 3 3 0003 2 1 0 0 4711\n";
	struct told t = { 0 };
	char text[512];
	int len = snprintf(text, sizeof text, "packet %zu\n%s\nowners 17\nsocket:[4711] 99\n\n", strlen(table), table);

	told_run(&t, live_sockets, span_of(text, (size_t)len), "/proc/kanshiki.sockets", "text", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].protocol, "packet");
	assert_true(span_find(t.traces[0].summary, 0, SPAN("process 99")) != SIZE_MAX);
	told_free(&t);
}
