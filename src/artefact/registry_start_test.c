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
	assert_span(named("com", "{11111111-2222-3333-4444-555555555555}")->program, "C:\\bho.dll");
	assert_int_equal(told.count, 9);
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

/* Hidden services start in safe mode, too, where most defences do not. */
TEST(what_safe_mode_starts_is_told)
{
	const struct trace *t;

	decode(registry_services, SYSTEM_HIVE
	       "[ControlSet002\\Services\\Svc]\nType=dword:16\nStart=dword:2\nImagePath=sz:C:\\x\\s.exe\n"
	       "[ControlSet002\\Services\\Drv]\nType=dword:1\nStart=dword:0\n"
	       "[ControlSet002\\Control\\SafeBoot\\Minimal\\Svc]\n@=sz:Service\n"
	       "[ControlSet002\\Control\\SafeBoot\\Network\\Svc]{1500000000}\n@=sz:Service\n"
	       "[ControlSet002\\Control\\SafeBoot\\Network\\Drv.sys]\n@=sz:Driver\n"
	       "[ControlSet002\\Control\\SafeBoot\\Network\\Gone]\n@=sz:Service\n"
	       "[ControlSet002\\Control\\SafeBoot\\Network\\Base]\n@=sz:Driver Group\n"
	       "[ControlSet002\\Control\\SafeBoot\\Network\\{36FC9E60-C465-11CF-8056-444553540000}]\n@=sz:USB\n", "SYSTEM");
	assert_int_equal(told.count, 5);
	assert_span(named("safe boot", "Svc (minimal)")->program, "C:\\x\\s.exe");
	t = named("safe boot", "Svc (network)");
	assert_span(t->technique, "T1562.009");
	assert_int_equal(t->time, 1500000000 * TIME_SECOND);
	assert_span(named("safe boot", "Drv.sys (network)")->program, "C:\\Windows\\System32\\drivers\\Drv.sys");
	told_free(&told);
}

/* "C:\x\lsp.dll" in the first of MAX_PATH bytes, then the protocol. */
#define LAYER "433a5c785c6c73702e646c6c00" "ffff00000000"

