/* Logs, lists and settings of remote control, written after published examples. */
#include "artefact/windows.h"

#include "artefact/decode_support.h"
#include "test.h"

#define WRITTEN timestamp_of_civil(2022, 9, 2, 0, 0, 0, 0)

static void told_log(struct told *t, const char *path, const char *text, timestamp modified)
{
	struct arena arena = arena_new(1 << 20);
	struct near_files near = { told_near, t };
	struct artefact a = { .bytes = span_text(text), .path = span_text(path), .near = &near, .arena = &arena,
			      .modified = modified, .trace = told_trace,
			      .short_of = told_short, .lost = told_lost, .context = t };

	*t = (struct told){ .arena = arena_new(1 << 20) };
	t->ok = windows_remote_log(&a, &t->err);
	assert_true(t->ok);
	arena_free(&arena);
}

TEST(teamviewer_connections_both_ways)
{
	struct told t = { 0 };

	told_run(&t, windows_teamviewer, SPAN("\r\n"
		 "1660360496\tMallory\t16-02-2024 14:16:32\t16-02-2024 14:18:36\tann\tRemoteControl\t{x}\t"),
		 "connections_incoming.txt", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].peer, "1660360496");
	assert_span(t.traces[0].name, "Mallory");
	assert_span(t.traces[0].user, "ann");
	assert_true(t.traces[0].time == timestamp_of_civil(2024, 2, 16, 14, 16, 32, 0));
	told_free(&t);
	told_run(&t, windows_teamviewer, SPAN("\r\n"
		 "166   20-02-2024 13:10:33    20-02-2024 13:11:52    ann     RemoteControl   {y}\r\n"),
		 "Connections.txt", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].command, "RemoteControl");
	assert_int_equal(t.lost, 0);
	assert_true(t.traces[0].last == timestamp_of_civil(2024, 2, 20, 13, 11, 52, 0));
	told_free(&t);
}

/* Copied out of a window its tabs are blanks; a name may be empty, and may have two blanks. */
TEST(teamviewer_connections_in_columns_and_lines_that_are_none)
{
	struct told t = { 0 };

	told_run(&t, windows_teamviewer, SPAN(
		 "1660360496    Mallory    16-02-2024 14:16:32    16-02-2024 14:18:36    ann    RemoteControl   {x}\r\n"
		 "1660360497\tMal  lory\t16-02-2024 14:16:32\t16-02-2024 14:18:36\tann\tFileTransfer\t{x}\r\n"
		 "1660360498\t\t16-02-2024 14:16:32\t16-02-2024 14:18:36\tbob\tRemoteControl\t{x}\r\n"
		 "who when\r\n16-02-2024 14:16:32\r\n"), "Connections_incoming.txt", "", NULL);
	assert_int_equal(t.count, 3);
	for (size_t i = 0; i < t.count; i++)
		assert_true(t.traces[i].time == timestamp_of_civil(2024, 2, 16, 14, 16, 32, 0));
	assert_span(t.traces[0].name, "Mallory");
	assert_span(t.traces[0].user, "ann");
	assert_span(t.traces[1].name, "Mal  lory");
	assert_span(t.traces[1].command, "FileTransfer");
	assert_span(t.traces[2].name, "");
	assert_span(t.traces[2].user, "bob");
	assert_int_equal(t.lost, 1);
	assert_string_equal(t.short_of, "1 lines are not understood");
	told_free(&t);
}

/* A zone, or the time of the file, at the end of all time. */
TEST(times_of_remote_control_that_cannot_be)
{
	struct told t = { 0 };

	told_run(&t, windows_remote_log, SPAN("2262-04-11 23:47:16 -1400 Direction.UPLOAD, Action.CREATE name=u'a'\n"
		 "2024-01-01 10:00:00 -1400 Direction.UPLOAD, Action.CREATE name=u'b'\n"), "Drive/sync_log.log", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].path, "b");
	told_free(&t);
	told_log(&t, "SPLog.txt", "<1>Sep  1 11:40:53 [Banner] Got client 1 public IP 203.0.113.9", INT64_MAX);
	assert_int_equal(t.count, 1);
	told_free(&t);
}

