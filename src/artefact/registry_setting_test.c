/* Settings that protect, expose or redirect the machine: each with and without what weakens it. */
#include "artefact/decode_hive_support.h"

#define SYSTEM_HIVE "[Select]\nCurrent=dword:1\n"
#define SET "[ControlSet001\\"

struct expected {
	const char *what, *name, *technique;
};

static void expect_settings(const char *hive, const char *path, const struct expected *rows, size_t count)
{
	decode(registry_settings, hive, path);
	for (size_t i = 0; i < count; i++)
		assert_span(named(rows[i].what, rows[i].name)->technique, rows[i].technique);
	assert_int_equal(told.count, count);
	told_free(&told);
}

#define EXPECT_SETTINGS(hive, path, rows) expect_settings(hive, path, rows, sizeof(rows) / sizeof *(rows))

TEST(settings_of_the_machine_that_weaken_it)
{
	static const struct expected rows[] = {
		{ "remote desktop", "Shadow", "T1563.002" },
		{ "remote desktop", "fDenyTSConnections", "T1021.001" },
		{ "uac", "AlwaysInstallElevated", "T1548.002" },
		{ "defence off", "DisableScriptScanning", "T1562.001" },
		{ "defence off", "EnableNetworkProtection", "T1562.001" },
		{ "defence exclusion", "C:\\temp", "T1562.001" },
		{ "log off", "ETWEnabled", "T1562.006" },
		{ "log size", "MaxSize", "T1562.002" },
		{ "audit policy", "ProcessCreationIncludeCmdLine_Enabled", "T1562.002" },
		{ "proxy", "ProxyServer", "T1090" },
		{ "proxy", "WinHttpSettings", "T1090" },
		{ "root certificate", "AA11", "" },
		{ "root certificate", "BB22", "T1553.004" },
		{ "firewall rule", "open", "T1562.004" },
	};

	EXPECT_SETTINGS("[Policies\\Microsoft\\Windows NT\\Terminal Services]\nShadow=dword:2\nfDenyTSConnections=dword:0\n"
		"[Policies\\Microsoft\\Windows\\Installer]\nAlwaysInstallElevated=dword:1\n"
		"[Policies\\Microsoft\\Windows Defender\\Real-Time Protection]\nDisableScriptScanning=dword:1\n"
		"[Policies\\Microsoft\\Windows Defender\\Windows Defender Exploit Guard\\Network "
			"Protection]\nEnableNetworkProtection=dword:0\n"
		"[Policies\\Microsoft\\Windows Defender\\Windows Defender Exploit Guard\\ASR\\ASROnlyExclusions]\nC:\\temp=sz:0\n"
		"[Microsoft\\.NETFramework]\nETWEnabled=dword:0\n[Policies\\Microsoft\\Windows\\EventLog\\Security]\n"
		"MaxSize=dword:64\n"
		"[Microsoft\\Windows\\CurrentVersion\\Policies\\System\\Audit]\nProcessCreationIncludeCmdLine_Enabled=dword:0\n"
		"[Policies\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]\nProxyServer=sz:10.0.0.9:8080\n"
		"[Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections]\n"
		"WinHttpSettings=hex:18000000000000000300000008000000703a38303830202000000000\n"
		"[Microsoft\\SystemCertificates\\ROOT\\Certificates\\AA11]\n"
		"[Policies\\Microsoft\\SystemCertificates\\Root\\Certificates\\BB22]\n"
		"[Policies\\Microsoft\\WindowsFirewall\\FirewallRules]\n"
		"x=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|LPort=4444|Name=open|\n",
		"SOFTWARE", rows);
}

