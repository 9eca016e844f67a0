/* Who may come in and as whom: PAM, OpenSSH, sudo. */
#include "artefact/linux.h"

#include "codec/digest.h"
#include "codec/json_write.h"

#define KEY_MOST ((size_t)16 << 10)

/* ---- PAM ---- */

static bool is_pam_type(struct span word)
{
	while (word.len && word.at[0] == '-')
		word = span_from(word, 1);
	return span_eq(word, SPAN("auth")) || span_eq(word, SPAN("account")) ||
	       span_eq(word, SPAN("password")) || span_eq(word, SPAN("session"));
}

/* "type control module arguments", in pam.conf with the service in front. */
bool linux_pam(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_joined(&t, &line)) {
		struct linux_entry entry = { .what = "pam", .technique = "T1556.003",
					     .name = a->name, .command = line };
		struct span word = linux_word(&line);

		if (span_eq(a->name, SPAN("pam.conf"))) {
			entry.name = word;
			word = linux_word(&line);
		}
		if (!is_pam_type(word))
			continue;
		if (line.len && line.at[0] == '[') {
			size_t end = span_find_byte(line, 0, ']');

			line = span_trim(end == SIZE_MAX ? SPAN("") : span_from(line, end + 1));
		} else {
			word = linux_word(&line);
			if (span_eq(word, SPAN("include")) || span_eq(word, SPAN("substack")))
				continue;
		}
		entry.program = linux_word(&line);
		/* What pam_exec runs stands among its arguments. */
		if (span_ends(entry.program, SPAN("pam_exec.so")) && linux_program(line).len &&
		    linux_program(line).at[0] == '/')
			entry.program = linux_program(line);
		linux_autostart(&t, &entry);
	}
	linux_text_free(&t);
	return true;
}

/* ---- OpenSSH ---- */

