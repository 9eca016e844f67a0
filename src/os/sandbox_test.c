#include "os/sandbox.h"
#include "base/sanitized.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SUCCEEDED = 42, REFUSED = 43, NO_SANDBOX = 44 };

static char victim[512];		/* a file of ours that probes go for */
static char other[512];
static char space[4096];

/* A call that works outside, unless is_dire, and must not inside. */
struct probe {
	const char *name;
	long args[6];
	bool is_dire;			/* not tried outside, or refused there too */
};

#define P(text) ((long)(intptr_t)(text))

static const struct probe *probes(size_t *count)
{
	static struct probe list[80];
	size_t n = 0;

#define WORKS(n_, ...) list[n++] = (struct probe){ .name = n_, .args = { __VA_ARGS__ } }
#define DIRE(n_, ...) \
	list[n++] = (struct probe){ .name = n_, .args = { __VA_ARGS__ }, .is_dire = true }
	WORKS("open", P(victim), O_RDONLY);
	WORKS("openat", AT_FDCWD, P(victim), O_RDONLY);
	WORKS("openat", AT_FDCWD, P(victim), O_RDWR);
	WORKS("openat2", AT_FDCWD, P(victim), P(space), 24);
	WORKS("creat", P(other), 0600);
	WORKS("stat", P(victim), P(space));
	WORKS("newfstatat", AT_FDCWD, P(victim), P(space), 0);
	WORKS("statx", AT_FDCWD, P(victim), 0, 0xfff, P(space));
	WORKS("access", P(victim), R_OK);
	WORKS("faccessat", AT_FDCWD, P(victim), R_OK);
	WORKS("readlink", P("/proc/self/exe"), P(space), 100);
	WORKS("readlinkat", AT_FDCWD, P("/proc/self/exe"), P(space), 100);
	DIRE("getdents64", 0, P(space), sizeof space);
	WORKS("chmod", P(victim), 0600);
	WORKS("fchmod", 5, 0600);
	WORKS("fchmodat", AT_FDCWD, P(victim), 0600);
	WORKS("chown", P(victim), -1, -1);
	WORKS("fchown", 5, -1, -1);
	WORKS("fchownat", AT_FDCWD, P(victim), -1, -1, 0);
	WORKS("utimensat", AT_FDCWD, P(victim), 0, 0);
	DIRE("setxattr", P(victim), P("user.probe"), P("x"), 1, 0);
	DIRE("fsetxattr", 5, P("user.probe"), P("x"), 1, 0);
	WORKS("truncate", P(victim), 0);
	WORKS("ftruncate", 5, 0);
	WORKS("fallocate", 5, 0, 0, 100);
	WORKS("pwrite64", 5, P("x"), 1, 0);
	WORKS("write", 5, P("x"), 1);
	WORKS("rename", P(victim), P(other));
	DIRE("renameat2", AT_FDCWD, P(other), AT_FDCWD, P(victim), 0);
	DIRE("link", P(victim), P(other));
	DIRE("symlink", P("x"), P(other));
	DIRE("unlinkat", AT_FDCWD, P(other), 0);
	DIRE("mkdir", P(other), 0700);
	DIRE("mkdirat", AT_FDCWD, P(other), 0700);
	DIRE("mknod", P(other), S_IFIFO | 0600, 0);
	WORKS("chdir", P("/"));
	DIRE("chroot", P("/"));
	DIRE("mount", P("none"), P("/mnt"), P("tmpfs"), 0, 0);
	DIRE("umount2", P("/mnt"), 0);
	DIRE("pivot_root", P("/"), P("/"));
	WORKS("unshare", 0);
	DIRE("setns", 0, 0);
	WORKS("socket", AF_INET, SOCK_DGRAM, 0);
	WORKS("socket", AF_UNIX, SOCK_STREAM, 0);
	WORKS("socketpair", AF_UNIX, SOCK_STREAM, 0, P(space));
	DIRE("connect", 0, P(space), 16);
	DIRE("bind", 0, P(space), 16);
	DIRE("listen", 0, 1);
	DIRE("sendto", 3, P("x"), 1, 0, 0, 0);
	DIRE("sendmsg", 3, P(space), 0);
	DIRE("recvmsg", 5, P(space), 0);
	WORKS("fork", 0);
	DIRE("vfork", 0);
	WORKS("clone", SIGCHLD, 0, 0, 0, 0);
	DIRE("clone3", P(space), 64);
	DIRE("execve", P("/bin/true"), 0, 0);
	DIRE("execveat", AT_FDCWD, P("/bin/true"), 0, 0, 0);
	WORKS("kill", 0, 0);
	DIRE("tkill", 1, 0);
	DIRE("tgkill", 1, 1, 0);
	WORKS("pidfd_open", 1, 0);
	WORKS("ptrace", 0, 0, 0, 0);
	DIRE("process_vm_readv", 1, P(space), 1, P(space), 1, 0);
	DIRE("process_vm_writev", 1, P(space), 1, P(space), 1, 0);
	DIRE("perf_event_open", P(space), 0, -1, -1, 0);
	DIRE("bpf", 0, P(space), 64);
	WORKS("io_uring_setup", 1, P(space));
	DIRE("userfaultfd", 0);
	WORKS("memfd_create", P("x"), 0);
	WORKS("mmap", 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	WORKS("mmap", 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	WORKS("mprotect", P(space) & ~4095L, 4096, PROT_READ | PROT_WRITE);
	WORKS("prctl", 4, 1, 0, 0, 0);
	DIRE("setrlimit", 7, P(space));
	WORKS("prlimit64", 0, 7, 0, P(space));
	DIRE("setuid", 0);
	DIRE("capset", P(space), P(space));
	DIRE("reboot", 0, 0, 0, 0);
	DIRE("init_module", P(space), 0, P(""));
#undef WORKS
#undef DIRE
	*count = n;
	return list;
}

/* Exit code of a child that makes the call, or 1000 plus the signal that ended it. */
static int run_probe(const struct probe *p, bool locked)
{
	int call = seccomp_syscall_resolve_name(p->name), status;
	int fd = open(victim, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t child;

	assert_true(fd >= 0);
	unlink(other);
	memset(space, 0, sizeof space);
	child = fork();
	if (child == 0) {
		struct sandbox_options options = { .commands = 3, .records = 4 };
		struct err err;

		dup2(fd, 5);
		if (locked && !sandbox_enter(&options, &err))
			_exit(NO_SANDBOX);
		_exit(syscall(call, p->args[0], p->args[1], p->args[2], p->args[3], p->args[4],
			      p->args[5]) == -1 ? REFUSED : SUCCEEDED);
	}
	close(fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(other);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void set_up(void)
{
	snprintf(victim, sizeof victim, "%s/victim", scratch_dir());
	snprintf(other, sizeof other, "%s/other", scratch_dir());
}

TEST(sandbox_lets_no_forbidden_call_succeed)
{
	size_t count, tried = 0, killed = 0;
	const struct probe *list = probes(&count);

	set_up();
	for (size_t i = 0; i < count; i++) {
		int end;

		if (seccomp_syscall_resolve_name(list[i].name) < 0)
			continue;
		end = run_probe(&list[i], true);
		if (end != REFUSED && end != 1000 + SIGSYS)
			fail_msg("%s: %d", list[i].name, end);
		tried++;
		killed += end == 1000 + SIGSYS;
	}
	print_message("# %zu forbidden calls tried, %zu fatal, 0 succeeded\n", tried, killed);
	assert_true(tried >= 40 && killed >= 30);
}

TEST(sandbox_probes_would_succeed_without_it)
{
	size_t count, succeeded = 0, tried = 0;
	const struct probe *list = probes(&count);

	set_up();
	for (size_t i = 0; i < count; i++) {
		if (list[i].is_dire || seccomp_syscall_resolve_name(list[i].name) < 0)
			continue;
		tried++;
		/* A fork's child also ends here: with the same code. */
		succeeded += run_probe(&list[i], false) == SUCCEEDED;
	}
	print_message("# %zu of %zu succeed outside\n", succeeded, tried);
	assert_true(succeeded * 10 >= tried * 8);
}

TEST(sandbox_names_are_known_on_arm64_too)
{
	size_t count, known = 0;
	const struct probe *list = probes(&count);

	for (size_t i = 0; i < count; i++)
		known += seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, list[i].name) >= 0;
	assert_true(known >= 40);
}

static int run_locked(void (*work)(void), uint64_t memory)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct sandbox_options options = { .commands = 3, .records = 4,
						   .memory_bytes = memory };
		struct err err;

		if (!sandbox_enter(&options, &err))
			_exit(NO_SANDBOX);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void work_honestly(void)
{
	char *room = malloc((size_t)8 << 20);

	memset(room, 1, (size_t)8 << 20);
	free(room);
}

static void take_memory(void)
{
	for (int i = 0; i < 64; i++) {
		char *room = malloc((size_t)8 << 20);

		if (!room)
			_exit(7);
		memset(room, 1, (size_t)8 << 20);
	}
}

static void give_up(void)
{
	abort();
}

TEST(sandbox_lets_computing_go_on)
{
	assert_int_equal(run_locked(work_honestly, 0), 0);
}

TEST(sandbox_bounds_memory)
{
	if (SANITIZED)
		skip();
	assert_int_equal(run_locked(take_memory, (uint64_t)64 << 20), 7);
}

TEST(sandbox_shows_abort_as_abort)
{
	assert_int_equal(run_locked(give_up, 0), 1000 + SIGABRT);
}
