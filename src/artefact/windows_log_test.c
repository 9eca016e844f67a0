/* Decoders of Windows' texts, remote control, cloud, Defender and WMI. */
#include "artefact/windows.h"

#include <stdlib.h>
#include <time.h>

#include "artefact/decode_support.h"
#include "codec/pack.h"
#include "test.h"

static void run(struct told *t, artefact_fn *decode, const char *path)
{
	struct span file = read_whole(path);

	told_run(t, decode, file, path, "", NULL);
	free((void *)(uintptr_t)file.at);
}

TEST(firewall_lines_of_the_same_flow_are_one)
{
	struct told t = { 0 };

	told_run(&t, windows_firewall, SPAN("#Version: 1.5\r\n#Software: Microsoft Windows Firewall\r\n#Time Format: Local\r\n"
		 "#Fields: date time action protocol src-ip dst-ip src-port dst-port size path\r\n"
		 "2022-03-10 10:00:00 ALLOW TCP 10.0.0.5 1.2.3.4 50000 443 100 SEND\r\n"
		 "2022-03-10 10:05:00 ALLOW TCP 10.0.0.5 1.2.3.4 50001 443 50 SEND\r\n"
		 "2022-03-10 10:06:00 DROP UDP 9.9.9.9 10.0.0.5 53 137 - RECEIVE\r\nnonsense\r\n"
		 "2022-03-10 10:07:00 ALLOW TCP fe80::1 2001:db8::2 50000 443 1 SEND\r\n"), "x/pfirewall.log", "", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[2].peer, "[2001:db8::2]:443");
	assert_int_equal(t.lost, 1);
	assert_span(t.traces[0].local, "10.0.0.5");
	assert_span(t.traces[0].peer, "1.2.3.4:443");
	assert_int_equal(t.traces[0].count, 2);
	assert_int_equal(t.traces[0].bytes_out, 150);
	assert_true(t.traces[0].last - t.traces[0].time == 300 * TIME_SECOND);
	assert_span(t.traces[1].local, "10.0.0.5:137");
	assert_span(t.traces[1].peer, "9.9.9.9");
	told_free(&t);
}

TEST(firewall_lines_without_addresses_are_no_flows)
{
	struct told t = { 0 };

	told_run(&t, windows_firewall, SPAN("#Software: Microsoft Windows Firewall\r\n"
		 "#Fields: date time action protocol src-ip dst-ip src-port dst-port size info path\r\n"
		 "2022-03-10 10:00:00 INFO-EVENTS-LOST - - - - - - 12 -\r\n"
		 "2022-03-10 10:05:00 ALL"), "x/pfirewall.log", "", NULL);
	assert_int_equal(t.count, 0);
	assert_int_equal(t.lost, 13);
	told_free(&t);
}

static void setup_log(struct told *t, struct span text)
{
	told_run(t, windows_setupapi, text, "setupapi.dev.log", "", NULL);
	assert_true(t->ok);
}

#define SECTION(head, start, status) ">>>  [" head "]\r\n>>>  Section start 2022/03/10 " start \
	"\r\n     dvi: {Build} 10:00:00.1\r\n<<<  Section end 2022/03/10 " start "\r\n<<<  [Exit status: " status "]\r\n\r\n\r\n"

