/* Small tables by which the system loads or runs something: one line, one entry. */
#include "artefact/linux.h"

/* Libraries that every program loads: ld.so(8), separated by space, colon or line. */
bool linux_preload(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, path;

	while (linux_next_entry(&t, &line))
		while ((path = linux_word(&line)).len)
			linux_autostart(&t, &(struct linux_entry){ .what = "preload",
				.technique = "T1574.006", .name = path, .command = path,
				.program = path });
	linux_text_free(&t);
	return true;
}

/* Folders in which libraries are looked for: whoever may write there, or put one there, is loaded. */
bool linux_library_path(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		linux_setting(&t, "library path", a->name, line, NULL);
		if (line.at[0] == '/')
			linux_autostart(&t, &(struct linux_entry){ .what = "library path", .technique = "T1574.006",
				.name = a->name, .command = line, .program = line });
	}
	linux_text_free(&t);
	return true;
}

/* MODE="0666": anybody may write to the device. */
static bool opens_device(struct span key, struct span value)
{
	return span_starts(key, SPAN("MODE")) && span_find(key, 0, SPAN("==")) == SIZE_MAX && value.len > 2 &&
	       strchr("2367", value.at[value.len - 1]);
}

/* RUN+="…", PROGRAM=="…", IMPORT{program}="…" of one rule. */
static void tell_udev(struct linux_text *t, struct span line)
{
	static const char *const keys[] = { "RUN", "PROGRAM", "IMPORT{program}", "ENV{SYSTEMD_WANTS}",
					    "ENV{SYSTEMD_USER_WANTS}" };
	struct span rest = line;

	while (rest.len) {
		size_t quote = span_find_byte(rest, 0, '"');
		size_t end = quote == SIZE_MAX ? SIZE_MAX : span_find_byte(rest, quote + 1, '"');
		struct span key, value;

		if (end == SIZE_MAX)
			return;
		key = span_trim(span_sub(rest, 0, quote));
		value = span_sub(rest, quote + 1, end - quote - 1);
		rest = span_from(rest, end + 1);
		while (key.len && strchr(", \t", key.at[0]))
			key = span_from(key, 1);
		/* "RUN{builtin}" is part of udev itself. */
		if (span_find(key, 0, SPAN("{builtin}")) != SIZE_MAX)
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (span_starts(key, span_text(keys[i])) && value.len)
				linux_autostart(t, &(struct linux_entry){ .what = "udev",
					.technique = "T1546.017", .name = span_text(keys[i]),
					.command = value, .user = SPAN("root") });
		if (opens_device(key, value))
			linux_autostart(t, &(struct linux_entry){ .what = "device mode", .technique = "T1222.002",
				.name = SPAN("MODE"), .command = line, .program = SPAN("ALL") });
	}
}

bool linux_udev(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_joined(&t, &line))
		tell_udev(&t, line);
	linux_text_free(&t);
	return true;
}

bool linux_modules_load(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line))
		if (line.at[0] != ';')
			linux_autostart(&t, &(struct linux_entry){ .what = "module",
				.technique = "T1547.006", .name = line, .command = line,
				.program = line });
	linux_text_free(&t);
	return true;
}

/* "install NAME COMMAND" runs a command in place of loading the module; others load one more beside it. */
bool linux_modprobe(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_joined(&t, &line)) {
		struct span verb = linux_word(&line), name = linux_word(&line);

		if (!span_is_one_of(verb, "install|remove|alias|softdep"))
			continue;
		linux_autostart(&t, &(struct linux_entry){ .what = "module", .technique = "T1547.006",
			.name = name, .command = line, .user = SPAN("root") });
	}
	linux_text_free(&t);
	return true;
}

/* ":name:type:offset:magic:mask:interpreter:flags", the colon being any character. */
bool linux_binary_format(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		uint8_t separator = line.at[0];
		struct span rest = span_from(line, 1), fields[6];

		for (size_t i = 0; i < 6; i++)
			fields[i] = span_split(&rest, separator);
		if (fields[5].len)
			linux_autostart(&t, &(struct linux_entry){ .what = "binary format",
				.technique = "T1546", .name = fields[0], .command = fields[5],
				.program = fields[5] });
	}
	linux_text_free(&t);
	return true;
}