TEST(settings_that_take_defences_their_work)
{
	static const struct expected rows[] = {
		{ "program forbidden", "MsMpEng.exe", "T1562.001" },
		{ "program forbidden", "game.exe", "" },
		{ "program forbidden", "C:\\Program Files\\Windows Defender", "T1562.001" },
		{ "program forbidden", "C:\\games", "" },
		{ "network limit", "MsSense.exe", "T1562.004" },
		{ "network limit", "backup.exe", "" },
		{ "defence exclusion", "5", "T1562.001" },
	};

	EXPECT_SETTINGS("[Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\DisallowRun]\n1=sz:MsMpEng.exe\n"
		"2=sz:game.exe\n"
		"[Policies\\Microsoft\\Windows\\safer\\codeidentifiers\\0\\Paths\\{1}]\n"
		"ItemData=sz:C:\\Program Files\\Windows Defender\n"
		"[Policies\\Microsoft\\Windows\\safer\\codeidentifiers\\0\\Paths\\{2}]\nItemData=sz:C:\\games\n"
		"[Policies\\Microsoft\\Windows\\QoS\\a]\nApplication Name=sz:MsSense.exe\nThrottle Rate=sz:1\n"
		"[Policies\\Microsoft\\Windows\\QoS\\b]\nApplication Name=sz:backup.exe\nThrottle Rate=sz:1000\n"
		"[Policies\\Microsoft\\Windows\\QoS\\c]\nApplication Name=sz:free.exe\nThrottle Rate=sz:-1\n"
		"[Microsoft\\Windows Defender\\Threats\\ThreatSeverityDefaultAction]\n5=sz:6\n4=sz:2\n[Microsoft\\Windows]\n",
		"SOFTWARE", rows);
}

#define OBJECT "[Objects\\{b2721d73-1db4-4c62-bf78-c548a880142d}\\Elements\\"

TEST(the_boot_configuration_is_told)
{
	static const struct expected rows[] = {
		{ "boot loader", "Windows 10 (path)", "T1542.003" }, { "boot loader", "Windows 10 (kernel)", "T1542.003" },
		{ "restore off", "recoveryenabled", "T1490" }, { "boot configuration", "bootstatuspolicy", "T1490" },
		{ "defence off", "testsigning", "T1553.006" }, { "safe mode", "safeboot", "T1562.009" },
		{ "boot configuration", "hypervisorlaunchtype", "" },
	};

	decode(registry_boot, "[Description]\nKeyName=sz:BCD00000000\n"
	       OBJECT "12000004]\nElement=sz:Windows 10\n" OBJECT "12000002]\nElement=sz:\\windows\\system32\\winload.efi\n"
	       OBJECT "22000011]\nElement=sz:ntoskrnx.exe\n" OBJECT "16000009]{1500000000}\nElement=hex:00\n"
	       OBJECT "250000e0]\nElement=hex:0100000000000000\n" OBJECT "16000049]\nElement=hex:01\n"
	       OBJECT "16000048]\nElement=hex:00\n" OBJECT "25000080]\nElement=hex:0100000000000000\n"
	       OBJECT "250000f0]\nElement=hex:0100000000000000\n" OBJECT "16000010]\nElement=hex:0102\n",
	       "EFI/Microsoft/Boot/BCD");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_span(named(rows[i].what, rows[i].name)->technique, rows[i].technique);
	assert_int_equal(told.count, sizeof rows / sizeof *rows);
	assert_span(named("boot loader", "Windows 10 (path)")->program, "C:\\windows\\system32\\winload.efi");
	assert_span(named("boot loader", "Windows 10 (kernel)")->program, "C:\\Windows\\System32\\ntoskrnx.exe");
	assert_int_equal(named("restore off", "recoveryenabled")->time, 1500000000 * TIME_SECOND);
	told_free(&told);
}

/* Two categories: of five kinds and of two; then how many each has. */
#define POLICY_HEAD "00010000" "02000000" "1a000000"

TEST(the_audit_policy_is_told)
{
	decode(registry_audit, "[Policy\\PolAdtEv]\n@=hex:" POLICY_HEAD "01000000030000000000" "00000300" "0500" "0200\n",
	       "SECURITY");
	assert_span(named("audit policy", "Security State Change")->command, "successes");
	assert_span(named("audit policy", "System Integrity")->command, "successes and failures");
	assert_span(named("audit policy", "Logon")->technique, "T1562.002");
	assert_span(named("audit policy", "Logoff")->technique, "");
	assert_int_equal(told.count, 4);
	told_free(&told);
	decode(registry_audit, "[Policy\\PolAdtEv]\n@=hex:" POLICY_HEAD "00000000000000000000" "00000000" "0500" "0200\n",
	       "SECURITY");
	assert_int_equal(told.count, 1);
	assert_span(named("audit policy", "everything")->technique, "T1562.002");
	told_free(&told);
	/* The counts are more than there are values. */
	decode(registry_audit, "[Policy\\PolAdtEv]\n@=hex:" POLICY_HEAD "00000000000000000000" "00000000" "0500" "0300\n",
	       "SECURITY");
	assert_int_equal(told.count, 0);
	assert_int_equal(told.lost, 1);
	told_free(&told);
}

