#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/hunt.h"
#include "codec/escape.h"

#define JOBS_MAX 64
#define SEND_AT ((size_t)4 << 20)
#define STREAM_SEND_AT ((size_t)1 << 16)
#define LINES_MAX ((size_t)64 << 20)
#define PIPE_SIZE (1 << 20)
/* What readers share, or leave to the next one, comes first. */
#define SHARES_AT ((sizeof(struct log_units) + sizeof(struct log_stream) + 63) & ~(size_t)63)
#define PATH_SHOWN 1024
#define CRASHES_MAX 1000
#define REPLAYS_MAX 100

/* Before each piece of output in a pipe. */
struct frame {
	uint64_t len, unit;
	uint32_t end_of_unit, end_of_share;
};

/* What a worker tells of itself, in memory that it shares with its parent. */
struct hunt_share {
	struct log_files_report files;
	struct sigma_stats stats;
	struct err err;
	uint64_t told, repeats;
	uint64_t unit, offset;		/* being read */
	uint64_t told_units;		/* by those whose place it takes */
	int signal;			/* that ended it */
	bool reads, ok;
	char path[PATH_SHOWN];
	struct hunt_rule rules[];
};

/* One worker as its parent sees it. */
struct worker {
	pid_t pid;
	int pipe;			/* to read from; -1: ended */
	struct frame frame;		/* that stands next in the pipe */
	bool has_frame;
};

struct crew {
	struct hunt *h;
	const struct log_files_options *options;
	const struct log_files_sink *sink;
	struct fence_options fence;
	const char *const *paths;
	size_t path_count, share_size;
	uint32_t jobs, crashes;
	uint8_t *shared;		/* the units, then a share for each */
	uint64_t unit;			/* whose output comes next */
	uint64_t lost[REPLAYS_MAX];	/* units that are not read again */
	uint32_t lost_count;
	struct worker workers[JOBS_MAX];
};

static struct hunt_share *share_of(const struct crew *c, uint32_t i)
{
	return (struct hunt_share *)(void *)(c->shared + SHARES_AT + i * c->share_size);
}

static struct log_units *units_of(const struct crew *c)
{
	return (struct log_units *)(void *)c->shared;
}