/* Exec= of a desktop entry in an autostart folder. */
bool linux_desktop_entry(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value, user = { 0 };
	struct span folder = linux_part(a->path, 2);

	if (span_eq(folder, SPAN(".config")))
		user = linux_part(a->path, 3);
	while (linux_next_entry(&t, &line))
		if (linux_pair(line, &key, &value) && span_eq(key, SPAN("Exec")))
			linux_autostart(&t, &(struct linux_entry){ .what = "xdg autostart",
				.technique = "T1547.013", .name = a->name, .command = value,
				.user = user });
	linux_text_free(&t);
	return true;
}

/* ---- package managers ---- */

/* Options of apt.conf(5) behind which commands stand, and one that names its programs. */
static const char apt_hooks[] = "Invoke|Install-Pkgs|Proxy-Auto-Detect|ProxyAutoDetect|Dir::Bin::|Planner-Script";

/* What packages and their lists come through, or are looked for in. */
static bool is_apt_source(struct span line)
{
	return (span_has_any(line, "::Proxy \"|::Proxy::") || span_starts(line, SPAN("Proxy \"")) ||
		span_has_any(line, "Dir::Etc::")) && span_find_byte(line, 0, '"') != SIZE_MAX;
}

/* Packages that nobody signed, and servers that nobody vouches for. */
static bool is_unsafe_apt(struct span line)
{
	return span_has_any(line, "AllowUnauthenticated|AllowInsecureRepositories|AllowWeakRepositories|"
			    "AllowDowngradeToInsecureRepositories|Verify-Peer|Verify-Host|Check-Valid-Until") &&
	       span_has_any(line, span_has_any(line, "Verify-|Check-") ? "false|\"0\"|\"no\"" : "true|\"1\"|\"yes\"");
}

/* Texts in quotes that follow the name of a hook. */
bool linux_apt_conf(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, hook = { 0 };

	while (linux_next_entry(&t, &line)) {
		size_t start = 0, end;

		if (span_starts(line, SPAN("//")))
			continue;
		if (is_unsafe_apt(line))
			linux_setting(&t, "package source", a->name, line, "T1195.002");
		else if (is_apt_source(line))
			linux_autostart(&t, &(struct linux_entry){ .what = "package source", .technique = "T1195.002",
				.name = a->name, .command = line, .program = SPAN("ALL") });
		if (span_has_any(line, apt_hooks))
			hook = span_sub(line, 0, span_find_byte(line, 0, '{') < line.len
						 ? span_find_byte(line, 0, '{')
						 : span_find_byte(line, 0, '"'));
		while (hook.len && (start = span_find_byte(line, start, '"')) != SIZE_MAX &&
		       (end = span_find_byte(line, start + 1, '"')) != SIZE_MAX) {
			struct span command = span_sub(line, start + 1, end - start - 1);

			if (command.len > 1)
				linux_autostart(&t, &(struct linux_entry){ .what = "package hook",
					.technique = "T1546.016", .name = span_trim(hook),
					.command = command, .user = SPAN("root") });
			start = end + 1;
		}
		if (span_find_byte(line, 0, '}') != SIZE_MAX || line.at[line.len - 1] == ';')
			hook = span_find_byte(line, 0, '{') != SIZE_MAX &&
			       span_find_byte(line, 0, '}') == SIZE_MAX ? hook : (struct span){ 0 };
	}
	linux_text_free(&t);
	return true;
}

/* "post-invoke=command" of dpkg.cfg, "%_…" hooks are not: rpm has none. */
bool linux_dpkg_conf(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value;

	while (linux_next_entry(&t, &line))
		if (linux_pair(line, &key, &value) && span_ends(key, SPAN("-invoke")))
			linux_autostart(&t, &(struct linux_entry){ .what = "package hook",
				.technique = "T1546.016", .name = key,
				.command = linux_unquote(value), .user = SPAN("root") });
	linux_text_free(&t);
	return true;
}

/* ---- services that run commands of their tables ---- */