TEST(settings_of_the_machine_that_do_not)
{
	static const struct expected rows[] = {
		{ "remote desktop", "Shadow", "" }, { "remote desktop", "fDenyTSConnections", "" },
		{ "uac", "AlwaysInstallElevated", "" }, { "log size", "MaxSize", "" },
		{ "audit policy", "ProcessCreationIncludeCmdLine_Enabled", "" },
	};

	EXPECT_SETTINGS("[Policies\\Microsoft\\Windows NT\\Terminal Services]\nShadow=dword:1\nfDenyTSConnections=dword:1\n"
		"[Policies\\Microsoft\\Windows\\Installer]\nAlwaysInstallElevated=dword:0\n"
		"[Policies\\Microsoft\\Windows Defender\\Real-Time Protection]\nDisableScriptScanning=dword:0\n"
		"[Microsoft\\.NETFramework]\nETWEnabled=dword:1\n[Policies\\Microsoft\\Windows\\EventLog\\Security]\n"
		"MaxSize=dword:196608\n"
		"[Microsoft\\Windows\\CurrentVersion\\Policies\\System\\Audit]\nProcessCreationIncludeCmdLine_Enabled=dword:1\n"
		"[Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections]\n"
		"WinHttpSettings=hex:180000000000000001000000000000000000000000000000\n", "SOFTWARE", rows);
}

TEST(settings_of_the_system)
{
	static const struct expected rows[] = {
		{ "port forward", "0.0.0.0/8080", "T1090.001" }, { "safe mode", "OptionValue", "T1562.009" },
		{ "log off", "Start", "T1562.006" }, { "credential protection", "LmCompatibilityLevel", "T1562.010" },
		{ "credential protection", "RunAsPPL", "T1562.001" }, { "credential "
			"protection", "UseLogonCredential", "T1112 T1003.001" },
		{ "firewall rule", "port", "T1562.004" }, { "firewall rule", "mine", "T1562.004" },
		{ "firewall rule", "installed", "" }, { "firewall rule", "deaf", "T1562.004 T1562.001" },
		{ "firewall rule", "alike", "T1562.004" },
		{ "log off", "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}", "T1562.006" },
		{ "credential protection", "DsrmAdminLogonBehavior", "T1098" },
		{ "known dlls", "ExcludeFromKnownDlls", "T1574.001" },
		{ "log file", "File", "T1562.002" }, { "restore off", "Start", "T1490" },
		{ "filter height", "WdFilter", "T1562.001" }, { "filter height", "evil", "T1562.001" },
		{ "pending rename", "C:\\a.sys", "" }, { "pending rename", "C:\\b.exe", "" },
	};

	EXPECT_SETTINGS(SYSTEM_HIVE SET "Services\\PortProxy\\v4tov4\\tcp]\n0.0.0.0/8080=sz:10.0.0.5/3389\n"
		SET "Control\\SafeBoot\\Option]\nOptionValue=dword:1\n" SET "Control\\WMI\\Autologger\\EventLog-Security]\n"
		"Start=dword:0\n"
		SET "Control\\WMI\\Autologger\\EventLog-Application\\{a0c1853b-5c40-4b15-8766-3cf1c58f985a}]\nEnabled=dword:0\n"
		SET "Control\\WMI\\Autologger\\EventLog-Application\\{11cd958a-c507-4ef3-b3f2-5fd9dfbd2c78}]\nEnabled=dword:1\n"
		SET "Services\\EventLog\\Security]\nFile=expand:%TEMP%\\s.evtx\n" SET "Services\\wbengine]\nStart=dword:4\n"
		SET "Services\\swprv]\nStart=dword:3\n"
		SET "Services\\WdFilter\\Instances\\WdFilter Instance]\nAltitude=sz:328011\n"
		SET "Services\\evil\\Instances\\evil]\nAltitude=sz:385201\n"
		SET "Services\\luafv\\Instances\\luafv]\nAltitude=sz:135000\n"
		SET "Services\\SysmonDrv\\Instances\\Sysmon Instance]\nAltitude=sz:385201\n"
		SET "Control\\Session Manager]\nExcludeFromKnownDlls=multi:version.dll|\n"
		"PendingFileRenameOperations=multi:\\??\\C:\\a.sys||\n"
		"PendingFileRenameOperations2=multi:\\??\\C:\\b.exe|\\??\\C:\\c.exe|\n"
		SET "Control\\WMI\\Autologger\\EventLog-System]\nStart=dword:1\n"
		SET "Control\\Lsa]\nLmCompatibilityLevel=dword:1\nRunAsPPL=dword:0\nDsrmAdminLogonBehavior=dword:2\n"
		SET "Control\\SecurityProviders\\WDigest]\nUseLogonCredential=dword:1\n"
		SET "Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\n"
		"a=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=4444|Name=port|\n"
		"b=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|App=C:\\Users\\x\\a.exe|Name=mine|\n"
		"c=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|App=%ProgramFiles%\\a\\a.exe|Name=installed|\n"
		"d=sz:v2.10|Action=Block|Active=TRUE|Dir=Out|App=C:\\ProgramData\\Microsoft\\Windows "
			"Defender\\MsMpEng.exe|Name=deaf|\n"
		"e=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|LPort=5985|App=System|Name=winrm|\n"
		"f=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|LPort=80|Svc=x|Name=service|\n"
		"g=sz:v2.10|Action=Allow|Active=FALSE|Dir=In|LPort=4445|Name=off|\n"
		"h=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|LPort=1|Name=y|EmbedCtxt=@FirewallAPI.dll,-1|\n"
		"i=sz:v2.10|Action=Block|Active=TRUE|Dir=Out|App=C:\\games\\game.exe|Name=no|\n"
		"j=sz:v2.10|Action=Block|Active=TRUE|Dir=In|App=C:\\Sysmon64.exe|Name=nobody may speak to it|\n"
		"k=sz:v2.10|Action=Allow|Active=TRUE|Dir=In|App=C:\\Program Files2\\a.exe|Name=alike|\n"
		SET "Control\\Session Manager\\Environment]\nCOMPlus_ETWEnabled=sz:1\n", "SYSTEM", rows);
}

