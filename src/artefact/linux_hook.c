/* Scripts that something runs because of where they lie, and start files of shells. */
#include "artefact/linux.h"

#define HOOKS(X) \
	X("rc script", "T1037.004", "etc/rc.local|etc/rc.d/rc.local|etc/init.d/*|etc/rc.d/init.d/*|" \
	  "etc/init.d/*/*|etc/boot.d/*|etc/local.d/*.start|etc/service/*/run|etc/sv/*/run|" \
	  "etc/runit/runsvdir/*/*/run|etc/runit/[123]|etc/s6/*/run|etc/s6-overlay/*/*/run|etc/services.d/*/run|" \
	  "etc/cont-init.d/*|etc/hotplug.d/*/*|var/lib/cloud/instance/scripts/*|" \
	  "var/lib/cloud/instances/*/scripts/*|var/lib/cloud/scripts/per-boot/*|" \
	  "var/lib/cloud/scripts/per-instance/*|var/lib/cloud/scripts/per-once/*") \
	X("cron", "T1053.003", "etc/cron.hourly/*|etc/cron.daily/*|etc/cron.weekly/*|etc/cron.monthly/*|" \
	  "etc/cron.yearly/*|etc/periodic/*/*") \
	X("generator", "T1543.002", "systemd/system-generators/*|systemd/user-generators/*|" \
	  "systemd/system-environment-generators/*|systemd/user-environment-generators/*") \
	X("power hook", "T1546", "systemd/system-sleep/*|systemd/system-shutdown/*|etc/pm/sleep.d/*|" \
	  "usr/lib/pm-utils/*.d/*|etc/acpi/*.sh|etc/acpi/actions/*") \
	X("login banner", "T1546.004", "etc/update-motd.d/*|usr/lib/update-motd.d/*") \
	X("network hook", "T1546", "NetworkManager/dispatcher.d/*|NetworkManager/dispatcher.d/*/*|" \
	  "etc/network/if-up.d/*|etc/network/if-down.d/*|etc/network/if-pre-up.d/*|" \
	  "etc/network/if-post-down.d/*|etc/dhcp/dhclient-enter-hooks.d/*|" \
	  "etc/dhcp/dhclient-exit-hooks.d/*|etc/dhcp/dhclient-exit-hooks|etc/dhcp/dhclient-enter-hooks|etc/ppp/ip-up.d/*|" \
	  "etc/ppp/ip-down.d/*|etc/networkd-dispatcher/*/*|usr/lib/networkd-dispatcher/*/*|" \
	  "etc/wpa_supplicant/*.sh|etc/openvpn/*.sh|etc/ppp/ip-up|etc/ppp/ip-down|etc/ppp/ipv6-up|" \
	  "etc/ppp/ipv6-down|etc/ppp/ip-up.local|etc/dhcpcd.enter-hook|etc/dhcpcd.exit-hook|" \
	  "lib/dhcpcd/dhcpcd-hooks/*") \
	X("log-on script", "T1546", "etc/security/namespace.init|etc/security/namespace.d/*.init|" \
	  "share/libpam-script/pam_script_*") \
	X("pam", "T1556.003", "usr/share/pam-configs/*|etc/security/pam_mount.conf.xml|.pam_mount.conf.xml") \
	X("system extension", "T1543.002", "extension-release.d/extension-release.*|var/lib/extensions/*.raw|" \
	  "etc/extensions/*.raw|run/extensions/*.raw|usr/lib/extensions/*.raw|usr/local/lib/extensions/*.raw|" \
	  "var/lib/confexts/*.raw|etc/confexts/*.raw|run/confexts/*.raw|usr/lib/confexts/*.raw|" \
	  "usr/local/lib/confexts/*.raw|var/lib/portables/*.raw|etc/portables/*.raw|run/portables/*.raw|" \
	  "var/lib/machines/*.raw") \
	X("cron", "T1053.003", "var/spool/fcron/*|etc/fcrontab") \
	X("profile", "T1546.004", ".lessfilter|.envrc|.config/fish/functions/*.fish|share/bash-completion/completions/*|" \
	  ".config/powershell/*profile.ps1|powershell/*/profile.ps1|etc/ksh.kshrc|etc/mkshrc") \
	X("desktop extension", "T1547.013", ".local/share/gnome-shell/extensions/*/extension.js") \
	X("container", "T1546", "etc/libvirt/hooks/*|etc/libvirt/hooks/*.d/*|.docker/cli-plugins/*|" \
	  "usr/libexec/docker/cli-plugins/*|usr/lib/docker/cli-plugins/*|etc/qemu/fsfreeze-hook|" \
	  "etc/qemu/fsfreeze-hook.d/*|etc/vmware-tools/scripts/*/*") \
	X("print filter", "T1547.012", "usr/lib/cups/filter/*|usr/lib/cups/backend/*") \
	X("package hook", "T1546.016", "etc/kernel/*.d/*|usr/share/kernel/*.d/*|" \
	  "etc/needrestart/hook.d/*|etc/needrestart/restart.d/*|usr/lib/apt/methods/*|" \
	  "etc/initramfs/post-update.d/*|usr/lib/kernel/install.d/*|etc/kernel/install.d/*|" \
	  "usr/local/sbin/adduser.local|usr/local/sbin/deluser.local") \
	X("initramfs script", "T1542", "etc/initramfs-tools/hooks/*|etc/initramfs-tools/scripts/*/*|" \
	  "usr/share/initramfs-tools/hooks/*|usr/share/initramfs-tools/scripts/*/*|" \
	  "usr/lib/dracut/modules.d/*/*.sh|etc/grub.d/*|etc/initramfs-tools/conf.d/*|" \
	  "etc/initcpio/hooks/*|etc/initcpio/install/*|usr/lib/initcpio/hooks/*|usr/lib/initcpio/install/*|" \
	  "usr/share/initramfs-tools/conf.d/*") \
	X("x session", "T1547.013", "etc/X11/Xsession.d/*|etc/X11/xinit/xinitrc.d/*|etc/X11/xinit/xinitrc|" \
	  "etc/X11/Xsetup|etc/X11/Xsession|.xserverrc|etc/gdm3/PostSession/*|etc/gdm3/PostLogin/*|" \
	  "etc/gdm3/PreSession/*|etc/gdm3/Init/*|.xinitrc|" \
	  ".xprofile|.xsession|.xsessionrc|.config/openbox/autostart|etc/xdg/openbox/autostart|" \
	  ".config/openbox/environment|.fluxbox/startup|.config/bspwm/bspwmrc|.config/lxsession/*/autostart|" \
	  ".config/autostart.sh|.config/autostart-scripts/*|.config/plasma-workspace/env/*") \
	X("ssh start script", "T1098.004", "etc/ssh/sshrc|.ssh/rc") \
	X("git hook", "T1546", "*.git/hooks/*|git-core/templates/hooks/*") \
	X("polkit", "T1548", "polkit-1/rules.d/*.rules|polkit-1/localauthority/*/*.pkla") \
	X("python start", "T1546.018", "sitecustomize.py|usercustomize.py|" \
	  "*-packages/sitecustomize.pyc|*-packages/usercustomize.pyc") \
	X("perl start", "T1546", "sitecustomize.pl") \
	X("package hook", "T1546.016", "site-packages/dnf-plugins/*.py|usr/lib/yum-plugins/*.py")