static bool begins_script(struct span line)
{
	static const char *const words[] = { "postrotate", "prerotate", "firstaction", "lastaction",
					     "preremove" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_eq(line, span_text(words[i])))
			return true;
	return false;
}

/* "compresscmd /usr/bin/xz": a program in the place of the usual one. */
static void tell_rotation(struct linux_text *t, struct span line)
{
	struct span name = linux_word(&line);

	if (line.len)
		linux_autostart(t, &(struct linux_entry){ .what = "log rotation", .technique = "T1053.003",
			.name = name, .command = line, .user = SPAN("root") });
}

/* Lines between "postrotate" and "endscript", each by itself. */
bool linux_logrotate(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, script = { 0 };

	while (linux_next_entry(&t, &line)) {
		if (span_eq(line, SPAN("endscript")))
			script = (struct span){ 0 };
		else if (begins_script(line))
			script = line;
		else if (span_starts(line, SPAN("compresscmd ")) || span_starts(line, SPAN("uncompresscmd ")) ||
			 span_starts(line, SPAN("mailcmd ")))
			tell_rotation(&t, line);
		else if (script.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "log rotation",
				.technique = "T1053.003", .name = script, .command = line,
				.user = SPAN("root") });
	}
	linux_text_free(&t);
	return true;
}

/* "up", "pre-up", "post-down" … of interfaces(5). */
bool linux_interfaces(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, word;

	while (linux_next_joined(&t, &line)) {
		word = linux_word(&line);
		if (span_eq(word, SPAN("up")) || span_eq(word, SPAN("down")) ||
		    span_eq(word, SPAN("pre-up")) || span_eq(word, SPAN("post-up")) ||
		    span_eq(word, SPAN("pre-down")) || span_eq(word, SPAN("post-down")))
			linux_autostart(&t, &(struct linux_entry){ .what = "network hook",
				.technique = "T1546", .name = word, .command = line,
				.user = SPAN("root") });
		else if (span_eq(word, SPAN("dns-nameservers")))
			linux_setting(&t, "dns server", word, line, NULL);
	}
	linux_text_free(&t);
	return true;
}

/* Lines of a .pth file that begin with "import" are run by every Python; others are folders that it searches. */
bool linux_python_path(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line))
		if (span_starts(line, SPAN("import ")) || span_starts(line, SPAN("import\t")))
			linux_autostart(&t, &(struct linux_entry){ .what = "python start",
				.technique = "T1546.018", .name = a->name, .command = line,
				.program = a->path });
		else if (line.at[0] == '/')
			linux_autostart(&t, &(struct linux_entry){ .what = "library path", .technique = "T1546.018",
				.name = a->name, .command = line, .program = line });
	linux_text_free(&t);
	return true;
}

/* Mail into a program: |command in aliases(5), .forward, .procmailrc. */
bool linux_aliases(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		size_t bar = span_find_byte(line, 0, '|');

		if (bar == SIZE_MAX && span_eq(a->name, SPAN(".forward")))
			linux_autostart(&t, &(struct linux_entry){ .what = "mail hook", .technique = "T1114.003",
				.name = a->name, .command = line, .program = SPAN("ALL") });
		if (bar == SIZE_MAX)
			continue;
		linux_autostart(&t, &(struct linux_entry){ .what = "mail hook", .technique = "T1546",
			.name = span_trim(span_sub(line, 0, bar)),
			.command = span_trim(span_from(line, bar + 1)) });
	}
	linux_text_free(&t);
	return true;
}

/* inetd.conf: "service socket protocol wait user program arguments"; xinetd: "server = program". */
bool linux_inetd(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line, key, value, word;

	while (linux_next_entry(&t, &line)) {
		struct linux_entry entry = { .what = "inetd service", .technique = "T1543",
					     .name = a->name };

		if (linux_pair(line, &key, &value)) {
			entry.command = value;
			if (span_eq(key, SPAN("server")))
				linux_autostart(&t, &entry);
			continue;
		}
		entry.name = linux_word(&line);
		for (int i = 0; i < 3; i++)
			word = linux_word(&line);
		(void)word;
		entry.user = linux_word(&line);
		entry.command = line;
		if (line.len)
			linux_autostart(&t, &entry);
	}
	linux_text_free(&t);
	return true;
}