TEST(settings_of_a_user)
{
	static const struct expected rows[] = {
		{ "root certificate", "CC33", "T1553.004" }, { "history off", "NoRecentDocsHistory", "T1562" },
		{ "office macros", "EnableUnsafeClientMailRules", "T1137.005" },
		{ "office macros", "DisableInternetFilesInPV", "T1562.001" }, { "office trusted place", "Path", "" },
		{ "log off", "COMPlus_ETWEnabled", "T1562.006" },
	};

	EXPECT_SETTINGS("[Environment]\nCOMPlus_ETWEnabled=sz:0\n"
	"[Software\\Microsoft\\SystemCertificates\\Root\\Certificates\\CC33]\n"
		"[Software\\Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer]\nNoRecentDocsHistory=dword:1\n"
		"ClearRecentDocsOnExit=dword:0\n"
		"[Software\\Microsoft\\Office\\16.0\\Outlook\\Security]\nEnableUnsafeClientMailRules=dword:1\n"
		"[Software\\Microsoft\\Office\\16.0\\Word\\Security\\ProtectedView]\nDisableInternetFilesInPV=dword:1\n"
		"[Software\\Microsoft\\Office\\16.0\\Word\\Security\\Trusted Locations\\Location9]\nPath=sz:C:\\Users\\Public\n",
		"Users/ann/NTUSER.DAT", rows);
}

TEST(damaged_proxies_of_services_are_none)
{
	static const char *const broken[] = { "18", "180000000000000003000000ffffffff70", "1800000000000000030000000000000000" };

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		char hive[300];

		snprintf(hive, sizeof hive, "[Microsoft\\Windows\\CurrentVersion\\Internet "
			"Settings\\Connections]\nWinHttpSettings=hex:%s\n",
			 broken[i]);
		decode(registry_settings, hive, "SOFTWARE");
		assert_int_equal(told.count, 0);
		told_free(&told);
	}
}
