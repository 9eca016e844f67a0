/* Who may use the machine, what it is called, and settings that weaken it. */
#include "artefact/linux.h"

#include "artefact/tell.h"

#include <stdio.h>

#define ACCOUNTS_MOST 100000

/* ---- accounts ---- */

struct account {
	struct span name, password, uid, gid, text, home, shell;
};

static bool take_account(struct span line, struct account *out)
{
	*out = (struct account){ 0 };
	out->name = span_split(&line, ':');
	out->password = span_split(&line, ':');
	out->uid = span_split(&line, ':');
	out->gid = span_split(&line, ':');
	out->text = span_split(&line, ':');
	out->home = span_split(&line, ':');
	out->shell = line;
	return out->name.len && out->uid.len;
}

static bool may_log_in(struct span shell)
{
	return shell.len && !span_ends(shell, SPAN("nologin")) && !span_ends(shell, SPAN("/false")) &&
	       !span_ends(shell, SPAN("/sync"));
}

/* A shell that lies where no shell does is started at each logon. */
static void tell_shell(struct linux_text *t, const struct account *one)
{
	static const char *const folders[] = { "/bin/", "/sbin/", "/usr/", "/run/current-system/", "/opt/homebrew/" };

	if (!one->shell.len || one->shell.at[0] != '/')
		return;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (span_starts(one->shell, span_text(folders[i])))
			return;
	linux_autostart(t, &(struct linux_entry){ .what = "login shell", .technique = "T1546.004", .name = one->name,
		.command = one->shell, .program = one->shell, .user = one->name });
}

/*
 * Debian's and Red Hat's accounts of services, none of which anybody logs in to; others,
 * as those of databases, have shells by right.
 */
static bool is_service(struct span name)
{
	static const char names[] = "daemon|bin|sys|games|man|lp|mail|news|uucp|proxy|www-data|backup|list|irc|gnats|"
		"nobody|_apt|sshd|messagebus|syslog|ntp|ftp|apache|nginx|http|dbus|tcpdump|systemd-network|"
		"systemd-resolve|systemd-timesync|systemd-journal|avahi|polkitd|rtkit|uuidd|statd|_chrony";

	return span_is_one_of(name, names);
}

bool account_passwd(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;
	struct account one;

	while (linux_next_entry(&t, &line) && t.line < ACCOUNTS_MOST) {
		struct trace trace = trace_new(TRACE_ACCOUNT, "user");
		struct tell_detail d;

		if (!take_account(line, &one))
			continue;
		tell_detail_begin(&d);
		tell_detail_text(&d, "uid", one.uid);
		tell_detail_text(&d, "gid", one.gid);
		tell_detail_text(&d, "text", one.text);
		tell_detail_text(&d, "shell", one.shell);
		tell_detail_text(&d, "login", may_log_in(one.shell) ? SPAN("shell") : SPAN("none"));
		/* No password at all, or a hash where everybody may read it. */
		if (!one.password.len)
			tell_detail_text(&d, "password", SPAN("empty"));
		else if (one.password.len > 2)
			tell_detail_text(&d, "password", SPAN("hash in passwd"));
		trace.user = trace.name = one.name;
		trace.path = one.home;
		trace.program = one.shell;
		if (span_eq(one.uid, SPAN("0")) && !span_eq(one.name, SPAN("root")))
			trace.technique = SPAN("T1136.001");
		else if (is_service(one.name) && may_log_in(one.shell))
			trace.technique = SPAN("T1098");
		trace.summary = arena_printf(a->arena, "account %.*s, uid %.*s, %s", SPAN_ARG(one.name),
					     SPAN_ARG(one.uid), may_log_in(one.shell) ? "with a shell"
										      : "no shell");
		trace.detail = tell_detail_end(&d, a->arena);
		linux_tell(&t, &trace);
		tell_shell(&t, &one);
	}
	linux_text_free(&t);
	return true;
}

/* "$y$", "$6$" … names the method; the hash itself is never kept. */
static struct span state_of(struct span hash, struct arena *arena)
{
	struct span method = span_from(hash, 1);

	if (!hash.len)
		return SPAN("empty");
	if (hash.at[0] == '!' || hash.at[0] == '*')
		return SPAN("locked");
	if (hash.at[0] != '$')
		return SPAN("set, old crypt");
	method = span_sub(method, 0, span_find_byte(method, 0, '$'));
	return arena_printf(arena, "set, method %.*s", SPAN_ARG(span_sub(method, 0, 16)));
}

bool account_shadow(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line) && t.line < ACCOUNTS_MOST) {
		struct trace trace = trace_new(TRACE_ACCOUNT, "password");
		struct span state;
		uint64_t days;

		trace.user = trace.name = span_split(&line, ':');
		state = state_of(span_split(&line, ':'), a->arena);
		trace.command = state;
		if (span_to_u64(span_split(&line, ':'), &days) && days < 100000) {
			trace.time = timestamp_of_unix((int64_t)days * 86400, 0);
			trace.source = SPAN("shadow, password changed (day)");
		}
		if (span_eq(state, SPAN("empty")))
			trace.technique = SPAN("T1078.003");
		trace.path = a->path;
		trace.summary = arena_printf(a->arena, "password of %.*s: %.*s", SPAN_ARG(trace.user),
					     SPAN_ARG(state));
		linux_tell(&t, &trace);
	}
	linux_text_free(&t);
	return true;
}

