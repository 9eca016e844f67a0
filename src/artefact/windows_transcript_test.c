/* Transcripts and histories of PowerShell, whole, several in one, cut off and hostile. */
#include "artefact/windows.h"

#include <stdlib.h>

#include "artefact/decode_support.h"
#include "test.h"

#define STARS "**********************\r\n"
#define HEAD(time, user, host) STARS "Windows PowerShell transcript start\r\nStart time: " time "\r\n" \
	"Username: " user "\r\nRunAs User: " user "\r\nConfiguration Name: \r\n" \
	"Machine: WS01 (Microsoft Windows NT 10.0.26100.0)\r\nHost Application: " host "\r\n" \
	"Process ID: 77\r\nPSVersion: 5.1.26100.1\r\n" STARS
#define END(time) STARS "Windows PowerShell transcript end\r\nEnd time: " time "\r\n" STARS

static struct told t;

static void decode(struct span text)
{
	told_run(&t, windows_transcript, text, "x.txt", "powershell transcript", NULL);
	assert_true(t.ok);
}

static timestamp at(int hour, int minute, int second)
{
	return timestamp_of_civil(2022, 7, 21, hour, minute, second, 0);
}

TEST(a_transcript_tells_who_started_what_with_which_command_line)
{
	decode(SPAN(HEAD("20220721023749", "DOM\\ann", "C:\\Windows\\System32\\powershell.exe -ep bypass -File C:\\x y.ps1")
		    "PS C:\\a> whoami\r\ndom\\ann\r\n" END("20220721023800")));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].command, "C:\\Windows\\System32\\powershell.exe -ep bypass -File C:\\x y.ps1");
	assert_span(t.traces[0].program, "C:\\Windows\\System32\\powershell.exe");
	assert_span(t.traces[0].source, "PowerShell transcript, start (local time)");
	assert_span(t.traces[1].command, "whoami");
	assert_span(t.traces[1].program, "C:\\Windows\\System32\\powershell.exe");
	for (size_t i = 0; i < t.count; i++) {
		assert_span(t.traces[i].user, "DOM\\ann");
		assert_span(t.traces[i].host, "WS01");
		assert_true(t.traces[i].time == at(2, 37, 49));
		assert_span(t.traces[i].detail, "");
	}
	told_free(&t);
}

/* Start-Transcript -Append: the second has its own user and time; the first had no end. */
TEST(several_transcripts_in_one_file_have_their_own_users_and_times)
{
	decode(SPAN(HEAD("20220721023749", "DOM\\ann", "powershell.exe") "PS C:\\> one\r\n" END("20220721023800")
		    HEAD("20220721050000", "DOM\\bob", "powershell.exe -nop") "PS C:\\> two\r\n"
		    HEAD("20220721060000", "DOM\\eve", "pwsh.exe") "PS C:\\> three"));
	assert_int_equal(t.count, 6);
	assert_span(t.traces[1].user, "DOM\\ann");
	assert_span(t.traces[3].command, "two");
	assert_span(t.traces[3].user, "DOM\\bob");
	assert_true(t.traces[3].time == at(5, 0, 0));
	assert_span(t.traces[5].command, "three");
	assert_span(t.traces[5].user, "DOM\\eve");
	assert_true(t.traces[5].time == at(6, 0, 0));
	told_free(&t);
}

TEST(commands_have_their_own_time_where_it_is_told_and_stars_in_output_are_output)
{
	decode(SPAN(HEAD("20220721023749", "ann", "powershell.exe") STARS "Command start time: 20220721030000\r\n" STARS
		    "PS C:\\> banner\r\n" STARS "*  hello: you  *\r\n" STARS "PS C:\\> second\r\n"
		    STARS "Command start time: 20220721030500\r\n" STARS "PS C:\\> third\r\n" STARS));
	assert_int_equal(t.count, 4);
	assert_span(t.traces[1].command, "banner");
	assert_true(t.traces[1].time == at(3, 0, 0));
	assert_span(t.traces[1].source, "PowerShell transcript, command started (local time)");
	assert_span(t.traces[2].command, "second");
	assert_true(t.traces[2].time == at(2, 37, 49));
	assert_span(t.traces[3].command, "third");
	assert_true(t.traces[3].time == at(3, 5, 0));
	told_free(&t);
}

