/* Settings that protect, expose or redirect the machine: one table, and the lists that need more. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

enum { SOFTWARE = HIVE_SOFTWARE, USER = HIVE_USER, SYSTEM = HIVE_SYSTEM };
/*
 * When it weakens: never, where the number is or is not this, where it is below this, where there
 * is text, where the text is 0, where the number is even and not 0, where the text is a path
 * to another place than that of event logs.
 */
enum weak { NEVER, IS, IS_NOT, BELOW, TEXT, TEXT_0, EVEN, NO_LOG_PLACE };

struct setting {
	unsigned where;
	const char *key, *value, *what;
	enum weak weak;
	uint64_t number;
	const char *technique;
};

#define CV "Microsoft\\Windows\\CurrentVersion\\"
#define NT "Microsoft\\Windows NT\\CurrentVersion\\"
#define POLICIES "Policies\\Microsoft\\Windows\\"
#define REAL_TIME "\\Real-Time Protection"
#define DEFENDER "Microsoft\\Windows Defender"
#define DEFENDER_POLICY "Policies\\" DEFENDER
#define SHELL_POLICY "Microsoft\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell"
#define WDIGEST "Control\\SecurityProviders\\WDigest"
#define PREFETCH "Control\\Session Manager\\Memory Management\\PrefetchParameters"
#define FIREWALL "Services\\SharedAccess\\Parameters\\FirewallPolicy\\"
#define POLICY_FIREWALL "Policies\\Microsoft\\WindowsFirewall\\"
#define LSA "Control\\Lsa"
#define RDP "Control\\Terminal Server"
#define INTERNET "Software\\" CV "Internet Settings"
#define TERMINAL_POLICY "Policies\\Microsoft\\Windows NT\\Terminal Services"
#define GUARD "\\Windows Defender Exploit Guard\\"
#define AUTOLOGGER "Control\\WMI\\Autologger\\"
#define OFFICE "Software\\Microsoft\\Office\\*\\"

/*
 * What is called "… off" is told only where it is off; the others always, with their
 * technique where they are weak.
 *
 * Keys of a user are below HKCU, those of SYSTEM below the control set in use.
 */
