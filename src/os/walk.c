#include "os/walk.h"

#include "base/arena.h"
#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATH_LIMIT ((size_t)1 << 20)
#define NAMES_LIMIT ((size_t)4 << 30)
#define DEPTH_DEFAULT 200

/* A folder that is being gone through: its names, read at once and sorted. */
struct folder {
	int fd;
	struct arena names;
	char **name;
	size_t count, next;
	size_t path_len;	/* of w->path up to and without the slash */
};

struct walk {
	struct walk_options options;
	struct buf path;
	struct folder *stack;
	size_t depth;
	struct folder beside;	/* of a root that is a file */
	dev_t device;
	bool started;
	char target[PATH_MAX];
};

static int open_beneath(int folder, const char *name, int flags)
{
	struct open_how how = { .flags = (uint64_t)flags,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
					   RESOLVE_BENEATH };
	long fd = syscall(SYS_openat2, folder, name, &how, sizeof how);

	if (fd < 0 && errno == ENOSYS)
		fd = openat(folder, name, flags);
	return (int)fd;
}

/* The root is opened by the path that the user gave; what is below, beneath it. */
static int open_quietly(int folder, const char *name, int flags, bool *atime_may_move)
{
	bool is_root = folder == AT_FDCWD;
	int all = flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_root ? 0 : O_NOFOLLOW);
	int fd = is_root ? open(name, all | O_NOATIME) : open_beneath(folder, name, all | O_NOATIME);

	*atime_may_move = false;
	if (fd < 0 && errno == EPERM) {
		fd = is_root ? open(name, all) : open_beneath(folder, name, all);
		*atime_may_move = fd >= 0;
	}
	return fd;
}

/* Names carry a mark in front: '/' for a folder, which then sorts as its content's paths do. */
static int by_path(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t i = 1;
	uint8_t left, right;

	while (x[i] && x[i] == y[i])
		i++;
	left = (uint8_t)(!x[i] && x[0] == '/' ? '/' : x[i]);
	right = (uint8_t)(!y[i] && y[0] == '/' ? '/' : y[i]);
	return left < right ? -1 : left > right;
}

static char *mark_name(struct arena *a, const struct dirent *entry)
{
	struct span name = arena_printf(a, "%c%s", entry->d_type == DT_DIR ? '/' : ' ',
					entry->d_name);

	return (char *)(uintptr_t)name.at;
}

static bool read_names(struct folder *f)
{
	int fd = dup(f->fd);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t room = 0;
	bool ok = stream;

	while (ok && (errno = 0, entry = readdir(stream))) {
		char **slot;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		slot = arena_push(&f->names, (void **)&f->name, &f->count, &room, sizeof *slot);
		ok = slot && (*slot = mark_name(&f->names, entry));
		if (!ok)
			errno = ENOMEM;
	}
	ok = ok && !errno;
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	if (ok && f->count)
		qsort(f->name, f->count, sizeof *f->name, by_path);
	return ok;
}

static void leave_folder(struct walk *w)
{
	struct folder *f = &w->stack[--w->depth];

	close(f->fd);
	arena_free(&f->names);
}

/* Takes `fd`, which is of a folder. False: errno says why. */
static bool enter_folder(struct walk *w, int fd)
{
	struct folder *f = &w->stack[w->depth++];

	*f = (struct folder){ .fd = fd, .names = arena_new(NAMES_LIMIT), .path_len = w->path.len };
	if (f->path_len == 1 && w->path.at[0] == '/')
		f->path_len = 0;
	if (read_names(f))
		return true;
	leave_folder(w);
	return false;
}

static void refuse(struct walk_entry *out, int number)
{
	out->kind = WALK_REFUSED;
	out->error = number;
	out->reason = err_number_text(number);
}

