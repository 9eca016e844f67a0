/* Files that tell what happened and what starts, the shortest-lived first. */
#include "evidence/collect.h"

#include "os/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum rule { TAKE_ALL, TAKE_PROGRAMS, TAKE_NAMED, TAKE_RECENT_PROGRAMS };

struct place {
	const char *path;
	enum rule rule;
};

/* In order. Folders with all below them. */
static const struct place places[] = {
	{ "/run/utmp", TAKE_ALL }, { "/run/systemd/transient", TAKE_ALL },
	{ "/run/systemd/generator", TAKE_ALL }, { "/run/systemd/generator.early", TAKE_ALL },
	{ "/run/systemd/generator.late", TAKE_ALL }, { "/run/systemd/system", TAKE_ALL },
	{ "/dev/shm", TAKE_PROGRAMS }, { "/tmp", TAKE_PROGRAMS }, { "/run", TAKE_PROGRAMS },
	{ "/var/tmp", TAKE_PROGRAMS }, { "/var/log", TAKE_ALL },
	{ "/var/spool/cron", TAKE_ALL }, { "/var/spool/at", TAKE_ALL }, { "/etc", TAKE_ALL },
	{ "/root", TAKE_NAMED }, { "/home", TAKE_NAMED },
	{ "/usr/local/lib/systemd", TAKE_ALL }, { "/usr/lib/systemd", TAKE_NAMED },
	{ "/usr/lib/udev/rules.d", TAKE_ALL }, { "/usr/lib/modules-load.d", TAKE_ALL },
	{ "/usr/lib/modprobe.d", TAKE_ALL }, { "/usr/lib/binfmt.d", TAKE_ALL },
	{ "/usr/lib/os-release", TAKE_ALL }, { "/var/lib/docker/containers", TAKE_NAMED },
	{ "/var/lib/dpkg", TAKE_NAMED }, { "/var/lib/rpm", TAKE_ALL },
	{ "/usr/lib/sysimage/rpm", TAKE_ALL }, { "/lib/apk/db", TAKE_ALL },
	{ "/var/www", TAKE_ALL }, { "/srv/www", TAKE_ALL },
	{ "/usr", TAKE_RECENT_PROGRAMS }, { "/opt", TAKE_RECENT_PROGRAMS },
	{ "/srv", TAKE_RECENT_PROGRAMS }, { "/home", TAKE_RECENT_PROGRAMS },
	{ "/root", TAKE_RECENT_PROGRAMS }, { "/var/lib", TAKE_RECENT_PROGRAMS },
};

/* Ends of paths, wherever a whole folder would be too much. */
static const char *const named[] = {
	"/.bash_history", "/.zsh_history", "/.zhistory", "/.ash_history", "/.python_history",
	"/fish/fish_history", "/.mysql_history", "/.psql_history", "/.sqlite_history", "/.viminfo",
	"/.lesshst", "/.wget-hsts", "/.node_repl_history", "/.bashrc", "/.bash_profile", "/.bash_login",
	"/.bash_logout", "/.profile", "/.zshrc", "/.zshenv", "/.zprofile", "/.xprofile", "/.xinitrc",
	"/.ssh/authorized_keys", "/.ssh/authorized_keys2", "/.ssh/rc", "/.ssh/environment",
	"/.ssh/known_hosts", "/.ssh/config", "/.pam_environment", "/.forward", "/.procmailrc",
	"/recently-used.xbel", "/rclone/rclone.conf", "/config.v2.json", "/hostconfig.json",
	".service", ".timer", ".socket", ".path", ".desktop", ".md5sums", "/dpkg/status",
	"/dpkg/diversions",
};

static bool ends_with_one(struct span path, const char *const *ends, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_ends(path, span_text(ends[i])))
			return true;
	return false;
}

static bool is_generator(struct span path)
{
	return span_find(path, 0, SPAN("-generators/")) != SIZE_MAX ||
	       span_find(path, 0, SPAN("/system-sleep/")) != SIZE_MAX ||
	       span_find(path, 0, SPAN("/system-shutdown/")) != SIZE_MAX;
}

/* Keys that would let others in; their public halves say whose they are. */
static bool is_secret(struct span path)
{
	static const char *const ends[] = { "_key", "/id_rsa", "/id_dsa", "/id_ecdsa", "/id_ed25519",
		".pem.key", ".key", "/krb5.keytab", "/random_seed", "/random-seed", "/secrets.ldb",
		"/.credentials" };

	return ends_with_one(path, ends, sizeof ends / sizeof *ends) ||
	       span_find(path, 0, SPAN("/ssl/private/")) != SIZE_MAX ||
	       span_find(path, 0, SPAN("/pki/tls/private/")) != SIZE_MAX ||
	       span_find(path, 0, SPAN("/wireguard/")) != SIZE_MAX;
}

/* "\x7fELF" and "#!": what can be run, whatever its mode says. */
static bool begins_like_program(int fd)
{
	uint8_t start[4] = { 0 };

	return pread(fd, start, sizeof start, 0) > 1 &&
	       (!memcmp(start, "\x7f" "ELF", 4) || !memcmp(start, "#!", 2));
}