/* Of interpreters, browsers and servers: a list of its own, as a text has at most 4095 bytes. */
#define APPLICATION_HOOKS(X) \
	X("script start", "T1546", ".tclshrc|.wishrc|.ghci|.octaverc|.julia/config/startup.jl|.gradle/init.d/*|" \
	  ".ipython/profile_*/startup/*|jenkins/init.groovy.d/*|.lldbinit|.xonshrc") \
	X("browser extension", "T1176", "chrome/extensions/*.json|chromium/extensions/*.json|" \
	  "External Extensions/*.json|firefox*/mozilla.cfg|firefox*/defaults/pref/autoconfig.js") \
	X("web start", "T1505.003", "webapps/*.war|mu-plugins/*.php") \
	X("container", "T1543.005", "etc/libvirt/qemu/autostart/*.xml")

#define PATHS(what, technique, paths) "|" paths
#define ROW(what, technique, paths) { what, technique, paths },

/* The first is one of the table once more: a list begins without a bar. */
const char linux_hook_paths[] = "etc/rc.local" HOOKS(PATHS);
const char linux_application_hook_paths[] = ".tclshrc" APPLICATION_HOOKS(PATHS);

static const struct hook {
	const char *what, *technique, *paths;
} hooks[] = { HOOKS(ROW) APPLICATION_HOOKS(ROW) };

