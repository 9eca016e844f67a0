#include "artefact/windows.h"

#include <stdlib.h>

#include "artefact/decode_support.h"
#include "test.h"

static void run(struct told *t, artefact_fn *decode, const char *path)
{
	struct span file = read_whole(path);

	told_run(t, decode, file, path, "", NULL);
	free((void *)(uintptr_t)file.at);
}

TEST(prefetch_tells_each_run_and_its_program)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/winprefetch/TASKHOST.EXE-3AE259FC.pf")
	struct told t = { 0 };
	const struct trace *ran;

	run(&t, windows_prefetch, path);
	assert_true(t.ok);
	ran = told_find(&t, 0, TRACE_EXECUTION, "ran");
	assert_non_null(ran);
	assert_span(ran->program, "\\WINDOWS\\SYSTEM32\\TASKHOST.EXE");
	assert_int_equal(ran->count, 4);
	assert_int_equal(ran[3].kind, TRACE_EXECUTION);
	assert_true(ran[3].time < ran->time);
	told_free(&t);
}

TEST(a_task_tells_each_action)
{
	static const char task[] = "<?xml version=\"1.0\"?><Task><RegistrationInfo><Date>2022-03-10T03:29:18</Date>"
		"<Author>LAB\\ann</Author><URI>\\Evil</URI></RegistrationInfo><Triggers><LogonTrigger/><CalendarTrigger>"
		"<StartBoundary>2022-03-10T04:00:00</StartBoundary></CalendarTrigger></Triggers><Settings><Hidden>true</Hidden>"
		"<Enabled>false</Enabled></Settings><Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
		"<Actions><Exec><Command>c:\\x.exe</Command><Arguments>-a &amp; b</Arguments></Exec><ComHandler>"
		"<ClassId>{CA767AA8}</ClassId></ComHandler></Actions></Task>";
	struct told t = { 0 };

	told_run(&t, windows_task, span_text(task), "C/Windows/System32/Tasks/Evil", "xml", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].what, "task");
	assert_span(t.traces[0].name, "\\Evil");
	assert_span(t.traces[0].program, "c:\\x.exe");
	assert_span(t.traces[0].command, "c:\\x.exe -a & b");
	assert_span(t.traces[0].user, "S-1-5-18");
	assert_true(t.traces[0].time == timestamp_of_civil(2022, 3, 10, 3, 29, 18, 0));
	assert_span(t.traces[0].detail, "{\"author\":\"LAB\\\\ann\",\"registered\":\"2022-03-10T03:29:18\",\"triggers\":"
		    "\"LogonTrigger; CalendarTrigger from 2022-03-10T04:00:00\",\"hidden\":\"yes\",\"enabled\":\"no\"}");
	assert_span(t.traces[1].command, "COM class {CA767AA8}");
	told_free(&t);
	/* Whatever stands before it, a task is one; what a loader loads is what starts. */
	told_run(&t, windows_task, SPAN("<?xml version=\"1.0\"?>\r\n<!-- <Event> -->\n<!DOCTYPE x>\n"
		"<t:Task xmlns:t=\"x\"><t:Actions><t:Exec>"
		"<t:Command>rundll32.exe</t:Command><t:Arguments>C:\\e.dll,Go</t:Arguments></t:Exec></t:Actions></t:Task>"),
		 "Tasks/x", "xml", NULL);
	assert_true(t.ok);
	assert_span(t.traces[0].program, "C:\\e.dll");
	assert_span(t.traces[0].command, "rundll32.exe C:\\e.dll,Go");
	told_free(&t);
	told_run(&t, windows_task, SPAN("<a/>"), "a", "xml", NULL);
	assert_false(t.ok);
	assert_int_equal(t.err.code, ERR_UNSUPPORTED);
	told_free(&t);
}

TEST(a_task_of_utf16)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/ScheduledTasks/Win10/APTSimulatorVM/GameOver")
	struct told t = { 0 };

	run(&t, windows_task, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 1);
	assert_span(t.traces[0].name, "\\GameOver");
	told_free(&t);
}

TEST(a_task_of_windows_xp)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/wintask.job")
	struct told t = { 0 };

	run(&t, windows_job, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[1].what, "ran");
	told_free(&t);
}

