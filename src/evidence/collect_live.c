/* What only the running kernel knows, as text of its own, put into sections "NAME LENGTH\nBYTES\n". */
#include "evidence/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROC_TEXT_MOST ((size_t)8 << 20)	/* of one file of /proc */
#define FDS_MOST 65536
#define PROCESSES_MOST 400000

struct live {
	struct collection *c;
	const struct collect_options *options;
	struct buf text, part, owners;
	char path[PATH_MAX];
	bool is_denied;
};

/* A file of /proc or /sys: its size is only known at its end. */
static bool read_text(struct live *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : 1;

	buf_clear(&l->part);
	l->is_denied |= fd < 0 && (errno == EACCES || errno == EPERM);
	while (got > 0) {
		uint8_t *room = buf_reserve(&l->part, 1 << 16);

		got = room ? read(fd, room, 1 << 16) : 0;
		if (got > 0)
			l->part.len += (size_t)got;
	}
	l->is_denied |= fd >= 0 && got < 0 && (errno == EACCES || errno == EPERM);
	if (fd >= 0)
		close(fd);
	return l->part.len;
}

static void add_section(struct live *l, const char *name, struct span bytes)
{
	buf_printf(&l->text, "%s %zu\n", name, bytes.len);
	buf_add(&l->text, bytes);
	buf_add_u8(&l->text, '\n');
}

static void add_file(struct live *l, const char *name, const char *path)
{
	if (read_text(l, path))
		add_section(l, name, buf_span(&l->part));
}

static bool read_link(struct live *l, const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target);

	buf_clear(&l->part);
	l->is_denied |= len < 0 && (errno == EACCES || errno == EPERM);
	return len > 0 && buf_add(&l->part, span_of(target, (size_t)len));
}

static const char *in_process(struct live *l, const char *pid, const char *name)
{
	snprintf(l->path, sizeof l->path, "/proc/%s/%s", pid, name);
	return l->path;
}

/* Names, and what decides which code a program loads; everything else may be a secret. */
static void add_environment(struct live *l, const char *pid)
{
	struct buf kept = buf_new(PROC_TEXT_MOST);
	struct span rest;

	if (!read_text(l, in_process(l, pid, "environ")))
		return;
	rest = buf_span(&l->part);
	while (rest.len) {
		struct span one = span_split(&rest, 0);
		size_t equals = span_find_byte(one, 0, '=');

		if (equals == SIZE_MAX)
			continue;
		buf_add(&kept, span_starts(one, SPAN("LD_")) ? one : span_sub(one, 0, equals + 1));
		buf_add_u8(&kept, 0);
	}
	add_section(l, "environ", buf_span(&kept));
	buf_free(&kept);
}

/* "3 socket:[123]" a line; sockets also go to the list of owners. */
static void add_descriptors(struct live *l, const char *pid)
{
	struct buf list = buf_new(PROC_TEXT_MOST);
	DIR *folder = opendir(in_process(l, pid, "fd"));
	struct dirent *entry;
	size_t count = 0;
	char name[64];

	l->is_denied |= !folder && (errno == EACCES || errno == EPERM);
	while (folder && (entry = readdir(folder)) && count++ < FDS_MOST) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "fd/%.20s", entry->d_name);
		if (!read_link(l, in_process(l, pid, name)))
			continue;
		buf_printf(&list, "%.20s %.*s\n", entry->d_name, SPAN_ARG(buf_span(&l->part)));
		if (span_starts(buf_span(&l->part), SPAN("socket:[")))
			buf_printf(&l->owners, "%.*s %s\n", SPAN_ARG(buf_span(&l->part)), pid);
	}
	if (folder)
		closedir(folder);
	add_section(l, "fd", buf_span(&list));
	buf_free(&list);
}