/* What the kernel shows as files is no evidence on a disk, and reading some of it does something. */
static bool is_of_kernel(int fd)
{
	static const unsigned long types[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
		SECURITYFS_MAGIC, SELINUX_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,
		PSTOREFS_MAGIC, EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC, BINFMTFS_MAGIC, NSFS_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}

static void meet_folder(struct walk *w, int at, const char *name, struct walk_entry *out)
{
	bool ignored;
	int fd;

	out->kind = WALK_BEYOND;
	if (w->depth && w->options.one_file_system && out->stat.st_dev != w->device) {
		out->reason = "another file system (--one-file-system)";
		return;
	}
	if (w->depth == w->options.depth) {
		out->reason = "limit: folders inside folders";
		return;
	}
	fd = open_quietly(at, name, O_DIRECTORY, &ignored);
	if (fd >= 0 && out->stat.st_dev != w->device && is_of_kernel(fd)) {
		close(fd);
		out->kind = WALK_SPECIAL;
		out->reason = "file system of the kernel, not entered unless it is named";
		return;
	}
	if (fd < 0 || !enter_folder(w, fd))
		refuse(out, errno);
	else
		out->kind = WALK_FOLDER;
}

static void meet_file(struct walk *w, int at, const char *name, struct walk_entry *out)
{
	struct stat now;

	out->kind = WALK_FILE;
	if (w->options.list_only)
		return;
	out->fd = open_quietly(at, name, 0, &out->atime_may_move);
	if (out->fd < 0) {
		refuse(out, errno);
	} else if (fstat(out->fd, &now) || now.st_ino != out->stat.st_ino ||
		   now.st_dev != out->stat.st_dev) {
		/* It was exchanged between the look and the opening. */
		close(out->fd);
		out->fd = -1;
		refuse(out, ESTALE);
	}
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/*
 * Reading a link moves its access time, and nothing like O_NOATIME prevents it.
 * Where the mount does not keep access times, or keeps them lazily and this one
 * is recent, it stays where it is.
 */
static bool may_read_link(int at, const struct stat *st)
{
	struct statvfs mount;
	time_t now = time(NULL);

	if (fstatvfs(at, &mount))
		return false;
	if (mount.f_flag & (ST_RDONLY | ST_NOATIME))
		return true;
	return mount.f_flag & ST_RELATIME && is_later(st->st_atim, st->st_mtim) &&
	       is_later(st->st_atim, st->st_ctim) && now - st->st_atim.tv_sec < 23 * 3600;
}

static void meet_link(struct walk *w, int at, const char *name, struct walk_entry *out)
{
	ssize_t len = 0;

	out->kind = WALK_LINK;
	out->reason = "symbolic link";
	if (may_read_link(at, &out->stat))
		len = readlinkat(at, name, w->target, sizeof w->target);
	out->target = span_of(w->target, len > 0 ? (size_t)len : 0);
}

static void meet(struct walk *w, int at, const char *name, struct walk_entry *out)
{
	bool is_root = at == AT_FDCWD;
	mode_t type;

	*out = (struct walk_entry){ .fd = -1, .path = buf_span(&w->path) };
	if (fstatat(at, name, &out->stat, is_root ? 0 : AT_SYMLINK_NOFOLLOW)) {
		refuse(out, errno);
		out->stat = (struct stat){ 0 };
		return;
	}
	if (is_root)
		w->device = out->stat.st_dev;
	type = out->stat.st_mode & S_IFMT;
	out->kind = WALK_SPECIAL;
	if (type == S_IFREG || (type == S_IFBLK && is_root)) {
		meet_file(w, at, name, out);
	} else if (type == S_IFDIR) {
		meet_folder(w, at, name, out);
	} else if (type == S_IFLNK) {
		meet_link(w, at, name, out);
	} else {
		out->reason = type == S_IFIFO ? "named pipe" : type == S_IFSOCK ? "socket"
			    : type == S_IFBLK ? "block device" : type == S_IFCHR ? "character device"
					      : "unknown kind of file";
	}
}

struct walk *walk_open(const char *root, const struct walk_options *options, struct err *err)
{
	struct walk *w = calloc(1, sizeof *w);
	size_t len = strlen(root);
	struct stat st;

	if (stat(root, &st)) {
		err_errno(err, errno, "%s", root);
		free(w);
		return NULL;
	}
	while (len > 1 && root[len - 1] == '/')
		len--;
	if (w) {
		w->options = *options;
		if (!w->options.depth)
			w->options.depth = DEPTH_DEFAULT;
		w->path = buf_new(PATH_LIMIT);
		w->stack = calloc(w->options.depth, sizeof *w->stack);
	}
	if (!w || !w->stack || !buf_add(&w->path, span_of(root, len))) {
		err_errno(err, ENOMEM, "%s", root);
		walk_free(w);
		return NULL;
	}
	return w;
}

bool walk_next(struct walk *w, struct walk_entry *out)
{
	struct folder *f;
	const char *name;

	if (!w->started) {
		w->started = true;
		meet(w, AT_FDCWD, (const char *)w->path.at, out);
		return true;
	}
	while (w->depth && w->stack[w->depth - 1].next == w->stack[w->depth - 1].count)
		leave_folder(w);
	if (!w->depth)
		return false;
	f = &w->stack[w->depth - 1];
	name = f->name[f->next++] + 1;
	w->path.len = f->path_len;
	buf_add_u8(&w->path, '/');
	buf_text(&w->path, name);
	meet(w, f->fd, name, out);
	return true;
}

/* Where the root is a file, its folder is as much the user's word as the file. */
static int open_beside_root(const struct walk *w, const char *name)
{
	struct buf path = buf_new(PATH_LIMIT);
	size_t at = w->path.len;
	int fd = -1;

	while (at && w->path.at[at - 1] != '/')
		at--;
	buf_add(&path, span_sub(buf_span(&w->path), 0, at));
	if (buf_text(&path, name)) {
		fd = open((char *)path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW |
					   O_NOATIME);
		if (fd < 0 && errno == EPERM)
			fd = open((char *)path.at, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
						   O_NOFOLLOW);
	}
	buf_free(&path);
	return fd;
}

/* Never out of what the user named: above the root's own files nothing is looked for. */
static int open_above(const struct walk *w, const char *name)
{
	size_t up = 0;
	bool ignored;

	for (; !strncmp(name, "../", 3); name += 3)
		up++;
	return w->depth > up ? open_quietly(w->stack[w->depth - 1 - up].fd, name, 0, &ignored) : -1;
}

int walk_open_beside(struct walk *w, const char *name, struct stat *st)
{
	bool ignored;
	int fd = !strncmp(name, "../", 3) ? open_above(w, name)
		: w->depth ? open_quietly(w->stack[w->depth - 1].fd, name, 0, &ignored)
			   : open_beside_root(w, name);

	if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Of the folder of a root that is a file: read when it is first asked for. */
static bool enter_beside_root(struct walk *w)
{
	struct buf path = buf_new(PATH_LIMIT);
	size_t at = w->path.len;
	bool ok;

	while (at && w->path.at[at - 1] != '/')
		at--;
	buf_add(&path, at ? span_sub(buf_span(&w->path), 0, at) : SPAN("."));
	w->beside = (struct folder){ .fd = open((char *)path.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME),
				     .names = arena_new(NAMES_LIMIT) };
	ok = path.at && w->beside.fd >= 0 && read_names(&w->beside);
	buf_free(&path);
	return ok;
}

static void leave_beside_root(struct walk *w)
{
	if (w->beside.fd > 0)
		close(w->beside.fd);
	arena_free(&w->beside.names);
	w->beside = (struct folder){ 0 };
}

const char *walk_name_beside(struct walk *w, size_t *at)
{
	const struct folder *f = w->depth ? &w->stack[w->depth - 1] : &w->beside;

	if (!w->depth && !*at) {
		leave_beside_root(w);
		if (!enter_beside_root(w))
			return NULL;
	}
	return *at < f->count ? f->name[(*at)++] + 1 : NULL;
}

void walk_free(struct walk *w)
{
	if (!w)
		return;
	while (w->depth)
		leave_folder(w);
	leave_beside_root(w);
	free(w->stack);
	buf_free(&w->path);
	free(w);
}
