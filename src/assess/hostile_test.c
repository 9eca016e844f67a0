/*
 * What an examiner that was taken over, or that went wrong, may try. Each
 * behaviour runs inside the real sandbox in place of the examination of one
 * file, among well-behaved ones.
 */
#include "assess/run_support.h"
#include "base/sanitized.h"
#include "examine/record.h"
#include "os/channel.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int sink;

static void crash(int records)
{
	*(volatile int *)(intptr_t)sink = 1;
}

static void give_up(int records)
{
	abort();
}

static void loop(int records)
{
	for (;;)
		sink++;
}

static void take_memory(int records)
{
	for (;;) {
		volatile char *room = malloc((size_t)16 << 20);

		for (size_t i = 0; i < (size_t)16 << 20; i += 4096)
			room[i] = 1;
	}
}

static int sink_deeper(int n)
{
	volatile char room[4096];

	room[n % 4096] = (char)n;
	return n ? sink_deeper(n + 1) + room[0] : 0;
}

static void deep_stack(int records)
{
	sink = sink_deeper(1);
}

static void fork_bomb(int records)
{
	for (;;)
		fork();
}

static void execute(int records)
{
	char *argv[] = { (char *)(uintptr_t)"/bin/true", NULL };

	execve(argv[0], argv, NULL);
}

static void connect_out(int records)
{
	sink = socket(AF_INET, SOCK_STREAM, 0);
}

static void flood(int records)
{
	static char room[1 << 16];

	while (write(records, room, sizeof room) > 0)
		;
}

/* Well-formed records without end. */
static void flood_well(int records)
{
	struct buf out = buf_new(RECORD_MAX * 4);
	struct err err;

	record_write(&out, &(struct record){ .type = RECORD_BEGIN });
	while (channel_write_all(records, buf_span(&out), &err)) {
		buf_clear(&out);
		for (int i = 0; i < 1000; i++)
			record_write(&out, &(struct record){ .type = RECORD_FACT });
	}
}

static void fall_asleep(int records)
{
	int never = 0;

	for (;;)
		syscall(SYS_futex, &never, 0, 0, NULL, NULL, 0);
}

static void kill_parent(int records)
{
	kill(getppid(), SIGKILL);
}

static void trace_parent(int records)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

/* The end of an item that never began. */
static void lie_about_order(int records)
{
	struct buf out = buf_new(4096);

	record_write(&out, &(struct record){ .type = RECORD_END, .end.fate = FATE_EXAMINED });
	record_write(&out, &(struct record){ .type = RECORD_DONE });
	sink = (int)write(records, out.at, out.len);
	pause();
}

static void lie_about_digest(int records)
{
	struct buf out = buf_new(4096);

	record_write(&out, &(struct record){ .type = RECORD_BEGIN });
	record_write(&out, &(struct record){ .type = RECORD_END, .end.fate = FATE_EXAMINED });
	record_write(&out, &(struct record){ .type = RECORD_DONE });
	sink = (int)write(records, out.at, out.len);
	pause();
}

static void leave(int records)
{
	_exit(0);
}

static const struct {
	const char *name;
	void (*act)(int records);
	const char *expected;
} behaviours[] = {
	{ "crash", crash, "failed|other||examiner killed by signal 11 (Segmentation fault)" },
	{ "abort", give_up, "failed|other||examiner killed by signal 6 (Aborted)" },
	{ "loop", loop, "failed|other||limit: over 1 s an item" },
	/* Without a bound on memory it is time that ends it. */
	{ "memory", take_memory, SANITIZED
		? "failed|other||limit: over 1 s an item"
		: "failed|other||examiner killed by signal 11 (Segmentation fault)" },
	{ "stack", deep_stack, "failed|other||examiner killed by signal 11 (Segmentation fault)" },
	{ "fork", fork_bomb, "failed|other||examiner killed by signal 31 (forbidden system call)" },
	{ "exec", execute, "failed|other||examiner killed by signal 31 (forbidden system call)" },
	{ "socket", connect_out, "failed|other||examiner killed by signal 31 (forbidden system call)" },
	{ "flood", flood, "failed|other||record of type 0 and 0 bytes" },
	{ "sleep", fall_asleep, "failed|other||limit: over 1 s an item" },
	{ "kill", kill_parent, "failed|other||examiner killed by signal 31 (forbidden system call)" },
	{ "ptrace", trace_parent, "failed|other||examiner killed by signal 31 (forbidden system call)" },
	{ "order", lie_about_order, "failed|other||examiner wrote a record about nothing" },
	{ "digest", lie_about_digest, "failed|other||examiner wrote an examined item without digest" },
	{ "leave", leave, "failed|other||examiner ended with status 0" },
	{ "wellflood", flood_well, "failed|other||examiner wrote more than 4194304 bytes" },
};