TEST(srum_tells_bytes_by_program_and_user)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/SRUM/Win10/BelkasoftCTF_InsiderThreat/Dirty/SRUDB.dat")
	struct told t = { 0 };
	uint64_t out = 0, in = 0, count = 0, named = 0;

	run(&t, windows_srum, path);
	assert_true(t.ok);
	assert_int_equal(t.lost, 0);
	for (size_t i = 0; i < t.count; i++)
		if (t.traces[i].kind == TRACE_TRANSFER) {
			out += t.traces[i].bytes_out;
			in += t.traces[i].bytes_in;
			count++;
			named += t.traces[i].program.len && t.traces[i].time != TIME_NONE;
		}
	assert_int_equal(count, 465);
	assert_int_equal(out, 107883995);
	assert_int_equal(in, 2509603498);
	assert_non_null(strstr(t.short_of, "was not shut down"));
	assert_int_equal(named, 424);	/* the others have application 1, whose name is empty */
	assert_span(told_find(&t, 0, TRACE_TRANSFER, "srum")->user, "S-1-5-18");
	told_free(&t);
}

static void add_wide(struct buf *b, const char *text)
{
	size_t len = strlen(text);

	buf_add_u32le(b, (uint32_t)len + 1);
	for (size_t i = 0; i <= len; i++)
		buf_add_u16le(b, (uint16_t)text[i]);
}

TEST(old_bits_queues_tell_jobs_and_their_files)
{
	struct buf b = buf_new(4096);
	struct told t = { 0 };

	buf_add(&b, SPAN("some head of a queue"));
	for (uint32_t i = 0; i < 4; i++)
		buf_add_u32le(&b, i == 0);	/* an upload */
	buf_add(&b, SPAN("0123456789abcdef"));
	add_wide(&b, "update");
	add_wide(&b, "");
	add_wide(&b, "c:\\x.exe");
	add_wide(&b, "-a");
	add_wide(&b, "S-1-5-18");
	buf_add_u32le(&b, 0);
	add_wide(&b, "c:\\secret.zip");
	add_wide(&b, "https://evil.example/up");
	told_run(&t, windows_bits_old, buf_span(&b), "ProgramData/Microsoft/Network/Downloader/qmgr0.dat", "", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].what, "bits job");
	assert_span(t.traces[0].command, "c:\\x.exe -a");
	assert_span(t.traces[0].user, "S-1-5-18");
	assert_span(t.traces[1].what, "upload");
	assert_span(t.traces[1].name, "evil.example");
	assert_span(t.traces[1].detail, "{\"file\":\"c:\\\\secret.zip\"}");
	told_free(&t);
	buf_free(&b);
}

#define FILE_LIST SPAN("\x36\xda\x56\x77\x6f\x51\x5a\x43\xac\xac\x44\xa2\x48\xff\xf3\x4d")
#define FILETIME_OF(seconds) (116444736000000000 + (uint64_t)(seconds) * 10000000)

/* A job as later versions write it: its type is the fourth number. */
static void add_job(struct buf *b, uint32_t type, const char *name, uint64_t created)
{
	const uint32_t head[] = { 0, 2, 6, type };

	for (size_t i = 0; i < 4; i++)
		buf_add_u32le(b, head[i]);
	buf_add(b, SPAN("0123456789abcdef"));
	add_wide(b, name);
	add_wide(b, "");
	add_wide(b, "");
	add_wide(b, "");
	add_wide(b, "S-1-5-21-1");
	buf_add(b, SPAN("\3\0\0\0 security descriptor "));
	buf_add(b, FILE_LIST);
	buf_add_u32le(b, 1);
	add_wide(b, "C:\\Users\\ann\\x.7z");
	add_wide(b, "https://drop.example/x");
	add_wide(b, "C:\\Users\\ann\\BIT1.tmp");
	buf_add_u64le(b, 123456);
	buf_add_u64le(b, type ? 654321 : UINT64_MAX);
	buf_add_u8(b, 0);
	add_wide(b, "C:\\");
	add_wide(b, "\\\\?\\Volume{0}\\");
	buf_add(b, FILE_LIST);
	buf_add_u32le(b, type);		/* as many errors */
	for (size_t i = 0; i < 25 * (size_t)type; i++)
		buf_add_u8(b, 7);
	for (int i = 0; i < 3; i++)
		buf_add_u32le(b, 600);
	buf_add_u64le(b, created ? FILETIME_OF(created) : 5);
	buf_add_u64le(b, FILETIME_OF(created + 60));
}

