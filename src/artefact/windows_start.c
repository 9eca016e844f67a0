/*
 * Files of Windows that start something and are neither tasks nor links: settings in the
 * form of .ini (win.ini, system.ini, autorun.inf), scripts and answers of the set-up, web
 * servers' modules, Exchange's transport agents, settings of .NET programs, preferences of
 * group policy, libraries that Windows asks for and does not bring, and other programs under
 * the names of those that the logon screen starts.
 */
#include "artefact/windows.h"
#include "artefact/windows_path.h"
#include "codec/xml_read.h"
#include "formats/pe/pe_resource.h"

#define MAX_ENTRIES 5000
#define MAX_DEPTH 24

struct start {
	const struct artefact *a;
	const char *what, *technique;
	size_t count;
	bool stopped;
};

static void tell(struct start *s, struct span name, struct span command, struct span program, struct span user)
{
	const struct artefact *a = s->a;
	struct trace t = trace_new(TRACE_AUTOSTART, s->what);

	command = span_trim(command);
	if (!command.len || s->stopped)
		return;
	if (s->count++ == MAX_ENTRIES) {
		a->short_of(a->context, "more than %d entries: the others are left out", MAX_ENTRIES);
		s->stopped = true;
		return;
	}
	t.path = a->path;
	t.name = name;
	t.command = command;
	t.program = program;
	t.user = user;
	t.time = a->modified;
	t.source = SPAN("file, last written");
	t.technique = span_text(s->technique);
	t.summary = tell_summary(a->arena, "%s %.*s: %.*s", s->what, SPAN_ARG(name), SPAN_ARG(command));
	s->stopped = !a->trace(a->context, &t);
}

static void tell_command(struct start *s, struct span name, struct span command)
{
	struct span user = tell_user_of_path(s->a->path);

	tell(s, name, command, windows_program_of(span_trim(command), user, s->a->arena), user);
}

/* ---- sections and keys ---- */

/* One key of a section that starts something; "*" any section, "x*" begins so. */
struct ini_key {
	const char *section, *key;
};

static bool fits(const char *pattern, struct span text)
{
	struct span want = span_text(pattern);

	if (!span_ends(want, SPAN("*")))
		return span_eq_nocase(text, want);
	return span_eq_nocase(span_sub(text, 0, want.len - 1), span_sub(want, 0, want.len - 1));
}

static void read_ini(struct start *s, const struct ini_key *keys, size_t key_count)
{
	struct span rest = tell_text_of(s->a), line, section = { 0 };

	while (!s->stopped && tell_line(&rest, &line)) {
		size_t equals;
		struct span key;

		line = span_trim(line);
		equals = span_find_byte(line, 0, '=');
		if (line.len > 2 && line.at[0] == '[') {
			section = span_sub(line, 1, span_find_byte(line, 0, ']') - 1);
			continue;
		}
		key = span_trim(span_sub(line, 0, equals));
		for (size_t i = 0; equals != SIZE_MAX && i < key_count; i++)
			if (fits(keys[i].section, section) && fits(keys[i].key, key)) {
				tell_command(s, key, span_from(line, equals + 1));
				break;
			}
	}
}

/* Still obeyed where the registry sends a program to the file. */
bool windows_ini(const struct artefact *a, struct err *err)
{
	static const struct ini_key keys[] = { { "windows", "load" }, { "windows", "run" }, { "boot", "shell" },
					       { "boot", "scrnsave.exe" }, { "boot", "taskman.exe" } };
	struct start s = { a, "ini file", "T1547.001", 0, false };

	read_ini(&s, keys, sizeof keys / sizeof *keys);
	return true;
}

/* What a drive starts, or offers to. Lines that are none may stand between those that are. */
bool windows_autorun(const struct artefact *a, struct err *err)
{
	static const struct ini_key keys[] = { { "autorun*", "open" }, { "autorun*", "shellexecute" },
					       { "autorun*", "shell\\*" } };
	struct start s = { a, "autorun", "T1091", 0, false };

	read_ini(&s, keys, sizeof keys / sizeof *keys);
	return true;
}

/* ---- scripts by their place ---- */