TEST(devices_are_told_with_serial_and_time_whether_set_up_or_removed)
{
	struct told t = { 0 };

	setup_log(&t, SPAN("[Device Install Log]\r\n     OS Version = 10.0.26100\r\n\r\n[BeginLog]\r\n\r\n"
		"[Boot Session: 2022/03/10 09:00:00.500]\r\n\r\n"
		SECTION("Device Install (Hardware initiated) - USBSTOR\\Disk&Ven_X&Prod_Y&Rev_1\\0123&0",
			"10:00:00.123", "SUCCESS")
		SECTION("Device Install (Hardware initiated) - USB\\VID_0781&PID_5571\\0123", "10:00:01.000", "SUCCESS")
		SECTION("Device Install (Hardware initiated) - SWD\\WPDBUSENUM\\_??_USBSTOR#Disk&Ven_X&Prod_Y&Rev_1#0123&0#"
			"{53f56307-b6bf-11d0-94f2-00a0c91efb8b}", "10:00:02.000", "FAILURE(0xe0000217)")
		SECTION("Import Driver Package - c:\\x.inf", "10:00:03.000", "SUCCESS")
		SECTION("Delete Device - USBSTOR\\DISK&VEN_X&PROD_Y&REV_1\\7&1A2B3C&0", "11:00:00.000", "SUCCESS")
		">>>  [Device Install (DiInstallDevice) - SCSI\\DISK&VEN_Z\\6&1]\r\n"));
	assert_int_equal(t.count, 5);
	assert_span(t.traces[0].what, "usb storage");
	assert_span(t.traces[0].digest, "0123");
	assert_span(t.traces[0].command, "Device Install (Hardware initiated)");
	assert_true(t.traces[0].time == timestamp_of_civil(2022, 3, 10, 10, 0, 0, 123000000));
	assert_span(t.traces[0].detail, "");
	assert_span(t.traces[1].what, "usb");
	assert_span(t.traces[1].digest, "0123");
	assert_span(t.traces[2].what, "usb storage");
	assert_span(t.traces[2].digest, "0123");
	assert_span(t.traces[2].detail, "{\"status\":\"FAILURE(0xe0000217)\"}");
	assert_span(t.traces[3].source, "device set-up log, removed (local time)");
	assert_span(t.traces[3].digest, "7&1A2B3C");
	assert_span(t.traces[4].what, "disk");
	assert_true(t.traces[4].time == TIME_NONE);
	told_free(&t);
}

TEST(devices_of_windows_xp_are_told)
{
	struct told t = { 0 };

	setup_log(&t, SPAN("[SetupAPI Log]\r\nOS Version = 5.1.2600 Service Pack 2\r\n"
		"[2005/03/14 10:45:47 1248.2 Driver Install]\r\n"
		"#-019 Searching for hardware ID(s): usbstor\\disksandisk_cruzer_mini_____0.1_\r\n"
		"#I123 Doing full install of \"USBSTOR\\DISK&VEN_SANDISK\\2004&0\".\r\n"
		"@ 10:45:51.123 #I121 Device install of \"USBSTOR\\DISK&VEN_SANDISK\\2004&0\" finished successfully.\r\n"
		"[2005/03/15 08:00:00 1248.2 Driver Install]\r\n#I121 Device install of \"ACPI\\X\\1\" finished.\r\n"
		"#I121 Device install of \"USBSTOR\\"));
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].digest, "2004");
	assert_true(t.traces[0].time == timestamp_of_civil(2005, 3, 14, 10, 45, 47, 0));
	told_free(&t);
}

TEST(damaged_set_up_logs_lose_nothing_else)
{
	static const char *const broken[] = { ">>>  [Device Install - USBSTOR\\a\\b&0", ">>>  [ - ]\r\n>>>  Section start x",
		">>>  [x]\r\n<<<  [Exit status: ", ">>>  [", "<<<  [Exit status: SUCCESS]",
			">>>  Section start 2022/99/99 10:00:00.123" };

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct told t = { 0 };
		struct buf b = buf_new(4096);

		buf_printf(&b, "%s\r\n%s", broken[i],
			   SECTION("Device Install - USBSTOR\\Disk&Ven_X\\9&0", "10:00:00.123", "SUCCESS"));
		setup_log(&t, buf_span(&b));
		assert_true(t.count);
		assert_span(t.traces[t.count - 1].digest, "9");
		assert_true(t.traces[t.count - 1].time == timestamp_of_civil(2022, 3, 10, 10, 0, 0, 123000000));
		told_free(&t);
		buf_free(&b);
	}
}

TEST(policy_scripts_with_and_without_parameters)
{
	struct told t = { 0 };

	told_run(&t, windows_policy_scripts, SPAN("[Logon]\r\n0CmdLine=a.bat\r\n0Parameters=-x\r\n[Startup]\r\n0CmdLine=b.ps1"),
		 "Scripts/scripts.ini", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].command, "a.bat -x");
	assert_span(t.traces[0].name, "Logon");
	assert_span(t.traces[1].command, "b.ps1");
	told_free(&t);
}