/* Start files of a user are hidden by nature. */
static bool is_hidden(const struct artefact *a)
{
	return a->name.at[0] == '.' && artefact_path_matches("cron.*/*|init.d/*|*.d/*", a->path);
}

bool linux_hook(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);

	/* "README" and samples are there to be read; run-parts passes over ".placeholder". */
	if (!a->bytes.len || is_hidden(a) || span_eq(a->name, SPAN("README")) || span_ends(a->name, SPAN(".sample"))) {
		linux_text_free(&t);
		return true;
	}
	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
		if (artefact_path_matches(hooks[i].paths, a->path)) {
			linux_autostart(&t, &(struct linux_entry){ .what = hooks[i].what,
				.technique = hooks[i].technique, .name = a->name, .program = a->path });
			break;
		}
	linux_text_free(&t);
	return true;
}

/* ---- start files of shells ---- */

/* Words by which a line of a start file does more than to set up a shell. */
static bool does_more(struct span line)
{
	static const char *const words[] = { "curl ", "wget ", "/dev/tcp/", "/dev/udp/", "nc ", "ncat ",
		"socat ", "base64", "eval ", "nohup ", "LD_PRELOAD", "LD_LIBRARY_PATH", "PROMPT_COMMAND",
		"trap ", "alias sudo", "alias su=", "alias ssh", "python", "perl ", "mkfifo", "exec ",
		"/tmp/", "/dev/shm/", "/var/tmp/", "&>", " &", "enable -f", "$(/", "$(~" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_find(line, 0, span_text(words[i])) != SIZE_MAX)
			return true;
	return false;
}

/* Commands in whose place somebody may want another. */
static const char shadowed[] = "sudo|su|ssh|scp|sftp|passwd|login|ps|top|netstat|ss|lsof|who|last|gpg";

static bool is_shadowed(struct span name)
{
	return span_is_one_of(name, shadowed);
}

/* "sudo() {" and "function sudo {": a function that is run in place of a program. */
static bool is_shadow(struct span line)
{
	bool is_said = span_starts(line, SPAN("function "));
	struct span name = span_trim(span_from(line, is_said ? 9 : 0));
	size_t end = 0;

	while (end < name.len && name.at[end] != '(' && name.at[end] != ' ' && name.at[end] != '{')
		end++;
	return (is_said || span_starts(span_trim(span_from(name, end)), SPAN("()"))) &&
	       is_shadowed(span_sub(name, 0, end));
}

/* "alias ls=/opt/x/ls": an alias that names a file outside of the folders of programs. */
static bool is_strange_alias(struct span line)
{
	static const char *const usual[] = { "/bin/", "/sbin/", "/usr/" };
	struct span name, value;

	if (!span_starts(line, SPAN("alias ")) || !linux_pair(span_from(line, 6), &name, &value))
		return false;
	value = linux_unquote(value);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (span_starts(value, span_text(usual[i])))
			return false;
	return value.len && (value.at[0] == '/' || value.at[0] == '~' || span_starts(value, SPAN("./")) ||
			     span_starts(value, SPAN("$HOME/")));
}

