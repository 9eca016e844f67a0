/* What the registry starts, but for services and tasks: one table of places. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

enum form {
	COMMAND,	/* a command line */
	LIBRARY,	/* one library, perhaps by name alone */
	LIBRARIES,	/* several: REG_MULTI_SZ, or separated by commas or blanks */
	COMMANDS,	/* several command lines: REG_MULTI_SZ, or separated by commas */
	CLASS,		/* a CLSID: its server is what starts */
};

enum { SOFTWARE = HIVE_SOFTWARE, USER = HIVE_USER, SYSTEM = HIVE_SYSTEM,
       BOTH = HIVE_SOFTWARE | HIVE_USER, CLASSES = HIVE_CLASSES, WOW = 1 << 16, NAMED_CLASS = 1 << 17 };

/*
 * Keys of SOFTWARE are below HKLM\SOFTWARE; of a user below HKCU\Software, or, where they
 * start with a '\', below HKCU; of SYSTEM below the control set. WOW: also below Wow6432Node.
 * Value "*": every value. NAMED_CLASS: the CLSID is the name of the key or value.
 */
struct place {
	unsigned where;
	enum form form;
	const char *key, *value, *what, *technique;
};

#define CV "Microsoft\\Windows\\CurrentVersion\\"
#define NT "Microsoft\\Windows NT\\CurrentVersion\\"
#define ACTIVE_SETUP "Microsoft\\Active Setup\\Installed Components\\*"
#define NAME_SPACES "Services\\WinSock2\\Parameters\\NameSpace_Catalog5\\Catalog_Entries\\*"
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
	{ BOTH, COMMAND, "Microsoft\\Office\\*\\*\\Options", "OPEN", "office", "T1137.006" },
	{ BOTH, COMMAND, "Microsoft\\Office\\*\\Outlook\\WebView\\*", "URL", "office", "T1137.004" },
	{ BOTH | WOW, COMMAND, "Microsoft\\Office\\*\\Addins\\*", "Manifest", "office", "T1137.006" },
	{ SOFTWARE, LIBRARY, NT "AppCompatFlags\\InstalledSDB\\*", "DatabasePath", "shim database", "T1546.011" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Startup\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Logon\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Logoff\\*\\*", "Script", "logon script", "T1037" },
	{ BOTH, COMMAND, CV "Group Policy\\Scripts\\Shutdown\\*\\*", "Script", "logon script", "T1037" },
	{ USER, COMMAND, "Policies\\Microsoft\\Windows\\System\\Scripts\\Logon\\*\\*", "Script", "logon script", "T1037" },
	{ USER, COMMAND, "\\Environment", "UserInitMprLogonScript", "logon script", "T1037.001" },
	{ USER, LIBRARY, "\\Environment", "COR_PROFILER_PATH", "profiler", "T1574.012" },
	{ USER, LIBRARY, "\\Environment", "COR_PROFILER", "profiler", "T1574.012" },
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
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "BootExecute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "Execute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "SetupExecute", "boot execute", "T1547" },
	{ SYSTEM, COMMANDS, "Control\\Session Manager", "S0InitialCommand", "boot execute", "T1547" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\AppCertDlls", "*", "appcert", "T1546.009" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\KnownDLLs", "*", "known dlls", "T1574.001" },
	{ SYSTEM, LIBRARY, "Control\\Session Manager\\Environment", "COR_PROFILER_PATH", "profiler", "T1574.012" },
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
	{ SYSTEM, LIBRARY, "Services\\WinSock2\\Parameters", "AutodialDLL", "winsock", "T1547" },
	{ SYSTEM, LIBRARY, NAME_SPACES, "LibraryPath", "winsock", "T1547" },
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

static void tell(struct registry *r, const struct at *at, struct span command, struct span program)
{
	struct trace t = trace_new(TRACE_AUTOSTART, at->place->what);

	t.name = at->name;
	t.path = at->path;
	t.command = command;
	t.program = program;
	t.time = at->time;
	t.technique = span_text(at->place->technique);
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
	if (span_starts(text, SPAN("autocheck autochk ")))
		tell(r, at, text, SPAN("C:\\Windows\\System32\\autochk.exe"));
	else if (at->place->form == CLASS)
		tell_class(r, at, text);
	else if (at->place->form == LIBRARY || at->place->form == LIBRARIES)
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

static void tell_value(struct registry *r, const struct at *at, const struct regf_value *v)
{
	bool is_list = at->place->form == LIBRARIES || at->place->form == COMMANDS;
	struct span rest = v->data, text;

	if (v->type == REGF_MULTI_SZ && is_list)
		while (!r->is_over && regf_next_text(&rest, &r->scratch, &text))
			tell_one(r, at, text);
	else if (is_list)
		tell_list(r, at, regf_text(v, &r->scratch));
	else
		tell_one(r, at, regf_text(v, &r->scratch));
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

	if (place->where & NAMED_CLASS && !every) {
		tell_class(r, &(struct at){ place, wild, registry_path(r, key), key->written }, wild);
		return;
	}
	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);
		struct at at = { place, name_of(r, key, wild, name), registry_value_path(r, key, name), key->written };

		if (place->where & NAMED_CLASS)
			tell_class(r, &at, name);
		else if (every || span_eq_nocase(name, span_text(place->value)))
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

	registry_each(r, pattern ? pattern : "", take_key, place);
	if (!(place->where & WOW))
		return;
	pattern = arena_text(r->a->arena, arena_printf(a, "%sWow6432Node\\%s", from, key + is_whole));
	registry_each(r, pattern ? pattern : "", take_key, place);
}

bool registry_autostart(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM | HIVE_SOFTWARE | HIVE_USER | HIVE_CLASSES, err))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places && !r.is_over; i++)
		if (places[i].where & r.kind)
			take_place(&r, &places[i]);
	registry_close(&r);
	return true;
}