TEST(what_a_place_starts)
{
	struct told t = { 0 };

	told_run(&t, windows_profile, SPAN("x"), "Users/ann/Documents/WindowsPowerShell/profile.ps1", "", NULL);
	assert_span(t.traces[0].what, "profile");
	told_free(&t);
	told_run(&t, windows_office_start, SPAN("x"), "Users/ann/XLSTART/x.xlam", "", NULL);
	assert_span(t.traces[0].what, "office add-in");
	told_free(&t);
}

TEST(servers_that_copying_programs_know)
{
	struct told t = { 0 };

	told_run(&t, windows_rclone, SPAN("[mine]\ntype = mega\nuser = a@b.c\npass = x\n\n[s]\ntype = sftp\n"
		 "host = h.example\nport = 22\n"),
		 "rclone.conf", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].detail, "{\"kind\":\"mega\"}");
	assert_span(t.traces[1].peer, "h.example:22");
	told_free(&t);
	told_run(&t, windows_winscp, SPAN("[Configuration\\x]\r\nHostName=no\r\n[Sessions\\root@1.2.3.4]\r\n"
		 "HostName=1.2.3.4\r\nUserName=root\r\n"),
		 "WinSCP.ini", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].user, "root");
	told_free(&t);
	told_run(&t, windows_filezilla, SPAN("<FileZilla3><RecentServers><Server><Host>f.example</Host><Port>"
		 "21</Port><User>u</User>"
		 "</Server></RecentServers></FileZilla3>"), "recentservers.xml", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].peer, "f.example:21");
	told_free(&t);
}

TEST(onedrive_logs_are_counted)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/SyncEngine-2022-11-24.2341.10688.1.odlgz")
	struct told t = { 0 };

	run(&t, windows_odl, path);
	assert_true(t.ok);
	assert_true(t.traces[0].count > 1000);
	assert_true(t.traces[0].time > timestamp_of_civil(2022, 11, 24, 0, 0, 0, 0));
	assert_span(t.traces[0].detail, "{\"version\":\"21.220.1024.0005\"}");
	told_free(&t);
}

TEST(a_detection_of_defender)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/windefender_history/6AFE33A0-19BA-4FFF-892F-B700539D7D63")
	struct told t = { 0 };

	run(&t, windows_defender_detection, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[1].name, "Virus:DOS/EICAR_Test_File");
	assert_span(t.traces[1].path, "C:\\Users\\testuser\\Downloads\\eicar_com.zip->eicar.com");
	assert_span(t.traces[1].digest, "sha256:275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f");
	assert_span(t.traces[1].user, "FRYPTOP\\testuser");
	told_free(&t);
}

#define FILETIME_OF(seconds) (116444736000000000 + (uint64_t)(seconds) * 10000000)

static void add_value(struct buf *to, uint32_t type, const void *bytes, size_t len)
{
	buf_add_u32le(to, (uint32_t)len);
	buf_add_u32le(to, type);
	buf_add(to, span_of(bytes, len));
	while (to->len % 8)
		buf_add_u8(to, 0);
}

static void add_number(struct buf *to, uint32_t type, uint64_t n)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n >> 8 * i);
	add_value(to, type, bytes, type == 6 ? 4 : 8);
}

static void add_wide(struct buf *to, const char *text)
{
	struct buf wide = buf_new(512);

	for (; *text; text++)
		buf_add_u16le(&wide, (uint8_t)*text);
	buf_add_u16le(&wide, 0);
	add_value(to, 0x15, wide.at, wide.len);
	buf_free(&wide);
}

/* One value of the block that tracks a threat: a counted name, its type, a counted text. */
static void add_tracked(struct buf *to, const char *name, const char *value)
{
	for (int i = 0; i < 2; i++) {
		const char *text = i ? value : name;

		if (i)
			buf_add_u32le(to, 6);
		buf_add_u32le(to, (uint32_t)(2 * strlen(text) + 2));
		for (; *text; text++)
			buf_add_u16le(to, (uint8_t)*text);
		buf_add_u16le(to, 0);
	}
}

