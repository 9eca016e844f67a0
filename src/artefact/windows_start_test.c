/* Files of Windows that start something, each by the decoder that its place chooses. */
#include "artefact/decode_support.h"
#include "artefact/windows.h"
#include "fixes.h"
#include "test.h"

#include <stdlib.h>

static struct told told;

static void decode(artefact_fn *fn, struct span text, const char *path)
{
	told_run(&told, fn, text, path, "text", NULL);
	assert_true(told.ok);
}

static void expect(size_t i, const char *what, const char *name, const char *program, const char *technique)
{
	assert_true(i < told.count);
	assert_span(told.traces[i].what, what);
	assert_span(told.traces[i].name, name);
	assert_span(told.traces[i].program, program);
	assert_span(told.traces[i].technique, technique);
}

TEST(old_settings_that_start_something)
{
	decode(windows_ini, SPAN("; for 16-bit app support\r\n[fonts]\r\nload=no.exe\r\n[WINDOWS]\r\nLoad = C:\\l.exe\r\nrun=\r\n"
				 "[boot]\r\nSHELL=explorer.exe C:\\s.exe\r\n"), "C/Windows/win.ini");
	assert_int_equal(told.count, 2);
	expect(0, "ini file", "Load", "C:\\l.exe", "T1547.001");
	assert_span(told.traces[1].command, "explorer.exe C:\\s.exe");
	told_free(&told);
}

TEST(what_a_drive_starts_stands_between_lines_that_are_none)
{
	decode(windows_autorun, SPAN("\xff\xfe[\0A\0u\0t\0o\0R\0u\0n\0]\0\n\0o\0p\0e\0n\0=\0x\0.\0e\0x\0e\0\n\0"),
	       "E/autorun.inf");
	assert_int_equal(told.count, 1);
	expect(0, "autorun", "open", "x.exe", "T1091");
	told_free(&told);
	decode(windows_autorun, SPAN("\x01\x02junk=\n[AUTORUN]\n;\x03\n"
		"shell\\open\\Command=RUNDLL32.EXE .\\RECYCLER\\a.dll,b\nicon=x\n"),
	       "E/autorun.inf");
	assert_int_equal(told.count, 1);
	expect(0, "autorun", "shell\\open\\Command", ".\\RECYCLER\\a.dll", "T1091");
	told_free(&told);
}

TEST(places_alone_tell_scripts_of_the_setup_and_libraries_that_nobody_brings)
{
	decode(windows_setup_script, SPAN("@echo off"), "C/Windows/Setup/Scripts/SetupComplete.cmd");
	expect(0, "setup script", "SetupComplete.cmd", "C/Windows/Setup/Scripts/SetupComplete.cmd", "T1547");
	told_free(&told);
	decode(windows_phantom, SPAN("MZ"), "C/Windows/System32/wlbsctrl.dll");
	expect(0, "phantom library", "wlbsctrl.dll", "C/Windows/System32/wlbsctrl.dll", "T1574.001");
	told_free(&told);
}

TEST(answers_of_the_setup_run_commands)
{
	decode(windows_unattend, SPAN("<?xml version=\"1.0\"?><unattend><settings pass=\"specialize\"><component><RunSynchronous>"
		"<RunSynchronousCommand><Order>1</Order><Path>cmd /c C:\\a.bat</Path></RunSynchronousCommand></RunSynchronous>"
		"<FirstLogonCommands><SynchronousCommand><CommandLine>C:\\b.exe -x</CommandLine></SynchronousCommand>"
		"</FirstLogonCommands><Path>C:\\folder</Path></component></settings></unattend>"
		""), "C/Windows/Panther/unattend.xml");
	assert_int_equal(told.count, 2);
	expect(0, "setup command", "RunSynchronousCommand", "C:\\a.bat", "T1547");
	expect(1, "setup command", "SynchronousCommand", "C:\\b.exe", "T1547");
	told_free(&told);
}

TEST(modules_of_web_and_mail_servers)
{
	decode(windows_iis, SPAN("<configuration><system.webServer><globalModules>"
		"<add name=\"HttpCache\" image=\"%windir%\\System32\\inetsrv\\cachhttp.dll\" />"
		"<add name=\"e\" image=\"C:\\e.dll\"/>"
		"</globalModules><isapiFilters><filter name=\"f\" path=\"C:\\f.dll\"/></isapiFilters>"
		"<modules><add name=\"m\" type=\"Evil.Module, Evil\"/><add name=\"HttpCache\"/></modules>"
		"<handlers><add name=\"h\" path=\"*.x\" scriptProcessor=\"C:\\h.exe|-a\"/></handlers></system.webServer>"),
	       "C/Windows/System32/inetsrv/config/applicationHost.config");
	assert_int_equal(told.count, 5);
	expect(0, "web server module", "HttpCache", "C:\\Windows\\System32\\inetsrv\\cachhttp.dll", "T1505.004");
	expect(1, "web server module", "e", "C:\\e.dll", "T1505.004");
	expect(2, "web server module", "f", "C:\\f.dll", "T1505.004");
	assert_span(told.traces[3].command, "Evil.Module, Evil");
	expect(4, "web server module", "h", "C:\\h.exe", "T1505.004");
	assert_true(told.short_of[0]);
	told_free(&told);
	decode(windows_exchange, SPAN("<configuration><mexRuntime><agentList>"
		"<agent name=\"A\" baseType=\"x\" assemblyPath=\"C:\\a.dll\" enabled=\"true\"/>"
		"<agent name=\"B\" assemblyPath=\"C:\\b.dll\" enabled=\"false\"/></agentList></mexRuntime></configuration>"),
	       "TransportRoles/Shared/agents.config");
	assert_int_equal(told.count, 1);
	expect(0, "mail transport agent", "A", "C:\\a.dll", "T1505.002");
	told_free(&told);
}

