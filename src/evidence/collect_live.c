/* What only the running kernel knows, as text of its own, put into sections "NAME LENGTH\nBYTES\n". */
#include "evidence/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROC_TEXT_MOST ((size_t)8 << 20)	/* of one file of /proc */
#define FDS_MOST 65536
#define PROCESSES_MOST 400000
#define PROCESS_NUMBERS ((size_t)1 << 22)	/* the kernel has no higher ones */

struct live {
	struct collection *c;
	const struct collect_options *options;
	struct buf text, part, owners;
	char path[PATH_MAX];
	bool is_denied;
	uint8_t *listed;		/* a bit for each number that /proc lists, or NULL: no memory */
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

/* Of a process in another view of the file systems its path says nothing here. */
static bool sees_our_files(struct live *l, const char *pid)
{
	struct stat theirs, ours;

	return !stat(in_process(l, pid, "ns/mnt"), &theirs) && !stat("/proc/self/ns/mnt", &ours) &&
	       theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

/*
 * Whether the path of the program that runs leads to another file now. Of a deleted one an
 * update put a new file in its place; over one that is still there something was mounted.
 */
static void add_program_at_path(struct live *l, const char *pid)
{
	const struct span gone = SPAN(" (deleted)");
	char path[PATH_MAX];
	struct stat running, there;
	struct span exe;
	bool is_gone;

	if (!sees_our_files(l, pid) || !read_link(l, in_process(l, pid, "exe")) || l->part.at[0] != '/')
		return;
	exe = buf_span(&l->part);
	is_gone = span_ends(exe, gone);
	snprintf(path, sizeof path, "%.*s", SPAN_ARG(span_sub(exe, 0, exe.len - (is_gone ? gone.len : 0))));
	if (stat(in_process(l, pid, "exe"), &running))
		return;
	if (is_gone && !stat(path, &there))
		add_section(l, "exe_at_path", SPAN("replaced"));
	else if (!is_gone && (stat(path, &there) || running.st_ino != there.st_ino || running.st_dev != there.st_dev))
		add_section(l, "exe_at_path", SPAN("other"));
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
	add_program_at_path(l, pid);
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

static void note_listed(struct live *l, const char *name)
{
	unsigned long number = strtoul(name, NULL, 10);

	if (l->listed && number < PROCESS_NUMBERS)
		l->listed[number / 8] |= (uint8_t)(1u << number % 8);
}

/* Once more, for those that began meanwhile. */
static void list_again(struct live *l)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (is_number(entry->d_name))
			note_listed(l, entry->d_name);
	if (proc)
		closedir(proc);
}

/* Threads answer to their number, too, and are listed below their process only. */
static bool is_thread(struct live *l, unsigned long number)
{
	char pid[24];
	size_t at;

	snprintf(pid, sizeof pid, "%lu", number);
	if (!read_text(l, in_process(l, pid, "status")))
		return false;
	at = span_find(buf_span(&l->part), 0, SPAN("\nTgid:\t"));
	return at != SIZE_MAX && strtoul((const char *)l->part.at + at + 7, NULL, 10) != number;
}

static bool is_unlisted(struct live *l, unsigned long number)
{
	bool is_listed = l->listed[number / 8] >> number % 8 & 1;

	return !is_listed && (!kill((pid_t)number, 0) || errno == EPERM) && !is_thread(l, number);
}

/* No process has a higher number. */
static unsigned long highest_number(struct live *l)
{
	unsigned long most = 32768;

	if (read_text(l, "/proc/sys/kernel/pid_max") && buf_add_u8(&l->part, 0))
		most = strtoul((const char *)l->part.at, NULL, 10);
	return most < PROCESS_NUMBERS ? most : PROCESS_NUMBERS - 1;
}

/*
 * Processes that answer a signal that is none (kill(2) with 0) and that /proc does not list:
 * what hides a process from all programs that look there. Asked twice, for those that come and go.
 */
static bool take_unlisted(struct live *l, struct err *err)
{
	unsigned long most = highest_number(l);
	struct buf found = buf_new((size_t)1 << 20);

	list_again(l);
	for (unsigned long i = 1; l->listed && i <= most && !collection_is_over(l->c); i++) {
		if (!is_unlisted(l, i))
			continue;
		list_again(l);
		if (is_unlisted(l, i))
			buf_printf(&found, "%lu\n", i);
	}
	buf_clear(&l->text);
	add_section(l, "unlisted", buf_span(&found));
	buf_free(&found);
	return collection_add_bytes(l->c, SPAN("/proc/kanshiki.processes"), buf_span(&l->text), false, err);
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
	l->listed = calloc(1, PROCESS_NUMBERS / 8);
	ok = take_processes(l, err) && take_unlisted(l, err) && take_sockets(l, err) && take_modules(l, err) &&
	     take_kernel(l, err);
	buf_free(&l->text);
	buf_free(&l->part);
	buf_free(&l->owners);
	free(l->listed);
	free(l);
	return ok;
}