static void add_resource(struct buf *to, const char *kind, const char *place, const struct buf *tracked)
{
	add_wide(to, "Magic.Version:1.2");
	add_wide(to, kind);
	add_wide(to, place);
	add_number(to, 6, 0);
	add_number(to, 6, tracked->len);
	add_value(to, 0x28, tracked->at, tracked->len);
}

/* Value by value after libyal's description of the file. */
TEST(a_detection_of_defender_is_told_value_by_value)
{
	struct buf file = buf_new(8192), tracked = buf_new(1024), none = buf_new(8);
	char digest[65];
	struct told t = { 0 };

	memset(digest, 'a', 64);
	digest[64] = 0;
	buf_add_u32le(&tracked, 400);
	add_tracked(&tracked, "ThreatTrackingId", "{0}");
	add_tracked(&tracked, "ThreatTrackingSha256", digest);
	add_number(&file, 8, 0x80000000);
	add_value(&file, 0x1e, "0123456789abcdef", 16);
	add_wide(&file, "Magic.Version:1.2");
	add_wide(&file, "Virus:DOS/EICAR_Test_File");
	add_number(&file, 6, 42);
	add_resource(&file, "containerfile", "C:\\Users\\ann\\a.zip", &none);
	add_resource(&file, "file", "C:\\Users\\ann\\a.zip->eicar.com", &tracked);
	add_number(&file, 0xa, FILETIME_OF(1646914200));
	add_wide(&file, "WS01\\ann");
	add_wide(&file, "C:\\Windows\\explorer.exe");
	add_number(&file, 0xa, FILETIME_OF(1646913600));
	add_number(&file, 0xa, 0);
	told_run(&t, windows_defender_detection, buf_span(&file), "DetectionHistory/00/{x}", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].path, "C:\\Users\\ann\\a.zip");
	assert_span(t.traces[0].digest, "");
	assert_span(t.traces[0].name, "Virus:DOS/EICAR_Test_File");
	assert_span(t.traces[1].path, "C:\\Users\\ann\\a.zip->eicar.com");
	assert_span(span_sub(t.traces[1].digest, 0, 11), "sha256:aaaa");
	assert_span(t.traces[1].user, "WS01\\ann");
	assert_span(t.traces[1].detail, "{\"resource\":\"file\",\"process\":\"C:\\\\Windows\\\\explorer.exe\"}");
	assert_true(t.traces[1].time == 1646913600 * TIME_SECOND);
	assert_true(t.traces[1].last == 1646914200 * TIME_SECOND);
	told_free(&t);
	buf_free(&file);
	buf_free(&tracked);
}

static void defender_log(struct told *t, struct span text)
{
	told_run(t, windows_defender_log, text, "MPLog-20220310-120000.log", "", NULL);
	assert_true(t->ok);
}

#define AT "2022-03-10T12:00:00.500Z "
#define SHA1 "f549ea1b040b1a36ee0e7f932386ca1cd057712c"
#define SHA2 "0a841b7957377458895059e9780f802a2f75b432b0d87a6700098163eddaa276"