static int base64_digit(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26
	     : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The fingerprint that OpenSSH shows is the SHA-256 of the key's bytes. */
static struct span fingerprint(struct arena *arena, struct span key)
{
	struct buf bytes = buf_new(KEY_MOST), hex = buf_new(128);
	uint8_t digest[SHA256_SIZE];
	uint32_t bits = 0, count = 0;
	struct span out;

	for (size_t i = 0; i < key.len && base64_digit(key.at[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)base64_digit(key.at[i]);
		if (++count % 4 == 0 || count % 4 > 1)
			buf_add_u8(&bytes, (uint8_t)(bits >> (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0)));
	}
	sha256_of(buf_span(&bytes), digest);
	buf_text(&hex, "sha256:");
	buf_hex(&hex, span_of(digest, sizeof digest));
	out = arena_copy(arena, buf_span(&hex));
	buf_free(&bytes);
	buf_free(&hex);
	return out;
}

static bool is_key_type(struct span word)
{
	return span_starts(word, SPAN("ssh-")) || span_starts(word, SPAN("ecdsa-")) ||
	       span_starts(word, SPAN("sk-"));
}

/* command="…" among the options in front of a key. */
static struct span forced_command(struct span options)
{
	size_t at = span_find(options, 0, SPAN("command=\"")), end;

	if (at == SIZE_MAX)
		return (struct span){ 0 };
	for (end = at + 9; end < options.len && options.at[end] != '"'; end++)
		if (options.at[end] == '\\')
			end++;
	return span_sub(options, at + 9, end - at - 9);
}

static void tell_key(struct linux_text *t, struct span options, struct span type, struct span key,
		     struct span comment)
{
	struct trace trace = trace_new(TRACE_AUTOSTART, "ssh key");
	struct buf json = buf_new((size_t)8 << 10);
	struct json_write w = json_write_to(&json);
	struct span folder = linux_part(t->a->path, 1);

	json_object(&w);
	json_key(&w, "type");
	json_span(&w, span_sub(type, 0, 64));
	if (options.len) {
		json_key(&w, "options");
		json_span(&w, span_sub(options, 0, 1024));
	}
	json_object_end(&w);
	linux_vouch(t);
	trace.name = comment;
	trace.user = span_eq(folder, SPAN(".ssh")) ? linux_part(t->a->path, 2) : t->a->name;
	trace.command = forced_command(options);
	trace.program = linux_program(trace.command);
	trace.digest = fingerprint(t->a->arena, key);
	trace.technique = SPAN("T1098.004");
	trace.detail = buf_span(&json);
	trace.summary = arena_printf(t->a->arena, "ssh key \"%.*s\" lets in as %.*s",
				     SPAN_ARG(span_sub(comment, 0, 200)),
				     SPAN_ARG(span_sub(trace.user, 0, 100)));
	linux_tell(t, &trace);
	buf_free(&json);
}

bool linux_authorized_keys(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;
	uint64_t lost = 0;

	while (linux_next_entry(&t, &line)) {
		struct span options = { 0 }, word = linux_word(&line);

		if (!is_key_type(word)) {
			options = word;
			word = linux_word(&line);
		}
		if (is_key_type(word)) {
			struct span key = linux_word(&line);

			tell_key(&t, options, word, key, line);
		} else {
			lost++;
		}
	}
	if (lost)
		a->lost(a->context, lost);
	linux_text_free(&t);
	return true;
}

/* What a value of sshd_config opens; NULL: nothing worse than usual. */
static const char *weakness(struct span key, struct span value)
{
	static const struct {
		const char *key, *value, *technique;
	} rows[] = {
		{ "PermitRootLogin", "yes", "T1098.004" }, { "PermitEmptyPasswords", "yes", "T1556" },
		{ "PermitUserEnvironment", "yes", "T1574.006" }, { "LogLevel", "QUIET", "T1562.012" },
		{ "StrictModes", "no", "T1098.004" }, { "UsePAM", "no", "T1556" },
		{ "GatewayPorts", "yes", "T1572" }, { "PermitTunnel", "yes", "T1572" },
		{ "HostbasedAuthentication", "yes", "T1556" }, { "IgnoreRhosts", "no", "T1556" },
	};

	/* Whoever holds that authority's key is let in. */
	if (span_eq_nocase(key, SPAN("TrustedUserCAKeys")) && !span_eq_nocase(value, SPAN("none")))
		return "T1098.004";
	/* Keys that lie neither with their user nor with the server's own files. */
	if (span_is_one_of_nocase(key, "AuthorizedKeysFile|AuthorizedPrincipalsFile|Include|HostKey") && value.len &&
	    value.at[0] == '/' && !span_starts(value, SPAN("/etc/ssh/")))
		return "T1098.004";
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_eq_nocase(key, span_text(rows[i].key)) &&
		    span_eq_nocase(value, span_text(rows[i].value)))
			return rows[i].technique;
	return NULL;
}

/* rhosts(5), hosts.equiv(5), .k5login: who is let in without a password; "+" is everybody. */
bool linux_trusted_hosts(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		linux_autostart(&t, &(struct linux_entry){ .what = "trusted host", .technique = "T1098",
			.name = a->name, .command = line, .program = SPAN("ALL") });
		if (line.at[0] == '+' && (line.len == 1 || line.at[1] == ' ' || line.at[1] == '\t'))
			linux_setting(&t, "trusted host", a->name, line, "T1556");
	}
	linux_text_free(&t);
	return true;
}

