#include "cli/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "evidence/source.h"
#include "evidence/unpack.h"
#include "os/channel.h"
#include "os/sandbox.h"

#define MESSAGE_MAX ((size_t)32 << 10)
#define PATIENCE_MS 2000

struct fence {
	const struct fence_options *options;
	int commands;
	uint8_t message[MESSAGE_MAX + 1];
};

enum message_kind { MESSAGE_FILE, MESSAGE_NAMED, MESSAGE_STREAM, MESSAGE_LINK, MESSAGE_REFUSED,
		    MESSAGE_END, MESSAGE_FAILED };

static bool is_input(const char *path)
{
	return !strcmp(path, "-");
}

/* ---- outside ---- */

static bool send_place(int to, enum message_kind kind, uint64_t size, struct span path,
		       const char *reason, int fd, struct err *err)
{
	struct buf message = buf_new(MESSAGE_MAX);
	bool sent;

	buf_add_u8(&message, (uint8_t)kind);
	buf_add_u64le(&message, size);
	buf_add_u32le(&message, (uint32_t)path.len);
	buf_add(&message, path);
	buf_text(&message, reason);
	sent = message.overflow ? err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a path is too long")
				: channel_send(to, buf_span(&message), &fd, fd >= 0, err);
	buf_free(&message);
	return sent;
}