TEST(the_log_of_defender_tells_programs_with_the_files_that_they_used)
{
	struct told t = { 0 };

	defender_log(&t, SPAN(AT "ProcessImageName: rclone.exe, Pid: 7836, TotalTime: 6070, Count: 24, MaxTime: 828, "
		"MaxTimeFile: "
		"\\Device\\HarddiskVolume3\\Shares\\a, b.xlsx, EstimatedImpact: 100%\r\n"
		AT "ProcessImageName: svchost.exe, Pid: 4, TotalTime: 5, Count: 1, MaxTime: 1, MaxTimeFile: "
		"\\Device\\HarddiskVolume3\\Windows\\x.dll, EstimatedImpact: 0%\r\n"
		AT "SDN:Issuing SDN query for \\Device\\HarddiskVolume4\\x.asp (\\\\?\\C:\\inetpub\\x.asp) (sha1=" SHA1 ", "
			"sha2=" SHA2 ")\r\n"
		AT "SDN:Issuing SDN query for C:\\y.exe (sha1=" SHA1 ", sha2=)\r\n"
		AT "Engine:command line reported as lowfi: C:\\Windows\\System32\\reg.exe(reg add HKLM\\X (1) /f)\r\n"
		AT "EMS scan for process: notepad pid: 4100, sigseq: 0x0000555555, sendMemoryScanReport: 0, source: 1\r\n"
		AT "Engine: original file name \"rclone.exe\" for \"C:\\Users\\Public\\svchost.exe\", hr=0x0\r\n"
		"no time ProcessImageName: x\r\n" AT "nothing\r\n"));
	assert_int_equal(t.count, 8);
	assert_span(t.traces[0].program, "rclone.exe");
	assert_span(t.traces[0].detail, "{\"pid\":\"7836\",\"files_scanned\":\"24\",\"longest_scan_of\":"
		    "\"\\\\Device\\\\HarddiskVolume3\\\\Shares\\\\a, b.xlsx\",\"impact\":\"100\"}");
	assert_true(t.traces[0].time == timestamp_of_civil(2022, 3, 10, 12, 0, 0, 500000000));
	assert_span(t.traces[1].what, "opened");
	assert_span(t.traces[1].path, "\\Device\\HarddiskVolume3\\Shares\\a, b.xlsx");
	assert_span(t.traces[2].program, "svchost.exe");
	assert_span(t.traces[3].program, "C:\\inetpub\\x.asp");
	assert_span(t.traces[3].digest, "sha256:" SHA2);
	assert_span(t.traces[4].program, "C:\\y.exe");
	assert_span(t.traces[4].digest, "sha1:" SHA1);
	assert_span(t.traces[5].program, "C:\\Windows\\System32\\reg.exe");
	assert_span(t.traces[5].command, "reg add HKLM\\X (1) /f");
	assert_span(t.traces[6].program, "notepad");
	assert_span(t.traces[7].program, "C:\\Users\\Public\\svchost.exe");
	assert_span(t.traces[7].technique, "T1036.003");
	told_free(&t);
}

TEST(the_log_of_defender_tells_what_was_found_where)
{
	struct told t = { 0 };

	defender_log(&t, SPAN(AT "DETECTIONEVENT MPSOURCE_REALTIME HackTool:Win32/Example!MSR file:C:\\a "
		"b\\t;1.exe;process:pid:7968,"
		"ProcessStart:133474519288037348;\r\n"
		AT "DETECTION_ADD#1 HackTool:Win32/Example!MSR file:C:\\tool.exe PropBag [length: 0, data: (null)]\r\n"
		AT "DETECTION_ADD Behavior:Win32/Example.A process:pid:7968,ProcessStart:1\r\n"
		AT "DETECTION_CLEANEVENT MPSOURCE_USER MP_THREAT_ACTION_QUARANTINE 0x0 Virus:X file:\\\\?\\C:\\x.exe\r\n"
		AT "DETECTIONEVENT MPSOURCE_REALTIME Virus:Alone\r\nDETECTIONEVENT no time\r\n"
		AT "[Mini-filter] Blocked file(#4): \\Device\\H4\\x.asp. Process: \\Device\\H4\\powershell.exe, Status: 0x0\r\n"
		"Begin Resource Scan\r\nStart Time:2022-03-11 09:00:00\r\nResource Schema:folder\r\nResource Path:C:\\all\r\n"
		"Result Count:1\r\nThreat Name:Trojan:Win32/Y\r\nResource Schema:file\r\nResource "
			"Path:C:\\all\\y.exe\r\nEnd Scan\r\n"
		"Resource Path:C:\\nobody\r\n"));
	assert_int_equal(t.count, 8);
	assert_span(t.traces[0].name, "HackTool:Win32/Example!MSR");
	assert_span(t.traces[0].path, "C:\\a b\\t;1.exe");
	assert_span(t.traces[0].detail, "{\"resource\":\"file\"}");
	assert_span(t.traces[1].path, "");
	assert_span(t.traces[1].detail, "{\"resource\":\"process\",\"object\":\"pid:7968,ProcessStart:133474519288037348\"}");
	assert_span(t.traces[2].path, "C:\\tool.exe");
	assert_span(t.traces[3].name, "Behavior:Win32/Example.A");
	assert_span(t.traces[4].name, "Virus:X");
	assert_span(t.traces[4].path, "C:\\x.exe");
	assert_span(t.traces[5].name, "Virus:Alone");
	assert_span(t.traces[6].what, "blocked");
	assert_span(t.traces[6].path, "\\Device\\H4\\x.asp");
	assert_span(t.traces[6].program, "\\Device\\H4\\powershell.exe");
	assert_span(t.traces[7].path, "C:\\all\\y.exe");
	assert_span(t.traces[7].name, "Trojan:Win32/Y");
	assert_true(t.traces[7].time == timestamp_of_civil(2022, 3, 11, 9, 0, 0, 0));
	told_free(&t);
}

