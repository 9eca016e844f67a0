#include "os/sandbox.h"

#include "base/sanitized.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAP_TYPE_MASK 0x0f
/* All segments of a disk image are handed over: it can open none by itself. */
#define DESCRIPTORS_MOST 1100

bool sandbox_available(struct err *err)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action))
		return err_set(err, ERR_DENIED, ERR_NO_OFFSET,
			       "this kernel has no seccomp filters");
	return true;
}

/* ---- Landlock: raw calls, since Debian 12 has no library and old headers for it ---- */

struct landlock_attr {
	uint64_t files, network, scoped;
};

#define LANDLOCK_CREATE_VERSION 1u

int sandbox_landlock(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* All access rights that each version knows; no rule is added, so all are denied. */
static bool deny_files_and_network(struct err *err)
{
	static const unsigned file_rights[] = { 0, 13, 14, 15, 15, 16 };
	int abi = sandbox_landlock(), ruleset;
	struct landlock_attr attr = { 0 };
	size_t size = 8;
	long failed;

	if (!abi)
		return true;
	attr.files = (UINT64_C(1) << file_rights[abi < 5 ? abi : 5]) - 1;
	if (abi >= 4) {
		attr.network = 3;
		size = 16;
	}
	if (abi >= 6) {
		attr.scoped = 3;
		size = 24;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset < 0)
		return err_errno(err, errno, "landlock");
	failed = syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return failed ? err_errno(err, errno, "landlock") : true;
}

/* ---- seccomp ---- */

/* What programs here need; arguments are narrowed below where they matter. */
static const char *const allowed[] = {
	"read", "pread64", "lseek", "close", "munmap", "mremap", "brk", "futex", "rt_sigreturn",
	"rt_sigprocmask", "exit", "exit_group", "getpid", "gettid", "getrandom", "clock_gettime",
	"gettimeofday", "time", "getrusage", "sched_yield", "restart_syscall",
};

/* Habits of libraries: refused, but nothing to die for. */
static const struct {
	const char *name;
	int number;
} refused[] = {
	{ "openat", EACCES }, { "open", EACCES }, { "access", EACCES }, { "faccessat", EACCES },
	{ "readlink", EACCES }, { "readlinkat", EACCES }, { "stat", EACCES }, { "lstat", EACCES },
	{ "fstat", EACCES }, { "newfstatat", EACCES }, { "fstatat64", EACCES },
	{ "uname", EACCES }, { "getcwd", EACCES }, { "sysinfo", EACCES },
	{ "prlimit64", EACCES }, { "sched_getaffinity", EACCES }, { "mprotect", EACCES },
	{ "ioctl", ENOTTY }, { "openat2", ENOSYS }, { "statx", ENOSYS },
	{ "faccessat2", ENOSYS }, { "writev", EBADF }, { "sigaltstack", EPERM },
	{ "rt_sigaction", EPERM }, { "fcntl", EACCES },
};

/* An argument of which these bits must be so. A descriptor or a flag word is its low half. */
static struct scmp_arg_cmp bits(unsigned argument, uint32_t mask, uint32_t value)
{
	return (struct scmp_arg_cmp){ .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask,
				      .datum_b = value };
}

static struct scmp_arg_cmp equals(unsigned argument, int value)
{
	return bits(argument, UINT32_MAX, (uint32_t)value);
}

static bool add_names(scmp_filter_ctx filter)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		int call = seccomp_syscall_resolve_name(allowed[i]);

		if (call >= 0)
			ok = ok && !seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		int call = seccomp_syscall_resolve_name(refused[i].name);

		if (call >= 0 && !(SANITIZED && refused[i].number == EPERM))
			ok = ok && !seccomp_rule_add(filter,
						     SCMP_ACT_ERRNO((uint16_t)refused[i].number),
						     call, 0);
	}
	return ok;
}

/* Memory: private, never executable. Advice: only what gives memory back or reads ahead. */
static bool add_memory(scmp_filter_ctx filter)
{
	static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_SEQUENTIAL,
					   MADV_WILLNEED, MADV_NORMAL };
	bool ok = !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				    bits(2, PROT_EXEC, 0),
				    bits(3, MAP_TYPE_MASK, MAP_PRIVATE));

	if (SANITIZED)
		return ok && !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(madvise), 0);
	for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
		ok = ok && !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(madvise), 1,
					     equals(2, advice[i]));
	return ok;
}

/* Descriptors: commands in, records out; abort() so that its signal is what is seen. */
static bool add_channels(scmp_filter_ctx filter, const struct sandbox_options *options)
{
	int self = getpid();
	bool ok = !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1,
				    equals(0, options->commands)) &&
		  !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				    equals(0, options->records)) &&
		  !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 3,
				    equals(0, self), equals(1, self),
				    equals(2, SIGABRT));

	for (size_t i = 0; i < 2; i++)
		if (options->also[i])
			ok = ok && !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
						     equals(0, options->also[i]));
	if (SANITIZED)
		ok = ok &&
		     !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
				       equals(0, STDERR_FILENO)) &&
		     !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0) &&
		     !seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 0);
	return ok;
}

static bool deny_calls(const struct sandbox_options *options, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool ok = filter && add_names(filter) && add_memory(filter) &&
		  add_channels(filter, options) && !seccomp_load(filter);

	seccomp_release(filter);
	return ok ? true : err_set(err, ERR_DENIED, ERR_NO_OFFSET, "cannot load the seccomp filter");
}

/* ---- the rest ---- */

static bool limit(int which, uint64_t most)
{
	return !setrlimit((__rlimit_resource_t)which,
			  &(struct rlimit){ .rlim_cur = most, .rlim_max = most });
}

bool sandbox_limits(const struct sandbox_options *options, struct err *err)
{
	bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_STACK, UINT64_C(8) << 20) &&
		  limit(RLIMIT_NOFILE, DESCRIPTORS_MOST);

	if (options->cpu_seconds)
		ok = ok && limit(RLIMIT_CPU, options->cpu_seconds);
	if (options->memory_bytes && !SANITIZED)
		ok = ok && limit(RLIMIT_DATA, options->memory_bytes);
	return ok ? true : err_errno(err, errno, "cannot set resource limits");
}

static bool drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &header, none))
		return err_errno(err, errno, "cannot drop capabilities");
	return true;
}

bool sandbox_enter(const struct sandbox_options *options, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_errno(err, errno, "cannot give up privileges");
	if ((!options->writes_files && !limit(RLIMIT_FSIZE, 0)) || !limit(RLIMIT_NPROC, 0) || !limit(RLIMIT_MEMLOCK, 0))
		return err_errno(err, errno, "cannot set resource limits");
	return sandbox_limits(options, err) && drop_capabilities(err) &&
	       deny_files_and_network(err) && deny_calls(options, err);
}