static bool tell_file(const struct artefact *a, const char *what, const char *technique)
{
	struct start s = { a, what, technique, 0, false };

	tell(&s, a->name, a->path, a->path, tell_user_of_path(a->path));
	return true;
}

bool windows_setup_script(const struct artefact *a, struct err *err)
{
	return tell_file(a, "setup script", "T1547");
}

/* Asked for by programs of Windows, on most machines in vain: whose file is there is loaded. */
bool windows_phantom(const struct artefact *a, struct err *err)
{
	return tell_file(a, "phantom library", "T1574.001");
}

static struct span version_text(const struct pe_resources *resources, const char *key)
{
	for (size_t i = 0; i < resources->string_count; i++)
		if (span_eq_nocase(resources->strings[i].key, span_text(key)))
			return span_trim(resources->strings[i].value);
	return (struct span){ 0 };
}

/*
 * Whoever stands before the logon screen can start these. What a file says that it was called
 * is not always its name (Narrator's is SR.exe): so told are shells and what nobody at
 * Microsoft made.
 */
bool windows_logon_screen(const struct artefact *a, struct err *err)
{
	static const char shells[] = "cmd.exe|cmd.exe.mui|powershell.exe|powershell.exe.mui|pwsh.dll|explorer.exe|"
				     "explorer.exe.mui|taskmgr.exe|taskmgr.exe.mui|mmc.exe|mmc.exe.mui|regedit.exe|"
				     "regedit.exe.mui|mshta.exe|mshta.exe.mui|wscript.exe|cscript.exe|rundll32.exe|"
				     "rundll32.exe.mui|conhost.exe|wt.exe";
	struct start s = { a, "accessibility", "T1546.008", 0, false };
	struct pe_resources resources;
	struct span maker, was;
	struct pe pe;

	if (!pe_parse(a->bytes, &pe, err))
		return false;
	pe_resources_read(&pe, a->arena, &resources);
	maker = version_text(&resources, "CompanyName");
	was = version_text(&resources, "OriginalFilename");
	if (span_eq(maker, SPAN("Microsoft Corporation")) && !span_is_one_of_nocase(was, shells))
		return true;
	tell(&s, a->name, was.len ? was : SPAN("a program that does not say what it is"), a->path, (struct span){ 0 });
	return true;
}

/* ---- XML ---- */

/* Calls `take` for each element, with the one above it. */
typedef void element_fn(struct start *s, const struct xml *element, const struct xml *above);

static void each_element(struct start *s, const struct xml *of, const struct xml *above, element_fn *take, int depth)
{
	if (s->stopped || depth > MAX_DEPTH)
		return;
	take(s, of, above);
	for (const struct xml *child = of->first; child && !s->stopped; child = child->next)
		each_element(s, child, of, take, depth + 1);
}

static bool read_xml(struct start *s, element_fn *take, struct err *err)
{
	struct xml *root;
	bool whole;

	if (!xml_read(tell_text_of(s->a), s->a->arena, &root, &whole, err))
		return false;
	if (!whole)
		s->a->short_of(s->a->context, "XML that breaks off or is ill-formed");
	each_element(s, root, NULL, take, 0);
	return true;
}

static bool is_named(const struct xml *element, const char *name)
{
	return element && span_eq_nocase(element->name, span_text(name));
}

static void tell_library(struct start *s, struct span name, struct span file)
{
	tell(s, name, file, windows_library_of(file, (struct span){ 0 }, s->a->arena), (struct span){ 0 });
}

/* Answers to the set-up: what it runs as it goes, and at the first logons. */
static void take_answer(struct start *s, const struct xml *e, const struct xml *above)
{
	bool is_command = is_named(e, "CommandLine") || (is_named(e, "Path") && (is_named(above, "RunSynchronousCommand") ||
										 is_named(above, "RunAsynchronousCommand")));

	if (is_command)
		tell_command(s, above ? above->name : e->name, e->text);
}

bool windows_unattend(const struct artefact *a, struct err *err)
{
	struct start s = { a, "setup command", "T1547", 0, false };

	return read_xml(&s, take_answer, err);
}

