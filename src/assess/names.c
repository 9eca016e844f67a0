#include "assess/names.h"

#include "assess/coordinator_job.h"
#include "examine/image_part.h"
#include "os/channel.h"
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_CAP ((size_t)1 << 20)
#define PIPE_BYTES (1 << 20)
#define WAIT_MS 1000
/* As in the coordinator: an image may take as long as it is large. */
#define BYTES_A_SECOND ((uint64_t)32 << 20)

struct reading {
	const struct names_options *options;
	struct examine_limits limits;
	struct examiner_options examiner;
	struct sources *sources;
	struct spawner *spawner;
	struct worker worker;
	bool is_alive;
	const struct place *place;
	struct buf path, member, line;
	bool has_failed;		/* a callback did, not the examiner */
	struct err *err;
};

static timestamp time_of(struct timespec t)
{
	return timestamp_of_unix(t.tv_sec, (uint32_t)t.tv_nsec);
}

static void tell(struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct reading *r, const char *format, ...)
{
	struct span path = r->place->entry.path;
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_clear(&r->line);
	buf_add(&r->line, path);
	buf_text(&r->line, text);
	r->options->told(r->options->context, buf_span(&r->line));
}

static bool pass(struct reading *r, const struct names_entry *e)
{
	bool ok = r->options->entry(r->options->context, e, r->err);

	r->has_failed = r->has_failed || !ok;
	return ok;
}

/* ---- what an examiner tells ---- */

/* "disk.raw!/" and a member's path. */
static struct span inside(struct reading *r, struct span member)
{
	buf_clear(&r->path);
	buf_add(&r->path, r->place->entry.path);
	buf_text(&r->path, "!/");
	buf_add(&r->path, member);
	return span_sub(buf_span(&r->path), 0, CASE_PATH_MAX);
}

static bool take_part(void *context, struct tree *t, struct span part, struct err *err)
{
	struct reading *r = context;
	struct cursor from = cursor_of(part);
	struct image_part head;
	struct fs_entry e;

	if (!image_part_read_head(&from, &head, err))
		return false;
	while (head.kind == IMAGE_PART_FILES_OF && head.count--) {
		struct names_entry name = { .source = r->place->source };

		if (!image_part_read_entry(&from, &e, err))
			return false;
		image_part_path(head.name, &e, &r->member);
		name.path = inside(r, buf_span(&r->member));
		name.size = e.size;
		name.modified = e.modified;
		name.changed = e.changed;
		name.accessed = e.accessed;
		name.created = e.created;
		name.mode = e.mode;
		if (!pass(r, &name))
			return false;
	}
	return true;
}

static bool refuse_question(void *context, struct tree *t, uint32_t item, struct err *err)
{
	return err_set(err, ERR_CORRUPT, ERR_NO_OFFSET, "examiner asked of content that it has not");
}

/* Volumes that cannot be read are items of their own; and what went wrong with the rest. */
static bool take_records(struct reading *r, const struct tree *t)
{
	struct span rest = span_sub(buf_span(&t->records), 0, t->checked);
	struct record record;
	struct err ignored;
	bool has_told = false;

	buf_clear(&r->member);
	while (record_read(&rest, &record, &ignored) == RECORD_TAKEN) {
		if (record.type == RECORD_BEGIN && record.begin.path.len) {
			struct names_entry e = { .source = r->place->source, .size = record.begin.size,
				.modified = TIME_NONE, .changed = TIME_NONE,
				.accessed = TIME_NONE, .created = TIME_NONE };

			buf_clear(&r->member);
			buf_add(&r->member, record.begin.path);
			e.path = inside(r, record.begin.path);
			if (!pass(r, &e))
				return false;
		} else if (record.type == RECORD_END && r->member.len) {
			tell(r, "!/%.*s: %.*s", SPAN_ARG(buf_span(&r->member)), SPAN_ARG(record.end.reason));
			buf_clear(&r->member);
			has_told = true;
		} else if (record.type == RECORD_END && !has_told &&
			   !span_eq(record.end.reason, SPAN(EXAMINE_NAMES_ONLY))) {
			tell(r, ": %.*s", SPAN_ARG(record.end.reason));
		}
	}
	return true;
}

/* ---- the examiner ---- */

static void forget(struct reading *r)
{
	if (r->is_alive) {
		close(r->worker.commands);
		close(r->worker.records);
	}
	r->is_alive = false;
}

static bool start(struct reading *r, struct err *err)
{
	if (r->is_alive)
		return true;
	r->is_alive = spawner_spawn(r->spawner, &r->worker, err);
	if (r->is_alive)
		fcntl(r->worker.records, F_SETPIPE_SZ, PIPE_BYTES);
	return r->is_alive;
}

static bool send_command(struct reading *r, struct opened *opened, struct err *err)
{
	const struct stat *st = &r->place->entry.stat;
	struct buf message = buf_new(CHANNEL_MESSAGE_MAX);
	struct command command = {
		.path = r->place->entry.path, .size = (uint64_t)st->st_size,
		.allocated = opened->allocated, .mode = st->st_mode, .is_cut = r->place->is_cut,
		.modified = time_of(st->st_mtim), .changed = time_of(st->st_ctim),
		.accessed = time_of(st->st_atim), .beside_count = (uint32_t)opened->beside_count,
	};
	bool ok;

	if (S_ISBLK(st->st_mode))
		command.size = (uint64_t)lseek(opened->fd, 0, SEEK_END);
	ok = command_write(&message, &command) &&
	     channel_send(r->worker.commands, buf_span(&message), &opened->fd, 1, err) &&
	     opened_send_beside(opened, r->worker.commands, err);
	buf_free(&message);
	return ok;
}

