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
	PIPED,		/* "library|function|arguments" or "||command" */
	PRINTER,	/* a library by name, in a folder of the spooler */
	SETTINGS,	/* XML that names a library: Filename="…" */
	PATH,		/* told only where it is the path of a file */
};

enum { SOFTWARE = HIVE_SOFTWARE, USER = HIVE_USER, SYSTEM = HIVE_SYSTEM,
       BOTH = HIVE_SOFTWARE | HIVE_USER, CLASSES = HIVE_CLASSES, WOW = 1 << 16, NAMED_CLASS = 1 << 17, NAMED_FILE = 1 << 18,
       ODD = 1 << 19, OUTER = 1 << 20 };

/*
 * Keys of SOFTWARE are below HKLM\SOFTWARE; of a user below HKCU\Software, or, where they
 * start with a '\', below HKCU; of SYSTEM below the control set, or, with a '\', below
 * HKLM\SYSTEM. WOW: also below Wow6432Node. Value "*": every value, "X*": those that begin
 * so. NAMED_CLASS: the CLSID is the name of the key or value. NAMED_FILE: the file is the
 * value's name. ODD: told only where the file lies where no installed program does.
 * OUTER: an entry is called by what the first star stands for.
 */
struct place {
	unsigned where;
	enum form form;
	const char *key, *value, *what, *technique;
};

#include "artefact/registry_autostart_rows.h"

#define MAX_PATH 260

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
	static const char elevated[] = "ms-settings|mscfile|exefile|ms-windows-store|folder|launcher.systemsettings|"
				       "appx82a6gwre4fdg3bt635tn5ctqjf8msdd2";
	struct span class = span_sub(at->name, 0, span_find(at->name, 0, SPAN(" (")));

	if (!strcmp(at->place->what, "ifeo") && span_is_one_of_nocase(at->name, logon_screen))
		return "T1546.008 T1546.012";
	if (!strcmp(at->place->what, "file association") && span_is_one_of_nocase(class, elevated))
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

static bool is_below(struct span path, const char *folder)
{
	return span_eq_nocase(span_sub(path, 0, strlen(folder)), span_text(folder));
}

/* Where anybody may write, or nothing is installed; an address too. */
static bool is_elsewhere(struct span program)
{
	static const char *const usual[] = { "%", "C:\\Windows\\", "C:\\Program Files\\", "C:\\Program Files (x86)\\",
					     "C:\\ProgramData\\Microsoft\\" };
	static const char *const open[] = { "C:\\Windows\\Temp\\", "C:\\Windows\\Tasks\\", "C:\\Windows\\Tracing\\",
					    "C:\\Windows\\Debug\\", "C:\\Windows\\System32\\Tasks\\",
					    "C:\\Windows\\System32\\spool\\drivers\\color\\" };

	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (is_below(program, open[i]))
			return true;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (is_below(program, usual[i]))
			return false;
	return span_find_byte(program, 0, '\\') != SIZE_MAX || span_find(program, 0, SPAN(":/")) != SIZE_MAX;
}

/* Programs are opened by themselves: whatever stands before them runs each time. */
static bool is_put_before(const struct at *at, struct span command)
{
	return span_is_one_of_nocase(at->name, "exefile|comfile|batfile|cmdfile|piffile|scrfile") &&
	       !span_starts(command, SPAN("\"%1\""));
}

