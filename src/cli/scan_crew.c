#include "cli/scan_crew.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/turns.h"
#include "cli/scan_shelf.h"
#include "os/channel.h"
#include "os/sandbox.h"

#define VOICE_MAX ((size_t)1 << 30)	/* of one target */
#define PIECE ((size_t)1 << 20)		/* of a frame */
#define BATCH (2 * CHANNEL_FDS_MAX)	/* files in a message */
#define BATCH_BYTES ((uint64_t)1 << 20)	/* a message ends with the file that reaches it */
#define AHEAD_BYTES (4 * BATCH_BYTES)	/* with so much to do a worker gets no more */
#define AHEAD (3 * BATCH)
#define PIPE_BYTES (1 << 18)
#define LOOKS 64			/* ahead, before workers are listened to again */
#define SMALL_MAX ((size_t)32 << 10)	/* of a file that is handed over as bytes */
#define SHELF_ROOM (PATH_MAX + SMALL_MAX + 1)	/* what one target may need: a byte more tells that it has grown */

enum frame_kind { FRAME_OUT, FRAME_TOLD, FRAME_DONE, FRAME_READY };

struct frame {
	uint32_t kind;
	uint32_t len;			/* of what follows */
	uint32_t done;			/* targets that are done with a FRAME_DONE */
};

/* How many targets a worker is done with, for the parent where it dies: not every end is told at once. */
typedef _Atomic uint64_t progress_t;

/* On the shelf lie the path, with its NUL, and behind it the bytes if `here`. */
struct job {
	uint64_t number, size;
	uint32_t place, path_len;
	bool here;
};

static size_t shelf_len(const struct job *job)
{
	return job->path_len + 1 + (job->here ? (size_t)job->size : 0);
}

struct worker {
	pid_t pid;
	int commands, records;
	bool ready, dismissed;
	struct job jobs[AHEAD];		/* handed over and not done, in order */
	size_t job_count;
	uint64_t bytes;			/* of these */
	uint64_t done;			/* targets, as told */
	progress_t *progress;
	struct scan_shelf shelf;
	struct buf in, out, told;
};

struct parent {
	const struct scan_crew *crew;
	struct worker *workers;
	progress_t *progress;		/* of each, shared with it */
	struct turns turns;		/* of targets */
	size_t *again;			/* targets of workers that died */
	size_t again_count, again_room;
	bool failed;
	struct err *err;
};

/* ---- in a worker ---- */

static bool say(int records, struct frame frame, struct span text)
{
	struct err err;

	do {
		struct span piece = span_sub(text, 0, PIECE);

		frame.len = (uint32_t)piece.len;
		if (!channel_write_all(records, span_of(&frame, sizeof frame), &err) ||
		    !channel_write_all(records, piece, &err))
			return false;
		text = span_from(text, piece.len);
	} while (text.len);
	return true;
}

static bool say_all(int records, struct scan_voice *voice, struct frame end)
{
	struct frame out = { .kind = FRAME_OUT }, told = { .kind = FRAME_TOLD };
	bool said = (!voice->out.len || say(records, out, buf_span(&voice->out))) &&
		    (!voice->told.len || say(records, told, buf_span(&voice->told))) &&
		    say(records, end, (struct span){ 0 });

	buf_clear(&voice->out);
	buf_clear(&voice->told);
	return said;
}

static bool lock_in(const struct scan_crew *crew, int commands, int records,
		    struct scan_voice *voice)
{
	struct sandbox_options options = { .commands = commands, .records = records };
	struct err err = { 0 };

	if (crew->no_sandbox || sandbox_enter(&options, &err))
		return true;
	buf_printf(&voice->told, "error: cannot lock a worker in: %s (--no-sandbox goes without)\n",
		   err.text);
	return false;
}

static struct scan_item item_of(const struct worker *w, const struct job *job, int fd)
{
	const uint8_t *at = w->shelf.at + job->place;

	return (struct scan_item){ (const char *)at, job->size, job->here ? -1 : fd,
				   job->here ? span_of(at + job->path_len + 1, (size_t)job->size)
					     : (struct span){ 0 } };
}

/* Targets that gave no words are told of with the next that does, or at the end of their batch. */
static bool work_batch(const struct scan_crew *crew, int records, const struct worker *w,
		       const struct job *jobs, size_t count, const int *fds,
		       struct scan_voice *voice)
{
	struct frame done = { .kind = FRAME_DONE };