static const struct setting settings[] = {
	{ SOFTWARE, DEFENDER, "DisableAntiSpyware", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER, "DisableAntiVirus", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER "\\Features", "TamperProtection", "defence off", BELOW, 5, "T1562.001" },
	{ SOFTWARE, DEFENDER REAL_TIME, "DisableRealtimeMonitoring", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER REAL_TIME, "DisableBehaviorMonitoring", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER REAL_TIME, "DisableIOAVProtection", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY, "DisableAntiSpyware", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY, "DisableAntiVirus", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableRealtimeMonitoring", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableBehaviorMonitoring", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableIOAVProtection", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableOnAccessProtection", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableScanOnRealtimeEnable", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY "\\Spynet", "SpynetReporting", "defence off", IS, 0, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY "\\Spynet", "SubmitSamplesConsent", "defence off", IS, 2, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY REAL_TIME, "DisableScriptScanning", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY, "DisableRoutinelyTakingAction", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY GUARD "Controlled Folder Access", "EnableControlledFolderAccess", "defence off", IS, 0,
	  "T1562.001" },
	{ SOFTWARE, DEFENDER_POLICY GUARD "Network Protection", "EnableNetworkProtection", "defence off", IS, 0, "T1562.001" },
	{ SOFTWARE, POLICIES "Installer", "AlwaysInstallElevated", "uac", IS, 1, "T1548.002" },
	{ USER, "Software\\" POLICIES "Installer", "AlwaysInstallElevated", "uac", IS, 1, "T1548.002" },
	{ SOFTWARE, CV "Policies\\System", "EnableLUA", "uac", IS, 0, "T1548.002" },
	{ SOFTWARE, CV "Policies\\System", "ConsentPromptBehaviorAdmin", "uac", IS, 0, "T1548.002" },
	{ SOFTWARE, CV "Policies\\System", "PromptOnSecureDesktop", "uac", IS, 0, "T1548.002" },
	{ SOFTWARE, CV "Policies\\System", "LocalAccountTokenFilterPolicy", "uac", IS, 1, "T1548.002" },
	{ SOFTWARE, "Microsoft\\Security Center", "AntiVirusDisableNotify", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, "Microsoft\\Security Center", "FirewallDisableNotify", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, "Microsoft\\Security Center", "UacDisableNotify", "defence off", IS, 1, "T1562.001" },
	{ SOFTWARE, POLICIES "AppCompat", "DisablePCA", "history off", IS, 1, "T1562" },
	{ SOFTWARE, POLICIES "AppCompat", "DisableInventory", "history off", IS, 1, "T1562" },
	{ SOFTWARE, POLICIES "System", "EnableActivityFeed", "history off", IS, 0, "T1562" },
	{ SOFTWARE, CV "Explorer", "SmartScreenEnabled", "smart screen", NEVER, 0, "" },
	{ SOFTWARE, POLICIES "System", "EnableSmartScreen", "defence off", IS, 0, "T1562.001" },
	{ SOFTWARE, NT "SystemRestore", "DisableSR", "restore off", IS, 1, "T1490" },
	{ SOFTWARE, "Policies\\Microsoft\\Windows NT\\SystemRestore", "DisableSR", "restore off", IS, 1, "T1490" },
	{ SOFTWARE, POLICIES "PowerShell\\ScriptBlockLogging", "EnableScriptBlockLogging", "audit policy", IS, 0, "T1562.002" },
	{ SOFTWARE, POLICIES "PowerShell\\ModuleLogging", "EnableModuleLogging", "audit policy", IS, 0, "T1562.002" },
	{ SOFTWARE, POLICIES "PowerShell\\Transcription", "EnableTranscripting", "audit policy", IS, 0, "T1562.002" },
	{ SOFTWARE, CV "Policies\\System\\Audit", "ProcessCreationIncludeCmdLine_Enabled", "audit policy", IS, 0, "T1562.002" },
	{ SOFTWARE, POLICIES "EventLog\\Security", "MaxSize", "log size", BELOW, 1024, "T1562.002" },
	{ SOFTWARE, POLICIES "EventLog\\System", "MaxSize", "log size", BELOW, 1024, "T1562.002" },
	{ SOFTWARE, "Microsoft\\.NETFramework", "ETWEnabled", "log off", IS, 0, "T1562.006" },
	{ SOFTWARE, POLICIES "System", "PublishUserActivities", "history", NEVER, 0, "" },
	{ SOFTWARE, TERMINAL_POLICY, "Shadow", "remote desktop", EVEN, 0, "T1563.002" },
	{ SOFTWARE, TERMINAL_POLICY, "fDenyTSConnections", "remote desktop", IS, 0, "T1021.001" },
	{ SOFTWARE, TERMINAL_POLICY, "UserAuthentication", "remote desktop", IS, 0, "T1021.001" },
	{ SOFTWARE, TERMINAL_POLICY, "fAllowUnsolicitedFullControl", "remote assistance", IS, 1, "T1021.001" },
	{ SOFTWARE, POLICIES "WinRM\\Service", "AllowUnencryptedTraffic", "remote management", IS, 1, "T1021.006" },
	{ SOFTWARE, CV "Internet Settings", "ProxyEnable", "proxy", NEVER, 0, "" },
	{ SOFTWARE, CV "Internet Settings", "ProxyServer", "proxy", TEXT, 0, "T1090" },
	{ SOFTWARE, CV "Internet Settings", "AutoConfigURL", "proxy", TEXT, 0, "T1090" },
	{ SOFTWARE, POLICIES "CurrentVersion\\Internet Settings", "ProxyServer", "proxy", TEXT, 0, "T1090" },
	{ SOFTWARE, POLICIES "CurrentVersion\\Internet Settings", "AutoConfigURL", "proxy", TEXT, 0, "T1090" },
	{ SOFTWARE, POLICIES "WindowsUpdate\\AU", "NoAutoUpdate", "updates off", IS, 1, "T1562.001" },
	{ SOFTWARE, SHELL_POLICY, "ExecutionPolicy", "powershell policy", NEVER, 0, "" },
	{ SOFTWARE, POLICY_FIREWALL "DomainProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SOFTWARE, POLICY_FIREWALL "StandardProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SOFTWARE, POLICY_FIREWALL "PublicProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SOFTWARE, NT "Winlogon", "AutoAdminLogon", "automatic logon", NEVER, 0, "" },
	{ SYSTEM, FIREWALL "DomainProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SYSTEM, FIREWALL "StandardProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SYSTEM, FIREWALL "PublicProfile", "EnableFirewall", "firewall", IS, 0, "T1562.004" },
	{ SYSTEM, WDIGEST, "UseLogonCredential", "credential protection", IS, 1, "T1112 T1003.001" },
	{ SYSTEM, LSA, "RunAsPPL", "credential protection", IS, 0, "T1562.001" },
	{ SYSTEM, LSA, "DisableRestrictedAdmin", "credential protection", IS, 0, "T1112" },
	{ SYSTEM, LSA, "NoLMHash", "credential protection", IS, 0, "T1112" },
	{ SYSTEM, LSA, "LsaCfgFlags", "credential protection", NEVER, 0, "" },
	{ SYSTEM, LSA, "LmCompatibilityLevel", "credential protection", BELOW, 3, "T1562.010" },
	{ SYSTEM, LSA, "EveryoneIncludesAnonymous", "credential protection", IS, 1, "T1112" },
	{ SYSTEM, "Control\\DeviceGuard", "EnableVirtualizationBasedSecurity", "credential protection", NEVER, 0, "" },
	{ SYSTEM, "Control\\SafeBoot\\Option", "OptionValue", "safe mode", IS_NOT, 0, "T1562.009" },
	{ SYSTEM, RDP "\\WinStations\\RDP-Tcp", "Shadow", "remote desktop", EVEN, 0, "T1563.002" },
	{ SYSTEM, AUTOLOGGER "EventLog-Security", "Start", "log off", IS, 0, "T1562.006" },
	{ SYSTEM, AUTOLOGGER "EventLog-System", "Start", "log off", IS, 0, "T1562.006" },
	{ SYSTEM, AUTOLOGGER "EventLog-Application", "Start", "log off", IS, 0, "T1562.006" },
	{ SYSTEM, AUTOLOGGER "DefenderApiLogger", "Start", "log off", IS, 0, "T1562.006" },
	{ SYSTEM, AUTOLOGGER "DefenderAuditLogger", "Start", "log off", IS, 0, "T1562.006" },
	{ SYSTEM, "Control\\Session Manager\\Environment", "COMPlus_ETWEnabled", "log off", TEXT_0, 0, "T1562.006" },
	{ SYSTEM, LSA, "DsrmAdminLogonBehavior", "credential protection", IS, 2, "T1098" },
	{ SYSTEM, LSA, "LimitBlankPasswordUse", "credential protection", IS, 0, "T1112" },
	{ SYSTEM, RDP, "fDenyTSConnections", "remote desktop", IS, 0, "T1021.001" },
	{ SYSTEM, RDP, "fSingleSessionPerUser", "remote desktop", IS, 0, "T1021.001" },
	{ SYSTEM, RDP "\\WinStations\\RDP-Tcp", "PortNumber", "remote desktop", IS_NOT, 3389, "T1021.001" },
	{ SYSTEM, RDP "\\WinStations\\RDP-Tcp", "UserAuthentication", "remote desktop", IS, 0, "T1021.001" },
	{ SYSTEM, "Services\\EventLog", "Start", "log off", IS, 4, "T1562.002" },
	{ SYSTEM, "Services\\EventLog\\Security", "MaxSize", "log size", BELOW, 0x100000, "T1562.002" },
	{ SYSTEM, "Services\\EventLog\\System", "MaxSize", "log size", BELOW, 0x100000, "T1562.002" },
	{ SYSTEM, "Services\\EventLog\\Application", "MaxSize", "log size", BELOW, 0x100000, "T1562.002" },
	{ SYSTEM, "Services\\WinDefend", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\Sense", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\WdFilter", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\WdBoot", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\WdNisSvc", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\SecurityHealthService", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\bam", "Start", "history off", IS, 4, "T1562" },
	{ SYSTEM, "Services\\EventLog\\Security", "File", "log file", NO_LOG_PLACE, 0, "T1562.002" },
	{ SYSTEM, "Services\\EventLog\\System", "File", "log file", NO_LOG_PLACE, 0, "T1562.002" },
	{ SYSTEM, "Services\\EventLog\\Application", "File", "log file", NO_LOG_PLACE, 0, "T1562.002" },
	{ SYSTEM, "Services\\BFE", "Start", "firewall", IS, 4, "T1562.004" },
	{ SYSTEM, "Services\\swprv", "Start", "restore off", IS, 4, "T1490" },
	{ SYSTEM, "Services\\wbengine", "Start", "restore off", IS, 4, "T1490" },
	{ SYSTEM, "Services\\SDRSVC", "Start", "restore off", IS, 4, "T1490" },
	{ SYSTEM, "Services\\DPS", "Start", "history off", IS, 4, "T1562" },
	{ SYSTEM, "Services\\PcaSvc", "Start", "history off", IS, 4, "" },
	{ SYSTEM, "Services\\SysMain", "Start", "history off", IS, 4, "" },
	{ SYSTEM, "Control\\Session Manager\\Memory Management", "ClearPageFileAtShutdown", "history off", IS, 1, "T1562" },
	{ SYSTEM, "Services\\wscsvc", "Start", "defence off", IS, 4, "T1562.001" },
	{ SYSTEM, "Services\\MpsSvc", "Start", "firewall", IS, 4, "T1562.004" },
	{ SYSTEM, "Services\\VSS", "Start", "restore off", IS, 4, "T1490" },
	{ SYSTEM, "Services\\wuauserv", "Start", "updates off", IS, 4, "T1562.001" },
	{ SYSTEM, "Control\\CI\\Config", "VulnerableDriverBlocklistEnable", "defence off", IS, 0, "T1562.001" },
	{ SYSTEM, "Control\\Session Manager", "ExcludeFromKnownDlls", "known dlls", TEXT, 0, "T1574.001" },
	{ SYSTEM, "Control\\Session Manager", "SafeDllSearchMode", "defence off", IS, 0, "T1574.001" },
	{ SYSTEM, PREFETCH, "EnablePrefetcher", "history off", IS, 0, "T1562" },
	{ SYSTEM, "Control\\FileSystem", "NtfsDisableLastAccessUpdate", "last access", NEVER, 0, "" },
	{ SYSTEM, "Services\\LanmanServer\\Parameters", "SMB1", "file sharing", IS, 1, "T1112" },
	{ SYSTEM, "Services\\Tcpip\\Parameters", "NameServer", "dns server", NEVER, 0, "" },
	{ SYSTEM, "Services\\Tcpip\\Parameters", "DhcpNameServer", "dns server", NEVER, 0, "" },
	{ SYSTEM, "Services\\Tcpip\\Parameters\\Interfaces\\*", "NameServer", "dns server", NEVER, 0, "" },
	{ SYSTEM, "Services\\Tcpip\\Parameters\\Interfaces\\*", "DhcpNameServer", "dns server", NEVER, 0, "" },
	{ SYSTEM, "Services\\Dnscache\\Parameters\\DnsPolicyConfig\\*", "GenericDNSServers", "dns server", NEVER, 0, "" },
	{ SYSTEM, "Services\\LanmanServer\\Parameters", "RestrictNullSessAccess", "file sharing", IS, 0, "T1112" },
	{ SYSTEM, "Services\\Tcpip\\Parameters", "DataBasePath", "hosts file", NEVER, 0, "" },
	{ USER, INTERNET, "ProxyEnable", "proxy", NEVER, 0, "" },
	{ USER, INTERNET, "ProxyServer", "proxy", TEXT, 0, "T1090" },
	{ USER, INTERNET, "AutoConfigURL", "proxy", TEXT, 0, "T1090" },
	{ USER, INTERNET, "ProxyOverride", "proxy", NEVER, 0, "" },
	{ USER, "Software\\" CV "Policies\\System", "DisableTaskMgr", "defence off", IS, 1, "T1562.001" },
	{ USER, "Software\\" CV "Policies\\System", "DisableRegistryTools", "defence off", IS, 1, "T1562.001" },
	{ USER, "Software\\Microsoft\\Windows Script\\Settings", "AmsiEnable", "defence off", IS, 0, "T1562.001" },
	{ USER, "Software\\" CV "Explorer\\Advanced", "Start_TrackProgs", "history off", IS, 0, "T1562" },
	{ USER, "Software\\" CV "Explorer\\Advanced", "Start_TrackDocs", "history off", IS, 0, "T1562" },
	{ USER, "Software\\" CV "Policies\\Explorer", "NoInstrumentation", "history off", IS, 1, "T1562" },
	{ USER, "Software\\" CV "Explorer\\UserAssist\\Settings", "NoLog", "history off", IS, 1, "T1562" },
	{ USER, "Software\\" CV "Policies\\Explorer", "NoRecentDocsHistory", "history off", IS, 1, "T1562" },
	{ USER, "Software\\" CV "Policies\\Explorer", "ClearRecentDocsOnExit", "history off", IS, 1, "T1562" },
	{ USER, "Environment", "COMPlus_ETWEnabled", "log off", TEXT_0, 0, "T1562.006" },
	{ USER, OFFICE "Outlook\\Security", "EnableUnsafeClientMailRules", "office macros", IS, 1, "T1137.005" },
	{ USER, OFFICE "Outlook\\Security", "EnableRoamingFolderHomepages", "office macros", IS, 1, "T1137.004" },
	{ USER, OFFICE "Outlook", "LoadMacroProviderOnBoot", "office macros", IS, 1, "T1137" },
	{ USER, OFFICE "Outlook\\Security", "Level", "office macros", IS, 1, "T1137" },
	{ USER, OFFICE "*\\Security\\ProtectedView", "DisableInternetFilesInPV", "office macros", IS, 1, "T1562.001" },
	{ USER, OFFICE "*\\Security\\ProtectedView", "DisableAttachmentsInPV", "office macros", IS, 1, "T1562.001" },
	{ USER, OFFICE "*\\Security\\ProtectedView", "DisableUnsafeLocationsInPV", "office macros", IS, 1, "T1562.001" },
	{ USER, OFFICE "*\\Security\\Trusted Locations\\*", "Path", "office trusted place", NEVER, 0, "" },
	{ USER, "Software\\Microsoft\\Office\\*\\*\\Security", "VBAWarnings", "office macros", IS, 1, "T1112" },
	{ USER, "Software\\Microsoft\\Office\\*\\*\\Security", "AccessVBOM", "office macros", IS, 1, "T1112" },
};

/* Of a value that is not called by the name. */
static void tell_of(struct registry *r, const struct regf_key *key, struct span value_name, const char *what,
		    struct span name, struct span value, struct span program, const char *technique)
{
	struct trace t = trace_new(TRACE_SETTING, what);

	t.name = name;
	t.command = value;
	t.program = program;
	t.path = value_name.len ? registry_value_path(r, key, value_name) : registry_path(r, key);
	t.time = key->written;
	t.technique = span_text(technique);
	t.source = SPAN("registry, key last written");
	t.summary = REGISTRY_TEXT(r, "%s: %.*s is %.*s", what, SPAN_ARG(name), SPAN_ARG(value));
	registry_tell(r, &t);
}

static void tell(struct registry *r, const struct regf_key *key, const char *what, struct span name,
		 struct span value, struct span program, const char *technique)
{
	tell_of(r, key, name, what, name, value, program, technique);
}

static bool is_weak(const struct setting *s, bool is_number, uint64_t number, struct span text)
{
	switch (s->weak) {
	case IS: return is_number && number == s->number;
	case IS_NOT: return is_number && number != s->number;
	case BELOW: return is_number && number < s->number;
	case TEXT: return text.len > 0;
	case TEXT_0: return span_eq(span_trim(text), SPAN("0"));
	case EVEN: return is_number && number && number % 2 == 0;
	case NO_LOG_PLACE: return tell_find_nocase(text, "\\winevt\\logs\\") == SIZE_MAX &&
				  tell_find_nocase(text, "\\system32\\config\\") == SIZE_MAX;
	default: return false;
	}
}

static void take_setting(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	const struct setting *s = context;
	struct regf_value v;
	struct span text;
	uint64_t number = 0;
	bool is_number, weak;

	if (!regf_value(key, span_text(s->value), &v))
		return;
	is_number = regf_number(&v, &number);
	text = is_number ? REGISTRY_TEXT(r, "%llu", (unsigned long long)number) : regf_text(&v, &r->scratch);
	weak = is_weak(s, is_number, number, text);
	if (text.len && (weak || !span_ends(span_text(s->what), SPAN(" off"))))
		tell(r, key, s->what, span_text(s->value), text, (struct span){ 0 }, weak ? s->technique : "");
}

/* What the scanner was told to leave alone: names of values are paths, processes, extensions. */
static void take_exclusions(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);

		if (name.len)
			tell(r, key, "defence exclusion", name, wild, (struct span){ 0 }, "T1562.001");
	}
}

