/*
 * Every call by which SQLite changes a file is made to fail once, in four ways,
 * in a process of its own; then the case is resumed. Nothing that was made
 * durable may be lost, nothing may be there in part, and the result must be that
 * of a run without faults.
 */
#include "case/case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_sample.h"
#include "test.h"

/* A fork under AddressSanitizer costs a hundred times as much. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW 1
#endif
#endif
#ifdef SLOW
enum { STRIDE = 16, KILLS = 5 };
#else
enum { STRIDE = 1, KILLS = 25 };
#endif

enum fault { FAULT_NONE, FAULT_EXIT, FAULT_HALF, FAULT_ENOSPC, FAULT_EIO, FAULT_COUNT };

/* Shared with the process that has the fault. */
struct shared {
	uint64_t calls;			/* so far */
	uint64_t at;			/* the call that fails, from 1 */
	enum fault fault;
	uint64_t durable;		/* units after the last successful case_sync */
	bool said_full;
};

/* In memory where there is such a place: what the tests wait for is not the disk. */
static const char *place(char *room, size_t size, const char *name)
{
	if (!access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	snprintf(room, size, "%s/%s", scratch_dir(), name);
	return room;
}

static struct shared *shared;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_truncate)(int, off_t);
static int (*real_open)(const char *, int, int);
static int (*real_unlink)(const char *);

/* Counts; true where this call is the one. */
static bool strikes(void)
{
	if (++shared->calls != shared->at || shared->fault == FAULT_NONE)
		return false;
	if (shared->fault == FAULT_EXIT)
		_exit(0);
	errno = shared->fault == FAULT_EIO ? EIO : ENOSPC;
	return true;
}

static ssize_t faulty_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	if (!strikes())
		return real_pwrite(fd, bytes, len, at);
	if (shared->fault == FAULT_HALF) {
		(void)real_pwrite(fd, bytes, len / 2, at);
		_exit(0);
	}
	return -1;
}

static int faulty_truncate(int fd, off_t len)
{
	return strikes() ? -1 : real_truncate(fd, len);
}

static int faulty_open(const char *path, int flags, int mode)
{
	return (flags & O_CREAT) && strikes() ? -1 : real_open(path, flags, mode);
}

static int faulty_unlink(const char *path)
{
	return strikes() ? -1 : real_unlink(path);
}

#define HOOK(vfs, name, real, faulty) \
	do { \
		*(sqlite3_syscall_ptr *)&(real) = (vfs)->xGetSystemCall((vfs), name); \
		(vfs)->xSetSystemCall((vfs), name, (sqlite3_syscall_ptr)(faulty)); \
	} while (0)

static void install(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	const char *name = vfs->xGetSystemCall(vfs, "pwrite64") ? "pwrite64" : "pwrite";

	HOOK(vfs, name, real_pwrite, faulty_pwrite);
	HOOK(vfs, "ftruncate", real_truncate, faulty_truncate);
	HOOK(vfs, "open", real_open, faulty_open);
	HOOK(vfs, "unlink", real_unlink, faulty_unlink);
}

static const struct sample sample = { .units = 5, .findings = 2 };

/* Each unit is made durable by itself, so that there are many calls to fail. */
static bool write_units(struct case_file *c, struct err *err)
{
	uint64_t source;

	if (!case_add_source(c, SPAN("/e"), SPAN("folder"), &source, err))
		return false;
	for (uint64_t i = 0; i < sample.units; i++) {
		if (!sample_unit(c, &sample, source, i, err) || !case_sync(c, err))
			return false;
		shared->durable = i + 1;
	}
	return case_end(c, "completed", SPAN(""), err);
}

/* In the process with the fault: after an error nothing more may be accepted. */
static int run_once(const char *path)
{
	struct case_file *c = NULL;
	struct err err = { 0 };
	uint64_t source;
	bool ok;

	install();
	if (!case_create(path, &sample_run, &c, &err))
		return 0;
	ok = write_units(c, &err);
	shared->said_full = !ok && strstr(err.text, "disk full");
	if (!ok && case_add_source(c, SPAN("/more"), SPAN("folder"), &source, &err))
		return 3;
	case_close(c);
	return 0;
}

