#include "assess/coordinator_job.h"

#include "os/attribute.h"
#include "os/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An examiner stops by itself in time; a second and this part of the time later it is stopped. */
#define GRACE_PART 20
/* As in the examiner: reading from disk takes its time. */
#define BYTES_A_SECOND ((uint64_t)32 << 20)
/* Examiners do not grow old. */
#define TREES_MOST 4000
#define HEAP_MOST ((uint64_t)192 << 20)
#define BUSY_MOST_NS (UINT64_C(600) * 1000000000)
#define WAIT_MS 100
#define STATED_PART 8
#define SECOND UINT64_C(1000000000)
#define READ_PIECE ((size_t)256 << 10)

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* ---- starting and ending examiners ---- */

static void forget(struct slot *s)
{
	if (s->is_alive) {
		close(s->worker.commands);
		close(s->worker.records);
	}
	*s = (struct slot){ 0 };
}

static bool start(struct coordinator *c, struct slot *s, struct err *err)
{
	*s = (struct slot){ 0 };
	if (!spawner_spawn(c->spawner, &s->worker, err))
		return false;
	s->is_alive = true;
	c->totals->examiners++;
	return true;
}

static void condemn(struct coordinator *c, struct slot *s, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void condemn(struct coordinator *c, struct slot *s, const char *format, ...)
{
	struct err ignored;
	va_list args;

	if (*s->condemned)
		return;
	va_start(args, format);
	vsnprintf(s->condemned, sizeof s->condemned, format, args);
	va_end(args);
	spawner_kill(c->spawner, s->worker.pid, &ignored);
}

/* A check has one more beside, so that who reads the files keeps up with it (disk/chunk_room.h). */
struct slot *slots_idle(struct coordinator *c, const struct job *job)
{
	struct slot *last = &c->slots[c->slot_count - 1];

	if (job && job->is_check && !last->job)
		return last;
	for (struct slot *s = c->slots; s < last; s++)
		if (!s->job)
			return s;
	return NULL;
}

static uint64_t allocated(const struct job *job)
{
	/* A share by what it states, a large image by what it holds too: zeros take time as well. */
	uint64_t stated = (uint64_t)job->stat.st_size / STATED_PART;

	if (job->tree.is_part && !job->is_check)
		return job->share_bytes;
	return job->opened->allocated > stated ? job->opened->allocated : stated;
}

static bool send_command(struct slot *s, struct job *job, struct err *err)
{
	struct buf message = buf_new(CHANNEL_MESSAGE_MAX);
	const struct stat *st = &job->stat;
	int fds[3] = { job->opened->fd, -1, job->opened->room_fd };
	size_t count = 1;
	struct marks_room room;
	struct command command = {
		.path = span_of(job->path, job->path_len), .size = (uint64_t)st->st_size,
		.allocated = allocated(job), .is_cut = job->is_cut, .mode = st->st_mode,
		.modified = timestamp_of_unix(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec),
		.changed = timestamp_of_unix(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec),
		.accessed = timestamp_of_unix(st->st_atim.tv_sec, (uint32_t)st->st_atim.tv_nsec),
		.refused_count = job->refused_count,
		.part_bytes = (uint32_t)job->part.len, .is_relisted = job->is_relisted,
		.is_cached = job->is_cached, .is_companion = job->is_companion, .is_only_size = job->is_only_size,
		.is_careful = job->tries > 0,
		.beside_count = (uint32_t)job->opened->beside_count,
		.is_room_ours = job->is_check,
	};
	bool ok;

	command.no_rights = S_ISREG(st->st_mode) && st->st_mode & 0111 && !attribute_has_rights(job->opened->fd);
	if (S_ISREG(st->st_mode))
		command.marks = attribute_marks(job->opened->fd, st->st_mode & 0111, &room);
	fds[1] = share_open(job, err);
	if (fds[1] < 0 && job->part.len)
		return false;
	if (fds[1] >= 0)
		count = fds[2] < 0 ? 2 : 3;
	command.room_bytes = count == 3 ? OPENED_ROOM : 0;
	for (size_t i = 0; i < job->refused_count; i++)
		command.refused[i] = span_of(job->refused[i].path, job->refused[i].len);
	ok = command_write(&message, &command)
		     ? channel_send(s->worker.commands, buf_span(&message), fds, count, err) &&
			       opened_send_beside(job->opened, s->worker.commands, err)
		     : err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "path too long");
	buf_free(&message);
	if (fds[1] >= 0)
		close(fds[1]);
	return ok;
}