TEST(bits_jobs_tell_kind_times_and_bytes)
{
	struct buf b = buf_new(8192);
	struct told t = { 0 };

	add_job(&b, 1, "out", 1700000000);
	add_job(&b, 0, "in", 1700003600);
	add_job(&b, 0, "no time", 0);
	told_run(&t, windows_bits_old, buf_span(&b), "ProgramData/Microsoft/Network/Downloader/qmgr0.dat", "", NULL);
	assert_int_equal(t.count, 6);
	assert_span(t.traces[0].detail, "{\"type\":\"upload\"}");
	assert_true(t.traces[0].time == 1700000000 * TIME_SECOND && t.traces[0].last == 1700000060 * TIME_SECOND);
	assert_span(t.traces[1].what, "upload");
	assert_int_equal(t.traces[1].bytes_out, 123456);
	assert_true(t.traces[1].bytes_in == TRACE_NO_NUMBER && t.traces[1].time == 1700000000 * TIME_SECOND);
	assert_span(t.traces[1].detail, "{\"file\":\"C:\\\\Users\\\\ann\\\\x.7z\",\"size\":\"654321\"}");
	assert_span(t.traces[3].what, "download");
	assert_int_equal(t.traces[3].bytes_in, 123456);
	assert_true(t.traces[3].time == 1700003600 * TIME_SECOND);
	assert_span(t.traces[3].detail, "{\"file\":\"C:\\\\Users\\\\ann\\\\x.7z\"}");
	assert_true(t.traces[5].time == TIME_NONE);
	told_free(&t);
	buf_free(&b);
}

TEST(a_jump_list_tells_what_was_opened)
{
	CORPUS_OR_SKIP(path, "artefacts/artmuseum/Windows/JumpLists/Win2012R2/StolenSzechuan/"
		       "1bc392b8e104a00e.automaticDestinations-ms")
	struct told t = { 0 };
	const struct trace *session;

	run(&t, windows_jump_list, path);
	assert_true(t.ok);
	session = told_find(&t, 0, TRACE_SESSION, "remote desktop");
	assert_non_null(session);
	assert_true(session->name.len > 0 && !session->peer.len);
	assert_true(session->time != TIME_NONE);
	told_free(&t);
}

TEST(shortcuts_tell_targets_and_drives)
{
	struct span file = read_whole("tests/corpus/lnk_fuzz/shortcut");
	struct told t = { 0 };

	told_run(&t, windows_lnk, file, "C/Users/ann/Recent/cmd.lnk", "lnk", NULL);
	assert_true(t.ok);
	assert_span(t.traces[0].what, "opened");
	assert_span(t.traces[0].path, "C:\\cmd.exe");
	assert_span(t.traces[0].user, "ann");
	assert_true(span_find(t.traces[0].detail, 0, SPAN("\"serial\":\"deadbeef\"")) != SIZE_MAX);
	told_free(&t);
	told_run(&t, windows_startup, file, "C/Users/ann/Start Menu/Programs/Startup/cmd.lnk", "lnk", NULL);
	assert_span(t.traces[0].what, "startup folder");
	assert_span(t.traces[0].command, "C:\\cmd.exe /c echo");
	told_free(&t);
	free((void *)(uintptr_t)file.at);
}

static size_t count_of(const struct told *t, enum trace_kind kind, const char *what)
{
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		count += t->traces[i].kind == kind && (!what || span_eq(t->traces[i].what, span_text(what)));
	return count;
}

/* Counts as `sqlite3` gives them for the tables. */
TEST(histories_of_chromium_old_and_new)
{
	struct told t = { 0 };
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/chrome/History")

	run(&t, windows_chromium, path);
	assert_true(t.ok);
	assert_int_equal(t.count - count_of(&t, TRACE_TRANSFER, "download") - count_of(&t, TRACE_FILE, "downloaded"), 69);
	assert_int_equal(count_of(&t, TRACE_TRANSFER, "download"), 2);
	assert_true(t.traces[0].time != TIME_NONE);
	told_free(&t);
}

