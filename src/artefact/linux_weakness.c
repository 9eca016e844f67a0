/* Words of settings of many services by which a defence is taken away, or a door is left open. */
#include "artefact/linux.h"

#define WEAKNESSES(X) \
	X("open database", "T1556", "skip-grant-tables|skip_grant_tables", \
	  "etc/my.cnf|etc/my.cnf.d/*|etc/mysql/*.cnf|etc/mysql/*/*.cnf|.my.cnf") \
	X("open database", "T1556", "authorization: disabled|protected-mode no", \
	  "etc/mongod.conf|etc/mongodb.conf|etc/redis/*.conf|etc/redis.conf|etc/valkey/*.conf") \
	X("open share", "T1078.001", "anonymous_enable=yes|anon_upload_enable=yes", "etc/vsftpd.conf|etc/vsftpd/*.conf") \
	X("log settings", "T1562.012", "log_file = /dev/null|log_file=/dev/null|write_logs = no|write_logs=no", \
	  "etc/audit/auditd.conf") \
	X("log settings", "T1562.012", "maxlevelstore=emerg|maxlevelstore=alert|maxlevelstore=crit|systemmaxuse=1\n|" \
	  "maxretentionsec=1\n", "etc/systemd/journald.conf|systemd/journald.conf.d/*.conf") \
	X("defence off", "T1562.001", "ignoreip = 0.0.0.0/0|ignoreip=0.0.0.0/0", \
	  "etc/fail2ban/jail.local|etc/fail2ban/jail.d/*") \
	X("defence off", "T1562.001", "<disabled>yes</disabled>", "var/ossec/etc/ossec.conf") \
	X("open door", "T1556", "deny = 0\n|deny=0\n", "etc/security/faillock.conf") \
	X("open door", "T1556", "+:all:all|+ : all : all", "etc/security/access.conf") \
	X("mapped root", "T1611", ":0:", "etc/subuid|etc/subgid") \
	X("files of printers", "T1547.012", "filedevice yes", "etc/cups/cups-files.conf") \
	X("remote commands", "T1059", "enableremotecommands=1|allowkey=system.run", "etc/zabbix/*.conf|etc/zabbix/*/*") \
	X("unsafe registry", "T1195.002", "insecure-registries|insecure=true|insecure = true", \
	  "etc/docker/daemon.json|etc/containers/registries.conf|etc/containers/registries.conf.d/*") \
	X("mail sent away", "T1114.003", "redirect ", "*.sieve")

#define PATHS(what, technique, words, paths) "|" paths
#define ROW(what, technique, words, paths) { what, technique, words, paths },

/* The last stands alone: a list begins without a bar. */
const char linux_weakness_paths[] = "pg_hba.conf" WEAKNESSES(PATHS);

static const struct weak {
	const char *what, *technique, *words, *paths;
} weak[] = { WEAKNESSES(ROW) };

/* "host all all 0.0.0.0/0 trust": nobody is asked for a password. */
static bool trusts(struct span line)
{
	return span_is_one_of(linux_word(&line), "local|host|hostssl|hostnossl") &&
	       span_eq(span_after_last(line, span_find_byte(line, 0, '\t') == SIZE_MAX ? ' ' : '\t'), SPAN("trust"));
}

/* Words end with the line where they have its end. */
static bool has_words(struct linux_text *t, struct span line, const char *words)
{
	return span_has_any(arena_printf(t->a->arena, "%.*s\n", SPAN_ARG(span_sub(line, 0, 1024))), words);
}

bool linux_weakness(const struct artefact *a, struct err *err)
{
	bool is_database = span_eq(a->name, SPAN("pg_hba.conf"));
	struct linux_text t = linux_text_of(a);
	struct span line;

	while (linux_next_entry(&t, &line)) {
		if (is_database && trusts(line))
			linux_setting(&t, "open database", a->name, line, "T1556");
		for (size_t i = 0; line.at[0] != ';' && i < sizeof weak / sizeof *weak; i++)
			if (artefact_path_matches(weak[i].paths, a->path) && has_words(&t, line, weak[i].words))
				linux_setting(&t, weak[i].what, a->name, line, weak[i].technique);
	}
	linux_text_free(&t);
	return true;
}
