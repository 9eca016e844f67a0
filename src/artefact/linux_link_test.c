#include "artefact/linux_link.h"

#include "test.h"

static void expect(const char *path, const char *target, const char *want)
{
	struct buf room = buf_new(4096);

	assert_true(linux_link_resolve(span_text(path), span_text(target), &room));
	assert_span(buf_span(&room), want);
	buf_free(&room);
}

TEST(links_lead_to_a_path_without_dots)
{
	expect("/etc/a/b", "/lib/x", "/lib/x");
	expect("/etc/a/b", "c", "/etc/a/c");
	expect("/etc/a/b", "./../c//d", "/etc/c/d");
	expect("/etc/a/b", "../../../../c", "/c");
	expect("b", "..", "");
	expect("", "", "");
	expect("/etc/a/", "/x/../..", "");
}

TEST(links_that_switch_something_on_are_told)
{
	struct buf room = buf_new(4096);
	struct trace t;

	assert_true(linux_link_trace(SPAN("d.E01!/p1/etc/systemd/system/x.target.wants/a.service"),
				     SPAN("../../../../opt/a.service"), &room, &t));
	assert_span(t.what, "unit link");
	assert_span(t.program, "/opt/a.service");
	assert_span(t.name, "a.service");
	assert_true(linux_link_trace(SPAN("/mnt/etc/rc2.d/S01cron"), SPAN("../init.d/cron"), &room, &t));
	assert_span(t.what, "rc link");
	assert_span(t.program, "/etc/init.d/cron");
	assert_false(linux_link_trace(SPAN("/mnt/etc/rc2.d/K01cron"), SPAN("../init.d/cron"), &room, &t));
	assert_false(linux_link_trace(SPAN("/etc/systemd/system/x.target.wants/a.service"), SPAN("/dev/null"),
				      &room, &t));
	assert_false(linux_link_trace(SPAN("/etc/alternatives/vi"), SPAN("/usr/bin/vim"), &room, &t));
	assert_true(linux_link_trace(SPAN("/etc/alternatives/vi"), SPAN("/opt/x/vim"), &room, &t));
	assert_span(t.what, "program link");
	assert_true(linux_link_trace(SPAN("x.img!/p1/usr/bin/ls"), SPAN("../../opt/ls"), &room, &t));
	assert_span(t.program, "/opt/ls");
	assert_false(linux_link_trace(SPAN("x.img!/p1/usr/bin/npm"), SPAN("../lib/node_modules/npm"), &room, &t));
	assert_true(linux_link_trace(SPAN("/m/etc/cron.d/z"), SPAN("/opt/cron"), &room, &t));
	assert_span(t.what, "start link");
	assert_true(linux_link_trace(SPAN("/m/root/.ssh/authorized_keys"), SPAN("/var/tmp/k"), &room, &t));
	assert_span(t.technique, "T1098.004");
	assert_true(linux_link_trace(SPAN("/m/usr/lib/x86_64-linux-gnu/libq.so.1"), SPAN("/opt/q.so"), &room, &t));
	assert_span(t.what, "library link");
	assert_false(linux_link_trace(SPAN("/m/usr/lib/x86_64-linux-gnu/libq.so.1"), SPAN("libq.so.1.2"), &room, &t));
	buf_free(&room);
}

TEST(links_are_told_by_the_reason_of_their_item)
{
	assert_span(linux_link_of_reason(SPAN("symbolic link to /x")), "/x");
	assert_span(linux_link_of_reason(SPAN("link to y")), "y");
	assert_span(linux_link_of_reason(SPAN("symbolic link")), "");
	assert_span(linux_link_of_reason(SPAN("folder")), "");
}