static bool take_process(struct live *l, const char *pid, struct err *err)
{
	static const char *const links[] = { "exe", "cwd", "root" };
	static const char *const files[] = { "cmdline", "status", "stat", "maps", "cgroup", "loginuid" };

	buf_clear(&l->text);
	l->is_denied = false;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (read_link(l, in_process(l, pid, links[i])))
			add_section(l, links[i], buf_span(&l->part));
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		add_file(l, files[i], in_process(l, pid, files[i]));
	add_environment(l, pid);
	add_descriptors(l, pid);
	if (l->is_denied)
		add_section(l, "denied", SPAN("1"));
	snprintf(l->path, sizeof l->path, "/proc/%s/kanshiki.process", pid);
	return collection_add_bytes(l->c, span_text(l->path), buf_span(&l->text), true, err);
}

static bool is_number(const char *text)
{
	for (; *text; text++)
		if (*text < '0' || *text > '9')
			return false;
	return true;
}

static bool take_processes(struct live *l, struct err *err)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;
	bool ok = true;

	if (!proc)
		return collection_note(l->c, SPAN("/proc"), NULL, "cannot be read", COLLECTION_UNREADABLE, err);
	while (ok && (entry = readdir(proc)) && count < PROCESSES_MOST) {
		if (collection_is_over(l->c)) {
			ok = collection_note(l->c, SPAN("/proc"), NULL, "not all processes: the time was over",
					     COLLECTION_TIME, err);
			break;
		}
		if (is_number(entry->d_name)) {
			count++;
			ok = take_process(l, entry->d_name, err) &&
			     (!l->options->progress ||
			      l->options->progress(l->options->context, span_text(l->path)) ||
			      err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "stopped"));
		}
	}
	closedir(proc);
	return ok;
}

static bool take_sockets(struct live *l, struct err *err)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet" };
	char path[64];

	buf_clear(&l->text);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		snprintf(path, sizeof path, "/proc/net/%s", tables[i]);
		add_file(l, tables[i], path);
	}
	add_section(l, "owners", buf_span(&l->owners));
	return collection_add_bytes(l->c, SPAN("/proc/kanshiki.sockets"), buf_span(&l->text), false, err);
}

/* Modules that the kernel keeps a folder for: a hidden one is missing in /proc/modules alone. */
static bool take_modules(struct live *l, struct err *err)
{
	struct buf names = buf_new(PROC_TEXT_MOST);
	DIR *folder = opendir("/sys/module");
	struct dirent *entry;

	buf_clear(&l->text);
	add_file(l, "modules", "/proc/modules");
	while (folder && (entry = readdir(folder))) {
		snprintf(l->path, sizeof l->path, "/sys/module/%.200s/initstate", entry->d_name);
		if (entry->d_name[0] != '.' && !access(l->path, F_OK))
			buf_printf(&names, "%s\n", entry->d_name);
	}
	if (folder)
		closedir(folder);
	add_section(l, "sys", buf_span(&names));
	add_file(l, "tainted", "/proc/sys/kernel/tainted");
	buf_free(&names);
	return collection_add_bytes(l->c, SPAN("/proc/kanshiki.modules"), buf_span(&l->text), false, err);
}

static bool take_kernel(struct live *l, struct err *err)
{
	static const char *const files[] = { "/proc/sys/kernel/hostname", "/proc/version", "/proc/cmdline",
		"/proc/uptime", "/proc/mounts", "/proc/net/arp", "/proc/net/route", "/proc/net/dev",
		"/proc/net/unix", "/proc/swaps", "/proc/partitions", "/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe", "/proc/sys/net/ipv4/ip_forward" };
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof files / sizeof *files; i++)
		if (read_text(l, files[i]))
			ok = collection_add_bytes(l->c, span_text(files[i]), buf_span(&l->part), false, err);
	return ok;
}

bool collect_live(struct collection *c, const struct collect_options *options, struct err *err)
{
	struct live *l = calloc(1, sizeof *l);
	bool ok;

	if (!l)
		return err_errno(err, ENOMEM, "cannot collect");
	l->c = c;
	l->options = options;
	l->text = buf_new(PROC_TEXT_MOST * 4);
	l->part = buf_new(PROC_TEXT_MOST);
	l->owners = buf_new(PROC_TEXT_MOST * 2);
	ok = take_processes(l, err) && take_sockets(l, err) && take_modules(l, err) &&
	     take_kernel(l, err);
	buf_free(&l->text);
	buf_free(&l->part);
	buf_free(&l->owners);
	free(l);
	return ok;
}