/* Neither long to read, nor a line that hides those behind it. */
TEST(the_log_of_defender_with_a_line_of_separators)
{
	struct buf b = buf_new((size_t)8 << 20);
	struct told t = { 0 };
	clock_t before = clock();

	buf_text(&b, AT "DETECTIONEVENT X HackTool:Win32/X file:C:\\a");
	for (size_t i = 0; i < 2000000; i++)
		buf_add_u8(&b, ';');
	buf_text(&b, "\n" AT "DETECTIONEVENT X Evil:Win32/Y file:C:\\behind\n");
	defender_log(&t, buf_span(&b));
	assert_in_range((clock() - before) / CLOCKS_PER_SEC, 0, 5);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].path, "C:\\behind");
	assert_in_range(t.traces[0].command.len, 10, 10000);
	told_free(&t);
	buf_free(&b);
}

/* Folders of the system are at the root of a volume; a user's of the same name is not one. */
TEST(the_log_of_defender_leaves_out_files_of_the_system_only)
{
	static const struct { const char *path; size_t traces; } rows[] = {
		{ "C:\\Windows\\x.dll", 1 }, { "\\\\?\\c:\\program files\\x.dll", 1 },
		{ "\\Device\\HarddiskVolume3\\Windows\\x.dll", 1 }, { "C:\\Users\\ann\\Windows\\plans.docx", 2 },
		{ "\\Device\\HarddiskVolume3\\Users\\Program Files\\x", 2 }, { "C:\\Program Files2\\x", 2 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = { 0 };
		char line[300];

		snprintf(line, sizeof line, AT "ProcessImageName: a.exe, Pid: 1, TotalTime: 2, Count: 3, MaxTime: 4, "
			 "MaxTimeFile: %s, EstimatedImpact: 5%%\n", rows[i].path);
		defender_log(&t, span_text(line));
		assert_int_equal(t.count, rows[i].traces);
		told_free(&t);
	}
}

TEST(the_log_of_defender_tells_each_exclusion_once)
{
	struct told t = { 0 };

	for (int wide = 0; wide < 2; wide++) {
		static const char text[] = AT "[Exclusion] C:\\temp -> \\Device\\H3\\temp\r\n"
			"**RTP Perf Log**\r\nRTP Start:2022\r\nProcess Exclusions:\r\n  C:\\x.exe\r\nPath Exclusions:\r\n  "
				"C:\\temp\r\n"
			"  C:\\Users\\Public\r\nExt Exclusions:\r\n  .ps1\r\nWorker Threads:3\r\nC:\\not this\r\n**END RTP "
				"Perf Log**\r\n"
			"Path Exclusions:\r\n  C:\\Users\\Public\r\n\r\n";
		struct buf b = buf_new(1 << 16);

		buf_add(&b, wide ? SPAN("\xff\xfe") : SPAN(""));
		for (size_t i = 0; i + 1 < sizeof text; i++) {
			buf_add_u8(&b, (uint8_t)text[i]);
			if (wide)
				buf_add_u8(&b, 0);
		}
		defender_log(&t, buf_span(&b));
		assert_int_equal(t.count, 4);
		assert_span(t.traces[0].name, "C:\\temp");
		assert_span(t.traces[0].technique, "T1562.001");
		assert_span(t.traces[1].name, "C:\\x.exe");
		assert_span(t.traces[2].name, "C:\\Users\\Public");
		assert_span(t.traces[3].name, ".ps1");
		told_free(&t);
		buf_free(&b);
	}
}

TEST(wmi_subscriptions_are_carved)
{
	static const char repository[] =
		"\0junk\0__EventFilter\0\0root\\cimv2\0\0Evil\0\0select * from __InstanceModificationEvent\0\0WQL\0\1\2\3\4"
		"\0CommandLineEventConsumer\0\0c:\\x.exe -a\0\0EvilDoer\0\1\2\3\4"
		"\0ActiveScriptEventConsumer\0\0VBScript\0\0CreateObject(1)\0\0Alone\0\1\2\3\4"
		"__FilterToConsumerBinding\0CommandLineEventConsumer.Name=\"EvilDoer\"\0\0__EventFilter.Name=\"Evil\"\0";
	struct told t = { 0 };

	told_run(&t, windows_wmi, span_of(repository, sizeof repository), "wbem/Repository/OBJECTS.DATA", "", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].name, "EvilDoer");
	assert_span(t.traces[0].command, "c:\\x.exe -a");
	assert_span(t.traces[0].detail, "{\"consumer\":\"CommandLineEventConsumer\",\"filter\":\"Evil\","
		    "\"query\":\"select * from __InstanceModificationEvent\"}");
	assert_span(t.traces[1].name, "Alone");
	told_free(&t);
}