/* Large, and nothing that was handed out or told of has its size: then it is surely new. */
static bool is_only_size(struct coordinator *c, const struct job *job)
{
	uint64_t size = (uint64_t)job->stat.st_size;
	bool is_only = size > EXAMINER_READ_MOST && !job->part.len && !seen_has_size(c->seen, size);

	if (is_only)
		seen_add_size(c->seen, size);
	return is_only;
}

/*
 * A second chance is worth something only with an examiner that saw nothing else, and only
 * one that begins with such a file has a thread for it. Who read shares of an image reads
 * no more than those.
 */
static bool needs_new_examiner(const struct slot *s, const struct job *job)
{
	return s->trees && (job->tries || job->is_only_size || (s->image && s->image != share_image(job)));
}

bool slots_dispatch(struct coordinator *c, struct slot *s, struct job *job, struct err *err)
{
	struct err ignored;

	job->is_only_size = is_only_size(c, job);
	if (s->is_alive && needs_new_examiner(s, job))
		forget(s);
	if (!s->is_alive && !start(c, s, err))
		return false;
	s->image = share_image(job);
	c->now_ns = clock_ns();
	s->job = job;
	s->started_ns = s->progress_ns = c->now_ns;
	job->state = JOB_RUNNING;
	job->shares = 0;
	/* An examiner that is gone is noticed by its pipe. */
	if (!send_command(s, job, &ignored))
		condemn(c, s, "cannot be handed over: %s", ignored.text);
	return true;
}

void slots_free(struct coordinator *c)
{
	for (unsigned i = 0; i < c->slot_count; i++)
		forget(&c->slots[i]);
	free(c->slots);
}

/* ---- the end of a tree ---- */

/* Evidence that someone writes to while we read is not what it was. */
static bool has_changed(const struct job *job)
{
	struct stat now;

	return S_ISREG(job->stat.st_mode) && !fstat(job->opened->fd, &now) &&
	       (now.st_size != job->stat.st_size ||
		now.st_mtim.tv_sec != job->stat.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != job->stat.st_mtim.tv_nsec);
}

static void finish(struct coordinator *c, struct job *job)
{
	job->is_changed = has_changed(job);
	job->state = JOB_FINISHED;
	c->buffered += job->tree.records.room;
}

static void tree_over(struct coordinator *c, struct slot *s)
{
	struct job *job = s->job;

	job->spent_ns += c->now_ns - s->started_ns;
	s->busy_ns += c->now_ns - s->started_ns;
	s->trees++;
	s->job = NULL;
	finish(c, job);
	/* Who may write what others read is given nothing else. */
	if (job->is_check || job->tree.is_risky || s->trees >= TREES_MOST || job->tree.done.heap > HEAP_MOST ||
	    s->busy_ns > BUSY_MOST_NS)
		forget(s);
}

/* ---- an examiner that ended in the middle of a tree ---- */