TEST(prompts_of_every_form_and_what_is_none)
{
	decode(SPAN(HEAD("20220721023749", "ann", "powershell.exe") "PS>Get-Item x\r\n"
		    "[srv01]: PS C:\\Users\\adm\\Documents> net user\r\n"
		    "PS C:\\> foreach ($i in 1) {\r\n>> echo $i\r\n>> }\r\n1\r\n>> not a line that goes on\r\n"
		    "PS C:\\> TerminatingError(): \"stopped\"\r\n>> TerminatingError(): \"stopped\"\r\n"
		    "PS>CommandInvocation(Out-Default): \"Out-Default\"\r\nPS C:\\> \r\nPSxx\r\n[half]: PS\r\n"));
	assert_int_equal(t.count, 4);
	assert_span(t.traces[1].command, "Get-Item x");
	assert_span(t.traces[2].command, "net user");
	assert_span(t.traces[2].detail, "{\"on\":\"srv01\"}");
	assert_span(t.traces[2].technique, "T1059.001 T1021.006");
	assert_span(t.traces[3].command, "foreach ($i in 1) {\necho $i\n}");
	told_free(&t);
}

/* Older and other versions, other languages, other ends of lines. */
TEST(heads_of_other_versions_and_languages)
{
	decode(SPAN("**********************\nWindows PowerShell transcript start\nStart time: 20140101120000\n"
		    "Username  : DOM\\old \nMachine\t  : W7 (Microsoft Windows NT 6.1.7601 Service Pack 1) \n"
		    "**********************\nTranscript started, output file is x\nPS C:\\> dir\n"));
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].user, "DOM\\old");
	assert_span(t.traces[0].host, "W7");
	assert_span(t.traces[0].program, "powershell.exe");
	told_free(&t);
	decode(SPAN("**********************\nPowerShell transcript start\nStart time: 20220721023749\nUsername: ann\n"
		    "RunAs User: root\nConfiguration Name: \nMachine: web (Unix 5.15.0.1)\n"
		    "Host Application: /opt/microsoft/powershell/7/pwsh.dll -c x\nProcess ID: 1\n**********************\n"
		    "PS /home/ann> id\n"));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].host, "web");
	assert_span(t.traces[0].detail, "{\"run_as\":\"root\"}");
	assert_span(t.traces[1].command, "id");
	told_free(&t);
	decode(SPAN(STARS "Début de la transcription Windows PowerShell\r\nHeure de début : 20220721023749\r\n"
		    "Nom d'utilisateur : DOM\\zoé\r\nUtilisateur RunAs : DOM\\zoé\r\nNom de la configuration : \r\n"
		    "Ordinateur : PC (Microsoft Windows NT 10.0.19045.0)\r\nApplication hôte : C:\\p.exe -x\r\n" STARS
		    "PS C:\\> un\r\n"));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].command, "C:\\p.exe -x");
	assert_span(t.traces[1].user, "DOM\\zoé");
	told_free(&t);
	decode(SPAN(STARS "Windows PowerShell 脚本开始\r\n开始时间：20220721023749\r\n用户名：DOM\\wei\r\nRunAs 用户：DOM\\wei\r\n"
		    "配置名称：\r\n计算机：PC (Microsoft Windows NT 10.0.19045.0)\r\n主机应用程序：C:\\p.exe\r\n" STARS "PS C:\\> yi\r\n"));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].user, "DOM\\wei");
	assert_true(t.traces[1].time == at(2, 37, 49));
	told_free(&t);
}

TEST(transcripts_in_utf16)
{
	static const char text[] = HEAD("20220721023749", "ann", "powershell.exe") "PS C:\\> dir\r\n";
	struct buf wide = buf_new(1 << 16);

	buf_add(&wide, SPAN("\xff\xfe"));
	for (size_t i = 0; i + 1 < sizeof text; i++)
		buf_add_u16le(&wide, (uint8_t)text[i]);
	decode(buf_span(&wide));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].command, "dir");
	told_free(&t);
	buf_free(&wide);
}