static void add_marked(struct buf *to, const char *utf8_or_latin, bool is_wide)
{
	const char *c = utf8_or_latin;

	buf_add_u8(to, is_wide);
	for (; *c; c++)
		if (is_wide && (uint8_t)*c >= 0xc0) {	/* two bytes of UTF-8 are enough here */
			buf_add_u16le(to, (uint16_t)((c[0] & 31) << 6 | (c[1] & 63)));
			c++;
		} else if (is_wide) {
			buf_add_u16le(to, (uint8_t)*c);
		} else {
			buf_add_u8(to, (uint8_t)*c);
		}
	for (int i = 0; i <= is_wide; i++)
		buf_add_u8(to, 0);
}

/* Letters beyond Latin make the repository write a text in UTF-16. */
TEST(wmi_subscriptions_in_utf16_are_carved)
{
	struct buf b = buf_new(8192);
	struct told t = { 0 };

	add_marked(&b, "__EventFilter", false);
	add_marked(&b, "root\\cimv2", false);
	add_marked(&b, "вход", true);
	add_marked(&b, "select * from __InstanceCreationEvent where x = 'вход'", true);
	add_marked(&b, "WQL", false);
	buf_add(&b, SPAN("\1\2\3\4"));
	add_marked(&b, "CommandLineEventConsumer", false);
	add_marked(&b, "c:\\Users\\Анна\\x.exe -a", true);
	add_marked(&b, "дело", true);
	buf_add(&b, SPAN("\1\2\3\4 __FilterToConsumerBinding\0"));
	add_marked(&b, "CommandLineEventConsumer.Name=\"дело\"", true);
	add_marked(&b, "__EventFilter.Name=\"вход\"", true);
	told_run(&t, windows_wmi, buf_span(&b), "wbem/Repository/OBJECTS.DATA", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].name, "дело");
	assert_span(t.traces[0].command, "c:\\Users\\Анна\\x.exe -a");
	assert_span(t.traces[0].detail, "{\"consumer\":\"CommandLineEventConsumer\",\"filter\":\"вход\","
		    "\"query\":\"select * from __InstanceCreationEvent where x = 'вход'\"}");
	told_free(&t);
	buf_free(&b);
}

/* The digest of the class's name, then two times. */
static void add_head(struct buf *to, size_t digits, uint64_t filetime)
{
	for (size_t i = 0; i < digits; i++)
		buf_add_u16le(to, "0123456789ABCDEF"[i % 16]);
	buf_add_u64le(to, filetime);
	buf_add_u64le(to, UINT64_C(116444736000000000));
	buf_add(to, SPAN("\xff\xff\xff\xff\1\2\3\4\5"));
}