	for (size_t i = 0; i < count; i++) {
		struct scan_item item = item_of(w, &jobs[i], *fds);

		crew->scan(crew->context, &item, voice);
		if (item.fd >= 0)
			close(*fds++);
		done.done++;
		if (voice->out.len || voice->told.len || i + 1 == count) {
			if (!say_all(records, voice, done))
				return false;
			done.done = 0;
		}
		atomic_fetch_add_explicit(w->progress, 1, memory_order_relaxed);
	}
	return true;
}

static void work(const struct scan_crew *crew, int commands, int records, const struct worker *w)
{
	struct scan_voice voice = { buf_new(VOICE_MAX), buf_new(VOICE_MAX) };
	const struct frame ready = { .kind = FRAME_READY }, failed = { .kind = FRAME_DONE };
	struct job jobs[BATCH];
	int fds[CHANNEL_FDS_MAX];
	struct err err;
	size_t got;

	if (!crew->prepare(crew->context, &voice) || !scan_shelf_read_only(&w->shelf) ||
	    !lock_in(crew, commands, records, &voice)) {
		say_all(records, &voice, failed);
		_exit(1);
	}
	if (!say_all(records, &voice, ready))
		_exit(1);
	while (channel_receive(commands, jobs, sizeof jobs, &got, fds, &err) && got)
		if (!work_batch(crew, records, w, jobs, got / sizeof *jobs, fds, &voice))
			_exit(1);
	crew->finish(crew->context, &voice);
	say_all(records, &voice, ready);
	_exit(0);
}

/* Nothing of the parent's but its memory and these two. */
static void become_worker(struct parent *p, struct worker *self, int commands, int records, pid_t parent)
{
	int low = commands < records ? commands : records;
	int high = commands < records ? records : commands;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	if (low > 3)
		close_range(3, (unsigned)low - 1, 0);
	if (high > low + 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0u, 0);
	for (unsigned i = 0; i < p->crew->workers; i++)
		if (&p->workers[i] != self)
			scan_shelf_close(&p->workers[i].shelf);
	work(p->crew, commands, records, self);
}

/* ---- in the parent ---- */

static void worker_free(struct worker *w)
{
	if (w->commands >= 0)
		close(w->commands);
	if (w->records >= 0)
		close(w->records);
	w->records = w->commands = -1;
	scan_shelf_close(&w->shelf);
	buf_free(&w->in);
	buf_free(&w->out);
	buf_free(&w->told);
}

/* What leads to a worker; its own ends go to theirs: of commands, of records. */
static bool lay_ways(struct worker *w, int theirs[2], struct err *err)
{
	int ends[2];

	if (!scan_shelf_open(&w->shelf))
		return err_errno(err, errno, "workers");
	if (!channel_pair(ends, err))
		return false;
	w->commands = ends[0];
	theirs[0] = ends[1];
	if (pipe2(ends, O_CLOEXEC)) {
		close(theirs[0]);
		return err_errno(err, errno, "cannot make a pipe");
	}
	fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	w->records = ends[0];
	theirs[1] = ends[1];
	return true;
}

static bool start(struct parent *p, struct worker *w)
{
	pid_t parent = getpid();
	int theirs[2] = { -1, -1 };

	*w = (struct worker){ .in = buf_new(VOICE_MAX), .out = buf_new(VOICE_MAX),
			      .told = buf_new(VOICE_MAX), .commands = -1, .records = -1,
			      .progress = &p->progress[w - p->workers] };
	*w->progress = 0;
	if (!lay_ways(w, theirs, p->err)) {
		worker_free(w);
		return false;
	}
	w->pid = fork();
	if (!w->pid)
		become_worker(p, w, theirs[0], theirs[1], parent);
	close(theirs[0]);
	close(theirs[1]);
	if (w->pid > 0)
		return true;
	worker_free(w);
	return err_errno(p->err, errno, "cannot start a process");
}

static bool next_target(struct parent *p, size_t *number)
{
	if ((!p->again_count && !turns_left(&p->turns, *p->crew->count)) || p->crew->enough(p->crew->context))
		return false;
	if (p->again_count) {
		*number = p->again[--p->again_count];
		return true;
	}
	return turns_next(&p->turns, *p->crew->count, number);
}