TEST(layers_below_winsock_are_told)
{
	decode(registry_autostart, SYSTEM_HIVE
	       "[ControlSet002\\Services\\WinSock2\\Parameters]\nNameSpace_Callout=expand:%SystemRoot%\\System32\\c.dll\n"
	       "[ControlSet002\\Services\\WinSock2\\Parameters\\Protocol_Catalog9\\Catalog_Entries\\000000000001]\n"
	       "PackedCatalogItem=hex:" LAYER "\n"
	       "[ControlSet002\\Services\\WinSock2\\Parameters\\Protocol_Catalog9\\Catalog_Entries64\\000000000002]\n"
	       "PackedCatalogItem=hex:" LAYER "\n"
	       "[ControlSet002\\Services\\WinSock2\\Parameters\\NameSpace_Catalog5\\Catalog_Entries64\\000000000003]\n"
	       "LibraryPath=sz:C:\\n.dll\n", "SYSTEM");
	assert_int_equal(told.count, 4);
	assert_span(named("winsock", "NameSpace_Callout")->program, "C:\\Windows\\System32\\c.dll");
	assert_span(named("winsock", "000000000001")->program, "C:\\x\\lsp.dll");
	assert_span(named("winsock", "000000000002")->program, "C:\\x\\lsp.dll");
	assert_span(named("winsock", "000000000003")->program, "C:\\n.dll");
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

/* What people call their tasks is not always Latin, and is not hidden for that. */
TEST(a_task_with_a_name_in_japanese_is_found_in_the_tree)
{
	const struct trace *t;

	decode(registry_tasks,
	       CACHE "Tasks\\{1}]\nPath=sz:\\\u66f4\u65b0\\B\u00fccher \U00020bb7\nActions=hex:" ACTIONS "\n"
	       CACHE "Tree\\\u66f4\u65b0\\B\u00dccher \U00020bb7]\nSD=hex:01\nIndex=dword:3\n", "SOFTWARE");
	t = named("task", "\\\u66f4\u65b0\\B\u00fccher \U00020bb7");
	assert_span(t->technique, "T1053.005");
	told_free(&told);
}

/* A NUL before the name hides an entry from regedit, and from what ends texts at a NUL. */
TEST(names_with_a_nul_are_told_whole)
{
	const struct trace *t;

	decode(registry_autostart, "[Software\\Microsoft\\Windows\\CurrentVersion\\Run]\n\001hid=sz:C:\\h.exe\n"
	       "[Software\\Microsoft\\Windows\\CurrentVersion\\RunOnceEx\\\001k]\na=sz:C:\\i.exe\n",
	       "Users/ann/NTUSER.DAT");
	assert_int_equal(told.count, 2);
	t = &told.traces[0];
	assert_true(span_eq(t->name, SPAN("\0hid")));
	assert_true(span_ends(t->path, SPAN("\\Run\\\0hid")));
	assert_span(t->technique, "T1547.001 T1564");
	assert_true(span_ends(told.traces[1].path, SPAN("\\RunOnceEx\\\0k\\a")));
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

#define NT "[Microsoft\\Windows NT\\CurrentVersion\\"
#define CV "[Microsoft\\Windows\\CurrentVersion\\"
#define GUID "{11111111-2222-3333-4444-555555555555}"

/* One place a row: what it is told as, by which name, what starts, by which technique. */
struct expected {
	const char *what, *name, *command, *program, *technique;
};

static void expect_starts(const char *hive, const char *path, const struct expected *rows, size_t count)
{
	decode(registry_autostart, hive, path);
	for (size_t i = 0; i < count; i++) {
		const struct trace *t = named(rows[i].what, rows[i].name);

		assert_span(t->command, rows[i].command);
		assert_span(t->program, rows[i].program);
		assert_span(t->technique, rows[i].technique);
	}
	assert_int_equal(told.count, count);
	told_free(&told);
}

#define EXPECT_STARTS(hive, path, rows) expect_starts(hive, path, rows, sizeof(rows) / sizeof *(rows))

TEST(places_of_the_machine_that_start_something)
{
	static const struct expected rows[] = {
		{ "ifeo", "sethc.exe", "C:\\cmd.exe", "C:\\cmd.exe", "T1546.008 T1546.012" },
		{ "ifeo", "notepad.exe", "C:\\x.exe", "C:\\x.exe", "T1546.012" },
		{ "accessibility", "evil", "C:\\at.exe", "C:\\at.exe", "T1546.008" },
		{ "app path", "control.exe", "C:\\p.exe", "C:\\p.exe", "T1574" },
		{ "crash handler", "C:\\wer.dll", "C:\\wer.dll", "C:\\wer.dll", "T1546" },
		{ "trust provider", "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}", "C:\\sip.dll", "C:\\sip.dll", "T1553.003" },
		{ "browser extension", "1", "abcdefgh;https://x.example/u", "", "T1176.001" },
		{ "browser extension", "ijkl", "https://y.example/u", "", "T1176.001" },
		{ "browser helper", "com.evil", "C:\\host.json", "", "T1176" },
		{ "shell extension", "Evil", GUID, "C:\\menu.dll", "T1546.015" },
		{ "shell extension", GUID, GUID, "C:\\menu.dll", "T1546.015" },
		{ "com", GUID, "C:\\menu.dll", "C:\\menu.dll", "T1546.015" },
		{ "office", "Evil.Addin", GUID, "C:\\menu.dll", "T1137.006" },
		{ "office", "Vsto.Addin", "C:\\v.vsto", "C:\\v.vsto", "T1137.006" },
		{ "office", "Bare.Addin", "Bare.Addin", "", "T1137.006" },
		{ "logon script", "0", "C:\\s.bat -x", "C:\\s.bat", "T1037" },
	};

	EXPECT_STARTS(NT "Image File Execution Options\\sethc.exe]\nDebugger=sz:C:\\cmd.exe\n"
		      NT "Image File Execution Options\\notepad.exe]\nDebugger=sz:C:\\x.exe\n"
		      NT "Accessibility\\ATs\\evil]\nStartExe=sz:C:\\at.exe\n" CV "App "
			"Paths\\control.exe]\n@=sz:C:\\p.exe\nPath=sz:C:\\\n"
		      "[Microsoft\\Windows\\Windows Error Reporting\\RuntimeExceptionHelperModules]\nC:\\wer.dll=dword:0\n"
		      "[Microsoft\\Cryptography\\OID\\EncodingType "
			"0\\CryptSIPDllVerifyIndirectData\\{C689AAB8-8E78-11D0-8C47-00C04FC295EE}]\n"
		      "Dll=sz:C:\\sip.dll\n"
		      "[Policies\\Google\\Chrome\\ExtensionInstallForcelist]\n1=sz:abcdefgh;https://x.example/u\n"
		      "[Wow6432Node\\Google\\Chrome\\Extensions\\ijkl]\nupdate_url=sz:https://y.example/u\n"
		      "[Microsoft\\Edge\\NativeMessagingHosts\\com.evil]\n@=sz:C:\\host.json\n"
		      "[Classes\\Directory\\shellex\\ContextMenuHandlers\\Evil]\n@=sz:" GUID "\n"
		      "[Classes\\Folder\\shellex\\ContextMenuHandlers\\" GUID "]\n"
		      "[Classes\\CLSID\\" GUID "\\InprocServer32]\n@=sz:C:\\menu.dll\n[Classes\\Evil.Addin\\CLSID]\n"
		      "@=sz:" GUID "\n"
		      "[Microsoft\\Office\\Word\\Addins\\Evil.Addin]\nLoadBehavior=dword:3\n"
		      "[Microsoft\\Office\\16.0\\Excel\\Addins\\Bare.Addin]\nLoadBehavior=dword:3\n"
		      "[Wow6432Node\\Microsoft\\Office\\Outlook\\Addins\\Vsto.Addin]\nManifest=sz:C:\\v.vsto\n"
		      CV "Group Policy\\State\\Machine\\Scripts\\Startup\\0\\0]\nScript=sz:C:\\s.bat\nParameters=sz:-x\n",
		      "C/Windows/System32/config/SOFTWARE", rows);
}

TEST(places_of_a_user_that_start_something)
{
	static const struct expected rows[] = {
		{ "profiler", "COR_PROFILER", GUID, "C:\\clr.dll", "T1574.012" },
		{ "profiler", "COR_PROFILER_PATH_64", "C:\\prof.dll", "C:\\prof.dll", "T1574.012" },
		{ "profiler", "CORECLR_PROFILER_PATH", "C:\\core.dll", "C:\\core.dll", "T1574.012" },
		{ "profiler", "APPDOMAIN_MANAGER_ASM", "evil, Version=1", "", "T1574.014" },
		{ "office", "Excel", "/R \"C:\\a.xll\"", "", "T1137.006" },
		{ "office", "Inbox", "http://c2.example/home", "", "T1137.004" },
		{ "office", "16.0", "http://c2.example/today", "", "T1137.004" },
		{ "office", "User.Addin", GUID, "C:\\clr.dll", "T1137.006" },
		{ "com", GUID, "C:\\clr.dll", "C:\\clr.dll", "T1546.015" },
		{ "com", "User.Addin", GUID, "C:\\clr.dll", "T1546.015" },
		{ "file association", "ms-settings", "C:\\uac.exe", "C:\\uac.exe", "T1548.002 T1546.001" },
	};

	decode(registry_autostart,
	       "[Environment]\nCOR_PROFILER=sz:" GUID "\nCOR_PROFILER_PATH_64=sz:C:\\prof.dll\n"
	       "CORECLR_PROFILER_PATH=sz:C:\\core.dll\n"
	       "APPDOMAIN_MANAGER_ASM=sz:evil, Version=1\nPATH=sz:x\n"
	       "[Software\\Microsoft\\Office\\16.0\\Excel\\Options]\nOPEN1=sz:/R \"C:\\a.xll\"\nOther=sz:x\n"
	       "[Software\\Microsoft\\Office\\16.0\\Outlook\\WebView\\Inbox]\nURL=sz:http://c2.example/home\n"
	       "[Software\\Microsoft\\Office\\16.0\\Outlook\\Today]\nUserDefinedUrl=sz:http://c2.example/today\n"
	       "[Software\\Microsoft\\Office\\Word\\Addins\\User.Addin]\nLoadBehavior=dword:3\n"
	       "[Software\\Classes\\User.Addin\\CLSID]\n@=sz:" GUID "\n"
	       "[Software\\Classes\\CLSID\\" GUID "\\InprocServer32]\n@=sz:C:\\clr.dll\n"
	       "[Software\\Classes\\ms-settings\\shell\\open\\command]\n@=sz:C:\\uac.exe\n", "Users/ann/NTUSER.DAT");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct trace *t = named(rows[i].what, rows[i].name);

		assert_span(t->command, rows[i].command);
		assert_span(t->technique, rows[i].technique);
		if (strcmp(rows[i].name, "Excel"))
			assert_span(t->program, rows[i].program);
		assert_span(t->user, "ann");
	}
	assert_int_equal(told.count, sizeof rows / sizeof *rows);
	told_free(&told);
}

TEST(places_of_the_system_that_start_something)
{
	static const struct expected rows[] = {
		{ "boot execute", "CmdLine", "C:\\oobe.exe", "C:\\oobe.exe", "T1547" },
		{ "lsa", "LsaDbExtPt", "C:\\lsa.dll", "C:\\lsa.dll", "T1547.008" },
		{ "dns server plug-in", "ServerLevelPluginDll", "C:\\dns.dll", "C:\\dns.dll", "T1574" },
		{ "profiler", "COR_PROFILER_PATH", "C:\\p.dll", "C:\\p.dll", "T1574.012" },
	};

	EXPECT_STARTS(SYSTEM_HIVE "[Setup]\nCmdLine=sz:C:\\oobe.exe\n[ControlSet002\\Services\\NTDS]\nLsaDbExtPt=sz:C:\\lsa.dll\n"
		      "[ControlSet002\\Services\\DNS\\Parameters]\nServerLevelPluginDll=sz:C:\\dns.dll\n"
		      "[ControlSet002\\Control\\Session Manager\\Environment]\nCOR_PROFILER_PATH=sz:C:\\p.dll\n", "SYSTEM", rows);
}

TEST(entries_that_are_switched_off_say_so)
{
	decode(registry_autostart,
	       CV "Run]\nOn=sz:C:\\on.exe\nOff=sz:C:\\off.exe\nNew=sz:C:\\new.exe\n"
	       CV "RunOnce]\nOnce=sz:C:\\once.exe\n" CV "Policies\\Explorer\\Run]\nRuled=sz:C:\\ruled.exe\n"
	       CV "Explorer\\StartupApproved\\Run]\nOn=hex:020000000000000000000000\nOff=hex:030000000011223344556677\n"
	       "Once=hex:030000000011223344556677\nRuled=hex:030000000011223344556677\n",
	       "SOFTWARE");
	/* That list is of the key Run alone. */
	assert_span(named("run key", "Once")->detail, "");
	assert_span(named("run key", "Ruled")->detail, "");
	assert_span(named("run key", "On")->detail, "");
	assert_span(named("run key", "Off")->detail, "{\"state\":\"switched off\"}");
	assert_span(named("run key", "New")->detail, "");
	told_free(&told);
}

TEST(services_that_run_or_load_something_else)
{
	decode(registry_services, SYSTEM_HIVE
	       "[ControlSet002\\Services\\Wrapped]\nImagePath=sz:C:\\nssm.exe\nType=dword:16\nStart=dword:2\n"
	       "FailureCommand=sz:C:\\fail.exe -x\nEnvironment=multi:A=b|COR_PROFILER=" GUID "|COR_PROFILER_PATH=C:\\p.dll\n"
	       "[ControlSet002\\Services\\Wrapped\\Parameters]\nApplication=sz:C:\\evil.exe\nAppParameters=sz:-c 1\n"
	       "[ControlSet002\\Services\\TermService]\nImagePath=sz:svchost.exe\nType=dword:32\nStart=dword:2\n"
	       "[ControlSet002\\Services\\TermService\\Parameters]\nServiceDll=expand:C:\\rdpwrap.dll\n"
	       "[ControlSet002\\Services\\Good]\nImagePath=sz:svchost.exe\nType=dword:32\nStart=dword:2\n"
	       "[ControlSet002\\Services\\Good\\Parameters]\nServiceDll=expand:%SystemRoot%\\system32\\termsrv.dll\n", "SYSTEM");
	assert_int_equal(told.count, 7);
	assert_span(told.traces[2].name, "Wrapped");
	assert_non_null(at_path("service", "HKLM\\SYSTEM\\ControlSet002\\Services\\Wrapped\\Parameters\\Application"));
	assert_span(at_path("service", "HKLM\\SYSTEM\\ControlSet002\\Services\\Wrapped\\Parameters\\Application")->command,
		    "C:\\evil.exe -c 1");
	assert_span(named("service", "Wrapped (on failure)")->program, "C:\\fail.exe");
	assert_span(named("profiler", "Wrapped (COR_PROFILER_PATH)")->program, "C:\\p.dll");
	assert_span(named("profiler", "Wrapped (COR_PROFILER)")->program, "");
	assert_span(named("service", "TermService")->technique, "T1505.005 T1543.003");
	assert_span(named("service", "Good")->technique, "T1543.003");
	told_free(&told);
}

/* Places that few lists have, and forms of known ones. */
TEST(odd_places_of_the_machine_that_start_something)
{
	static const struct expected rows[] = {
		{ "run key", "0001", "||C:\\a.exe -x", "C:\\a.exe", "T1547.001" },
		{ "run key", "0002", "C:\\b.dll|Start|y", "C:\\b.dll", "T1547.001" },
		{ "run key", "0003", "C:\\c.dll", "C:\\c.dll", "T1547.001" },
		{ "run key", "S", "C:\\d.exe", "C:\\d.exe", "T1547.001" },
		{ "ifeo", "sethc.exe", "C:\\e.exe", "C:\\e.exe", "T1546.008 T1546.012" },
		{ "ifeo", "ReflectDebugger", "C:\\f.exe", "C:\\f.exe", "T1546.012" },
		{ "telemetry command", "X", "C:\\g.exe -cv", "C:\\g.exe", "T1546" },
		{ "shell tool", "cleanuppath", "C:\\h.exe", "C:\\h.exe", "T1546" },
		{ "codec", "msacm.x", "x.dll", "C:\\Windows\\System32\\x.dll", "T1547" },
		{ "winrm plug-in", "Evil", "C:\\i.dll", "C:\\i.dll", "T1546" },
		{ "remote desktop program", "InitialProgram", "C:\\j.exe", "C:\\j.exe", "T1547" },
		{ "trust provider", "{1}", "C:\\k.dll", "C:\\k.dll", "T1553.003" },
		{ "shim database", "app.exe", "{1}.sdb", "", "T1546.011" },
		{ "printer port", "C:\\Windows\\System32\\ualapi.dll", "C:\\Windows\\System32\\ualapi.dll",
		  "C:\\Windows\\System32\\ualapi.dll", "T1547.010" },
		{ "com", "{2}", "C:\\Windows\\Temp\\l.dll", "C:\\Windows\\Temp\\l.dll", "T1546.015" },
		{ "com", "{3}", "file:///C:/m/n.dll", "C:/m/n.dll", "T1546.015" },
		{ "file association", "exefile", "C:\\Windows\\System32\\cmd.exe /c x & \"%1\" %*",
		  "C:\\Windows\\System32\\cmd.exe", "T1548.002 T1546.001" },
		{ "file association", "txtfile (print)", "C:\\ProgramData\\o.exe %1", "C:\\ProgramData\\o.exe", "T1546.001" },
		{ "office", "Word", "\\\\host\\share\\p", "\\\\host\\share\\p", "T1137" },
		{ "browser helper", "{4}", "C:\\q.exe", "C:\\q.exe", "T1176" },
		{ "command processor", "AutoRun", "%ComSpec% /c C:\\r.bat", "C:\\r.bat", "T1546" },
	};

	EXPECT_STARTS(CV "RunOnceEx\\0001]\n1=sz:||C:\\a.exe -x\n" CV "RunOnceEx\\0002]\n1=sz:C:\\b.dll|Start|y\n"
		      CV "RunOnceEx\\0003\\Depend]\n1=sz:C:\\c.dll\n" CV "RunOnce\\Setup]\nS=sz:C:\\d.exe\n"
		      NT "Image File Execution Options\\sethc.exe\\0]\nFilterFullPath=sz:C:\\x.exe\nDebugger=sz:C:\\e.exe\n"
		      "[Microsoft\\Windows\\Windows Error Reporting\\Hangs]\nReflectDebugger=sz:C:\\f.exe\n"
		      NT "AppCompatFlags\\TelemetryController\\X]\nCommand=sz:C:\\g.exe -cv\n"
		      CV "Explorer\\MyComputer\\cleanuppath]\n@=sz:C:\\h.exe\n" NT "Drivers32]\nmsacm.x=sz:x.dll\n"
		      CV "WSMAN\\Plugin\\Evil]\nConfigXML=sz:<P Name=\"Evil\" Filename=\"C:\\i.dll\" SDKVersion=\"1\"/>\n"
		      "[Policies\\Microsoft\\Windows NT\\Terminal Services]\nInitialProgram=sz:C:\\j.exe\n"
		      "[Microsoft\\Cryptography\\OID\\EncodingType 0\\CryptSIPDllGetSignedDataMsg\\{1}]\nDll=sz:C:\\k.dll\n"
		      NT "Ports]\nCOM1:=sz:9600,n,8,1\nC:\\Windows\\System32\\ualapi.dll=sz:\n"
		      NT "AppCompatFlags\\Custom\\app.exe]\n{1}.sdb=qword:1\n"
		      "[Classes\\CLSID\\{2}\\InprocServer32]\n@=sz:C:\\Windows\\Temp\\l.dll\n"
		      "[Classes\\CLSID\\{3}\\InprocServer32]\n@=sz:mscoree.dll\nCodeBase=sz:file:///C:/m/n.dll\n"
		      "[Classes\\exefile\\shell\\open\\command]\n@=sz:C:\\Windows\\System32\\cmd.exe /c x & \"%1\" %*\n"
		      "[Classes\\batfile\\shell\\open\\command]\n@=sz:\"%1\" %*\n"
		      "[Classes\\txtfile\\shell\\open\\command]\n@=expand:%SystemRoot%\\system32\\NOTEPAD.EXE %1\n"
		      "[Classes\\txtfile\\shell\\print\\command]\n@=sz:C:\\ProgramData\\o.exe %1\n"
		      "[Microsoft\\Office\\16.0\\Word\\Options]\nSTARTUP-PATH=sz:\\\\host\\share\\p\n"
		      "[Microsoft\\Internet Explorer\\Extensions\\{4}]\nExec=sz:C:\\q.exe\n"
		      "[Microsoft\\Command Processor]\nAutoRun=sz:%ComSpec% /c C:\\r.bat\n",
		      "C/Windows/System32/config/SOFTWARE", rows);
}

TEST(odd_places_of_a_user_that_start_something)
{
	static const struct expected rows[] = {
		{ "com", "{1}", "C:/x.dll", "C:/x.dll", "T1546.015" },
		{ "com", "{2}", "C:\\s.exe", "C:\\s.exe", "T1546.015" },
		{ "com", "{5}", "C:\\sur.exe", "C:\\sur.exe", "T1546.015" },
		{ "com", "Prog.Id", GUID, "C:\\p.dll", "T1546.015" },
		{ "com", GUID, "C:\\p.dll", "C:\\p.dll", "T1546.015" },
		{ "type library", "{3}", "script:https://c2.example/x.sct", "", "T1546.015" },
		{ "file association", "exefile (runas)", "C:\\u.exe", "C:\\u.exe", "T1548.002 T1546.001" },
		{ "file association", "Folder", "C:\\f.exe", "C:\\f.exe", "T1548.002 T1546.001" },
		{ "file association", "CurVer", ".evil", "", "T1548.002 T1546.001" },
		{ "protocol handler", "evil", GUID, "C:\\p.dll", "T1546.015" },
	};

	EXPECT_STARTS("[Local Settings]\n[CLSID\\{1}\\InprocServer32\\1.0.0.0]\nCodeBase=sz:C:/x.dll\n"
		      "[Wow6432Node\\CLSID\\{2}\\LocalServer32]\nServerExecutable=sz:C:\\s.exe\n"
		      "[AppID\\{5}]\nDllSurrogate=sz:C:\\sur.exe\n[AppID\\{6}]\nDllSurrogate=sz:\n"
		      "[Prog.Id\\CLSID]\n@=sz:" GUID "\n[CLSID\\" GUID "\\InprocServer32]\n@=sz:C:\\p.dll\n"
		      "[TypeLib\\{3}\\1.0\\0\\win64]\n@=sz:script:https://c2.example/x.sct\n"
		      "[exefile\\shell\\runas\\command]\nIsolatedCommand=sz:C:\\u.exe\n"
		      "[Folder\\shell\\open\\command]\n@=sz:C:\\f.exe\nDelegateExecute=sz:\n"
		      "[AppX1\\shell\\open\\command]\nDelegateExecute=sz:{4ED3A719-CEA8-4BD9-910D-E252F997AFC2}\n"
		      "[ms-settings\\CurVer]\n@=sz:.evil\n[Protocols\\Handler\\evil]\nCLSID=sz:" GUID "\n",
		      "Users/ann/AppData/Local/Microsoft/Windows/UsrClass.dat", rows);
}

TEST(odd_places_of_the_system_that_start_something)
{
	static const struct expected rows[] = {
		{ "lsa", "Auth0", "sub", "C:\\Windows\\System32\\sub.dll", "T1547.002" },
		{ "lsa", "1001", "ext.dll", "C:\\Windows\\System32\\ext.dll", "T1547.008" },
		{ "language library", "English_US", "C:\\l.dll", "C:\\l.dll", "T1547" },
		{ "printer driver", "Evil", "p.dll", "C:\\Windows\\System32\\spool\\drivers\\x64\\3\\p.dll", "T1547.012" },
		{ "printer driver", "New", "q.dll", "C:\\Windows\\System32\\spool\\drivers\\ARM64\\4\\q.dll", "T1547.012" },
		{ "performance library", "Svc", "%SystemRoot%\\perf.dll", "C:\\Windows\\perf.dll", "T1574" },
		{ "logon method", "25", "C:\\e.dll", "C:\\e.dll", "T1556" },
		{ "logon method", "ExtensionDLLs", "C:\\n.dll", "C:\\n.dll", "T1556" },
		{ "dhcp server plug-in", "CalloutDlls", "C:\\d.dll", "C:\\d.dll", "T1574" },
		{ "service manager extension", "ServiceControlManagerExtension", "C:\\scm.dll", "C:\\scm.dll", "T1547" },
		{ "environment", "DOTNET_STARTUP_HOOKS", "C:\\h.dll", "C:\\h.dll", "T1574" },
		{ "boot execute", "PlatformExecute", "evil", "evil", "T1547" },
	};

	EXPECT_STARTS(SYSTEM_HIVE "[ControlSet002\\Control\\Lsa\\MSV1_0]\nAuth0=sz:sub\nNtlmMinClientSec=dword:1\n"
		      "[ControlSet002\\Control\\LsaExtensionConfig\\Interfaces\\1001]\nExtension=sz:ext.dll\n"
		      "[ControlSet002\\Control\\ContentIndex\\Language\\English_US]\nStemmerDLLPathOverride=sz:C:\\l.dll\n"
		      "[ControlSet002\\Control\\Print\\Environments\\Windows x64\\Drivers\\Version-3\\Evil]\nDriver=sz:p.dll\n"
		      "[ControlSet002\\Control\\Print\\Environments\\Windows ARM64\\Drivers\\Version-4\\New]\n"
		      "Configuration File=sz:q.dll\n"
		      "[ControlSet002\\Services\\Svc\\Performance]\nLibrary=expand:%SystemRoot%\\perf.dll\n"
		      "[ControlSet002\\Services\\RasMan\\PPP\\EAP\\25]\nPath=sz:C:\\e.dll\n"
		      "[ControlSet002\\Services\\AuthSrv\\Parameters]\nExtensionDLLs=multi:C:\\n.dll|\n"
		      "[ControlSet002\\Services\\DHCPServer\\Parameters]\nCalloutDlls=multi:C:\\d.dll|\n"
		      "[ControlSet002\\Control]\nServiceControlManagerExtension=sz:C:\\scm.dll\n"
		      "[ControlSet002\\Control\\Session Manager\\Environment]\nDOTNET_STARTUP_HOOKS=sz:C:\\h.dll\n"
		      "[ControlSet002\\Control\\Session Manager]\nPlatformExecute=multi:evil|\n", "SYSTEM", rows);
}

/* Who writes to the other set and makes it the default is at work from the next start on. */
TEST(the_set_that_the_next_start_takes_is_told_too)
{
	decode(registry_services, "[Select]\nCurrent=dword:1\nDefault=dword:2\n"
	       "[ControlSet001\\Services\\A]\nType=dword:16\nStart=dword:2\nImagePath=sz:C:\\a.exe\n"
	       "[ControlSet002\\Services\\A]\nType=dword:16\nStart=dword:2\nImagePath=sz:C:\\evil.exe\n", "SYSTEM");
	assert_int_equal(told.count, 2);
	assert_span(at_path("service", "HKLM\\SYSTEM\\ControlSet001\\Services\\A")->program, "C:\\a.exe");
	assert_span(at_path("service", "HKLM\\SYSTEM\\ControlSet002\\Services\\A")->program, "C:\\evil.exe");
	told_free(&told);
	decode(registry_services, "[Select]\nCurrent=dword:1\nDefault=dword:1\n"
	       "[ControlSet001\\Services\\A]\nType=dword:16\nImagePath=sz:C:\\a.exe\n"
	       "[ControlSet002\\Services\\A]\nType=dword:16\nImagePath=sz:C:\\b.exe\n", "SYSTEM");
	assert_int_equal(told.count, 1);
	told_free(&told);
}
