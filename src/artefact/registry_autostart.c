/* What the registry starts, but for services and tasks: one table of places. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

enum form {
	COMMAND,	/* a command line */
	LIBRARY,	/* one library, perhaps by name alone */
	LIBRARIES,	/* several: REG_MULTI_SZ, or separated by commas or blanks */
	COMMANDS,	/* several command lines: REG_MULTI_SZ, or separated by commas */
	CLASS,		/* a CLSID: its server is what starts */
	PACKED,		/* a record that begins with the path of a library, in MAX_PATH bytes of ANSI */
	NOTE,		/* an address or the like: no file of this machine */
};

enum { SOFTWARE = HIVE_SOFTWARE, USER = HIVE_USER, SYSTEM = HIVE_SYSTEM,
       BOTH = HIVE_SOFTWARE | HIVE_USER, CLASSES = HIVE_CLASSES, WOW = 1 << 16, NAMED_CLASS = 1 << 17, NAMED_FILE = 1 << 18 };

/*
 * Keys of SOFTWARE are below HKLM\SOFTWARE; of a user below HKCU\Software, or, where they
 * start with a '\', below HKCU; of SYSTEM below the control set, or, with a '\', below
 * HKLM\SYSTEM. WOW: also below Wow6432Node. Value "*": every value, "X*": those that begin
 * so. NAMED_CLASS: the CLSID is the name of the key or value. NAMED_FILE: the file is the
 * value's name.
 */
struct place {
	unsigned where;
	enum form form;
	const char *key, *value, *what, *technique;
};

#define CV "Microsoft\\Windows\\CurrentVersion\\"
#define NT "Microsoft\\Windows NT\\CurrentVersion\\"
#define ACTIVE_SETUP "Microsoft\\Active Setup\\Installed Components\\*"
#define WINSOCK "Services\\WinSock2\\Parameters"
#define MAX_PATH 260
#define SIP "Microsoft\\Cryptography\\OID\\EncodingType 0\\CryptSIPDllVerifyIndirectData\\*"
#define PROVIDERS CV "Authentication\\"
#define TS NT "Terminal Server\\Install\\Software\\" CV