/* A small file's bytes behind its path; false where the descriptor must go, of which nothing is read then. */
static bool put_bytes(uint8_t *to, int fd, uint64_t size)
{
	ssize_t got = size <= SMALL_MAX ? pread(fd, to, SMALL_MAX + 1, 0) : -1;

	return got >= 0 && (uint64_t)got == size;
}

/* Opens a target and puts it on the shelf, which has room. *fd is -1 where it need not be handed over. */
static bool take_target(struct parent *p, struct worker *w, size_t number, struct job *job, int *fd)
{
	uint8_t *room = scan_shelf_room(&w->shelf, SHELF_ROOM);
	const char *path;

	*job = (struct job){ .number = number };
	*fd = p->crew->open(p->crew->context, number, &path, &job->size);
	if (*fd < 0)
		return false;
	job->path_len = (uint32_t)strnlen(path, PATH_MAX - 1);
	memcpy(room, path, job->path_len);
	room[job->path_len] = 0;
	job->here = put_bytes(room + job->path_len + 1, *fd, job->size);
	job->place = (uint32_t)scan_shelf_put(&w->shelf, shelf_len(job));
	if (job->here) {
		close(*fd);
		*fd = -1;
	}
	return true;
}

static void send_batch(struct worker *w, const struct job *batch, size_t count, const int *fds, size_t fd_count)
{
	struct err ignored;

	/* Where it is gone already, its end tells. */
	if (count)
		channel_send(w->commands, span_of(batch, count * sizeof *batch), fds, fd_count, &ignored);
	for (size_t i = 0; i < fd_count; i++)
		close(fds[i]);
	w->job_count += count;
}

/* Hands over some targets; closes the commands when there are none. */
static void feed(struct parent *p, struct worker *w)
{
	struct job *batch = w->jobs + w->job_count;
	int fds[CHANNEL_FDS_MAX];
	uint64_t bytes = 0;
	size_t count = 0, fd_count = 0, number;

	while (count < BATCH && fd_count < CHANNEL_FDS_MAX && bytes < BATCH_BYTES &&
	       scan_shelf_room(&w->shelf, SHELF_ROOM)) {
		if (!next_target(p, &number)) {
			w->dismissed = true;
			break;
		}
		if (!take_target(p, w, number, &batch[count], &fds[fd_count]))
			continue;
		fd_count += fds[fd_count] >= 0;
		bytes += batch[count++].size;
	}
	w->bytes += bytes;
	send_batch(w, batch, count, fds, fd_count);
	if (w->dismissed) {
		close(w->commands);
		w->commands = -1;
	}
}

static bool may_feed(struct worker *w)
{
	return w->ready && !w->dismissed && scan_shelf_room(&w->shelf, SHELF_ROOM) &&
	       (!w->job_count || (w->job_count <= AHEAD - BATCH && w->bytes < AHEAD_BYTES));
}

static void put_out(struct worker *w)
{
	if (w->out.len) {
		fwrite(w->out.at, 1, w->out.len, stdout);
		fflush(stdout);
	}
	if (w->told.len)
		fwrite(w->told.at, 1, w->told.len, stderr);
	buf_clear(&w->out);
	buf_clear(&w->told);
}

/* The first of its jobs are done. What a worker says of that is not believed beyond what it was given. */
static void drop_jobs(struct worker *w, uint64_t count)
{
	size_t done = count < w->job_count ? (size_t)count : w->job_count;

	for (size_t i = 0; i < done; i++) {
		w->bytes -= w->jobs[i].size;
		scan_shelf_drop(&w->shelf, w->jobs[i].place, shelf_len(&w->jobs[i]));
	}
	w->job_count -= done;
	w->done += done;
	memmove(w->jobs, w->jobs + done, w->job_count * sizeof *w->jobs);
}

static void take_frame(struct worker *w, struct frame frame, struct span text)
{
	if (frame.kind == FRAME_OUT)
		buf_add(&w->out, text);
	else if (frame.kind == FRAME_TOLD)
		buf_add(&w->told, text);
	else
		put_out(w);
	w->ready |= frame.kind == FRAME_READY;
	if (frame.kind == FRAME_DONE)
		drop_jobs(w, frame.done);
}

