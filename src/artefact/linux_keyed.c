/*
 * Files of many programs in which a line names a command, a library or a folder of code
 * that is then run or loaded: "key = value", or a line that has a telling word.
 */
#include "artefact/linux.h"
#include "artefact/linux_keyed_rows.h"

/* ---- keys ---- */

enum value_kind {
	VALUE_ANY,
	VALUE_PATH,			/* only what names a file */
	VALUE_LOADS,			/* only variables that load or find code */
	VALUE_SHELL,			/* of any key, only what begins with "!": a command of a shell */
};

#define PATHS(what, technique, kind, keys, paths) "|" paths
#define ROW(what, technique, kind, keys, paths) { what, technique, kind, keys, paths },

/* The first is one of the table once more: a list begins without a bar. */
const char linux_keyed_paths[] = "php.ini" KEYED(PATHS);

static const struct keyed {
	const char *what, *technique;
	enum value_kind kind;
	const char *keys, *paths;
} keyed[] = { KEYED(ROW) };

static bool value_counts(enum value_kind kind, struct span value)
{
	if (kind == VALUE_PATH)
		return span_find_byte(value, 0, '/') != SIZE_MAX;
	if (kind == VALUE_SHELL)
		return value.len > 1 && value.at[0] == '!';
	return value.len;
}

/* What a pipe of the kernel or a shell's "!" leads to. */
static struct span program_of(enum value_kind kind, struct span value)
{
	if (kind == VALUE_SHELL)
		value = span_from(value, 1);
	return linux_program(linux_unquote(value));
}

static void tell_keyed(struct linux_text *t, const struct keyed *k)
{
	struct span line, key, value;

	while (linux_next_entry(t, &line)) {
		if (span_starts(line, SPAN("export ")))
			line = span_trim(span_from(line, 7));
		/* "-key = value" of sysctl.d(5) may fail. */
		if (line.at[0] == ';' || !linux_pair(line, &key, &value))
			continue;
		key = span_from(key, key.len && key.at[0] == '-');
		if ((k->kind != VALUE_SHELL && !span_is_one_of_nocase(key, k->keys)))
			continue;
		value = k->kind == VALUE_SHELL ? linux_unquote(value) : value;
		if (!value_counts(k->kind, value))
			continue;
		if (k->kind == VALUE_LOADS) {
			linux_tell_assignments(t, key, linux_unquote(value));
			continue;
		}
		linux_autostart(t, &(struct linux_entry){ .what = k->what, .technique = k->technique, .name = key,
			.command = value, .program = program_of(k->kind, value) });
	}
}

bool linux_keyed(const struct artefact *a, struct err *err)
{
	for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++) {
		struct linux_text t;

		if (!artefact_path_matches(keyed[i].paths, a->path))
			continue;
		t = linux_text_of(a);
		tell_keyed(&t, &keyed[i]);
		linux_text_free(&t);
	}
	return true;
}

/* ---- words ---- */

#define WORD_PATHS(what, technique, words, paths) "|" paths
#define WORD_ROW(what, technique, words, paths) { what, technique, words, paths },

const char linux_worded_paths[] = ".vimrc" WORDED(WORD_PATHS);

static const struct worded {
	const char *what, *technique, *words, *paths;
} worded[] = { WORDED(WORD_ROW) };