static void tell(struct registry *r, const struct at *at, struct span command, struct span program)
{
	struct trace t = trace_new(TRACE_AUTOSTART, at->place->what);

	if (at->place->where & ODD && !is_elsewhere(program.len ? program : command) && !is_put_before(at, command))
		return;
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

/*
 * Where the startup folder always is: its content tells, not this. What opens programs of the
 * store, and what looks for addresses, are classes of Windows itself.
 */
static bool is_usual(const struct at *at, struct span text)
{
	static const char classes[] = "{4ED3A719-CEA8-4BD9-910D-E252F997AFC2}|{CFBFAE00-17A6-11D0-99CB-00C04FD64497}";

	return span_is_one_of_nocase(text, classes) ||
	       ((span_eq(at->name, SPAN("Startup")) || span_eq(at->name, SPAN("Common Startup"))) &&
		span_ends(text, SPAN("\\Start Menu\\Programs\\Startup")));
}

/* The server of a class: of the machine in SOFTWARE, of the user in its own hive. */
static void tell_class(struct registry *r, const struct at *at, struct span clsid)
{
	static const char *const places_of[] = { "Classes\\CLSID\\", "Classes\\Wow6432Node\\CLSID\\",
						 "Software\\Classes\\CLSID\\", "CLSID\\" };
	struct regf_key key;
	struct span server = { 0 };

	if (clsid.len != 38 || clsid.at[0] != '{' || is_usual(at, clsid))
		return;
	for (size_t i = 0; i < 4 && !server.len; i++) {
		struct span path = REGISTRY_TEXT(r, "%s%.*s\\InprocServer32", places_of[i], SPAN_ARG(clsid));

		if (regf_find(&r->top, path, &key))
			server = registry_text(r, &key, "");
	}
	tell(r, at, clsid, server.len ? windows_program_of(server, r->user, &r->scratch) : server);
}

/* An address, and not of a file of this machine. */
static bool is_address(struct span text)
{
	return (span_find(text, 0, SPAN("://")) != SIZE_MAX && !is_below(text, "file:///")) || is_below(text, "script:");
}

/* "C:\Windows\System32\spool\drivers\x64\3\x.dll": by the environment, and the version of the driver. */
static struct span printer_library(struct registry *r, const struct at *at, struct span name)
{
	bool is_driver = tell_find_nocase(at->path, "\\Drivers\\") != SIZE_MAX;
	const char *machine = tell_find_nocase(at->path, "Windows x64") != SIZE_MAX ? "x64"
			      : tell_find_nocase(at->path, "Windows ARM64") != SIZE_MAX ? "ARM64" : "W32X86";
	const char *version = tell_find_nocase(at->path, "\\Version-4\\") != SIZE_MAX ? "4\\" : "3\\";

	if (span_find_byte(name, 0, '\\') != SIZE_MAX)
		return windows_path_expand(name, r->user, &r->scratch);
	return REGISTRY_TEXT(r, "C:\\Windows\\System32\\spool\\%s\\%s\\%s%.*s", is_driver ? "drivers" : "prtprocs", machine,
			     is_driver ? version : "", SPAN_ARG(name));
}

/* Each `Filename="…"`, as plug-ins of WinRM have it. */
static void tell_settings(struct registry *r, const struct at *at, struct span xml)
{
	size_t found;

	while (!r->is_over && (found = tell_find_nocase(xml, "filename=\"")) != SIZE_MAX) {
		struct span name;

		xml = span_from(xml, found + 10);
		name = span_split(&xml, '"');
		if (name.len)
			tell(r, at, name, windows_library_of(name, r->user, &r->scratch));
	}
}

static void tell_one(struct registry *r, const struct at *at, struct span text)
{
	text = span_trim(text);
	if (!text.len || span_eq(text, SPAN("\"\"")) || is_usual(at, text))
		return;
	if (at->place->form == NOTE || is_address(text))
		tell(r, at, text, (struct span){ 0 });
	else if (at->place->form == PATH && span_find_byte(text, 0, '\\') == SIZE_MAX)
		return;
	else if (at->place->form == SETTINGS)
		tell_settings(r, at, text);
	else if (at->place->form == PRINTER)
		tell(r, at, text, printer_library(r, at, text));
	else if (at->place->form == PIPED)
		tell(r, at, text, windows_program_of(span_starts(text, SPAN("||")) ? span_from(text, 2)
						     : span_sub(text, 0, span_find_byte(text, 0, '|')), r->user, &r->scratch));
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

/* The part of the key's path that the first star of the pattern stands for. */
static struct span outer_part(struct registry *r, const struct regf_key *key, const struct place *place)
{
	struct span path = registry_path(r, key);

	for (const char *rest = strchr(place->key, '*'); rest && (rest = strchr(rest, '\\')); rest++)
		path = tell_folder(path);
	return tell_base(path);
}

/* How an entry is called: by what a star stood for, else by the value, else by the key. */
static struct span name_of(struct registry *r, const struct place *place, const struct regf_key *key, struct span wild,
			   struct span value)
{
	struct span outer;

	if (!(place->where & OUTER))
		return wild.len ? wild : value.len ? value : regf_name_text(key->name, &r->scratch);
	outer = outer_part(r, key, place);
	if (strcmp(place->what, "file association") || span_eq_nocase(wild, SPAN("open")))
		return outer;
	return REGISTRY_TEXT(r, "%.*s (%.*s)", SPAN_ARG(outer), SPAN_ARG(wild));
}

static void take_key(struct registry *r, const struct regf_key *key, struct span wild, const void *context)
{
	const struct place *place = context;
	bool every = !strcmp(place->value, "*");
	struct regf_values it = regf_values_of(key);
	struct regf_value v;

	/* Menus name the class by their key where they have no value. */
	if (place->form == CLASS && strstr(place->key, "shellex") && !registry_text(r, key, "").len) {
		tell_class(r, &(struct at){ place, wild, registry_path(r, key), key->written }, wild);
		return;
	}
	if (place->where & NAMED_CLASS && !every) {
		tell_class(r, &(struct at){ place, wild, registry_path(r, key), key->written }, wild);
		return;
	}
	while (!r->is_over && regf_values_next(&it, &v)) {
		struct span name = regf_name_text(v.name, &r->scratch);
		struct at at = { place, name_of(r, place, key, wild, name), registry_value_path(r, key, name), key->written };

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
	do
		for (size_t i = 0; i < sizeof places / sizeof *places && !r.is_over; i++)
			if (places[i].where & r.kind)
				take_place(&r, &places[i]);
	while (registry_next_set(&r));
	if (r.kind & BOTH)
		take_addins(&r);
	registry_close(&r);
	return true;
}