static void take_frames(struct worker *w)
{
	struct span rest = buf_span(&w->in);
	struct frame frame;
	size_t taken = 0;

	while (rest.len >= sizeof frame) {
		memcpy(&frame, rest.at, sizeof frame);
		if (frame.len > rest.len - sizeof frame)
			break;
		take_frame(w, frame, span_sub(rest, sizeof frame, frame.len));
		taken += sizeof frame + frame.len;
		rest = span_from(rest, sizeof frame + frame.len);
	}
	memmove(w->in.at, w->in.at + taken, w->in.len - taken);
	w->in.len -= taken;
}

static void keep_again(struct parent *p, size_t number)
{
	if (p->again_count == p->again_room) {
		size_t room = p->again_room ? 2 * p->again_room : AHEAD;
		size_t *more = realloc(p->again, room * sizeof *more);

		if (!more) {
			p->crew->died(p->crew->context, number, 0);
			return;
		}
		p->again = more;
		p->again_room = room;
	}
	p->again[p->again_count++] = number;
}

/* It has closed its pipe. One that was busy is followed by another. */
static void ended(struct parent *p, struct worker *w)
{
	int status = 0;

	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	put_out(w);
	/* At the one it died at it was not done. */
	if (w->job_count > 1 && *w->progress > w->done)
		drop_jobs(w, *w->progress - w->done < w->job_count ? *w->progress - w->done
								   : w->job_count - 1);
	if (w->job_count)
		p->crew->died(p->crew->context, w->jobs[0].number, status);
	else if (!w->ready)
		p->failed = true;
	for (size_t i = w->job_count; i > 1; i--)
		keep_again(p, w->jobs[i - 1].number);
	worker_free(w);
	if (w->job_count && !start(p, w))
		p->failed = true;
}

static void listen_to(struct parent *p, struct worker *w)
{
	uint8_t *to = buf_reserve(&w->in, 65536);
	ssize_t got = to ? read(w->records, to, 65536) : 0;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		ended(p, w);
		return;
	}
	w->in.len += (size_t)got;
	take_frames(w);
}

/* One worker takes all in their order: nobody waits for it. */
static bool can_look_ahead(const struct parent *p)
{
	return p->crew->workers > 1 && turns_can_look(&p->turns, *p->crew->count);
}

static void look_ahead(struct parent *p)
{
	for (unsigned i = 0; i < LOOKS && can_look_ahead(p); i++)
		turns_look(&p->turns, p->crew->size(p->crew->context, p->turns.seen));
}

static bool attend(struct parent *p)
{
	struct pollfd polls[64];
	unsigned open = 0;
	int ready;

	for (unsigned i = 0; i < p->crew->workers; i++) {
		if (p->workers[i].records >= 0 && may_feed(&p->workers[i]))
			feed(p, &p->workers[i]);
		polls[i] = (struct pollfd){ .fd = p->workers[i].records, .events = POLLIN };
		open += p->workers[i].records >= 0;
	}
	if (!open)
		return false;
	ready = poll(polls, p->crew->workers, can_look_ahead(p) ? 0 : -1);
	if (ready < 0)
		return errno == EINTR;
	if (!ready)
		look_ahead(p);
	for (unsigned i = 0; i < p->crew->workers; i++)
		if (polls[i].revents)
			listen_to(p, &p->workers[i]);
	return true;
}

bool scan_crew_run(const struct scan_crew *crew, struct err *err)
{
	struct parent p = { .crew = crew, .err = err };
	unsigned started = 0;

	p.workers = calloc(crew->workers, sizeof *p.workers);
	p.progress = mmap(NULL, crew->workers * sizeof *p.progress, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!p.workers || p.progress == MAP_FAILED) {
		free(p.workers);
		return err_errno(err, ENOMEM, "workers");
	}
	fflush(stdout);
	for (unsigned i = 0; i < crew->workers; i++)
		p.workers[i].records = p.workers[i].commands = -1;
	/* With fewer than wanted it goes slower, that is all. */
	while (started < crew->workers && start(&p, &p.workers[started]))
		started++;
	while (attend(&p))
		;
	munmap(p.progress, crew->workers * sizeof *p.progress);
	free(p.workers);
	free(p.again);
	return started && (!p.failed || err_set(err, ERR_IO, ERR_NO_OFFSET, "scan incomplete"));
}
