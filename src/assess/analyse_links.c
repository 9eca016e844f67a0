/*
 * analyse_links: symbolic links that say something by where they point.
 *
 *   the history of a shell or program that leads to /dev/null            medium
 *   a log of logons or of the system that leads to /dev/null              high
 *   a defence's or logger's unit that leads to /dev/null: masked          high
 *   a unit of systemd that leads to a temporary folder or a user's own    medium
 *   a program of the system that does                                     medium
 *
 * Nothing follows a link, in evidence as elsewhere: only its target is read.
 */
#include "assess/acts.h"

#include "artefact/artefact.h"
#include "case/case.h"
#include "case/machine.h"
#include "case/query.h"
#include "codec/json_write.h"

#define MOST 100000

static const struct kind {
	const char *paths;		/* of the link; ends of paths as decoders have them */
	const char *targets;		/* words of which its target has one; NULL: /dev/null */
	enum harm harm;
	enum level level;
	const char *rule, *title, *techniques;
} kinds[] = {
	{ ".bash_history|.zsh_history|.zhistory|.histfile|.ash_history|.sh_history|fish_history|.history|"
	  ".mysql_history|.psql_history|.python_history|.node_repl_history|.rediscli_history|.lesshst|.viminfo",
	  NULL, HARM_OBSTRUCTION, LEVEL_MEDIUM, "kanshiki.history-discarded",
	  "The history of a shell leads nowhere", "T1562.003 T1070.003" },
	{ "var/log/wtmp|var/log/btmp|var/log/lastlog|run/utmp|var/log/auth.log|var/log/secure|var/log/syslog|"
	  "var/log/messages|var/log/kern.log|var/log/cron|var/log/audit/audit.log|var/log/faillog",
	  NULL, HARM_OBSTRUCTION, LEVEL_HIGH, "kanshiki.log-discarded", "A log of the system leads nowhere",
	  "T1562.006 T1070.002" },
	{ "etc/systemd/system/auditd.service|etc/systemd/system/rsyslog.service|etc/systemd/system/syslog.service|"
	  "etc/systemd/system/syslog-ng.service|etc/systemd/system/systemd-journald.service|"
	  "etc/systemd/system/apparmor.service|etc/systemd/system/ufw.service|etc/systemd/system/nftables.service|"
	  "etc/systemd/system/iptables.service|etc/systemd/system/firewalld.service|"
	  "etc/systemd/system/fail2ban.service|etc/systemd/system/crowdsec.service|"
	  "etc/systemd/system/clamav-daemon.service|etc/systemd/system/osqueryd.service|"
	  "etc/systemd/system/wazuh-agent.service|etc/systemd/system/falcon-sensor.service|"
	  "etc/systemd/system/mdatp.service|etc/systemd/system/sysmon.service|etc/systemd/system/aide*.timer",
	  NULL, HARM_OBSTRUCTION, LEVEL_HIGH, "kanshiki.defence-masked", "A defence or a logger was masked",
	  "T1562.001" },
	{ "systemd/system/*|systemd/system/*.wants/*|systemd/system/*.requires/*|systemd/user/*|"
	  "systemd/user/*.wants/*", "/tmp/|/dev/shm/|/home/|/root/|/run/user/|/.", HARM_IMPLANT, LEVEL_MEDIUM,
	  "kanshiki.unit-from-odd-place", "A unit of systemd lies where users or anybody can write",
	  "T1543.002" },
	{ "etc/alternatives/*|usr/bin/*|usr/sbin/*|bin/*|sbin/*", "/tmp/|/dev/shm/|/home/|/root/|/run/user/|/.",
	  HARM_IMPLANT, LEVEL_MEDIUM, "kanshiki.program-from-odd-place",
	  "A program of the system leads where users or anybody can write", "T1574" },
};

/* "../../home/x": as from the root, which nearly always it is. */
static struct span from_root(struct span target)
{
	if (span_starts(target, SPAN("../")))
		target = span_from(target, 2);
	while (span_starts(target, SPAN("/../")))
		target = span_from(target, 3);
	return target;
}

static const struct kind *kind_of(struct span path, struct span target)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind *k = &kinds[i];
		bool leads = k->targets ? span_has_any(from_root(target), k->targets)
					: span_eq(target, SPAN("/dev/null"));

		if (leads && artefact_path_matches(k->paths, path))
			return k;
	}
	return NULL;
}

static bool tell(struct analysis *a, sqlite3_stmt *q, const struct kind *k, struct span host, struct span path,
		 struct span target, struct err *err)
{
	struct buf text = buf_new((size_t)64 << 10);
	struct json_write w = json_write_to(&text);
	struct conclusion c = { .item = query_u64(q, 0, 0), .harm = k->harm, .level = k->level,
		.rule = span_text(k->rule), .title = span_text(k->title), .techniques = span_text(k->techniques),
		.first = query_time(q, 4), .last = query_time(q, 4), .host = host };
	bool ok;

	json_object(&w);
	json_key(&w, "link");
	json_span(&w, path);
	json_key(&w, "target");
	json_span(&w, target);
	json_object_end(&w);
	c.matched = buf_span(&text);
	ok = analysis_tell(a, &c, err);
	buf_free(&text);
	return ok;
}

/* "symbolic link to /x" of a folder or an image, "link to /x" of an archive's member. */
bool analyse_links(struct analysis *a, struct err *err)
{
	static const char sql[] =
		"SELECT id, source, path, substr(reason, instr(reason, 'link to ') + 8), modified FROM item "
		"WHERE fate = 'skipped' AND (reason LIKE 'symbolic link to %' OR reason LIKE 'link to %')";
	struct machines machines;
	sqlite3_stmt *q = NULL;
	bool row, ok = machines_load(a->file, a->arena, &machines, err) && query_prepare(a->db, sql, &q, err);
	size_t told = 0;

	while (ok && told < MOST && (ok = query_step(q, &row, err)) && row) {
		uint64_t source = query_u64(q, 1, 0);
		struct span path = query_span(q, 2), target = query_span(q, 3);
		const struct kind *k = kind_of(path, target);

		if (!k)
			continue;
		told++;
		ok = tell(a, q, k, machine_name(&machines, source, path),
			  machine_path(&machines, a->arena, source, path), target, err);
	}
	sqlite3_finalize(q);
	return ok;
}