static void run_process(const char *path, enum fault fault, uint64_t at)
{
	int status;
	pid_t child;

	unlink(path);
	*shared = (struct shared){ .fault = fault, .at = at };
	child = fork();
	if (child == 0)
		_exit(run_once(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (status != 0)
		fail_msg("fault %d at call %llu: status %d", fault, (unsigned long long)at, status);
}

static void remove_beside(const char *path)
{
	char beside[600];

	unlink(path);
	snprintf(beside, sizeof beside, "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-journal", path);
	unlink(beside);
}

static uint64_t done_units(struct case_file *c)
{
	struct err err = { 0 };
	int64_t count;

	if (!query_int(case_db(c), "SELECT count(*) FROM unit WHERE done", 0, &count, &err))
		fail_msg("%s", err.text);
	return (uint64_t)count;
}

/* Goes on with what the fault left, in a process without faults. */
static struct buf resumed(const char *path, enum fault fault, uint64_t at)
{
	struct case_file *c = NULL;
	struct err err = { 0 };
	struct buf result;

	if (access(path, F_OK) != 0) {
		assert_int_equal(shared->durable, 0);
		assert_true(case_create(path, &sample_run, &c, &err));
	} else if (!case_resume(path, &sample_run, &c, &err)) {
		fail_msg("fault %d at call %llu: %s", fault, (unsigned long long)at, err.text);
	}
	if (done_units(c) < shared->durable)
		fail_msg("fault %d at call %llu: %llu units were durable, %llu are there", fault,
			 (unsigned long long)at, (unsigned long long)shared->durable,
			 (unsigned long long)done_units(c));
	if (!sample_examine(c, &sample, &err) || !case_end(c, "completed", SPAN(""), &err))
		fail_msg("fault %d at call %llu: %s", fault, (unsigned long long)at, err.text);
	result = sample_result(c);
	case_close(c);
	return result;
}

TEST(case_survives_a_fault_at_every_write)
{
	char path[512];
	uint64_t calls, points = 0, full = 0;
	struct buf expected;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	place(path, sizeof path, "fault.case");
	run_process(path, FAULT_NONE, 0);
	calls = shared->calls;
	assert_int_equal(shared->durable, sample.units);
	expected = sample_result_of(path);
	assert_true(calls > 50);
	for (enum fault fault = FAULT_EXIT; fault < FAULT_COUNT; fault++)
		for (uint64_t at = STRIDE > 1 ? fault : 1; at <= calls; at += STRIDE, points++) {
			struct buf got;

			remove_beside(path);
			run_process(path, fault, at);
			full += shared->said_full;
			got = resumed(path, fault, at);
			if (!span_eq(buf_span(&got), buf_span(&expected)))
				fail_msg("fault %d at call %llu: another result", fault,
					 (unsigned long long)at);
			buf_free(&got);
		}
	print_message("# %llu write sites, %llu faults, %llu said disk full; lost 0, in part 0\n",
		      (unsigned long long)calls, (unsigned long long)points, (unsigned long long)full);
	assert_true(full > 0 || STRIDE > 1);
	buf_free(&expected);
}

static void fill_the_disk(const char *path)
{
	const struct rlimit small = { 600 << 10, 600 << 10 };
	struct sample much = { .units = 400, .findings = 20 };
	struct case_file *c = NULL;
	struct err err = { 0 };
	bool ok;

	setrlimit(RLIMIT_FSIZE, &small);
	signal(SIGXFSZ, SIG_IGN);
	ok = case_create(path, &sample_run, &c, &err) && sample_examine(c, &much, &err);
	case_close(c);
	if (ok || !strstr(err.text, "disk full"))
		fprintf(stderr, "%s\n", ok ? "no error" : err.text);
	_exit(!ok && strstr(err.text, "disk full") ? 0 : 1);
}

TEST(case_says_disk_full_and_goes_on_when_there_is_room)
{
	char path[512];
	struct sample much = { .units = 400, .findings = 20 };
	struct case_file *c;
	struct err err = { 0 };
	struct buf whole, parts;
	int status;
	pid_t child;

	place(path, sizeof path, "full.case");
	child = fork();
	if (child == 0)
		fill_the_disk(path);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(case_resume(path, &sample_run, &c, &err));
	assert_true(sample_examine(c, &much, &err) && case_end(c, "completed", SPAN(""), &err));
	parts = sample_result(c);
	case_close(c);
	unlink(path);
	assert_true(case_create(path, &sample_run, &c, &err));
	assert_true(sample_examine(c, &much, &err) && case_end(c, "completed", SPAN(""), &err));
	whole = sample_result(c);
	case_close(c);
	assert_true(span_eq(buf_span(&whole), buf_span(&parts)));
	buf_free(&whole);
	buf_free(&parts);
}

/* A batch is a second; made durable more often, there is more to be torn. */
static void pause_at_random(void *context)
{
	struct err ignored = { 0 };

	usleep((useconds_t)(random() % 200));
	if (random() % 16 == 0)
		(void)case_sync(*(struct case_file **)context, &ignored);
}

/* Writes or goes on, slowly, until it is killed or done. */
static void work(const char *path, unsigned seed)
{
	struct case_file *c = NULL;
	struct sample slow = { .units = 30, .findings = 5, .before_call = pause_at_random,
			       .context = &c };
	struct err err = { 0 };
	bool ok = access(path, F_OK) == 0 ? case_resume(path, &sample_run, &c, &err)
					  : case_create(path, &sample_run, &c, &err);

	srandom(seed);
	ok = ok && sample_examine(c, &slow, &err) && case_end(c, "completed", SPAN(""), &err);
	case_close(c);
	_exit(ok ? 0 : 1);
}

TEST(case_killed_again_and_again_ends_like_one_that_was_not)
{
	const char *wanted = getenv("KANSHIKI_KILLS");
	unsigned kills = 0, goal = wanted ? (unsigned)atoi(wanted) : KILLS, seed = 1, runs = 0;
	struct sample whole = { .units = 30, .findings = 5 };
	struct case_file *c;
	struct err err = { 0 };
	struct buf expected, got;
	char path[512];

	place(path, sizeof path, "whole-run.case");
	assert_true(case_create(path, &sample_run, &c, &err));
	assert_true(sample_examine(c, &whole, &err) && case_end(c, "completed", SPAN(""), &err));
	expected = sample_result(c);
	case_close(c);
	place(path, sizeof path, "killed.case");
	srandom(42);
	/* The last run is left alone, so that one gets to its end on a slow machine too. */
	while (kills < goal || runs == 0) {
		int status = 0;
		pid_t child = fork();

		if (child == 0)
			work(path, seed);
		seed++;
		if (kills < goal) {
			usleep((useconds_t)(random() % 60000));
			kill(child, SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFSIGNALED(status)) {
			kills++;
			continue;
		}
		if (status != 0)
			fail_msg("a run after %u kills failed: %d", kills, status);
		got = sample_result_of(path);
		if (!span_eq(buf_span(&got), buf_span(&expected)))
			fail_msg("another result after %u kills", kills);
		buf_free(&got);
		remove_beside(path);
		runs++;
	}
	print_message("# %u kills, %u runs that were ended; lost 0, doubled 0\n", kills, runs);
	buf_free(&expected);
}