#define BEHAVIOURS (sizeof behaviours / sizeof *behaviours)

static bool misbehave(const char *path, int records)
{
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name && i < BEHAVIOURS; i++)
		if (!strcmp(name + 1, behaviours[i].name)) {
			behaviours[i].act(records);
			return true;
		}
	return false;
}

TEST(hostile_examiner_costs_its_item_and_nothing_else)
{
	struct coordinator_options options = { .jobs = 8, .misbehave = misbehave,
					       .limits = examine_limits_default() };
	struct run r;
	char name[32];

	set_up(&r, "hostile");
	for (size_t i = 0; i < BEHAVIOURS; i++) {
		put(&r, behaviours[i].name, span_text(behaviours[i].name));
		snprintf(name, sizeof name, "good%zu", i);
		put(&r, name, span_text(name));
	}
	options.limits.item_seconds = 1;
	options.limits.memory_bytes = (uint64_t)128 << 20;
	options.limits.output_bytes = (uint64_t)4 << 20;
	run_with(&r, options);
	for (size_t i = 0; i < BEHAVIOURS; i++) {
		char path[40];

		snprintf(path, sizeof path, "/%s", behaviours[i].name);
		assert_item(&r, path, behaviours[i].expected);
	}
	assert_int_equal(r.totals.items, 2 * BEHAVIOURS);
	assert_int_equal(r.totals.fates[FATE_EXAMINED], BEHAVIOURS);
	tear_down(&r);
}

/* Crashes when it has seen another item before, as memory gone wrong would. */
static bool misbehave_later(const char *path, int records)
{
	static bool worked;

	if (worked)
		crash(records);
	worked = strstr(path, "/first");
	return false;
}

TEST(hostile_item_does_not_cost_the_one_after_it)
{
	struct run r;

	set_up(&r, "later");
	put(&r, "first", SPAN("one"));
	put(&r, "second", SPAN("two"));
	run_with(&r, (struct coordinator_options){ .jobs = 1, .misbehave = misbehave_later });
	assert_item(&r, "/second", "examined|other|text|");
	assert_int_equal(r.totals.replaced, 1);
	tear_down(&r);
}

/* One bad member does not hide its siblings. */
TEST(hostile_member_costs_itself_and_not_its_archive)
{
	struct run r;

	set_up(&r, "member");
	shell(r.folder, "mkdir d && for i in a crash m exec z; do echo $i > d/$i; done && "
			"zip -q -r x.zip d && rm -r d");
	run_with(&r, (struct coordinator_options){ .jobs = 1, .misbehave = misbehave });
	assert_item(&r, "/x.zip", "examined|archive|zip|");
	assert_item(&r, "!/d/a", "examined|other|text|");
	assert_item(&r, "!/d/m", "examined|other|text|");
	assert_item(&r, "!/d/z", "examined|other|text|");
	assert_item(&r, "!/d/crash", "failed|other||examiner killed by signal 11 (Segmentation fault)");
	assert_item(&r, "!/d/exec", "failed|other||examiner killed by signal 31 (forbidden system call)");
	assert_int_equal(r.totals.replaced, 2);
	tear_down(&r);
}