/* Accounts that the logon screen does not show. */
static void take_hidden(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;
	uint64_t number;

	while (!r->is_over && regf_values_next(&it, &v))
		if (regf_number(&v, &number) && !number)
			tell(r, key, "hidden account", regf_name_text(v.name, &r->scratch), SPAN("0"),
			     (struct span){ 0 }, "T1564.002");
}

static const char *const watched[] = {
	"Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-Sysmon/Operational",
	"Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-WMI-Activity/Operational",
	"Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-TaskScheduler/Operational",
	"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
	"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
	"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
};

/* Of the thousand logs those that an intruder would rather not have. */
static void take_channel(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	uint64_t enabled;

	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
		if (span_eq_nocase(name, span_text(watched[i])) && registry_number(key, "Enabled", &enabled) &&
		    !enabled)
			tell(r, key, "log off", name, SPAN("0"), (struct span){ 0 },
			     strstr(watched[i], "TaskScheduler") ? "" : "T1562.002");
}

/* The field "Key=" of "v2.10|Action=Allow|Active=TRUE|…". */
static struct span rule_field(struct span rule, struct span key)
{
	while (rule.len) {
		struct span field = span_split(&rule, '|');

		if (span_starts(field, key))
			return span_from(field, key.len);
	}
	return (struct span){ 0 };
}

