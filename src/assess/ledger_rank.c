/* How urgent an unknown program is: points, each with its reason. docs/ledger.md explains the table. */
#include "assess/ledger_job.h"

#include "codec/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct span base_name(struct span path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/' && path.at[at - 1] != '\\')
		at--;
	return span_from(path, at);
}

static bool is_altered(const struct program *p)
{
	return p->is_altered;
}

static bool is_of_another_source(const struct program *p)
{
	return span_has_any(p->detail, "\"source\":\"another\"");
}

static bool is_started(const struct program *p)
{
	return p->started;
}

static bool is_in_scratch(const struct program *p)
{
	return span_has_any(p->path, "/tmp/|/dev/shm/|/var/run/|\\temp\\|/temp/|/windows/tasks/|"
			    "/perflogs/|/var/spool/cron/");
}

static bool is_in_recycle_bin(const struct program *p)
{
	return span_has_any(p->path, "$recycle.bin|/recycler/|.trash");
}

static bool is_in_web_root(const struct program *p)
{
	return span_has_any(p->path, "/var/www/|/inetpub/wwwroot/|/htdocs/|/webapps/|/srv/www/");
}

static bool is_writable_by_users(const struct program *p)
{
	return span_has_any(p->path, "/home/|/users/|/programdata/|/srv/|/var/tmp/");
}

/* Configuration of a user has names that begin with a dot by nature: only its folders count. */
static bool is_hidden(const struct program *p)
{
	size_t end = p->path.len;

	while (p->is_configuration && end && p->path.at[end - 1] != '/')
		end--;
	for (size_t i = 0; i + 2 < end; i++)
		if (p->path.at[i] == '/' && p->path.at[i + 1] == '.' && p->path.at[i + 2] != '/' &&
		    p->path.at[i + 2] != '.')
			return true;
	return false;
}

/* Hidden where the system keeps its own: nobody's editor or browser does that. */
static bool is_hidden_in_system(const struct program *p)
{
	static const char *const folders[] = { "/usr/", "/lib/", "/bin/", "/sbin/", "/etc/", "/dev/", "/run/", "/boot/",
					       "/var/lib/", "/var/cache/", "/var/spool/", "/tmp/", "/var/tmp/" };

	for (size_t i = 0; !p->is_configuration && i < sizeof folders / sizeof *folders; i++)
		if (span_starts(p->path, span_text(folders[i])))
			return is_hidden(p);
	return false;
}

/* Devices and memory: programs are not kept there. */
static bool is_in_devices(const struct program *p)
{
	return span_starts(p->path, SPAN("/dev/"));
}

/* Found before the system's own by who types its name, and such as show what goes on or ask for passwords. */
static bool is_before_system(const struct program *p)
{
	static const char names[] = "ls|ps|top|ss|netstat|lsof|find|who|w|last|lastlog|login|su|sudo|passwd|sshd|ssh|"
				    "crontab|systemctl|journalctl|id|dpkg|apt|rpm|md5sum|sha256sum|kill|lsmod|ip|"
				    "ifconfig|bash|sh|cat|grep|mount|pgrep|pstree|ausearch";
	static const char *const folders[] = { "/usr/local/bin/", "/usr/local/sbin/" };
	struct span rest = span_text(names);

	/* Folders of libraries that the loader looks in first. */
	if (span_find(p->path, 0, SPAN("/glibc-hwcaps/")) != SIZE_MAX)
		return true;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		while (span_starts(p->path, span_text(folders[i])) && rest.len)
			if (span_eq(span_split(&rest, '|'), span_from(p->path, strlen(folders[i]))))
				return true;
	return false;
}

static bool ends_nocase(struct span s, struct span end)
{
	return s.len >= end.len && span_eq_nocase(span_from(s, s.len - end.len), end);
}

static bool has_two_extensions(const struct program *p)
{
	static const char *const ends[] = { ".exe", ".scr", ".com", ".pif", ".js", ".vbs", ".hta" };
	static const char *const middles[] = { ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".jpg", ".txt",
					       ".png", ".ppt", ".zip" };
	struct span name = base_name(p->path);

	for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
		if (!ends_nocase(name, span_text(ends[e])))
			continue;
		name = span_sub(name, 0, name.len - strlen(ends[e]));
		for (size_t m = 0; m < sizeof middles / sizeof *middles; m++)
			if (name.len > strlen(middles[m]) && ends_nocase(name, span_text(middles[m])))
				return true;
		return false;
	}
	return false;
}