bool linux_sshd_config(const struct artefact *a, struct err *err)
{
	static const char *const commands[] = { "AuthorizedKeysCommand", "AuthorizedPrincipalsCommand",
						"ForceCommand", "Subsystem", "ProxyCommand", "LocalCommand",
						"KnownHostsCommand", "PKCS11Provider", "SecurityKeyProvider",
						"XAuthLocation" };
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		struct span key = linux_word(&line), equals = line;
		bool told = false;

		if (equals.len && equals.at[0] == '=')
			line = span_trim(span_from(line, 1));
		for (size_t i = 0; i < sizeof commands / sizeof *commands && !told; i++)
			if (span_eq_nocase(key, span_text(commands[i])) && line.len &&
			    !span_eq_nocase(line, SPAN("none")))
				told = linux_autostart(&t, &(struct linux_entry){ .what = "ssh command",
					.technique = "T1098.004", .name = key, .command = line });
		if (span_eq_nocase(key, SPAN("SetEnv")))
			told = linux_tell_assignments(&t, key, line);
		else if (span_eq_nocase(key, SPAN("Match")) && span_has_any(line, "exec "))
			told = linux_autostart(&t, &(struct linux_entry){ .what = "ssh command",
				.technique = "T1098.004", .name = key, .command = line });
		if (!told)
			linux_setting(&t, "ssh server", key, line, weakness(key, line));
	}
	linux_text_free(&t);
	return true;
}

/* ---- sudo ---- */

static void tell_rule(struct linux_text *t, struct span line)
{
	struct span rule = line, who = linux_word(&rule), hosts, commands;
	struct linux_entry entry = { .what = "sudoers", .technique = "T1548.003", .name = who,
				     .user = who, .command = rule };
	bool free = span_find(rule, 0, SPAN("NOPASSWD")) != SIZE_MAX;

	if (!linux_pair(rule, &hosts, &commands))
		return;
	entry.program = linux_program(commands);
	if (entry.program.len && entry.program.at[0] != '/')
		entry.program = SPAN("ALL");
	entry.detail = free ? SPAN("{\"password\":false}") : SPAN("{\"password\":true}");
	linux_autostart(t, &entry);
}

/* Variables that sudo passes on, or a path that it searches, by which a caller has his own code run. */
static bool passes_code(struct span setting)
{
	size_t equals = span_find_byte(setting, 0, '=');
	struct span value = linux_unquote(span_trim(span_from(setting, equals == SIZE_MAX ? setting.len : equals + 1)));

	if (span_starts(setting, SPAN("secure_path")))
		return linux_is_code_variable(SPAN("PATH"), value);
	if (!span_starts(setting, SPAN("env_keep")) && !span_starts(setting, SPAN("env_file")))
		return span_has_any(setting, "!env_reset") || span_eq(setting, SPAN("setenv"));
	while (value.len) {
		struct span name = linux_word(&value);

		if (linux_is_code_variable(name, SPAN("")) || span_starts(setting, SPAN("env_file")))
			return true;
	}
	return false;
}

static void tell_defaults(struct linux_text *t, struct span first, struct span rest)
{
	bool is_weak = span_has_any(rest, "!authenticate|!logfile|!syslog|!tty_tickets|timestamp_timeout=-") ||
		       passes_code(rest);

	linux_setting(t, "sudo", first, rest, is_weak ? "T1548.003" : NULL);
}

/* "@include /x", "#includedir /x": rules that lie elsewhere. */
static void tell_include(struct linux_text *t, struct span line)
{
	struct span rest = span_from(line, 1), verb = linux_word(&rest), path = linux_unquote(rest);

	if (!line.len || !strchr("@#", line.at[0]) || !span_is_one_of(verb, "include|includedir"))
		return;
	if (!span_starts(path, SPAN("/etc/sudoers")) && path.len && path.at[0] == '/')
		linux_autostart(t, &(struct linux_entry){ .what = "sudoers", .technique = "T1548.003", .name = verb,
			.command = line, .program = path });
}

bool linux_sudoers(const struct artefact *a, struct err *err)
{
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next(&t, &line))
		tell_include(&t, line);
	linux_text_rewind(&t);
	while (linux_next_joined(&t, &line)) {
		struct span rest = line, first = linux_word(&rest);

		if (span_starts(first, SPAN("Defaults")))
			tell_defaults(&t, first, rest);
		else if (!span_ends(first, SPAN("_Alias")) && first.at[0] != '@')
			tell_rule(&t, line);
	}
	linux_text_free(&t);
	return true;
}