static bool is_below(struct span path, const char *folder)
{
	return span_eq_nocase(span_sub(path, 0, strlen(folder)), span_text(folder));
}

/* Programs that protect: who forbids them or takes their network away is up to something. */
static const char defences[] = "MsMpEng.exe|MsSense.exe|SenseCncProxy.exe|NisSrv.exe|SenseIR.exe|"
			       "SecurityHealthService.exe|MpCmdRun.exe|CSFalconService.exe|SentinelAgent.exe|cb.exe|"
			       "elastic-agent.exe|elastic-endpoint.exe|xagt.exe|CylanceSvc.exe|Sysmon.exe|Sysmon64.exe";

static const char *if_defence(struct span program, const char *technique)
{
	return span_is_one_of_nocase(tell_base(program), defences) ? technique : "";
}

enum { RULE_USUAL, RULE_PROGRAM, RULE_WEAK, RULE_BLOCKS };

/*
 * What a rule is worth telling for: others are let in to a program that is not Windows'
 * own (weak where it is not installed), or to a port whatever listens there; or a defence
 * may not speak to the outside. What Windows and its packages bring names a service or a
 * package, or stands in a group of its own.
 */
static int rule_kind(struct span rule, struct span program)
{
	bool is_allowed = span_eq(rule_field(rule, SPAN("Action=")), SPAN("Allow"));
	bool is_in = span_eq(rule_field(rule, SPAN("Dir=")), SPAN("In"));

	if (!span_eq(rule_field(rule, SPAN("Active=")), SPAN("TRUE")))
		return RULE_USUAL;
	if (!is_allowed)
		return !is_in && span_is_one_of_nocase(tell_base(program), defences) ? RULE_BLOCKS : RULE_USUAL;
	if (!is_in || span_eq_nocase(program, SPAN("System")) || is_below(program, "C:\\Windows\\"))
		return RULE_USUAL;
	if (program.len)
		return is_below(program, "C:\\Program Files\\") || is_below(program, "C:\\Program Files (x86)\\") ? RULE_PROGRAM
													   : RULE_WEAK;
	return rule_field(rule, SPAN("Svc=")).len || rule_field(rule, SPAN("AppPkgId=")).len ||
	       rule_field(rule, SPAN("EmbedCtxt=")).len || !rule_field(rule, SPAN("LPort=")).len ? RULE_USUAL : RULE_WEAK;
}