/* A shell that keeps no history: HISTFILE without a file, or of no size. */
static bool is_history_off(struct span line)
{
	static const char *const forms[] = { "HISTFILE=/dev/null", "HISTFILE=\"\"", "unset HISTFILE",
		"HISTSIZE=0", "HISTFILESIZE=0", "set +o history", "HISTFILE=''", "fish_history \"\"" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (span_find(line, 0, span_text(forms[i])) != SIZE_MAX)
			return true;
	return false;
}

/* The file itself first: whether it is as its package has it, its digest tells. */
bool linux_shell_start(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct linux_entry entry = { .what = "profile", .technique = "T1546.004", .name = a->name,
				     .program = a->path };
	struct span line;

	if (a->bytes.len)
		linux_autostart(&t, &entry);
	while (linux_next_joined(&t, &line)) {
		if (is_history_off(line))
			linux_setting(&t, "history off", a->name, line, "T1562.003");
		if (!does_more(line) && !is_shadow(line) && !is_strange_alias(line))
			continue;
		entry.command = line;
		entry.program = (struct span){ 0 };
		linux_autostart(&t, &entry);
	}
	linux_text_free(&t);
	return true;
}

/* What an interpreter or a library takes from its environment and runs or loads. */
static bool is_code_variable(struct span name)
{
	static const char *const names[] = { "BASH_ENV", "ENV", "PROMPT_COMMAND", "PERL5OPT", "PERL5LIB", "PERL5DB",
		"RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
		"JDK_JAVA_OPTIONS", "GCONV_PATH", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "SSH_ASKPASS", "SUDO_ASKPASS",
		"LESSOPEN", "LESSCLOSE", "GTK_MODULES", "GTK3_MODULES", "GIO_EXTRA_MODULES", "QT_PLUGIN_PATH",
		"OPENSSL_CONF", "OPENSSL_ENGINES", "ZDOTDIR", "INPUTRC", "R_PROFILE_USER", "JULIA_LOAD_PATH",
		"PAGER", "MANPAGER", "GIT_PAGER", "EDITOR", "VISUAL", "BROWSER" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq(name, span_text(names[i])))
			return true;
	return span_starts(name, SPAN("PYTHON")) || span_starts(name, SPAN("LUA_"));
}

/* "/opt/x": a program of its own, and not the name of one that the system finds. */
bool linux_is_elsewhere(struct span path)
{
	return path.len && path.at[0] == '/' && !span_starts(path, SPAN("/usr/")) && !span_starts(path, SPAN("/bin")) &&
	       !span_starts(path, SPAN("/sbin")) && !span_starts(path, SPAN("/snap/"));
}

/* Editors and pagers are chosen by many: told where one is no program of the system. */
static bool is_chosen_program(struct span name)
{
	return span_eq(name, SPAN("EDITOR")) || span_eq(name, SPAN("VISUAL")) || span_eq(name, SPAN("BROWSER")) ||
	       span_ends(name, SPAN("PAGER"));
}

/* A search path on which anybody may put a program, or one that is searched before the system's. */
static bool is_open_path(struct span name, struct span value)
{
	if (!span_eq(name, SPAN("PATH")))
		return false;
	if (linux_is_elsewhere(value))
		return true;
	while (value.len) {
		struct span folder = span_split(&value, ':');

		if (folder.len && (folder.at[0] == '.' || span_starts(folder, SPAN("/tmp")) ||
				   span_starts(folder, SPAN("/var/tmp")) || span_starts(folder, SPAN("/dev/")) ||
				   span_find(folder, 0, SPAN("/.")) != SIZE_MAX))
			return true;
	}
	return false;
}

bool linux_is_code_variable(struct span name, struct span value)
{
	return span_starts(name, SPAN("LD_")) || is_open_path(name, value) ||
	       (is_code_variable(name) && (!is_chosen_program(name) || linux_is_elsewhere(value)));
}

/* Of a search path the first folder: what lies there goes before all else. */
bool linux_tell_assignments(struct linux_text *t, struct span owner, struct span line)
{
	bool told = false;

	while (line.len) {
		struct span word = linux_unquote(linux_word(&line)), name, value;

		if (!linux_pair(word, &name, &value) || !linux_is_code_variable(name, linux_unquote(value)))
			continue;
		value = linux_unquote(value);
		told = linux_autostart(t, &(struct linux_entry){
			.name = owner.len ? owner : name, .command = owner.len ? word : value,
			.what = span_starts(name, SPAN("LD_")) ? "preload" : "profile",
			.technique = span_starts(name, SPAN("LD_")) ? "T1574.006" : "T1574.007",
			.program = span_sub(value, 0, span_find_byte(value, 0, ':')) }) || told;
	}
	return told;
}

/* NAME=value of /etc/environment, pam_env and environment.d: those that load or find code. */
bool linux_environment(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, name, value;

	while (linux_next_entry(&t, &line)) {
		if (span_starts(line, SPAN("export ")))
			line = span_trim(span_from(line, 7));
		if (!linux_pair(line, &name, &value))
			continue;
		value = linux_unquote(value);
		if (is_history_off(line))
			linux_setting(&t, "history off", name, value, "T1562.003");
		else if (span_starts(name, SPAN("LD_")))
			linux_autostart(&t, &(struct linux_entry){ .what = "preload",
				.technique = "T1574.006", .name = name, .command = value });
		else if (linux_is_code_variable(name, value))
			linux_autostart(&t, &(struct linux_entry){ .what = "profile",
				.technique = "T1546.004", .name = name, .command = value });
		else if (span_ends(name, SPAN("_proxy")) || span_ends(name, SPAN("_PROXY")))
			linux_setting(&t, "proxy", name, value, NULL);
		else
			linux_setting(&t, "environment", name, value, NULL);
	}
	linux_text_free(&t);
	return true;
}
