#include "os/spawner.h"

#include "os/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEP_STDERR 1
#else
#define KEEP_STDERR 0
#endif

enum { COMMANDS_FD = 3, RECORDS_FD = 4, FIRST_OTHER_FD = 5 };
enum verb { SPAWN, KILL, SPAWNED, ENDED };
#define QUEUE_MAX 4096

struct message {
	enum verb verb;
	int number;		/* errno of a spawn that failed */
	struct worker_end end;
};

struct spawner {
	pid_t pid;
	int channel;
	struct worker_end queue[QUEUE_MAX];	/* ends that came while we waited for a spawn */
	size_t queued;
};

/* ---- in the spawner and its workers ---- */

static void silence(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < (KEEP_STDERR ? 2 : 3); fd++)
		if (null >= 0)
			dup2(null, fd);
	if (null > 2)
		close(null);
}

static void become_worker(spawner_main_fn *main, void *context, const int fds[2])
{
	int commands = fcntl(fds[0], F_DUPFD, 16), records = fcntl(fds[1], F_DUPFD, 16);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(commands, COMMANDS_FD) < 0 || dup2(records, RECORDS_FD) < 0)
		_exit(127);
	close_range(FIRST_OTHER_FD, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	main(context, COMMANDS_FD, RECORDS_FD);
	_exit(0);
}

static void tell(int channel, const struct message *message)
{
	struct err err;

	if (!channel_send(channel, span_of(message, sizeof *message), NULL, 0, &err))
		_exit(0);
}

static void spawn(int channel, spawner_main_fn *main, void *context, const int fds[2])
{
	struct message answer = { .verb = SPAWNED };
	pid_t parent = getpid(), pid = fds[0] < 0 || fds[1] < 0 ? -1 : fork();

	if (pid == 0) {
		if (getppid() != parent)
			_exit(0);
		become_worker(main, context, fds);
	}
	answer.number = pid < 0 ? errno : 0;
	answer.end.pid = pid;
	tell(channel, &answer);
}

static void reap(int channel)
{
	struct message message = { .verb = ENDED };
	struct rusage used;
	pid_t pid;

	while ((pid = wait4(-1, &message.end.status, WNOHANG, &used)) > 0) {
		message.end.pid = pid;
		message.end.cpu_ms = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
				     (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
		message.end.peak_kib = (uint64_t)used.ru_maxrss;
		tell(channel, &message);
	}
}

/* Only a child that is still ours, or waits to be reaped, can be hit. */
static void kill_child(pid_t pid)
{
	siginfo_t info = { 0 };

	if (pid > 0 && !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT))
		kill(pid, SIGKILL);
}