TEST(rustdesk_and_screenconnect_tell_who_was_at_the_other_end)
{
	struct told t = { 0 };

	told_run(&t, windows_remote_log, SPAN("[2024-02-16 14:16:32.123456 +01:00] DEBUG [src/server/connection.rs:315] "
		 "#2047 Connection opened from 203.0.113.9:50000.\n"
		 "[2024-02-16 14:16:33.000000 +01:00] INFO [src/ipc.rs:1] nothing\n"), "RustDesk/log/server/x.log", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].what, "remote control");
	assert_span(t.traces[0].peer, "203.0.113.9:50000");
	assert_true(t.traces[0].time == timestamp_of_civil(2024, 2, 16, 13, 16, 32, 0));
	told_free(&t);
	told_run(&t, windows_screenconnect, SPAN("<?xml version=\"1.0\" path=\"x\"?><configuration><setting "
		 "name=\"ClientLaunchParametersConstraint\"><value>?y=Guest&amp;h=relay.example&amp;p=443&amp;k=B"
		 "</value></setting></configuration>"), "ScreenConnect Client (0123)/system.config", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].peer, "relay.example");
	told_free(&t);
}

TEST(logs_of_remote_control_by_their_phrases)
{
	struct told t = { 0 };

	told_run(&t, windows_remote_log, SPAN("   info 2022-09-28 12:00:13.193  lsvc 1 anynet.relay - Logged in from "
		 "5.6.7.8:51234 on relay x.\n"
		 "   info 2022-09-28 12:01:00.000  ctrl 2 app.prepare_task - Preparing files in 'C:\\Users\\ann\\secret'.\n"
		 "   info 2022-09-28 12:02:00.000  nothing\n"), "AnyDesk/ad.trace", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].what, "remote control");
	assert_span(t.traces[0].peer, "5.6.7.8:51234");
	assert_span(t.traces[1].path, "C:\\Users\\ann\\secret");
	assert_span(t.traces[1].detail, "{\"direction\":\"out\"}");
	assert_true(t.traces[1].time == timestamp_of_civil(2022, 9, 28, 12, 1, 0, 0));
	told_free(&t);
}

