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
			      .marks.capability = span_of(both, sizeof both), .modified = TIME_NONE, .arena = &t.arena,
			      .trace = told_trace, .short_of = told_short, .lost = told_lost, .context = &t };
	struct err err;

	assert_true(linux_capability(&a, &err));
	assert_span(told_find(&t, 0, TRACE_AUTOSTART, "file capability")->detail,
		    "{\"capabilities\":\"cap_setuid,cap_bpf\",\"effective\":true}");
	a.marks.capability = span_of(both, 7);
	assert_false(linux_capability(&a, &err));
	told_free(&t);
}

static void run(struct told *t, artefact_fn *decode, const char *path, struct marks marks)
{
	struct near_files near = { told_near, t };
	struct artefact a = { .kind = "text", .near = &near, .bytes = SPAN("x"), .path = span_text(path),
			      .name = span_text(strrchr(path, '/') + 1), .marks = marks, .modified = TIME_NONE,
			      .arena = &t->arena, .trace = told_trace, .short_of = told_short, .lost = told_lost,
			      .context = t };

	*t = (struct told){ .arena = arena_new(1 << 20) };
	t->ok = decode(&a, &t->err);
}

TEST(files_that_nobody_can_change_are_told)
{
	struct told t;

	run(&t, linux_attributes, "/etc/ld.so.preload", (struct marks){ .attributes = MARK_IMMUTABLE });
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].what, "immutable");
	told_free(&t);
	run(&t, linux_attributes, "/var/log/x", (struct marks){ .attributes = MARK_APPEND_ONLY });
	assert_span(t.traces[0].what, "append only");
	told_free(&t);
	run(&t, linux_attributes, "/sys/firmware/efi/efivars/x", (struct marks){ .attributes = MARK_IMMUTABLE });
	assert_int_equal(t.count, 0);
	told_free(&t);
}

#define OWNER 1, 0, 6, 0, 255, 255, 255, 255
#define USER_1000_RW 2, 0, 6, 0, 232, 3, 0, 0
#define GROUP_4_R 8, 0, 4, 0, 4, 0, 0, 0
#define MASK_R 16, 0, 4, 0, 255, 255, 255, 255

TEST(access_lists_tell_who_may_write)
{
	static const uint8_t open[] = { 2, 0, 0, 0, OWNER, USER_1000_RW, GROUP_4_R };
	static const uint8_t masked[] = { 2, 0, 0, 0, OWNER, USER_1000_RW, GROUP_4_R, MASK_R, 2, 0 };
	struct told t;

	run(&t, linux_access_list, "/etc/sudoers", (struct marks){ .acl = span_of(open, sizeof open) });
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].what, "access list");
	assert_span(t.traces[0].command, "user 1000: rw");
	told_free(&t);
	run(&t, linux_access_list, "/etc/sudoers", (struct marks){ .acl = span_of(masked, sizeof masked) });
	assert_int_equal(t.count, 0);
	told_free(&t);
	run(&t, linux_access_list, "/etc/shadow", (struct marks){ .acl = span_of(masked, sizeof masked) });
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].command, "group 4: r-");
	told_free(&t);
}