static bool is_wanted(const struct collect_options *o, enum rule rule, const struct walk_entry *e)
{
	time_t since = time(NULL) - (time_t)o->recent_seconds;

	switch (rule) {
	case TAKE_ALL:
		return true;
	case TAKE_NAMED:
		return ends_with_one(e->path, named, sizeof named / sizeof *named) || is_generator(e->path);
	case TAKE_PROGRAMS:
		return (e->stat.st_mode & 0111) || begins_like_program(e->fd);
	case TAKE_RECENT_PROGRAMS:
		return (e->stat.st_mtim.tv_sec >= since || e->stat.st_ctim.tv_sec >= since) &&
		       ((e->stat.st_mode & 0111) || begins_like_program(e->fd));
	}
	return false;
}

#define SCRATCH_SHARE 4			/* a quarter of all bytes, and of the time, at most */

struct taking {
	struct collection *c;
	const struct collect_options *options;
	enum rule rule;
	uint64_t recent_bytes;		/* of programs taken for their time alone */
	uint64_t scratch_bytes;		/* of programs in places of scratch */
	uint64_t scratch_end;		/* when these had their share of the time; 0: no end */
	size_t root_len;		/* of options->root, without its last slash */
};

static bool take_file(struct taking *t, struct span path, const struct walk_entry *e, struct err *err)
{
	const struct collection_totals *so_far = collection_totals(t->c);

	if (collection_is_own(t->c, &e->stat) || !is_wanted(t->options, t->rule, e))
		return true;
	if (is_secret(path))
		return collection_note(t->c, path, &e->stat, "left out: a private key or secret", COLLECTION_SECRET, err);
	if (so_far->bytes >= t->options->total_bytes)
		return collection_note(t->c, path, &e->stat, "left out: limit of all bytes", COLLECTION_LIMIT, err);
	if (t->rule == TAKE_RECENT_PROGRAMS && t->recent_bytes > t->options->recent_bytes)
		return collection_note(t->c, path, &e->stat, "left out: limit of changed executables",
				       COLLECTION_LIMIT, err);
	/* Whoever fills /tmp with programs must not keep us from the logs. */
	if (t->rule == TAKE_PROGRAMS && t->scratch_bytes > t->options->total_bytes / SCRATCH_SHARE)
		return collection_note(t->c, path, &e->stat, "left out: limit of executables in odd places",
				       COLLECTION_LIMIT, err);
	t->scratch_bytes += t->rule == TAKE_PROGRAMS ? (uint64_t)e->stat.st_size : 0;
	t->recent_bytes += t->rule == TAKE_RECENT_PROGRAMS ? (uint64_t)e->stat.st_size : 0;
	lseek(e->fd, 0, SEEK_SET);
	return collection_add_file(t->c, path, e->fd, &e->stat, t->options->file_bytes, err);
}

static bool take_entry(struct taking *t, const struct walk_entry *e, struct err *err)
{
	struct span path = span_from(e->path, t->root_len);
	bool all = t->rule == TAKE_ALL;

	switch (e->kind) {
	case WALK_FILE:
		return take_file(t, path, e, err);
	case WALK_LINK:
		return (!all && !is_generator(path) && t->rule != TAKE_NAMED) ||
		       collection_add_link(t->c, path, e->target, &e->stat, err);
	case WALK_REFUSED:
		return (!all && t->rule != TAKE_NAMED) ||
		       collection_note(t->c, path, &e->stat, e->reason ? e->reason : "cannot be read",
				       COLLECTION_UNREADABLE, err);
	case WALK_FOLDER:
	case WALK_SPECIAL:
	case WALK_BEYOND:
		break;
	}
	return true;
}

/* As with bytes: what fills /tmp must not take the time of the logs. */
static bool is_late(const struct taking *t)
{
	return collection_is_over(t->c) ||
	       (t->rule == TAKE_PROGRAMS && t->scratch_end && collection_clock() >= t->scratch_end);
}

static bool take_place(struct taking *t, const struct place *place, struct err *err)
{
	const struct walk_options how = { .one_file_system = true };
	struct err gone = { 0 };
	struct walk_entry e;
	struct walk *walk;
	char path[4096];
	bool ok = true;

	snprintf(path, sizeof path, "%.*s%s", (int)t->root_len, t->options->root, place->path);
	t->rule = place->rule;
	/* Not every machine has every place. */
	walk = walk_open(path, &how, &gone);
	while (ok && walk && walk_next(walk, &e)) {
		bool is_over = is_late(t);

		/* Of this place what is left, of the next ones all: each has its line. */
		ok = is_over ? collection_note(t->c, span_from(e.path, t->root_len), NULL,
					       "not taken from here on: the time was over", COLLECTION_TIME, err)
			     : take_entry(t, &e, err);
		if (e.kind == WALK_FILE && e.fd >= 0)
			close(e.fd);
		if (is_over)
			break;
		if (ok && t->options->progress && !t->options->progress(t->options->context, e.path))
			ok = err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "stopped");
	}
	walk_free(walk);
	return ok;
}

bool collect_files(struct collection *c, const struct collect_options *options, struct err *err)
{
	struct taking t = { .c = c, .options = options, .root_len = strlen(options->root) };
	uint64_t now = collection_clock();
	bool ok = true;

	if (options->end > now)
		t.scratch_end = now + (options->end - now) / SCRATCH_SHARE;
	while (t.root_len && options->root[t.root_len - 1] == '/')
		t.root_len--;
	for (size_t i = 0; ok && i < sizeof places / sizeof *places; i++)
		ok = take_place(&t, &places[i], err);
	return ok;
}
