#include "artefact/decode_support.h"
#include "artefact/linux.h"
#include "test.h"

TEST(file_capabilities_are_told_by_name)
{
	/* setcap cap_setuid,cap_bpf+ep */
	static const uint8_t both[20] = { 1, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0 };
	struct told t = { .arena = arena_new(1 << 20) };
	struct near_files near = { told_near, &t };
	struct artefact a = { .kind = "elf", .near = &near, .bytes = SPAN("x"), .path = SPAN("/usr/bin/python3"),
			      .name = SPAN("python3"),
			      .capability = span_of(both, sizeof both), .modified = TIME_NONE, .arena = &t.arena,
			      .trace = told_trace, .short_of = told_short, .lost = told_lost, .context = &t };
	struct err err;

	assert_true(linux_capability(&a, &err));
	assert_span(told_find(&t, 0, TRACE_AUTOSTART, "file capability")->detail,
		    "{\"capabilities\":\"cap_setuid,cap_bpf\",\"effective\":true}");
	a.capability = span_of(both, 7);
	assert_false(linux_capability(&a, &err));
	told_free(&t);
}