static const struct place places[] = {
	{ BOTH | WOW, COMMAND, CV "Run", "*", "run key", "T1547.001" },
	{ BOTH | WOW, COMMAND, CV "RunOnce", "*", "run key", "T1547.001" },
	{ BOTH | WOW, COMMAND, CV "RunOnceEx\\*", "*", "run key", "T1547.001" },
	{ BOTH, COMMAND, CV "RunServices", "*", "run key", "T1547.001" },
	{ BOTH, COMMAND, CV "RunServicesOnce", "*", "run key", "T1547.001" },
	{ BOTH | WOW, COMMAND, CV "Policies\\Explorer\\Run", "*", "run key", "T1547.001" },
	{ BOTH, COMMAND, TS "Run", "*", "run key", "T1547.001" },
	{ BOTH, COMMAND, TS "RunOnce", "*", "run key", "T1547.001" },
	{ BOTH, COMMANDS, NT "Windows", "Load", "run key", "T1547.001" },
	{ BOTH, COMMANDS, NT "Windows", "Run", "run key", "T1547.001" },
	{ BOTH, COMMAND, CV "Explorer\\User Shell Folders", "Startup", "startup folder", "T1547.001" },
	{ SOFTWARE, COMMAND, CV "Explorer\\User Shell Folders", "Common Startup", "startup folder", "T1547.001" },
	{ BOTH | WOW, COMMANDS, NT "Winlogon", "Shell", "winlogon", "T1547.004" },
	{ BOTH | WOW, COMMANDS, NT "Winlogon", "Userinit", "winlogon", "T1547.004" },
	{ SOFTWARE, COMMANDS, NT "Winlogon", "Taskman", "winlogon", "T1547.004" },
	{ SOFTWARE, COMMANDS, NT "Winlogon", "System", "winlogon", "T1547.004" },
	{ SOFTWARE, COMMANDS, NT "Winlogon", "AppSetup", "winlogon", "T1547.004" },
	{ SOFTWARE, COMMANDS, NT "Winlogon", "VmApplet", "winlogon", "T1547.004" },
	{ SOFTWARE, LIBRARY, NT "Winlogon", "GinaDLL", "winlogon", "T1547.004" },
	{ SOFTWARE, COMMAND, NT "Winlogon", "mpnotify", "winlogon", "T1547.004" },
	{ SOFTWARE, LIBRARY, NT "Winlogon\\Notify\\*", "DllName", "winlogon", "T1547.004" },
	{ SOFTWARE, LIBRARY, NT "Winlogon\\GPExtensions\\*", "DllName", "group policy extension", "T1547" },
	{ SOFTWARE, COMMANDS, NT "Winlogon\\AlternateShells\\AvailableShells", "*", "winlogon", "T1547.004" },
	{ BOTH, COMMAND, CV "Policies\\System", "Shell", "winlogon", "T1547.004" },
	{ SOFTWARE | WOW, LIBRARIES, NT "Windows", "AppInit_DLLs", "appinit", "T1546.010" },
	{ SOFTWARE, LIBRARIES, NT "Windows", "IconServiceLib", "appinit", "T1546.010" },
	{ SOFTWARE | WOW, COMMAND, NT "Image File Execution Options\\*", "Debugger", "ifeo", "T1546.012" },
	{ SOFTWARE | WOW, LIBRARIES, NT "Image File Execution Options\\*", "VerifierDlls", "ifeo", "T1546.012" },
	{ SOFTWARE | WOW, COMMAND, NT "SilentProcessExit\\*", "MonitorProcess", "ifeo", "T1546.012" },
	{ SOFTWARE | WOW, COMMAND, NT "AeDebug", "Debugger", "ifeo", "T1546.012" },
	{ SOFTWARE, COMMAND, "Microsoft\\Windows\\Windows Error Reporting\\Hangs", "Debugger", "ifeo", "T1546.012" },
	{ SOFTWARE | WOW, COMMAND, ACTIVE_SETUP, "StubPath", "active setup", "T1547.014" },
	{ SOFTWARE | WOW, CLASS, CV "ShellServiceObjectDelayLoad", "*", "shell extension", "T1547.001" },
	{ SOFTWARE | WOW | NAMED_CLASS, CLASS, CV "Explorer\\ShellServiceObjects\\*", "", "shell extension", "T1547.001" },
	{ BOTH | WOW | NAMED_CLASS, CLASS, CV "Explorer\\ShellExecuteHooks", "*", "shell extension", "T1546.015" },
	{ BOTH | WOW | NAMED_CLASS, CLASS, CV "Explorer\\SharedTaskScheduler", "*", "shell extension", "T1546.015" },
	{ SOFTWARE | WOW, CLASS, CV "Explorer\\ShellIconOverlayIdentifiers\\*", "", "shell extension", "T1546.015" },
	{ BOTH | WOW | NAMED_CLASS, CLASS, CV "Explorer\\Browser Helper Objects\\*", "", "browser helper", "T1176" },
	{ SOFTWARE | NAMED_CLASS, CLASS, PROVIDERS "Credential Providers\\*", "", "credential provider", "T1556" },
	{ SOFTWARE | NAMED_CLASS, CLASS, PROVIDERS "Credential Provider Filters\\*", "", "credential provider", "T1556" },
	{ SOFTWARE | NAMED_CLASS, CLASS, PROVIDERS "PLAP Providers\\*", "", "credential provider", "T1556" },
	{ SOFTWARE | NAMED_CLASS, CLASS, "Microsoft\\AMSI\\Providers\\*", "", "amsi provider", "T1562.001" },
	{ BOTH, COMMAND, "Microsoft\\Command Processor", "AutoRun", "command processor", "T1546" },
	{ SOFTWARE | WOW, LIBRARY, "Microsoft\\NetSh", "*", "netsh helper", "T1546.007" },
	{ BOTH, LIBRARY, "Microsoft\\Office test\\Special\\Perf", "", "office", "T1137.002" },
	{ BOTH, COMMAND, "Microsoft\\Office\\*\\*\\Options", "OPEN*", "office", "T1137.006" },
	{ BOTH, NOTE, "Microsoft\\Office\\*\\Outlook\\WebView\\*", "URL", "office", "T1137.004" },
	{ BOTH, NOTE, "Policies\\Microsoft\\Office\\*\\Outlook\\WebView\\*", "URL", "office", "T1137.004" },
	{ BOTH, NOTE, "Microsoft\\Office\\*\\Outlook\\Today", "UserDefinedUrl", "office", "T1137.004" },
	{ BOTH | WOW, COMMAND, CV "App Paths\\*", "", "app path", "T1574" },
	{ SOFTWARE, COMMAND, NT "Accessibility\\ATs\\*", "StartExe", "accessibility", "T1546.008" },
	{ SOFTWARE | NAMED_FILE, LIBRARY, "Microsoft\\Windows\\Windows Error Reporting\\RuntimeExceptionHelperModules", "*",
	  "crash handler", "T1546" },
	{ SOFTWARE | WOW, COMMAND, "Microsoft\\.NETFramework", "DbgManagedDebugger", "ifeo", "T1546.012" },
	{ SOFTWARE | WOW, LIBRARY, SIP, "Dll", "trust provider", "T1553.003" },
	{ SOFTWARE | WOW, LIBRARY, "Microsoft\\Cryptography\\Providers\\Trust\\FinalPolicy\\*", "$DLL", "trust provider",
	  "T1553.003" },
	{ BOTH, NOTE, "Policies\\Google\\Chrome\\ExtensionInstallForcelist", "*", "browser extension", "T1176.001" },
	{ BOTH, NOTE, "Policies\\Microsoft\\Edge\\ExtensionInstallForcelist", "*", "browser extension", "T1176.001" },
	{ BOTH, NOTE, "Policies\\BraveSoftware\\Brave\\ExtensionInstallForcelist", "*", "browser extension", "T1176.001" },
	{ BOTH, NOTE, "Policies\\Mozilla\\Firefox\\Extensions\\Install", "*", "browser extension", "T1176.001" },
	{ BOTH, NOTE, "Policies\\Mozilla\\Firefox", "ExtensionSettings", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Google\\Chrome\\Extensions\\*", "update_url", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Google\\Chrome\\Extensions\\*", "path", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Microsoft\\Edge\\Extensions\\*", "update_url", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Microsoft\\Edge\\Extensions\\*", "path", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Mozilla\\Firefox\\Extensions", "*", "browser extension", "T1176.001" },
	{ BOTH | WOW, NOTE, "Google\\Chrome\\NativeMessagingHosts\\*", "", "browser helper", "T1176" },
	{ BOTH | WOW, NOTE, "Microsoft\\Edge\\NativeMessagingHosts\\*", "", "browser helper", "T1176" },
	{ BOTH | WOW, NOTE, "Mozilla\\NativeMessagingHosts\\*", "", "browser helper", "T1176" },
	{ BOTH, LIBRARY, "Microsoft\\Terminal Server Client\\Default\\AddIns\\*", "Name", "remote desktop program", "T1547" },
	{ BOTH, LIBRARY, "Microsoft\\Ctf\\LangBarAddin\\*", "FilePath", "shell extension", "T1547" },
	{ SOFTWARE | WOW, CLASS, "Classes\\*\\shellex\\ContextMenuHandlers\\*", "", "shell extension", "T1546.015" },
	{ SOFTWARE, LIBRARY, NT "AppCompatFlags\\InstalledSDB\\*", "DatabasePath", "shim database", "T1546.011" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Startup\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Logon\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Logoff\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Shutdown\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\State\\*\\Scripts\\*\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, "Policies\\Microsoft\\Windows\\System\\Scripts\\*\\*\\*", "Script", "logon script", "T1037" },
	{ USER, COMMAND, "\\Environment", "UserInitMprLogonScript", "logon script", "T1037.001" },
	{ USER, LIBRARY, "\\Environment", "COR_PROFILER*", "profiler", "T1574.012" },
	{ USER, LIBRARY, "\\Environment", "CORECLR_PROFILER*", "profiler", "T1574.012" },
	{ USER, NOTE, "\\Environment", "APPDOMAIN_MANAGER_ASM", "profiler", "T1574.014" },
	{ USER, CLASS, "\\Software\\Classes\\*\\shellex\\ContextMenuHandlers\\*", "", "shell extension", "T1546.015" },
	{ USER, COMMAND, "\\Control Panel\\Desktop", "SCRNSAVE.EXE", "screensaver", "T1546.002" },
	{ USER, COMMAND, "Policies\\Microsoft\\Windows\\Control Panel\\Desktop", "SCRNSAVE.EXE", "screensaver", "T1546.002" },
	{ USER, LIBRARY, "\\Software\\Classes\\CLSID\\*\\InprocServer32", "", "com", "T1546.015" },
	{ USER, COMMAND, "\\Software\\Classes\\CLSID\\*\\LocalServer32", "", "com", "T1546.015" },
	{ USER, COMMAND, "\\Software\\Classes\\CLSID\\*\\ScriptletURL", "", "com", "T1546.015" },
	{ USER, CLASS, "\\Software\\Classes\\CLSID\\*\\TreatAs", "", "com", "T1546.015" },
	{ USER, COMMAND, "\\Software\\Classes\\*\\shell\\open\\command", "", "file association", "T1546.001" },
	{ CLASSES | WOW, LIBRARY, "CLSID\\*\\InprocServer32", "", "com", "T1546.015" },
	{ CLASSES | WOW, COMMAND, "CLSID\\*\\LocalServer32", "", "com", "T1546.015" },
	{ CLASSES, COMMAND, "CLSID\\*\\ScriptletURL", "", "com", "T1546.015" },
	{ CLASSES, CLASS, "CLSID\\*\\TreatAs", "", "com", "T1546.015" },
	{ CLASSES, COMMAND, "*\\shell\\open\\command", "", "file association", "T1546.001" },
	{ CLASSES, CLASS, "*\\shellex\\ContextMenuHandlers\\*", "", "shell extension", "T1546.015" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "BootExecute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "Execute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "SetupExecute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "S0InitialCommand", "boot execute", "T1547" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\AppCertDlls", "*", "appcert", "T1546.009" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\KnownDLLs", "*", "known dlls", "T1574.001" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\Environment", "COR_PROFILER*", "profiler", "T1574.012" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\Environment", "CORECLR_PROFILER*", "profiler", "T1574.012" },
	{ SYSTEM, NOTE, "Control\\Session Manager\\Environment", "APPDOMAIN_MANAGER_ASM", "profiler", "T1574.014" },
	{ SYSTEM, COMMAND, "\\Setup", "CmdLine", "boot execute", "T1547" },
	{ SYSTEM, LIBRARY, "Services\\NTDS", "DirectoryServiceExtPt", "lsa", "T1547.008" },
	{ SYSTEM, LIBRARY, "Services\\NTDS", "LsaDbExtPt", "lsa", "T1547.008" },
	{ SYSTEM, LIBRARY, "Services\\DNS\\Parameters", "ServerLevelPluginDll", "dns server plug-in", "T1574" },
	{ SYSTEM, LIBRARY, "Services\\RemoteAccess\\RouterManagers\\*", "DLLPath", "router manager", "T1547" },
	{ SYSTEM, LIBRARY, "Control\\Terminal Server\\AddIns\\*", "Name", "remote desktop program", "T1505.005" },
	{ SYSTEM, LIBRARIES, "Control\\Lsa", "Authentication Packages", "lsa", "T1547.002" },
	{ SYSTEM, LIBRARIES, "Control\\Lsa", "Security Packages", "lsa", "T1547.005" },
	{ SYSTEM, LIBRARIES, "Control\\Lsa\\OSConfig", "Security Packages", "lsa", "T1547.005" },
	{ SYSTEM, LIBRARIES, "Control\\Lsa", "Notification Packages", "lsa", "T1556.002" },
	{ SYSTEM, LIBRARIES, "Control\\LsaExtensionConfig\\LsaSrv", "Extensions", "lsa", "T1547.008" },
	{ SYSTEM, LIBRARIES, "Control\\SecurityProviders", "SecurityProviders", "lsa", "T1547.005" },
	{ SYSTEM, LIBRARY, "Control\\Print\\Monitors\\*", "Driver", "print monitor", "T1547.010" },
	{ SYSTEM, LIBRARY, "Control\\Print\\Environments\\*\\Print Processors\\*", "Driver", "print processor", "T1547.012" },
	{ SYSTEM, LIBRARY, "Control\\Print\\Providers\\*", "Name", "print provider", "T1547.010" },
	{ SYSTEM, LIBRARY, "Services\\*\\NetworkProvider", "ProviderPath", "network provider", "T1556.008" },
	{ SYSTEM, LIBRARY, "Services\\W32Time\\TimeProviders\\*", "DllName", "time provider", "T1547.003" },
	{ SYSTEM, LIBRARY, WINSOCK, "AutodialDLL", "winsock", "T1547" },
	{ SYSTEM, LIBRARY, WINSOCK, "NameSpace_Callout", "winsock", "T1547" },
	{ SYSTEM, LIBRARY, WINSOCK "\\NameSpace_Catalog5\\Catalog_Entries\\*", "LibraryPath", "winsock", "T1547" },
	{ SYSTEM, LIBRARY, WINSOCK "\\NameSpace_Catalog5\\Catalog_Entries64\\*", "LibraryPath", "winsock", "T1547" },
	{ SYSTEM, PACKED, WINSOCK "\\Protocol_Catalog9\\Catalog_Entries\\*", "PackedCatalogItem", "winsock", "T1547" },
	{ SYSTEM, PACKED, WINSOCK "\\Protocol_Catalog9\\Catalog_Entries64\\*", "PackedCatalogItem", "winsock", "T1547" },
	{ SYSTEM, COMMAND, "Control\\Terminal Server\\WinStations\\*", "InitialProgram", "remote desktop program", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Terminal Server\\Wds\\rdpwd", "StartupPrograms", "remote desktop program", "T1547" },
	{ SYSTEM, COMMAND, "Control\\SafeBoot", "AlternateShell", "safe boot shell", "T1547" },
	{ SYSTEM, COMMAND, "Control\\BootVerificationProgram", "ImagePath", "boot execute", "T1547" },
	{ SYSTEM, COMMAND, "Control\\ServiceControlManagerExtension", "", "service manager extension", "T1547" },
};

struct at {
	const struct place *place;
	struct span name;		/* of the entry */
	struct span path;
	timestamp time;
};

/*
 * The same place stands for more where it is a program of the logon screen, or a class
 * that Windows itself opens with the rights of an administrator.
 */
static const char *technique_of(const struct at *at)
{
	static const char logon_screen[] = "sethc.exe|utilman.exe|osk.exe|magnify.exe|narrator.exe|displayswitch.exe|"
					   "atbroker.exe";
	static const char elevated[] = "ms-settings|mscfile|exefile|ms-windows-store|appx82a6gwre4fdg3bt635tn5ctqjf8msdd2";

	if (!strcmp(at->place->what, "ifeo") && span_is_one_of_nocase(at->name, logon_screen))
		return "T1546.008 T1546.012";
	if (!strcmp(at->place->what, "file association") && span_is_one_of_nocase(at->name, elevated))
		return "T1548.002 T1546.001";
	return at->place->technique;
}

/*
 * What the user, or Windows, has switched off stays written, and is noted elsewhere: an odd first
 * byte. That holds for the key Run, not for RunOnce and its kin.
 */
static bool is_switched_off(struct registry *r, const struct at *at)
{
	bool is_wow = tell_find_nocase(at->path, "wow6432node") != SIZE_MAX;
	struct regf_key key;
	struct regf_value v;

	return at->place->key && !strcmp(at->place->key, CV "Run") &&
	       regf_find(&r->top, REGISTRY_TEXT(r, "%s" CV "Explorer\\StartupApproved\\%s",
						r->kind == HIVE_USER ? "Software\\" : "", is_wow ? "Run32" : "Run"), &key) &&
	       regf_value(&key, at->name, &v) && v.data.len && v.data.at[0] & 1;
}

static void tell(struct registry *r, const struct at *at, struct span command, struct span program)
{
	struct trace t = trace_new(TRACE_AUTOSTART, at->place->what);

	if (is_switched_off(r, at))
		t.detail = SPAN("{\"state\":\"switched off\"}");
	t.name = at->name;
	t.path = at->path;
	t.command = command;
	t.program = program;
	t.time = at->time;
	t.technique = span_text(technique_of(at));
	t.source = SPAN("registry, key last written");
	t.summary = REGISTRY_TEXT(r, "%s %.*s: %.*s", at->place->what, SPAN_ARG(at->name), SPAN_ARG(command));
	registry_tell(r, &t);
}

/* The server of a class: of the machine in SOFTWARE, of the user in its own hive. */
static void tell_class(struct registry *r, const struct at *at, struct span clsid)
{
	static const char *const places_of[] = { "Classes\\CLSID\\", "Classes\\Wow6432Node\\CLSID\\",
						 "Software\\Classes\\CLSID\\", "CLSID\\" };
	struct regf_key key;
	struct span server = { 0 };

	if (clsid.len != 38 || clsid.at[0] != '{')
		return;
	for (size_t i = 0; i < 4 && !server.len; i++) {
		struct span path = REGISTRY_TEXT(r, "%s%.*s\\InprocServer32", places_of[i], SPAN_ARG(clsid));

		if (regf_find(&r->top, path, &key))
			server = registry_text(r, &key, "");
	}
	tell(r, at, clsid, server.len ? windows_program_of(server, r->user, &r->scratch) : server);
}

/* Where the startup folder always is: its content tells, not this. */
static bool is_usual(const struct at *at, struct span text)
{
	return (span_eq(at->name, SPAN("Startup")) || span_eq(at->name, SPAN("Common Startup"))) &&
	       span_ends(text, SPAN("\\Start Menu\\Programs\\Startup"));
}

static void tell_one(struct registry *r, const struct at *at, struct span text)
{
	text = span_trim(text);
	if (!text.len || span_eq(text, SPAN("\"\"")) || is_usual(at, text))
		return;
	if (at->place->form == NOTE)
		tell(r, at, text, (struct span){ 0 });
	else if (text.len == 38 && text.at[0] == '{' && text.at[37] == '}')
		tell_class(r, at, text);
	else if (span_starts(text, SPAN("autocheck autochk ")))
		tell(r, at, text, SPAN("C:\\Windows\\System32\\autochk.exe"));
	else if (at->place->form == CLASS)
		return;
	else if (at->place->form == LIBRARY || at->place->form == LIBRARIES || at->place->form == PACKED)
		tell(r, at, text, windows_library_of(text, r->user, &r->scratch));
	else
		tell(r, at, text, windows_program_of(text, r->user, &r->scratch));
}

/* A list in one text: by commas, libraries also by blanks where no path has any. */
static void tell_list(struct registry *r, const struct at *at, struct span text)
{
	bool blanks = at->place->form == LIBRARIES && span_find_byte(text, 0, ',') == SIZE_MAX &&
		      span_find(text, 0, SPAN(":\\")) == SIZE_MAX;

	while (text.len && !r->is_over)
		tell_one(r, at, span_split(&text, blanks ? ' ' : ','));
}

/* Bytes of ANSI up to the NUL: what is beyond ASCII stays as it is. */
static struct span packed_path(const struct regf_value *v)
{
	struct span path = span_sub(v->data, 0, MAX_PATH);

	return span_sub(path, 0, span_find_byte(path, 0, 0));
}

static void tell_value(struct registry *r, const struct at *at, const struct regf_value *v)
{
	bool is_list = at->place->form == LIBRARIES || at->place->form == COMMANDS;
	struct span rest = v->data, text;

	if (v->type == REGF_MULTI_SZ && is_list)
		while (!r->is_over && regf_next_text(&rest, &r->scratch, &text))
			tell_one(r, at, text);
	else if (is_list)
		tell_list(r, at, regf_text(v, &r->scratch));
	else if (at->place->form == PACKED)
		tell_one(r, at, packed_path(v));
	else
		tell_one(r, at, regf_text(v, &r->scratch));
}

static bool fits(const struct place *place, struct span name)
{
	struct span want = span_text(place->value);

	if (span_ends(want, SPAN("*")))
		return span_eq_nocase(span_sub(name, 0, want.len - 1), span_sub(want, 0, want.len - 1));
	return span_eq_nocase(name, want);
}

/* Scripts of group policy keep what they are given beside them. */
static void tell_script(struct registry *r, const struct at *at, const struct regf_key *key, struct span script)
{
	struct span parameters = registry_text(r, key, "Parameters");
	struct span whole = parameters.len ? REGISTRY_TEXT(r, "%.*s %.*s", SPAN_ARG(script), SPAN_ARG(parameters)) : script;

	if (script.len)
		tell(r, at, whole, windows_program_of(script, r->user, &r->scratch));
}

/* How an entry is called: by what the last star stood for, else by the value, else by the key. */
static struct span name_of(struct registry *r, const struct regf_key *key, struct span wild, struct span value)
{
	return wild.len ? wild : value.len ? value : regf_name_text(key->name, &r->scratch);
}

static void take_key(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	const struct place *place = context;
	bool every = !strcmp(place->value, "*");
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	/* Menus name the class by their key where they have no value. */
	if (place->form == CLASS && strstr(place->key, "ContextMenu") && !registry_text(r, key, "").len) {
		tell_class(r, &(struct at){ place, wild, registry_path(r, key), key->written }, wild);
		return;
	}
	if (place->where & NAMED_CLASS && !every) {
		tell_class(r, &(struct at){ place, wild, registry_path(r, key), key->written }, wild);
		return;
	}
	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);
		struct at at = { place, name_of(r, key, wild, name), registry_value_path(r, key, name), key->written };

		if (place->where & NAMED_CLASS)
			tell_class(r, &at, name);
		else if (place->where & NAMED_FILE)
			tell_one(r, &at, name);
		else if (!fits(place, name))
			continue;
		else if (!strcmp(place->what, "logon script") && !strcmp(place->value, "Script"))
			tell_script(r, &at, key, regf_text(&v, &r->scratch));
		else
			tell_value(r, &at, &v);
	}
}

static void take_place(struct registry *r, const struct place *place)
{
	struct arena *a = &r->scratch;
	const char *key = place->key;
	bool is_whole = key[0] == '\\';
	const char *from = r->kind == HIVE_USER && !is_whole ? "Software\\" : "";
	char *pattern = arena_text(r->a->arena, arena_printf(a, "%s%s", from, key + is_whole));
	struct regf_key root = r->root;

	if (is_whole)
		r->root = r->top;
	registry_each(r, pattern ? pattern : "", take_key, place);
	r->root = root;
	if (!(place->where & WOW))
		return;
	pattern = arena_text(r->a->arena, arena_printf(a, "%sWow6432Node\\%s", from, key + is_whole));
	registry_each(r, pattern ? pattern : "", take_key, place);
}

/* Add-ins of Office are named by what they are called in COM, or by a manifest. */
static void take_addin(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	static const struct place addin = { .what = "office", .technique = "T1137.006" };
	static const char *const classes[] = { "Classes\\", "Software\\Classes\\", "" };
	struct at at = { &addin, name, registry_path(r, key), key->written };
	struct span manifest = registry_text(r, key, "Manifest");
	struct regf_key found;

	if (manifest.len) {
		tell(r, &at, manifest, windows_program_of(manifest, r->user, &r->scratch));
		return;
	}
	for (size_t i = 0; i < 3; i++)
		if (regf_find(&r->top, REGISTRY_TEXT(r, "%s%.*s\\CLSID", classes[i], SPAN_ARG(name)), &found) &&
		    registry_text(r, &found, "").len == 38) {
			tell_class(r, &at, registry_text(r, &found, ""));
			return;
		}
	tell(r, &at, name, (struct span){ 0 });
}

static void take_addins(struct registry *r)
{
	static const char *const keys[] = { "Microsoft\\Office\\*\\Addins\\*", "Microsoft\\Office\\*\\*\\Addins\\*",
					    "Wow6432Node\\Microsoft\\Office\\*\\Addins\\*",
					    "Software\\Microsoft\\Office\\*\\Addins\\*",
					    "Software\\Microsoft\\Office\\*\\*\\Addins\\*" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys && !r->is_over; i++)
		if ((r->kind == HIVE_USER) == (i > 2))
			registry_each(r, keys[i], take_addin, NULL);
}

bool registry_autostart(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM | HIVE_SOFTWARE | HIVE_USER | HIVE_CLASSES, err))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places && !r.is_over; i++)
		if (places[i].where & r.kind)
			take_place(&r, &places[i]);
	if (r.kind & BOTH)
		take_addins(&r);
	registry_close(&r);
	return true;
}
