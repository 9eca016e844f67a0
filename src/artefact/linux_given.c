/*
 * What starts nothing by itself and gives something: units that are to be switched on, folders
 * that others may reach, sessions without a logon; and small tables that choose code.
 */
#include "artefact/linux.h"

/* Entries that give a right and name no program. */
static void give(struct linux_text *t, const char *what, const char *technique, struct span name, struct span command)
{
	linux_autostart(t, &(struct linux_entry){ .what = what, .technique = technique, .name = name,
		.command = command, .program = SPAN("ALL") });
}

/* Files that give something by lying where they lie. */
#define GRANTS(X) \
	X("credential", "T1098", "etc/credstore/*|etc/credstore.encrypted/*|run/credstore/*|usr/lib/credstore/*|" \
	  "usr/local/lib/credstore/*") \
	X("account record", "T1136.001", "etc/userdb/*|run/userdb/*|usr/lib/userdb/*|usr/local/lib/userdb/*") \
	X("package key", "T1195.002", "etc/apt/trusted.gpg|etc/apt/trusted.gpg.d/*|etc/apt/keyrings/*|" \
	  "usr/share/keyrings/*|etc/pki/rpm-gpg/*|etc/apk/keys/*") \
	X("package source", "T1195.002", "etc/apt/preferences|etc/apt/preferences.d/*")

#define PATHS(what, technique, paths) "|" paths
#define ROW(what, technique, paths) { what, technique, paths },

/* The first is one of the table once more: a list begins without a bar. */
const char linux_grant_paths[] = "etc/apt/trusted.gpg" GRANTS(PATHS);

bool linux_grant(const struct artefact *a, struct err *err)
{
	static const struct { const char *what, *technique, *paths; } grants[] = { GRANTS(ROW) };
	struct linux_text t = linux_text_of(a);

	for (size_t i = 0; a->bytes.len && i < sizeof grants / sizeof *grants; i++)
		if (artefact_path_matches(grants[i].paths, a->path))
			give(&t, grants[i].what, grants[i].technique, a->name, a->name);
	linux_text_free(&t);
	return true;
}

/* systemd.preset(5): "enable x.service", obeyed at the first start and when packages are set up. */
bool linux_preset(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span rest = line, verb = linux_word(&rest), unit = linux_word(&rest);

		if (span_eq(verb, SPAN("enable")) && unit.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "unit preset", .technique = "T1543.002",
				.name = unit, .command = line, .program = unit });
	}
	linux_text_free(&t);
	return true;
}

/* ---- folders that others may reach ---- */

/* exports(5): "/folder client(options) …". */
bool linux_exports(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_joined(&t, &line)) {
		struct span rest = line, folder = linux_word(&rest);

		give(&t, "network share", "T1021", linux_unquote(folder), line);
	}
	linux_text_free(&t);
	return true;
}

/* smb.conf: the path of each section but those that every Samba has. */
bool linux_samba(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value, section = { 0 };

	while (linux_next_entry(&t, &line)) {
		if (line.at[0] == '[')
			section = span_sub(span_from(line, 1), 0, span_find_byte(span_from(line, 1), 0, ']'));
		else if (line.at[0] != ';' && linux_pair(line, &key, &value) && span_is_one_of_nocase(key, "path|directory") &&
			 !span_is_one_of_nocase(section, "global|homes|printers|print$"))
			give(&t, "network share", "T1021.002", section, line);
	}
	linux_text_free(&t);
	return true;
}

/* ---- accounts ---- */

/* An empty file with the name of a user, whose units are started with the machine. */
bool linux_lingering(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);

	linux_autostart(&t, &(struct linux_entry){ .what = "lingering user", .technique = "T1543.002", .name = a->name,
		.user = a->name, .program = SPAN("ALL") });
	linux_text_free(&t);
	return true;
}

/* ---- tables that choose code ---- */

/* gconv-modules: "module FROM TO FILE COST"; a file with a folder in its name is none of the C library's. */
bool linux_conversions(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	linux_vouch(&t);
	while (linux_next_entry(&t, &line)) {
		struct span rest = line, verb = linux_word(&rest), file;

		linux_word(&rest);
		linux_word(&rest);
		file = linux_word(&rest);
		if (span_eq(verb, SPAN("module")) && span_find_byte(file, 0, '/') != SIZE_MAX)
			linux_autostart(&t, &(struct linux_entry){ .what = "library path", .technique = "T1574",
				.name = a->name, .command = line, .program = file });
	}
	linux_text_free(&t);
	return true;
}

