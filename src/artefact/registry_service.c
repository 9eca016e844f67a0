/* Services and drivers: Services\NAME of the control set in use, and which of them safe mode starts. */
#include "artefact/registry.h"
#include "artefact/windows_path.h"

#define DRIVER_TYPES 0x0b		/* kernel driver, file-system driver, recognizer */

static const char *start_name(uint64_t start)
{
	static const char *const names[] = { "boot", "system", "automatic", "on demand", "disabled" };

	return start < 5 ? names[start] : "unknown";
}

/* A driver without a path is found by its name. */
static struct span program_of(struct registry *r, struct span name, struct span image, struct span library,
			      bool is_driver)
{
	if (library.len)
		return windows_path_expand(library, r->user, &r->scratch);
	if (image.len)
		return windows_program_of(image, r->user, &r->scratch);
	if (is_driver)
		return REGISTRY_TEXT(r, "C:\\Windows\\System32\\drivers\\%.*s.sys", SPAN_ARG(name));
	return image;
}

static struct span detail_of(struct registry *r, const struct regf_key *key, uint64_t type, uint64_t start,
			     struct span library)
{
	struct tell_detail d;

	tell_detail_begin(&d);
	tell_detail_text(&d, "start", span_text(start_name(start)));
	tell_detail_number(&d, "type", type);
	tell_detail_text(&d, "display_name", registry_text(r, key, "DisplayName"));
	tell_detail_text(&d, "description", registry_text(r, key, "Description"));
	tell_detail_text(&d, "group", registry_text(r, key, "Group"));
	tell_detail_text(&d, "library", library);
	return tell_detail_end(&d, &r->scratch);
}

static struct trace entry_of(struct registry *r, const struct regf_key *key, const char *value)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "service");

	t.path = registry_value_path(r, key, span_text(value));
	t.time = key->written;
	t.source = SPAN("registry, key last written");
	t.technique = SPAN("T1543.003");
	return t;
}

/* What runs when the service fails is started like it. */
static void tell_failure(struct registry *r, const struct regf_key *key, struct span name)
{
	struct trace t = entry_of(r, key, "FailureCommand");

	t.command = registry_text(r, key, "FailureCommand");
	if (!t.command.len)
		return;
	t.name = REGISTRY_TEXT(r, "%.*s (on failure)", SPAN_ARG(name));
	t.program = windows_program_of(t.command, r->user, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "when service %.*s fails: %.*s", SPAN_ARG(name), SPAN_ARG(t.command));
	registry_tell(r, &t);
}

/* srvany and NSSM run any program as a service: that one is what starts. */
static void tell_wrapped(struct registry *r, const struct regf_key *key, struct span name)
{
	struct regf_key parameters;
	struct span program, arguments;
	struct trace t;

	if (!regf_find(key, SPAN("Parameters"), &parameters))
		return;
	program = registry_text(r, &parameters, "Application");
	arguments = registry_text(r, &parameters, "AppParameters");
	if (!program.len)
		return;
	t = entry_of(r, &parameters, "Application");
	t.name = name;
	t.command = arguments.len ? REGISTRY_TEXT(r, "%.*s %.*s", SPAN_ARG(program), SPAN_ARG(arguments)) : program;
	t.program = windows_program_of(program, r->user, &r->scratch);
	t.summary = REGISTRY_TEXT(r, "service %.*s runs %.*s", SPAN_ARG(name), SPAN_ARG(t.command));
	registry_tell(r, &t);
}

/* "COR_PROFILER_PATH=C:\x.dll" in the environment that a service is given: loaded into it. */
static void tell_environment(struct registry *r, const struct regf_key *key, struct span name)
{
	struct regf_value v;
	struct span rest, text;

	if (!regf_value(key, SPAN("Environment"), &v) || v.type != REGF_MULTI_SZ)
		return;
	rest = v.data;
	while (!r->is_over && regf_next_text(&rest, &r->scratch, &text)) {
		struct span variable = span_split(&text, '=');
		struct trace t = entry_of(r, key, "Environment");

		if (!span_starts(variable, SPAN("COR_PROFILER")) && !span_starts(variable, SPAN("CORECLR_PROFILER")))
			continue;
		t.what = SPAN("profiler");
		t.name = REGISTRY_TEXT(r, "%.*s (%.*s)", SPAN_ARG(name), SPAN_ARG(variable));
		t.command = text;
		t.program = text.len && text.at[0] == '{' ? (struct span){ 0 } : windows_library_of(text, r->user, &r->scratch);
		t.technique = SPAN("T1574.012");
		t.summary = REGISTRY_TEXT(r, "service %.*s is given "
			"%.*s=%.*s", SPAN_ARG(name), SPAN_ARG(variable), SPAN_ARG(text));
		registry_tell(r, &t);
	}
}