static void describe_end(const struct slot *s, char *to, size_t room)
{
	int status = s->ended.status;

	if (*s->condemned)
		snprintf(to, room, "%s", s->condemned);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(to, room, "examiner killed by signal %d (forbidden system call)", SIGSYS);
	else if (WIFSIGNALED(status))
		snprintf(to, room, "examiner killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == EXAMINER_EXIT_NO_PAGE)
		snprintf(to, room, "a file that belongs to it cannot be read (bus error)");
	else
		snprintf(to, room, "examiner ended with status %d", WEXITSTATUS(status));
}

/* The innermost member at work is refused next time, so that the rest gets its turn. */
static bool refuse_member(struct coordinator *c, struct job *job)
{
	const struct tree *t = &job->tree;
	struct refused *r = &job->refused[job->refused_count];
	struct buf path = buf_new((size_t)1 << 20);

	if (t->depth < (t->is_part ? 1 : 2) || job->refused_count == COMMAND_REFUSED_MAX ||
	    job->spent_ns > 2 * c->options->limits.tree_seconds * SECOND)
		return false;
	tree_path(t, t->open[t->depth - 1], span_of(job->path, job->path_len), &path);
	*r = (struct refused){ .path = (char *)path.at, .len = path.len };
	snprintf(r->reason, sizeof r->reason, "%s", job->cut);
	job->refused_count++;
	return true;
}

static void examiner_over(struct coordinator *c, struct slot *s)
{
	struct job *job = s->job;
	bool had_others = s->trees > 0;
	struct err ignored;

	describe_end(s, job->cut, sizeof job->cut);
	job->spent_ns += c->now_ns - s->started_ns;
	c->totals->replaced++;
	forget(s);
	/* A share says only when asked again what it was at. */
	if ((!job->tries && (had_others || job->tree.is_part)) || (!job->is_check && refuse_member(c, job))) {
		job->tries++;
		known_forget(c, job);
		/* A case that cannot be written any more says so at the next row. */
		write_undo(job, &ignored);
		tree_clear(&job->tree);
		job->state = JOB_WAITING;
		c->waiting = c->head;
		return;
	}
	finish(c, job);
}

/* ---- waiting ---- */

static bool take_output(struct coordinator *c, struct slot *s, struct err *err)
{
	static uint8_t piece[READ_PIECE];
	struct slot_ask ask = { .c = c, .slot = s };
	ssize_t got = read(s->worker.records, piece, sizeof piece);
	struct err wrong;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0) {
		s->is_at_end = true;
		if (!s->job)
			forget(s);
		return true;
	}
	if (!s->job || *s->condemned) {
		condemn(c, s, "wrote without being asked");
		return true;
	}
	s->progress_ns = c->now_ns;
	if (!tree_take(&s->job->tree, span_of(piece, (size_t)got), known_ask, &ask, &wrong)) {
		if (ask.has_failed)
			return *err = wrong, false;
		condemn(c, s, "%s", wrong.text);
	} else if (s->job->tree.is_done) {
		tree_over(c, s);
	}
	return true;
}

static void watch(struct coordinator *c, struct slot *s)
{
	const struct examine_limits *l = &c->options->limits;
	uint64_t more = (allocated(s->job) / BYTES_A_SECOND + 1 + l->item_seconds / GRACE_PART) * SECOND;

	if (c->now_ns - s->started_ns > l->tree_seconds * SECOND + more)
		condemn(c, s, "limit: over %" PRIu64 " s a file with all that is in it",
			l->tree_seconds);
	else if (c->now_ns - s->progress_ns > l->item_seconds * SECOND + more)
		condemn(c, s, "limit: over %" PRIu64 " s an item", l->item_seconds);
}

static bool take_ends(struct coordinator *c, struct err *err)
{
	struct worker_end end;
	bool any;

	for (;;) {
		if (!spawner_ended(c->spawner, &end, &any, err))
			return false;
		if (!any)
			return true;
		for (unsigned i = 0; i < c->slot_count; i++)
			if (c->slots[i].is_alive && c->slots[i].worker.pid == end.pid) {
				c->slots[i].ended = end;
				c->slots[i].ended_known = true;
			}
	}
}

static bool visit(struct coordinator *c, struct slot *s, short ready, struct err *err)
{
	if (!s->is_alive)
		return true;
	if ((ready || s->ended_known) && !s->is_at_end && !take_output(c, s, err))
		return false;
	if (s->is_alive && s->is_at_end && s->ended_known && s->job) {
		if (WIFEXITED(s->ended.status) &&
		    WEXITSTATUS(s->ended.status) == EXAMINER_EXIT_NO_SANDBOX)
			return err_set(err, ERR_DENIED, ERR_NO_OFFSET,
				       "the sandbox cannot be set up");
		examiner_over(c, s);
	} else if (s->is_alive && s->job) {
		watch(c, s);
	}
	return true;
}

bool slots_wait(struct coordinator *c, bool is_idle, struct err *err)
{
	struct pollfd *ready = calloc(c->slot_count + 1, sizeof *ready);
	bool ok = true;

	if (!ready)
		return err_errno(err, ENOMEM, "coordinator");
	for (unsigned i = 0; i < c->slot_count; i++) {
		const struct slot *s = &c->slots[i];

		ready[i].fd = s->is_alive && !s->is_at_end ? s->worker.records : -1;
		ready[i].events = POLLIN;
	}
	ready[c->slot_count] = (struct pollfd){ .fd = spawner_fd(c->spawner), .events = POLLIN };
	poll(ready, c->slot_count + 1, is_idle ? WAIT_MS : 0);
	c->now_ns = clock_ns();
	ok = take_ends(c, err);
	for (unsigned i = 0; ok && i < c->slot_count; i++)
		ok = visit(c, &c->slots[i], ready[i].revents, err);
	free(ready);
	return ok;
}