/* A large file is written into the case while it is examined: then that is taken back. */
TEST(hostile_member_of_a_large_file_costs_itself)
{
	struct run r;

	set_up(&r, "large");
	shell(r.folder, "mkdir d && for i in a crash m; do echo $i > d/$i; done && "
			"yes 'a large file of text lines in this archive' | head -c 34000000 > d/l && "
			"tar cf x.tar d/a d/l d/crash d/m && rm -r d");
	run_with(&r, (struct coordinator_options){ .jobs = 2, .misbehave = misbehave });
	assert_item(&r, "/x.tar", "examined|archive|tar|");
	assert_item(&r, "!/d/a", "examined|other|text|");
	assert_item(&r, "!/d/l", "examined|other|text|");
	assert_item(&r, "!/d/m", "examined|other|text|");
	assert_item(&r, "!/d/crash", "failed|other||examiner killed by signal 11 (Segmentation fault)");
	assert_int_equal(r.totals.replaced, 1);
	assert_int_equal(number(&r, "SELECT count(*) FROM item"), 5);
	tear_down(&r);
}

TEST(hostile_name_or_beginning_alone_hides_nothing)
{
	struct run r;

	set_up(&r, "cache");
	shell(r.folder, "mkdir kanshiki && printf 'knskIMG1 and more' > kanshiki/yara-0.rules && "
			"cp kanshiki/yara-0.rules kanshiki/yara-0.php && printf 'and more' > kanshiki/b.rules");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/kanshiki/yara-0.rules", "partly|other|compiled rules|looks like compiled rules of this "
		    "program, and was not matched");
	assert_item(&r, "/kanshiki/yara-0.php", "examined|other|compiled rules|");
	assert_item(&r, "/kanshiki/b.rules", "examined|other|text|");
	tear_down(&r);
}

/* Files of our own cache, told by what they are and not by what they are called. */
TEST(hostile_own_cache_alone_is_passed_over)
{
	char folder[300];
	struct run r;

	set_up(&r, "own");
	snprintf(folder, sizeof folder, "%s", r.folder);
	assert_int_equal(setenv("XDG_CACHE_HOME", folder, 1), 0);
	shell(r.folder, "mkdir -m 700 kanshiki && mkdir other && printf 'knskIMG1 ours' > kanshiki/a.rules && "
			"printf 'knskIMG1 not' > other/a.rules");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/kanshiki/a.rules", "skipped|other|compiled rules|compiled rules of this program");
	assert_item(&r, "/other/a.rules", "examined|other|compiled rules|");
	assert_int_equal(unsetenv("XDG_CACHE_HOME"), 0);
	tear_down(&r);
}

TEST(hostile_depth_is_no_place_to_hide)
{
	struct coordinator_options options = { .jobs = 1, .limits = examine_limits_default() };
	struct run r;

	set_up(&r, "deep");
	shell(r.folder, "mkdir -p a/b/c && echo x > a/b/c/implant");
	options.limits.folder_depth = 2;
	run_with(&r, options);
	assert_item(&r, "/a/b", "partly|other||limit: folders inside folders");
	tear_down(&r);
}

/* A shell runs what the kernel refuses; the same words that nobody may run are a text. */
TEST(hostile_script_needs_no_first_line)
{
	struct run r;

	set_up(&r, "bits");
	shell(r.folder, "echo 'cat /etc/passwd > /tmp/o' > text && cp text upd && chmod 755 upd && "
			"printf '\\211PNG\\r\\n' > picture && chmod 755 picture");
	run_with(&r, (struct coordinator_options){ .jobs = 1 });
	assert_item(&r, "/upd", "duplicate|other|text|");
	assert_int_equal(number(&r, "SELECT count(*) FROM trace WHERE kind = 'program' AND what = 'script'"), 1);
	assert_int_equal(number(&r, "SELECT count(*) FROM trace JOIN item ON item.id = trace.item WHERE "
			 "trace.kind = 'program' AND item.path LIKE '%/upd'"), 1);
	tear_down(&r);
}