/* What only says again that PHP's own files are PHP; keys that the user must press; programs that postfix brings. */
static bool is_usual(const struct worded *w, struct span line)
{
	if (!strcmp(w->what, "x session") && span_starts(line, SPAN("bind")))
		return true;
	if (!strcmp(w->words, "argv="))
		return span_has_any(line, "argv=/usr/lib/|argv=/usr/bin/maildrop|argv=uux|argv=/usr/libexec/");
	return !strcmp(w->what, "web handler") &&
	       !span_has_any(line, "sethandler|.png|.jpg|.jpeg|.gif|.ico|.txt|.css|.html|.log|.svg|.webp|.pdf");
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Where the word stands, and is not the end of a longer one. */
static size_t find_word(struct span s, struct span word)
{
	for (size_t at = 0; word.len && at + word.len <= s.len; at++)
		if ((!at || !is_letter(word.at[0]) || !is_letter(s.at[at - 1])) &&
		    span_eq_nocase(span_sub(s, at, word.len), word))
			return at;
	return SIZE_MAX;
}

static bool has_word(struct span line, const char *words)
{
	struct span rest = span_text(words);

	while (rest.len)
		if (find_word(line, span_split(&rest, '|')) != SIZE_MAX)
			return true;
	return false;
}

/* Behind the word that tells: "^/x", "binary=\"/x\"", "spawn (/x %a) &", "php_value name /x". */
static struct span program_behind(const struct worded *w, struct span line)
{
	struct span rest = span_text(w->words);
	size_t best = SIZE_MAX;

	while (rest.len) {
		struct span word = span_split(&rest, '|');
		size_t at = find_word(line, word);

		/* The slash of " ^/" is the path's own. */
		if (at != SIZE_MAX && (best == SIZE_MAX || at + word.len > best))
			best = at + word.len - span_ends(word, SPAN("/"));
	}
	line = span_from(line, best == SIZE_MAX ? 0 : best);
	best = span_find_byte(line, 0, '/');
	return best == SIZE_MAX ? (struct span){ 0 } : linux_program(span_from(line, best));
}

static bool is_comment_of_vim(const struct worded *w, struct span line)
{
	return !strcmp(w->what, "editor start") && line.at[0] == '"';
}

bool linux_worded(const struct artefact *a, struct err *err)
{
	for (size_t i = 0; i < sizeof worded / sizeof *worded; i++) {
		const struct worded *w = &worded[i];
		struct linux_text t;
		struct span line;

		if (!artefact_path_matches(w->paths, a->path))
			continue;
		t = linux_text_of(a);
		while (linux_next_joined(&t, &line))
			if (line.at[0] != ';' && !is_comment_of_vim(w, line) && has_word(line, w->words) && !is_usual(w, line))
				linux_autostart(&t, &(struct linux_entry){ .what = w->what, .technique = w->technique,
					.name = a->name, .command = line, .program = program_behind(w, line) });
		linux_text_free(&t);
	}
	return true;
}

/* ---- tables of words in columns ---- */

/* nsswitch.conf: "passwd: files x"; what is no source that the C library or Debian brings is a library. */
bool linux_name_service(const struct artefact *a, struct err *err)
{
	static const char usual[] = "files|compat|db|dns|nis|nisplus|hesiod|systemd|resolve|mymachines|myhostname|"
		"mdns|mdns4|mdns6|mdns_minimal|mdns4_minimal|mdns6_minimal|sss|ldap|winbind|wins|extrausers|cache|"
		"altfiles|usrfiles|libvirt|libvirt_guest|ato|docker|gw_name|sudo|cache_oslogin|oslogin";
	struct linux_text t = linux_text_of(a);
	struct span line, word;

	while (linux_next_entry(&t, &line)) {
		span_split(&line, ':');
		while ((word = linux_word(&line)).len && word.at[0] != '#') {
			if (word.at[0] == '[' || span_ends(word, SPAN("]")) || span_is_one_of_nocase(word, usual))
				continue;
			linux_autostart(&t, &(struct linux_entry){ .what = "name service", .technique = "T1574",
				.name = word, .command = word,
				.program = arena_printf(a->arena, "libnss_%.*s.so.2",
							SPAN_ARG(span_sub(word, 0, 200))) });
		}
	}
	linux_text_free(&t);
	return true;
}

/* doas.conf: "permit [options] identity [as target] [cmd command]". */
bool linux_doas(const struct artefact *a, struct err *err)
{
	static const char options[] = "nopass|nolog|persist|keepenv";
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span rule = line, word = linux_word(&rule);

		if (!span_eq(word, SPAN("permit")))
			continue;
		while ((word = linux_word(&rule)).len && span_is_one_of_nocase(word, options))
			;
		linux_autostart(&t, &(struct linux_entry){ .what = "sudoers", .technique = "T1548.003", .name = word,
			.user = word, .command = line, .program = SPAN("ALL") });
	}
	linux_text_free(&t);
	return true;
}

/* incrontab(5): "path mask command". */
bool linux_incron(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span watched = linux_word(&line);

		linux_word(&line);
		if (line.len)
			linux_autostart(&t, &(struct linux_entry){ .what = "cron", .technique = "T1546",
				.name = watched, .command = line, .user = a->name });
	}
	linux_text_free(&t);
	return true;
}

/* An address that is no distribution's own; keys of signatures are no sources. */
static bool is_foreign_source(struct span line)
{
	return span_find(line, 0, SPAN("://")) != SIZE_MAX && !span_has_any(line, "cdrom:|gpgkey|file:///") &&
	       !span_has_any(line, "debian.org|debian.net|ubuntu.com|raspbian.org|raspberrypi.com|kali.org|linuxmint.com|"
			     "fedoraproject.org|centos.org|redhat.com|rockylinux.org|almalinux.org|opensuse.org|"
			     "amazonaws.com/al20|oracle.com|alpinelinux.org");
}

/* Where packages come from; one that need not be signed is a weakness. */
bool linux_package_source(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		linux_setting(&t, "package source", a->name, line,
			      span_has_any(line, "trusted=yes|trusted: yes|allow-insecure=yes|allow-insecure: yes|gpgcheck=0|"
					   "gpgcheck = 0|gpgcheck=false|siglevel = never|siglevel=never|trustall")
			      ? "T1195.002" : NULL);
		if (is_foreign_source(line))
			linux_autostart(&t, &(struct linux_entry){ .what = "package source", .technique = "T1195.002",
				.name = a->name, .command = line, .program = SPAN("ALL") });
	}
	linux_text_free(&t);
	return true;
}

/* A certificate that the administrator made a root for all programs. */
bool linux_root_certificate(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);

	/* What the system makes of all others, and what a package makes for tests. */
	if (!span_is_one_of(a->name, "ca-certificates.crt|ssl-cert-snakeoil.pem")) {
		linux_setting(&t, "root certificate", a->name, a->path, NULL);
		linux_autostart(&t, &(struct linux_entry){ .what = "root certificate", .technique = "T1553.004",
			.name = a->name, .command = a->name, .program = SPAN("ALL") });
	}
	linux_text_free(&t);
	return true;
}

/* Docker's daemon, where it listens to the network and asks for no certificate. */
bool linux_docker_daemon(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	bool is_asking = span_has_any(a->bytes, "\"tlsverify\":true|\"tlsverify\": true");
	struct span line;

	while (linux_next(&t, &line))
		if (span_has_any(line, "\"tcp://"))
			linux_setting(&t, "container daemon", a->name, line, is_asking ? NULL : "T1133");
	linux_text_free(&t);
	return true;
}
