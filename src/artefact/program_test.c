#include "artefact/program.h"

#include "artefact/decode_support.h"
#include "base/buf.h"
#include "test.h"

#include <stdlib.h>

static const struct trace *look(struct told *t, artefact_fn *decode, struct span bytes,
				const char *kind)
{
	told_run(t, decode, bytes, "/usr/bin/x", kind, NULL);
	assert_true(t->ok);
	assert_int_equal(t->count, 1);
	return &t->traces[0];
}

TEST(digests_and_entropy_are_those_of_the_content)
{
	struct program_look empty, abc;
	uint8_t all[256];

	program_look_at(SPAN(""), NULL, &empty);
	assert_string_equal(empty.md5, "md5:d41d8cd98f00b204e9800998ecf8427e");
	assert_true(empty.entropy == 0);
	program_look_at(SPAN("abc"), NULL, &abc);
	assert_string_equal(abc.md5, "md5:900150983cd24fb0d6963f7d28e17f72");
	assert_string_equal(abc.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	program_look_at(span_of(all, sizeof all), NULL, &abc);
	assert_true(abc.entropy == 8);
}

TEST(an_elf_tells_interpreter_and_build_id)
{
	struct span self = read_whole("/proc/self/exe");
	struct told t = { 0 };
	const struct trace *trace = look(&t, program_elf, self, "elf");

	assert_span(trace->what, "elf");
	assert_int_equal(trace->bytes_in, self.len);
	assert_true(span_find(trace->detail, 0, SPAN("\"interpreter\":\"/lib")) != SIZE_MAX);
	assert_true(span_find(trace->detail, 0, SPAN("\"build_id\":\"")) != SIZE_MAX);
	told_free(&t);
	free((void *)(uintptr_t)self.at);
}

TEST(what_only_begins_like_a_program_is_told_as_broken)
{
	struct told t = { 0 };

	look(&t, program_elf, SPAN("\x7f" "ELF"), "elf");
	told_free(&t);
	assert_span(look(&t, program_pe, SPAN("MZ"), "pe")->what, "dos");
	told_free(&t);
}

TEST(a_script_tells_its_interpreter)
{
	struct told t = { 0 };

	assert_span(look(&t, program_script, SPAN("#! /bin/sh -e\nx\n"), "script")->what, "script");
	assert_true(span_find(t.traces[0].detail, 0, SPAN("\"interpreter\":\"/bin/sh -e\"")) != SIZE_MAX);
	told_free(&t);
}

TEST(compiled_python_is_told_where_no_source_is_looked_at)
{
	static const char usual[] = "\xa7\x0d\r\n\0\0\0\0\1\2\3\4\5\6\7\x8\xe3";
	static const char open[] = "\xa7\x0d\r\n\1\0\0\0\1\2\3\4\5\6\7\x8\xe3";
	static const char compared[] = "\xa7\x0d\r\n\3\0\0\0\1\2\3\4\5\6\7\x8\xe3";
	struct told t = { 0 };

	told_run(&t, program_compiled, span_of(usual, sizeof usual), "/x/__pycache__/a.cpython-311.pyc", "data", NULL);
	assert_int_equal(t.count, 0);
	told_free(&t);
	told_run(&t, program_compiled, span_of(compared, sizeof compared), "/x/__pycache__/a.cpython-311.pyc", "data", NULL);
	assert_int_equal(t.count, 0);
	told_free(&t);
	told_run(&t, program_compiled, span_of(open, sizeof open), "/x/__pycache__/a.cpython-311.pyc", "data", NULL);
	assert_int_equal(t.count, 1);
	assert_true(span_find(t.traces[0].detail, 0, SPAN("never compared")) != SIZE_MAX);
	told_free(&t);
	told_run(&t, program_compiled, span_of(usual, sizeof usual), "/x/a.pyc", "data", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].what, "compiled python");
	told_free(&t);
	told_run(&t, program_compiled, SPAN("no such thing, but long"), "/x/a.pyc", "data", NULL);
	assert_false(t.ok);
	told_free(&t);
}

TEST(anchors_are_compared_without_regard_to_case)
{
	assert_true(program_is_anchor(SPAN("3b1efd3a66ea28b16697394703a72ca340a05bd5")));
	assert_false(program_is_anchor(SPAN("3b1efd3a66ea28b16697394703a72ca340a05bd6")));
	assert_false(program_is_anchor(SPAN("")));
}
