#include "artefact/linux_link.h"

#include "artefact/artefact.h"

static const struct kind {
	const char *paths, *what, *technique;
	enum {
		ANYWHERE,
		ELSEWHERE,		/* only where it leads out of the system's own folders */
		NOT_PACKAGED,		/* or where no package puts programs and libraries: /usr/local, /var/lib */
	} leads;
} kinds[] = {
	{ "systemd/system/*.wants/*|systemd/system/*.requires/*|systemd/user/*.wants/*|"
	  "systemd/user/*.requires/*", "unit link", "T1543.002", ANYWHERE },
	{ "etc/rc*.d/S*|etc/rc.d/rc*.d/S*|etc/runlevels/*/*|etc/init.d/rc*.d/S*", "rc link", "T1037.004", ANYWHERE },
	{ "usr/local/bin/*|usr/local/sbin/*", "program link", "T1574", ELSEWHERE },
	{ "etc/alternatives/*|usr/bin/*|usr/sbin/*", "program link", "T1574", NOT_PACKAGED },
	{ "usr/lib/*.so*|usr/lib64/*.so*|usr/lib/*/*.so*|usr/lib/*/security/*.so", "library link", "T1574.006",
	  NOT_PACKAGED },
	/* What lies there is run, loaded or obeyed; the text that the link leads to is not read as such. */
	{ "etc/crontab|etc/cron.d/*|etc/cron.hourly/*|etc/cron.daily/*|etc/cron.weekly/*|etc/cron.monthly/*|"
	  "var/spool/cron/*|var/spool/cron/crontabs/*", "start link", "T1053.003", ELSEWHERE },
	{ "etc/profile|etc/profile.d/*|etc/bash.bashrc|.bashrc|.profile|.bash_profile|.zshrc|.bash_aliases", "start link",
	  "T1546.004", ELSEWHERE },
	{ "systemd/system/*.service|systemd/system/*.timer|systemd/system/*.target|systemd/system/*.socket|"
	  "systemd/system/*.path|systemd/system/*.d/*|systemd/system-generators/*", "start link", "T1543.002", ELSEWHERE },
	{ ".ssh/authorized_keys|.ssh/authorized_keys2|etc/ssh/sshd_config.d/*|etc/ssh/sshd_config", "start link",
	  "T1098.004", ELSEWHERE },
	{ "etc/pam.d/*|etc/sudoers.d/*|etc/sudoers|etc/polkit-1/rules.d/*", "start link", "T1548", ELSEWHERE },
	{ "etc/init.d/*|etc/rc.local|etc/update-motd.d/*|etc/apt/apt.conf.d/*|etc/udev/rules.d/*|etc/modprobe.d/*|"
	  "etc/modules-load.d/*|etc/ld.so.preload|etc/ld.so.conf.d/*|etc/xdg/autostart/*|.config/autostart/*|"
	  "etc/logrotate.d/*|etc/NetworkManager/dispatcher.d/*|etc/network/if-up.d/*|*.git/hooks/*", "start link",
	  "T1546", ELSEWHERE },
};

/* "../../opt/x": up, and down again into a folder that no system keeps its own files in. */
static bool climbs_elsewhere(struct span target)
{
	static const char *const others[] = { "opt/", "tmp/", "home/", "root/", "srv/", "mnt/", "media/", "dev/shm/",
					      "var/tmp/", "var/www/" };
	bool is_up = false;

	for (; span_starts(target, SPAN("../")); target = span_from(target, 3))
		is_up = true;
	for (size_t i = 0; is_up && i < sizeof others / sizeof *others; i++)
		if (span_starts(target, span_text(others[i])))
			return true;
	return false;
}

static bool is_packaged_place(struct span target)
{
	return !span_starts(target, SPAN("/usr/local/")) && !span_starts(target, SPAN("/var/lib/"));
}

static bool leads_elsewhere(struct span target)
{
	static const char *const own[] = { "/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/etc/", "/var/lib/", "/run/",
					   "/proc/", "/dev/", "/nix/", "/snap/" };

	if (span_starts(target, SPAN("/dev/shm/")))
		return true;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (span_starts(target, span_text(own[i])))
			return false;
	return climbs_elsewhere(target) || (target.len && target.at[0] == '/');
}

/* Where the machine's own path begins in that of an item. */
static const char *const starts[] = { "/etc/", "/usr/lib/", "/usr/bin/", "/usr/sbin/", "/usr/local/", "/lib/systemd/",
				      "/run/systemd/", "/var/spool/", "/home/", "/root/" };

struct span linux_link_of_reason(struct span reason)
{
	static const char *const words[] = { "symbolic link to ", "link to " };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_starts(reason, span_text(words[i])))
			return span_from(reason, strlen(words[i]));
	return (struct span){ 0 };
}

static void add_part(struct buf *to, size_t from, struct span part)
{
	if (!part.len || span_eq(part, SPAN(".")))
		return;
	if (!span_eq(part, SPAN(".."))) {
		buf_text(to, "/");
		buf_add(to, part);
		return;
	}
	while (to->len > from && to->at[to->len - 1] != '/')
		to->len--;
	to->len -= to->len > from;
}

bool linux_link_resolve(struct span path, struct span target, struct buf *to)
{
	size_t from = to->len, end = path.len;
	struct span folder;

	while (end && path.at[end - 1] != '/')
		end--;
	folder = span_sub(path, 0, end);
	while (folder.len && !(target.len && target.at[0] == '/'))
		add_part(to, from, span_split(&folder, '/'));
	while (target.len)
		add_part(to, from, span_split(&target, '/'));
	return !to->overflow;
}

/* The part of an item's path that is the link's own on its machine. */
static struct span on_machine(struct span path)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		size_t at = SIZE_MAX, next = span_find(path, 0, span_text(starts[i]));

		for (; next != SIZE_MAX; next = span_find(path, next + 1, span_text(starts[i])))
			at = next;
		if (at < best)
			best = at;
	}
	return best == SIZE_MAX ? path : span_from(path, best);
}

bool linux_link_trace(struct span path, struct span target, struct buf *room, struct trace *out)
{
	size_t name = path.len;

	if (!target.len || span_eq(target, SPAN("/dev/null")))
		return false;
	while (name && path.at[name - 1] != '/')
		name--;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!artefact_path_matches(kinds[i].paths, path) ||
		    (kinds[i].leads && !leads_elsewhere(target) &&
		     (kinds[i].leads == ELSEWHERE || is_packaged_place(target))))
			continue;
		buf_clear(room);
		*out = trace_new(TRACE_AUTOSTART, kinds[i].what);
		out->technique = span_text(kinds[i].technique);
		out->path = path;
		out->name = span_from(path, name);
		out->command = target;
		out->program = linux_link_resolve(on_machine(path), target, room) ? buf_span(room) : target;
		out->source = SPAN("symbolic link");
		out->of_place = true;
		return true;
	}
	return false;
}
