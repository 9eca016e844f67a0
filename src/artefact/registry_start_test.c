#include "artefact/decode_hive_support.h"
#include "xz.h"

#include <stdlib.h>

TEST(what_starts_for_everybody_is_told)
{
	const struct trace *t;

	decode(registry_autostart,
	       "[Microsoft\\Windows NT\\CurrentVersion\\Winlogon]\nShell=sz:explorer.exe, C:\\x\\evil.exe\n"
	       "[Microsoft\\Windows\\CurrentVersion\\Run]{1500000000}\nUp=expand:%ProgramData%\\u.exe -a\nBad=dword:1\n"
	       "[Wow6432Node\\Microsoft\\Windows\\CurrentVersion\\RunOnce]\nOnce=sz:C:\\o.exe\n"
	       "[Microsoft\\Windows NT\\CurrentVersion\\Windows]\nAppInit_DLLs=sz:a.dll b.dll\n"
	       "[Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options\\sethc.exe]\n"
	       "Debugger=sz:C:\\Windows\\System32\\cmd.exe\n"
	       "[Microsoft\\Windows\\CurrentVersion\\Explorer\\Browser Helper Objects\\{11111111-2222-3333-4444-555555555555}]\n"
	       "[Classes\\CLSID\\{11111111-2222-3333-4444-555555555555}\\InprocServer32]\n@=sz:C:\\bho.dll\n",
	       "C/Windows/System32/config/SOFTWARE");
	t = named("run key", "Up");
	assert_span(t->path, "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\Up");
	assert_span(t->command, "%ProgramData%\\u.exe -a");
	assert_span(t->program, "C:\\ProgramData\\u.exe");
	assert_span(t->technique, "T1547.001");
	assert_int_equal(t->time, 1500000000 * TIME_SECOND);
	assert_span(named("run key", "Once")->program, "C:\\o.exe");
	assert_span(named("ifeo", "sethc.exe")->program, "C:\\Windows\\System32\\cmd.exe");
	assert_span(named("browser helper", "{11111111-2222-3333-4444-555555555555}")->program, "C:\\bho.dll");
	t = told_find(&told, 0, TRACE_AUTOSTART, "appinit");
	assert_span(t[0].program, "C:\\Windows\\System32\\a.dll");
	assert_span(t[1].program, "C:\\Windows\\System32\\b.dll");
	t = told_find(&told, 0, TRACE_AUTOSTART, "winlogon");
	assert_span(t[0].command, "explorer.exe");
	assert_span(t[1].command, "C:\\x\\evil.exe");
	assert_int_equal(told.count, 8);
	told_free(&told);
}