TEST(histories_of_firefox)
{
	struct told t = { 0 };
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/firefox/places.sqlite")

	run(&t, windows_firefox, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 1);
	told_free(&t);
}

TEST(downloads_of_old_firefox)
{
	struct told t = { 0 };
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/firefox/downloads.sqlite")

	run(&t, windows_firefox, path);
	assert_true(t.ok);
	assert_int_equal(count_of(&t, TRACE_FILE, "downloaded"), 1);
	told_free(&t);
}

TEST(forms_of_chromium)
{
	struct told t = { 0 };
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/chrome/Web Data")

	run(&t, windows_forms, path);
	assert_true(t.ok);
	assert_int_equal(t.count, 3);
	assert_span(t.traces[0].name, "identifier");
	assert_span(t.traces[0].command, "name@example.com");
	assert_int_equal(t.traces[0].time, INT64_C(1534259242) * TIME_SECOND);
	assert_int_equal(t.traces[0].last, INT64_C(1534278094) * TIME_SECOND);
	assert_int_equal(t.traces[0].count, 2);
	told_free(&t);
}

static void put_thumbnail(struct buf *b, uint64_t hash, const char *name, uint32_t bytes)
{
	uint32_t name_len = (uint32_t)strlen(name) * 2;

	buf_text(b, "CMMM");
	buf_add_u32le(b, 56 + name_len + bytes);
	buf_add_u64le(b, hash);
	buf_add_u32le(b, name_len);
	buf_add_u32le(b, 0);
	buf_add_u32le(b, bytes);
	buf_add_u32le(b, 96);
	buf_add_u32le(b, 64);
	for (int i = 0; i < 20; i++)
		buf_add_u8(b, 1);
	for (; *name; name++)
		buf_add_u16le(b, (uint8_t)*name);
	for (uint32_t i = 0; i < bytes; i++)
		buf_add_u8(b, 0xd8);
}

/* Made after the description of libyal: no cache of a machine was at hand. */
TEST(a_thumbnail_cache_lists_its_pictures)
{
	struct buf b = buf_new(1 << 16);
	struct told t = { 0 };

	buf_text(&b, "CMMM");
	buf_add_u32le(&b, 0x20);
	for (int i = 0; i < 16; i++)
		buf_add_u8(&b, 0);
	put_thumbnail(&b, UINT64_C(0x1234567890abcdef), "1234567890abcdef", 300);
	put_thumbnail(&b, 2, "", 0);
	put_thumbnail(&b, 3, "", 40);
	told_run(&t, windows_thumbcache, buf_span(&b), "C/Users/ann/AppData/Local/Microsoft/Windows/Explorer/thumbcache_96.db",
		 "thumbnail cache", NULL);
	assert_true(t.ok);
	assert_int_equal(t.count, 2);
	assert_span(t.traces[0].name, "1234567890abcdef");
	assert_span(t.traces[0].user, "ann");
	assert_int_equal(t.traces[0].bytes_in, 300);
	assert_span(t.traces[0].detail, "{\"hash\":\"1234567890abcdef\",\"width\":96,\"height\":64}");
	assert_span(t.traces[1].name, "0000000000000003");
	assert_string_equal(t.short_of, "");
	told_free(&t);
	buf_text(&b, "CMMMx");
	told_run(&t, windows_thumbcache, buf_span(&b), "x", "thumbnail cache", NULL);
	assert_int_equal(t.count, 2);
	assert_true(strlen(t.short_of) > 0);
	told_free(&t);
	buf_free(&b);
}

TEST(a_server_says_who_it_is)
{
	CORPUS_OR_SKIP(path, "artefacts/plaso/test_data/SystemIdentity.mdb")
	struct told t = { 0 };
	const struct trace *name;

	run(&t, windows_ual, path);
	assert_true(t.ok);
	assert_int_equal(t.lost, 0);
	name = told_find(&t, 0, TRACE_HOST, "name");
	assert_non_null(name);
	assert_true(span_starts(name->name, SPAN("DC-")));
	assert_span(told_find(&t, 0, TRACE_HOST, "system")->name, "Windows 10 build 17763");
	/* 2022-07-16, as esedbexport says it, kept as a FILETIME in a column of days. */
	assert_int_equal(name->time / TIME_SECOND / 86400, 19189);
	told_free(&t);
}