/* A record of binfmt-support: package, type, offset, magic, mask, interpreter, … a line each. */
bool linux_format_record(const struct artefact *a, struct err *err)
{
	enum { INTERPRETER_LINE = 6 };
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next(&t, &line))
		if (t.line == INTERPRETER_LINE && linux_is_elsewhere(line))
			linux_autostart(&t, &(struct linux_entry){ .what = "binary format", .technique = "T1546",
				.name = a->name, .command = line, .program = line });
	linux_text_free(&t);
	return true;
}

/* X11's default-display-manager: one path; Debian's own programs are chosen there by questions. */
bool linux_display_manager(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line))
		if (linux_is_elsewhere(line))
			linux_autostart(&t, &(struct linux_entry){ .what = "x session", .technique = "T1547.013",
				.name = a->name, .command = line, .program = line, .user = SPAN("root") });
	linux_text_free(&t);
	return true;
}

/* The first absolute path of a line that lies where the system keeps neither programs nor data. */
static struct span path_elsewhere(struct span line)
{
	static const char *const own[] = { "/etc/", "/var/", "/run/", "/dev/null", "/proc/", "/sys/", "/lib/", "/lib64/",
					   "/home", "/" };
	size_t at = 0;

	while ((at = span_find_byte(line, at, '/')) != SIZE_MAX) {
		struct span path = span_from(line, at);
		size_t end = 0, i = 0;
		bool is_start = !at || (strchr(" \t\"'=:(`", line.at[at - 1]) && !span_starts(path, SPAN("//")));

		while (end < path.len && path.at[end] && !strchr(" \t\"'`;|&()<>,:", path.at[end]))
			end++;
		path = span_sub(path, 0, end);
		while (i < sizeof own / sizeof *own && !(span_starts(path, span_text(own[i])) &&
							 (strlen(own[i]) > 1 || path.len == 1)))
			i++;
		if (is_start && linux_is_elsewhere(path) && i == sizeof own / sizeof *own)
			return path;
		at += end + !end;
	}
	return (struct span){ 0 };
}

/* etc/default and etc/sysconfig: what services are given, and what shells take with "." or run; grub is no service. */
bool linux_service_settings(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, path;

	while (!span_eq(a->name, SPAN("grub")) && linux_next_joined(&t, &line)) {
		if (span_starts(line, SPAN("export ")))
			line = span_trim(span_from(line, 7));
		path = path_elsewhere(line);
		if (!linux_tell_assignments(&t, (struct span){ 0 }, line) && path.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "service settings", .technique = "T1543.002",
				.name = a->name, .command = line, .program = path });
	}
	linux_text_free(&t);
	return true;
}

/* ---- defences of the kernel ---- */

/* sysctl.d(5): values that take a defence away. */
bool linux_sysctl(const struct artefact *a, struct err *err)
{
	static const char *const off[] = { "kernel.randomize_va_space=0", "vm.mmap_min_addr=0", "fs.protected_symlinks=0",
					   "fs.protected_hardlinks=0", "kernel.yama.ptrace_scope=0",
					   "kernel.unprivileged_bpf_disabled=0" };
	struct linux_text t = linux_text_of(a);
	struct span line, key, value;

	while (linux_next_entry(&t, &line)) {
		struct span whole;

		if (!linux_pair(line, &key, &value))
			continue;
		key = span_from(key, key.at[0] == '-');
		whole = arena_printf(a->arena, "%.*s=%.*s", SPAN_ARG(span_sub(key, 0, 100)),
				     SPAN_ARG(span_sub(value, 0, 100)));
		for (size_t i = 0; i < sizeof off / sizeof *off; i++)
			if (span_eq(whole, span_text(off[i])))
				linux_setting(&t, "kernel parameter", key, line, "T1562.001");
	}
	linux_text_free(&t);
	return true;
}

bool linux_selinux(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value;

	while (linux_next_entry(&t, &line))
		if (linux_pair(line, &key, &value) && span_eq(key, SPAN("SELINUX")))
			linux_setting(&t, "selinux", key, value, span_eq(value, SPAN("enforcing")) ? NULL : "T1562.001");
	linux_text_free(&t);
	return true;
}
