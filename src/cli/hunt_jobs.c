#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/hunt.h"

#define JOBS_MAX 64
#define SEND_AT ((size_t)4 << 20)
#define LINES_MAX ((size_t)64 << 20)
#define PIPE_SIZE (1 << 20)

/* Before each piece of output in a pipe. */
struct frame {
	uint64_t len;
	uint32_t end_of_unit, end_of_share;
};

/* What a worker counted, in memory that it shares with its parent. */
struct share {
	struct log_files_report files;
	struct sigma_stats stats;
	struct err err;
	uint64_t told, repeats;
	bool ok;
	struct hunt_rule rules[];
};

struct crew {
	struct hunt *h;
	const struct log_files_options *options;
	const struct log_files_sink *sink;
	struct fence_options fence;
	const char *const *paths;
	size_t path_count, share_size;
	uint32_t jobs, started;
	uint8_t *shares;
	int pipes[JOBS_MAX];		/* to read from */
	pid_t workers[JOBS_MAX];
};

static struct share *share_of(const struct crew *c, uint32_t i)
{
	return (struct share *)(void *)(c->shares + i * c->share_size);
}

static bool write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

static bool read_all(int fd, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	while (len) {
		ssize_t got = read(fd, at, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

bool hunt_send(struct hunt *h, bool end)
{
	struct frame frame = { .len = h->line.len, .end_of_unit = end };

	if (!end && h->line.len < SEND_AT)
		return true;
	if (!write_all(h->pipe, &frame, sizeof frame) || !write_all(h->pipe, h->line.at, h->line.len))
		h->failed_to_write = true;
	buf_clear(&h->line);
	return !h->failed_to_write;
}

/* One worker as its fence sees it. */
struct worker {
	const struct crew *crew;
	uint32_t part;
	int pipe;
};

static bool read_share(const struct worker *w, struct fence *fence, struct share *share)
{
	const struct crew *c = w->crew;
	struct log_files_options options = *c->options;
	struct log_files *files;

	options.part = w->part;
	options.parts = c->jobs;
	files = log_files_new(&options, c->sink);
	if (!files)
		return err_set(&share->err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	share->ok = fence_enter(fence, &share->err) && log_files_read(files, fence, &share->err);
	share->files = *log_files_report(files);
	return share->ok;
}

static int work_behind_fence(void *context, struct fence *fence)
{
	const struct worker *w = context;
	struct hunt *h = w->crew->h;
	struct share *share = share_of(w->crew, w->part);

	buf_free(&h->line);
	h->line = buf_new(LINES_MAX);
	h->pipe = w->pipe;
	read_share(w, fence, share);
	share->stats = *sigma_scanner_stats(h->scanner);
	share->told = h->told;
	share->repeats = h->repeats;
	memcpy(share->rules, h->rules, sigma_set_rule_count(h->set) * sizeof *h->rules);
	if (!write_all(w->pipe, &(struct frame){ .end_of_share = 1 }, sizeof(struct frame)))
		share->ok = false;
	return 0;
}

static void work(const struct crew *c, uint32_t part, int pipe)
{
	struct worker worker = { c, part, pipe };
	struct fence_options fence = c->fence;
	struct share *share = share_of(c, part);
	struct err err = { 0 };
	int code;

	fence.output = pipe;
	if (fence_run(&fence, c->paths, c->path_count, work_behind_fence, &worker, &code, &err))
		return;
	share->ok = false;
	share->err = err;
	write_all(pipe, &(struct frame){ .end_of_share = 1 }, sizeof(struct frame));
}

static bool start(struct crew *c, struct err *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	pid = fork();
	if (pid == 0) {
		for (uint32_t i = 0; i < c->started; i++)
			close(c->pipes[i]);
		close(ends[0]);
		work(c, c->started, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return err_errno(err, errno, "cannot start a process");
	}
	c->pipes[c->started] = ends[0];
	c->workers[c->started++] = pid;
	return true;
}

/* One unit of output; *more is false where the worker has no further one. */
static bool pass_unit(struct crew *c, int pipe, bool *more, struct err *err)
{
	struct hunt *h = c->h;
	struct frame frame = { 0 };

	while (!frame.end_of_unit && !frame.end_of_share) {
		uint8_t *room;

		if (!read_all(pipe, &frame, sizeof frame))
			return err_set(err, ERR_IO, ERR_NO_OFFSET, "a worker ended early");
		room = frame.len ? buf_reserve(&h->line, frame.len) : NULL;
		if (frame.len && (!room || !read_all(pipe, room, frame.len)))
			return err_set(err, ERR_IO, ERR_NO_OFFSET, "a worker ended early");
		if (frame.len && fwrite(room, 1, frame.len, stdout) != frame.len)
			h->failed_to_write = true;
		buf_clear(&h->line);
		if (h->failed_to_write)
			return false;
	}
	*more = !frame.end_of_share;
	return true;
}

static void add_share(struct hunt *h, const struct share *s)
{
	h->files.files += s->files.files;
	h->files.logs += s->files.logs;
	h->files.not_logs += s->files.not_logs;
	h->files.failed += s->files.failed;
	h->files.bytes += s->files.bytes;
	h->files.events += s->files.events;
	h->files.bad += s->files.bad;
	h->files.recovered += s->files.recovered;
	h->stats.events += s->stats.events;
	h->stats.routed += s->stats.routed;
	h->stats.woken += s->stats.woken;
	h->stats.matches += s->stats.matches;
	h->stats.regex_limits += s->stats.regex_limits;
	h->told += s->told;
	h->repeats += s->repeats;
	for (uint32_t i = 0; i < sigma_set_rule_count(h->set); i++) {
		const struct hunt_rule *from = &s->rules[i];
		struct hunt_rule *to = &h->rules[i];

		if (!from->matches)
			continue;
		if (!to->matches || from->first < to->first)
			to->first = from->first;
		if (!to->matches || from->last > to->last)
			to->last = from->last;
		to->matches += from->matches;
		to->repeats += from->repeats;
	}
}

/* All workers ended, willingly or because nobody reads them any more. */
static bool finish(struct crew *c, bool ok, struct err *err)
{
	for (uint32_t i = 0; i < c->started; i++)
		close(c->pipes[i]);
	for (uint32_t i = 0; i < c->started; i++) {
		struct share *share = share_of(c, i);

		while (waitpid(c->workers[i], NULL, 0) < 0 && errno == EINTR)
			;
		add_share(c->h, share);
		if (ok && !share->ok) {
			*err = share->err;
			ok = false;
		}
	}
	return ok;
}

bool hunt_read_shared(struct hunt *h, const struct log_files_options *options,
		      const struct log_files_sink *sink, const struct fence_options *fence, uint32_t jobs,
		      const char *const *paths, size_t count, struct err *err)
{
	struct crew c = { .h = h, .options = options, .sink = sink, .fence = *fence, .paths = paths,
			  .path_count = count, .jobs = jobs < JOBS_MAX ? jobs : JOBS_MAX };
	bool ok = true, more = true;

	c.share_size = sizeof(struct share) + (size_t)(sigma_set_rule_count(h->set) + 1) * sizeof *h->rules;
	c.shares = mmap(NULL, c.jobs * c.share_size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.shares == MAP_FAILED)
		return err_errno(err, errno, "cannot share memory");
	fflush(stdout);
	buf_free(&h->line);
	h->line = buf_new(LINES_MAX);
	while (ok && c.started < c.jobs)
		ok = start(&c, err);
	for (uint32_t unit = 0; ok && more; unit++)
		ok = pass_unit(&c, c.pipes[unit % c.jobs], &more, err);
	ok = finish(&c, ok, err);
	munmap(c.shares, c.jobs * c.share_size);
	return ok;
}