/* Groups whose members become root when they like, or read what only root may. */
static bool is_ruling(struct span group)
{
	static const char names[] = "root|sudo|wheel|admin|docker|lxd|incus|incus-admin|disk|shadow|kmem|libvirt";

	return span_is_one_of(group, names);
}

bool account_group(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line) && t.line < ACCOUNTS_MOST) {
		struct span name = span_split(&line, ':'), gid, member;

		span_split(&line, ':');
		gid = span_split(&line, ':');
		while ((member = span_split(&line, ',')).len) {
			struct trace trace = trace_new(TRACE_ACCOUNT, "group");

			trace.name = name;
			trace.user = span_trim(member);
			trace.path = a->path;
			if (is_service(trace.user) && is_ruling(name))
				trace.technique = SPAN("T1098.007");
			trace.summary = arena_printf(a->arena, "%.*s belongs to group %.*s (%.*s)",
						     SPAN_ARG(trace.user), SPAN_ARG(name), SPAN_ARG(gid));
			linux_tell(&t, &trace);
		}
	}
	linux_text_free(&t);
	return true;
}

/* ---- the machine ---- */

static bool tell_host(struct linux_text *t, const char *what, struct span value)
{
	struct trace trace = trace_new(TRACE_HOST, what);

	trace.name = value;
	trace.path = t->a->path;
	trace.summary = value;
	return !value.len || linux_tell(t, &trace);
}

/* One value in one line: hostname, machine-id, timezone, debian_version. */
bool host_value(const struct artefact *a, struct err *err)
{
	static const struct {
		const char *name, *what;
	} files[] = { { "hostname", "name" }, { "machine-id", "machine id" }, { "timezone", "zone" },
		      { "debian_version", "version" }, { "redhat-release", "system" },
		      { "alpine-release", "version" } };
	struct linux_text t = linux_text_of(a);
	struct span line;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (span_eq(a->name, span_text(files[i].name)) && linux_next_entry(&t, &line) &&
		    line.len < 256)
			tell_host(&t, files[i].what, line);
	linux_text_free(&t);
	return true;
}

bool host_release(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value;

	while (linux_next_entry(&t, &line))
		if (linux_pair(line, &key, &value) && span_eq(key, SPAN("PRETTY_NAME")))
			tell_host(&t, "system", linux_unquote(value));
	linux_text_free(&t);
	return true;
}

/* ---- settings ---- */

/* Names that stand for this machine or for no network at all. */
static bool is_usual_name(struct span name)
{
	return span_starts(name, SPAN("localhost")) || span_starts(name, SPAN("ip6-"));
}

/* Where machines get their updates, and defenders theirs. */
static bool is_of_updates(struct span name)
{
	return span_has_any(name, "deb.debian.org|security.debian.org|archive.ubuntu.com|security.ubuntu.com|"
			    "download.fedoraproject.org|mirrorlist.centos.org|cdn.redhat.com|dl-cdn.alpinelinux.org|"
			    "windowsupdate|update.microsoft.com|download.microsoft.com|wdcp.microsoft|"
			    "database.clamav.net|kaspersky|sophos|crowdstrike|sentinelone|mcafee|symantec|trendmicro|"
			    "avast.com|eset.com|bitdefender|malwarebytes|virustotal");
}

bool setting_hosts(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, name;

	while (linux_next_entry(&t, &line)) {
		struct span address = linux_word(&line);

		while ((name = linux_word(&line)).len && name.at[0] != '#')
			if (!is_usual_name(name))
				linux_setting(&t, "hosts entry", name, address, is_of_updates(name) ? "T1562.001" : NULL);
	}
	linux_text_free(&t);
	return true;
}

bool setting_resolver(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line))
		if (span_eq(linux_word(&line), SPAN("nameserver")))
			linux_setting(&t, "dns server", SPAN("nameserver"), line, NULL);
	linux_text_free(&t);
	return true;
}

/* nftables.conf and saved rules of iptables: whether anything in them says what may pass. */
static bool has_rules(const struct artefact *a)
{
	if (span_eq(a->name, SPAN("nftables.conf")))
		return span_has_any(a->bytes, "table |include |add ");
	return !span_starts(a->name, SPAN("rules.")) || span_has_any(a->bytes, "-A |-P |:INPUT");
}

/* Rules as they stand; none at all, or a policy to accept all, turn it off. */
bool setting_firewall(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		/* "ENABLED=no" is how ufw comes, and stays on most machines. */
		bool off = span_starts(line, SPAN("DEFAULT_INPUT_POLICY=\"ACCEPT\""));

		linux_setting(&t, "firewall", a->name, line, off ? "T1562.004" : NULL);
	}
	if (!has_rules(a)) {
		t.line = 0;
		linux_setting(&t, "firewall", a->name, SPAN("no rules"), "T1562.004");
	}
	linux_text_free(&t);
	return true;
}

/* auditd.conf, audit rules, rsyslog and journald: what is written down, and what not. */
bool setting_logging(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		bool off = span_eq(line, SPAN("-D")) || span_starts(line, SPAN("-e 0")) ||
			   span_eq(line, SPAN("Storage=none")) || span_ends(line, SPAN(" stop")) ||
			   span_find(line, 0, SPAN("never,")) != SIZE_MAX;

		if (line.at[0] == '[')
			continue;
		linux_setting(&t, "log settings", a->name, line,
			      off && !span_eq(line, SPAN("-D")) ? "T1562.012" : NULL);
	}
	linux_text_free(&t);
	return true;
}