static void take_rules(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span rule = regf_text(&v, &r->scratch), app = rule_field(rule, SPAN("App="));
		struct span program = span_eq_nocase(app, SPAN("System")) ? app
							: windows_path_expand(app, r->user, &r->scratch);
		int kind = rule_kind(rule, program);

		if (kind != RULE_USUAL)
			tell_of(r, key, regf_name_text(v.name, &r->scratch), "firewall rule", rule_field(rule, SPAN("Name=")),
				rule, program, kind == RULE_PROGRAM ? ""
				: kind == RULE_BLOCKS ? "T1562.004 T1562.001" : "T1562.004");
	}
}

/* netsh's port proxy: "0.0.0.0/8080" = "10.0.0.5/3389". */
static void take_forwards(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v))
		tell(r, key, "port forward", regf_name_text(v.name, &r->scratch), regf_text(&v, &r->scratch), (struct span){ 0 },
		     "T1090.001");
}

/* Proxy of services, set by netsh: size, counter, flags (2: a proxy), then counted texts. */
static void take_winhttp(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct cursor c = cursor_of(registry_data(key, "WinHttpSettings"));
	uint32_t flags;
	struct span proxy;

	cursor_skip(&c, 8);
	flags = cursor_u32le(&c);
	proxy = cursor_take(&c, cursor_u32le(&c));
	if (!c.short_read && flags & 2 && proxy.len)
		tell(r, key, "proxy", SPAN("WinHttpSettings"), proxy, (struct span){ 0 }, "T1090");
}