static bool send_entry(int to, const struct walk_entry *e, const char *root, struct err *err)
{
	const char *reason = e->reason ? e->reason : e->error ? err_number_text(e->error) : "";
	bool sent;

	if (e->kind == WALK_REFUSED || e->kind == WALK_BEYOND ||
	    (e->kind == WALK_FILE && e->fd < 0))
		return send_place(to, MESSAGE_REFUSED, 0, e->path,
				  *reason ? reason : "cannot be opened", -1, err);
	if (e->kind == WALK_LINK)
		return send_place(to, MESSAGE_LINK, 0, e->path, "", -1, err);
	if (e->kind != WALK_FILE)
		return true;
	posix_fadvise(e->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	sent = send_place(to, span_eq(e->path, span_text(root)) ? MESSAGE_NAMED : MESSAGE_FILE,
			  (uint64_t)e->stat.st_size, e->path, "", e->fd, err);
	close(e->fd);
	return sent;
}

static bool send_walk(int to, const char *root, struct err *err)
{
	const struct sources_options options = { .input_bytes = 0 };
	struct sources *sources = sources_open(&root, 1, &options, err);
	struct err gone = { 0 };
	struct place place;
	bool sent = true;

	if (!sources)
		return send_place(to, MESSAGE_FAILED, 0, span_text(root), err->text, -1, &gone);
	while (sent && sources_next(sources, &place, err))
		sent = send_entry(to, &place.entry, root, &gone);
	if (sent && err->code)
		sent = send_place(to, MESSAGE_FAILED, 0, span_text(root), err->text, -1, &gone);
	sources_free(sources);
	return sent;
}

bool fence_is_stream(const char *path)
{
	struct stat st;

	if (is_input(path))
		return fstat(STDIN_FILENO, &st) || !S_ISREG(st.st_mode) ||
		       lseek(STDIN_FILENO, 0, SEEK_CUR) != 0;
	return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

/* A file behind standard input is opened anew: each reader has its own place in it. */
static bool send_input(int to, struct err *err)
{
	int fd = fence_is_stream("-") ? -1 : open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool sent;

	if (fd < 0 || fstat(fd, &st))
		return send_place(to, MESSAGE_STREAM, 0, SPAN("-"), "", STDIN_FILENO, err);
	sent = send_place(to, MESSAGE_NAMED, (uint64_t)st.st_size, SPAN("-"), "", fd, err);
	close(fd);
	return sent;
}

/* Opened without waiting: the wait for somebody who writes is then one that can be told of. */
static int open_pipe(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd written = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return -1;
	if (!poll(&written, 1, PATIENCE_MS)) {
		fprintf(stderr, "kanshiki: waiting: nobody writes to the pipe '%s' yet\n", path);
		while (poll(&written, 1, -1) < 0 && errno == EINTR)
			;
	}
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static bool send_pipe(int to, const char *path, struct err *err)
{
	int fd = open_pipe(path);
	bool sent;

	if (fd < 0)
		return send_place(to, MESSAGE_REFUSED, 0, span_text(path), err_number_text(errno), -1, err);
	sent = send_place(to, MESSAGE_STREAM, 0, span_text(path), "", fd, err);
	close(fd);
	return sent;
}

/* A child that has had enough ends its side; how it ended says the rest. */
static void feed(int to, const char *const *paths, size_t count)
{
	struct err err = { 0 };
	bool sent = true;

	for (size_t i = 0; sent && i < count; i++)
		sent = is_input(paths[i]) ? send_input(to, &err)
		     : fence_is_stream(paths[i]) ? send_pipe(to, paths[i], &err)
						 : send_walk(to, paths[i], &err);
	if (sent)
		send_place(to, MESSAGE_END, 0, SPAN(""), "", -1, &err);
}

static bool are_there(const char *const *paths, size_t count, struct err *err)
{
	struct stat st;

	for (size_t i = 0; i < count; i++)
		if (!is_input(paths[i]) && stat(paths[i], &st))
			return err_errno(err, errno, "%s", paths[i]);
	return true;
}

static bool child_ended(pid_t child, int *code, struct err *err)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, errno, "cannot wait for a process");
	/* Nobody reads the output any more. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
		raise(SIGPIPE);
	*code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "reading was ended by signal %d",
			       WTERMSIG(status));
	return true;
}

bool fence_run(const struct fence_options *options, const char *const *paths, size_t count,
	       fence_fn *inside, void *context, int *code, struct err *err)
{
	int ends[2];
	pid_t child;

	if (!are_there(paths, count, err) || (!options->no_sandbox && !sandbox_available(err)) ||
	    !channel_pair(ends, err))
		return false;
	unpack_prepare();
	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct fence fence = { .options = options, .commands = ends[1] };

		close(ends[0]);
		*code = inside(context, &fence);
		fflush(stdout);
		_exit(*code);
	}
	close(ends[1]);
	if (child > 0)
		feed(ends[0], paths, count);
	close(ends[0]);
	return child > 0 ? child_ended(child, code, err)
			 : err_errno(err, errno, "cannot start a process");
}

/* ---- inside ---- */

bool fence_enter(const struct fence *f, struct err *err)
{
	const struct sandbox_options box = {
		.commands = f->commands, .records = f->options->output,
		.also = { STDERR_FILENO, f->options->also }, .writes_files = true };

	return f->options->no_sandbox || sandbox_enter(&box, err);
}

bool fence_next(struct fence *f, struct fence_place *out, struct err *err)
{
	int fds[CHANNEL_FDS_MAX];
	struct cursor c;
	enum message_kind kind;
	struct span path;
	size_t got;

	if (!channel_receive(f->commands, f->message, MESSAGE_MAX, &got, fds, err))
		return false;
	f->message[got] = 0;
	c = cursor_of(span_of(f->message, got));
	kind = (enum message_kind)cursor_u8(&c);
	*out = (struct fence_place){ .fd = fds[0], .is_stream = kind == MESSAGE_STREAM,
				     .is_named = kind == MESSAGE_NAMED || kind == MESSAGE_STREAM,
				     .size = cursor_u64le(&c) };
	path = cursor_take(&c, cursor_u32le(&c));
	if (c.short_read)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "the process that opens files is gone");
	out->is_link = kind == MESSAGE_LINK;
	out->reason = (const char *)f->message + c.at;
	if (kind == MESSAGE_FAILED)
		return err_set(err, ERR_IO, ERR_NO_OFFSET, "%s", out->reason);
	/* The path is moved to where a NUL can stand behind it. */
	memmove(f->message, path.at, path.len);
	f->message[path.len] = 0;
	out->path = (const char *)f->message;
	return kind != MESSAGE_END;
}