/* How the examiner ended; false where that is of the run, not of the item. */
static bool bury(struct reading *r, struct err *err)
{
	struct pollfd ended = { .fd = spawner_fd(r->spawner), .events = POLLIN };
	struct worker_end end = { 0 };
	bool any = false;

	for (int i = 0; i < 5 && !any; i++) {
		poll(&ended, 1, WAIT_MS);
		if (!spawner_ended(r->spawner, &end, &any, err))
			return false;
		any = any && end.pid == r->worker.pid;
	}
	forget(r);
	if (any && WIFEXITED(end.status) && WEXITSTATUS(end.status) == EXAMINER_EXIT_NO_SANDBOX)
		return err_set(err, ERR_DENIED, ERR_NO_OFFSET, "the sandbox cannot be set up");
	if (any && WIFSIGNALED(end.status))
		tell(r, ": examiner killed by signal %d: not all names are here", WTERMSIG(end.status));
	else
		tell(r, ": the examiner ended: not all names are here");
	return true;
}

static bool condemn(struct reading *r, const char *why, struct err *err)
{
	struct err ignored;

	tell(r, ": %s", why);
	spawner_kill(r->spawner, r->worker.pid, &ignored);
	return bury(r, err);
}

static uint64_t deadline_of(const struct reading *r)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec + r->limits.tree_seconds +
	       (uint64_t)r->place->entry.stat.st_size / BYTES_A_SECOND;
}

static bool is_late(uint64_t deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec > deadline;
}

static bool listen(struct reading *r, struct tree *t, struct err *err)
{
	static uint8_t piece[PIPE_BYTES];
	uint64_t deadline = deadline_of(r);
	struct err wrong;

	while (!t->is_done) {
		struct pollfd ready = { .fd = r->worker.records, .events = POLLIN };
		ssize_t got;

		poll(&ready, 1, WAIT_MS);
		got = read(r->worker.records, piece, sizeof piece);
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (is_late(deadline))
				return condemn(r, "limit: time", err);
			continue;
		}
		if (got <= 0)
			return bury(r, err);
		if (!tree_take(t, span_of(piece, (size_t)got), refuse_question, r, &wrong)) {
			if (r->has_failed)
				return false;
			return condemn(r, wrong.text, err);
		}
	}
	return true;
}

static bool read_file(struct reading *r, struct err *err)
{
	const struct walk_entry *e = &r->place->entry;
	struct opened *opened = opened_new(e->fd, &e->stat);
	struct tree tree;
	bool ok;

	if (!opened)
		return err_errno(err, ENOMEM, "names");
	opened_beside(opened, r->sources, e->path);
	tree_init(&tree, &r->limits, err);
	tree.on_part = take_part;
	ok = start(r, err);
	if (ok && send_command(r, opened, err))
		ok = listen(r, &tree, err);
	else if (ok)
		ok = condemn(r, err->text, err);
	ok = ok && take_records(r, &tree);
	/* The library's memory goes with it. */
	if (tree.is_risky)
		forget(r);
	tree_clear(&tree);
	opened_release(opened);
	return ok;
}

static bool read_place(struct reading *r, struct err *err)
{
	const struct walk_entry *e = &r->place->entry;
	const struct stat *st = &e->stat;
	struct names_entry name = { .source = r->place->source, .path = e->path,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : UINT64_MAX,
		.modified = TIME_NONE, .changed = TIME_NONE, .accessed = TIME_NONE,
		.created = TIME_NONE, .mode = st->st_mode };

	if (e->kind == WALK_FOLDER)
		return true;
	if (st->st_mode) {
		name.modified = time_of(st->st_mtim);
		name.changed = time_of(st->st_ctim);
		name.accessed = time_of(st->st_atim);
	}
	if (!pass(r, &name))
		return false;
	return e->kind != WALK_FILE || e->fd < 0 || read_file(r, err);
}

static bool prepare(struct reading *r, struct err *err)
{
	const struct names_options *o = r->options;
	struct sources_options walk = { .walk = { .depth = o->limits.folder_depth },
					.input_bytes = o->limits.member_bytes };

	if (!o->no_sandbox && !sandbox_available(err))
		return false;
	r->limits = o->limits;
	r->limits.names_only = true;
	r->examiner = (struct examiner_options){ .limits = &r->limits, .no_sandbox = o->no_sandbox };
	examiner_prepare();
	r->sources = sources_open(o->sources, o->source_count, &walk, err);
	r->spawner = r->sources ? spawner_new(examiner_main, &r->examiner, err) : NULL;
	return r->spawner;
}

bool names_read(const struct names_options *options, struct err *err)
{
	struct reading r = { .options = options, .path = buf_new(PATH_CAP), .err = err,
			     .member = buf_new(PATH_CAP), .line = buf_new(PATH_CAP) };
	struct err ended = { 0 };
	struct place place;
	bool ok = prepare(&r, err);

	r.place = &place;
	while (ok && sources_next(r.sources, &place, &ended))
		ok = read_place(&r, err);
	if (ok && ended.code) {
		*err = ended;
		ok = false;
	}
	forget(&r);
	spawner_free(r.spawner);
	sources_free(r.sources);
	buf_free(&r.path);
	buf_free(&r.member);
	buf_free(&r.line);
	return ok;
}