/* Cut anywhere, a transcript never tells more commands than it has, nor another user. */
TEST(a_transcript_cut_off_anywhere_tells_what_is_there)
{
	static const char text[] = HEAD("20220721023749", "ann", "p.exe") "PS C:\\> one\r\nPS C:\\> "
		"two\r\n" END("20220721023800");
	size_t head = sizeof HEAD("20220721023749", "ann", "p.exe") - 1, seen = 0;

	for (size_t len = sizeof STARS - 1; len < sizeof text; len++) {
		decode(span_of(text, len));
		assert_true(t.count >= seen && t.count <= 3);
		seen = len > head ? t.count : 0;
		for (size_t i = 1; i < t.count; i++)
			assert_span(t.traces[i].user, "ann");
		told_free(&t);
	}
	assert_int_equal(seen, 3);
}

TEST(hostile_transcripts_are_bounded)
{
	struct buf b = buf_new((size_t)8 << 20);

	for (int i = 0; i < 20000; i++)
		buf_text(&b, STARS);
	decode(buf_span(&b));
	assert_int_equal(t.count, 0);
	told_free(&t);
	buf_clear(&b);
	buf_text(&b, HEAD("20220721023749", "ann", "p.exe") "PS C:\\> start\r\n");
	for (int i = 0; i < 20000; i++)
		buf_text(&b, ">> more of it\r\n");
	decode(buf_span(&b));
	assert_int_equal(t.count, 2);
	assert_true(t.traces[1].command.len > 60000 && strstr(t.short_of, "cut"));
	told_free(&t);
	buf_free(&b);
}

TEST(transcripts_of_any_language)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/powershell_transcript_ger.txt")
	struct span file = read_whole(path);

	decode(file);
	assert_span(t.traces[1].command, "whoami");
	assert_span(t.traces[1].user, "DE\\User");
	assert_span(t.traces[1].host, "MySystem");
	assert_true(t.traces[1].time == timestamp_of_civil(2022, 8, 24, 12, 21, 11, 0));
	assert_span(t.traces[5].command, "ping 127.0.0.1 -n 5");
	assert_true(t.traces[5].time == timestamp_of_civil(2022, 8, 24, 12, 31, 14, 0));
	for (size_t i = 0; i < t.count; i++)
		assert_true(span_find(t.traces[i].command, 0, SPAN("TerminatingError")) == SIZE_MAX);
	told_free(&t);
	free((void *)(uintptr_t)file.at);
}

static void history(struct span text)
{
	told_run(&t, windows_console_history, text, "Users/ann/PSReadLine/ConsoleHost_history.txt", "text", NULL);
	assert_true(t.ok);
}

TEST(console_history_keeps_lines_that_go_on)
{
	history(SPAN("whoami\r\nGet-Item `\r\n-Path x\r\n\r\nif (1) {`\n`\n}\nlast `"));
	assert_int_equal(t.count, 4);
	assert_span(t.traces[1].command, "Get-Item \n-Path x");
	assert_span(t.traces[1].user, "ann");
	assert_span(t.traces[2].command, "if (1) {\n\n}");
	assert_span(t.traces[3].command, "last `");
	told_free(&t);
	history(SPAN("\xff\xfe" "d\0i\0r\0`\0\n\0x\0"));
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].command, "dir\nx");
	told_free(&t);
}

/* An encoded command may be longer than what is joined; nothing of it is lost. */
TEST(long_commands_of_a_history_are_not_lost)
{
	struct buf b = buf_new((size_t)1 << 20);

	buf_text(&b, "powershell -enc ");
	for (int i = 0; i < 100000; i++)
		buf_add_u8(&b, 'A');
	buf_text(&b, "\r\nwhoami\r\n");
	history(buf_span(&b));
	assert_int_equal(t.count, 2);
	assert_int_equal(t.traces[0].command.len, 100016);
	assert_string_equal(t.short_of, "");
	told_free(&t);
	buf_clear(&b);
	for (int i = 0; i < 20000; i++)
		buf_text(&b, "abcdefgh`\r\n");
	buf_text(&b, "end\r\nwhoami\r\n");
	history(buf_span(&b));
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].command, "whoami");
	assert_true(strstr(t.short_of, "cut") != NULL);
	told_free(&t);
	buf_free(&b);
}