static struct span library_of(struct registry *r, const struct regf_key *key)
{
	struct regf_key parameters;
	struct span library = { 0 };

	if (regf_find(key, SPAN("Parameters"), &parameters))
		library = registry_text(r, &parameters, "ServiceDll");
	return library.len ? library : registry_text(r, key, "ServiceDll");
}

/* Remote desktop with another library than its own. */
static bool is_other_terminal(struct span name, struct span library)
{
	return span_eq_nocase(name, SPAN("TermService")) && library.len &&
	       !span_eq_nocase(tell_base(library), SPAN("termsrv.dll"));
}

static void take_service(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	uint64_t type = 0, start = UINT64_MAX;
	struct span image = registry_text(r, key, "ImagePath"), library = library_of(r, key);
	bool has_type = registry_number(key, "Type", &type), is_driver = type & DRIVER_TYPES;
	struct trace t = trace_new(TRACE_AUTOSTART, is_driver ? "driver" : "service");

	registry_number(key, "Start", &start);
	if (!image.len && !library.len && !(has_type && is_driver))
		return;
	t.name = name;
	t.path = registry_path(r, key);
	t.command = image;
	t.program = program_of(r, name, image, library, is_driver);
	t.user = registry_text(r, key, "ObjectName");
	t.time = key->written;
	t.source = SPAN("registry, key last written");
	t.technique = is_other_terminal(name, library) ? SPAN("T1505.005 T1543.003") : SPAN("T1543.003");
	t.detail = detail_of(r, key, type, start, library);
	t.summary = REGISTRY_TEXT(r, "%s %.*s (%s): %.*s", is_driver ? "driver" : "service", SPAN_ARG(name),
				  start_name(start), SPAN_ARG(library.len ? library : t.program));
	registry_tell(r, &t);
	tell_failure(r, key, name);
	tell_wrapped(r, key, name);
	tell_environment(r, key, name);
}

/* The service that an entry of SafeBoot means: by its name, or by that of a driver's file. */
static bool find_service(struct registry *r, struct span name, struct regf_key *out)
{
	return regf_find(&r->root, REGISTRY_TEXT(r, "Services\\%.*s", SPAN_ARG(name)), out) ||
	       (tell_has_extension(name, "sys") &&
		regf_find(&r->root, REGISTRY_TEXT(r, "Services\\%.*s", SPAN_ARG(span_sub(name, 0, name.len - 4))), out));
}

/* Groups and classes of devices let others in, and an entry without a service starts nothing. */
static void take_safe_boot(struct registry *r, const struct regf_key *key, struct span name, const void *context)
{
	struct trace t = trace_new(TRACE_AUTOSTART, "safe boot");
	struct span kind = registry_text(r, key, ""), library;
	struct regf_key service;
	uint64_t type = 0;

	if (span_starts(name, SPAN("{")) || span_eq_nocase(kind, SPAN("Driver Group")) || !find_service(r, name, &service))
		return;
	registry_number(&service, "Type", &type);
	library = library_of(r, &service);
	t.path = registry_path(r, key);
	t.name = REGISTRY_TEXT(r, "%.*s (%s)", SPAN_ARG(name), (const char *)context);
	t.command = registry_text(r, &service, "ImagePath");
	t.program = program_of(r, regf_name_text(service.name, &r->scratch), t.command, library, type & DRIVER_TYPES);
	t.user = registry_text(r, &service, "ObjectName");
	t.time = key->written;
	t.source = SPAN("registry, key last written");
	t.technique = SPAN("T1562.009");
	t.summary = REGISTRY_TEXT(r, "safe mode (%s) starts %.*s: %.*s", (const char *)context, SPAN_ARG(name),
				  SPAN_ARG(t.program));
	if (t.program.len)
		registry_tell(r, &t);
}

bool registry_services(const struct artefact *a, struct err *err)
{
	struct registry r;

	if (!registry_open(&r, a, HIVE_SYSTEM, err))
		return false;
	do {
		registry_each(&r, "Services\\*", take_service, NULL);
		registry_each(&r, "Control\\SafeBoot\\Minimal\\*", take_safe_boot, "minimal");
		registry_each(&r, "Control\\SafeBoot\\Network\\*", take_safe_boot, "network");
	} while (registry_next_set(&r));
	registry_close(&r);
	return true;
}