/* Certificates that are trusted as roots by a policy or by a user alone. */
static void take_root(struct registry *r, const struct regf_key *key, struct span thumbprint, const void *context)
{
	tell_of(r, key, (struct span){ 0 }, "root certificate", thumbprint, SPAN("trusted"), (struct span){ 0 }, context);
}

static void take_shares(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;
	struct span text;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span rest = v.data, name = regf_name_text(v.name, &r->scratch);

		while (v.type == REGF_MULTI_SZ && regf_next_text(&rest, &r->scratch, &text))
			if (span_starts(text, SPAN("Path=")))
				tell(r, key, "share", name, span_from(text, 5), (struct span){ 0 }, "");
	}
}

/* What the next start deletes or replaces: pairs of a file and its new name. */
static void take_pending(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	const char *value = context;
	struct span rest = registry_data(key, value);

	for (int i = 0; i < 1000 && !r->is_over && rest.len > 2; i++) {
		struct span from = { 0 }, to = { 0 };

		if (!regf_next_text(&rest, &r->scratch, &from))
			return;
		regf_next_text(&rest, &r->scratch, &to);
		tell_of(r, key, span_text(value), "pending rename", windows_path_expand(from, r->user, &r->scratch), to,
			(struct span){ 0 }, "");
	}
}