/* Modules in machine code have a file, those of .NET a type; handlers a program for scripts. */
static void take_web(struct start *s, const struct xml *e, const struct xml *above)
{
	struct span name = xml_attribute(e, "name"), program = xml_attribute(e, "scriptProcessor");

	if (is_named(above, "globalModules") && is_named(e, "add"))
		tell_library(s, name, xml_attribute(e, "image"));
	else if (is_named(above, "isapiFilters") && is_named(e, "filter"))
		tell_library(s, name, xml_attribute(e, "path"));
	else if (is_named(above, "modules") && is_named(e, "add"))
		tell(s, name, xml_attribute(e, "type"), (struct span){ 0 }, (struct span){ 0 });
	else if (is_named(above, "handlers") && is_named(e, "add") && program.len)
		tell_command(s, name, span_sub(program, 0, span_find_byte(program, 0, '|')));
	else if (is_named(above, "fastCgi") && is_named(e, "application"))
		tell_command(s, SPAN("fastCgi"), xml_attribute(e, "fullPath"));
}

bool windows_iis(const struct artefact *a, struct err *err)
{
	struct start s = { a, "web server module", "T1505.004", 0, false };

	return read_xml(&s, take_web, err);
}

static void take_agent(struct start *s, const struct xml *e, const struct xml *above)
{
	if (is_named(e, "agent") && !span_eq_nocase(xml_attribute(e, "enabled"), SPAN("false")))
		tell_library(s, xml_attribute(e, "name"), xml_attribute(e, "assemblyPath"));
}

bool windows_exchange(const struct artefact *a, struct err *err)
{
	struct start s = { a, "mail transport agent", "T1505.002", 0, false };

	return read_xml(&s, take_agent, err);
}

/* A manager of domains is loaded before the program that these settings are of. */
static void take_manager(struct start *s, const struct xml *e, const struct xml *above)
{
	if (is_named(e, "appDomainManagerAssembly"))
		tell(s, s->a->name, xml_attribute(e, "value"), (struct span){ 0 }, tell_user_of_path(s->a->path));
}

bool windows_program_settings(const struct artefact *a, struct err *err)
{
	struct start s = { a, "profiler", "T1574.014", 0, false };

	if (tell_find_nocase(tell_text_of(a), "appdomainmanagerassembly") == SIZE_MAX)
		return true;
	return read_xml(&s, take_manager, err);
}

static struct span joined(struct start *s, struct span command, struct span arguments)
{
	return arguments.len ? arena_printf(s->a->arena, "%.*s %.*s", SPAN_ARG(command), SPAN_ARG(arguments)) : command;
}

/*
 * Preferences of group policy: tasks of both forms, services that are given a program, and
 * what is written into places of the registry, as far as it is a command.
 */
static void take_preference(struct start *s, const struct xml *e, const struct xml *above)
{
	struct span program = xml_attribute(e, "appName"), user = xml_attribute(e, "runAs");
	struct span name = xml_attribute(above, "name"), command;

	if (is_named(e, "Exec")) {
		command = joined(s, xml_text(e, "Command"), xml_text(e, "Arguments"));
		tell(s, SPAN("task"), command, windows_program_of(command, (struct span){ 0 }, s->a->arena), user);
	} else if (is_named(e, "Properties") && program.len) {
		command = joined(s, program, xml_attribute(e, "args"));
		tell(s, name, command, windows_program_of(command, (struct span){ 0 }, s->a->arena), user);
	} else if (is_named(e, "Properties") && is_named(above, "NTService")) {
		command = joined(s, xml_attribute(e, "program"), xml_attribute(e, "args"));
		tell_command(s, name, command);
	} else if (is_named(e, "Properties") && is_named(above, "Registry") &&
		   (tell_find_nocase(xml_attribute(e, "key"), "CurrentVersion\\Run") != SIZE_MAX ||
		    tell_find_nocase(xml_attribute(e, "key"), "Winlogon") != SIZE_MAX)) {
		tell_command(s, xml_attribute(e, "name"), xml_attribute(e, "value"));
	}
}

bool windows_policy_preferences(const struct artefact *a, struct err *err)
{
	struct start s = { a, "policy preference", "T1484.001", 0, false };

	return read_xml(&s, take_preference, err);
}
