#include "case/machine.h"

#include "case/case.h"
#include "test.h"

#include <stdio.h>

struct evidence {
	struct case_file *file;
	struct machines machines;
	struct arena arena;
	uint64_t source;
};

static struct evidence new_evidence(const char *name)
{
	struct evidence e = { .arena = arena_new(1 << 20) };
	char *argv[] = { (char[]){ "test" } };
	const struct case_run run = { .argc = 1, .argv = argv };
	struct err err = { 0 };
	char path[512];

	snprintf(path, sizeof path, "%s/machine-%s.case", scratch_dir(), name);
	if (!case_create(path, &run, &e.file, &err))
		fail_msg("%s", err.text);
	return e;
}

static void add_source(struct evidence *e, const char *path)
{
	struct err err = { 0 };

	assert_true(case_add_source(e->file, span_text(path), SPAN("folder"), &e->source, &err));
}

/* An item of the last source whose content says so: "name" or "zone". */
static void add_host(struct evidence *e, const char *path, const char *what, const char *name)
{
	struct case_item item = { .source = e->source, .path = span_text(path), .size = 1,
				  .modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
				  .created = TIME_NONE };
	struct case_outcome outcome = { .fate = FATE_EXAMINED, .size = 1 };
	struct trace trace = trace_new(TRACE_HOST, what);
	uint8_t digest[32] = { 1 };
	struct err err = { 0 };
	uint64_t unit, id;
	bool done;

	outcome.sha256 = digest;
	trace.name = span_text(name);
	assert_true(case_unit_begin(e->file, e->source, item.path, &unit, &done, &err));
	assert_true(case_add_item(e->file, unit, &item, &id, &err));
	assert_true(case_add_trace(e->file, unit, id, &trace, &err));
	assert_true(case_end_item(e->file, unit, id, &outcome, &err));
	assert_true(case_unit_commit(e->file, unit, &err));
}

static void load(struct evidence *e)
{
	struct err err = { 0 };

	if (!case_sync(e->file, &err) || !machines_load(e->file, &e->arena, &e->machines, &err))
		fail_msg("%s", err.text);
}

static void is_of(const struct evidence *e, uint64_t source, const char *path, const char *name)
{
	assert_span(machine_name(&e->machines, source, span_text(path)), name);
}

static void free_evidence(struct evidence *e)
{
	case_close(e->file);
	arena_free(&e->arena);
}

TEST(machine_of_a_root_goes_before_that_of_its_source)
{
	struct evidence e = new_evidence("roots");

	add_source(&e, "/e");
	add_host(&e, "/e/srv01/etc/hostname", "name", "srv01");
	add_host(&e, "/e/srv02/etc/hostname", "name", "srv02");
	load(&e);
	is_of(&e, 1, "/e/srv01/var/log/auth.log", "srv01");
	is_of(&e, 1, "/e/srv02/usr/bin/ls", "srv02");
	/* Of two, nobody knows whose it is. */
	is_of(&e, 1, "/e/notes.txt", "");
	is_of(&e, 2, "/e/srv01/var/log/auth.log", "");
	free_evidence(&e);
}

static void is_at(const struct evidence *e, uint64_t source, const char *path, const char *on_machine)
{
	struct span p = span_text(path);

	assert_span(span_from(p, machine_root(&e->machines, source, p)), on_machine);
}

TEST(machine_root_is_the_source_or_volume_that_holds_its_etc)
{
	struct evidence e = new_evidence("whole");

	add_source(&e, "/mnt/root/");
	add_host(&e, "/mnt/root/etc/hostname", "name", "a");
	add_source(&e, "/e/disk.E01");
	add_host(&e, "/e/disk.E01!/p1/usr/lib/os-release", "name", "b");
	add_source(&e, "/mnt/other/etc");
	add_host(&e, "/mnt/other/etc/hostname", "name", "c");
	load(&e);
	is_at(&e, 1, "/mnt/root/usr/bin/ls", "/usr/bin/ls");
	is_at(&e, 1, "/mnt/root/service/u/run", "/service/u/run");
	is_at(&e, 2, "/e/disk.E01!/p1/service/u/run", "/service/u/run");
	is_at(&e, 2, "/e/disk.E01!/p1/boot/initrd.img!/usr/bin/sh", "/usr/bin/sh");
	/* What holds no machine's /etc is sought as before. */
	is_at(&e, 2, "/e/disk.E01!/p2/data/etc/passwd", "/etc/passwd");
	is_at(&e, 3, "/mnt/other/etc/passwd", "/etc/passwd");
	free_evidence(&e);
}

TEST(machine_that_is_the_only_one_has_all)
{
	struct evidence e = new_evidence("only");

	add_source(&e, "/e");
	add_host(&e, "/e/disk.E01!/p2/Windows/System32/config/SYSTEM", "name", "WS01");
	add_host(&e, "/e/disk.E01!/p2/Windows/System32/config/SYSTEM.LOG1", "name", "ws01");
	load(&e);
	is_of(&e, 1, "/e/disk.E01!/p3/data/x.txt", "WS01");
	is_of(&e, 1, "/e/conn.log", "ws01");
	free_evidence(&e);
}

TEST(machine_of_a_container_is_that_of_its_files)
{
	struct evidence e = new_evidence("container");

	add_source(&e, "/e");
	add_host(&e, "/e/a.E01!/p1/Windows/System32/config/SYSTEM", "name", "A");
	add_host(&e, "/e/b.E01!/p1/Windows/System32/config/SYSTEM", "name", "B");
	load(&e);
	is_of(&e, 1, "/e/a.E01!/p2/work/x.txt", "A");
	is_of(&e, 1, "/e/b.E01!/p2/work/x.txt", "B");
	is_of(&e, 1, "/e/c.E01!/p2/work/x.txt", "");
	free_evidence(&e);
}

TEST(machine_root_ends_where_its_file_system_begins)
{
	struct evidence e = new_evidence("root");

	add_source(&e, "/mnt/disk/etc");
	load(&e);
	assert_span(machine_path(&e.machines, &e.arena, 1, SPAN("/mnt/disk/etc/crontab")), "/etc/crontab");
	assert_span(machine_path(&e.machines, &e.arena, 1, SPAN("/mnt/disk/etc/usr/x")), "/etc/usr/x");
	assert_span(machine_path(&e.machines, &e.arena, 0, SPAN("x.zip!/C/Windows/win.ini")), "/Windows/win.ini");
	assert_span(machine_path(&e.machines, &e.arena, 0, SPAN("x.zip!/notes")), "");
	free_evidence(&e);
}

TEST(machine_zone_is_of_the_same_root_first)
{
	struct evidence e = new_evidence("zone");

	add_source(&e, "/e");
	add_host(&e, "/e/a/etc/timezone", "zone", "Asia/Tokyo");
	add_host(&e, "/e/b/etc/timezone", "zone", "Europe/Berlin");
	load(&e);
	assert_span(machine_zone(&e.machines, 1, SPAN("/e/a/var/log/syslog")), "Asia/Tokyo");
	assert_span(machine_zone(&e.machines, 1, SPAN("/e/b/var/log/syslog")), "Europe/Berlin");
	assert_span(machine_zone(&e.machines, 2, SPAN("/e/b/var/log/syslog")), "");
	/* A zone is no name. */
	is_of(&e, 1, "/e/a/etc/x", "");
	free_evidence(&e);
}
