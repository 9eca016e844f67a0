#include "case/collected.h"
#include "case/machine.h"
#include "test.h"

static void named(const char *name, enum collected_tool tool, const char *host)
{
	struct span got = { 0 };

	assert_int_equal(collected_of_name(span_text(name), &got), tool);
	assert_int_equal(got.len, strlen(host));
	assert_memory_equal(got.at ? got.at : (const uint8_t *)"", host, got.len);
}

TEST(archives_are_named_after_their_machine)
{
	named("uac-web-01-linux-20260102030405.tar.gz!", COLLECTED_UAC, "web-01");
	named("uac-web1-macos-20260102030405", COLLECTED_UAC, "web1");
	named("uac-web1-linux-2026", COLLECTED_NONE, "");
	named("Collection-ws01_corp-2026-01-02T03_04_05Z.zip", COLLECTED_VELOCIRAPTOR, "ws01_corp");
	named("Collection-ws01.zip", COLLECTED_NONE, "");
	named("2026-01-02T030405_DESKTOP-1.zip", COLLECTED_KAPE, "DESKTOP-1");
	named("2026-01-02T03_04_05_1234567_WS.vhdx!", COLLECTED_KAPE, "WS");
	named("2026-01-02T030405_.zip", COLLECTED_NONE, "");
	named("2026-01-02T030405_ConsoleLog.txt", COLLECTED_NONE, "");
	named("", COLLECTED_NONE, "");
}

static void restored(const char *path, const char *as)
{
	struct machines none = { 0 };
	struct arena arena = arena_new(1 << 16);
	struct span got = machine_path(&none, &arena, 0, span_text(path));

	assert_int_equal(got.len, strlen(as));
	assert_memory_equal(got.at, as, got.len);
	arena_free(&arena);
}

TEST(paths_are_as_they_were_on_the_machine)
{
	restored("x.zip!/uploads/auto/C%3A/Temp/a%25b.exe", "/Temp/a%b.exe");
	restored("x.zip!/uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$J", "/$Extend/$UsnJrnl:$J");
	restored("x.zip!/uploads/auto/etc/cron.d/a%3Ab", "/etc/cron.d/a:b");
	restored("x.zip!/uploads/auto/C%3A/Temp/a%2Fb%00%4", "/Temp/a%2Fb%00%4");
	restored("uac.tar.gz!/[root]/data/x", "/data/x");
	restored("2026-01-02T030405_WS.zip!/D/tools/x.exe", "/tools/x.exe");
	restored("2026-01-02T030405_WS.vhdx!/p1/C/Temp/x.exe", "/Temp/x.exe");
	restored("other.zip!/D/tools/x.exe", "");
	restored("disk.E01!/p1/etc/a%3Ab", "/etc/a%3Ab");
}