TEST(settings_of_a_program_that_load_a_manager)
{
	decode(windows_program_settings, SPAN("<configuration><runtime><appDomainManagerAssembly value=\"Evil, Version=1\"/>"
		"<appDomainManagerType value=\"Evil.M\"/></runtime></configuration>"), "C/Users/ann/x/tool.exe.config");
	assert_int_equal(told.count, 1);
	assert_span(told.traces[0].command, "Evil, Version=1");
	assert_span(told.traces[0].user, "ann");
	told_free(&told);
	decode(windows_program_settings, SPAN("<configuration><startup/></configuration>"), "tool.exe.config");
	assert_int_equal(told.count, 0);
	told_free(&told);
}

TEST(preferences_of_group_policy_start_what_they_deliver)
{
	decode(windows_policy_preferences, SPAN("<ScheduledTasks><ImmediateTaskV2 name=\"t\">"
		"<Properties name=\"t\" runAs=\"SYSTEM\">"
		"<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/c \\\\dc\\s\\l.bat</Arguments></Exec>"
		"</Actions></Task>"
		"</Properties></ImmediateTaskV2>"
		"<Task name=\"old\"><Properties action=\"C\" appName=\"C:\\o.exe\" args=\"-y\" runAs=\"ann\"/>"
		"</Task></ScheduledTasks>"),
	       "Policies/x/Machine/Preferences/ScheduledTasks/ScheduledTasks.xml");
	assert_int_equal(told.count, 2);
	assert_span(told.traces[0].command, "cmd.exe /c \\\\dc\\s\\l.bat");
	expect(0, "policy preference", "task", "\\\\dc\\s\\l.bat", "T1484.001");
	expect(1, "policy preference", "old", "C:\\o.exe", "T1484.001");
	assert_span(told.traces[1].user, "ann");
	told_free(&told);
	decode(windows_policy_preferences, SPAN("<RegistrySettings><Registry name=\"r\"><Properties hive=\"HKEY_LOCAL_MACHINE\" "
		"key=\"Software\\Microsoft\\Windows\\CurrentVersion\\Run\" name=\"up\" value=\"C:\\u.exe\"/></Registry>"
		"<Registry name=\"c\"><Properties key=\"Control Panel\" name=\"n\" value=\"v\"/></Registry>"
		"</RegistrySettings>"), "Registry.xml");
	assert_int_equal(told.count, 1);
	expect(0, "policy preference", "up", "C:\\u.exe", "T1484.001");
	told_free(&told);
}

/* Synthetic: tests/differential/modules/make_seeds.py. */
static void at_logon_screen(const char *seed, const char *name, const char *told_as)
{
	struct span file = read_whole(seed);
	char path[100];

	snprintf(path, sizeof path, "C/Windows/System32/%s", name);
	decode(windows_logon_screen, file, path);
	assert_int_equal(told.count, *told_as != 0);
	if (*told_as) {
		expect(0, "accessibility", name, path, "T1546.008");
		assert_span(told.traces[0].command, told_as);
	}
	told_free(&told);
	free((void *)(uintptr_t)file.at);
}

TEST(another_program_under_the_name_of_one_of_the_logon_screen)
{
	at_logon_screen("tests/corpus/pe_fuzz/shell", "sethc.exe", "Cmd.Exe");
	at_logon_screen("tests/corpus/pe_fuzz/keys", "sethc.exe", "");
	at_logon_screen("tests/corpus/pe_fuzz/pe32", "utilman.exe", "a program that does not say what it is");
}

TEST(fixes_load_libraries_into_programs)
{
	struct arena arena = arena_new(1 << 20);

	decode(windows_shim, sdb_of(&arena), "C/Windows/AppPatch/Custom/{1}.sdb");
	assert_int_equal(told.count, 3);
	expect(0, "shim", "putty.exe", "C:\\evil.dll", "T1546.011");
	assert_span(told.traces[0].command, "InjectDll: C:\\evil.dll");
	assert_true(span_find(told.traces[1].detail, 0, SPAN("in memory")) != SIZE_MAX);
	told_free(&told);
	decode(windows_shim, sdb_of(&arena), "C/Windows/AppPatch/sysmain.sdb");
	assert_int_equal(told.count, 0);
	told_free(&told);
	arena_free(&arena);
}

/* Text that is cut, or no XML at all, is told and loses nothing else. */
TEST(what_is_no_xml_is_refused)
{
	told_run(&told, windows_iis, SPAN("no xml"), "web.config", "text", NULL);
	assert_false(told.ok);
	told_free(&told);
}