/* A line's own zone counts; what only looks like one does not. */
TEST(logs_of_remote_control_and_clouds_in_their_own_zone)
{
	static const struct { const char *stamp; int day, hour, minute; } rows[] = {
		{ "2018-01-24 18:25:08,454 -0800 INFO", 25, 2, 25 }, { "2018-01-24 18:25:08,454 +0530 INFO", 24, 12, 55 },
		{ "2018-01-24 18:25:08 +0100", 24, 17, 25 }, { "2018-01-24T18:25:08.1Z", 24, 18, 25 },
		{ "2018-01-24 18:25:08,454 -12345 INFO", 24, 18, 25 }, { "2018-01-24 18:25:08 -9900 INFO", 24, 18, 25 },
		{ "2018-01-24 18:25:08", 24, 18, 25 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = { 0 };
		char line[200];

		snprintf(line, sizeof line, "%s x Direction.UPLOAD, Action.CREATE name=u'a.txt'\n", rows[i].stamp);
		told_run(&t, windows_remote_log, span_text(line), "Drive/sync_log.log", "", NULL);
		assert_int_equal(t.count, 1);
		assert_true(t.traces[0].time == timestamp_of_civil(2018, 1, rows[i].day, rows[i].hour, rows[i].minute, 8, 0));
		told_free(&t);
	}
}

TEST(who_is_at_the_other_end_is_told)
{
	static const struct { const char *path, *line, *name, *peer; } rows[] = {
		{ "AnyDesk/ad.trace", "   info 2022-09-28 12:00:13.193  lsvc 1 anynet.any_socket - Accepting from 442226597 "
			"(fpr x).",
		  "442226597", "" },
		{ "AnyDesk/ad.trace", "   info 2022-09-28 12:00:13.193  back 1 app.backend_session - Incoming session "
			"request: mal@ad (442226597)",
		  "mal@ad (442226597)", "" },
		{ "TeamViewer15_Logfile.log", "2022/09/28 12:00:13.193  1  2 D3   CParticipantManagerBase participant EVIL "
			"(ID [1660,-2]) "
		  "was added with the role 6", "EVIL (ID [1660,-2])", "" },
		{ "log/SPLog.txt", "<1>Sep  1 11:40:53 [SM_04020]:[Auth-L] ok, client (mechant_host) can connect to AV server",
		  "mechant_host", "" },
		{ "log/SPLog.txt", "<1>Sep01 11:40:58.250 [AP_07144]:[Banner] Got client 1 public IP "
			"203.0.113.9", "", "203.0.113.9" },
		{ "RustDesk/log/server/x.log", "[2024-02-16 14:16:32.123456 +01:00] DEBUG [src\\rendezvous_mediator.rs:532] "
		  "Punch hole to 203.0.113.9:50000", "", "203.0.113.9:50000" },
		{ "ProgramData/LogMeIn/LMI20240216.log", "2024-02-16 14:16:32.123 - Session - User X\\ann has successfully "
			"logged in from "
		  "203.0.113.9", "", "203.0.113.9" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = { 0 };

		told_log(&t, rows[i].path, rows[i].line, WRITTEN);
		assert_int_equal(t.count, 1);
		assert_span(t.traces[0].what, "remote control");
		assert_span(t.traces[0].name, rows[i].name);
		assert_span(t.traces[0].peer, rows[i].peer);
		assert_true(t.traces[0].time != TIME_NONE);
		told_free(&t);
	}
}

/* Words of updates and of the program itself are no transfers. */
TEST(what_only_sounds_like_a_transfer_is_none)
{
	struct told t = { 0 };

	told_log(&t, "AnyDesk/ad.trace", "   info 2022-09-28 12:00:13.193 lsvc 1 app.update - download of update.exe: "
		"Incoming, Outgoing upload\n"
		 "   info 2022-09-28 12:00:13.193 lsvc 1 anynet.relay_connector - Connecting to relay.anydesk.com\n", WRITTEN);
	assert_int_equal(t.count, 0);
	told_free(&t);
}

TEST(which_way_files_went)
{
	static const struct { const char *path, *line, *file, *way; } rows[] = {
		{ "AnyDesk/ad.trace", "   info 2022-09-28 12:01:00.000 front 2 app.prepare_task - Preparing files in "
			"'C:\\Users\\ann\\secret'.",
		  "C:\\Users\\ann\\secret", "{\"direction\":\"out\"}" },
		{ "AnyDesk/ad.trace", "   info 2022-09-28 12:01:00.000 front 2 app.local_file_transfer - Download started "
			"(0).", "",
		  "{\"direction\":\"in\"}" },
		{ "SPLog.txt", "<1>Sep  1 11:42:12 [SM_04020]:[FTC] UploadRequest, fileID[2896], filePath[C:\\Users\\lab\\m "
			"[1].7z]",
		  "C:\\Users\\lab\\m [1", "{\"direction\":\"in\"}" },
		{ "SPLog.txt", "<1>Sep  1 11:42:12 SM_03280[FTCnnel] OnDownloadRequest 1, 1 "
			"=>{\"fileID\":\"3\",\"fileName\":\"NOTE.txt\"}",
		  "NOTE.txt", "{\"direction\":\"out\"}" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = { 0 };

		told_log(&t, rows[i].path, rows[i].line, WRITTEN);
		assert_int_equal(t.count, 1);
		assert_span(t.traces[0].what, "copy");
		assert_span(t.traces[0].path, rows[i].file);
		assert_span(t.traces[0].detail, rows[i].way);
		told_free(&t);
	}
}

TEST(times_without_a_year_are_of_the_year_before_the_file)
{
	static const struct { const char *stamp; int year, month, day; } rows[] = {
		{ "<1>Sep  1 11:40:53", 2022, 9, 1 }, { "<1>Dec 31 11:40:53", 2021, 12, 31 }, { "<2>Jan02 "
			"11:40:53.123", 2022, 1, 2 },
		{ "<2>Feb29 11:40:53.123", 2020, 2, 29 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct told t = { 0 };
		char line[200];

		snprintf(line, sizeof line, "%s [Banner] Got client 1 public IP 203.0.113.9", rows[i].stamp);
		told_log(&t, "SPLog.txt", line, WRITTEN);
		assert_int_equal(t.count, 1);
		assert_true(t.traces[0].time == timestamp_of_civil(rows[i].year, rows[i].month, rows[i].day, 11, 40, 53, 0));
		told_free(&t);
	}
}

static void put_wide(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_add_u16le(b, (uint8_t)*text);
}

TEST(lists_of_anydesk_in_utf16_and_in_columns)
{
	struct buf wide = buf_new(4096);
	struct told t = { 0 };

	put_wide(&wide, "Incoming\t\t2022-09-28, 12:39\tUser\tmal@ad\t442226597\r\n"
			"Incoming    2022-09-28, 12:45    REJECTED                         442226598\r\n"
			"Outgoing\t\t2022-09-29, 01:00\tPasswd\tsrv@ad\t55\r\nnonsense\r\nIncoming\r\n");
	told_run(&t, windows_anydesk_sessions, buf_span(&wide), "ProgramData/AnyDesk/connection_trace.txt", "", NULL);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[0].what, "remote control");
	assert_span(t.traces[0].peer, "442226597");
	assert_span(t.traces[0].name, "mal@ad");
	assert_span(t.traces[0].command, "User");
	assert_true(t.traces[0].time == timestamp_of_civil(2022, 9, 28, 12, 39, 0, 0));
	assert_span(t.traces[1].what, "failed logon");
	assert_span(t.traces[1].peer, "442226598");
	assert_span(t.traces[2].name, "srv@ad");
	assert_span(t.traces[2].peer, "");
	told_free(&t);
	buf_clear(&wide);
	put_wide(&wide, "Clipboard\t\t2025-01-01, 13:37\tstart \tdownload\t'it's.exe' (~0 B out of 4.20 MiB)\r\n"
			"File manager\t\t2025-01-01, 13:38\tfinish\tupload\t'secret.zip'\r\nx\r\n\t\t\t\t\t\r\n");
	told_run(&t, windows_anydesk_files, buf_span(&wide), "ProgramData/AnyDesk/file_transfer_trace.txt", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].path, "it's.exe");
	assert_span(t.traces[0].detail, "{\"direction\":\"in\",\"state\":\"start\",\"size\":\"4.20 MiB\"}");
	assert_true(t.traces[0].time == timestamp_of_civil(2025, 1, 1, 13, 37, 0, 0));
	assert_span(t.traces[1].path, "secret.zip");
	assert_span(t.traces[1].detail, "{\"direction\":\"out\",\"state\":\"finish\"}");
	told_free(&t);
	buf_free(&wide);
}

TEST(files_over_splashtop)
{
	struct told t = { 0 };

	told_run(&t, windows_splashtop_files, SPAN("2022-09-01 11:42:14\tC:\\Users\\lab\\a b.7z\t12.5 "
		"KB\tUpload\tCompleted\tjohn doe (203.0.113.9)\r\n"
		 "2022-09-01 11:43:14\tC:\\x\t0.0 "
			"KB\tDownload\tFailed\r\nrubbish\r\n"), "Splashtop/Temp/log/FTCLog.txt", "", NULL);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].path, "C:\\Users\\lab\\a b.7z");
	assert_span(t.traces[0].peer, "203.0.113.9");
	assert_span(t.traces[0].name, "john doe");
	assert_span(t.traces[0].detail, "{\"direction\":\"in\",\"state\":\"Completed\",\"size\":\"12.5 KB\"}");
	assert_span(t.traces[1].detail, "{\"direction\":\"out\",\"state\":\"Failed\",\"size\":\"0.0 KB\"}");
	told_free(&t);
}