static struct log_stream *stream_of(const struct crew *c)
{
	return (struct log_stream *)(void *)(c->shared + sizeof(struct log_units));
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

static bool send_line(struct hunt *h, bool end)
{
	struct frame frame = { .len = h->line.len, .unit = h->share->unit, .end_of_unit = end };

	if (!write_all(h->pipe, &frame, sizeof frame) || !write_all(h->pipe, h->line.at, h->line.len))
		h->failed_to_write = true;
	buf_clear(&h->line);
	return !h->failed_to_write;
}

bool hunt_send(struct hunt *h, bool end)
{
	if (!end && h->line.len < (h->streams ? STREAM_SEND_AT : SEND_AT))
		return true;
	return send_line(h, end);
}

void hunt_take_unit(void *context, uint64_t unit)
{
	struct hunt *h = context;
	struct hunt_share *share = h->share;

	share->path[0] = 0;
	share->offset = 0;
	share->unit = unit;
	share->reads = true;
	h->repeats_itself = unit < share->told_units;
}

void hunt_begin_unit(void *context, uint64_t unit, const char *path, uint64_t offset)
{
	struct hunt *h = context;
	struct hunt_share *share = h->share;

	(void)unit;
	snprintf(share->path, sizeof share->path, "%s", path);
	share->offset = offset;
}

/* What is counted so far stays, whatever comes. */
static void publish(struct hunt *h, const struct log_files_report *files)
{
	struct hunt_share *share = h->share;

	share->files = *files;
	share->stats = *sigma_scanner_stats(h->scanner);
	share->told = h->told;
	share->repeats = h->repeats;
	memcpy(share->rules, h->rules, sigma_set_rule_count(h->set) * sizeof *h->rules);
}

void hunt_passed(void *context)
{
	struct hunt *h = context;

	if (h->line.len)
		send_line(h, false);
	publish(h, log_files_report(h->reader));
}

void hunt_end_unit(void *context)
{
	struct hunt *h = context;

	hunt_send(h, true);
	publish(h, log_files_report(h->reader));
}

/* What a worker knows when it begins. */
struct start {
	const struct crew *crew;
	uint32_t number;
	int pipe;
};

/* Everything in it that was not read by others. */
static bool read_share(struct hunt *h, struct fence *fence, struct err *err)
{
	if (!fence_enter(fence, err) || !log_files_read(h->reader, fence, err))
		return false;
	h->share->reads = false;
	h->repeats_itself = false;
	if (!hunt_finish(h, err))
		return false;
	return !h->line.len || hunt_send(h, true) || err_set(err, ERR_IO, ERR_NO_OFFSET, "cannot write");
}

static int work_behind_fence(void *context, struct fence *fence)
{
	const struct start *start = context;
	const struct crew *c = start->crew;
	struct log_files_options options = *c->options;
	struct hunt *h = c->h;

	/* What those counted whose place it takes is not its own. */
	h->told = h->repeats = 0;
	memset(h->rules, 0, sigma_set_rule_count(h->set) * sizeof *h->rules);
	h->line = buf_new(LINES_MAX);
	h->pipe = start->pipe;
	h->share = share_of(c, start->number);
	options.units = units_of(c);
	/* It holds the block of one reader; where there are pipes there is no other. */
	options.stream = h->streams ? stream_of(c) : NULL;
	options.silent = start->number || c->crashes;
	options.left_out = c->lost;
	options.left_out_count = c->lost_count;
	h->reader = log_files_new(&options, c->sink);
	if (h->reader)
		h->share->ok = read_share(h, fence, &h->share->err);
	else
		err_set(&h->share->err, ERR_IO, ERR_NO_OFFSET, "out of memory");
	if (h->reader)
		publish(h, log_files_report(h->reader));
	write_all(h->pipe, &(struct frame){ .end_of_share = 1 }, sizeof(struct frame));
	return 0;
}

/* A worker that crashed says nothing in its pipe: its end alone does. */
static void work(const struct crew *c, uint32_t number, int pipe)
{
	struct start start = { c, number, pipe };
	struct fence_options fence = c->fence;
	struct hunt_share *share = share_of(c, number);
	struct err err = { 0 };
	int code = 0;

	fence.output = pipe;
	if (fence_run(&fence, c->paths, c->path_count, work_behind_fence, &start, &code, &err))
		return;
	share->ok = false;
	share->err = err;
	share->signal = code < 0 ? -code : 0;
	if (!share->signal)
		write_all(pipe, &(struct frame){ .end_of_share = 1 }, sizeof(struct frame));
}

static bool start(struct crew *c, uint32_t number, struct err *err)
{
	struct worker *w = &c->workers[number];
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, errno, "cannot make a pipe");
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	memset(share_of(c, number), 0, c->share_size);
	share_of(c, number)->told_units = c->h->remembers ? c->unit : 0;
	/* A child must not have, and write once more, what waits to be written here. */
	fflush(stdout);
	w->pid = fork();
	if (w->pid == 0) {
		for (uint32_t i = 0; i < c->jobs; i++)
			if (i != number && c->workers[i].pipe >= 0)
				close(c->workers[i].pipe);
		close(ends[0]);
		work(c, number, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (w->pid > 0) {
		w->pipe = ends[0];
		w->has_frame = false;
		return true;
	}
	close(ends[0]);
	return err_errno(err, errno, "cannot start a process");
}

static void add_share(struct hunt *h, const struct hunt_share *s)
{
	h->files.files += s->files.files;
	h->files.logs += s->files.logs;
	h->files.not_logs += s->files.not_logs;
	h->files.failed += s->files.failed;
	h->files.bytes += s->files.bytes;
	h->files.events += s->files.events;
	h->files.bad += s->files.bad;
	h->files.recovered += s->files.recovered;
	h->files.links += s->files.links;
	h->stats.events += s->stats.events;
	h->stats.routed += s->stats.routed;
	h->stats.woken += s->stats.woken;
	h->stats.matches += s->stats.matches;
	h->stats.regex_limits += s->stats.regex_limits;
	h->stats.shed += s->stats.shed;
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

static void tell_lost(struct crew *c, const struct hunt_share *share)
{
	struct buf line = buf_new((size_t)1 << 16);

	if (share->path[0])
		escape_terminal(&line, span_text(share->path));
	else
		buf_text(&line, "between two logs or pieces");
	if (stream_of(c)->kind != LOG_STREAM_NONE)
		buf_printf(&line, ": offset %llu to %llu", (unsigned long long)stream_of(c)->from,
			   (unsigned long long)stream_of(c)->to);
	else if (share->offset)
		buf_printf(&line, ": offset %llu", (unsigned long long)share->offset);
	fprintf(stderr, "kanshiki: %.*s: its reader was ended by signal %d: what it was reading is lost\n",
		SPAN_ARG(buf_span(&line)), share->signal);
	buf_free(&line);
	c->h->lost++;
	c->h->files.failed++;
}

/* A reader that begins again comes to units that were told. */
static void pass_to(struct crew *c, uint64_t unit)
{
	if (unit >= c->unit)
		c->unit = unit + 1;
}

/* The unit that the reader does not read again; a pipe it was in is gone on with. */
static uint64_t leave_unit(struct crew *c, const struct hunt_share *share)
{
	struct log_stream *s = stream_of(c);

	if (!log_stream_leave(s))
		return share->unit;
	s->counted = !c->h->remembers;
	atomic_store(&units_of(c)->next, s->unit + 1);
	return s->unit;
}

/* What is remembered went with the reader: it is read once more, without what broke it. */
static bool begin_again(struct crew *c, const struct hunt_share *share, struct err *err)
{
	uint64_t unit;

	if (!share->reads)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "the reader was ended by signal %d", share->signal);
	tell_lost(c, share);
	if (c->lost_count == REPLAYS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many readers crashed");
	c->crashes++;
	unit = leave_unit(c, share);
	c->lost[c->lost_count++] = unit;
	pass_to(c, unit);
	for (size_t i = 0; i < c->path_count && c->crashes == 1; i++)
		if (fence_is_stream(c->paths[i]))
			fprintf(stderr, "notice: %s cannot be read again: what was remembered of it is "
				"forgotten\n", c->paths[i]);
	memset(c->shared, 0, sizeof(struct log_units));
	return start(c, 0, err);
}

/* The worker's pipe is at its end. Another takes its place where it crashed. */
static bool end_worker(struct crew *c, uint32_t number, bool ended_well, struct err *err)
{
	struct worker *w = &c->workers[number];
	struct hunt_share *share = share_of(c, number);

	close(w->pipe);
	w->pipe = -1;
	w->has_frame = false;
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	share->path[PATH_SHOWN - 1] = 0;
	if (!ended_well && c->h->remembers)
		return begin_again(c, share, err);
	add_share(c->h, share);
	if (ended_well && !share->ok)
		*err = share->err;
	if (ended_well)
		return share->ok;
	if (share->reads)
		tell_lost(c, share);
	leave_unit(c, share);
	if (++c->crashes > CRASHES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "too many readers crashed");
	return start(c, number, err);
}

/* Waits until some worker without a frame says something. */
static bool next_frame(struct crew *c, struct err *err)
{
	struct pollfd waits[JOBS_MAX];
	uint32_t numbers[JOBS_MAX], count = 0;

	for (uint32_t i = 0; i < c->jobs; i++) {
		if (c->workers[i].pipe < 0 || c->workers[i].has_frame)
			continue;
		waits[count] = (struct pollfd){ .fd = c->workers[i].pipe, .events = POLLIN };
		numbers[count++] = i;
	}
	while (poll(waits, count, -1) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "cannot wait for workers");
	for (uint32_t i = 0; i < count; i++) {
		struct worker *w = &c->workers[numbers[i]];
		bool whole;

		if (!waits[i].revents)
			continue;
		whole = read_all(w->pipe, &w->frame, sizeof w->frame);
		w->has_frame = true;
		if ((!whole || w->frame.end_of_share) && !end_worker(c, numbers[i], whole, err))
			return false;
	}
	return true;
}

/* The rest of the unit whose first frame is there; what a crash cuts off is not told. */
static bool pass_unit(struct crew *c, uint32_t number, struct err *err)
{
	struct worker *w = &c->workers[number];
	struct hunt *h = c->h;
	bool end = false, told = h->remembers && w->frame.unit < share_of(c, number)->told_units;

	while (!end) {
		uint8_t *room = w->frame.len ? buf_reserve(&h->line, w->frame.len) : NULL;

		end = w->frame.end_of_unit;
		if (w->frame.len && !room)
			return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a worker says too much");
		if (w->frame.len && !read_all(w->pipe, room, w->frame.len))
			return end_worker(c, number, false, err);
		if (w->frame.len && !told && fwrite(room, 1, w->frame.len, stdout) != w->frame.len)
			h->failed_to_write = true;
		buf_clear(&h->line);
		h->failed_to_write |= h->streams && fflush(stdout);
		if (h->failed_to_write)
			return false;
		if (!end && !read_all(w->pipe, &w->frame, sizeof w->frame))
			return end_worker(c, number, false, err);
	}
	w->has_frame = false;
	return true;
}

/* Which worker holds the first of the units that are there; JOBS_MAX: some have yet to say. */
static uint32_t holder(struct crew *c, bool *running)
{
	uint32_t first = JOBS_MAX;
	bool silent = false;

	*running = false;
	for (uint32_t i = 0; i < c->jobs; i++) {
		const struct worker *w = &c->workers[i];

		if (w->pipe < 0)
			continue;
		*running = true;
		silent |= !w->has_frame;
		if (w->has_frame && (first == JOBS_MAX || w->frame.unit < c->workers[first].frame.unit))
			first = i;
	}
	return first < JOBS_MAX && (!silent || c->workers[first].frame.unit <= c->unit) ? first : JOBS_MAX;
}

static bool pass_all(struct crew *c, struct err *err)
{
	bool running = true, ok = true;

	while (ok && running) {
		uint32_t first = holder(c, &running);

		if (!running)
			break;
		if (first < JOBS_MAX)
			pass_to(c, c->workers[first].frame.unit);
		ok = first < JOBS_MAX ? pass_unit(c, first, err) : next_frame(c, err);
	}
	return ok;
}

/* Nobody reads those any more that still write. */
static void dismiss(struct crew *c)
{
	for (uint32_t i = 0; i < c->jobs; i++) {
		if (c->workers[i].pipe < 0)
			continue;
		close(c->workers[i].pipe);
		while (waitpid(c->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

bool hunt_read_shared(struct hunt *h, const struct log_files_options *options,
		      const struct log_files_sink *sink, const struct fence_options *fence, uint32_t jobs,
		      const char *const *paths, size_t count, struct err *err)
{
	struct crew c = { .h = h, .options = options, .sink = sink, .fence = *fence, .paths = paths,
			  .path_count = count, .jobs = jobs < JOBS_MAX ? jobs : JOBS_MAX };
	bool ok = true;
	size_t rules = (size_t)(sigma_set_rule_count(h->set) + 1) * sizeof *h->rules;

	c.share_size = (sizeof(struct hunt_share) + rules + 63) & ~(size_t)63;
	c.shared = mmap(NULL, SHARES_AT + c.jobs * c.share_size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.shared == MAP_FAILED)
		return err_errno(err, errno, "cannot share memory");
	fflush(stdout);
	buf_free(&h->line);
	h->line = buf_new(LINES_MAX);
	for (uint32_t i = 0; i < c.jobs; i++)
		c.workers[i].pipe = -1;
	for (uint32_t i = 0; ok && i < c.jobs; i++)
		ok = start(&c, i, err);
	ok = ok && pass_all(&c, err);
	dismiss(&c);
	munmap(c.shared, SHARES_AT + c.jobs * c.share_size);
	return ok;
}
