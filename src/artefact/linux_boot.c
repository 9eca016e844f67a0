/* What the machine is told when it starts, before or beside systemd. */
#include "artefact/linux.h"

/* ---- the kernel's command line ---- */

static bool is_usual_init(struct span program)
{
	static const char *const usual[] = { "/init", "/sbin/init", "/bin/init", "/usr/sbin/init", "/bin/systemd",
					     "/lib/systemd/systemd", "/usr/lib/systemd/systemd" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (span_eq(program, span_text(usual[i])))
			return true;
	return false;
}

static void tell_parameter(struct linux_text *t, struct span word)
{
	static const char off[] = "audit=0|apparmor=0|selinux=0|enforcing=0|module.sig_enforce=0|lockdown=none|"
				  "systemd.journald.forward_to_syslog=0|ima_appraise=off|systemd.debug-shell=1|"
				  "systemd.debug_shell=1|systemd.debug-shell|rd.break";
	struct span key = word, value;

	if (span_is_one_of(word, off))
		linux_setting(t, "kernel parameter", word, word, "T1562.001");
	if (linux_pair(word, &key, &value) && value.len && value.at[0] == '/' && !is_usual_init(value) &&
	    (span_eq(key, SPAN("init")) || span_eq(key, SPAN("rdinit")) || span_eq(key, SPAN("systemd.run"))))
		linux_autostart(t, &(struct linux_entry){ .what = "kernel command", .technique = "T1542",
			.name = key, .command = word, .program = value, .user = SPAN("root") });
}

/* Words of grub.cfg, of GRUB_CMDLINE_LINUX="…", of entries of systemd-boot and extlinux. */
bool linux_kernel_command(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, word;

	while (linux_next_entry(&t, &line)) {
		size_t quote = span_find_byte(line, 0, '"');

		/* grubenv, as Fedora and its kin have it. */
		if (span_starts(line, SPAN("kernelopts=")))
			line = span_from(line, strlen("kernelopts="));
		if (span_starts(line, SPAN("GRUB_CMDLINE")) && quote != SIZE_MAX)
			line = span_from(line, quote + 1);
		while ((word = linux_word(&line)).len) {
			while (word.len && strchr("\"'", word.at[word.len - 1]))
				word = span_sub(word, 0, word.len - 1);
			tell_parameter(&t, word);
		}
	}
	linux_text_free(&t);
	return true;
}

/* ---- other kinds of init ---- */

/* inittab(5): "id:levels:action:process". */
bool linux_inittab(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span id = span_split(&line, ':');

		span_split(&line, ':');
		if (!span_eq(span_split(&line, ':'), SPAN("initdefault")) && line.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "rc script", .technique = "T1037.004",
				.name = id, .command = line, .user = SPAN("root") });
	}
	linux_text_free(&t);
	return true;
}

/* Upstart's jobs: "exec command"; what stands between "script" and its end is told with the file. */
bool linux_upstart(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_joined(&t, &line)) {
		struct span rest = line, word = linux_word(&rest);

		if (span_eq(word, SPAN("pre-start")) || span_eq(word, SPAN("post-start")))
			word = linux_word(&rest);
		if (span_eq(word, SPAN("exec")) || span_eq(line, SPAN("script")))
			linux_autostart(&t, &(struct linux_entry){ .what = "rc script", .technique = "T1037",
				.name = a->name, .command = line,
				.program = rest.len ? linux_program(rest) : a->path });
	}
	linux_text_free(&t);
	return true;
}

/* ---- files and mounts that appear at each start ---- */

/* tmpfiles.d(5): files written, linked or copied where settings and programs lie. */
bool linux_tmpfiles(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span rest = line, type = linux_word(&rest), path = linux_word(&rest), argument = { 0 };

		if (!strchr("LCwf", type.at[0]) ||
		    !(span_starts(path, SPAN("/etc/")) || span_starts(path, SPAN("/usr/")) ||
		      span_starts(path, SPAN("/proc/sys/")) || span_starts(path, SPAN("/root/")) ||
		      span_starts(path, SPAN("%h/.")) || span_starts(path, SPAN("/var/spool/cron/"))))
			continue;
		for (int i = 0; i < 4 && rest.len; i++)
			linux_word(&rest);
		argument = rest;
		linux_autostart(&t, &(struct linux_entry){ .what = "made at start", .technique = "T1547",
			.name = path, .command = line, .program = argument.len ? linux_program(argument) : path,
			.user = SPAN("root") });
	}
	linux_text_free(&t);
	return true;
}

/* ---- accounts and commands of the first start ---- */

/* sysusers.d(5): "u name 0": an account with the rights of root. */
bool linux_sysusers(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span rest = line, type = linux_word(&rest), name = linux_word(&rest), id = linux_word(&rest);
		struct trace trace = trace_new(TRACE_ACCOUNT, "user");

		id = span_sub(id, 0, span_find_byte(id, 0, ':'));
		if (!span_starts(type, SPAN("u")) || !span_eq(id, SPAN("0")) || span_eq(name, SPAN("root")))
			continue;
		trace.user = name;
		trace.command = line;
		trace.technique = SPAN("T1136.001");
		linux_tell(&t, &trace);
	}
	linux_text_free(&t);
	return true;
}

/* cloud-init: the lists below runcmd and bootcmd. */
bool linux_cloud_config(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, list = { 0 };

	while (linux_next_entry(&t, &line)) {
		if (line.at[0] != '-') {
			list = span_starts(line, SPAN("runcmd:")) || span_starts(line, SPAN("bootcmd:"))
				       ? line : (struct span){ 0 };
			continue;
		}
		if (list.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "rc script", .technique = "T1037.004",
				.name = list, .command = span_trim(span_from(line, 1)), .user = SPAN("root") });
	}
	linux_text_free(&t);
	return true;
}

/* ---- mounts ---- */

/* fstab(5): a folder that is laid over one of the system's own. */
bool linux_fstab(const struct artefact *a, struct err *err)
{
	static const char *const own[] = { "/usr", "/bin", "/sbin", "/lib", "/etc", "/proc", "/var/log" };
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span rest = line, from = linux_word(&rest), to = linux_word(&rest), type = linux_word(&rest);
		struct span options = linux_word(&rest);
		bool is_laid = span_has_any(options, "bind|lowerdir=") || span_eq(type, SPAN("overlay"));

		for (size_t i = 0; is_laid && i < sizeof own / sizeof *own; i++)
			if (span_starts(to, span_text(own[i])) && from.len && from.at[0] == '/') {
				linux_setting(&t, "mount over", to, line, "T1564");
				break;
			}
	}
	linux_text_free(&t);
	return true;
}