static bool serve(int channel, spawner_main_fn *main, void *context)
{
	struct message message;
	int fds[CHANNEL_FDS_MAX];
	struct err err;
	size_t got;

	if (!channel_receive(channel, &message, sizeof message, &got, fds, &err) ||
	    got != sizeof message)
		return false;
	if (message.verb == SPAWN)
		spawn(channel, main, context, fds);
	else if (message.verb == KILL)
		kill_child(message.end.pid);
	for (size_t i = 0; i < CHANNEL_FDS_MAX; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return true;
}

/* Workers that wait for a command see its end and go; who is busy a second later goes with us. */
static void end_workers(void)
{
	alarm(1);
	while (wait(NULL) > 0)
		;
	_exit(0);
}

static void run_spawner(int channel, spawner_main_fn *main, void *context)
{
	struct pollfd wait_for[2] = { { .fd = channel, .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo info;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
	wait_for[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	for (;;) {
		if (poll(wait_for, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if (wait_for[1].revents) {
			while (read(wait_for[1].fd, &info, sizeof info) > 0)
				;
			reap(channel);
		}
		if (wait_for[0].revents && !serve(channel, main, context))
			end_workers();
	}
}

static void become_spawner(int channel, spawner_main_fn *main, void *context)
{
	/* What is sent to the whole group of processes is for the coordinator, who then ends us in order. */
	static const int for_the_coordinator[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	int kept = fcntl(channel, F_DUPFD_CLOEXEC, FIRST_OTHER_FD);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Handlers belong to the caller; a worker's signals are to be what they are. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	for (size_t i = 0; i < sizeof for_the_coordinator / sizeof *for_the_coordinator; i++)
		signal(for_the_coordinator[i], SIG_IGN);
	silence();
	if (kept < 0)
		_exit(1);
	if (kept > 3)
		close_range(3, (unsigned)kept - 1, 0);
	close_range((unsigned)kept + 1, ~0u, 0);
	run_spawner(kept, main, context);
}

/* ---- in the caller ---- */

struct spawner *spawner_new(spawner_main_fn *main, void *context, struct err *err)
{
	struct spawner *s = calloc(1, sizeof *s);
	pid_t parent = getpid();
	int ends[2];

	if (!s) {
		err_errno(err, ENOMEM, "spawner");
		return NULL;
	}
	if (!channel_pair(ends, err)) {
		free(s);
		return NULL;
	}
	s->channel = ends[0];
	s->pid = fork();
	if (s->pid == 0) {
		if (getppid() != parent)
			_exit(0);
		become_spawner(ends[1], main, context);
	}
	close(ends[1]);
	if (s->pid < 0) {
		err_errno(err, errno, "cannot fork");
		close(s->channel);
		free(s);
		return NULL;
	}
	return s;
}

static bool receive(struct spawner *s, struct message *out, struct err *err)
{
	int fds[CHANNEL_FDS_MAX];
	size_t got;

	if (!channel_receive(s->channel, out, sizeof *out, &got, fds, err))
		return false;
	return got == sizeof *out ? true : err_set(err, ERR_IO, ERR_NO_OFFSET, "the spawner is gone");
}

static bool await_spawned(struct spawner *s, pid_t *pid, struct err *err)
{
	struct message message;

	for (;;) {
		if (!receive(s, &message, err))
			return false;
		if (message.verb == SPAWNED)
			break;
		if (s->queued == QUEUE_MAX)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many workers ended at once");
		s->queue[s->queued++] = message.end;
	}
	if (message.end.pid < 0)
		return err_errno(err, message.number, "cannot fork a worker");
	*pid = message.end.pid;
	return true;
}

bool spawner_spawn(struct spawner *s, struct worker *out, struct err *err)
{
	struct message message = { .verb = SPAWN };
	int commands[2], records[2];
	bool ok;

	if (!channel_pair(commands, err))
		return false;
	if (pipe2(records, O_CLOEXEC)) {
		close(commands[0]);
		close(commands[1]);
		return err_errno(err, errno, "cannot make a pipe");
	}
	fcntl(records[0], F_SETFL, O_NONBLOCK);
	fcntl(records[1], F_SETPIPE_SZ, 1 << 20);
	ok = channel_send(s->channel, span_of(&message, sizeof message),
			  (int[]){ commands[1], records[1] }, 2, err) &&
	     await_spawned(s, &out->pid, err);
	close(commands[1]);
	close(records[1]);
	/* A worker that does not read must not keep us. */
	fcntl(commands[0], F_SETFL, O_NONBLOCK);
	out->commands = commands[0];
	out->records = records[0];
	if (!ok) {
		close(commands[0]);
		close(records[0]);
	}
	return ok;
}

bool spawner_kill(struct spawner *s, pid_t pid, struct err *err)
{
	struct message message = { .verb = KILL, .end.pid = pid };

	return channel_send(s->channel, span_of(&message, sizeof message), NULL, 0, err);
}

int spawner_fd(const struct spawner *s)
{
	return s->channel;
}

bool spawner_ended(struct spawner *s, struct worker_end *out, bool *any, struct err *err)
{
	struct pollfd ready = { .fd = s->channel, .events = POLLIN };
	struct message message;

	*any = false;
	if (s->queued) {
		*out = s->queue[0];
		memmove(s->queue, s->queue + 1, --s->queued * sizeof *s->queue);
		return *any = true;
	}
	if (poll(&ready, 1, 0) <= 0)
		return true;
	if (!receive(s, &message, err))
		return false;
	*out = message.end;
	return *any = message.verb == ENDED, true;
}

void spawner_free(struct spawner *s)
{
	if (!s)
		return;
	close(s->channel);
	waitpid(s->pid, NULL, 0);
	free(s);
}