/* DisallowRun: every value is the name of a program that the user may not start. */
static void take_disallowed(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span program = regf_text(&v, &r->scratch);

		if (program.len)
			tell_of(r, key, regf_name_text(v.name, &r->scratch), "program forbidden", program, SPAN("DisallowRun"),
				program, if_defence(program, "T1562.001"));
	}
}

/* Software restriction: a path (a folder, perhaps) from which nothing may start. */
static void take_restricted(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	static const char folders[] = "Windows Defender|CrowdStrike|SentinelOne|Sophos|Symantec|McAfee|Trend Micro|ESET|"
				      "Kaspersky Lab|Bitdefender|Cylance|Carbon Black|Malwarebytes|Avast Software|AVG|Elastic";
	struct span path = registry_text(r, key, "ItemData");
	const char *technique = if_defence(path, "T1562.001");

	if (span_is_one_of_nocase(tell_base(path), folders))
		technique = "T1562.001";
	if (path.len)
		tell_of(r, key, SPAN("ItemData"), "program forbidden", path, SPAN("software restriction"), path, technique);
}

/* A policy of quality of service may leave a program next to no network. */
static void take_throttle(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct span program = registry_text(r, key, "Application Name"), rate = registry_text(r, key, "Throttle Rate");

	if (program.len && rate.len && !span_eq(rate, SPAN("-1")))
		tell_of(r, key, SPAN("Throttle Rate"), "network limit", program, rate, program,
			if_defence(program, "T1562.004"));
}

/* What Defender does with a threat: 6 lets it be, 9 does nothing; by severity, or of one threat. */
static void take_actions(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	struct regf_values it = regf_values_of(key);
	struct regf_value v;
	uint64_t action;

	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span text = regf_text(&v, &r->scratch);

		if (!regf_number(&v, &action) && !span_to_u64(text, &action))
			continue;
		if (action == 6 || action == 9)
			tell(r, key, "defence exclusion", regf_name_text(v.name, &r->scratch),
			     action == 6 ? SPAN("threat allowed") : SPAN("no action"), (struct span){ 0 }, "T1562.001");
	}
}

/* Who writes into a log of Windows, switched off one by one. */
static void take_provider(struct registry *r, const struct regf_key *key, struct span provider, const void *context)
{
	uint64_t enabled;

	if (registry_number(key, "Enabled", &enabled) && !enabled)
		tell_of(r, key, SPAN("Enabled"), "log off", provider, span_text(context), (struct span){ 0 }, "T1562.006");
}

/*
 * Filters of file systems stand at heights of their own. One that is moved, or whose height
 * another driver has taken, is not loaded.
 */