/* Names that Windows itself has in System32 only. */
static bool has_borrowed_name(const struct program *p)
{
	static const char *const names[] = { "svchost.exe", "lsass.exe", "csrss.exe", "services.exe",
		"winlogon.exe", "smss.exe", "wininit.exe", "spoolsv.exe", "taskhostw.exe",
		"dllhost.exe", "rundll32.exe", "conhost.exe" };
	struct span name = base_name(p->path);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_eq_nocase(name, span_text(names[i])))
			return !span_has_any(p->path, "/system32/|/syswow64/|/winsxs/|/servicing/");
	return false;
}

static bool is_setuid(const struct program *p)
{
	return p->mode & 06000;
}

static bool has_bad_signature(const struct program *p)
{
	return span_eq(p->signature, SPAN("bad signature"));
}

static bool is_unsigned(const struct program *p)
{
	return span_eq(p->signature, SPAN("unsigned"));
}

static bool is_packed(const struct program *p)
{
	size_t at = span_find(p->detail, 0, SPAN("\"entropy\":"));
	char text[16];

	if (at == SIZE_MAX)
		return false;
	snprintf(text, sizeof text, "%.*s", SPAN_ARG(span_sub(p->detail, at + 10, 8)));
	return strtod(text, NULL) >= 7.2;
}

static bool is_flagged(const struct program *p)
{
	return p->flag == LEVEL_MEDIUM || p->flag == LEVEL_HIGH;
}

static bool is_flagged_low(const struct program *p)
{
	return p->flag == LEVEL_LOW;
}

static bool is_rare(const struct program *p)
{
	return p->is_rare;
}

static bool is_young(const struct program *p)
{
	return p->is_young;
}

const struct ledger_reason ledger_reasons[] = {
	{ 60, is_altered, "its package vouches for another content" },
	{ 60, is_of_another_source, "it is compiled Python with names that its source has not" },
	{ 50, has_bad_signature, "its signature does not fit its content" },
	{ 40, has_two_extensions, "its name pretends to be a document" },
	{ 50, is_before_system, "it is found before the tool of the system that has its name" },
	{ 40, is_hidden_in_system, "it is hidden where the system keeps its own files" },
	{ 35, has_borrowed_name, "it has the name of a system program, at another place" },
	{ 30, is_started, "something starts it by itself" },
	{ 30, is_setuid, "it runs with another's rights (setuid or setgid)" },
	{ 30, is_in_recycle_bin, "it lies in a recycle bin" },
	{ 30, is_in_devices, "it lies among devices" },
	{ 25, is_in_scratch, "it lies where programs do not belong (temporary files)" },
	{ 20, is_in_web_root, "it lies in a web server's folder" },
	{ 20, is_flagged, "a rule holds for its content" },
	{ 15, is_packed, "its content looks packed or encrypted" },
	{ 10, is_hidden, "its path is hidden" },
	{ 10, is_writable_by_users, "it lies where users can write" },
	{ 10, is_rare, "no other machine of the case has it" },
	{ 10, is_young, "it was written after nearly all programs of its machine" },
	{ 5, is_unsigned, "it is not signed" },
	{ 5, is_flagged_low, "a weak rule holds for its content" },
};
const size_t ledger_reason_count = sizeof ledger_reasons / sizeof *ledger_reasons;

int64_t ledger_rank(const struct program *p, struct buf *to)
{
	struct json_write json = json_write_to(to);
	int64_t points = 0;
	char text[160];

	json_array(&json);
	for (size_t i = 0; i < ledger_reason_count; i++) {
		if (!ledger_reasons[i].holds(p))
			continue;
		points += ledger_reasons[i].points;
		snprintf(text, sizeof text, "%s (%" PRId64 ")", ledger_reasons[i].why, ledger_reasons[i].points);
		json_text(&json, text);
	}
	json_array_end(&json);
	return points;
}