TEST(what_starts_for_a_user_names_the_user)
{
	const struct trace *t;

	decode(registry_autostart,
	       "[Control Panel\\Desktop]\nSCRNSAVE.EXE=sz:C:\\s.scr\n"
	       "[Environment]\nUserInitMprLogonScript=sz:C:\\l.bat\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\Run]\nX=sz:\"C:\\a b.exe\" /q\n"
	       "[Software\\Classes\\CLSID\\{A}\\InprocServer32]\n@=sz:C:\\hijack.dll\n",
	       "case/C/Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 4);
	t = named("run key", "X");
	assert_span(t->user, "ann");
	assert_span(t->program, "C:\\a b.exe");
	assert_span(t->path, "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\X");
	assert_span(named("logon script", "UserInitMprLogonScript")->technique, "T1037.001");
	assert_span(named("com", "{A}")->program, "C:\\hijack.dll");
	assert_span(named("screensaver", "SCRNSAVE.EXE")->program, "C:\\s.scr");
	told_free(&told);
}

#define SYSTEM_HIVE "[Select]\nCurrent=dword:2\n[ControlSet001\\Services\\Old]\nType=dword:1\n"

TEST(services_of_the_set_in_use_are_told)
{
	const struct trace *t;

	decode(registry_services, SYSTEM_HIVE
	       "[ControlSet002\\Services\\Svc]\nType=dword:32\nStart=dword:2\nObjectName=sz:LocalSystem\n"
	       "ImagePath=expand:%SystemRoot%\\System32\\svchost.exe -k netsvcs\nFailureCommand=sz:C:\\f.exe\n"
	       "[ControlSet002\\Services\\Svc\\Parameters]\nServiceDll=expand:%SystemRoot%\\s.dll\n"
	       "[ControlSet002\\Services\\Drv]\nType=dword:1\nStart=dword:0\n"
	       "[ControlSet002\\Services\\Counters]\nx=dword:1\n",
	       "SYSTEM");
	assert_int_equal(told.count, 3);
	t = named("service", "Svc");
	assert_span(t->program, "C:\\Windows\\s.dll");
	assert_span(t->user, "LocalSystem");
	assert_true(span_find(t->detail, 0, SPAN("\"start\":\"automatic\"")) != SIZE_MAX);
	assert_span(named("driver", "Drv")->program, "C:\\Windows\\System32\\drivers\\Drv.sys");
	assert_span(named("service", "Svc (on failure)")->program, "C:\\f.exe");
	assert_span(t->path, "HKLM\\SYSTEM\\ControlSet002\\Services\\Svc");
	told_free(&told);
}

TEST(lists_of_security_packages_are_taken_apart)
{
	const struct trace *t;

	decode(registry_autostart, SYSTEM_HIVE
	       "[ControlSet002\\Control\\Lsa]\nSecurity Packages=multi:kerberos|evil|\n"
	       "[ControlSet002\\Control\\Session Manager]\nBootExecute=multi:autocheck autochk *|\n", "SYSTEM");
	t = told_find(&told, 0, TRACE_AUTOSTART, "lsa");
	assert_span(t[0].program, "C:\\Windows\\System32\\kerberos.dll");
	assert_span(t[1].command, "evil");
	assert_span(named("boot execute", "BootExecute")->command, "autocheck autochk *");
	told_free(&told);
}

/* Actions: version 3, account "LocalSystem", one command "C:\t.exe" "-x". */
#define ACTIONS "0300" "16000000" "4c006f00630061006c00530079007300740065006d00" "6666" "00000000" \
	"10000000" "43003a005c0074002e00650078006500" "04000000" "2d007800" "00000000" "0000"
#define CACHE "[Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\"

TEST(a_task_without_descriptor_is_hidden)
{
	const struct trace *t;

	decode(registry_tasks,
	       CACHE "Tasks\\{1}]\nPath=sz:\\Seen\nActions=hex:" ACTIONS "\n"
	       "DynamicInfo=hex:03000000" "00803ed5deb19d01" "0000000000000000" "0000000000000000\n"
	       CACHE "Tasks\\{2}]\nPath=sz:\\Unseen\nActions=hex:" ACTIONS "\n"
	       CACHE "Tree\\Seen]\nSD=hex:01\nIndex=dword:3\n"
	       CACHE "Tree\\Unseen]\nIndex=dword:3\n", "SOFTWARE");
	assert_int_equal(told.count, 2);
	t = named("task", "\\Seen");
	assert_span(t->command, "C:\\t.exe -x");
	assert_span(t->program, "C:\\t.exe");
	assert_span(t->user, "LocalSystem");
	assert_span(t->technique, "T1053.005");
	assert_int_equal(t->time, 0);
	assert_span(named("task", "\\Unseen")->technique, "T1053.005 T1564");
	told_free(&told);
}

TEST(another_hive_is_left_to_other_decoders)
{
	struct arena arena = arena_new(16 << 20);

	told_run(&told, registry_services, hive_of("[Software]\n", &arena), "x", "registry hive", NULL);
	assert_false(told.ok);
	assert_int_equal(told.err.code, ERR_UNSUPPORTED);
	told_free(&told);
	arena_free(&arena);
}

TEST(a_real_system_hive_is_read_with_its_logs)
{
	CORPUS_OR_SKIP(path, "artefacts/regipy/regipy_tests/data");
	struct told_file logs[] = { { "SYSTEM_B.LOG1", read_xz(path, "SYSTEM_B.LOG1.xz") },
				    { "SYSTEM_B.LOG2", read_xz(path, "SYSTEM_B.LOG2.xz") }, { 0 } };
	struct span hive = read_xz(path, "SYSTEM_B.xz");

	told_run(&told, registry_services, hive, "SYSTEM_B", "registry hive", logs);
	assert_true(told.ok);
	assert_string_equal(told.short_of, "");
	print_message("# %zu services and drivers\n", told.count);
	assert_true(told.count > 500);
	assert_span(named("service", "W32Time")->program, "C:\\Windows\\system32\\w32time.dll");
	told_free(&told);
	free((void *)(uintptr_t)hive.at);
	free((void *)(uintptr_t)logs[0].bytes.at);
	free((void *)(uintptr_t)logs[1].bytes.at);
}

TEST(libraries_that_the_system_loads_for_printing_and_time_are_told)
{
	decode(registry_autostart, SYSTEM_HIVE
	       "[ControlSet002\\Control\\Print\\Monitors\\Evil Port]{1500000000}\nDriver=sz:mon.dll\n"
	       "[ControlSet002\\Control\\Print\\Environments\\Windows x64\\Print Processors\\p]\nDriver=sz:proc.dll\n"
	       "[ControlSet002\\Services\\W32Time\\TimeProviders\\t]\nDllName=sz:C:\\t.dll\n",
	       "C/Windows/System32/config/SYSTEM");
	assert_span(named("print monitor", "Evil Port")->command, "mon.dll");
	assert_span(named("print monitor", "Evil Port")->technique, "T1547.010");
	assert_int_equal(named("print monitor", "Evil Port")->time, 1500000000 * TIME_SECOND);
	assert_span(named("print processor", "p")->command, "proc.dll");
	assert_span(named("time provider", "t")->program, "C:\\t.dll");
	told_free(&told);
}