TEST(servers_that_screenconnect_reached)
{
	struct told t = { 0 };

	told_run(&t, windows_screenconnect, SPAN("<configuration><ScreenConnect.ApplicationSettings><setting "
		"name=\"HostToAddressMap\" "
		 "serializeAs=\"String\"><value>a.screenconnect.com=139.0.2.96-5%2f20%2f2025%204%3a24%3a03%20PM&amp;"
		 "b.example=15.0.2.36-2025-06-02%2011%3a29%3a37&amp;c.x=1.2.3.4-20%2f05%2f2025&amp;=&amp;x</value></setting>"),
		 "scre..tion_25b0_0017.0002_ca/user.config", "", NULL);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[0].name, "a.screenconnect.com");
	assert_span(t.traces[0].peer, "139.0.2.96");
	assert_true(t.traces[0].time == timestamp_of_civil(2025, 5, 20, 16, 24, 3, 0));
	assert_true(t.traces[1].time == timestamp_of_civil(2025, 6, 2, 11, 29, 37, 0));
	assert_true(t.traces[2].time == TIME_NONE);
	told_free(&t);
}

TEST(settings_of_rustdesk_tell_servers_and_machines)
{
	struct told t = { 0 };

	told_run(&t, windows_rustdesk, SPAN("password = []\n[info]\nusername = 'adm'\nhostname = \"SRV01\"\nplatform = "
		"'Windows'\n"),
		 "Users/ann/AppData/Roaming/RustDesk/config/peers/123456789.toml", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].name, "123456789");
	assert_span(t.traces[0].detail, "{\"machine\":\"SRV01\",\"as\":\"adm\",\"system\":\"Windows\"}");
	told_free(&t);
	told_run(&t, windows_rustdesk, SPAN("rendezvous_server = "
		"'rs-ny.rustdesk.com:21116'\n[options]\ncustom-rendezvous-server = 'c2.example'\n"),
		 "Users/ann/AppData/Roaming/RustDesk/config/RustDesk2.toml", "", NULL);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].peer, "c2.example");
	told_free(&t);
}