static void add_subscription(struct buf *to, const char *name)
{
	char reference[100];

	add_marked(to, "CommandLineEventConsumer", false);
	add_marked(to, "c:\\x.exe -a", false);
	add_marked(to, name, false);
	buf_add(to, SPAN("\1\2\3\4 __FilterToConsumerBinding\0"));
	snprintf(reference, sizeof reference, "CommandLineEventConsumer.Name=\"%s\"", name);
	add_marked(to, reference, false);
	add_marked(to, "__EventFilter.Name=\"f\"", false);
}

/* One page: a table of one record, that record, and behind it what was one before. */
TEST(wmi_subscriptions_have_times_and_deleted_ones_say_so)
{
	static const size_t digits[] = { 64, 32 };

	for (size_t i = 0; i < 2; i++) {
		struct buf b = buf_new(16384);
		struct told t = { 0 };
		uint32_t size;

		buf_add(&b, SPAN("\1\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
		add_head(&b, digits[i], UINT64_C(131000000000000000));
		add_subscription(&b, "live");
		size = (uint32_t)b.len - 32;
		memcpy(b.at + 8, &size, 4);
		for (int pad = 0; pad < 2000; pad++)
			buf_add_u8(&b, 0);
		add_head(&b, digits[i], UINT64_C(132000000000000000));
		add_subscription(&b, "gone");
		while (b.len < 8192)
			buf_add_u8(&b, 0);
		told_run(&t, windows_wmi, buf_span(&b), "wbem/Repository/OBJECTS.DATA", "", NULL);
		assert_int_equal(t.count, 2);
		assert_span(t.traces[0].name, "live");
		assert_int_equal(t.traces[0].time, timestamp_of_filetime(UINT64_C(131000000000000000)));
		assert_true(span_find(t.traces[0].detail, 0, SPAN("deleted")) == SIZE_MAX);
		assert_span(t.traces[1].name, "gone");
		assert_int_equal(t.traces[1].time, timestamp_of_filetime(UINT64_C(132000000000000000)));
		assert_true(span_find(t.traces[1].detail, 0, SPAN("\"state\":\"in no record: deleted\"")) != SIZE_MAX);
		told_free(&t);
		buf_free(&b);
	}
}

/* A script that goes on elsewhere is told as far as it stands here. */
TEST(a_long_script_of_wmi_is_not_lost)
{
	struct buf b = buf_new(1 << 20);
	struct told t = { 0 };

	add_marked(&b, "ActiveScriptEventConsumer", false);
	add_marked(&b, "Long", false);
	add_marked(&b, "VBScript", false);
	buf_text(&b, "CreateObject(\"");
	for (int i = 0; i < 90000; i++)
		buf_add_u8(&b, 'A');
	buf_add(&b, SPAN("\")\0"));
	add_marked(&b, "ActiveScriptEventConsumer.Name=\"Long\"", false);
	add_marked(&b, "__EventFilter.Name=\"f\"", false);
	told_run(&t, windows_wmi, buf_span(&b), "wbem/Repository/OBJECTS.DATA", "", NULL);
	assert_int_equal(t.count, 1);
	assert_true(span_starts(t.traces[0].command, SPAN("CreateObject(\"AAAA")));
	assert_true(t.traces[0].command.len > 60000);
	assert_true(span_find(t.traces[0].detail, 0, SPAN("its end was not found")) != SIZE_MAX);
	told_free(&t);
	buf_free(&b);
}

/* A gzip member of "abc". */
TEST(gzip_is_bounded)
{
	static const uint8_t packed[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0,
					  0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0 };
	struct arena arena = arena_new(1 << 20);
	struct span out;

	assert_true(pack_gunzip(&arena, span_of(packed, sizeof packed), 100, &out));
	assert_span(out, "abc");
	assert_false(pack_gunzip(&arena, span_of(packed, sizeof packed), 2, &out));
	assert_span(out, "ab");
	assert_false(pack_gunzip(&arena, span_of(packed, 12), 100, &out));
	arena_free(&arena);
}
