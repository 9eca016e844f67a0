#include "os/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Before the answer; a helper that ends without one has crashed. */
struct head {
	bool ok;
	struct err err;
};

static bool write_all(int fd, struct span s)
{
	while (s.len) {
		ssize_t done = write(fd, s.at, s.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s = span_from(s, (size_t)done);
	}
	return true;
}

static void confine(int answer_fd)
{
	static const struct rlimit none = { 0, 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	if (answer_fd > 3)
		close_range(3, (unsigned)answer_fd - 1, 0);
	close_range((unsigned)answer_fd + 1, ~0u, 0);
}

__attribute__((noreturn)) static void be_helper(helper_fn *work, void *context, int fd)
{
	struct head head = { 0 };
	struct buf answer = buf_new(HELPER_ANSWER_MAX);

	confine(fd);
	head.ok = work(context, &answer, &head.err);
	if (head.ok && answer.overflow)
		head.ok = err_set(&head.err, ERR_LIMIT, ERR_NO_OFFSET, "the answer is too long");
	_exit(write_all(fd, span_of(&head, sizeof head)) && write_all(fd, buf_span(&answer)) ? 0 : 1);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that the helper writes until it closes its end; false after the deadline. */
static bool read_until(int fd, int64_t deadline, struct buf *got, struct err *err)
{
	uint8_t part[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t len;

		if (left <= 0)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "no answer in time");
		if (poll(&p, 1, left > 1000 ? 1000 : (int)left) <= 0)
			continue;
		len = read(fd, part, sizeof part);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return true;
		if (!buf_add(got, span_of(part, (size_t)len)))
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the answer is too long");
	}
}

static bool take_answer(struct span got, int status, struct buf *answer, struct err *err)
{
	struct head head;

	if (got.len < sizeof head || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "a helper process ended without an answer");
	memcpy(&head, got.at, sizeof head);
	if (!head.ok) {
		*err = head.err;
		return false;
	}
	return buf_add(answer, span_from(got, sizeof head)) ||
	       err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "the answer is too long");
}

struct helper {
	pid_t child;
	int answer;			/* what it writes */
};

struct helper *helper_start(helper_fn *work, void *context, struct err *err)
{
	struct helper *h = calloc(1, sizeof *h);
	int ends[2];

	if (!h || pipe2(ends, O_CLOEXEC)) {
		err_errno(err, errno, "cannot make a pipe");
		free(h);
		return NULL;
	}
	h->answer = ends[0];
	h->child = fork();
	if (h->child == 0)
		be_helper(work, context, ends[1]);
	close(ends[1]);
	if (h->child > 0)
		return h;
	err_errno(err, errno, "cannot start a helper process");
	close(ends[0]);
	free(h);
	return NULL;
}

bool helper_finish(struct helper *h, unsigned seconds, struct buf *answer, struct err *err)
{
	struct buf got = buf_new(HELPER_ANSWER_MAX + sizeof(struct head));
	int status = 0;
	bool ok;

	if (!h)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "no helper process");
	ok = read_until(h->answer, now_ms() + (int64_t)seconds * 1000, &got, err);
	close(h->answer);
	if (!ok)
		kill(h->child, SIGKILL);
	while (waitpid(h->child, &status, 0) < 0 && errno == EINTR)
		;
	ok = ok && take_answer(buf_span(&got), status, answer, err);
	buf_free(&got);
	free(h);
	return ok;
}

bool helper_ask(helper_fn *work, void *context, unsigned seconds, struct buf *answer,
		struct err *err)
{
	struct helper *h = helper_start(work, context, err);

	return h && helper_finish(h, seconds, answer, err);
}