static void take_altitude(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	static const struct { const char *service, *altitude; } known[] = { { "WdFilter", "328010" }, { "SysmonDrv", "385201" } };
	struct span altitude = registry_text(r, key, "Altitude"), path = registry_path(r, key);
	struct span service = tell_base(tell_folder(tell_folder(path)));

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		bool is_it = span_eq_nocase(service, span_text(known[i].service));

		if (altitude.len && is_it != span_eq(altitude, span_text(known[i].altitude)))
			tell_of(r, key, SPAN("Altitude"), "filter height", service, altitude, (struct span){ 0 }, "T1562.001");
	}
}

/* A key that makes the event log believe that this is a setup environment. */
static void take_mini_nt(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	tell(r, key, "log off", SPAN("MiniNt"), SPAN("present"), (struct span){ 0 }, "T1562.002");
}

static void take_lists(struct registry *r)
{
	if (r->kind == HIVE_SOFTWARE) {
		registry_each(r, DEFENDER "\\Exclusions\\*", take_exclusions, NULL);
		registry_each(r, DEFENDER_POLICY "\\Exclusions\\*", take_exclusions, NULL);
		registry_each(r, DEFENDER_POLICY GUARD "ASR\\ASROnlyExclusions", take_exclusions, NULL);
		registry_each(r, DEFENDER_POLICY GUARD "Controlled Folder Access\\AllowedApplications", take_exclusions, NULL);
		registry_each(r, POLICY_FIREWALL "FirewallRules", take_rules, NULL);
		registry_each(r, CV "Internet Settings\\Connections", take_winhttp, NULL);
		registry_each(r, "Microsoft\\SystemCertificates\\ROOT\\Certificates\\*", take_root, "");
		registry_each(r, "Policies\\Microsoft\\SystemCertificates\\Root\\Certificates\\*", take_root, "T1553.004");
		registry_each(r, NT "Winlogon\\SpecialAccounts\\UserList", take_hidden, NULL);
		registry_each(r, CV "WINEVT\\Channels\\*", take_channel, NULL);
		registry_each(r, CV "Policies\\Explorer\\DisallowRun", take_disallowed, NULL);
		registry_each(r, POLICIES "safer\\codeidentifiers\\0\\Paths\\*", take_restricted, NULL);
		registry_each(r, POLICIES "QoS\\*", take_throttle, NULL);
		registry_each(r, DEFENDER "\\Threats\\*", take_actions, NULL);
		registry_each(r, DEFENDER_POLICY "\\Threats\\*", take_actions, NULL);
	}
	if (r->kind == HIVE_USER) {
		registry_each(r, "Software\\Microsoft\\SystemCertificates\\Root\\Certificates\\*", take_root, "T1553.004");
		registry_each(r, "Software\\" CV "Policies\\Explorer\\DisallowRun", take_disallowed, NULL);
		registry_each(r, "Software\\" POLICIES "QoS\\*", take_throttle, NULL);
	}
	if (r->kind == HIVE_SYSTEM) {
		registry_each(r, "Services\\PortProxy\\*\\*", take_forwards, NULL);
		registry_each(r, FIREWALL "FirewallRules", take_rules, NULL);
		registry_each(r, "Services\\LanmanServer\\Shares", take_shares, NULL);
		registry_each(r, "Control\\Session Manager", take_pending, "PendingFileRenameOperations");
		registry_each(r, "Control\\Session Manager", take_pending, "PendingFileRenameOperations2");
		registry_each(r, "Services\\*\\Instances\\*", take_altitude, NULL);
		registry_each(r, AUTOLOGGER "EventLog-Security\\*", take_provider, "EventLog-Security");
		registry_each(r, AUTOLOGGER "EventLog-System\\*", take_provider, "EventLog-System");
		registry_each(r, AUTOLOGGER "EventLog-Application\\*", take_provider, "EventLog-Application");
		registry_each(r, "Control\\MiniNt", take_mini_nt, NULL);
	}
}

bool registry_settings(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM | HIVE_SOFTWARE | HIVE_USER, err))
		return false;
	do {
		for (size_t i = 0; i < sizeof settings / sizeof *settings && !r.is_over; i++)
			if (settings[i].where == r.kind)
				registry_each(&r, settings[i].key, take_setting, &settings[i]);
		take_lists(&r);
	} while (registry_next_set(&r));
	registry_close(&r);
	return true;
}
